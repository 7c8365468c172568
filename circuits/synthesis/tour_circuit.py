r"""The annealed softassign of tours as a circuit: integrators, exponentials, and a servo for every row and column.

.. math:: \tau \dot U = -U - \hat d\, V (S + S^\top) + \gamma(t) V, \qquad
          V_{xi} = \exp\frac{U_{xi} + P_x + Q_i}{T(t)}, \qquad
          \tau \dot P_x = \kappa \big(1 - \sum_i V_{xi}\big), \qquad \tau \dot Q_i = \kappa \big(1 - \sum_x V_{xi}\big)

in volts, where

- U_xi, of city x at position i, is a capacitor and a resistor at the node u<x>_<i>, with tau = R C,
- d^ are the scaled distances, each a transconductor, and S shifts positions by one,
- V is the output v<x>_<i> of a source exponential in its inputs, as a bipolar transistor is,
- P and Q are the integrators of the servos, of gain kappa,
- T(t) and gamma(t) are the nodes ``temperature`` and ``feedback``.

Where ``neuromorph.analog.Softassign`` normalizes by Sinkhorn's iteration, this circuit climbs the same dual problem
continuously: the integrators P and Q settle where every row and column of V adds up to 1 V.
Source: Rangarajan, Gold, Mjolsness, Neural Comput. 8, 1041 (1996), with the normalizer as dual ascent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import log

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.analog.softassign import Softassign
from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds

from ..netlist.circuit import (
    GROUND,
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Element,
    Resistor,
    Transconductor,
    Transient,
)
from ..netlist.expressions import Expression, Time, Voltage, call
from .component_values import round_to_series

_SERVO = 20.0  # kappa over the first temperature: P and Q are that much faster than U at first, and more as T falls
_SCATTER_V = 1e-3  # deviation of U at the start, which only breaks the symmetry between tours
CEILING = 3.0  # exponents end here (V = 20): never met on the way, but Newton's method may try
_STEPS_PER_TAU = 2  # steps of quiet times; the choice of a tour is so unstable that reltol sets the others


@dataclass(frozen=True, eq=False)
class TourCircuit:
    """The circuit that anneals a tour, with the component values of one schedule.

    Attributes
    ----------
    system : Softassign
        Softassign of distances, temperatures and self-coupling; its noise is left out.
    resistance_ohm : float
        Resistor R of the integrators, ohm.
    capacitance_f : float
        Capacitor C of the integrators, F, so that tau = R C.
    """

    system: Softassign
    resistance_ohm: float = 1e5
    capacitance_f: float = 1e-9

    @property
    def size(self) -> int:
        """Number of cities n."""
        return self.system.size

    @property
    def tau_s(self) -> float:
        """Time constant tau = R C of the integrators, s."""
        return self.resistance_ohm * self.capacitance_f

    @property
    def duration_s(self) -> float:
        """Length of the anneal, s."""
        return self.tau_s * self.system.duration_tau

    @cached_property
    def servo_f(self) -> float:
        """Capacitor of the integrators P and Q, of the E24 series, F."""
        return float(round_to_series(self.capacitance_f / (_SERVO * float(self.system.temperature(0.0))), "E24"))

    @property
    def kappa_v(self) -> float:
        """Gain kappa of the servos, V: an error of 1 V moves P by kappa in one tau."""
        return self.capacitance_f / self.servo_f

    @property
    def account(self) -> tuple[str, ...]:
        """Lines that tell a reader of the netlist what the circuit is."""
        system = self.system
        hot, cold = (float(system.temperature(t)) for t in (0.0, system.duration_tau))
        first, last = (float(system.coupling(t)) for t in (0.0, system.duration_tau))
        return (
            f"annealed softassign of {self.size} cities: {self.size**2} integrators with exponential outputs, a servo "
            "for each row and column",
            f"anneal {self.duration_s:.4g} s; R C {self.tau_s:.4g} s; servo capacitors {self.servo_f:.4g} F",
            f"temperature {hot:.4g} .. {cold:.4g} V, feedback {first:.4g} .. {last:.4g} V",
            f"distance unit {system.unit:.6g}",
            "nodes: u<city>_<position> integrators, v<city>_<position> outputs, p<city> and q<position> servos",
            "the tour: at the end v<city>_<position> is 1 V where the city has that position, else 0 V",
        )

    def start(self, rng: RNG = 0) -> Float:
        """Draw the state at t = 0: U scattered by 1 mV, P and Q such that all V are about 1 / n.

        Parameters
        ----------
        rng : Generator, SeedSequence or int, default 0
            Seed of the draw.

        Returns
        -------
        (n^2 + 2 n,) float
            U, P and Q, V.
        """
        n = self.size
        u = _SCATTER_V * np.random.default_rng(read_seeds(rng, 1)[0]).standard_normal(n * n)
        return np.concatenate([u, np.full(2 * n, -0.5 * log(n) * float(self.system.temperature(0.0)))])

    def outputs(self, t_s: float, state: ArrayLike) -> Float:
        """Return the outputs V of a state.

        Parameters
        ----------
        t_s : float
            Time, s.
        state : (n^2 + 2 n,) float
            U, P and Q, V.

        Returns
        -------
        (n, n) float
            Outputs, V.
        """
        n, y = self.size, np.asarray(state, dtype=float)
        exponent = y[: n * n].reshape(n, n) + y[n * n : n * n + n, None] + y[n * n + n :]
        return np.exp(np.minimum(exponent / self.system.temperature(t_s / self.tau_s), CEILING))

    def rhs(self, t_s: float, state: ArrayLike) -> Float:
        """Return d(U, P, Q)/dt by the equations, independent of the circuit's elements.

        Parameters
        ----------
        t_s : float
            Time, s.
        state : (n^2 + 2 n,) float
            U, P and Q, V.

        Returns
        -------
        (n^2 + 2 n,) float
            Derivative, V/s.
        """
        n, y = self.size, np.asarray(state, dtype=float)
        v = self.outputs(t_s, y)
        force = self._scaled @ (np.roll(v, 1, axis=1) + np.roll(v, -1, axis=1))
        force -= self.system.coupling(t_s / self.tau_s) * v
        slopes = (-y[: n * n] - force.ravel(), self.kappa_v * (1 - v.sum(axis=1)), self.kappa_v * (1 - v.sum(axis=0)))
        return np.concatenate(slopes) / self.tau_s

    def circuit(
        self, start: ArrayLike, *, reltol: float = 1e-8, title: str = "tour", comments: tuple[str, ...] = ()
    ) -> Circuit:
        """Build the circuit; its outputs v<x>_<i> are saved row by row.

        Parameters
        ----------
        start : (n^2 + 2 n,) float
            U, P and Q at t = 0, V.
        reltol : float, default 1e-8
            Relative error that the simulator allows in one step.
        title : str, default "tour"
            Title of the circuit.
        comments : tuple of str, optional
            Comments of the circuit.

        Returns
        -------
        Circuit
            The circuit, ready to run.
        """
        n = self.size
        names = [f"u{x}_{i}" for x in range(n) for i in range(n)]
        names += [f"{letter}{k}" for letter in "pq" for k in range(n)]
        return Circuit(
            title,
            tuple(self._elements()),
            Transient(self.tau_s / _STEPS_PER_TAU, self.duration_s, reltol=reltol),
            tuple(f"v{x}_{i}" for x in range(n) for i in range(n)),
            dict(zip(names, np.asarray(start, dtype=float).tolist(), strict=True)),
            comments,
        )

    @cached_property
    def _scaled(self) -> Float:
        return self.system.scaled()

    def _elements(self) -> Iterator[Element]:
        n, siemens = self.size, 1.0 / self.resistance_ohm
        first, last = (float(self.system.temperature(t)) for t in (0.0, self.system.duration_tau))
        yield BehavioralVoltage(
            "temperature", "temperature", GROUND, first * call("exp", (log(last / first) / self.duration_s) * Time())
        )
        yield BehavioralVoltage("feedback", "feedback", GROUND, self._feedback())
        for k in range(n):
            for servo in (f"p{k}", f"q{k}"):
                yield Capacitor(servo, servo, GROUND, self.servo_f)
                yield CurrentSource(servo, GROUND, servo, siemens)  # 1 V times 1 / R
        for x in range(n):
            for i in range(n):
                cell, u, v = f"{x}_{i}", f"u{x}_{i}", f"v{x}_{i}"
                yield Capacitor(cell, u, GROUND, self.capacitance_f)
                yield Resistor(cell, u, GROUND, self.resistance_ohm)
                exponent = (Voltage(u) + Voltage(f"p{x}") + Voltage(f"q{i}")) / Voltage("temperature")
                yield BehavioralVoltage(v, v, GROUND, call("exp", call("min", exponent, CEILING)))
                yield BehavioralCurrent(f"f{cell}", GROUND, u, siemens * (Voltage("feedback") * Voltage(v)))
                yield Transconductor(f"p{cell}", f"p{x}", GROUND, v, GROUND, siemens)
                yield Transconductor(f"q{cell}", f"q{i}", GROUND, v, GROUND, siemens)
                for y, distance in enumerate((siemens * self._scaled[x]).tolist()):
                    for side, j in (("a", (i - 1) % n), ("b", (i + 1) % n)):
                        yield Transconductor(f"{side}{cell}_{y}", u, GROUND, f"v{y}_{j}", GROUND, distance)

    def _feedback(self) -> Expression:
        """Return gamma(t), V: the eighth power of the time that has passed, by squaring three times."""
        power: Expression = Time() / self.duration_s
        for _ in range(3):
            power = power * power
        first, last = (float(self.system.coupling(t)) for t in (0.0, self.system.duration_tau))
        return first + (last - first) * power
