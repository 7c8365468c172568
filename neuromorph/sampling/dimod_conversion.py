r"""Common part of the dimod samplers: keywords of dwave-samplers, conversion, schedules, timing.

.. math:: E_{dimod} = \sum_i h_i s_i + \sum_{i < j} J_{ij} s_i s_j

which has the opposite signs of h and J; energies and beta mean the same in both. Keywords and their meaning are those
of dwave-samplers' SimulatedAnnealingSampler (formerly dwave-neal) 1.x where it has them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, Literal, TypeAlias

import dimod
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float, Ising
from ..kernels.philox import LANES
from .schedules import default_range, geometric_ramp, geometric_schedule
from .validation import at_least, check_ladder

SampleSet: Any = dimod.SampleSet  # untyped
Spins: TypeAlias = NDArray[np.int8]
ScheduleType: TypeAlias = Literal["geometric", "linear", "custom"]
StatesGenerator: TypeAlias = Literal["random", "tile", "none"]
DrawReads: TypeAlias = Callable[[Ising, float, float, int, "Spins | None", np.random.SeedSequence], tuple[Spins, Any]]

SWEEPS = 1000


class DimodSampler(dimod.Sampler):  # type: ignore[misc,name-defined]
    """Common part of the samplers: parameters and properties."""

    _extra: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, list[str]]:
        """Names of the keywords of ``sample``, with the properties that they depend on: none."""
        common = ("num_reads", "num_sweeps", "beta_range", "seed", "interrupt_function")
        return {name: [] for name in (*common, *self._extra)}

    @property
    def properties(self) -> dict[str, Any]:
        """Number of sweeps if none is given, and a description."""
        return {"num_sweeps": SWEEPS, "description": (self.__doc__ or "").split("\n")[0]}

    @abstractmethod
    def sample(self, bqm: Any, **parameters: Any) -> Any:
        """Draw reads of a model.

        Parameters
        ----------
        bqm : dimod.BinaryQuadraticModel
            The problem.
        **parameters
            Keywords of the sampler.

        Returns
        -------
        dimod.SampleSet
            The reads.
        """


def sweep_betas(
    schedule: ArrayLike | None, kind: ScheduleType, ends: tuple[float, float], sweeps: int, each: int, *, anneal: bool
) -> Float:
    """Compute the inverse temperature of each sweep.

    Parameters
    ----------
    schedule : (k,) array_like or None
        ``beta_schedule``; None makes one of ``kind``.
    kind : {"geometric", "linear", "custom"}
        ``beta_schedule_type``.
    ends : (hot, cold)
        Ends of the schedule.
    sweeps, each : int
        ``num_sweeps`` and ``num_sweeps_per_beta``.
    anneal : bool
        Whether the schedule falls all the way; otherwise in a third of the sweeps, and the rest stays cold.

    Returns
    -------
    (sweeps,) float
        The betas.

    Raises
    ------
    ValueError
        If the keywords contradict each other.
    """
    at_least(1, num_sweeps_per_beta=each)
    if kind not in ("geometric", "linear", "custom"):
        raise ValueError(f"beta_schedule_type is {kind!r}; choose geometric, linear or custom")
    if schedule is not None:
        if kind == "linear":
            raise ValueError("beta_schedule is given, but beta_schedule_type is 'linear'; give 'custom' or no type")
        return np.repeat(check_ladder(schedule, name="beta_schedule"), each)
    if kind == "custom":
        raise ValueError("beta_schedule_type is 'custom', which needs a beta_schedule")
    if sweeps % each:
        raise ValueError(f"num_sweeps is {sweeps}; it must be a multiple of num_sweeps_per_beta, {each}")
    (hot, cold), count = ends, sweeps // each
    down = count if anneal else count // 3
    if cold == 0.0 or (kind == "geometric" and hot == 0.0 and not anneal) or kind == "linear":
        betas = np.linspace(hot if cold else 0.0, cold, down)
    else:
        betas = geometric_schedule(hot or 1e-3 * cold, cold, down) if anneal else geometric_ramp(hot, cold, down)
    return np.repeat(np.r_[betas, np.full(count - down, cold)], each)


def sample_bqm(
    bqm: Any,
    draw: DrawReads,
    num_reads: int | None,
    num_sweeps: int,
    beta_range: Any,
    seed: int | None,
    interrupt_function: Callable[[], bool] | None,
    initial_states: Any = None,
    initial_states_generator: StatesGenerator = "random",
) -> Any:
    """Draw reads of a model, in strips of 64 where they can be interrupted.

    Parameters
    ----------
    bqm : dimod.BinaryQuadraticModel
        The problem.
    draw : callable
        Function (ising, hot, cold, reads, initial, rng) -> (spins, info).
    num_reads, num_sweeps, beta_range, seed, interrupt_function, initial_states, initial_states_generator
        Keywords as :meth:`.GibbsSampler.sample` documents them.

    Returns
    -------
    dimod.SampleSet
        The reads in the vartype of ``bqm``.

    Raises
    ------
    ValueError, TypeError
        If a keyword is out of range.
    """
    start = perf_counter_ns()
    at_least(1, num_sweeps=num_sweeps)
    if interrupt_function is not None and not callable(interrupt_function):
        raise TypeError(f"interrupt_function is {interrupt_function!r}; give a function without arguments")
    labels = list(bqm.variables)
    states = None if initial_states is None else _states(initial_states, labels, bqm)
    reads = num_reads if num_reads is not None else 1 if states is None else len(states)
    at_least(1, num_reads=reads)
    if seed is not None:
        at_least(0, seed=seed)
    states = _for_all(states, reads, len(labels), initial_states_generator, seed)
    if beta_range is not None:
        check_ladder(beta_range, least=2, name="beta_range")
        if len(beta_range) != 2 or beta_range[0] > beta_range[1]:
            raise ValueError(f"beta_range is {beta_range!r}; give (hot, cold) with hot <= cold")
    if not labels:
        empty: Any = (np.empty((reads, 0), np.int8), [])
        timing = {"preprocessing_ns": perf_counter_ns() - start, "sampling_ns": 0, "postprocessing_ns": 0}
        return SampleSet.from_samples(
            empty, energy=np.full(reads, float(bqm.offset)), vartype=bqm.vartype, info={"timing": timing}
        )
    ising = Ising.from_dimod(bqm)
    hot, cold = default_range(ising) if beta_range is None else map(float, beta_range)
    drawing, sequence = perf_counter_ns(), np.random.SeedSequence(seed)
    strip, parts = reads if interrupt_function is None else LANES, []
    for first in range(0, reads, strip):
        some = None if states is None else states[first : first + strip]
        spins, info = draw(ising, hot, cold, min(strip, reads - first), some, sequence)
        parts.append(spins)
        if interrupt_function is not None and interrupt_function():
            break
    done, spins = perf_counter_ns(), np.concatenate(parts)
    energies = ising.energy(spins)
    result = SampleSet.from_samples((spins, labels), energy=energies, vartype=dimod.SPIN)
    result = result.change_vartype(bqm.vartype, inplace=False)
    timing = {"preprocessing_ns": drawing - start, "sampling_ns": done - drawing}
    result.info.update({"beta_range": (hot, cold), **info})
    result.info["timing"] = {**timing, "postprocessing_ns": perf_counter_ns() - done}
    return result


def _states(initial: Any, labels: list[Any], bqm: Any) -> Spins:
    values, names = dimod.as_samples(initial)
    place = {name: k for k, name in enumerate(names)}
    missing = [label for label in labels if label not in place]
    if missing:
        raise ValueError(f"initial_states have no value for {missing[0]!r}; give one for every variable")
    spins = np.asarray(values)[:, [place[label] for label in labels]]
    spins = 2 * spins - 1 if bqm.vartype is dimod.BINARY else spins
    if not np.isin(spins, (-1, 1)).all():
        raise ValueError(f"initial_states hold values that are not {bqm.vartype.name}; give them in the bqm's vartype")
    return spins.astype(np.int8)


def _for_all(states: Spins | None, reads: int, n: int, generator: StatesGenerator, seed: int | None) -> Spins | None:
    """Bring initial states to the number of reads."""
    if generator not in ("random", "tile", "none"):
        raise ValueError(f"initial_states_generator is {generator!r}; choose random, tile or none")
    given = 0 if states is None else len(states)
    if generator == "none" and given < reads:
        raise ValueError(
            f"initial_states are {given} for {reads} reads and initial_states_generator is 'none'; give one for every "
            "read, or 'tile' or 'random'"
        )
    if generator == "tile" and states is not None:
        return states[np.arange(reads) % given]
    if states is None or given >= reads:
        return None if states is None else states[:reads]
    more = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1 << 31,)))  # a stream that no read has
    drawn = more.choice(np.array([-1, 1], np.int8), (reads - given, n))
    return np.concatenate([states, drawn])
