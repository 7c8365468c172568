r"""Monotone activations of an amplifier: output voltage V for input voltage u.

.. math:: V = g(u) = V_s f(\lambda u)

where

* lambda is the gain in 1/V and V_s the swing in V;
* f is odd with f'(0) = 1 and the rails -1 and +1, or the logistic function with the rails 0 and 1.

The inverse of g enters the energy through int_0^V g^-1(v) dv.
Source: Hopfield, PNAS 81, 3088 (1984), who draws tanh-like curves and works with the arctangent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, xlog1py, xlogy

from ..ising import Float


@dataclass(frozen=True)
class Activation(ABC):
    """Monotone activation V = V_s f(lambda u) of an amplifier.

    Subclasses give f, its slope, its inverse and the integral of its inverse.

    Attributes
    ----------
    gain : float
        lambda in 1/V; it must be positive.
    swing : float
        V_s in V; it must be positive.
    """

    gain: float = 1.0
    swing: float = 1.0

    lowest: ClassVar[float] = -1.0
    """Lower rail as a fraction of the swing; the upper rail is 1."""

    def __post_init__(self) -> None:
        for name, value in (("gain", self.gain), ("swing", self.swing)):
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}; it must be finite and positive")

    @property
    def low(self) -> float:
        """Lower rail in V."""
        return self.lowest * self.swing

    @property
    def high(self) -> float:
        """Upper rail in V."""
        return self.swing

    def value(self, u: ArrayLike) -> Float:
        """Evaluate the output voltage V = g(u).

        Returns
        -------
        ndarray of float
            V in V, in the shape of ``u``.
        """
        return self.swing * self._f(self.gain * np.asarray(u, dtype=float))

    def slope(self, u: ArrayLike) -> Float:
        """Evaluate the slope dV/du.

        Returns
        -------
        ndarray of float
            The dimensionless slope, in the shape of ``u``.
        """
        return self.swing * self.gain * self._slope(self.gain * np.asarray(u, dtype=float))

    def inverse(self, v: ArrayLike) -> Float:
        """Evaluate the input voltage u at which g(u) = v.

        Returns
        -------
        ndarray of float
            u in V, in the shape of ``v``; it is infinite at the rails.

        Raises
        ------
        ValueError
            If ``v`` lies outside the rails.
        """
        with np.errstate(divide="ignore"):
            return self._inverse(self._fraction(v)) / self.gain

    def inverse_integral(self, v: ArrayLike) -> Float:
        """Evaluate the integral of g^-1 from 0 to v.

        Returns
        -------
        ndarray of float
            The integral in V^2, in the shape of ``v``.

        Raises
        ------
        ValueError
            If ``v`` lies outside the rails.
        """
        with np.errstate(divide="ignore"):
            return self._inverse_integral(self._fraction(v)) * (self.swing / self.gain)

    def _fraction(self, v: ArrayLike) -> Float:
        x = np.asarray(v, dtype=float) / self.swing
        outside = (x < self.lowest) | (x > 1.0)
        if outside.any():
            bad = np.asarray(v, dtype=float)[outside].flat[0]
            raise ValueError(f"v holds {bad:g} V, outside the rails {self.low:g} .. {self.high:g} V")
        return x

    @staticmethod
    @abstractmethod
    def _f(x: Float) -> Float: ...

    @staticmethod
    @abstractmethod
    def _slope(x: Float) -> Float: ...

    @staticmethod
    @abstractmethod
    def _inverse(y: Float) -> Float: ...

    @staticmethod
    @abstractmethod
    def _inverse_integral(y: Float) -> Float: ...


@dataclass(frozen=True)
class Tanh(Activation):
    """Hyperbolic tangent f(x) = tanh x.

    It describes a differential pair of bipolar transistors and the mean field of a spin.
    """

    @staticmethod
    def _f(x: Float) -> Float:
        return np.tanh(x)

    @staticmethod
    def _slope(x: Float) -> Float:
        return 1.0 - np.tanh(x) ** 2

    @staticmethod
    def _inverse(y: Float) -> Float:
        return np.arctanh(y)

    @staticmethod
    def _inverse_integral(y: Float) -> Float:
        # y artanh y + 1/2 ln(1 - y^2), written so that it is finite (ln 2) at the rails
        return 0.5 * (xlog1py(1.0 + y, y) + xlog1py(1.0 - y, -y))


@dataclass(frozen=True)
class Arctan(Activation):
    """Arctangent f(x) = (2/pi) arctan(pi x / 2), Hopfield's example.

    Its inverse integral grows like a logarithm at the rails.
    """

    @staticmethod
    def _f(x: Float) -> Float:
        return (2.0 / np.pi) * np.arctan((np.pi / 2.0) * x)

    @staticmethod
    def _slope(x: Float) -> Float:
        return 1.0 / (1.0 + ((np.pi / 2.0) * x) ** 2)

    @staticmethod
    def _inverse(y: Float) -> Float:
        return (2.0 / np.pi) * np.tan((np.pi / 2.0) * y)

    @staticmethod
    def _inverse_integral(y: Float) -> Float:
        return -((2.0 / np.pi) ** 2) * np.log(np.cos((np.pi / 2.0) * y))


@dataclass(frozen=True)
class Algebraic(Activation):
    """Algebraic sigmoid f(x) = x / sqrt(1 + x^2)."""

    @staticmethod
    def _f(x: Float) -> Float:
        return x / np.hypot(1.0, x)

    @staticmethod
    def _slope(x: Float) -> Float:
        return np.hypot(1.0, x) ** -3

    @staticmethod
    def _inverse(y: Float) -> Float:
        return np.asarray(y) / np.sqrt((1.0 - y) * (1.0 + y))

    @staticmethod
    def _inverse_integral(y: Float) -> Float:
        return 1.0 - np.sqrt((1.0 - y) * (1.0 + y))


@dataclass(frozen=True)
class Logistic(Activation):
    """Logistic function f(x) = 1 / (1 + exp(-x)) with the rails 0 and 1.

    The activation (1 + tanh(u / u0)) / 2 of Hopfield and Tank has gain = 2 / u0.
    """

    lowest: ClassVar[float] = 0.0

    @staticmethod
    def _f(x: Float) -> Float:
        return np.asarray(expit(x))

    @staticmethod
    def _slope(x: Float) -> Float:
        return np.asarray(expit(x) * expit(-x))

    @staticmethod
    def _inverse(y: Float) -> Float:
        return np.log(y) - np.log1p(-y)

    @staticmethod
    def _inverse_integral(y: Float) -> Float:
        return np.asarray(xlogy(y, y) + xlog1py(1.0 - y, -y))
