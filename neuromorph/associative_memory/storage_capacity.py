r"""The capacity of Hebb's rule by simulation: which of alpha n random patterns are still fixed points' neighbors.

Each realization draws patterns, learns k = round(alpha n) of them for every load, starts at some of the patterns and
descends. A pattern is retained if the overlap m of the state with it ends above a threshold; the overlaps lie near 1 or
near .3, so that where between does not matter. Couplings are integers (n J), so that nothing is rounded.

The share of retained patterns P falls over a width that shrinks like n^-1/2, the fluctuations of the noise from one
draw of patterns to the next:

.. math:: P(\alpha, n) = \Phi\!\left( \frac{\sqrt n\, (\alpha_c - \alpha)}{w} + c \right)

so that the curves of all n cross at alpha_c, and P = 1/2 stands at alpha_c + c w / sqrt n.

This is a statement on descent at temperature 0. It stops in states near the pattern that replica theory, which
weighs the lowest ones, does not count; published simulations give 0.141 to 0.145 (Amit, Gutfreund and Sompolinsky, Ann.
Phys. 173, 30 (1987); Kohring, J. Stat. Phys. 59, 1077 (1990); Stiefvater, Muller and Kuhn, Physica A 232, 61 (1996))
where the theory of module ``replica`` gives 0.138.
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

_MOST_BYTES = 256 << 20  # of the file of realizations
_WORK = 1 << 27  # steps of a compiled descent between two looks at the clock
_BLOCK = 1024  # rows of couplings made at once in float32, in which integers are exact below 2^24


@dataclass(frozen=True, eq=False)
class OverlapSamples:
    """Overlaps at rest.

    size : int                                         n
    loads : (a,) float                                 k / n, exactly
    overlaps : (realizations, a, starts) float         m of each pattern started at
    """

    size: int
    loads: Float
    overlaps: Float

    def shares(self, threshold: float = RETAINED) -> Float:
        """P of each realization and load, (realizations, a)."""
        return np.asarray((self.overlaps > threshold).mean(axis=2))

    def mean_overlaps(self, threshold: float = RETAINED) -> Float:
        """Mean m of the retained patterns of each load, (a,); NaN where there is none."""
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
    """Start at stored patterns and descend.

    Parameters
    ----------
    size : int                        n; the couplings take 2 n^2 bytes a worker
    loads : (a,) float                alpha, in equal steps; each becomes k / n with k = round(alpha n) >= 1
    realizations, starts : int        draws of the patterns, and patterns of each that are started at (at most k)
    rng : RNG                         realization r has the r-th stream: more of them begin with the same
    workers : int                     threads
    path : path or None               where finished realizations are kept, so that a run that was stopped goes on
    progress : callable or None       called with (realizations done, realizations)
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
    """(a, starts) overlaps; the patterns of a load are among those of the next."""
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
    except Exception as error:  # of JSON, a table or the system, over whatever else may stand there
        raise ValueError(f"{path} is damaged ({str(error)[:200]}); delete it, or give another path") from None
    if kept == key and any(row.shape != shape or not np.isfinite(row).all() for row in rows.values()):
        raise ValueError(f"{path} is damaged (it has other than {shape} finite overlaps); delete it")
    if kept != key:
        raise ValueError(f"{path} holds realizations of another size, loads, starts or seed; give another path")
    return rows


@dataclass(frozen=True)
class CapacityFit:
    """The fit of all sizes together, each value with its 95 % interval over the realizations.

    load : Estimate        alpha_c, where the curves cross
    width : Estimate       w
    shift : Estimate       c
    overlap : Estimate     m of a pattern at the largest load before it is lost, for n to infinity
    fits : float           chi-square over its degrees of freedom; well above 1: the law does not hold for these sizes
    """

    load: Estimate
    width: Estimate
    shift: Estimate
    overlap: Estimate
    fits: float


def half_loads(measured: Sequence[OverlapSamples]) -> Float:
    """The load at which P = 1/2, of each size by itself: (sizes,)."""
    return np.array([_crossing(each.loads, each.shares().mean(axis=0)) for each in measured])


def finite_size_scaling(measured: Sequence[OverlapSamples], *, resamples: int = 200, rng: RNG = 0) -> CapacityFit:
    """alpha_c, w and c by maximum likelihood; intervals by drawing the realizations of each size anew.

    At least two sizes; realizations are what is independent, not the patterns of one.
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
    low, high = np.quantile(values[1:], [0.025, 0.975], axis=0)
    estimates = [Estimate(*map(float, three)) for three in zip(values[0], low, high, strict=True)]
    load, width, shift, overlap = estimates
    return CapacityFit(load, width, shift, overlap, _chi_square(values[0], measured))


def _fit(overlaps: Sequence[Float], measured: Sequence[OverlapSamples]) -> Float:
    """(alpha_c, w, c, m at alpha_c) of one draw of the realizations."""
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
    """Mean m at the load, of every ``step``-th, before the first at which a pattern is not retained.

    Each pattern has a critical load of its own, so that the mean over all at one load would smear the end of the curve.
    That the load before is up to a step too small is undone by going from two steps and one to none.
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
    """Mean square of (P - law) over its standard error between realizations, at loads where 0.02 < P < 0.98."""
    total, count = 0.0, 0
    for each in measured:
        p = each.shares()
        error = p.std(axis=0, ddof=1) / np.sqrt(len(p))
        used = (p.mean(axis=0) > 0.02) & (p.mean(axis=0) < 0.98) & (error > 0)
        total += float(((p.mean(axis=0) - ndtr(_probit(fit[:3], each)))[used] ** 2 / error[used] ** 2).sum())
        count += int(used.sum())
    return total / max(1, count - 3)


def _crossing(loads: Float, shares: Float) -> float:
    """Where P, made falling, passes 1/2; NaN if it does not."""
    falling = np.minimum.accumulate(shares)
    return float(np.interp(-0.5, -falling, loads)) if falling[-1] <= 0.5 <= falling[0] else float("nan")
