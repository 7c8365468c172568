r"""Block Gibbs sampling of a layered machine in float32: one matrix product, then every unit of a layer at once.

.. math:: P(h_j = 1 | v) = \sigma(\beta (c_j + W_j v)), \qquad
          P(v_i = 1 | h) = \sigma((1 - \beta) a_i + \beta (b_i + (W^\top h)_i))

Gaussian units have the argument of sigma as mean, and unit variance. beta = 1 is the model; beta = 0 are independent
visible units of bias a. Between them lies the path of annealing and tempering.
Source: Hinton, Neural Comput. 14, 1771 (2002); the path: Salakhutdinov and Murray, ICML (2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float
from ..rng import RNG, read_seeds
from .rbm_model import RestrictedBoltzmann, Units

Single = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RandomLanes:
    """Random numbers of one sampler: lanes for the kernel, a Generator for normal numbers."""

    lanes: NDArray[np.uint32]
    generator: np.random.Generator

    @classmethod
    def of(cls, rng: RNG) -> RandomLanes:
        from .block_gibbs_kernel import generator_lanes

        seeds = read_seeds(rng, 2)
        return cls(generator_lanes(seeds[0]), np.random.default_rng(seeds[1]))


def sample_units(
    x: Single,
    units: Units,
    biases: Single,
    stream: RandomLanes,
    samples: Single | None = None,
    *,
    sign: float = 1.0,
    betas: Single | None = None,
    base: Single | None = None,
) -> None:
    """What a layer does that receives x (rows, n): x becomes samples; or sign * means, if ``samples`` takes those.

    The argument of sigma is base + betas * (x + biases), betas (rows,), base and biases (n,); x + biases where None.
    """
    from .block_gibbs_kernel import to_means_and_samples, to_samples

    betas, base = _betas_and_base(x, betas, base)
    if units == "bernoulli":
        if samples is None:
            to_samples(x, biases, base, betas, stream.lanes)
        else:
            to_means_and_samples(x, biases, base, betas, np.float32(sign), samples, stream.lanes)
        return
    _shift(x, biases, base, betas)
    noise = stream.generator.standard_normal(x.shape, dtype=np.float32)
    if samples is None:
        x += noise
    else:
        np.add(x, noise, out=samples)
        x *= np.float32(sign)


def mean_units(x: Single, units: Units, biases: Single, *, sign: float = 1.0) -> None:
    """x (rows, n) becomes sign * means of units that receive x."""
    from .block_gibbs_kernel import to_means

    betas, base = _betas_and_base(x, None, None)
    if units == "bernoulli":
        to_means(x, biases, base, betas, np.float32(sign))
    else:
        _shift(x, biases, base, betas)
        x *= np.float32(sign)


def _betas_and_base(x: Single, betas: Single | None, base: Single | None) -> tuple[Single, Single]:
    rows, n = x.shape
    return (
        np.ones(rows, np.float32) if betas is None else betas,
        np.zeros(n, np.float32) if base is None else base,
    )


def _shift(x: Single, biases: Single, base: Single, betas: Single) -> None:
    x += biases
    x *= betas[:, None]
    x += base


@dataclass(frozen=True, eq=False)
class AnnealingPath:
    """A layer in float32 between independent visible units (beta = 0) and itself (beta = 1).

    weights (n, m), visible (m,) b, hidden (n,) c, base (m,) a
    """

    weights: Single
    visible: Single
    hidden: Single
    base: Single
    units: Units

    @classmethod
    def of(cls, layer: RestrictedBoltzmann, base: ArrayLike | None = None) -> AnnealingPath:
        """``base`` None is zero: visible units of mean 1/2 (0 for Gaussian ones) at beta = 0."""
        a = np.zeros(layer.visible_biases.size) if base is None else np.asarray(base, dtype=float)
        if a.shape != layer.visible_biases.shape or not np.isfinite(a).all():
            raise ValueError(f"base has shape {a.shape}; expected {layer.visible_biases.shape}, all finite")
        parts = (layer.weights, layer.visible_biases, layer.hidden_biases, a)
        weights, visible, hidden, a32 = (part.astype(np.float32) for part in parts)
        return cls(weights, visible, hidden, a32, layer.visible)

    def start(self, rows: int, stream: RandomLanes) -> Single:
        """v (rows, m) at beta = 0."""
        return self.draw_visible(np.zeros((rows, self.hidden.size), np.float32), np.zeros(rows, np.float32), stream)

    def draw_hidden(self, x: Single, betas: Single, stream: RandomLanes) -> Single:
        """h (rows, n) given x = v W' (rows, n), at betas (rows,)."""
        h = x.copy()
        sample_units(h, "bernoulli", self.hidden, stream, betas=betas)
        return h

    def draw_visible(self, h: Single, betas: Single, stream: RandomLanes) -> Single:
        """v (rows, m) given h (rows, n), at betas (rows,)."""
        v = h @ self.weights
        sample_units(v, self.units, self.visible - self.base, stream, betas=betas, base=self.base)
        return v

    def slope(self, v: Single, h: Single, x: Single) -> Float:
        """d ln p*_beta(v, h) / d beta = (b - a)'v + h'(c + x), (rows,): the energy along the path."""
        hidden = np.einsum("rn,rn->r", h, x + self.hidden, dtype=float)
        return np.asarray(v @ (self.visible - self.base) + hidden, dtype=float)


def tempering_sweep(
    path: AnnealingPath, v: Single, level: NDArray[np.int64], betas: Single, stream: RandomLanes
) -> tuple[Single, NDArray[np.int64], float]:
    """One sweep of parallel tempering: h given v, exchanges between neighboring temperatures, v given h.

    v (T M, m) holds M ladders of T = len(betas) rungs, rung-major; level (T, M) the rung where each row stands, which
    changes in place of the states. Accepted with min(1, exp((beta_i - beta_j) (slope_j - slope_i))).
    Returns (v, level, accepted fraction).
    Source: Desjardins et al., AISTATS (2010); Cho, Raiko and Ilin, IJCNN (2010).
    """
    rungs, ladders = level.shape
    x = v @ path.weights.T
    h = path.draw_hidden(x, betas[level.ravel()], stream)
    slope = path.slope(v, h, x).reshape(rungs, ladders)
    row = np.argsort(level, axis=0)  # row[k]: where rung k of each ladder stands
    tried, taken = 0, 0
    for first in (0, 1):
        low, high = row[first : rungs - 1 : 2].copy(), row[first + 1 :: 2].copy()
        gap = (betas[first + 1 :: 2] - betas[first : rungs - 1 : 2])[:, None]
        gain = gap * (np.take_along_axis(slope, low, 0) - np.take_along_axis(slope, high, 0))
        swap = np.log1p(-stream.generator.random(gain.shape)) < gain
        row[first : rungs - 1 : 2], row[first + 1 :: 2] = np.where(swap, high, low), np.where(swap, low, high)
        tried, taken = tried + swap.size, taken + int(swap.sum())
    level = np.argsort(row, axis=0)
    v = path.draw_visible(h, betas[level.ravel()], stream)
    return v, level, taken / max(1, tried)
