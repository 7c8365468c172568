r"""Tour dynamics in the subspace of valid assignments, and Potts mean field: two mends of the network of 1985.

Projection, in time constants, with Pi the projection on matrices whose rows and columns add up to 0, so that those of V
stay at 1; V is cut to 0 .. 1 after each step and projected back:

.. math:: \dot V = \Pi [-\hat d V (S + S^\top) + g(t) (V - \tfrac12)], \qquad g = -\tfrac12 \to \tfrac12

Potts: each city holds a probability of positions, at a falling temperature; columns are held by a penalty b, which
rises: one that is strong from the start freezes positions before the distances have chosen among them:

.. math:: V_{xi} = \frac{e^{u_{xi} / T}}{\sum_j e^{u_{xj} / T}}, \qquad
          u = -\hat d V (S + S^\top) - b(t) \sum_{y \ne x} V_{yi}, \qquad b = \tfrac14 \to 1

S shifts the positions cyclically; d^ is the centered matrix of distances over its largest absolute eigenvalue.
Sources: Gee and Prager, Neural Comput. 6, 161 (1994), the subspace; Aiyer, Niranjan and Fallside, IEEE Trans. Neural
Netw. 1, 204 (1990); Peterson and Soederberg, Int. J. Neural Syst. 1, 3 (1989), Potts neurons.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..analog import Permutations
from ..ising import Float
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas

_SCATTER = 1e-3


def _neighbors(v: Float) -> Float:
    return np.roll(v, 1, axis=-1) + np.roll(v, -1, axis=-1)


def _starts(seeds: Sequence[np.random.SeedSequence], n: int) -> tuple[Float, list[np.random.Generator]]:
    streams = [np.random.default_rng(seed) for seed in seeds]
    return np.array([_SCATTER * stream.standard_normal((n, n)) for stream in streams]), streams


@single_threaded_blas()
def projected_tours(
    scaled: Float, seeds: Sequence[np.random.SeedSequence], *, steps: int, noise: float = 0.0
) -> Permutations:
    """Integrate the projected dynamics by Euler's method with steps of 0.2.

    Parameters
    ----------
    scaled : (n, n) or (reads, n, n) float
        d^.
    seeds : sequence of SeedSequence
        One seed for each read.
    steps : int
        Steps.
    noise : float
        Deviation of the white noise on V, in the square root of a time constant.

    Returns
    -------
    Permutations
        Final outputs.
    """
    n, dt = scaled.shape[-1], 0.2
    start, streams = _starts(seeds, n)
    v = 1.0 / n + _projected(start)
    for k in range(steps):
        checkpoint("projected dynamics", k, steps)
        gain = k / (steps - 1.0) - 0.5
        slope = -scaled @ _neighbors(v) + gain * (v - 0.5)
        if noise:
            kicks = np.array([stream.standard_normal((n, n)) for stream in streams])
            slope += noise / np.sqrt(dt) * kicks
        v = v + dt * _projected(slope)
        for _ in range(3):  # alternately into the cube and onto the plane
            v = np.clip(v, 0.0, 1.0)
            v = 1.0 / n + _projected(v)
    return Permutations(np.clip(v, 0.0, 1.0), steps * dt, steps, np.zeros(len(seeds), np.int64))


def _projected(x: Float) -> Float:
    return x - x.mean(axis=-1, keepdims=True) - x.mean(axis=-2, keepdims=True) + x.mean(axis=(-2, -1), keepdims=True)


@single_threaded_blas()
def potts_tours(
    scaled: Float,
    seeds: Sequence[np.random.SeedSequence],
    *,
    steps: int,
    noise: float = 0.0,
    penalty: tuple[float, float] = (0.25, 1.0),
) -> Permutations:
    """Anneal Potts neurons, one city after the other, through the critical temperature.

    Parameters
    ----------
    scaled : (n, n) or (reads, n, n) float
        d^.
    seeds : sequence of SeedSequence
        One seed for each read.
    steps : int
        Sweeps over all cities.
    noise : float
        Deviation of the noise of u over T.
    penalty : tuple of float
        Weight b of columns at the start and at the end; it rises as the fourth power of time.

    Returns
    -------
    Permutations
        Final outputs.
    """
    n, reads = scaled.shape[-1], len(seeds)
    start, streams = _starts(seeds, n)
    v = 1.0 / n + start
    d = np.broadcast_to(scaled, (reads, n, n))
    critical = 2.0 * np.cos(2.0 * np.pi / max(6, n)) / n
    for k, temperature in enumerate(np.geomspace(2.0 * critical, 0.02 * critical, steps)):
        checkpoint("Potts mean field", k, steps)
        weight_of_columns = penalty[0] + (penalty[1] - penalty[0]) * (k / (steps - 1.0)) ** 4
        columns = v.sum(axis=1)
        for x in range(n):
            field = -(d[:, x, None, :] @ _neighbors(v))[:, 0]
            u = field - weight_of_columns * (columns - v[:, x])
            if noise:
                u = u + noise * temperature * np.array([stream.standard_normal(n) for stream in streams])
            weight = np.exp((u - u.max(axis=1, keepdims=True)) / temperature)
            weight /= weight.sum(axis=1, keepdims=True)
            columns += weight - v[:, x]
            v[:, x] = weight
    return Permutations(v, float(steps), steps, np.zeros(reads, np.int64))
