"""Encoder problem of the first Boltzmann machine: learn a code for one-hot patterns through few hidden units.

Two groups of n visible units show the same one-hot pattern and are coupled through log2 n hidden units only, so that
every pattern needs a code of its own. Clamped exactly, couplings grow without bound, and machines are caught where two
patterns share a code; Ackley, Hinton and Sejnowski clamp noisily. They report 250 of 250 machines with four codes for
4-2-4, and 16 of 20 with all eight for 8-3-8 (Cogn. Sci. 9, 147 (1985)).

A machine that fails has two patterns on one code, and one code that no pattern uses, at moderate couplings: it waits in
a local optimum, out of which the noise of clamping leads while the learning rate is large. With less noise couplings
freeze early, with more they are weak until the rate has fallen. The free average is exact here, for hidden units alone
couple the two groups: with a hundred chains in its place, which lag behind the couplings, more machines fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..estimate import wilson_interval
from ..runtime.limits import checkpoint
from .check import CONFIDENCE, PublishedCheck, ends_of

NOISE = {4: (0.15, 0.05), 8: (0.2, 0.07)}  # of on and off units; the first is that of the paper
SOLVED = {4: (250, 250), 8: (16, 20)}  # machines of the paper that have a code for each pattern, of all


def encoder_problem(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Count the Boltzmann machines that solve the encoder problem.

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
    for n, hidden, machines in ((4, 2, 20),) if quick else ((4, 2, 60), (8, 3, 40)):
        solved = 0
        for k, stream in enumerate(seed.spawn(machines)):
            checkpoint(f"encoders {n}-{hidden}-{n}", k, machines)
            codes = learned_codes(n, hidden, int(stream.generate_state(1)[0]))
            solved += len(np.unique(codes, axis=0)) == n
        good, of = SOLVED[n]
        share, theirs = wilson_interval(solved, machines, CONFIDENCE), ends_of(wilson_interval(good, of, CONFIDENCE))
        yield PublishedCheck(
            f"encoder {n}-{hidden}-{n}: machines with a code for each pattern",
            f"Ackley, Hinton and Sejnowski, Cogn. Sci. 9, 147 (1985): {good} of {of}",
            100.0 * good / of, 100.0 * solved / machines, "%", 100.0 * theirs[0], 100.0 * theirs[1],
            interval=ends_of(share, 100.0), how=f"Wilson, {solved} of {machines} machines", sampled=True,
        )  # fmt: skip


def encoder_mask(n: int, hidden: int) -> NDArray[np.bool_]:
    """Return the couplings that exist.

    They are those within each visible group, and between visible and hidden units.

    Parameters
    ----------
    n, hidden : int
        Units of a visible group, and hidden ones.

    Returns
    -------
    (2 n + hidden, 2 n + hidden) bool
        Whether two units are coupled.
    """
    group = np.r_[np.zeros(n), np.ones(n), np.full(hidden, 2)]
    one, other = np.meshgrid(group, group)
    mask = np.where(one == other, one < 2, (one == 2) | (other == 2))
    np.fill_diagonal(mask, False)
    return mask


def learned_codes(n: int, hidden: int, seed: int, *, noisy: bool = True) -> NDArray[np.bool_]:
    """Return the likeliest code of each pattern after learning.

    Parameters
    ----------
    n, hidden : int
        Units of a visible group, and hidden ones.
    seed : int
        Seed of the machine.
    noisy : bool
        Whether patterns are clamped noisily, as in the paper.

    Returns
    -------
    (n, hidden) bool
        Codes.
    """
    from ..boltzmann import BoltzmannMachine  # scikit-learn, which a list of checks does not need

    x = np.c_[np.eye(n), np.eye(n)]
    noise = NOISE[n] if noisy else None
    options: dict[str, Any] = {"learning_rate": (0.4, 0.0), "n_iter": 2500} if n > 4 else {}
    machine = BoltzmannMachine(hidden, mask=encoder_mask(n, hidden), noise=noise, random_state=seed, **options)
    return np.asarray(machine.fit(x).transform(x) > 0.5)
