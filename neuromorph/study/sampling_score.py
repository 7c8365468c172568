r"""How well reads sample :math:`p \propto e^{-\beta E}`: Kullback-Leibler divergence, effective beta, errors of means.

.. math:: D(q \| p) = \sum_s q_s \ln \frac{q_s}{p_s}, \qquad
          G = 2 \sum_c O_c \ln \frac{O_c}{N p_c} \sim \chi'^2_{C-1}(\lambda = 2 N D), \qquad
          \hat D = \max\Bigl(0, \frac{G - (C - 1)}{2 N}\Bigr)

q is what the target samples, p what was asked for; O_c counts N independent reads in C cells: states in falling order
of p, together where fewer than 5 reads are expected (D is then that between the cells, a lower bound). D has a 95 %
interval by the noncentral chi-square law: every lambda whose acceptance region holds G, which is :math:`[0, u_{.95}]`
below :math:`\lambda^*` and :math:`[u_{.025}, u_{.975}]` above, where :math:`u_{.025}(\lambda^*) = C - 1`, so that a G
below its mean is never evidence against a small divergence and no interval is empty. The law holds for small D, where
:math:`\mathrm{Var}_q \ln(q/p) = 2 D`; an interval without 0 is scaled to the variance
:math:`2 (C - 1) + 4 N\, \mathrm{Var}_q \ln(q/p)` that G has at any D.

Up to 20 spins p is enumerated. Beyond there is no D: mean energy and mean \|magnetization\| a spin are compared with a
run of parallel tempering, whose own error is part of the interval, and beta is found by pseudo-likelihood.
Sources: Wilks, Ann. Math. Stat. 9, 60 (1938) for G; Feldman and Cousins, Phys. Rev. D 57, 3873 (1998) for intervals at
a boundary; ``sampling.effective_temperature``, ``sampling.parallel_tempering`` and ``sampling.diagnostics``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import stdtrit

from ..estimate import Estimate
from ..exact import all_energies, boltzmann, spins_of, states_of
from ..ising import Float, Ising
from ..rng import RNG
from ..runtime.limits import TimeLimitReached
from ..sampling.diagnostics import effective_sample_size, split_rhat
from ..sampling.effective_temperature import effective_beta
from ..sampling.parallel_tempering import tempering

MAX_COUNTED = 20  # spins whose states are counted
GOOD_RHAT = 1.02  # of the reference; above, its chains disagree

_EXPECTED = 5.0  # reads in a cell
_CHAINS, _DRAWS, _BURN_IN, _THIN = 4, 1000, 1000, 2  # of the reference
_SPINS = 1 << 28  # of all its draws, a byte each
_STATES = 1 << 16  # at one time
_NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Mean:
    """Mean and its standard error.

    Attributes
    ----------
    value : float
        Mean.
    error : float
        Standard error.
    """

    value: float
    error: float = 0.0


@dataclass(frozen=True, eq=False)
class SamplingReference:
    """Scores of a correct sampler.

    Attributes
    ----------
    method : str
        "enumeration", "tempering", or "none".
    beta : float
        Inverse temperature.
    energy, magnetization : Mean or None
        Mean energy and mean absolute magnetization a spin.
    probabilities : (2^n,) float or None
        Probability of every state, where states are enumerated.
    draws : int
        Draws of the reference run, all chains together.
    rhat : float or None
        Worse R-hat of both quantities; above ``GOOD_RHAT`` the chains disagree.
    reason : str
        Reason for a missing reference, or a remark on it.
    """

    method: str
    beta: float
    energy: Mean | None = None
    magnetization: Mean | None = None
    probabilities: Float | None = None
    draws: int = 0
    rhat: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class SamplingScore:
    """Distance of the reads of a target from the requested distribution.

    None stands for a number that is not defined.

    Attributes
    ----------
    kl : Estimate or None
        Divergence from the requested model, nats: errors of mapping count.
    kl_held : Estimate or None
        Divergence from the model that the device holds: how well it samples that.
    effective_beta : Estimate or None
        Inverse temperature at which the reads are most likely.
    energy_error, magnetization_error : Estimate or None
        Mean energy and mean absolute magnetization a spin, minus those of the reference.
    cells : int or None
        Cells of states that were told apart for ``kl``.
    notes : tuple of str
        Reasons for numbers that are not defined.
    """

    kl: Estimate | None = None
    kl_held: Estimate | None = None
    effective_beta: Estimate | None = None
    energy_error: Estimate | None = None
    magnetization_error: Estimate | None = None
    cells: int | None = None
    notes: tuple[str, ...] = ()


def exact_reference(ising: Ising, beta: float) -> SamplingReference:
    """Compute probabilities and means by enumeration.

    Parameters
    ----------
    ising : Ising
        Model.
    beta : float
        Inverse temperature.

    Returns
    -------
    SamplingReference
        Reference without errors.
    """
    p, n = boltzmann(ising, beta), ising.size
    size = 0.0
    for first in range(0, p.size, _STATES):
        states = np.arange(first, min(first + _STATES, p.size))
        size += float(p[states] @ np.abs(spins_of(states, n).mean(axis=1)))
    return SamplingReference("enumeration", beta, Mean(float(p @ all_energies(ising)) / n), Mean(size), p)


def tempering_reference(ising: Ising, beta: float, rng: RNG = None) -> SamplingReference:
    """Estimate means by parallel tempering, for as long as the time limit in force allows.

    Parameters
    ----------
    ising : Ising
        Model.
    beta : float
        Inverse temperature.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    SamplingReference
        Reference with standard errors.
    """
    draws = int(np.clip(_SPINS // (_CHAINS * ising.size), 16, _DRAWS))
    try:
        run = tempering(ising, beta, draws, chains=_CHAINS, burn_in=_BURN_IN, thin=_THIN, rng=rng)
    except TimeLimitReached as stop:
        return SamplingReference("none", beta, reason=f"no reference run within the time limit ({stop})")
    done = run.energies.shape[1]
    if done < 16:
        return SamplingReference(
            "none", beta, reason=f"the reference run made {done} draws within the time limit, too few to judge"
        )
    values = (run.energies / ising.size, np.abs(run.spins.mean(axis=2)))
    energy, magnetization = (_mean_of_chains(each) for each in values)
    rhats = [rhat for rhat in (float(split_rhat(each)) for each in values) if isfinite(rhat)]
    rhat = max(rhats, default=None)
    said = [run.message] if run.message else []
    if rhat is not None and rhat > GOOD_RHAT:
        said.append(f"chains of the reference run disagree (R-hat {rhat:.3f}): errors against it are not reliable")
    return SamplingReference("tempering", beta, energy, magnetization, None, run.energies.size, rhat, "; ".join(said))


def score_samples(
    reference: SamplingReference, ising: Ising, spins: NDArray[np.int8], held: Ising | None = None
) -> SamplingScore:
    """Compare independent reads with the reference of the model that was asked for.

    Parameters
    ----------
    reference : SamplingReference
        Scores of a correct sampler.
    ising : Ising
        The model that ``reference`` is of.
    spins : (reads, n) int8
        Reads of the target.
    held : Ising or None
        What the device holds of it, for ``kl_held``.

    Returns
    -------
    SamplingScore
        Distance of the reads from the requested distribution.
    """
    kl = kl_held = cells = None
    notes = []
    if reference.probabilities is not None:
        counts = np.bincount(states_of(spins), minlength=reference.probabilities.size)
        kl, cells = kl_divergence(counts, reference.probabilities)
        if kl is None:
            notes.append(f"{len(spins)} reads are too few to tell a divergence: all states share one cell")
        if held is not None and held.size == ising.size:
            kl_held = kl_divergence(counts, boltzmann(held, reference.beta))[0]
    beta = None
    try:
        beta = effective_beta(ising, spins)
    except ValueError as error:
        notes.append(f"no effective beta: {error}")
    energies = np.asarray(ising.energy(spins)) / ising.size
    sizes = np.abs(spins.mean(axis=1))
    return SamplingScore(
        kl,
        kl_held,
        beta,
        _difference(energies, reference.energy),
        _difference(sizes, reference.magnetization),
        cells,
        tuple(notes),
    )


def kl_divergence(counts: ArrayLike, probabilities: ArrayLike) -> tuple[Estimate | None, int]:
    """Estimate the Kullback-Leibler divergence D(sampled || wanted) in nats.

    Parameters
    ----------
    counts : (states,)
        How often each state was read, independently.
    probabilities : (states,)
        What was wanted; states that share a cell are neighbors in its order.

    Returns
    -------
    Estimate or None
        Divergence with its 95 % interval; None where all states share one cell.
    int
        Number of cells that were told apart.
    """
    seen, wanted = np.asarray(counts, dtype=float), np.asarray(probabilities, dtype=float)
    reads = float(seen.sum())
    order = np.argsort(-wanted, kind="stable")
    starts = _cells(reads * wanted[order])
    if len(starts) < 2:
        return None, len(starts)
    observed, expected = (np.add.reduceat(each[order], starts) for each in (seen, reads * wanted))
    here = observed > 0
    share, ratio = observed[here] / reads, np.log(observed[here] / np.maximum(expected[here], 1e-300))
    mean = float(share @ ratio)
    g, degrees = 2.0 * reads * mean, len(starts) - 1
    value = max(0.0, g - degrees)
    low, high = _noncentrality(g, degrees)
    if value and low:
        spread = float(share @ (ratio - mean) ** 2) / (2.0 * mean)
        if spread < 1.0:  # narrower only where that is sure
            spread = 1.0 - (1.0 - spread) * value / (value + 10.0 * degrees)
        wider = ((2.0 * degrees + 4.0 * value * spread) / (2.0 * degrees + 4.0 * value)) ** 0.5
        low, high = max(0.0, value - wider * (value - low)), value + wider * (high - value)
    return Estimate(*(each / (2.0 * reads) for each in (value, low, high))), len(starts)


def _cells(expected: Float) -> NDArray[np.int64]:
    """Where each cell starts: the first states that make 5 expected reads together, then the next.

    What is left at the end joins the last cell, unless that is the only one: a sampler that should show one state
    alone, and does not, must be seen.
    """
    total = np.concatenate([[0.0], np.cumsum(expected)])
    starts = [0]
    while True:
        end = int(np.searchsorted(total, total[starts[-1]] + _EXPECTED * (1.0 - 1e-12)))
        if end >= expected.size:
            break
        starts.append(end)
    if len(starts) > 2 and total[-1] - total[starts[-1]] < _EXPECTED:
        starts.pop()
    return np.array(starts)


def _noncentrality(g: float, degrees: int) -> tuple[float, float]:
    """Invert a noncentral chi-square of value ``g``: the 95 % interval of lambda."""
    from scipy.stats import chi2, ncx2  # half a second

    high = _root(lambda nc: float(ncx2.cdf(max(g, degrees), degrees, nc)) - 0.025, max(g, degrees))
    turn = _root(lambda nc: float(ncx2.cdf(degrees, degrees, nc)) - 0.025, degrees)

    def least(chance: float) -> float:
        if chi2.sf(g, degrees) >= chance:
            return 0.0
        return _root(lambda nc: chance - float(ncx2.sf(g, degrees, nc)), g)

    low = least(0.05)
    return (low if low < turn else max(turn, least(0.025))), high


def _root(falling: Callable[[float], float], near: float) -> float:
    """Where a falling function of the noncentrality is 0."""
    end = near + 1.0
    while falling(end) > 0.0:
        end *= 2.0
    return float(brentq(falling, 1e-12, end, xtol=1e-9 * end, rtol=1e-9))


def _difference(values: Float, of: Mean | None) -> Estimate | None:
    """Mean of independent values minus the reference, with the errors of both."""
    if of is None:
        return None
    apart, reads = float(values.mean()) - of.value, len(values)
    if reads < 2:
        return Estimate(apart, None, None)
    own = float(stdtrit(reads - 1, 0.975)) * float(values.std(ddof=1)) / reads**0.5
    half = float(np.hypot(own, _NORMAL_95 * of.error))
    return Estimate(apart, apart - half, apart + half)


def _mean_of_chains(values: Float) -> Mean:
    """Mean of (chain, draw), its error by the effective number of draws."""
    worth = float(effective_sample_size(values))
    return Mean(float(values.mean()), float(values.std()) / worth**0.5 if isfinite(worth) else 0.0)
