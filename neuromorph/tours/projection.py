r"""Tour dynamics in the subspace of valid assignments, a mend of the network of 1985.

In time constants, with Pi the projection on matrices whose rows and columns add up to 0, so that those of V stay at 1;
V is cut to 0 .. 1 after each step and projected back:

.. math:: \dot V = \Pi [-\hat d V (S + S^\top) + g(t) (V - \tfrac12)], \qquad g = -\tfrac12 \to \tfrac12

S shifts the positions cyclically; d^ is the centered matrix of distances over its largest absolute eigenvalue.
Sources: Gee and Prager, Neural Comput. 6, 161 (1994), the subspace; Aiyer, Niranjan and Fallside, IEEE Trans. Neural
Netw. 1, 204 (1990).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..analog import Permutations
from ..ising import Float
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas

_SCATTER = 1e-3


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
    streams = [np.random.default_rng(seed) for seed in seeds]
    v = 1.0 / n + _projected(np.array([_SCATTER * stream.standard_normal((n, n)) for stream in streams]))
    for k in range(steps):
        checkpoint("projected dynamics", k, steps)
        gain = k / (steps - 1.0) - 0.5
        slope = -scaled @ (np.roll(v, 1, axis=-1) + np.roll(v, -1, axis=-1)) + gain * (v - 0.5)
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
