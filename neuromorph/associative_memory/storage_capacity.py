r"""Storage capacity of Hebb's rule by simulation: the share of alpha n random patterns with a fixed point nearby.

Each realization draws patterns, learns k = round(alpha n) of them for every load, starts at some of the patterns and
descends. A pattern is retained if the overlap m of the final state with it is above a threshold; the overlaps lie near
1 or near .3, so that the exact threshold does not matter. Couplings are integers (n J), so that no sum is rounded.

The share of retained patterns P falls over a width that shrinks like n^-1/2, the fluctuations of the noise from one
draw of patterns to the next:

.. math:: P(\alpha, n) = \Phi\!\left( \frac{\sqrt n\, (\alpha_c - \alpha)}{w} + c \right)

where Phi is the normal distribution function, w the width and c the shift. The curves of all n cross at alpha_c, and P
= 1/2 stands at alpha_c + c w / sqrt n.

The result holds for descent at temperature 0. Replica theory, which counts the lowest states, gives 0.13791 (symmetric,
:mod:`.replica_theory`) to 0.13819 (two steps of symmetry breaking), and simulations before gave 0.145 +- 0.009:
Steffan and Kuehn, Z. Phys. B 95, 249 (1994).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import log_ndtr, ndtr

from ..estimate import Estimate
from ..files.atomic_write import read_file, write_file
from ..ising import Float
from ..rng import RNG, kernel_states, read_seeds, seed_sequence
from ..runtime.limits import checkpoint
from ..runtime.pieces import each_on_threads
from ..runtime.threads import single_threaded_blas

RETAINED = 0.8
"""Overlap above which a pattern counts as retained."""

_MOST_BYTES = 256 << 20  # largest size of the file of realizations
_WORK = 1 << 27  # steps of a compiled descent between two checkpoints
_BLOCK = 1024  # rows of couplings made at once in float32, in which integers are exact below 2^24


@dataclass(frozen=True, eq=False)
class OverlapSamples:
    """Overlaps of relaxed patterns at several loads.

    Attributes
    ----------
    size : int
        n.
    loads : (a,) float
        k / n, as realized.
    overlaps : (realizations, a, starts) float
        m of the final state with the pattern that it started at.
    """

    size: int
    loads: Float
    overlaps: Float

    def shares(self, threshold: float = RETAINED) -> Float:
        """Compute the share P of retained patterns of each realization and load.

        Returns
        -------
        (realizations, a) float
            The shares.
        """
        return np.asarray((self.overlaps > threshold).mean(axis=2))

    def mean_overlaps(self, threshold: float = RETAINED) -> Float:
        """Average the overlap of the retained patterns of each load.

        Returns
        -------
        (a,) float
            Mean m; NaN where no pattern is retained.
        """
        kept = self.overlaps > threshold
        count = kept.sum(axis=(0, 2))
        total = np.where(kept, self.overlaps, 0.0).sum(axis=(0, 2))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@single_threaded_blas()
def sample_final_overlaps(
    size: int,
    loads: ArrayLike,
    *,
    realizations: int = 10,
    starts: int = 64,
    rng: RNG = None,
    workers: int = 1,
    path: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> OverlapSamples:
    """Start at stored patterns, descend, and record the final overlaps.

    Parameters
    ----------
    size : int
        n; the couplings take 2 n^2 bytes a worker.
    loads : (a,) array_like
        alpha in equal steps; each becomes k / n with k = round(alpha n) >= 1.
    realizations, starts : int
        Draws of the patterns, and patterns of each that are started at (at most k).
    rng : RNG
        Source of the streams; realization r has the r-th one, so that a longer run begins with the same realizations.
    workers : int
        Number of threads.
    path : path or None
        File of finished realizations, from which a stopped run continues.
    progress : callable or None
        Called with the realizations done and their total.

    Returns
    -------
    OverlapSamples
        The final overlaps.

    Raises
    ------
    ValueError
        If ``size``, ``loads`` or ``starts`` do not fit together.
    """
    counts = np.unique(np.rint(np.atleast_1d(np.asarray(loads, dtype=float)) * size).astype(int))
    if size < 2 or counts[0] < 1 or counts[-1] > 32767:
        raise ValueError(f"size is {size} with {counts[0]} to {counts[-1]} patterns; give 1 to 32767 patterns of >= 2")
    if not 1 <= starts <= counts[0]:
        raise ValueError(f"starts is {starts}; give 1 to {counts[0]}, the patterns of the lowest load")
    seeds = read_seeds(rng, realizations)
    what = [size, counts.tolist(), starts, str(seed_sequence(rng).entropy)]
    key = hashlib.sha256(json.dumps(what).encode()).hexdigest()
    done = _kept(path, key, (counts.size, starts)) if rng is not None else {}

    def one(r: int) -> None:
        checkpoint("retention", len(done), realizations)
        done[r] = _one_realization(size, counts, starts, seeds[r])
        if path is not None:
            rows = {str(number): rows.tolist() for number, rows in sorted(done.copy().items())}
            write_file(path, json.dumps({"key": key, "realizations": rows}))
        if progress is not None:
            progress(len(done), realizations)

    each_on_threads(one, [r for r in range(realizations) if r not in done], workers)
    return OverlapSamples(size, counts / size, np.array([done[r] for r in range(realizations)]))


def _one_realization(n: int, counts: NDArray[np.int64], starts: int, seed: np.random.SeedSequence) -> Float:
    """Compute the overlaps (a, starts) of one draw; the patterns of a load are among those of the next."""
    from .kernels import descend_integer_couplings

    draw = np.random.default_rng(seed)
    x = 2 * draw.integers(0, 2, (counts[-1], n), dtype=np.int8) - 1
    (state,) = kernel_states([seed])
    couplings, learnt = np.zeros((n, n), np.int16), 0
    overlaps = np.empty((len(counts), starts))
    for a, k in enumerate(counts):
        new = x[learnt:k].astype(np.float32)
        for row in range(0, n, _BLOCK):
            couplings[row : row + _BLOCK] += (new[:, row : row + _BLOCK].T @ new).astype(np.int16)
        np.fill_diagonal(couplings, 0)
        learnt = k
        cues, stored = x[:starts].astype(float), x[:k].astype(float)
        fields = ((cues @ stored.T) @ stored - k * cues).astype(np.int32)
        for start in range(starts):
            spins, order, rests = x[start].copy(), np.arange(n), False
            while not rests:
                checkpoint()
                rests = descend_integer_couplings(couplings, fields[start], max(1, _WORK // n**2), spins, order, state)[
                    1
                ]
            overlaps[a, start] = (spins * x[start]).sum(dtype=np.int64) / n
    return overlaps


def _kept(path: str | os.PathLike[str] | None, key: str, shape: tuple[int, int]) -> dict[int, Float]:
    if path is None or not Path(path).exists():
        return {}
    try:
        data = json.loads(read_file(path, _MOST_BYTES))
        kept, rows = data["key"], {int(r): np.array(values, dtype=float) for r, values in data["realizations"].items()}
    except Exception as error:  # a foreign file may cause errors of JSON, of the table or of the system
        raise ValueError(f"{path} is damaged ({str(error)[:200]}); delete it, or give another path") from None
    if kept == key and any(row.shape != shape or not np.isfinite(row).all() for row in rows.values()):
        raise ValueError(f"{path} is damaged (it has other than {shape} finite overlaps); delete it")
    if kept != key:
        raise ValueError(f"{path} holds realizations of another size, loads, starts or seed; give another path")
    return rows


@dataclass(frozen=True)
class CapacityFit:
    """Finite-size fit of all sizes, with intervals over the realizations.

    Attributes
    ----------
    load : Estimate
        alpha_c, where the curves cross.
    width : Estimate
        w.
    shift : Estimate
        c.
    overlap : Estimate
        m of a pattern at the largest load before it is lost, for n to infinity.
    fits : float
        Chi-square over its degrees of freedom; a value well above 1 means that the law does not hold for these sizes.
    """

    load: Estimate
    width: Estimate
    shift: Estimate
    overlap: Estimate
    fits: float


def half_loads(measured: Sequence[OverlapSamples]) -> Float:
    """Interpolate the load at which P = 1/2 for each size by itself.

    Returns
    -------
    (sizes,) float
        The loads; NaN where the shares do not pass 1/2.
    """
    return np.array([_crossing(each.loads, each.shares().mean(axis=0)) for each in measured])


def finite_size_scaling(
    measured: Sequence[OverlapSamples], *, resamples: int = 200, confidence: float = 0.95, rng: RNG = 0
) -> CapacityFit:
    """Fit alpha_c, w and c by maximum likelihood, with bootstrap intervals.

    The patterns of one realization are not independent, so that whole realizations of each size are resampled.

    Parameters
    ----------
    measured : sequence of OverlapSamples
        Samples of at least two sizes.
    resamples : int
        Number of bootstrap resamples.
    confidence : float
        Confidence level of the intervals.
    rng : RNG
        Source of the resamples.

    Returns
    -------
    CapacityFit
        The fit.

    Raises
    ------
    ValueError
        If fewer than two sizes are given.
    """
    if len({each.size for each in measured}) < 2:
        raise ValueError(f"measured holds {len(measured)} sizes; give two at least, of different n")
    draws = np.random.default_rng(rng)
    given = [each.overlaps for each in measured]
    drawn = [[each[draws.integers(0, len(each), len(each))] for each in given] for _ in range(resamples)]
    values = np.empty((1 + resamples, 4))
    for k, overlaps in enumerate([given, *drawn]):
        checkpoint("finite-size scaling", k, 1 + resamples)
        values[k] = _fit(overlaps, measured)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(values[1:], [tail, 1.0 - tail], axis=0)
    estimates = [Estimate(*map(float, three)) for three in zip(values[0], low, high, strict=True)]
    load, width, shift, overlap = estimates
    return CapacityFit(load, width, shift, overlap, _chi_square(values[0], measured))


def _fit(overlaps: Sequence[Float], measured: Sequence[OverlapSamples]) -> Float:
    """Fit (alpha_c, w, c, m at alpha_c) to one draw of the realizations."""
    kept = [each > RETAINED for each in overlaps]
    successes = [each.sum(axis=(0, 2)) for each in kept]
    trials = [each.shape[0] * each.shape[2] for each in kept]

    def cost(parameters: Float) -> float:
        total = 0.0
        for each, k, of in zip(measured, successes, trials, strict=True):
            x = _probit(parameters, each)
            total -= float((k * log_ndtr(x) + (of - k) * log_ndtr(-x)).sum()) / of
        return total

    found = minimize(cost, np.array([0.14, 0.6, 1.0]), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    load = float(found.x[0])
    sizes = np.array([each.size for each in measured], dtype=float)
    lost = np.array([2.0 * _last_overlap(each, 1) - _last_overlap(each, 2) for each in overlaps])
    return np.array([load, abs(found.x[1]), found.x[2], np.polyfit(sizes**-0.5, lost, 1)[1]])


def _last_overlap(overlaps: Float, step: int) -> float:
    """Average m at the load, of every ``step``-th, before the first at which a pattern is not retained.

    Each pattern has a critical load of its own, so that the mean over all at one load would smear the end of the curve.
    The load before is up to a step too small, which an extrapolation from two steps and one to none corrects.
    """
    thinned = overlaps[:, ::step]
    kept = thinned > RETAINED
    first = np.where(kept.all(axis=1), 0, kept.argmin(axis=1))
    before = np.take_along_axis(thinned, np.maximum(first - 1, 0)[:, None], axis=1)[:, 0]
    return float(before[first > 0].mean()) if (first > 0).any() else float("nan")


def _probit(parameters: Float, each: OverlapSamples) -> Float:
    load, width, shift = parameters
    return np.asarray(np.sqrt(each.size) * (load - each.loads) / (abs(width) + 1e-9) + shift)


def _chi_square(fit: Float, measured: Sequence[OverlapSamples]) -> float:
    """Average the square of (P - law) over its standard error between realizations, at loads where 0.02 < P < 0.98."""
    total, count = 0.0, 0
    for each in measured:
        p = each.shares()
        error = p.std(axis=0, ddof=1) / np.sqrt(len(p))
        used = (p.mean(axis=0) > 0.02) & (p.mean(axis=0) < 0.98) & (error > 0)
        total += float(((p.mean(axis=0) - ndtr(_probit(fit[:3], each)))[used] ** 2 / error[used] ** 2).sum())
        count += int(used.sum())
    return total / max(1, count - 3)


def _crossing(loads: Float, shares: Float) -> float:
    """Interpolate where P, made monotone, passes 1/2; NaN if it does not."""
    falling = np.minimum.accumulate(shares)
    return float(np.interp(-0.5, -falling, loads)) if falling[-1] <= 0.5 <= falling[0] else float("nan")
