"""Samples against the distribution that a target states, by enumeration."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, ncx2

from .. import exact
from ..ising import Float, Ising
from ..run import Program
from .assertions import require_that

FALSE_FAILURE = 1e-6


def stated_distribution(program: Program, held: Ising, beta: float) -> tuple[Float, float]:
    """Compute the distribution that samples at beta are held to.

    Parameters
    ----------
    program : Program
        Program.
    held : Ising
        Model that it holds.
    beta : float
        Inverse temperature.

    Returns
    -------
    ((2^n,) float, float)
        Probabilities, and bound on the relative entropy.
    """
    bound = program.sampling_bound
    if program.sampled is None:
        return exact.boltzmann(held, beta), 0.0 if bound is None else bound.kl
    require_that(bound is None, "the program states both what is sampled and a bound; state one of them")
    p = np.asarray(program.sampled(beta))
    require_that(
        p.shape == (1 << held.size,), f"program.sampled({beta}) has shape {p.shape}, expected (2^{held.size},)"
    )
    require_that(
        bool((p >= 0.0).all()) and abs(float(p.sum()) - 1.0) < 1e-6, f"program.sampled({beta}) is no distribution"
    )
    return p, 0.0


def require_consistent_statement(p: Float, bound: float, boltzmann: Float) -> None:
    """Require a statement nearer to exp(-beta E) than tossed coins are.

    A statement that any sampler keeps is none.

    Parameters
    ----------
    p : (2^n,) float
        Stated probabilities.
    bound : float
        Stated bound on the relative entropy, nats.
    boltzmann : (2^n,) float
        exp(-beta E) / Z.

    Raises
    ------
    AssertionError
        If coins keep the statement.
    """
    coins = -float(np.mean(np.log(boltzmann * boltzmann.size)))
    told = bound + float(np.sum(np.where(p > 0.0, p, 0.0) * np.log(np.where(p > 0.0, p, 1.0) / boltzmann)))
    require_that(
        told < coins, f"the program states samples {told:.3g} nats from exp(-beta E), where coins are {coins:.3g}"
    )


def require_distribution(spins: ArrayLike, expected: Float, what: str = "spins", *, bound: float = 0.0) -> None:
    """Require that independent reads follow given probabilities, by the G-test.

    Cells in which fewer than 5 reads are expected are pooled.

    Parameters
    ----------
    spins : (reads, n) int
        Reads.
    expected : (2^n,) float
        Probabilities.
    what : str
        Name of the reads in the message.
    bound : float
        Relative entropy, nats, that the reads may be away from them; G then is noncentral chi^2.

    Raises
    ------
    AssertionError
        If the reads do not follow them.
    """
    counts = np.bincount(exact.states_of(spins), minlength=expected.size).astype(float)
    reads = counts.sum()
    rare = expected * reads < 5.0
    seen, wanted = counts[~rare], expected[~rare] * reads
    if rare.any():
        seen, wanted = np.append(seen, counts[rare].sum()), np.append(wanted, expected[rare].sum() * reads)
    g = 2.0 * float(np.sum(seen * np.log(np.where(seen > 0, seen, 1.0) / wanted)))
    away = 2.0 * reads * bound
    limit = float(ncx2.isf(FALSE_FAILURE, wanted.size - 1, away) if away else chi2.isf(FALSE_FAILURE, wanted.size - 1))
    require_that(g < limit, f"{what}: states do not follow exp(-beta E) (G = {g:.0f}, chance stays below {limit:.0f})")
