"""Sampling of one model by a named method, with diagnostics and a figure: ``neuromorph sample``."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from math import ceil, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..exact import log_partition
from ..files.atomic_write import write_file
from ..files.json_values import json_value
from ..ising import Ising
from ..kernels.philox import LANES
from ..rng import RNG, seed_sequence
from ..sampling.clusters import swendsen_wang
from ..sampling.diagnostics import agreement, autocorrelation_time, divergence, mixing_verdict, summary_of_energy
from ..sampling.effective_temperature import effective_beta
from ..sampling.gibbs import gibbs
from ..sampling.parallel_tempering import tempering
from ..sampling.path_integral import quantum_annealing, transverse_field_schedule
from ..sampling.plots import energy_autocorrelation, energy_trace
from ..sampling.population_annealing import combine_log_partitions, population_annealing
from ..sampling.samples import Samples, SamplingProgress, ending
from ..sampling.schedules import fisher_steps
from ..sampling.validation import at_least, check_beta

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHAINS = 4
_BATCH = 64  # anneals in parallel, fewer where these make more than _UPDATES updates of slices
_UPDATES = 1 << 24  # updates times _SLICES that take a second or two
_SLICES = 16
_JUDGING_BYTES = 1.5e8
_LARGEST = 1 << 33  # largest number of spins of all reads, a byte each
_FROZEN = 1e6  # beta times the strongest field, beyond which no spin flips
_CHANCE = 1e-6  # p-value below which draws an autocorrelation time apart are not from the distribution
_EXACT = 16  # spins up to which all states are enumerated
_Method: TypeAlias = Callable[[Ising, float, int, int, np.random.SeedSequence, SamplingProgress | None], Samples]


def _chained(method: Callable[..., Samples], least: int) -> _Method:
    def run(
        ising: Ising,
        beta: float,
        reads: int,
        sweeps: int,
        rng: np.random.SeedSequence,
        progress: SamplingProgress | None,
    ) -> Samples:
        return method(
            ising, beta, ceil(reads / CHAINS), chains=CHAINS, burn_in=least * sweeps, thin=sweeps, rng=rng,
            progress=progress,
        )  # fmt: skip

    return run


def _population(
    ising: Ising, beta: float, reads: int, sweeps: int, rng: np.random.SeedSequence, progress: SamplingProgress | None
) -> Samples:
    path, size = fisher_steps(ising, beta, rng=0), ceil(reads / CHAINS)

    def run(done: int) -> Samples:
        return population_annealing(ising, path, size, sweeps=sweeps, rng=rng)

    samples = _parts(run, range(CHAINS), CHAINS, progress)
    logs, rho, families = (samples.diagnostics[name] for name in ("log_partitions", "rho_t", "families"))
    about = {"log_partition": combine_log_partitions(logs, rho / size), "rho_t": rho, "families": families}
    return replace(samples, diagnostics=about)


def _quantum(
    ising: Ising, beta: float, reads: int, sweeps: int, rng: np.random.SeedSequence, progress: SamplingProgress | None
) -> Samples:
    gammas = np.r_[transverse_field_schedule(ising, 50 * sweeps), np.zeros(50 * sweeps)]

    batch = int(np.clip(_UPDATES // (ising.size * gammas.size), 1, _BATCH))

    def run(done: int) -> Samples:
        count = min(batch, reads - done)
        samples = quantum_annealing(ising, gammas, count, beta=beta, slices=_SLICES, descend=False, rng=rng)
        return replace(samples, diagnostics={"broken": np.full(count, samples.diagnostics["broken"])})

    samples = _parts(run, range(0, reads, batch), reads, progress)
    return replace(samples, diagnostics={"broken": float(np.mean(samples.diagnostics["broken"]))})


def _parts(run: Callable[[int], Samples], starts: range, whole: int, progress: SamplingProgress | None) -> Samples:
    """Sample independent parts one after another; Ctrl-C and a time limit keep the complete ones.

    Diagnostics are those of all parts in one array.
    """
    parts: list[Samples] = []
    status, message = "ok", ""
    try:
        for done in starts:
            parts.append(run(done))
            if progress:
                progress(min(whole, done + starts.step), whole)
    except KeyboardInterrupt as stop:
        if not parts:
            raise
        status, why = ending(stop)
        message = f"{len(parts)} of {len(starts)} parts were made; {why}".rstrip("; ")
    spins, energies = (np.concatenate([getattr(part, name) for part in parts]) for name in ("spins", "energies"))
    about = {
        key: np.concatenate([np.atleast_1d(part.diagnostics[key]) for part in parts]) for key in parts[0].diagnostics
    }
    return replace(parts[0], spins=spins, energies=energies, diagnostics=about, status=status, message=message)


_RUNS: Mapping[str, _Method] = {
    "gibbs": _chained(gibbs, 100),
    "tempering": _chained(tempering, 20),
    "swendsen-wang": _chained(swendsen_wang, 20),
    "population-annealing": _population,
    "quantum-annealing": _quantum,
}


def sample_model(
    ising: Ising,
    beta: float,
    method: str = "gibbs",
    reads: int = 1000,
    *,
    sweeps: int = 10,
    rng: RNG = None,
    progress: SamplingProgress | None = None,
) -> Samples:
    """Sample about ``reads`` states at ``beta``.

    Chains (gibbs, tempering, swendsen-wang) and populations are four, of a quarter of the reads each.

    Parameters
    ----------
    ising : Ising
        The problem.
    beta : float
        Inverse temperature in 1 / energy.
    method : str
        Name of the sampler.
    reads : int
        Number of states.
    sweeps : int
        Sweeps between draws, or at each step of an anneal.
    rng : RNG
        Source of the random numbers.
    progress : callable or None
        Called with the work done and its total.

    Returns
    -------
    Samples
        The states.

    Raises
    ------
    ValueError
        If ``beta`` is so large that no spin flips.
    """
    _require_known(ising, method, reads, sweeps)
    strongest = float((abs(ising.sparse_couplings()).sum(axis=1) + abs(ising.biases)).max())
    if beta * strongest > _FROZEN:
        raise ValueError(
            f"beta is {beta:g} where fields reach {strongest:g}; nothing moves that cold: give "
            f"{_FROZEN / strongest:.3g} at most, or minimize"
        )
    return _RUNS[method](ising, check_beta(beta), reads, sweeps, seed_sequence(rng), progress)


def _require_known(ising: Ising, method: str, reads: int, sweeps: int) -> None:
    if method not in _RUNS:
        raise ValueError(f"method is {method!r}; choose one of {', '.join(_RUNS)}")
    at_least(1, reads=reads, sweeps=sweeps)
    if reads * ising.size > _LARGEST:
        raise ValueError(f"reads is {reads}; of {ising.size} spins at most {_LARGEST // ising.size} are kept in memory")


def memory_needed(ising: Ising, method: str, reads: int, sweeps: int) -> float:
    """Estimate the memory of :func:`sample_model` and :func:`judge`, beyond the model itself.

    Parameters
    ----------
    ising : Ising
        The problem.
    method : str
        Name of the sampler.
    reads, sweeps : int
        As in :func:`sample_model`.

    Returns
    -------
    float
        Bytes, to a factor of two.
    """
    _require_known(ising, method, reads, sweeps)
    n, width = ising.size, 4.0 * LANES  # a strip of replicas in float32
    ladder = 8.0 * max(8.0, 2.0 * np.sqrt(n))
    batch = min(_BATCH, reads, max(1.0, _UPDATES / (100.0 * sweeps * n)))
    replicas = {
        "gibbs": width,
        "tempering": max(width, 4.0 * ladder),
        "swendsen-wang": 40.0 * CHAINS,
        "population-annealing": max(2.0 * width, 10.0 * ceil(reads / CHAINS)),
        "quantum-annealing": 3.0 * _SLICES * batch,
    }[method]
    return n * (replicas + 2.0 * reads) + _JUDGING_BYTES


def judge(samples: Samples, ising: Ising, beta: float) -> dict[str, Any]:
    """Compute the diagnostics of samples as plain data for JSON, in which NaN is None.

    ``verdict`` says "not mixed" and why, and is empty for chains that agree. ``effective_beta`` is from draws an
    autocorrelation time apart; up to 16 spins ``exact`` holds the divergence from enumeration, and ln Z. A diagnostic
    that Ctrl-C or a time limit leaves undone is None, and ``message`` says so.

    Parameters
    ----------
    samples : Samples
        The samples.
    ising : Ising
        The problem.
    beta : float
        Inverse temperature in 1 / energy.

    Returns
    -------
    dict of str to Any
        The diagnostics.
    """
    about: dict[str, Any] = {
        "method": samples.method,
        "beta": beta,
        "spins": ising.size,
        "status": samples.status,
        "verdict": "",
        "message": samples.message,
        **summary_of_energy(samples),
    }
    if "energy_tau" in about:
        about |= {"worst_rhat": None, "least_ess": None}
    sampler = {k: v for k, v in samples.diagnostics.items() if k not in ("lowest_spins", "gammas")}
    about |= {"sampler": sampler, "effective_beta": None}
    notes = [samples.message]
    try:
        about |= agreement(samples)
        about["verdict"] = mixing_verdict(about.get("worst_rhat"), about.get("least_ess"))
        apart = samples.spins
        if apart.ndim == 3 and samples.method != "population_annealing" and apart.shape[1] >= 4:
            tau = autocorrelation_time(samples.energies)
            apart = apart[:, :: max(1, ceil(tau) if isfinite(tau) else 1)]
        try:
            about["effective_beta"] = asdict(effective_beta(ising, apart.reshape(-1, ising.size)))
        except ValueError as error:
            notes.append(str(error))
        if ising.size <= _EXACT:
            exact = {"log_partition": log_partition(ising, beta)}
            about["exact"] = {**asdict(divergence(apart, ising, beta)), **exact}
            if about["exact"]["p_value"] < _CHANCE and not about["verdict"]:
                about["verdict"] = "not mixed: shares of the states differ from enumeration; take more sweeps"
    except KeyboardInterrupt as stop:
        status, why = ending(stop)
        notes.append(f"diagnostics are not whole: {why or 'interrupted'}")
        about["status"] = status if status == "interrupted" else samples.status
    about["message"] = "; ".join(filter(None, notes))
    return {key: json_value(value) for key, value in about.items()}


def draw_sampling(samples: Samples) -> Figure:
    """Draw the energies of the draws, and the autocorrelation of the energy.

    Returns
    -------
    Figure
        The figure.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    energy_trace(samples, left)
    energy_autocorrelation(samples, right)
    return figure


def write_figure(samples: Samples, path: Path) -> Path:
    """Write the figure of :func:`draw_sampling` as .png.

    Parameters
    ----------
    samples : Samples
        The samples.
    path : Path
        Path of the file.

    Returns
    -------
    Path
        The path.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    picture = io.BytesIO()
    FigureCanvasAgg(draw_sampling(samples)).print_png(picture)  # type: ignore[no-untyped-call]
    return write_file(path, picture.getvalue())
