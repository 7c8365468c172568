r"""Analog networks: the tour network of 1985, and thermal noise of its capacitors.

.. math:: \sqrt{\langle u^2 \rangle} = \sqrt{k T / C}

Hopfield and Tank, Biol. Cybern. 52, 141 (1985), whose parameters Wilson and Pawley, Biol. Cybern. 58, 63 (1988), tried
again: about 8 % of the runs end in a tour. The paper itself was not at hand: the share is as others quote it, and
neither the number of their maps and runs nor when they stopped is known here. The shares of maps differ by far more
than the starts of one, so that the row says from how many maps on a difference is more than chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.constants import Boltzmann
from scipy.special import chdtri, ndtri

from ..analog import AnalogNetwork, Permutations, Tanh, hopfield_tank, simulate_noisy
from ..estimate import chips_interval
from ..ising import Float
from .check import CONFIDENCE, PublishedCheck, ends_of

_MOST_MAPS = 100_000


def wilson_pawley(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Count the runs of the tour network of 1985 that end in a tour.

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
    instances, starts = (50, 20) if quick else (400, 20)
    valid = []
    for stream in seed.spawn(instances):
        places, runs = stream.spawn(2)
        valid.append(int(hopfield_tank(random_cities(10, places), runs.spawn(starts)).valid.sum()))
    share = chips_interval(valid, [starts] * instances, CONFIDENCE)
    value, low, high = (float(x or 0.0) for x in (share.value, share.low, share.high))
    shares, theirs = np.array(valid) / starts, 0.08
    spread = float(shares.std(ddof=1))
    most = maps_by_chance(shares, theirs, high - value if value < theirs else value - low)
    beside = (
        "8 % would differ by chance only, from any number of maps" if most == _MOST_MAPS else
        f"8 % over up to {most} maps would differ by chance only, and how many theirs were is not known here"
    )  # fmt: skip
    yield PublishedCheck(
        "runs of the 1985 network that end in a tour, 10 random cities",
        "Wilson and Pawley, Biol. Cybern. 58, 63 (1988)", 8.0, 100.0 * value, "%", 7.5, 8.5,
        interval=ends_of(share, 100.0),
        how=f"beta-binomial, {instances} maps of {starts} starts; deviation over maps {100.0 * spread:.3g} %; {beside}",
    )  # fmt: skip


def maps_by_chance(shares: ArrayLike, published: float, side: float) -> int:
    """Find the most maps of a published share whose difference from ours could be chance.

    Maps differ by more than the starts of one do, so that a share is known as well as its number of maps allows: with
    half z s / sqrt(maps) at 99 %, s the deviation over ours, each of as many starts. The difference of both shares is
    judged by Newcombe's interval.

    Parameters
    ----------
    shares : (maps,) array_like
        Share of each of our maps.
    published : float
        Published share, over a number of maps that is not known.
    side : float
        Half of our interval on the side of ``published``.

    Returns
    -------
    int
        Number of maps; 100,000 if the shares never differ.

    References
    ----------
    Newcombe, Stat. Med. 17, 873 (1998).
    """
    z, x = float(ndtri(0.5 + CONFIDENCE / 2.0)), np.asarray(shares, dtype=float)
    apart = (float(x.mean()) - published) ** 2 - side**2
    most = _MOST_MAPS if apart <= 0.0 else int(z**2 * float(x.var(ddof=1)) / apart)
    return min(most, _MOST_MAPS)


def random_cities(cities: int, seed: np.random.SeedSequence) -> Float:
    """Draw distances of random cities in the unit square.

    Parameters
    ----------
    cities : int
        Number of cities.
    seed : SeedSequence
        Source of the places.

    Returns
    -------
    (cities, cities) float
        Distances.
    """
    xy = np.random.default_rng(seed).random((cities, 2))
    return np.hypot(*(xy[:, None] - xy).T)


def shortest_length(distances: Float) -> float:
    """Compute the length of the optimal tour of up to about 16 cities.

    Dynamic programming over subsets.

    Parameters
    ----------
    distances : (n, n) float
        Distances.

    Returns
    -------
    float
        Length.

    References
    ----------
    Held and Karp, J. SIAM 10, 196 (1962).
    """
    n = len(distances) - 1  # the last city is the start
    best = np.full((1 << n, n), np.inf)  # [cities visited, last of them]
    best[1 << np.arange(n), np.arange(n)] = distances[n, :n]
    for visited in range(1, 1 << n):
        last = np.flatnonzero((visited >> np.arange(n)) & 1)
        if len(last) > 1:
            before = best[visited ^ (1 << last)]  # row k: without city last[k]
            best[visited, last] = (before + distances[:n, last].T).min(axis=1)
    return float((best[-1] + distances[:n, n]).min())


def tour_gaps(result: Permutations, distances: Float) -> Float:
    """Compute (length - optimum) / optimum of the reads that are tours.

    Parameters
    ----------
    result : Permutations
        Reads.
    distances : (n, n) float
        Distances.

    Returns
    -------
    (valid,) float
        Gaps.
    """
    tours = result.tours[result.valid]
    lengths = distances[tours, np.roll(tours, -1, axis=1)].sum(axis=1)
    return np.asarray(np.round(lengths / shortest_length(distances) - 1.0, 12) + 0.0)  # + 0.0: no -0.0 %


def thermal_noise(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Compare the noise of RC elements in the noisy integrator with kT/C.

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
    r, temperature, per_tau, neurons, batch = 1e6, 300.0, 40, 2000, 12 if quick else 120
    for c in (1e-15, 1e-12):
        network = AnalogNetwork(sparse.csr_array((neurons, neurons)), r, c, 0.0, Tanh())
        final = simulate_noisy(
            network, np.zeros((batch, neurons)), 8.0 * r * c, dt_s=r * c / per_tau,
            noise=sqrt(4.0 * Boltzmann * temperature / r), rng=seed.spawn(1)[0], method="heun", samples=2,
        ).final  # fmt: skip
        total, count = float((final**2).sum()), final.size
        ends = [sqrt(total / chdtri(count, tail)) for tail in (0.5 - CONFIDENCE / 2.0, 0.5 + CONFIDENCE / 2.0)]
        yield PublishedCheck(
            f"thermal noise of a capacitor of {c * 1e15:g} fF at 300 K", "equipartition: kT/C, Nyquist (1928)",
            sqrt(Boltzmann * temperature / c), sqrt(total / count), "V", interval=(ends[0], ends[1]),
            how=f"chi-square, {count:,} elements, steps of RC / {per_tau}",
        )  # fmt: skip
