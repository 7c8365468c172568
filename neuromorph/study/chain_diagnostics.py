r"""Diagnostics of the reads of a sampling task, and the reads that may be taken for independent.

.. math:: F = -\frac{1}{\beta} \ln Z, \qquad k = \lceil \tau \rceil \text{ draws, or } \lceil \rho_t \rceil
          \text{ members of a population}

where Z is the partition function, tau the integrated autocorrelation time of the energy and rho_t the mean size of the
families of a population: one draw in k is what intervals count, where a target draws its reads from a few chains or
populations in turn (``provenance["chains"]`` of its run).
Sources: ``sampling.diagnostics``; rho_t: Wang, Machta and Katzgraber, Phys. Rev. E 92, 063307 (2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, isfinite
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..estimate import Estimate
from ..exact import log_partition
from ..files.json_values import json_value
from ..ising import Ising
from ..run import Run
from ..runtime.limits import TimeLimitReached, time_limit, unlimited
from ..runtime.work_clock import clock
from ..sampling.diagnostics import agreement, autocorrelation_time, divergence, mixing_verdict, summary_of_energy
from ..sampling.samples import Samples
from ..task import Sample

_CHANCE = 1e-6  # p-value below which independent draws of chains are not from the distribution
_ABOVE = 1.68  # halves of a 95 % interval (3.3 standard errors) by which energies above the reference are not chance
_EXACT = 16  # spins up to which all states are enumerated once more
_LEAST = 4  # draws of a chain that can be diagnosed
_SHARE_S = 20.0  # for diagnostics over every spin


def samples_of(run: Run) -> Samples:
    """Return the reads of a sampling task as samples: chains where they are drawn from chains.

    Parameters
    ----------
    run : Run
        Reads.

    Returns
    -------
    Samples
        Independent reads (reads, n), or (chain, draw, n) without the last draws that some chains lack.
    """
    chains, n = int(run.provenance.get("chains", 0)), run.spins.shape[1]
    betas = np.array([run.task.beta if isinstance(run.task, Sample) else 0.0])
    method = str(run.provenance.get("method", run.target))
    told: Mapping[str, Any] = run.provenance.get("sampler", {})
    draws = run.reads // chains if chains else 0
    if not draws:
        return Samples(run.spins, run.energies, betas, method, told, run.status, run.message)
    spins = run.spins[: chains * draws].reshape(draws, chains, n).swapaxes(0, 1)
    energies = run.energies[: chains * draws].reshape(draws, chains).T
    return Samples(spins, energies.copy(), betas, method, told, run.status, run.message)


def independent_reads(samples: Samples) -> tuple[NDArray[np.int8], int]:
    """Return the reads that may be taken for independent.

    Parameters
    ----------
    samples : Samples
        Reads, or draws of chains.

    Returns
    -------
    (k, n) int8
        States.
    int
        One of so many draws is among them.
    """
    if samples.spins.ndim == 2 or samples.energies.shape[1] < _LEAST:
        return samples.flat(), 1
    families = samples.diagnostics.get("rho_t")
    apart = autocorrelation_time(samples.energies) if families is None else float(np.mean(families))
    step = min(max(1, ceil(apart) if isfinite(apart) else 1), samples.energies.shape[1])
    return samples.spins[:, ::step].reshape(-1, samples.size), step


def diagnose(
    samples: Samples, ising: Ising, beta: float, held: Ising | None = None, above: Estimate | None = None
) -> dict[str, Any]:
    """Compute the diagnostics of samples as plain data for JSON, in which NaN is None.

    ``verdict`` says "not mixed" and why, and is empty for chains that agree. Independent reads, each the end of a chain
    of its own, cannot disagree: they are judged by enumeration, or by the mean energy of a reference run. A diagnostic
    that the clock leaves undone is None, and ``message`` says so.

    Parameters
    ----------
    samples : Samples
        Reads, or draws of chains.
    ising : Ising
        Model that was asked for.
    beta : float
        Inverse temperature in 1 / energy.
    held : Ising or None
        What the target holds of the model, by which independent reads are judged; None: they are not.
    above : Estimate or None
        Mean energy a spin, minus that of a reference run of the model that the target holds.

    Returns
    -------
    dict of str to object
        Diagnostics, as docs/results-schema.md lists them.
    """
    chained = samples.spins.ndim == 3
    about: dict[str, Any] = {"method": samples.method, "chains": len(samples.spins) if chained else None}
    told: dict[str, Any] = dict(samples.diagnostics)
    found = told.pop("log_partition", None)
    exact = log_partition(ising, beta) if ising.size <= _EXACT else None
    about |= {"log_partition": found, "log_partition_exact": exact, "free_energy": None, "free_energy_exact": None}
    if beta > 0.0:
        if found:
            ends = {"value": found["value"], "low": found["high"], "high": found["low"]}
            about["free_energy"] = {name: None if each is None else -each / beta for name, each in ends.items()}
        about["free_energy_exact"] = None if exact is None else -exact / beta
    about |= {"energy_ess": None, "energy_tau": None, "worst_rhat": None, "least_ess": None}
    about |= {"verdict": "", "message": ""}
    said = [samples.message]
    try:
        with unlimited(), time_limit(clock() + _SHARE_S):
            about |= summary_of_energy(samples)
            about |= agreement(samples)
            about["verdict"] = mixing_verdict(about.get("worst_rhat"), about.get("least_ess"))
            model = ising if chained else held
            counted = model is not None and model.size == ising.size <= _EXACT and not about["verdict"]
            if counted and divergence(independent_reads(samples)[0], cast(Ising, model), beta).p_value < _CHANCE:
                remedy = "more sweeps" if chained else "longer reads, or a lower beta"
                about["verdict"] = f"not mixed: shares of the states differ from enumeration; take {remedy}"
            about["verdict"] = about["verdict"] or _hotter(above, chained)
    except TimeLimitReached as stop:
        said.append(f"diagnostics are not whole: {stop}")
    return {name: json_value(each) for name, each in {**about, "sampler": told,
                                                      "message": "; ".join(filter(None, said))}.items()}  # fmt: skip


def _hotter(above: Estimate | None, chained: bool) -> str:
    """Judge by the mean energy: one clearly above the reference is that of states on their way down."""
    if above is None or above.value is None or above.low is None or above.value <= _ABOVE * (above.value - above.low):
        return ""
    remedy = "more sweeps, tempering or population annealing" if chained else "longer reads, cpu-tempering"
    apart = f"{above.value:.2g} above that of tempering"
    return f"not mixed: the mean energy a spin is {apart}; take {remedy}, or a lower beta"
