"""Problems for the checks: irregular glasses, textbook models, memories."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard

from .. import exact
from ..ising import Ising

MINIMIZED_SIZES = (8, 6, 4)  # spins of the problems to minimize: the largest that fits
PATTERN_SIZES = (32, 16, 8)  # spins of the patterns to recall


def glass(seed: int, n: int) -> Ising:
    """Draw a glass: irregular couplings and biases of both signs, and an offset.

    Parameters
    ----------
    seed : int
        Seed.
    n : int
        Number of spins.

    Returns
    -------
    Ising
        Model.
    """
    rng = np.random.default_rng([seed, n])
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n), 1.5)


def telling_glass(seed: int, n: int, unit: float) -> Ising:
    """Draw a glass whose ground state shows usual mistakes of targets.

    The one ground state stands clearly below the rest and is not even metastable under these mistakes.

    Parameters
    ----------
    seed : int
        Seed.
    n : int
        Number of spins.
    unit : float
        Scale of the couplings.

    Returns
    -------
    Ising
        Model.
    """
    for attempt in range(10_000):
        ising = glass(10_000 * seed + attempt, n)
        j, h = ising.dense_couplings(), 2.0 * ising.biases
        table = exact.all_energies(Ising(j, h))
        order = np.argsort(table)
        ground, gap = exact.spins_of(order[0], n), table[order[1]] - table[order[0]]
        mistaken = ((j, -h), (2.0 * j, h), (-j, h), (j, 0.0 * h), (0.0 * j, h))
        pulls = [-(ground * (wrong_j @ ground + wrong_h)).min() for wrong_j, wrong_h in mistaken]
        if min(gap, *(3.0 * pull for pull in pulls)) > 0.03 * np.ptp(table):
            return Ising(unit * j, unit * h, unit)
    raise ValueError(f"no glass of {n} spins tells its mistakes apart for seed {seed}")


def hadamard_memory(n: int) -> tuple[Ising, NDArray[np.int8]]:
    """Build a Hebb memory of orthogonal patterns, in large units.

    Patterns are rows of a Hadamard matrix in a random gauge.

    Parameters
    ----------
    n : int
        Number of spins.

    Returns
    -------
    (Ising, (k, n) int8)
        Model and patterns.
    """
    k = {32: 3, 16: 2}.get(n, 1)
    gauge = np.random.default_rng(n).choice([-1, 1], n)
    patterns = (hadamard(n)[1 : k + 1] * gauge).astype(np.int8)
    couplings = patterns.T.astype(float) @ patterns * (30.0 / n)
    np.fill_diagonal(couplings, 0.0)
    return Ising(couplings), patterns


def ring_model(n: int) -> Ising:
    """Build a ring of equal ferromagnetic couplings.

    Parameters
    ----------
    n : int
        Number of spins.

    Returns
    -------
    Ising
        Model.
    """
    j = np.roll(np.eye(n), 1, axis=0)
    return Ising(j + j.T)


def textbook_models() -> Iterator[tuple[str, Ising]]:
    """Iterate over small models of equal couplings or fields.

    Yields
    ------
    (str, Ising)
        Name and model.
    """
    pair, square = np.array([[0.0, 1.0], [1.0, 0.0]]), ring_model(4).couplings
    frustrated = square * np.where(np.add.outer(np.arange(4), np.arange(4)) == 1, -1.0, 1.0)  # one bond of four
    yield "a pair", Ising(pair)
    yield "a pair in equal fields", Ising(pair, [1.0, 1.0])
    yield "an antiferromagnetic triangle", Ising(-ring_model(3).couplings)
    yield "a ring of 5", ring_model(5)
    yield "a 2 x 2 torus", Ising(2.0 * square)  # each bond twice
    yield "a +-J square", Ising(frustrated)
    yield "a ferromagnet", Ising(np.ones((4, 4)) - np.eye(4))
    yield "fields alone", Ising(np.zeros((4, 4)), [1.0, 1.0, -1.0, 1.0])
    yield "nothing", Ising(np.zeros((3, 3)))
    yield "one spin", Ising([[0.0]], [-1.0])


def pair_model(n: int) -> Ising:
    """Build pairs of spins that want to agree and know nothing of other pairs.

    Parameters
    ----------
    n : int
        Number of spins.

    Returns
    -------
    Ising
        Model with 2^(n/2) equal ground states.
    """
    return Ising(np.kron(np.eye(n // 2), [[0.0, 1.0], [1.0, 0.0]]))
