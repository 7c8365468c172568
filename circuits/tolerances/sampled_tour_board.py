r"""The circuit that anneals a tour, on one board as it was made: the equations of ``tour_circuit``, parts of their own.

.. math:: c_{xi} \dot U_{xi} = -g_{xi} U_{xi} - \sum_y l_{xiy} V_{y,i-1} - \sum_y r_{xiy} V_{y,i+1}
              + f_{xi} \gamma(t) V_{xi}, \qquad
          V_{xi} = \exp\frac{a_{xi} (U_{xi} + P_x + Q_i - o_{xi})}{T(t)}

where

- c and g are the capacitor and the leak of an integrator,
- l, r and f are the conductances from its neighbors and from its own output,
- a and o are the gain factor and the offset of its output.

Every row (P_x) and column (Q_i) has a servo of its own capacitor and unit current.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.ising import Float
from neuromorph.rng import RNG

from ..netlist.circuit import Circuit
from ..netlist.expressions import Expression, Voltage, call
from ..synthesis.tour_circuit import CEILING, TourCircuit
from .sampled_board import with_device_values
from .tolerances import ToleranceDraws, Tolerances


@dataclass(frozen=True, eq=False)
class SampledTourBoard:
    """A circuit that anneals tours as it was made.

    Attributes
    ----------
    nominal : TourCircuit
        Circuit that was meant.
    left, right : (n, n, n) float
        Conductance [x, i, y] from position i - 1, or i + 1, of city y, S.
    feedback, rows, columns, leaks : (n, n) float
        Conductances of gamma V, of V into P and into Q, and 1 / R, S.
    capacitances : (n, n) float
        Capacitors of the integrators, F.
    servo_f, servo_a : (2, n) float
        Capacitors, F, and unit currents, A, of P and Q.
    gains, offsets_v : (n, n) float
        Gain factor a and offset o (V) of each output.
    temperature_k : float
        Temperature of the board, K.
    """

    nominal: TourCircuit
    left: Float
    right: Float
    feedback: Float
    rows: Float
    columns: Float
    leaks: Float
    capacitances: Float
    servo_f: Float
    servo_a: Float
    gains: Float
    offsets_v: Float
    temperature_k: float

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
        n, y = self.nominal.size, np.asarray(state, dtype=float)
        x = y[: n * n].reshape(n, n) + y[n * n : n * n + n, None] + y[n * n + n :] - self.offsets_v
        return np.exp(np.minimum(self.gains * x / self.nominal.system.temperature(t_s / self.nominal.tau_s), CEILING))

    def rhs(self, t_s: float, state: ArrayLike) -> Float:
        """Return d(U, P, Q)/dt.

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
        n, y = self.nominal.size, np.asarray(state, dtype=float)
        v = self.outputs(t_s, y)
        into = -self.leaks * y[: n * n].reshape(n, n)
        into -= np.einsum("xiy,yi->xi", self.left, np.roll(v, 1, axis=1))
        into -= np.einsum("xiy,yi->xi", self.right, np.roll(v, -1, axis=1))
        into += self.feedback * self.nominal.system.coupling(t_s / self.nominal.tau_s) * v
        servo = self.servo_a - np.array([(self.rows * v).sum(axis=1), (self.columns * v).sum(axis=0)])
        return np.concatenate([(into / self.capacitances).ravel(), (servo / self.servo_f).ravel()])

    def circuit(self, start: ArrayLike) -> Circuit:
        """Build the board of its elements.

        Parameters
        ----------
        start : (n^2 + 2 n,) float
            U, P and Q at t = 0, V.

        Returns
        -------
        Circuit
            The circuit, ready to run.
        """
        n = self.nominal.size
        values: dict[str, float | Expression] = {}
        for k in range(n):
            for letter, farad, ampere in zip("pq", self.servo_f[:, k], self.servo_a[:, k], strict=True):
                values |= {f"c{letter}{k}": float(farad), f"i{letter}{k}": float(ampere)}
        for x, i in np.ndindex(n, n):
            cell = f"{x}_{i}"
            values |= {f"c{cell}": float(self.capacitances[x, i]), f"r{cell}": 1.0 / float(self.leaks[x, i])}
            values |= {f"gp{cell}": float(self.rows[x, i]), f"gq{cell}": float(self.columns[x, i])}
            values[f"bf{cell}"] = float(self.feedback[x, i]) * (Voltage("feedback") * Voltage(f"v{cell}"))
            inputs = Voltage(f"u{cell}") + Voltage(f"p{x}") + Voltage(f"q{i}") - float(self.offsets_v[x, i])
            exponent = float(self.gains[x, i]) * inputs / Voltage("temperature")
            values[f"bv{cell}"] = call("exp", call("min", exponent, CEILING))
            for side, each in (("a", self.left), ("b", self.right)):
                values |= {f"g{side}{cell}_{y}": float(each[x, i, y]) for y in range(n)}
        return with_device_values(self.nominal.circuit(start), values)


def sample_tour_board(tour: TourCircuit, tolerances: Tolerances, rng: RNG = 0) -> SampledTourBoard:
    """Draw one board of a circuit that anneals tours.

    The ramps of temperature and feedback are exact.

    Parameters
    ----------
    tour : TourCircuit
        Circuit that was meant.
    tolerances : Tolerances
        Tolerances of the parts.
    rng : Generator, SeedSequence or int, default 0
        Seed of the board.

    Returns
    -------
    SampledTourBoard
        The board.
    """
    draw, n = ToleranceDraws(tolerances, rng), tour.size
    siemens = 1.0 / tour.resistance_ohm
    distances = siemens * tour.system.scaled()[:, None, :]
    return SampledTourBoard(
        tour,
        distances / draw.resistors(n, n, n),
        distances / draw.resistors(n, n, n),
        siemens / draw.resistors(n, n),
        siemens / draw.resistors(n, n),
        siemens / draw.resistors(n, n),
        siemens / draw.resistors(n, n),
        tour.capacitance_f * draw.capacitors(n, n),
        tour.servo_f * draw.capacitors(2, n),
        siemens / draw.resistors(2, n),
        draw.gains(n, n),
        draw.offsets(n, n),
        draw.temperature_k,
    )
