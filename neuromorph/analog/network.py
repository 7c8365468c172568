r"""The analog Hopfield network: amplifiers, capacitors and a matrix of conductances.

.. math:: C_i \frac{du_i}{dt} = \sum_j T_{ij} V_j - \frac{u_i}{R_i} + I_i, \qquad V_i = g(u_i)

With symmetric T and a monotone g the power

.. math:: E = -\tfrac12 V^\top T V + \sum_i \frac{1}{R_i} \int_0^{V_i} g^{-1}(v)\,dv - I^\top V

never rises: dE/dt = -sum_i C_i g'(u_i) (du_i/dt)^2. Its minima satisfy the mean-field equation u = R (T g(u) + I).
Source: Hopfield, PNAS 81, 3088 (1984).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..ising import Float, Ising
from .activations import Activation, Tanh

Gain = Callable[[float], float]
"""Factor on the activation's gain as a function of time in s: V = g(factor u)."""


@dataclass(frozen=True, eq=False)
class AnalogNetwork:
    """Analog Hopfield network C du/dt = T V - u / R + I with V = g(u).

    The arrays are copied and read-only.

    Parameters
    ----------
    conductances : (n, n) float
        T, signed, in S; row i feeds neuron i; dense or SciPy sparse (kept as CSR).
    resistances : (n,) float or float
        R in ohm between the input node and ground, the synapses included; a passive circuit therefore needs 1 / R_i >=
        sum_j abs(T_ij).
    capacitances : (n,) float or float
        C in F.
    currents : (n,) float or float
        I in A; an offset o_i of an amplifier, V = g(u - o), is the current -o_i / R_i.
    activation : Activation
        g.
    product : callable or None
        Function of V in V, (..., n), to the synaptic currents in A where they are not T V, as between converters; T is
        then what they are about.
    """

    conductances: Any
    resistances: Any
    capacitances: Any
    currents: Any
    activation: Activation
    product: Callable[[Float], Float] | None = None

    def __post_init__(self) -> None:
        t: Any = (
            sparse.csr_array(self.conductances, dtype=float, copy=True)
            if sparse.issparse(self.conductances)
            else np.array(self.conductances, dtype=float)
        )
        if t.ndim != 2 or t.shape[0] != t.shape[1] or t.shape[0] == 0:
            raise ValueError(f"conductances have shape {t.shape}; expected (n, n) with n >= 1")
        values = t.data if sparse.issparse(t) else t
        if not np.isfinite(values).all():
            raise ValueError("conductances hold NaN or infinity; every T_ij must be finite")
        values.setflags(write=False)
        object.__setattr__(self, "conductances", t)
        for name, positive in (("resistances", True), ("capacitances", True), ("currents", False)):
            object.__setattr__(self, name, per_neuron(name, getattr(self, name), t.shape[0], positive=positive))

    @classmethod
    def from_ising(
        cls,
        ising: Ising,
        activation: Activation | None = None,
        *,
        conductance_s: float = 1e-5,
        capacitance_f: float = 1e-9,
        leak_s: float = 1e-6,
    ) -> AnalogNetwork:
        r"""Build the network whose high-gain fixed points are local minima of ``ising``.

        .. math:: T = k J, \quad I = k (a h - m J 1), \quad 1 / R_i = \text{leak} + \sum_j |T_{ij}|, \quad V = m + a s

        where

        * m is the middle of the rails and 2 a their span;
        * k makes the largest abs(T_ij) equal to ``conductance_s``.

        In the limit of high gain E = k a^2 E_Ising + constant: see :meth:`to_ising`.

        Parameters
        ----------
        ising : Ising
            The problem.
        activation : Activation or None
            g; None is ``Tanh(gain=50)`` on -1 .. 1 V.
        conductance_s : float
            Largest synaptic conductance in S.
        capacitance_f : float
            Capacitance of every neuron in F.
        leak_s : float
            Conductance to ground beside the synapses, in S.

        Returns
        -------
        AnalogNetwork
            The network.

        Raises
        ------
        ValueError
            If a component value is not finite and positive.
        """
        for name, value in (("conductance_s", conductance_s), ("leak_s", leak_s)):
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}; it must be finite and positive")
        g = Tanh(gain=50.0) if activation is None else activation
        j = ising.couplings
        largest = float(abs(j).max()) or float(np.abs(ising.biases).max()) or 1.0
        t = j * (conductance_s / largest)
        middle, half = (g.high + g.low) / 2.0, (g.high - g.low) / 2.0
        currents = (conductance_s / largest) * half * ising.biases - middle * _row_sums(t)
        return cls(t, 1.0 / (leak_s + _row_sums(abs(t))), capacitance_f, currents, g)

    def to_ising(self) -> Ising:
        """Convert the energy at the rails to an Ising problem.

        The integral over g^-1 is left out; it vanishes with growing gain.

        Returns
        -------
        Ising
            The problem, with energies in W.
        """
        self._require_symmetric()
        g, t = self.activation, self.conductances
        middle, half = (g.high + g.low) / 2.0, (g.high - g.low) / 2.0
        diagonal, row = t.diagonal(), _row_sums(t)
        off = t - (sparse.diags_array(diagonal) if sparse.issparse(t) else np.diag(diagonal))
        offset = -0.5 * (half**2 * diagonal.sum() + middle**2 * row.sum()) - middle * self.currents.sum()
        return Ising(half**2 * off, half * (self.currents + middle * row), float(offset))

    @property
    def size(self) -> int:
        """Number of neurons n."""
        return int(self.currents.size)

    @cached_property
    def is_symmetric(self) -> bool:
        """Symmetry: True if T = T' to 1e-9 of the largest conductance, so that an energy exists."""
        t = self.conductances
        return float(abs(t - t.T).max()) <= 1e-9 * float(abs(t).max())

    @property
    def time_constants_s(self) -> Float:
        """Time constants R C of the neurons in s, (n,)."""
        return np.asarray(self.resistances * self.capacitances)

    @property
    def leaks_s(self) -> Float:
        """Conductances to ground beside the synapses, 1 / R_i - sum_j abs(T_ij), in S, (n,).

        The network is passive if none is negative.
        """
        return 1.0 / self.resistances - _row_sums(abs(self.conductances))

    def voltages(self, potentials: ArrayLike, gain: float = 1.0) -> Float:
        """Evaluate the outputs V = g(gain u).

        Parameters
        ----------
        potentials : array_like
            u in V, (..., n).
        gain : float
            Factor on the activation's gain.

        Returns
        -------
        (..., n) float
            V in V.
        """
        return self.activation.value(gain * np.asarray(potentials, dtype=float))

    def spins(self, potentials: ArrayLike) -> NDArray[np.int8]:
        """Threshold potentials to spins by the middle of the rails.

        Returns
        -------
        (..., n) int8
            Spins; +1 at u = 0.
        """
        return np.where(np.asarray(potentials) >= 0.0, 1, -1).astype(np.int8)

    def drive(self, voltages: ArrayLike) -> Float:
        """Evaluate the synaptic and external currents T V + I of the whole batch.

        Returns
        -------
        (..., n) float
            The currents in A.
        """
        v = np.asarray(voltages, dtype=float)
        if self.product is not None:
            return self.product(v) + self.currents
        flat = v.reshape(-1, self.size)
        product = (self.conductances @ flat.T).T if sparse.issparse(self.conductances) else flat @ self.conductances.T
        return np.asarray(product).reshape(v.shape) + self.currents

    def rhs(self, t: float, potentials: ArrayLike, gain: Gain | None = None) -> Float:
        """Evaluate du/dt.

        Parameters
        ----------
        t : float
            Time in s, at which ``gain`` is evaluated.
        potentials : array_like
            u in V, (..., n).
        gain : callable or None
            Factor on the activation's gain as a function of t in s.

        Returns
        -------
        (..., n) float
            du/dt in V/s.
        """
        u = np.asarray(potentials, dtype=float)
        factor = 1.0 if gain is None else gain(t)
        return (self.drive(self.voltages(u, factor)) - u / self.resistances) / self.capacitances

    def jacobian(self, potentials: ArrayLike, gain: float = 1.0) -> Any:
        """Evaluate the Jacobian d(du/dt)/du at one state.

        Parameters
        ----------
        potentials : array_like
            u in V, (n,).
        gain : float
            Factor on the activation's gain.

        Returns
        -------
        (n, n) array
            The Jacobian in 1/s; it is sparse if T is sparse.
        """
        slope = gain * self.activation.slope(gain * np.asarray(potentials, dtype=float))
        if sparse.issparse(self.conductances):
            inner = self.conductances @ sparse.diags_array(slope) - sparse.diags_array(1.0 / self.resistances)
            return sparse.csc_array(sparse.diags_array(1.0 / self.capacitances) @ inner)
        return (self.conductances * slope - np.diag(1.0 / self.resistances)) / self.capacitances[:, None]

    def energy(self, voltages: ArrayLike, gain: float = 1.0) -> Float:
        """Evaluate the energy E of output voltages.

        Parameters
        ----------
        voltages : array_like
            V in V, (..., n).
        gain : float
            Factor on the activation's gain.

        Returns
        -------
        (...,) float
            E in W.

        Raises
        ------
        ValueError
            If T is not symmetric, for then no energy exists.
        """
        self._require_symmetric()
        v = np.asarray(voltages, dtype=float)
        synapses = -0.5 * np.einsum("...i,...i->...", v, self.drive(v) + self.currents)
        return np.asarray(synapses + (self.activation.inverse_integral(v) / gain) @ (1.0 / self.resistances))

    def mean_field_residual(self, potentials: ArrayLike, gain: float = 1.0) -> Float:
        """Compute the mean-field residual, the largest magnitude of u - R (T g(u) + I).

        Parameters
        ----------
        potentials : array_like
            u in V, (..., n).
        gain : float
            Factor on the activation's gain.

        Returns
        -------
        (...,) float
            The residual in V, which is 0 at a fixed point.
        """
        u = np.asarray(potentials, dtype=float)
        return np.asarray(np.abs(u - self.resistances * self.drive(self.voltages(u, gain))).max(axis=-1))

    def _require_symmetric(self) -> None:
        if not self.is_symmetric:
            t = self.conductances
            raise ValueError(
                f"conductances are not symmetric (largest |T_ij - T_ji| is {abs(t - t.T).max():g} S), so no energy "
                "falls; use (T + T') / 2 or do without the energy"
            )


def per_neuron(name: str, values: Any, n: int, *, positive: bool) -> Float:
    """Broadcast a component value to all neurons and validate it.

    Parameters
    ----------
    name : str
        Name of the quantity in error messages.
    values : array_like
        One number, or one for each neuron.
    n : int
        Number of neurons.
    positive : bool
        Whether the values must be positive.

    Returns
    -------
    (n,) float
        A read-only array.

    Raises
    ------
    ValueError
        If the shape is wrong or a value is not finite, or not positive where it must be.
    """
    x = np.array(values, dtype=float)
    if x.ndim == 0:
        x = np.full(n, float(x))
    if x.shape != (n,):
        raise ValueError(f"{name} have shape {x.shape}, but conductances are {n} x {n}; give one a neuron")
    if not np.isfinite(x).all() or (positive and (x <= 0).any()):
        bad = int(np.argmin(np.isfinite(x) & ((x > 0) | (not positive))))
        raise ValueError(f"{name}[{bad}] is {x[bad]}; it must be finite{' and positive' if positive else ''}")
    x.setflags(write=False)
    return x


def _row_sums(matrix: Any) -> Float:
    return np.asarray(matrix.sum(axis=1), dtype=float).ravel()
