r"""Restricted Boltzmann machine: one layer of visible units, one of hidden units, no couplings inside a layer.

.. math:: E(v, h) = -b^\top v - c^\top h - h^\top W v \;\;[+ \tfrac12 |v|^2], \qquad p(v, h) = e^{-E(v, h)} / Z

where

* h in {0, 1}^n are the hidden units with biases c;
* v in {0, 1}^m are the visible units with biases b, or real with unit variance, then with the term in brackets;
* W couples the layers.

Summed over h,

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
_CHUNK = 1 << 22  # floats that are evaluated at once


@dataclass(frozen=True, eq=False)
class RestrictedBoltzmann:
    """Restricted Boltzmann machine of n hidden by m visible units, evaluated in float64.

    Attributes
    ----------
    weights : (n, m) array_like
        W.
    visible_biases : (m,) array_like
        b.
    hidden_biases : (n,) array_like
        c.
    visible : Units
        Type of the visible units.
    """

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
        """Compute the input c + W v of the hidden units.

        Returns
        -------
        (rows, n) float
            The input.
        """
        v = np.asarray(v, dtype=float)
        with single_threaded_blas(v.size * len(self.weights)):
            return v @ self.weights.T + self.hidden_biases

    def hidden_means(self, v: ArrayLike) -> Float:
        """Compute the hidden means P(h = 1 | v).

        Returns
        -------
        (rows, n) float
            The means.
        """
        return np.asarray(expit(self.hidden_input(v)))

    def visible_means(self, h: ArrayLike) -> Float:
        """Compute the visible means <v | h>.

        Returns
        -------
        (rows, m) float
            The means.
        """
        h = np.asarray(h, dtype=float)
        with single_threaded_blas(h.size * self.weights.shape[1]):
            x = h @ self.weights + self.visible_biases
        return np.asarray(expit(x)) if self.visible == "bernoulli" else x

    def free_energy(self, v: ArrayLike) -> Float:
        """Compute the free energy F(v).

        Returns
        -------
        (rows,) float
            F.
        """
        v = np.asarray(v, dtype=float)
        own = 0.5 * np.einsum("rm,rm->r", v, v) if self.visible == "gaussian" else 0.0
        return np.asarray(own - v @ self.visible_biases - np.logaddexp(0.0, self.hidden_input(v)).sum(axis=1))

    @property
    def enumerated_units(self) -> int:
        """Units enumerated by :meth:`log_partition`: the smaller layer, or the hidden one."""
        return int(self._enumerated.weights.shape[0])

    def log_partition(self) -> float:
        """Compute ln Z by enumeration of one layer, of at most 20 units.

        Returns
        -------
        float
            ln Z.
        """
        side = self._checked_enumerated()
        return float(logsumexp(np.concatenate([logs for _, logs in side._states()])))

    def gradient(self, v: ArrayLike) -> RestrictedBoltzmann:
        r"""Compute the exact gradient of <ln p(v)>: data averages less those of the model.

        .. math:: \partial W_{ji} = \langle p_j v_i \rangle_{data} - \langle h_j v_i \rangle_{model}

        Returns
        -------
        RestrictedBoltzmann
            The derivatives by W, b and c.
        """
        v = np.asarray(v, dtype=float)
        p = self.hidden_means(v)
        hv, mv, mh = self._moments()
        return RestrictedBoltzmann(p.T @ v / len(v) - hv, v.mean(axis=0) - mv, p.mean(axis=0) - mh, self.visible)

    def ising(self) -> Ising:
        """Convert to an Ising problem over spins s = 2x - 1 with equal probabilities at beta = 1.

        Returns
        -------
        Ising
            The problem, with visible spins first.

        Raises
        ------
        ValueError
            If the visible units are Gaussian.
        """
        if self.visible != "bernoulli":
            raise ValueError("visible is gaussian; only Bernoulli units are spins")
        n, m = self.weights.shape
        couplings = np.zeros((m + n, m + n))
        couplings[m:, :m] = self.weights
        couplings[:m, m:] = self.weights.T
        return Ising.from_binary(couplings, np.r_[self.visible_biases, self.hidden_biases])

    def _moments(self) -> tuple[Float, Float, Float]:
        """Compute <h v'>, <v> and <h> of the model."""
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
        """Layer with the smaller side as the hidden one, its sides exchanged if need be."""
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
        """Yield all h (k, n), in parts, with ln of their weights summed over v (k,)."""
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
    """Enumerate states of n units of 0 and 1; bit i of a state's number is unit i.

    Parameters
    ----------
    n : int
        Number of units.
    start, stop : int, int or None
        Range of the state numbers; None is 2^n.

    Returns
    -------
    (stop - start, n) float
        The states.
    """
    numbers = np.arange(start, 1 << n if stop is None else stop)
    return ((numbers[:, None] >> np.arange(n)) & 1).astype(float)


def log_odds(v: ArrayLike, units: Units, pseudo: float = 1.0) -> NDArray[np.float64]:
    """Compute the biases (log odds, or means) of independent units with the means of v.

    Parameters
    ----------
    v : (rows, m) array_like
        Data.
    units : Units
        Type of the units.
    pseudo : float
        Pseudo-counts of each value, which keep constant units finite.

    Returns
    -------
    (m,) float
        The biases.
    """
    v = np.asarray(v)
    means = np.asarray(np.ones(len(v), v.dtype) @ v, dtype=float) / len(v)  # column sums are slow
    if units == "gaussian":
        return np.asarray(means)
    p = (np.clip(means, 0.0, 1.0) * len(v) + pseudo) / (len(v) + 2.0 * pseudo)
    return np.asarray(np.log(p / (1.0 - p)))


def check_units(name: str, units: str) -> None:
    """Validate the type of units.

    Parameters
    ----------
    name : str
        Name of the argument in the error message.
    units : str
        Type of the units.

    Raises
    ------
    ValueError
        If ``units`` is neither bernoulli nor gaussian.
    """
    if units not in ("bernoulli", "gaussian"):
        raise ValueError(f"{name} is {units!r}; choose bernoulli or gaussian")
