"""Methods of minimization as ``dimod.Sampler`` classes, with the keywords of dwave-samplers' annealer where they apply.

All of them minimize; none follows a distribution. ``num_sweeps`` is the number of sweeps, rounds or time steps of a
read. ``info`` holds ``timing`` as for the samplers of :mod:`.dimod_conversion`, and ``method`` where a method is
chosen. An unknown keyword is a TypeError.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float, Ising
from ..rng import seed_sequence
from ..sampling.dimod_conversion import SWEEPS, DimodSampler, sample_bqm
from ..sampling.parallel_tempering import tempering
from ..sampling.replicas.integer_couplings import field_bounds, integer_couplings
from ..sampling.samples import Samples
from ..sampling.simulated_annealing import simulated_annealing
from ..sampling.validation import check_ladder
from .anneal_schedule import anneal_range
from .batches import RUNGS
from .cluster_tempering import COLD, HOT, cluster_tempering, holds_on_bits
from .cluster_tempering_kernel import TEMPERATURES
from .coherent_ising import coherent_ising_machine
from .local_quantum_annealing import local_quantum_annealing
from .minimize import minimize
from .multispin import multispin_annealing
from .multispin_kernel import LARGEST_COUNT
from .sim_cim import sim_cim
from .simulated_bifurcation import simulated_bifurcation

_Spins: TypeAlias = NDArray[np.int8]


class MultispinAnnealingSampler(DimodSampler):
    """Minimizes by anneals on bits, 512 at a time, or in another kernel where bits do not do."""

    _extra = ("beta_schedule", "initial_states")

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        beta_range: Any = None,
        beta_schedule: ArrayLike | None = None,
        initial_states: Any = None,
        interrupt_function: Callable[[], bool] | None = None,
        seed: int | None = None,
    ) -> Any:
        """Minimize by simulated annealing, with equal steps of beta where no schedule is given.

        Parameters
        ----------
        bqm : dimod.BinaryQuadraticModel
            The problem.
        num_reads, num_sweeps : int
            Reads (None is 1, or one for each of ``initial_states``); sweeps of each.
        beta_range : (hot, cold) or None
            Ends of the schedule; None derives them from the couplings.
        beta_schedule : (num_sweeps,) array_like or None
            Inverse temperature of each sweep.
        initial_states : array_like, SampleSet or None
            Initial states; None is random.
        interrupt_function : callable or None
            Called after each 64 reads; no more are made once it returns True.
        seed : int or None
            Seed of the random numbers.

        Returns
        -------
        dimod.SampleSet
            The ends of the anneals.
        """

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: _Spins | None, rng: Any) -> Any:
            hot, cold = anneal_range(ising) if beta_range is None else (hot, cold)
            if beta_schedule is None:
                betas: Float = np.linspace(hot, cold, num_sweeps)
            else:
                betas = check_ladder(beta_schedule, name="beta_schedule")
            found = integer_couplings(ising)
            on_bits = found is not None and field_bounds(ising, found).max() <= LARGEST_COUNT
            anneal: Any = multispin_annealing if on_bits else partial(simulated_annealing, update="metropolis")
            samples = anneal(ising, betas, reads, initial=initial, rng=rng)
            return samples.spins, {"beta_range": (hot, cold), "method": samples.method}

        return sample_bqm(bqm, draw, num_reads, num_sweeps, beta_range, seed, interrupt_function, initial_states)


class ClusterTemperingSampler(DimodSampler):
    """Minimizes by tempering with isoenergetic clusters, on bits for small integers."""

    _extra = ("initial_states",)

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        beta_range: Any = None,
        initial_states: Any = None,
        interrupt_function: Callable[[], bool] | None = None,
        seed: int | None = None,
    ) -> Any:
        """Return the lowest state that each ladder met.

        :meth:`MultispinAnnealingSampler.sample` documents the arguments; ``beta_range`` are the ends of the ladder.

        Returns
        -------
        dimod.SampleSet
            The lowest states.
        """

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: _Spins | None, rng: Any) -> Any:
            found = integer_couplings(ising)
            if found is not None and holds_on_bits(ising) and (beta_range is None or 0.0 < hot < cold):
                ends = (HOT / found[0], COLD / found[0]) if beta_range is None else (hot, cold)
                ladder = np.geomspace(*ends, TEMPERATURES)
                samples = cluster_tempering(ising, ladder, num_sweeps, reads, initial=initial, rng=rng)
                return samples.spins, {"beta_range": ends, "method": samples.method}
            ends = anneal_range(ising) if beta_range is None else (hot, cold)
            ladder = np.unique(np.linspace(*ends, RUNGS))
            samples = tempering(
                ising, ladder, 1, chains=reads, burn_in=num_sweeps - 1, isoenergetic=True, initial=initial, rng=rng
            ).whole()
            return samples.diagnostics["lowest_spins"], {"beta_range": ends, "method": samples.method}

        return sample_bqm(bqm, draw, num_reads, num_sweeps, beta_range, seed, interrupt_function, initial_states)


class _StepSampler(DimodSampler):
    """Continuous dynamics, without temperatures."""

    @property
    def parameters(self) -> dict[str, list[str]]:
        """Keywords of ``sample`` by name."""
        return {
            name: []
            for name in ("num_reads", "num_sweeps", "seed", "initial_states", "interrupt_function", *self._extra)
        }

    def _steps(
        self, solve: Any, bqm: Any, num_reads: int | None, num_sweeps: int, seed: int | None,
        initial_states: Any, interrupt_function: Callable[[], bool] | None,
    ) -> Any:  # fmt: skip
        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: _Spins | None, rng: Any) -> Any:
            samples: Samples = solve(ising, num_sweeps, reads, initial=initial, rng=rng)
            return samples.spins, {"method": samples.method}

        found = sample_bqm(bqm, draw, num_reads, num_sweeps, None, seed, interrupt_function, initial_states)
        found.info.pop("beta_range", None)
        return found


class SimulatedBifurcationSampler(_StepSampler):
    """Minimizes by simulated bifurcation, ballistic or discrete."""

    _extra = ("variant",)

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        initial_states: Any = None,
        interrupt_function: Callable[[], bool] | None = None,
        seed: int | None = None,
        variant: str = "discrete",
    ) -> Any:
        """Return the ends of the runs, downhill.

        :meth:`MultispinAnnealingSampler.sample` documents the other arguments.

        Parameters
        ----------
        variant : str
            "ballistic" or "discrete".

        Returns
        -------
        dimod.SampleSet
            The reads.
        """
        solve = partial(simulated_bifurcation, variant=variant)
        return self._steps(solve, bqm, num_reads, num_sweeps, seed, initial_states, interrupt_function)


class CoherentIsingSampler(_StepSampler):
    """Minimizes by the equations of a coherent Ising machine."""

    _extra = ("control",)

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        initial_states: Any = None,
        interrupt_function: Callable[[], bool] | None = None,
        seed: int | None = None,
        control: str = "amplitude",
    ) -> Any:
        """Return the lowest states that the runs passed, downhill.

        :meth:`MultispinAnnealingSampler.sample` documents the other arguments.

        Parameters
        ----------
        control : str
            "none", "amplitude" (CAC) or "feedback" (CFC).

        Returns
        -------
        dimod.SampleSet
            The reads.
        """
        solve = partial(coherent_ising_machine, control=control)
        return self._steps(solve, bqm, num_reads, num_sweeps, seed, initial_states, interrupt_function)


class SimCimSampler(_StepSampler):
    """Minimizes by SimCIM."""

    _extra = ()

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        initial_states: Any = None,
        interrupt_function: Callable[[], bool] | None = None,
        seed: int | None = None,
    ) -> Any:
        """Return the ends of the runs, downhill.

        :meth:`MultispinAnnealingSampler.sample` documents the arguments.

        Returns
        -------
        dimod.SampleSet
            The reads.
        """
        return self._steps(sim_cim, bqm, num_reads, num_sweeps, seed, initial_states, interrupt_function)


class LocalQuantumAnnealingSampler(_StepSampler):
    """Minimizes by local quantum annealing."""

    _extra = ()

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        num_sweeps: int = SWEEPS,
        initial_states: Any = None,
        interrupt_function: Callable[[], bool] | None = None,
        seed: int | None = None,
    ) -> Any:
        """Return the ends of the runs, downhill.

        :meth:`MultispinAnnealingSampler.sample` documents the arguments.

        Returns
        -------
        dimod.SampleSet
            The reads.
        """
        return self._steps(
            local_quantum_annealing, bqm, num_reads, num_sweeps, seed, initial_states, interrupt_function
        )


class MinimizeSampler(_StepSampler):
    """Minimizes by exact reductions and the method that suits what is left, a search a read."""

    _extra = ("method", "num_batches", "time_limit")

    @property
    def parameters(self) -> dict[str, list[str]]:
        """Keywords of ``sample`` by name."""
        return {name: [] for name in ("num_reads", "seed", "initial_states", "interrupt_function", *self._extra)}

    def sample(  # type: ignore[override]
        self,
        bqm: Any,
        *,
        num_reads: int | None = None,
        initial_states: Any = None,
        interrupt_function: Callable[[], bool] | None = None,
        seed: int | None = None,
        method: str = "auto",
        num_batches: int | None = None,
        time_limit: float | None = None,
    ) -> Any:
        """Return the best state of each search.

        :meth:`MultispinAnnealingSampler.sample` documents the other arguments. ``info`` holds ``methods`` and
        ``optimal``, a flag a read.

        Parameters
        ----------
        method : str
            As of :func:`.minimize`.
        num_batches : int or None
            Batches of each search.
        time_limit : float or None
            Seconds for each search.

        Returns
        -------
        dimod.SampleSet
            The reads.
        """

        def draw(ising: Ising, hot: float, cold: float, reads: int, initial: _Spins | None, rng: Any) -> Any:
            found = [
                minimize(
                    ising, method=method, batches=num_batches, time_limit_s=time_limit, rng=each,
                    initial=None if initial is None else initial[k % len(initial)],
                )
                for k, each in enumerate(seed_sequence(rng).spawn(reads))
            ]  # fmt: skip
            about = {"methods": sorted({name for each in found for name in each.methods})}
            return np.array([each.spins for each in found]), {**about, "optimal": [each.optimal for each in found]}

        found = sample_bqm(bqm, draw, num_reads, 1, None, seed, interrupt_function, initial_states)
        found.info.pop("beta_range", None)
        return found
