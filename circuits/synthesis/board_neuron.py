r"""A neuron that one can solder: op-amps, a limiter of two diodes, a switch that loads its cue, decoupled supplies.

.. math:: y = k_1 u, \qquad \frac{y - x}{R} = 2 I_S \sinh\frac{x}{n V_T}, \qquad v = k_2 x, \qquad w = -v

The first stage drives two diodes, one for each sign, through R; where it stands at its rail the diodes hold X, and
k_2 = V_swing / X, k_1 = g'(0) / k_2. So v has the slope and the ends of the activation, and between them bends as a
diode does, not as a tanh: the attractors are the same, the way there is not. A bias current is a resistor to a rail.
Values: ``board.toml``. Source of the limiter: Horowitz and Hill, The Art of Electronics, 3rd ed. (2015), section 1.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import ceil, log1p

from scipy.optimize import brentq

from neuromorph.analog import Activation, Tanh
from neuromorph.ising import Float

from ..netlist.card_devices import CardModel, Switch
from ..netlist.circuit import GROUND, Capacitor, Diode, DiodeModel, Element, Instance, Parameter, Resistor, Subcircuit
from ..netlist.expressions import Reference
from ..netlist.sources import VoltageSource, Wave
from .board_network import BOARD
from .component_values import round_to_series
from .opamp import DATA, VDD, VSS, OpAmp

THERMAL_V = 1.380649e-23 * 300.15 / 1.602176634e-19  # k T / q at SPICE's 27 C
UNITS_IN_PACKAGE = 4  # op-amps, and switches, in a package
MOST_RAILS_V = 10.0  # between the rails, for the switches

DIODE = DiodeModel(
    "d1n4148",
    BOARD["diode_saturation"].value,
    BOARD["diode_emission"].value,
    BOARD["diode_series"].value,
    BOARD["diode_capacitance"].value,
    grading=0.4,
    transit_s=20e-9,
)


@dataclass(frozen=True, eq=False)
class BoardNeurons:
    """Neurons of op-amps and diodes, with their supplies and the switches that load the cue.

    Attributes
    ----------
    activation : Activation
        Tanh whose slope and ends they have.
    part : OpAmp
        Op-amp.
    offsets_v : (n, 3) float
        Input offsets, V.
    cue_v : (n,) float
        Potentials that the switches load, V.
    inverters : int
        Number of neurons with an inverted output.
    uic : bool
        Whether ``initial`` is a complete start.
    """

    activation: Activation
    part: OpAmp
    offsets_v: Float
    cue_v: Float
    inverters: int
    uic: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.activation, Tanh):
            raise ValueError(
                f"activation is {type(self.activation).__name__}; diodes limit both signs alike, as Tanh does: take "
                "Tanh, or level 'opamp'"
            )
        if 2.0 * self.part.rail_v > MOST_RAILS_V:
            raise ValueError(
                f"amplifier {self.part.name!r} has rails of +-{self.part.rail_v:g} V, the switches of the cue take "
                f"{MOST_RAILS_V:g} V in all; take one of a lower supply, such as lmv824"
            )
        if self.activation.swing > self.part.reach_v:
            raise ValueError(
                f"activation swings to {self.activation.swing:g} V, amplifier {self.part.name!r} only to "
                f"{self.part.reach_v:g} V; lower the swing or take an amplifier of higher supply"
            )

    @cached_property
    def limit_v(self) -> float:
        """Voltage X of the limiter while the first stage is at its rail, V."""
        emission, ohm = DIODE.emission * THERMAL_V, BOARD["limiter_resistor"].value

        def excess(x: float) -> float:
            ampere = (self.part.reach_v - x) / ohm
            return x - ampere * DIODE.series_ohm - emission * log1p(ampere / DIODE.saturation_a)

        return float(brentq(excess, 0.0, self.part.reach_v))

    @cached_property
    def to_ground_ohm(self) -> tuple[float, float]:
        """Resistors to ground of the feedback of both stages, of E96, ohm."""
        feedback = DATA["feedback"].value
        second = float(round_to_series(feedback / (self.activation.swing / self.limit_v - 1.0), "E96"))
        first = self.activation.gain * self.activation.swing / (1.0 + feedback / second)
        return float(round_to_series(feedback / (first - 1.0), "E96")), second

    @property
    def stages(self) -> tuple[float, float]:
        """Gains k_1 and k_2."""
        first, second = (1.0 + DATA["feedback"].value / ohm for ohm in self.to_ground_ohm)
        return first, second

    @property
    def packages(self) -> tuple[int, int]:
        """Packages of op-amps and of switches."""
        n = len(self.offsets_v)
        return ceil((2 * n + self.inverters) / UNITS_IN_PACKAGE), ceil(n / UNITS_IN_PACKAGE)

    @property
    def account(self) -> tuple[str, ...]:
        """Lines that tell a reader of the netlist what the amplifiers are."""
        (first, second), ohm = self.stages, BOARD["limiter_resistor"].value
        return (
            f"amplifiers: {self.part.name}, offsets of {1e3 * self.part.offset_v:g} mV, rails +-{self.part.rail_v:g} V",
            f"a neuron: a stage of gain {first:.4g}, two 1N4148 behind {ohm / 1e3:g} kohm that hold "
            f"{1e3 * self.limit_v:.3g} mV, a stage of {second:.4g}, and an inverter where a synapse needs it",
            f"cue: loaded by switches for {1e6 * BOARD['load_time'].value:g} us; bias: resistors to a rail",
            f"packages of {UNITS_IN_PACKAGE}: {self.packages[0]} of op-amps, {self.packages[1]} of switches",
        )

    def shared(self) -> Iterator[Element]:
        """Return supplies, their capacitors, and the line that loads the cue.

        Yields
        ------
        Element
            One element after the other.
        """
        rail, load = self.part.rail_v, BOARD["load_time"].value
        for node, volt in ((VDD, rail), (VSS, -rail)):
            yield VoltageSource(node, f"in_{node}", GROUND, volt)
            yield Resistor(f"source{node}", f"in_{node}", node, BOARD["supply_resistance"].value)
            yield Capacitor(f"bulk{node}", node, GROUND, BOARD["bulk"].value)
            for k in range(sum(self.packages)):
                yield Capacitor(f"decoupling{k}{node}", node, GROUND, BOARD["decoupling"].value)
        wave = Wave("pwl", (0.0, rail, load, rail, 1.01 * load, -rail))
        yield VoltageSource("load", "load", GROUND, rail, wave)

    def neuron(self, i: int, w: str | None) -> Iterator[Element]:
        """Return a neuron, and the switch that loads its cue.

        Parameters
        ----------
        i : int
            Number of the neuron.
        w : str or None
            Node of its inverted output, if it has one.

        Yields
        ------
        Element
            One element after the other.
        """
        cell = self.cells[w is not None]
        offsets = zip(cell.parameters, self.offsets_v[i].tolist(), strict=False)
        yield Instance(
            f"{i}", cell, (f"u{i}", f"v{i}", *([w] if w else []), VDD, VSS), {p.name: volt for p, volt in offsets}
        )
        yield VoltageSource(f"cue{i}", f"cue{i}", GROUND, float(self.cue_v[i]))
        yield Switch(f"{i}", f"cue{i}", f"u{i}", "load", GROUND, self._switch)

    def bias(self, i: int, ampere: float) -> Resistor:
        """Return the resistor of a bias current.

        Parameters
        ----------
        i : int
            Number of the neuron.
        ampere : float
            Current into u, A.

        Returns
        -------
        Resistor
            Resistor of E96 to the rail of its sign.
        """
        ohm = float(round_to_series(self.part.rail_v / abs(ampere), "E96"))
        return Resistor(f"bias{i}", VDD if ampere > 0.0 else VSS, f"u{i}", ohm)

    def initial(self, potentials: Float) -> dict[str, float]:
        """Return the voltages at t = 0: supplies on, everything else at rest, whatever the cue.

        Parameters
        ----------
        potentials : (n,) float
            Potentials of the cue, V.

        Returns
        -------
        dict of str to float
            Voltages by nodes, V.
        """
        return {VDD: self.part.rail_v, VSS: -self.part.rail_v} | {f"u{i}": 0.0 for i in range(len(potentials))}

    @cached_property
    def cells(self) -> tuple[Subcircuit, Subcircuit]:
        """Subcircuits of the neuron from u to v, and of the one with the inverted output w."""
        (first, second), feedback = self.to_ground_ohm, DATA["feedback"].value
        plain = (
            *self._stage("y", "u", "y", first),
            Resistor("s", "y", "x", BOARD["limiter_resistor"].value),
            Diode("up", "x", GROUND, DIODE),
            Diode("down", GROUND, "x", DIODE),
            *self._stage("v", "x", "v", second),
        )
        inverter = (
            self._part("w", GROUND, "mw", "w"),
            Resistor("fw", "w", "mw", feedback),
            Resistor("gw", "mw", "v", feedback),
        )
        offsets = tuple(Parameter(f"offset_{stage}", 0.0, unit="V") for stage in "yvw")
        return (
            Subcircuit("neuron", ("u", "v", VDD, VSS), plain, offsets[:2]),
            Subcircuit("neuron_w", ("u", "v", "w", VDD, VSS), (*plain, *inverter), offsets),
        )

    @cached_property
    def _switch(self) -> CardModel:
        on, off = BOARD["switch_on"].value, BOARD["switch_off"].value
        return CardModel("s74hc4066", "sw", (("vt", 0.0), ("vh", 0.1), ("ron", on), ("roff", off)))

    def _stage(self, label: str, source: str, out: str, to_ground: float) -> Iterator[Element]:
        yield self._part(label, source, f"m{label}", out)
        yield Resistor(f"f{label}", out, f"m{label}", DATA["feedback"].value)
        yield Resistor(f"g{label}", f"m{label}", GROUND, to_ground)

    def _part(self, label: str, plus: str, minus: str, out: str) -> Instance:
        return Instance(
            label, self.part.subcircuit, (plus, minus, out, VDD, VSS), {"offset": Reference(f"offset_{label}")}
        )
