"""One model sampled by a named method, judged and drawn: what ``neuromorph sample`` does."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from math import ceil, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..exact import log_partition
from ..files import write_file
from ..ising import Ising
from ..rng import RNG, seed_sequence
from .chains import gibbs
from .checks import at_least, checked_beta
from .clusters import swendsen_wang
from .diagnostics import autocorrelation_time, divergence, summary
from .figures import energy_autocorrelation, energy_trace
from .parallel_tempering import tempering
from .population import combined, population_annealing
from .quantum import fields, quantum_anneal
from .samples import Progress, Samples
from .schedules import fisher_steps
from .temperature import effective_beta

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHAINS = 4
_BATCH = 64  # anneals side by side
_LARGEST = 1 << 33  # spins of all reads, a byte each
_FROZEN = 1e6  # beta times the strongest field
_EXACT = 16  # spins up to which states are counted
_Method: TypeAlias = Callable[[Ising, float, int, int, np.random.SeedSequence, Progress | None], Samples]


def _chained(method: Callable[..., Samples], least: int) -> _Method:
    def run(
        ising: Ising, beta: float, reads: int, sweeps: int, rng: np.random.SeedSequence, progress: Progress | None
    ) -> Samples:
        return method(
            ising, beta, ceil(reads / CHAINS), chains=CHAINS, burn_in=least * sweeps, thin=sweeps, rng=rng,
            progress=progress,
        )  # fmt: skip

    return run


def _population(
    ising: Ising, beta: float, reads: int, sweeps: int, rng: np.random.SeedSequence, progress: Progress | None
) -> Samples:
    path, size = fisher_steps(ising, beta, rng=0), ceil(reads / CHAINS)

    def run(done: int) -> Samples:
        return population_annealing(ising, path, size, sweeps=sweeps, rng=rng)

    samples = _parts(run, range(CHAINS), CHAINS, progress)
    logs, rho, families = (samples.diagnostics[name] for name in ("log_partitions", "rho_t", "families"))
    about = {"log_partition": combined(logs, rho / size), "rho_t": rho, "families": families}
    return replace(samples, diagnostics=about)


def _quantum(
    ising: Ising, beta: float, reads: int, sweeps: int, rng: np.random.SeedSequence, progress: Progress | None
) -> Samples:
    gammas = np.r_[fields(ising, 50 * sweeps), np.zeros(50 * sweeps)]

    def run(done: int) -> Samples:
        count = min(_BATCH, reads - done)
        return quantum_anneal(ising, gammas, count, beta=beta, descend=False, rng=rng)

    samples = _parts(run, range(0, reads, _BATCH), reads, progress)
    return replace(samples, diagnostics={"broken": float(np.mean(samples.diagnostics["broken"]))})


def _parts(run: Callable[[int], Samples], starts: range, whole: int, progress: Progress | None) -> Samples:
    """Independent parts one after another; Ctrl-C keeps those that are whole. Diagnostics are arrays over parts."""
    parts: list[Samples] = []
    status = "ok"
    try:
        for done in starts:
            parts.append(run(done))
            if progress:
                progress(min(whole, done + starts.step), whole)
    except KeyboardInterrupt:
        if not parts:
            raise
        status = "interrupted"
    spins, energies = (np.concatenate([getattr(part, name) for part in parts]) for name in ("spins", "energies"))
    about = {key: np.ravel([part.diagnostics[key] for part in parts]) for key in parts[0].diagnostics}
    return replace(parts[0], spins=spins, energies=energies, diagnostics=about, status=status)


METHODS: Mapping[str, _Method] = {
    "gibbs": _chained(gibbs, 100),
    "tempering": _chained(tempering, 20),
    "cluster": _chained(swendsen_wang, 20),
    "population": _population,
    "quantum": _quantum,
}


def sample_model(
    ising: Ising,
    beta: float,
    method: str = "gibbs",
    reads: int = 1000,
    *,
    sweeps: int = 10,
    rng: RNG = None,
    progress: Progress | None = None,
) -> Samples:
    """About ``reads`` states at ``beta``; ``sweeps`` are made between draws, or at each step of an anneal.

    Chains (gibbs, tempering, cluster) and populations are four, of a quarter of the reads each.
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; choose one of {', '.join(METHODS)}")
    at_least(1, reads=reads, sweeps=sweeps)
    if reads * ising.size > _LARGEST:
        raise ValueError(f"reads is {reads}; of {ising.size} spins at most {_LARGEST // ising.size} are kept in memory")
    strongest = float((abs(ising.sparse_couplings()).sum(axis=1) + abs(ising.biases)).max())
    if beta * strongest > _FROZEN:
        raise ValueError(
            f"beta is {beta:g} where fields reach {strongest:g}; nothing moves that cold: give "
            f"{_FROZEN / strongest:.3g} at most, or minimise"
        )
    return METHODS[method](ising, checked_beta(beta), reads, sweeps, seed_sequence(rng), progress)


def judge(samples: Samples, ising: Ising, beta: float) -> dict[str, Any]:
    """Everything that is known of how good the samples are, ready for JSON: NaN becomes None.

    ``effective_beta`` is from draws an autocorrelation time apart; up to 16 spins there is ``exact``: the divergence
    from enumeration, and ln Z.
    """
    about: dict[str, Any] = {
        "method": samples.method,
        "beta": beta,
        "spins": ising.size,
        "status": samples.status,
        "message": samples.message,
        **summary(samples),
        "sampler": {k: v for k, v in samples.diagnostics.items() if k not in ("lowest_spins", "gammas")},
    }
    apart = samples.spins
    if apart.ndim == 3 and samples.method != "population_annealing" and apart.shape[1] >= 4:
        tau = autocorrelation_time(samples.energies)
        apart = apart[:, :: max(1, ceil(tau) if isfinite(tau) else 1)]
    try:
        about["effective_beta"] = asdict(effective_beta(ising, apart.reshape(-1, ising.size)))
    except ValueError as error:
        about["effective_beta"] = None
        about["message"] = "; ".join(filter(None, [samples.message, str(error)]))
    if ising.size <= _EXACT:
        exact = {"log_partition": log_partition(ising, beta)}
        about["exact"] = {**asdict(divergence(apart, ising, beta)), **exact}
    return {key: _plain(value) for key, value in about.items()}


def draw(samples: Samples) -> Figure:
    """Energies of the draws, and how long a chain remembers its energy."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    energy_trace(samples, left)
    energy_autocorrelation(samples, right)
    return figure


def write(samples: Samples, about: Mapping[str, Any], folder: Path) -> list[Path]:
    """samples.npz (spins, energies, betas), diagnostics.json and energies.png in ``folder``."""
    import json

    from matplotlib.backends.backend_agg import FigureCanvasAgg

    arrays, picture = io.BytesIO(), io.BytesIO()
    np.savez_compressed(arrays, spins=samples.spins, energies=samples.energies, betas=samples.betas)
    FigureCanvasAgg(draw(samples)).print_png(picture)  # type: ignore[no-untyped-call]
    return [
        write_file(folder / "samples.npz", arrays.getvalue()),
        write_file(folder / "diagnostics.json", json.dumps(about, indent=2, allow_nan=False) + "\n"),
        write_file(folder / "energies.png", picture.getvalue()),
    ]


def _plain(value: Any) -> Any:
    """Numbers, lists and dictionaries for JSON."""
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(each) for each in np.asarray(value).tolist()]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not isfinite(value) else value
