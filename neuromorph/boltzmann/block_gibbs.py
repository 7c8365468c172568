r"""Block Gibbs sampling of a layered machine in float32: one matrix product, then every unit of a layer at once.

.. math:: P(h_j = 1 | v) = \sigma(\beta (c_j + W_j v)), \qquad
          P(v_i = 1 | h) = \sigma((1 - \beta) a_i + \beta (b_i + (W^\top h)_i))

where

* v and h are the visible and hidden units with biases b and c, and W their couplings;
* a holds the biases of independent visible units, which are the model at beta = 0;
* beta = 1 is the model itself; between the two lies the path of annealing and tempering.

Gaussian units have the argument of sigma as mean, and unit variance.
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
    """Random numbers of one sampler: lanes for the kernel, a Generator for normal numbers.

    Attributes
    ----------
    lanes : (4, LANES) uint32
        States of xoshiro128+.
    generator : Generator
        Generator of the normal numbers.
    """

    lanes: NDArray[np.uint32]
    generator: np.random.Generator

    @classmethod
    def of(cls, rng: RNG) -> RandomLanes:
        """Seed the lanes and the generator from ``rng``.

        Returns
        -------
        RandomLanes
            The random numbers.
        """
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
    """Sample the units of a layer given their input; ``x`` becomes the samples.

    With ``samples`` the samples go there, and ``x`` becomes ``sign`` times the means. The argument of sigma is base +
    betas * (x + biases), or x + biases where ``betas`` is None.

    Parameters
    ----------
    x : (rows, n) float32
        Input of the units, overwritten.
    units : Units
        Type of the units.
    biases : (n,) float32
        Biases.
    stream : RandomLanes
        Random numbers.
    samples : (rows, n) float32 or None
        Array that takes the samples.
    sign : float
        Factor on the means.
    betas : (rows,) float32 or None
        Inverse temperatures.
    base : (n,) float32 or None
        Bias independent of beta.
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
    """Replace the input of the units by ``sign`` times their means.

    Parameters
    ----------
    x : (rows, n) float32
        Input of the units, overwritten.
    units : Units
        Type of the units.
    biases : (n,) float32
        Biases.
    sign : float
        Factor on the means.
    """
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
    """Path from independent visible units (beta = 0) to the model (beta = 1).

    Attributes
    ----------
    weights : (n, m) float32
        W.
    visible : (m,) float32
        b.
    hidden : (n,) float32
        c.
    base : (m,) float32
        a.
    units : Units
        Type of the visible units.
    """

    weights: Single
    visible: Single
    hidden: Single
    base: Single
    units: Units

    @classmethod
    def of(cls, layer: RestrictedBoltzmann, base: ArrayLike | None = None) -> AnnealingPath:
        """Build the path of a layer.

        Parameters
        ----------
        layer : RestrictedBoltzmann
            The model at beta = 1.
        base : (m,) array_like or None
            a; None is zero, visible units of mean 1/2 (0 for Gaussian ones) at beta = 0.

        Returns
        -------
        AnnealingPath
            The path.

        Raises
        ------
        ValueError
            If ``base`` has the wrong shape or is not finite.
        """
        a = np.zeros(layer.visible_biases.size) if base is None else np.asarray(base, dtype=float)
        if a.shape != layer.visible_biases.shape or not np.isfinite(a).all():
            raise ValueError(f"base has shape {a.shape}; expected {layer.visible_biases.shape}, all finite")
        parts = (layer.weights, layer.visible_biases, layer.hidden_biases, a)
        weights, visible, hidden, a32 = (part.astype(np.float32) for part in parts)
        return cls(weights, visible, hidden, a32, layer.visible)

    def start(self, rows: int, stream: RandomLanes) -> Single:
        """Sample the visible units at beta = 0.

        Parameters
        ----------
        rows : int
            Number of chains.
        stream : RandomLanes
            Random numbers.

        Returns
        -------
        (rows, m) float32
            v.
        """
        return self.draw_visible(np.zeros((rows, self.hidden.size), np.float32), np.zeros(rows, np.float32), stream)

    def draw_hidden(self, x: Single, betas: Single, stream: RandomLanes) -> Single:
        """Sample the hidden units given x = v W'.

        Parameters
        ----------
        x : (rows, n) float32
            Input of the hidden units, overwritten.
        betas : (rows,) float32
            Inverse temperatures.
        stream : RandomLanes
            Random numbers.

        Returns
        -------
        (rows, n) float32
            h.
        """
        h = x.copy()
        sample_units(h, "bernoulli", self.hidden, stream, betas=betas)
        return h

    def draw_visible(self, h: Single, betas: Single, stream: RandomLanes) -> Single:
        """Sample the visible units given the hidden ones.

        Parameters
        ----------
        h : (rows, n) float32
            Hidden units.
        betas : (rows,) float32
            Inverse temperatures.
        stream : RandomLanes
            Random numbers.

        Returns
        -------
        (rows, m) float32
            v.
        """
        v = h @ self.weights
        sample_units(v, self.units, self.visible - self.base, stream, betas=betas, base=self.base)
        return v

    def slope(self, v: Single, h: Single, x: Single) -> Float:
        """Compute the slope d ln p*_beta(v, h) / d beta = (b - a)'v + h'(c + x).

        Parameters
        ----------
        v : (rows, m) float32
            Visible units.
        h : (rows, n) float32
            Hidden units.
        x : (rows, n) float32
            v W'.

        Returns
        -------
        (rows,) float
            The slopes.
        """
        hidden = np.einsum("rn,rn->r", h, x + self.hidden, dtype=float)
        return np.asarray(v @ (self.visible - self.base) + hidden, dtype=float)


def tempering_sweep(
    path: AnnealingPath, v: Single, level: NDArray[np.int64], betas: Single, stream: RandomLanes
) -> tuple[Single, NDArray[np.int64], float]:
    """Sweep a batch of parallel-tempering ladders: h given v, replica exchange, v given h.

    Neighboring temperatures are exchanged with probability min(1, exp((beta_i - beta_j) (slope_j - slope_i))); levels
    change in place of the states.

    Parameters
    ----------
    path : AnnealingPath
        The path of layers.
    v : (T M, m) float32
        States of M ladders of T = len(betas) rungs, rung-major.
    level : (T, M) int
        Rung at which each row stands.
    betas : (T,) float32
        Inverse temperatures of the rungs.
    stream : RandomLanes
        Random numbers.

    Returns
    -------
    tuple of (T M, m) float32, (T, M) int, float
        v, level, and the accepted fraction of the exchanges.

    References
    ----------
    Desjardins et al., AISTATS (2010); Cho, Raiko and Ilin, IJCNN (2010).
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
