"""Samplers of this package as ``dimod.Sampler`` classes.

Energies are dimod's, so that beta means in dimod what it means here. States of the classes that *sample* follow
exp(-beta E) at the last beta, given enough sweeps: the first third of the sweeps goes there from the hot end in equal
ratios, the rest stays. ``info`` holds ``beta_range`` and ``timing``: ``preprocessing_ns``, ``sampling_ns``,
``postprocessing_ns``. An unknown keyword is a TypeError.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float, Ising
from .block_gibbs import block_gibbs
from .clusters import swendsen_wang
from .dimod_conversion import SWEEPS, SamplerParts, sample_to_set
from .gibbs import gibbs, metropolis
from .parallel_tempering import ladder, tempering
from .path_integral import quantum_annealing, transverse_field_schedule
from .population_annealing import population_annealing
from .schedules import fisher_steps, geometric_ramp, geometric_schedule
from .simulated_annealing import simulated_annealing
from .validation import check_ladder

_Spins: TypeAlias = NDArray[np.int8]


def _betas(schedule: ArrayLike | None, hot: float, cold: float, sweeps: int) -> Float:
    """Return the schedule as given; else a third from hot to cold, two thirds at cold."""
    if schedule is not None:
        return check_ladder(schedule, name="beta_schedule")
    down = geometric_ramp(hot, cold, sweeps // 3) if hot else np.linspace(0.0, cold, sweeps // 3)
    return np.r_[down, np.full(sweeps - sweeps // 3, cold)]


class _ChainSampler(SamplerParts):
    """Independent chains, one a read, by the method of a subclass."""

    _method: Any

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        beta_range: Any = None,
        beta_schedule: ArrayLike | None = None,
        initial_states: Any = None,
        seed: int | None = None,
    ) -> Any:
        """Sample at the last beta.

        Parameters
        ----------
        bqm : dimod.BinaryQuadraticModel
            The problem.
        num_reads, num_sweeps : int
            Independent reads (None is 1, or one for each of ``initial_states``); sweeps of each.
        beta_range : (hot, cold) or None
            Ends of the schedule; None derives them from the couplings.
        beta_schedule : (num_sweeps,) array_like or None
            Inverse temperature of each sweep; None is the schedule of the module.
        initial_states : array_like, SampleSet or None
            Initial states; None is random.
        seed : int or None
            Seed of the random numbers.

        Returns
        -------
        dimod.SampleSet
            The reads.
        """

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: _Spins | None, rng: Any) -> Any:
            betas = _betas(beta_schedule, hot, cold, num_sweeps)
            samples = self._method(ising, betas[-1], 1, chains=reads, burn_in=betas[:-1], initial=initial, rng=rng)
            return samples.whole().flat(), {}

        return sample_to_set(bqm, draw, num_reads, num_sweeps, beta_range, seed, initial_states)


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
    """Samples by Swendsen-Wang clusters; with a heat-bath sweep before each move where couplings are frustrated."""

    _method = staticmethod(swendsen_wang)


class SimulatedAnnealingSampler(SamplerParts):
    """Minimizes by simulated annealing, then downhill to a state that no single flip improves."""

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        beta_range: Any = None,
        beta_schedule: ArrayLike | None = None,
        initial_states: Any = None,
        seed: int | None = None,
    ) -> Any:
        """Minimize by simulated annealing, with betas in equal ratios where no schedule is given.

        :meth:`GibbsSampler.sample` documents the arguments.

        Returns
        -------
        dimod.SampleSet
            The ends of ``num_reads`` anneals.
        """

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: _Spins | None, rng: Any) -> Any:
            start = hot or 1e-3 * cold
            betas = geometric_schedule(start, cold, num_sweeps) if beta_schedule is None and cold else beta_schedule
            betas = np.zeros(num_sweeps) if betas is None else check_ladder(betas, name="beta_schedule")
            return simulated_annealing(ising, betas, reads, initial=initial, rng=rng).spins, {}

        return sample_to_set(bqm, draw, num_reads, num_sweeps, beta_range, seed, initial_states)


class TemperingSampler(SamplerParts):
    """Samples by parallel tempering, a ladder of temperatures a read; ``beta_schedule`` is the ladder."""

    _extra = ("beta_schedule", "initial_states", "isoenergetic", "lowest")

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        beta_range: Any = None,
        beta_schedule: ArrayLike | None = None,
        initial_states: Any = None,
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

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: _Spins | None, rng: Any) -> Any:
            if beta_schedule is not None:
                betas = check_ladder(beta_schedule, rising=True, name="beta_schedule")
            else:
                betas = ladder(ising, cold, hot=hot, rng=0) if hot < cold else np.array([cold])
            samples = tempering(
                ising, betas, 1, chains=reads, burn_in=num_sweeps - 1, isoenergetic=isoenergetic, initial=initial,
                rng=rng,
            ).whole()  # fmt: skip
            spins = samples.diagnostics["lowest_spins"] if lowest else samples.flat()
            return spins, {"swap_rates": samples.diagnostics["swap_rates"].tolist(), "betas": betas.tolist()}

        return sample_to_set(bqm, draw, num_reads, num_sweeps, beta_range, seed, initial_states)


class PopulationAnnealingSampler(SamplerParts):
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

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: _Spins | None, rng: Any) -> Any:
            if beta_schedule is None:
                betas = fisher_steps(ising, cold, rng=0)
            else:
                betas = check_ladder(beta_schedule, rising=True, name="beta_schedule")
            each = max(1, num_sweeps // betas.size)
            samples = population_annealing(ising, betas, population_size, runs=reads, sweeps=each, rng=rng)
            return samples.spins[:, 0], {"log_partition": samples.diagnostics["log_partition"].to_dict()}

        return sample_to_set(bqm, draw, num_reads, num_sweeps, beta_range, seed, None)


class QuantumAnnealingSampler(SamplerParts):
    """Minimizes by path-integral quantum annealing at the cold end of ``beta_range``, then downhill."""

    _extra = ("gamma_schedule", "initial_states", "num_slices")

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        beta_range: Any = None,
        gamma_schedule: ArrayLike | None = None,
        initial_states: Any = None,
        seed: int | None = None,
        num_slices: int = 16,
    ) -> Any:
        """Minimize by quantum annealing of the transverse field, linear where no schedule is given.

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

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: _Spins | None, rng: Any) -> Any:
            gammas = transverse_field_schedule(ising, num_sweeps) if gamma_schedule is None else gamma_schedule
            samples = quantum_annealing(ising, gammas, reads, beta=cold, slices=num_slices, initial=initial, rng=rng)
            return samples.spins, {"broken": samples.diagnostics["broken"]}

        return sample_to_set(bqm, draw, num_reads, num_sweeps, beta_range, seed, initial_states)
