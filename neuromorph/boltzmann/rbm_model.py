r"""The restricted Boltzmann machine: one layer of visible units, one of hidden units, no couplings inside a layer.

.. math:: E(v, h) = -b^\top v - c^\top h - h^\top W v \;\;[+ \tfrac12 |v|^2], \qquad p(v, h) = e^{-E(v, h)} / Z

h in {0, 1}^n; v in {0, 1}^m, or real with unit variance, then with the term in brackets. Summed over h,

.. math:: p(v) = e^{-F(v)} / Z, \quad
          F(v) = -b^\top v \;[+ \tfrac12 |v|^2] - \sum_j \ln(1 + e^{c_j + W_j v}), \quad
          P(h_j = 1 | v) = \frac{1}{1 + e^{-(c_j + W_j v)}}

Source: Smolensky, in Parallel Distributed Processing 1, chapter 6 (1986); Hinton, Neural Comput. 14, 1771 (2002);
Gaussian visible units: Welling, Rosen-Zvi and Hinton, NIPS 17 (2004).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logsumexp

from ..ising import Float, Ising
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas

Units: TypeAlias = Literal["bernoulli", "gaussian"]

MAX_ENUMERATED = 20  # units of the smaller layer: 2^20 states
_CHUNK = 1 << 22  # floats in flight


@dataclass(frozen=True, eq=False)
class RestrictedBoltzmann:
    """W (n, m) of n hidden by m visible units, b (m,), c (n,); evaluated in float64."""

    weights: Any
    visible_biases: Any
    hidden_biases: Any
    visible: Units = "bernoulli"

    def __post_init__(self) -> None:
        check_units("visible", self.visible)
        for name in ("weights", "visible_biases", "hidden_biases"):
            values = np.array(getattr(self, name), dtype=float)
            if not np.isfinite(values).all():
                raise ValueError(f"{name} hold NaN or infinity; train with a smaller learning rate")
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        n, m = self.weights.shape if self.weights.ndim == 2 else (0, 0)
        if self.visible_biases.shape != (m,) or self.hidden_biases.shape != (n,) or not n * m:
            raise ValueError(
                f"weights have shape {self.weights.shape}, biases {self.visible_biases.shape} (visible) and "
                f"{self.hidden_biases.shape} (hidden); expected (n, m), (m,) and (n,)"
            )

    def hidden_input(self, v: ArrayLike) -> Float:
        """c + W v, (rows, m) -> (rows, n)."""
        v = np.asarray(v, dtype=float)
        with single_threaded_blas(v.size * len(self.weights)):
            return v @ self.weights.T + self.hidden_biases

    def hidden_means(self, v: ArrayLike) -> Float:
        """P(h = 1 | v), (rows, m) -> (rows, n)."""
        return np.asarray(expit(self.hidden_input(v)))

    def visible_means(self, h: ArrayLike) -> Float:
        """<v | h>, (rows, n) -> (rows, m)."""
        h = np.asarray(h, dtype=float)
        with single_threaded_blas(h.size * self.weights.shape[1]):
            x = h @ self.weights + self.visible_biases
        return np.asarray(expit(x)) if self.visible == "bernoulli" else x

    def free_energy(self, v: ArrayLike) -> Float:
        """F(v), (rows, m) -> (rows,)."""
        v = np.asarray(v, dtype=float)
        own = 0.5 * np.einsum("rm,rm->r", v, v) if self.visible == "gaussian" else 0.0
        return np.asarray(own - v @ self.visible_biases - np.logaddexp(0.0, self.hidden_input(v)).sum(axis=1))

    @property
    def enumerated_units(self) -> int:
        """Units of the layer that :meth:`log_partition` enumerates: the smaller; the hidden one if v is Gaussian."""
        return int(self._enumerated.weights.shape[0])

    def log_partition(self) -> float:
        """ln Z by enumeration of one layer, of at most 20 units."""
        side = self._checked_enumerated()
        return float(logsumexp(np.concatenate([logs for _, logs in side._states()])))

    def gradient(self, v: ArrayLike) -> RestrictedBoltzmann:
        r"""d <ln p(v)> / d (W, b, c) for data v (rows, m), exactly: data averages less those of the model.

        .. math:: \partial W_{ji} = \langle p_j v_i \rangle_{data} - \langle h_j v_i \rangle_{model}
        """
        v = np.asarray(v, dtype=float)
        p = self.hidden_means(v)
        hv, mv, mh = self._moments()
        return RestrictedBoltzmann(p.T @ v / len(v) - hv, v.mean(axis=0) - mv, p.mean(axis=0) - mh, self.visible)

    def ising(self) -> Ising:
        """The same p over spins s = 2x - 1, visible then hidden, at beta = 1."""
        if self.visible != "bernoulli":
            raise ValueError("visible is gaussian; only Bernoulli units are spins")
        n, m = self.weights.shape
        couplings = np.zeros((m + n, m + n))
        couplings[m:, :m] = self.weights
        couplings[:m, m:] = self.weights.T
        return Ising.from_binary(couplings, np.r_[self.visible_biases, self.hidden_biases])

    def _moments(self) -> tuple[Float, Float, Float]:
        """<h v'>, <v>, <h> of the model."""
        side = self._checked_enumerated()
        log_z = self.log_partition()
        n, m = side.weights.shape
        hv, mv, mh = np.zeros((n, m)), np.zeros(m), np.zeros(n)
        for states, logs in side._states():
            p = np.exp(logs - log_z)
            means = side.visible_means(states)
            hv += (states * p[:, None]).T @ means
            mv += p @ means
            mh += p @ states
        return (hv, mv, mh) if side is self else (hv.T, mh, mv)

    @property
    def _enumerated(self) -> RestrictedBoltzmann:
        """This layer, or the same with its sides exchanged, so that the hidden side is the smaller one."""
        n, m = self.weights.shape
        if n <= m or self.visible == "gaussian":
            return self
        return RestrictedBoltzmann(self.weights.T, self.hidden_biases, self.visible_biases)

    def _checked_enumerated(self) -> RestrictedBoltzmann:
        if self.enumerated_units > MAX_ENUMERATED:
            raise ValueError(
                f"the smaller layer has {self.enumerated_units} units; enumeration stops at {MAX_ENUMERATED}: use ais"
            )
        return self._enumerated

    def _states(self) -> Iterator[tuple[Float, Float]]:
        """All h (k, n), in parts, with ln of their weights summed over v (k,)."""
        n, m = self.weights.shape
        step = max(1, _CHUNK // (n + m))
        for start in range(0, 1 << n, step):
            checkpoint()
            h = all_states(n, start, min(1 << n, start + step))
            x = h @ self.weights + self.visible_biases
            if self.visible == "gaussian":
                over_v = 0.5 * np.einsum("km,km->k", x, x) + 0.5 * m * np.log(2.0 * np.pi)
            else:
                over_v = np.logaddexp(0.0, x).sum(axis=1)
            yield h, h @ self.hidden_biases + over_v


def all_states(n: int, start: int = 0, stop: int | None = None) -> Float:
    """States start .. stop - 1 of n units of 0 and 1, (stop - start, n); bit i of a state's number is unit i."""
    numbers = np.arange(start, 1 << n if stop is None else stop)
    return ((numbers[:, None] >> np.arange(n)) & 1).astype(float)


def log_odds(v: ArrayLike, units: Units, pseudo: float = 1.0) -> NDArray[np.float64]:
    """Biases of independent units with the means of v (rows, m): ln(p / (1 - p)), or the means for Gaussian units.

    ``pseudo`` observations of each value keep units that never change finite.
    """
    v = np.asarray(v)
    means = np.asarray(np.ones(len(v), v.dtype) @ v, dtype=float) / len(v)  # a product: sums over columns are slow
    if units == "gaussian":
        return np.asarray(means)
    p = (np.clip(means, 0.0, 1.0) * len(v) + pseudo) / (len(v) + 2.0 * pseudo)
    return np.asarray(np.log(p / (1.0 - p)))


def check_units(name: str, units: str) -> None:
    """ValueError unless ``units`` is bernoulli or gaussian."""
    if units not in ("bernoulli", "gaussian"):
        raise ValueError(f"{name} is {units!r}; choose bernoulli or gaussian")
