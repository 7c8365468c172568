"""Common part of the ``dimod.Sampler`` classes: keywords, conversion of models and states, timing."""

from __future__ import annotations

from abc import abstractmethod
from time import perf_counter_ns
from typing import Any, TypeAlias

import dimod
import numpy as np
from numpy.typing import NDArray

from ..ising import Ising
from .schedules import default_range
from .validation import at_least, check_ladder

_SampleSet: Any = dimod.SampleSet  # untyped
_Spins: TypeAlias = NDArray[np.int8]
SWEEPS = 1000


class SamplerParts(dimod.Sampler):  # type: ignore[misc,name-defined]
    """Common part of the samplers: parameters and properties."""

    _extra: tuple[str, ...] = ("beta_schedule", "initial_states")

    @property
    def parameters(self) -> dict[str, list[str]]:
        """Keywords of ``sample`` by name."""
        return {name: [] for name in ("num_reads", "num_sweeps", "beta_range", "seed", *self._extra)}

    @property
    def properties(self) -> dict[str, Any]:
        """Default number of sweeps, and a description."""
        return {"num_sweeps": SWEEPS, "description": (self.__doc__ or "").split("\n")[0]}

    @abstractmethod
    def sample(self, bqm: Any, **parameters: Any) -> Any:
        """Sample from a binary quadratic model; subclasses document their keywords.

        Parameters
        ----------
        bqm : dimod.BinaryQuadraticModel
            The problem.
        **parameters : Any
            Keywords of the subclass.

        Returns
        -------
        dimod.SampleSet
            The reads.
        """
        ...


def sample_to_set(
    bqm: Any, draw: Any, num_reads: int | None, num_sweeps: int, beta_range: Any, seed: int | None, initial: Any
) -> Any:
    """Convert what a sampler draws to a SampleSet in the labels and vartype of ``bqm``.

    Parameters
    ----------
    bqm : dimod.BinaryQuadraticModel
        The problem.
    draw : callable
        Called as ``draw(ising, hot, cold, reads, initial, rng)``; returns spins (reads, n) and a dict for ``info``.
    num_reads, num_sweeps : int
        As of :meth:`GibbsSampler.sample`.
    beta_range, seed, initial : Any
        As of :meth:`GibbsSampler.sample`.

    Returns
    -------
    dimod.SampleSet
        The reads.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    start = perf_counter_ns()
    at_least(1, num_sweeps=num_sweeps)
    labels = list(bqm.variables)
    states = None if initial is None else _states(initial, labels, bqm)
    reads = num_reads if num_reads is not None else 1 if states is None else len(states)
    at_least(1, num_reads=reads)
    if seed is not None:
        at_least(0, seed=seed)
    if beta_range is not None:
        check_ladder(beta_range, least=2, name="beta_range")
        if len(beta_range) != 2 or beta_range[0] > beta_range[1]:
            raise ValueError(f"beta_range is {beta_range!r}; give (hot, cold) with hot <= cold")
    if not labels:
        empty: Any = (np.empty((reads, 0), np.int8), [])
        timing = {"preprocessing_ns": perf_counter_ns() - start, "sampling_ns": 0, "postprocessing_ns": 0}
        return _SampleSet.from_samples(
            empty, energy=np.full(reads, float(bqm.offset)), vartype=bqm.vartype, info={"timing": timing}
        )
    ising = Ising.from_dimod(bqm)
    hot, cold = default_range(ising) if beta_range is None else map(float, beta_range)
    drawing = perf_counter_ns()
    spins, info = draw(ising, hot, cold, reads, states, np.random.SeedSequence(seed))
    done = perf_counter_ns()
    energies = ising.energy(spins)
    result = _SampleSet.from_samples((spins, labels), energy=energies, vartype=dimod.SPIN)
    result = result.change_vartype(bqm.vartype, inplace=False)
    timing = {"preprocessing_ns": drawing - start, "sampling_ns": done - drawing}
    result.info.update({"beta_range": (hot, cold), **info})
    result.info["timing"] = {**timing, "postprocessing_ns": perf_counter_ns() - done}
    return result


def _states(initial: Any, labels: list[Any], bqm: Any) -> _Spins:
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
