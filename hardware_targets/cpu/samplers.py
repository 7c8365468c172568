"""The samplers of ``neuromorph.sampling`` on the user's own CPU, one core, time measured: what devices have to beat.

- minimize: an anneal (of chains, a ladder, a population, a transverse field), then downhill until no flip lowers E.
- sample: every read is independent of all others: it has a chain, a ladder or a population of its own. With
  ``chains`` (``populations``) reads are draws of so many, as textbooks do it: cheaper, correlated, and with the
  diagnostics of chains.

The target that they share: ``sampler_target``. Sources: those of the samplers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float, Ising
from neuromorph.runtime.limits import whole_parts
from neuromorph.sampling import (
    default_range,
    fisher_steps,
    gibbs,
    ladder,
    population_annealing,
    quantum_annealing,
    swendsen_wang,
    tempering,
)
from neuromorph.sampling.path_integral import transverse_field_schedule
from neuromorph.sampling.population_annealing import combine_log_partitions
from neuromorph.sampling.samples import Samples, SweepObserver
from neuromorph.sampling.schedules import geometric_ramp

from .sampler_target import CpuSampler, Draw, Plan, Together
from .sampler_trace import watch_ladder, watch_population, watch_worldlines


def cpu_gibbs(sweeps: int = 1000, power_w: float | None = None, chains: int = 0, thin: int = 10) -> CpuSampler:
    """Run heat-bath chains on the fastest kernel for the problem.

    Parameters
    ----------
    sweeps : int
        Sweeps of each chain in a read: cooling, and waiting at beta.
    power_w : float or None
        Power of one busy core, W, if you know yours; None takes the range of ``digital.toml``.
    chains : int
        Chains that the reads of a sampling task are drawn from in turn, after ``sweeps`` sweeps of each; 0: one a read.
    thin : int
        Sweeps between two draws of a chain.

    Returns
    -------
    CpuSampler
        Target.
    """
    plan, options = _cooled_chains(gibbs, sweeps, chains, thin)
    about = "heat bath, many reads at a time, on one core: time measured"
    return CpuSampler("cpu-gibbs", about, plan, sweeps, power_w, macro_reads=16, **options)


def cpu_swendsen_wang(sweeps: int = 200, power_w: float | None = None, chains: int = 0, thin: int = 10) -> CpuSampler:
    """Run Swendsen-Wang clusters with heat-bath sweeps between.

    Where couplings are frustrated, the sweeps do the work.

    Parameters
    ----------
    sweeps : int
        Sweeps of each chain in a read.
    power_w : float or None
        Power of one busy core, W, if you know yours; None takes the range of ``digital.toml``.
    chains : int
        Chains that the reads of a sampling task are drawn from in turn, after ``sweeps`` sweeps of each; 0: one a read.
    thin : int
        Sweeps between two draws of a chain.

    Returns
    -------
    CpuSampler
        Target.
    """
    plan, options = _cooled_chains(swendsen_wang, sweeps, chains, thin)
    about = "Swendsen-Wang clusters on one core: time measured"
    return CpuSampler(
        "cpu-swendsen-wang", about, plan, sweeps, power_w, parallel_reads=1, beside="cpu-tempering", **options
    )


def cpu_tempering(sweeps: int = 200, power_w: float | None = None, chains: int = 0, thin: int = 10) -> CpuSampler:
    """Run parallel tempering, a ladder of adapted temperatures a read.

    Parameters
    ----------
    sweeps : int
        Sweeps of each temperature in a read.
    power_w : float or None
        Power of one busy core, W, if you know yours; None takes the range of ``digital.toml``.
    chains : int
        Chains that the reads of a sampling task are drawn from in turn, after ``sweeps`` sweeps of each; 0: one a read.
    thin : int
        Sweeps between two draws of a chain.

    Returns
    -------
    CpuSampler
        Target.
    """

    def plan(ising: Ising, beta: float, minimize: bool, sweeps: int) -> tuple[Draw, int]:
        betas = ladder(ising, beta, sweeps=min(sweeps, 100), rng=0)

        def draw(reads: int, rng: np.random.SeedSequence, observe: SweepObserver | None) -> NDArray[np.int8]:
            samples = tempering(ising, betas, 1, chains=reads, burn_in=sweeps - 1, rng=rng, observe=observe).whole()
            return samples.diagnostics["lowest_spins"] if minimize else samples.flat()

        return draw, betas.size

    def together(ising: Ising, beta: float, reads: int, rng: np.random.SeedSequence) -> tuple[Samples, float]:
        betas, draws = ladder(ising, beta, sweeps=min(sweeps, 100), rng=0), ceil(reads / chains)
        samples = tempering(ising, betas, draws, chains=chains, burn_in=sweeps, thin=thin, rng=rng)
        return samples, betas.size * _updates(samples, sweeps, thin)

    about, options = "parallel tempering on one core: time measured", _of_chains(chains, thin, together)
    return CpuSampler("cpu-tempering", about, plan, sweeps, power_w, watch=watch_ladder, macros_together=8, **options)


def cpu_population_annealing(
    sweeps: int = 200,
    population: int = 16,
    power_w: float | None = None,
    populations: int = 0,
    step_sweeps: int = 0,
) -> CpuSampler:
    """Run population annealing, a small population a read.

    Parameters
    ----------
    sweeps : int
        Sweeps of each member in a read, shared by its temperatures.
    population : int
        Members that are weighted and resampled together.
    power_w : float or None
        Power of one busy core, W, if you know yours; None takes the range of ``digital.toml``.
    populations : int
        Populations whose members are all the reads of a sampling task, in turn; 0: one a read.
    step_sweeps : int
        Sweeps at each temperature; 0 divides ``sweeps`` among them.

    Returns
    -------
    CpuSampler
        Target.
    """

    def plan(ising: Ising, beta: float, minimize: bool, sweeps: int) -> tuple[Draw, int]:
        betas = fisher_steps(ising, beta, rng=0)
        each = step_sweeps or max(1, sweeps // betas.size)

        def draw(reads: int, rng: np.random.SeedSequence, observe: SweepObserver | None) -> NDArray[np.int8]:
            samples = population_annealing(
                ising, betas, population, runs=reads, sweeps=each, rng=rng, observe=observe
            )  # fmt: skip
            member = samples.energies.argmin(axis=1) if minimize else np.zeros(reads, int)
            return samples.spins[np.arange(reads), member]

        return draw, population

    def together(ising: Ising, beta: float, reads: int, rng: np.random.SeedSequence) -> tuple[Samples, float]:
        betas, size = fisher_steps(ising, beta, rng=0), ceil(reads / populations)
        each = step_sweeps or max(1, sweeps // betas.size)
        parts, status = whole_parts(
            population_annealing(ising, betas, size, sweeps=each, rng=rng) for _ in range(populations)
        )
        samples = _joined(parts, size)
        message = "" if status == "ok" else f"{len(parts)} of {populations} populations were made"
        updates = float(each * betas.size * samples.spins.size)
        return replace(samples, status=status, message=message), updates

    return CpuSampler(
        "cpu-population-annealing",
        "population annealing on one core: time measured",
        plan,
        sweeps,
        power_w,
        more={"population": population, "populations": populations, "step_sweeps": step_sweeps},
        watch=watch_population,
        together=together if populations else None,
        beside="cpu-tempering",
        macro_reads=4,
        macros_together=8,
    )


def cpu_quantum_annealing(sweeps: int = 200, slices: int = 8, power_w: float | None = None) -> CpuSampler:
    """Run path-integral quantum annealing.

    To sample, the field is off in the second half of the sweeps.

    Parameters
    ----------
    sweeps : int
        Sweeps of each slice in a read.
    slices : int
        Trotter slices, copies of the spins along imaginary time.
    power_w : float or None
        Power of one busy core, W, if you know yours; None takes the range of ``digital.toml``.

    Returns
    -------
    CpuSampler
        Target.
    """

    def plan(ising: Ising, beta: float, minimize: bool, sweeps: int) -> tuple[Draw, int]:
        falling = sweeps if minimize else max(1, sweeps // 2)
        gammas = np.r_[transverse_field_schedule(ising, falling), np.zeros(sweeps - falling)]
        return lambda reads, rng, observe: quantum_annealing(
            ising, gammas, reads, beta=beta, slices=slices, descend=minimize, rng=rng, observe=observe
        ).spins, slices  # fmt: skip

    about = "path-integral quantum annealing simulated on one core: time measured"
    options: dict[str, Any] = {
        "parallel_reads": 1,
        "streams_by_lane": False,
        "more": {"slices": slices},
        "watch": watch_worldlines,
        "beside": "cpu-anneal",
    }
    return CpuSampler("cpu-quantum-annealing", about, plan, sweeps, power_w, **options)


def _cooling(ising: Ising, beta: float, minimize: bool, sweeps: int) -> Float:
    """Cool from hot to beta in equal ratios: all the way to minimize, in a third of the sweeps to sample."""
    down = sweeps if minimize else sweeps // 3
    return np.r_[geometric_ramp(default_range(ising)[0], beta, down), np.full(sweeps - down, beta)]


def _cooled_chains(sample: Callable[..., Samples], sweeps: int, chains: int, thin: int) -> tuple[Plan, dict[str, Any]]:
    """Return the plan of chains that are cooled, one a read, and the options of those that reads are drawn from."""

    def plan(ising: Ising, beta: float, minimize: bool, sweeps: int) -> tuple[Draw, int]:
        betas = _cooling(ising, beta, minimize, sweeps)
        return lambda reads, rng, observe: sample(
            ising, beta, 1, chains=reads, burn_in=betas[:-1], rng=rng, observe=observe
        ).whole().flat(), 1  # fmt: skip

    def together(ising: Ising, beta: float, reads: int, rng: np.random.SeedSequence) -> tuple[Samples, float]:
        burn_in, draws = _cooling(ising, beta, False, sweeps), ceil(reads / chains)
        samples = sample(ising, beta, draws, chains=chains, burn_in=burn_in, thin=thin, rng=rng)
        return samples, _updates(samples, sweeps, thin)

    return plan, _of_chains(chains, thin, together)


def _of_chains(chains: int, thin: int, together: Together) -> dict[str, Any]:
    return {"more": {"chains": chains, "thin": thin}, "together": together if chains else None}


def _updates(samples: Samples, burn_in: int, thin: int) -> float:
    """Count updates of single spins of all chains together."""
    chains, draws = samples.energies.shape
    return float(chains * samples.size * (burn_in + thin * draws))


def _joined(parts: list[Samples], size: int) -> Samples:
    """Several populations of ``size`` members as one, with the estimate of ln Z by all of them."""
    spins, energies = (np.concatenate([getattr(part, name) for part in parts]) for name in ("spins", "energies"))
    logs, rho, families = (
        np.concatenate([part.diagnostics[name] for part in parts]) for name in ("log_partitions", "rho_t", "families")
    )
    about = {"log_partition": combine_log_partitions(logs, rho / size), "rho_t": rho, "families": families}
    return replace(parts[0], spins=spins, energies=energies, diagnostics=about)
