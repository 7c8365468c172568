r"""Draws of what the reads of a run leave open: uniform numbers of its own, and mean counts of its events.

Mean counts are drawn as

.. math:: \bar n_k\, e^{x_k}, \qquad x = \sqrt{\frac{\nu}{\chi^2_\nu}}\; Z D, \quad D_{bk} = \sqrt{\frac{w}{w - 1}}
          \sum_{i \in b} \frac{n_{ik} - \bar n_k}{N \bar n_k}

over the chips b, over timings where reads of a batch have one in common, else over reads: a multivariate t of
nu = w - 1 degrees of freedom, with w = (sum n_b)^2 / sum n_b^2 for sizes that differ, so that time and energy of a row
go together. The logarithm keeps them above 0, also for two timings. One timing alone says nothing of its error: the
range of the clock, which is a price, stands for it.
"""

from __future__ import annotations

import hashlib

import numpy as np

from ..ising import Float
from ..pricing.draws import DRAWS
from ..run import Run

_LEAST_FREEDOM = 1.0  # two timings have one degree of freedom at least, however unequal their shares
_WIDEST = 7.0  # of the logarithm of a mean count: a thousandfold


def uniform_draws(run: Run, what: str) -> Float:
    """Draw uniform numbers of a run for one purpose, one in each of as many strata.

    Parameters
    ----------
    run : Run
        Reads; target and parameters are the seed, so that a row does not depend on those beside it.
    what : str
        Purpose.

    Returns
    -------
    (draws,) float
        Numbers between 0 and 1.
    """
    own = _stream(run, what)
    return (own.permutation(DRAWS) + own.random(DRAWS)) / DRAWS


def count_draws(run: Run) -> dict[str, Float]:
    """Draw the mean count of each event that varies, as in the head of this module.

    Parameters
    ----------
    run : Run
        Reads.

    Returns
    -------
    dict of str to (draws,) float
        Mean count of a read, by event.
    """
    found: dict[str, Float] = {}
    varying = {name: count for name, count in run.activity.items() if np.ptp(count) > 0.0 and count.mean() > 0.0}
    for name in ("chip", "batch", "read"):
        chosen = {event: count for event, count in varying.items() if _cluster(run, count) == name}
        if not chosen:
            continue
        cluster = np.arange(run.reads) if name == "read" else np.unique(getattr(run, name), return_inverse=True)[1]
        sizes = np.bincount(cluster)
        worth = float(sizes.sum() ** 2 / (sizes**2).sum())
        if len(sizes) < 2:
            continue
        free = max(_LEAST_FREEDOM, worth - 1.0)
        apart = [np.bincount(cluster, weights=count / count.mean() - 1.0) / run.reads for count in chosen.values()]
        own = _stream(run, name)
        normal = own.standard_normal((DRAWS, len(sizes)))
        heavy = np.sqrt(free / own.chisquare(free, DRAWS) * (worth / (worth - 1.0)))
        exponents = np.clip(heavy[:, None] * (normal @ np.array(apart).T), -_WIDEST, _WIDEST)
        for k, (event, count) in enumerate(chosen.items()):
            found[event] = float(count.mean()) * np.exp(exponents[:, k])
    return found


def _stream(run: Run, what: str) -> np.random.Generator:
    """Random numbers of a row for one purpose: the same whatever stands beside it."""
    told = repr((run.target, run.provenance.get("parameters"), what)).encode()
    return np.random.default_rng(np.frombuffer(hashlib.blake2b(told, digest_size=16).digest(), np.uint32))


def _cluster(run: Run, count: Float) -> str:
    """Tell what the counts of an event have in common: a chip, the timing of a batch, or nothing."""
    if run.chip is not None and run.chips > 1:
        return "chip"
    if run.batch is None:
        return "read"
    order = np.argsort(run.batch, kind="stable")
    inside = np.diff(run.batch[order]) == 0
    return "batch" if inside.any() and not np.diff(count[order])[inside].any() else "read"
