"""Samplers of this package as ``dimod.Sampler`` classes, with the keywords of dwave-samplers.

Energies are dimod's, so that beta means in dimod what it means here. States of the classes that *sample* follow
exp(-beta E) at the last beta, given enough sweeps: the first third of the sweeps goes there from the hot end in equal
ratios, the rest stays. ``info`` holds ``beta_range`` and ``timing``: ``preprocessing_ns``, ``sampling_ns``,
``postprocessing_ns``. An unknown keyword is a TypeError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Ising
from .block_gibbs import block_gibbs
from .clusters import swendsen_wang
from .dimod_conversion import SWEEPS, DimodSampler, ScheduleType, Spins, StatesGenerator, sample_bqm, sweep_betas
from .gibbs import gibbs, metropolis
from .parallel_tempering import tempering
from .path_integral import quantum_annealing, transverse_field_schedule
from .population_annealing import population_annealing
from .replicas import Update
from .schedules import fisher_steps
from .simulated_annealing import simulated_annealing
from .tempering_ladder import ladder
from .validation import check_ladder

_Interrupt: TypeAlias = Callable[[], bool] | None
_START = ("initial_states", "initial_states_generator")
_SCHEDULE = ("beta_schedule", "beta_schedule_type", "num_sweeps_per_beta")
_UPDATES: dict[str, Update] = {"Metropolis": "metropolis", "Gibbs": "heat-bath"}


class _ChainSampler(DimodSampler):
    """Independent chains, one a read, by the method of a subclass."""

    _extra = (*_SCHEDULE, *_START)
    _method: Any

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        num_sweeps_per_beta: int = 1,
        beta_range: Any = None,
        beta_schedule_type: ScheduleType = "geometric",
        beta_schedule: ArrayLike | None = None,
        initial_states: Any = None,
        initial_states_generator: StatesGenerator = "random",
        interrupt_function: _Interrupt = None,
        seed: int | None = None,
    ) -> Any:
        """Sample at the last beta.

        Parameters
        ----------
        bqm : dimod.BinaryQuadraticModel
            The problem.
        num_reads, num_sweeps : int
            Independent reads (None is 1, or one for each of ``initial_states``); sweeps of each.
        num_sweeps_per_beta : int
            Sweeps at each beta, which divide ``num_sweeps``.
        beta_range : (hot, cold) or None
            Ends of the schedule; None derives them from the couplings.
        beta_schedule_type : {"geometric", "linear", "custom"}
            Steps of the schedule of the module; "custom" takes ``beta_schedule``.
        beta_schedule : (k,) array_like or None
            Inverse temperatures, with ``num_sweeps_per_beta`` sweeps at each; None is the schedule of the module.
        initial_states : array_like, SampleSet or None
            Initial states, in the vartype of ``bqm``; None is random.
        initial_states_generator : {"random", "tile", "none"}
            What reads beyond the initial states start from: random states, the given ones again; or an error.
        interrupt_function : callable or None
            Function without arguments, called after every 64 reads; where it returns True, the reads so far are
            returned.
        seed : int or None
            Seed of the random numbers.

        Returns
        -------
        dimod.SampleSet
            The reads.
        """

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: Spins | None, rng: Any) -> Any:
            ends = (hot, cold)
            betas = sweep_betas(beta_schedule, beta_schedule_type, ends, num_sweeps, num_sweeps_per_beta, anneal=False)
            samples = self._method(ising, betas[-1], 1, chains=reads, burn_in=betas[:-1], initial=initial, rng=rng)
            return samples.whole().flat(), {}

        return sample_bqm(
            bqm, draw, num_reads, num_sweeps, beta_range, seed, interrupt_function, initial_states,
            initial_states_generator,
        )  # fmt: skip


class GibbsSampler(_ChainSampler):
    """Samples by heat bath: independent chains, one a read."""

    _method = staticmethod(gibbs)


class MetropolisSampler(_ChainSampler):
    """Samples by Metropolis' rule: independent chains, one a read."""

    _method = staticmethod(metropolis)


class BlockGibbsSampler(_ChainSampler):
    """Samples by heat bath, color by color of the coupling graph."""

    _method = staticmethod(block_gibbs)


class SwendsenWangSampler(_ChainSampler):
    """Samples by Swendsen-Wang clusters, with heat-bath sweeps where frustrated."""

    _method = staticmethod(swendsen_wang)


class SimulatedAnnealingSampler(DimodSampler):
    """Minimizes by simulated annealing, then downhill to a state that no single flip improves."""

    _extra = (*_SCHEDULE, *_START, "proposal_acceptance_criteria")

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        num_sweeps_per_beta: int = 1,
        beta_range: Any = None,
        beta_schedule_type: ScheduleType = "geometric",
        beta_schedule: ArrayLike | None = None,
        initial_states: Any = None,
        initial_states_generator: StatesGenerator = "random",
        proposal_acceptance_criteria: Literal["Metropolis", "Gibbs"] = "Metropolis",
        interrupt_function: _Interrupt = None,
        seed: int | None = None,
    ) -> Any:
        """Minimize by simulated annealing, along all of the schedule.

        :meth:`GibbsSampler.sample` documents the other arguments.

        Parameters
        ----------
        proposal_acceptance_criteria : {"Metropolis", "Gibbs"}
            Rule of the flips. Metropolis flips more often and ends lower at equal cost.

        Returns
        -------
        dimod.SampleSet
            The ends of ``num_reads`` anneals.

        Raises
        ------
        ValueError
            If the rule is unknown.
        """
        if proposal_acceptance_criteria not in _UPDATES:
            raise ValueError(
                f"proposal_acceptance_criteria is {proposal_acceptance_criteria!r}; choose {' or '.join(_UPDATES)}"
            )

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: Spins | None, rng: Any) -> Any:
            ends, update = (hot, cold), _UPDATES[proposal_acceptance_criteria]
            betas = sweep_betas(beta_schedule, beta_schedule_type, ends, num_sweeps, num_sweeps_per_beta, anneal=True)
            return simulated_annealing(ising, betas, reads, update=update, initial=initial, rng=rng).spins, {}

        return sample_bqm(
            bqm, draw, num_reads, num_sweeps, beta_range, seed, interrupt_function, initial_states,
            initial_states_generator,
        )  # fmt: skip


class TemperingSampler(DimodSampler):
    """Samples by parallel tempering; ``beta_schedule`` is the ladder of each read."""

    _extra = ("beta_schedule", *_START, "isoenergetic", "lowest")

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        beta_range: Any = None,
        beta_schedule: ArrayLike | None = None,
        initial_states: Any = None,
        initial_states_generator: StatesGenerator = "random",
        interrupt_function: _Interrupt = None,
        seed: int | None = None,
        isoenergetic: bool = False,
        lowest: bool = False,
    ) -> Any:
        """Sample at the coldest beta.

        :meth:`GibbsSampler.sample` documents the other arguments. ``info`` holds ``swap_rates`` and ``betas`` too.

        Parameters
        ----------
        beta_schedule : (T,) array_like or None
            Ladder of inverse temperatures; None finds one.
        isoenergetic, lowest : bool
            Whether clusters are exchanged between two replicas at each beta; whether the lowest state that each read
            met is returned instead.

        Returns
        -------
        dimod.SampleSet
            The reads.
        """

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: Spins | None, rng: Any) -> Any:
            if beta_schedule is not None:
                betas = check_ladder(beta_schedule, rising=True, name="beta_schedule")
            else:
                betas = ladder(ising, cold, hot=hot) if hot < cold else np.array([cold])
            samples = tempering(
                ising, betas, 1, chains=reads, burn_in=num_sweeps - 1, isoenergetic=isoenergetic, initial=initial,
                rng=rng,
            ).whole()  # fmt: skip
            spins = samples.diagnostics["lowest_spins"] if lowest else samples.flat()
            return spins, {"swap_rates": samples.diagnostics["swap_rates"].tolist(), "betas": betas.tolist()}

        return sample_bqm(
            bqm, draw, num_reads, num_sweeps, beta_range, seed, interrupt_function, initial_states,
            initial_states_generator,
        )  # fmt: skip


class PopulationAnnealingSampler(DimodSampler):
    """Samples by population annealing: each read is one member of a population of its own.

    There are no ``initial_states``: populations start at beta = 0.
    """

    _extra = ("beta_schedule", "population_size")

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        beta_range: Any = None,
        beta_schedule: ArrayLike | None = None,
        interrupt_function: _Interrupt = None,
        seed: int | None = None,
        population_size: int = 32,
    ) -> Any:
        """Sample at the last beta.

        :meth:`GibbsSampler.sample` documents the other arguments. ``info`` holds ``log_partition`` with its 95 %
        interval too.

        Parameters
        ----------
        population_size : int
            Replicas of each population.

        Returns
        -------
        dimod.SampleSet
            The reads.
        """

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: Spins | None, rng: Any) -> Any:
            if beta_schedule is None:
                betas = fisher_steps(ising, cold, rng=0)
            else:
                betas = check_ladder(beta_schedule, rising=True, name="beta_schedule")
            each = max(1, num_sweeps // betas.size)
            samples = population_annealing(ising, betas, population_size, runs=reads, sweeps=each, rng=rng)
            return samples.spins[:, 0], {"log_partition": samples.diagnostics["log_partition"].to_dict()}

        return sample_bqm(bqm, draw, num_reads, num_sweeps, beta_range, seed, interrupt_function)


class QuantumAnnealingSampler(DimodSampler):
    """Minimizes by path-integral annealing at the cold end of ``beta_range``, then downhill."""

    _extra = ("gamma_schedule", *_START, "num_slices")

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        beta_range: Any = None,
        gamma_schedule: ArrayLike | None = None,
        initial_states: Any = None,
        initial_states_generator: StatesGenerator = "random",
        interrupt_function: _Interrupt = None,
        seed: int | None = None,
        num_slices: int = 16,
    ) -> Any:
        """Minimize by annealing the transverse field, linearly where no schedule is given.

        :meth:`GibbsSampler.sample` documents the other arguments.

        Parameters
        ----------
        gamma_schedule : (num_sweeps,) array_like or None
            Transverse field of each sweep; None is linear.
        num_slices : int
            Slices of imaginary time.

        Returns
        -------
        dimod.SampleSet
            The ends of ``num_reads`` anneals.
        """

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: Spins | None, rng: Any) -> Any:
            gammas = transverse_field_schedule(ising, num_sweeps) if gamma_schedule is None else gamma_schedule
            samples = quantum_annealing(ising, gammas, reads, beta=cold, slices=num_slices, initial=initial, rng=rng)
            return samples.spins, {"broken": samples.diagnostics["broken"]}

        return sample_bqm(
            bqm, draw, num_reads, num_sweeps, beta_range, seed, interrupt_function, initial_states,
            initial_states_generator,
        )  # fmt: skip
