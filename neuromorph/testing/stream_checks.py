"""Checks of random streams: seeds, reads that go on, independence."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import norm

from ..protocol import Target
from .assertions import first_that_fits, require_that, supported
from .distributions import FALSE_FAILURE
from .models import MINIMIZED_SIZES, pair_model


def check_seeds(target: Target) -> None:
    """Check that one rng gives one set of reads, and another rng others."""
    ising, program, _ = first_that_fits(target, *map(pair_model, MINIMIZED_SIZES))
    for name, task in supported(target, ising):
        first, again, other = (target.run(program, task, 16, seed).spins for seed in (5, 5, 6))
        require_that(np.array_equal(first, again), f"{name}: rng=5 gave different reads the second time")
        if name != "recall":  # from one cue all may go the same way
            require_that(not np.array_equal(first, other), f"{name}: rng=6 gave the same 16 reads as rng=5")


def check_reads_continue(target: Target) -> None:
    """Check that a longer run begins with the reads of a shorter one.

    The same SeedSequence goes on where it stopped.
    """
    ising, program, _ = first_that_fits(target, *map(pair_model, MINIMIZED_SIZES))
    for name, task in supported(target, ising):
        whole = target.run(program, task, 7, 5).spins
        require_that(
            np.array_equal(target.run(program, task, 3, 5).spins, whole[:3]), f"{name}: 3 reads are not 7 begun"
        )
        sequence = np.random.SeedSequence(5)
        parts = [target.run(program, task, reads, sequence).spins for reads in (3, 4)]
        require_that(
            np.array_equal(np.concatenate(parts), whole), f"{name}: 3 and 4 reads of one stream are not 7 reads"
        )


def check_reads_are_independent(target: Target) -> None:
    """No read knows another: shared generators, one chain, reused streams, sorted reads.

    Autocorrelation over the reads, at every lag to half of them; detects 0.12 at 3,000 samples, 0.45 at 200 minima.
    """
    ising, program, _ = first_that_fits(target, *map(pair_model, MINIMIZED_SIZES))
    for name, task in supported(target, ising):
        if name == "recall":
            continue
        spins = target.run(program, task, 3000 if name == "sample" else 200, 7).spins.astype(float)
        reads = len(spins)
        deviation = spins - spins.mean(axis=0)
        varied = deviation.std(axis=0) > 0
        require_that(bool(varied.any()), f"{name}: all {reads} reads are alike, of a problem with many equal states")
        power = np.abs(np.fft.rfft(deviation[:, varied], n=2 * reads, axis=0)) ** 2
        lagged = np.fft.irfft(power, axis=0)[: reads // 2]
        worst = np.abs(lagged[1:] / lagged[0])
        limit = norm.isf(FALSE_FAILURE / (2 * worst.size)) / math.sqrt(reads)
        lag = int(np.argmax(worst.max(axis=1))) + 1
        require_that(
            bool(worst.max() < limit),
            f"{name}: reads {lag} apart are correlated by {worst.max():.2f} (chance: {limit:.2f})",
        )
