r"""How much associative memories hold: Hebb's rule, and exponentially many patterns in a dense memory.

Amit, Gutfreund and Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985): critical load and overlap by replica theory.
Steffan and Kuehn, Z. Phys. B 95, 249 (1994): 0.137905 with symmetric replicas, 0.138186 and 0.138187 with one and two
steps of symmetry breaking, and 0.145 +- 0.009 in the simulations before it.
Demircigil et al., J. Stat. Phys. 168, 288 (2017): exp(alpha n) patterns are recalled from rho n wrong spins, all but
surely as n grows, if

.. math:: \alpha < \frac{I(1 - 2\rho)}{2}, \qquad I(x) = \frac{(1 + x) \ln(1 + x) + (1 - x) \ln(1 - x)}{2}
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log, sqrt

import numpy as np

from .. import associative_memory as memory
from ..associative_memory.storage_capacity import RETAINED
from ..estimate import wilson_interval
from .check import CONFIDENCE, PublishedCheck, ends_of, mean_interval

WIDTH, SHIFT = 0.58, 1.4  # of the transition, to choose loads around P = 1/2; they bias nothing
STEFFAN = "Steffan and Kuehn, Z. Phys. B 95, 249 (1994)"


def hopfield_capacity(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Find the critical load of Hebb's rule, by replica theory and by descent.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    source = "Amit, Gutfreund and Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985)"
    load, overlap = memory.critical_load()
    how = "replica-symmetric equations, solved"
    yield PublishedCheck("critical load of Hebb's rule, theory", source, 0.138, load, "", 0.1375, 0.1385, how=how)
    yield PublishedCheck("overlap at the critical load, theory", source, 0.967, overlap, "", 0.9665, 0.9675, how=how)
    sizes = {1000: 80, 2000: 40} if quick else {1000: 100, 2000: 80, 4000: 25}
    measured = [
        memory.sample_final_overlaps(n, transition_loads(n), realizations=count, starts=60, rng=stream)
        for (n, count), stream in zip(sizes.items(), seed.spawn(len(sizes)), strict=True)
    ]
    fit = memory.finite_size_scaling(measured, confidence=CONFIDENCE)
    listed = ", ".join(f"{count} of n = {n}" for n, count in sizes.items())
    value, interval = float(fit.load.value or np.nan), ends_of(fit.load)
    how = f"finite-size scaling, bootstrap over realizations, {listed}"
    yield PublishedCheck(
        "critical load, descent from the patterns, beside theory of two steps of replica symmetry breaking",
        STEFFAN, 0.138187, value, "", 0.1381865, 0.1381875, interval=interval, how=how,
    )  # fmt: skip
    yield PublishedCheck(
        "critical load, descent from the patterns, beside simulations before",
        f"simulation studies, as given by {STEFFAN}: 0.145 +- 0.009",
        0.145, value, "", 0.136, 0.154, interval=interval, how=how,
    )  # fmt: skip


def retrieval_overlaps(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Measure the overlap m of recalled patterns against the load, Hebb's rule.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    size, realizations = (2000, 12) if quick else (6000, 12)
    found = memory.sample_final_overlaps(size, [0.06, 0.08, 0.1, 0.12], realizations=realizations, starts=60, rng=seed)
    for a in range(1, found.loads.size):
        load = float(found.loads[a])
        kept = [rows[rows > RETAINED].mean() for rows in found.overlaps[:, a]]
        value, interval = mean_interval(kept)
        yield PublishedCheck(
            f"overlap m of a recalled pattern at load {load:g}",
            "Amit, Gutfreund and Sompolinsky, Ann. Phys. 173, 30 (1987), replica-symmetric at T = 0",
            memory.retrieval_solution(load).overlap, value, interval=interval,
            how=f"descent, n = {size}, {realizations} realizations of 60 patterns that are kept",
        )  # fmt: skip


def transition_loads(n: int) -> np.ndarray:
    """Return loads around that at which half of the patterns of a size are kept.

    Parameters
    ----------
    n : int
        Neurons.

    Returns
    -------
    (13,) float
        Loads in equal steps.
    """
    critical, _ = memory.critical_load()
    center, half = critical + SHIFT * WIDTH / sqrt(n), 2.2 * WIDTH / sqrt(n)
    return np.linspace(max(0.11, center - half), center + half, 13)


def exponential_memory(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Recall exponentially many patterns, below the load of Demircigil's theorem.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    source, wrong = "Demircigil et al., J. Stat. Phys. 168, 288 (2017), theorem 3", 0.1
    bound = exponential_load(wrong)
    for n, stream in zip((30, 50) if quick else (30, 50, 70), seed.spawn(3), strict=False):
        cues, patterns = 300 if quick else 1000, round(np.exp(0.9 * bound * n))
        kept = recalled_patterns(n, patterns, wrong, cues, stream)
        share = wilson_interval(kept, cues, CONFIDENCE)
        yield PublishedCheck(
            f"cues recalled, exponential memory of {patterns:,} patterns, n = {n}, 10 % wrong", source,
            100.0, 100.0 * kept / cues, "%", interval=ends_of(share, 100.0),
            how=f"Wilson, {kept} of {cues} cues; exp(0.9 alpha n) patterns, alpha = {bound:.3f} by the theorem",
        )  # fmt: skip


def exponential_load(wrong: float) -> float:
    """Compute the bound of the theorem, I(1 - 2 rho) / 2.

    Parameters
    ----------
    wrong : float
        rho, share of the spins of a cue that are wrong, between 0 and 1/2.

    Returns
    -------
    float
        alpha.
    """
    x = 1.0 - 2.0 * wrong
    return ((1.0 + x) * log(1.0 + x) + (1.0 - x) * log(1.0 - x)) / 4.0


def recalled_patterns(n: int, patterns: int, wrong: float, cues: int, seed: np.random.SeedSequence) -> int:
    """Count the cues that an exponential memory recalls without a wrong spin.

    Parameters
    ----------
    n, patterns : int
        Spins and stored patterns.
    wrong : float
        Share of the spins of a cue that are turned.
    cues : int
        Number of cues.
    seed : SeedSequence
        Source of patterns and cues.

    Returns
    -------
    int
        Cues that end at their pattern.
    """
    draws = np.random.default_rng(seed)
    x = draws.choice(np.array([-1, 1], np.int8), (patterns, n))
    asked = x[draws.integers(0, patterns, cues)]
    turned = draws.random((cues, n)).argsort(axis=1) < round(wrong * n)
    found = memory.DenseMemory(x, None).recall(np.where(turned, -asked, asked), sweeps=10, rng=seed)
    return int((found.spins == asked).all(axis=1).sum())
