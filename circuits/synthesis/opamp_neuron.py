r"""A neuron's amplifier: ideal, or two gain stages and an inverter of operational amplifiers.

.. math:: v = k\, \frac1k\, g\Big(\frac{y}{k}\Big), \quad y = k u, \qquad w = -v, \qquad
    k = \max\big(1, \sqrt{g'(0)}\big)

One amplifier raises u by k to y, a passive limiter, here a source, gives g(y / k) / k, another amplifier raises that by
k to v, a third inverts it to w. A netlist has one subcircuit for the amplifier (``opamp``), one for the neuron made of
three, and an instance of that for each neuron.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import pi, sqrt

import numpy as np

from neuromorph.analog import Activation, Algebraic, Arctan, Logistic, Tanh
from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds

from ..netlist.circuit import GROUND, BehavioralVoltage, Element, Instance, Parameter, Resistor, Subcircuit
from ..netlist.expressions import Expression, Number, Reference, Voltage, call
from .component_values import round_to_series
from .opamp import DATA, VDD, VSS, OpAmp, rails
from .vendor_opamp import VendorOpAmp


@dataclass(frozen=True)
class Ideal:
    """Ideal amplifiers: v = g(u) and w = -v, whatever the current.

    Attributes
    ----------
    activation : Activation
        Activation g of the neurons.
    account : tuple of str
        Lines for a reader of the netlist.
    uic : bool
        Whether ``initial`` is a complete start.
    """

    activation: Activation
    account: tuple[str, ...] = ()
    uic: bool = True

    def shared(self) -> Iterator[Element]:
        """Return no elements: ideal amplifiers have no supply.

        Returns
        -------
        iterator of Element
            An empty iterator.
        """
        return iter(())

    def neuron(self, i: int, w: str | None) -> Iterator[Element]:
        """Return the sources of a neuron.

        Parameters
        ----------
        i : int
            Number of the neuron.
        w : str or None
            Node of its inverted output, if it has one.

        Yields
        ------
        Element
            The source of v, and that of w if it is wanted.
        """
        yield BehavioralVoltage(f"v{i}", f"v{i}", GROUND, amplifier(self.activation, Voltage(f"u{i}")))
        if w:
            yield BehavioralVoltage(w, w, GROUND, Number(0.0) - Voltage(f"v{i}"))

    def initial(self, potentials: Float) -> dict[str, float]:
        """Return no initial voltages: ideal amplifiers have no state.

        Parameters
        ----------
        potentials : (n,) float
            Potentials u at t = 0, V.

        Returns
        -------
        dict of str to float
            An empty mapping.
        """
        return {}


@dataclass(frozen=True, eq=False)
class OpAmpNeurons:
    """Neurons of three op-amps each: two gain stages and an inverter.

    Attributes
    ----------
    activation : Activation
        Activation of the neurons.
    part : OpAmp or VendorOpAmp
        Op-amp.
    offsets_v : (n, 3) float
        Input offsets of the two gain stages and the inverter, V.
    """

    activation: Activation
    part: OpAmp | VendorOpAmp
    offsets_v: Float

    def __post_init__(self) -> None:
        g = self.activation
        reach, needed = self.part.reach_v, max(abs(g.low), abs(g.high))
        if needed > reach:
            raise ValueError(
                f"activation swings to {needed:g} V, amplifier {self.part.name!r} only to {reach:g} V; lower the swing "
                "or take an amplifier of higher supply"
            )

    @classmethod
    def drawn(cls, activation: Activation, part: OpAmp | VendorOpAmp, n: int, rng: RNG = 0) -> OpAmpNeurons:
        """Draw the offsets of all op-amps: normal, cut at the part's largest.

        Parameters
        ----------
        activation : Activation
            Activation of the neurons.
        part : OpAmp or VendorOpAmp
            Op-amp.
        n : int
            Number of neurons.
        rng : Generator, SeedSequence or int, default 0
            Seed of the draw.

        Returns
        -------
        OpAmpNeurons
            Neurons with these offsets.
        """
        draws = np.random.default_rng(read_seeds(rng, 2)[1]).normal(size=(n, 3))  # the first stream draws the start
        draws *= part.offset_v
        return cls(activation, part, np.clip(draws, -part.largest_offset_v, part.largest_offset_v))

    @property
    def uic(self) -> bool:
        """True if ``initial`` is a complete start: the states within a vendor's model are not known."""
        return isinstance(self.part, OpAmp)

    @cached_property
    def stage(self) -> float:
        """Gain k of each stage; g is the same whatever k is, so that its resistors are of E96."""
        g = self.activation
        wanted = sqrt(float(g.slope(g.inverse((g.low + g.high) / 2.0))))
        return 1.0 if wanted <= 1.0 else 1.0 + DATA["feedback"].value / self._to_ground(wanted)

    @staticmethod
    def _to_ground(stage: float) -> float:
        """Return the resistor to ground of a stage's feedback, ohm."""
        return float(round_to_series(DATA["feedback"].value / (stage - 1.0), "E96"))

    @property
    def account(self) -> tuple[str, ...]:
        """Lines that tell a reader of the netlist what the amplifiers are."""
        a, k = self.part, self.stage
        if isinstance(a, VendorOpAmp):
            return a.account, f"a neuron is two stages of gain {k:.4g} around a limiter, and an inverter"
        lag = 1e9 * (2.0 * k) / (2.0 * pi * a.bandwidth_hz)
        return (
            f"amplifiers: {a.name}, gain {a.gain:g}, {a.bandwidth_hz:g} Hz, {a.slew_v_s:g} V/s, offsets of "
            f"{a.offset_v:g} V, rails +-{a.rail_v:g} V, {a.supply_a:g} A each",
            f"a neuron is two stages of gain {k:.4g} around a limiter, and an inverter; it lags by {lag:.3g} ns",
        )

    def shared(self) -> Iterator[Element]:
        """Return the rails.

        Yields
        ------
        Element
            One rail after the other.
        """
        yield from rails(self.part.rail_v)

    def neuron(self, i: int, w: str | None) -> Iterator[Element]:
        """Return the instance of a neuron.

        Parameters
        ----------
        i : int
            Number of the neuron.
        w : str or None
            Node of its inverted output, if it has one.

        Yields
        ------
        Element
            The instance.
        """
        cell = self.cells[w is not None]
        nodes = (f"u{i}", f"v{i}", *([w] if w else []), VDD, VSS)
        offsets = zip(cell.parameters, self.offsets_v[i].tolist(), strict=False)
        yield Instance(f"{i}", cell, nodes, {parameter.name: offset for parameter, offset in offsets})

    @cached_property
    def cells(self) -> tuple[Subcircuit, Subcircuit]:
        """Subcircuits of the neuron from u to v, and of the one with the inverted output w."""
        k, ohm = self.stage, DATA["feedback"].value
        limited = (1.0 / k) * amplifier(self.activation, (1.0 / k) * Voltage("y"))
        plain = (
            *self._stage("y", "u", "y"),
            BehavioralVoltage("s", "s", GROUND, limited),
            Resistor("s", "s", "x", DATA["limiter"].value),
            *self._stage("v", "x", "v"),
        )
        inverter = (
            self._part("w", GROUND, "mw", "w"),
            Resistor("fw", "w", "mw", ohm),
            Resistor("gw", "mw", "v", ohm),
        )
        offsets = tuple(Parameter(f"offset_{stage}", 0.0, unit="V") for stage in "yvw")
        return (
            Subcircuit("neuron", ("u", "v", VDD, VSS), plain, offsets[:2]),
            Subcircuit("neuron_w", ("u", "v", "w", VDD, VSS), (*plain, *inverter), offsets),
        )

    def initial(self, potentials: Float) -> dict[str, float]:
        """Return the voltages at t = 0 inside of the neurons, which rest at u.

        Parameters
        ----------
        potentials : (n,) float
            Potentials u at t = 0, V.

        Returns
        -------
        dict of str to float
            Voltages by the paths of nodes, V; none of a vendor's model.
        """
        if isinstance(self.part, VendorOpAmp):
            return {}
        k, reach = self.stage, self.part.reach_v
        first = np.clip(k * potentials, -reach, reach)
        second = self.activation.value(first / k)
        poles = "pq" if self.part.margin_deg < 90.0 else "p"
        found: dict[str, float] = {}
        for i, (y, v) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
            inside = {f"x{stage}.{pole}": volt for stage, volt in zip("yvw", (y, v, -v), strict=True) for pole in poles}
            inside |= {"my": y / k, "mv": v / k, "x": v / k}
            found |= {f"x{i}.{node}": volt for node, volt in inside.items()}
        return found

    def _stage(self, label: str, source: str, out: str) -> Iterator[Element]:
        """Return a stage of gain k that does not invert.

        The amplifier compares 1/k of its output, or all of it if k is 1.
        """
        if self.stage == 1.0:
            yield self._part(label, source, out, out)
            return
        ohm = DATA["feedback"].value
        yield self._part(label, source, f"m{label}", out)
        yield Resistor(f"f{label}", out, f"m{label}", ohm)
        yield Resistor(f"g{label}", f"m{label}", GROUND, self._to_ground(self.stage))

    def _part(self, label: str, plus: str, minus: str, out: str) -> Instance:
        return Instance(
            label, self.part.subcircuit, (plus, minus, out, VDD, VSS), {"offset": Reference(f"offset_{label}")}
        )


def amplifier(activation: Activation, u: Expression) -> Expression:
    """Return V = g(u) as an expression, in the functions that simulators share.

    Parameters
    ----------
    activation : Activation
        Activation g.
    u : Expression
        Expression of the input, V.

    Returns
    -------
    Expression
        Expression of the output, V.

    Raises
    ------
    TypeError
        If the activation has no circuit.
    """
    gain, swing = activation.gain, activation.swing
    match activation:
        case Tanh():
            return swing * call("tanh", gain * u)
        case Arctan():
            return (swing * 2.0 / pi) * call("atan", (gain * pi / 2.0) * u)
        case Algebraic():
            x = gain * u
            return (swing * x) / call("sqrt", 1.0 + x * x)
        case Logistic():  # tanh does not overflow
            return (swing / 2.0) * (1.0 + call("tanh", (gain / 2.0) * u))
    raise TypeError(f"activation {type(activation).__name__} has no circuit; use Tanh, Arctan, Algebraic or Logistic")
