r"""Test of exponential dwell times: whether a trace forgets when it last moved.

.. math:: P(\text{dwell} = k\, dt) = A_{ii}^{k-1} (1 - A_{ii})

is the law of the dwell times of a two-state process with constant rates as samples show them, with A of ``two_state``:
events between two samples join dwells and are accounted for. States are drawn once from their law given the samples;
under the model they are a path of the model, so that noise does not spoil the test either. chi^2 over bins of equal
expectation, one degree of freedom less for the rate that was fitted. Source: posterior draws as pivots, V. E. Johnson,
Bayesian Anal. 2, 719 (2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from ..rng import RNG
from .two_state import TwoStateFit, draw_hidden_states

_EXPECTED = 10.0  # dwells a bin
_MOST_BINS = 30


@dataclass(frozen=True, eq=False)
class DwellTest:
    """Dwell times of one state against their law.

    Attributes
    ----------
    state : int
        0 (low) or 1 (high).
    lengths : (dwells,) int
        Dwell times in samples; those cut off by the ends of a trace are left out.
    dt_s : float
        Time between samples, s.
    stay : float
        Probability to stay for the next sample.
    p_value : float or None
        Probability of a larger chi^2 with constant rates; None: too few dwells.
    variation : float
        Standard deviation over mean; near 1 where rates are constant and dwells last for many samples.
    """

    state: int
    lengths: NDArray[np.int64]
    dt_s: float
    stay: float
    p_value: float | None
    variation: float


def dwell_tests(fit: TwoStateFit, rng: RNG = None) -> tuple[DwellTest, DwellTest]:
    """Test the dwell times of both states.

    Parameters
    ----------
    fit : TwoStateFit
        Fit of a trace.
    rng : RNG
        Seed or generator of the states that are drawn.

    Returns
    -------
    DwellTest, DwellTest
        Of the low and of the high state.
    """
    states = draw_hidden_states(fit, rng)
    stay = fit.transitions.diagonal()
    found = []
    for state in (0, 1):
        lengths = _dwells(states, fit.trace.starts, state)
        varied = float(lengths.std() / lengths.mean()) if lengths.size > 1 else 0.0
        p_value = geometric_p_value(lengths, float(stay[state]))
        found.append(DwellTest(state, lengths, fit.trace.dt_s, float(stay[state]), p_value, varied))
    return found[0], found[1]


def geometric_p_value(lengths: NDArray[np.int64], stay: float) -> float | None:
    """Compare lengths with a geometric law by chi^2.

    Parameters
    ----------
    lengths : (n,) int
        Lengths from 1.
    stay : float
        Probability to go on, which was fitted to them.

    Returns
    -------
    float or None
        Probability of a larger chi^2; None where there are fewer than three bins.
    """
    from scipy.stats import chi2

    found = binned_dwells(lengths, stay)
    if found is None:
        return None
    _, counted, expected = found
    return float(chi2.sf(((counted - expected) ** 2 / expected).sum(), counted.size - 2))


def binned_dwells(lengths: NDArray[np.int64], stay: float) -> tuple[Float, Float, Float] | None:
    """Count lengths in bins of about equal expectation under a geometric law.

    Parameters
    ----------
    lengths : (n,) int
        Lengths from 1.
    stay : float
        Probability to go on.

    Returns
    -------
    edges : (bins,) float
        Lengths above which each bin begins; the last one has no end.
    counted, expected : (bins,) float
        Numbers of lengths. None where there are fewer than three bins.
    """
    bins = int(min(_MOST_BINS, lengths.size / _EXPECTED))
    if bins < 3:
        return None
    tails = 1.0 - np.arange(1, bins) / bins
    edges = np.unique(np.r_[0.0, np.ceil(np.log(tails) / np.log(stay))])
    if edges.size < 3:
        return None
    expected = -lengths.size * np.diff(np.r_[stay**edges, 0.0])
    return edges, np.histogram(lengths, np.r_[edges + 0.5, np.inf])[0].astype(float), expected


def survival_of_lengths(lengths: NDArray[np.int64]) -> tuple[Float, Float]:
    """Compute the share of dwells that last longer than each length seen.

    Parameters
    ----------
    lengths : (n,) int
        Lengths.

    Returns
    -------
    lengths, share : (k,) float
        Distinct lengths, and the share beyond.
    """
    distinct, counts = np.unique(lengths, return_counts=True)
    return distinct.astype(float), 1.0 - np.cumsum(counts) / counts.sum()


def _dwells(states: NDArray[np.int8], starts: NDArray[np.int64], state: int) -> NDArray[np.int64]:
    """Lengths of whole dwells in a state."""
    found = []
    for begin, end in pairwise(starts):
        changes = np.flatnonzero(np.diff(states[begin:end])) + 1
        lengths, of = np.diff(changes), states[begin:end][changes[:-1]]
        found.append(lengths[of == state])
    return np.concatenate(found) if found else np.empty(0, np.int64)
