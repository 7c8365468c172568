r"""A neuron's amplifier: ideal, or two gain stages and an inverter of operational amplifiers.

An operational amplifier is the macro-model of one pole behind a differential stage that can deliver +-I_max:

.. math:: C \dot v_p = I_{max} \tanh\frac{g_m (v_+ - v_- + o)}{I_{max}} - \frac{v_p}{R} - i_{limit}, \qquad
    i_{out} = \frac{v_p - v_{out}}{R_{out}}

with g_m R = A_0, g_m / C = 2 pi GBW, I_max / C the slew rate. i_limit holds v_p where the output can follow:

.. math:: -\min\Big(I_{sink}, \frac{(v_{out} + V_{reach})^+}{R_{sat}}\Big) \le i_{out} \le
    \min\Big(I_{source}, \frac{(V_{reach} - v_{out})^+}{R_{sat}}\Big)

V_reach being a rail less the headroom without load, I the short-circuit currents, R_sat what the headroom grows by with
the load. Noise is that of a resistor of e_n^2 / 4kT at an input that draws no current. Both inputs carry a capacitance;
the output's current comes out of the rail ``vdd`` or flows into ``vss``, the quiescent current goes from one to the
other. Of the two only one is written with a kink, the other as its difference from i_out, so that no simulator can find
both slopes to be 0 where i_out is 0.

The neuron: one amplifier raises u by k = sqrt(g'(0)) (no less than 1), a passive limiter, here a source, gives
g(y / k) / k, another amplifier raises that by k to v, a third inverts it to w. A netlist has one subcircuit for the
amplifier, one for the neuron made of three, and an instance of that for each neuron. Sources of the values:
``amplifiers.toml``; of the model: Boyle et al., IEEE J. Solid-State Circuits 9, 353 (1974), much reduced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from math import inf, pi, sqrt
from types import MappingProxyType
from typing import Protocol

import numpy as np

from neuromorph.analog import Activation, Algebraic, Arctan, Logistic, Tanh
from neuromorph.datum import read_data
from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds

from ..netlist.circuit import (
    GROUND,
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    CurrentSource,
    Element,
    Instance,
    Parameter,
    Resistor,
    Subcircuit,
)
from ..netlist.expressions import Expression, Number, Operand, Reference, Voltage, call

DATA = read_data(files(__package__).joinpath("amplifiers.toml").read_text())

VDD, VSS = "vdd", "vss"
POLE_F = 10e-12  # capacitor of the pole; scales currents inside the model only
_CLAMP_V = 1e-3  # how far beyond its limit the full slewing current moves v_p
FOUR_KT = 4.0 * 1.380649e-23 * 300.15  # J, at SPICE's 27 C


class Neurons(Protocol):
    """How the amplifiers of a network are built; the rest of the circuit is the same."""

    @property
    def account(self) -> tuple[str, ...]:
        """What a reader of the netlist must know."""

    @property
    def uic(self) -> bool:
        """Whether ``initial`` is a complete start; otherwise an operating point is searched that holds it."""

    def shared(self) -> Iterator[Element]:
        """What all neurons share: rails, bias."""

    def neuron(self, i: int, w: str | None) -> Iterator[Element]:
        """From u_i to v_i, and to its inverse ``w`` if that is wanted."""

    def initial(self, potentials: Float) -> dict[str, float]:
        """Voltages at t = 0 beside those of u."""


@dataclass(frozen=True)
class Ideal:
    """v = g(u) and w = -v, whatever the current."""

    activation: Activation
    account: tuple[str, ...] = ()
    uic: bool = True

    def shared(self) -> Iterator[Element]:
        return iter(())

    def neuron(self, i: int, w: str | None) -> Iterator[Element]:
        yield BehavioralVoltage(f"v{i}", f"v{i}", GROUND, amplifier(self.activation, Voltage(f"u{i}")))
        if w:
            yield BehavioralVoltage(w, w, GROUND, Number(0.0) - Voltage(f"v{i}"))

    def initial(self, potentials: Float) -> dict[str, float]:
        return {}


@dataclass(frozen=True)
class OpAmp:
    """An operational amplifier by the numbers of its data sheet.

    gain : A_0;  bandwidth_hz : GBW;  slew_v_s : V/s;  output_ohm : open loop;  input_f : of each input to ground
    offset_v : standard deviation between parts, none beyond largest_offset_v
    headroom_v : how close the output comes to a rail;  supply_a : quiescent;  rail_v : the rails are +-rail_v
    source_a, sink_a : short-circuit currents out of the output and into it, A; infinite: no limit of its own
    saturation_ohm : what the headroom grows by with the load's current;  None: output_ohm
    noise_v : of the input, V in 1 Hz, white
    """

    name: str
    gain: float
    bandwidth_hz: float
    slew_v_s: float
    offset_v: float
    largest_offset_v: float
    headroom_v: float
    output_ohm: float
    input_f: float
    supply_a: float
    rail_v: float
    source_a: float = inf
    sink_a: float = inf
    saturation_ohm: float | None = None
    noise_v: float = 0.0

    def __post_init__(self) -> None:
        if self.saturation_ohm is None:
            object.__setattr__(self, "saturation_ohm", self.output_ohm)
        for name in ("gain", "bandwidth_hz", "slew_v_s", "output_ohm", "input_f", "rail_v", "saturation_ohm"):
            if not 0.0 < getattr(self, name) < inf:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and positive")
        for name in ("source_a", "sink_a"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be positive")
        if not 0.0 <= self.offset_v <= self.largest_offset_v < float("inf"):
            raise ValueError(f"offset_v is {self.offset_v}; need 0 <= offset_v <= largest_offset_v, finite")
        if not 0.0 <= self.headroom_v < self.rail_v:
            raise ValueError(f"headroom_v is {self.headroom_v}; it must lie between 0 and rail_v = {self.rail_v:g} V")
        for name in ("supply_a", "noise_v"):
            if not 0.0 <= getattr(self, name) < inf:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and not negative")

    @property
    def reach_v(self) -> float:
        """The output goes from -reach_v to reach_v where it has no load."""
        return self.rail_v - self.headroom_v

    @cached_property
    def subcircuit(self) -> Subcircuit:
        """The amplifier between ``plus``, ``minus``, ``out`` and the rails; its pole is the node p within."""
        elements = tuple(self.elements("", "plus", "minus", "out", Reference("offset")))
        return Subcircuit(
            self.name, ("plus", "minus", "out", VDD, VSS), elements, (Parameter("offset", 0.0, unit="V"),)
        )

    def elements(self, label: str, plus: str, minus: str, out: str, offset_v: Operand = 0.0) -> Iterator[Element]:
        """One amplifier between two nodes, an output and the rails; its pole is the node p<label>."""
        p, quiet = f"p{label}", plus
        gm, most = 2.0 * pi * self.bandwidth_hz * POLE_F, self.slew_v_s * POLE_F
        across = Voltage(p) - Voltage(out)
        beyond = call("max", across - self._reach("source_a", self.reach_v - Voltage(out)), 0.0)
        below = call("min", across + self._reach("sink_a", self.reach_v + Voltage(out)), 0.0)
        ampere = across / self.output_ohm
        for node, end in ((plus, "a"), (minus, "b")):
            if node != GROUND:
                yield Capacitor(f"{end}{label}", node, GROUND, self.input_f)
        if self.noise_v:
            quiet = f"n{label}"
            yield Resistor(quiet, plus, quiet, self.noise_v**2 / FOUR_KT)
        drive = most * call("tanh", (gm / most) * (_volt(quiet) - _volt(minus) + offset_v))
        yield BehavioralCurrent(f"g{label}", GROUND, p, drive)
        yield BehavioralCurrent(f"l{label}", p, GROUND, (most / _CLAMP_V) * (beyond + below))
        yield Resistor(p, p, GROUND, self.gain / gm)
        yield Capacitor(p, p, GROUND, POLE_F)
        out_of_vdd = call("max", ampere, 0.0)
        yield BehavioralCurrent(f"h{label}", VDD, out, out_of_vdd)
        yield BehavioralCurrent(f"n{label}", out, VSS, out_of_vdd - ampere)
        yield CurrentSource(f"q{label}", VDD, VSS, self.supply_a)

    def _reach(self, short: str, room: Expression) -> Expression:
        """How far v_p may be beyond v_out, which has ``room`` before its rail."""
        far = (self.output_ohm / (self.saturation_ohm or self.output_ohm)) * call("max", room, 0.0)
        ampere: float = getattr(self, short)
        return far if ampere == inf else call("min", far, self.output_ohm * ampere)


_SHEET = (
    "gain", "bandwidth", "slew", "offset", "headroom", "output", "input", "supply", "rail", "source", "sink",
    "saturation", "noise",
)  # fmt: skip


def _preset(name: str) -> OpAmp:
    offset = DATA[f"{name}_offset"].high
    gain, bandwidth, slew, spread, *others = (DATA[f"{name}_{key}"].value for key in _SHEET)
    return OpAmp(name, gain, bandwidth, slew, spread, offset, *others)


OPAMPS: Mapping[str, OpAmp] = MappingProxyType({n: _preset(n) for n in ("opa192", "lmv824", "tl072", "mcp6001")})
"""Amplifiers that one can buy, by typical values of their data sheets (``amplifiers.toml``)."""


@dataclass(frozen=True, eq=False)
class OpAmpNeurons:
    """Neurons of three ``part`` each; ``offsets_v`` (n, 3) are those of the two gain stages and the inverter."""

    activation: Activation
    part: OpAmp
    offsets_v: Float
    uic: bool = True

    def __post_init__(self) -> None:
        g = self.activation
        reach, needed = self.part.reach_v, max(abs(g.low), abs(g.high))
        if needed > reach:
            raise ValueError(
                f"activation swings to {needed:g} V, amplifier {self.part.name!r} only to {reach:g} V; lower the swing "
                "or take an amplifier of higher supply"
            )

    @classmethod
    def drawn(cls, activation: Activation, part: OpAmp, n: int, rng: RNG = 0) -> OpAmpNeurons:
        """Each offset normal with the part's deviation, none beyond the largest."""
        draws = np.random.default_rng(read_seeds(rng, 2)[1]).normal(size=(n, 3))  # the first stream draws the start
        draws *= part.offset_v
        return cls(activation, part, np.clip(draws, -part.largest_offset_v, part.largest_offset_v))

    @cached_property
    def stage(self) -> float:
        """The gain of each stage."""
        g = self.activation
        return max(1.0, sqrt(float(g.slope(g.inverse((g.low + g.high) / 2.0)))))

    @property
    def account(self) -> tuple[str, ...]:
        a, k = self.part, self.stage
        lag = 1e9 * (2.0 * k) / (2.0 * pi * a.bandwidth_hz)
        return (
            f"amplifiers: {a.name}, gain {a.gain:g}, {a.bandwidth_hz:g} Hz, {a.slew_v_s:g} V/s, offsets of "
            f"{a.offset_v:g} V, rails +-{a.rail_v:g} V, {a.supply_a:g} A each",
            f"a neuron is two stages of gain {k:.4g} around a limiter, and an inverter; it lags by {lag:.3g} ns",
        )

    def shared(self) -> Iterator[Element]:
        yield from rails(self.part.rail_v)

    def neuron(self, i: int, w: str | None) -> Iterator[Element]:
        cell = self.cells[w is not None]
        nodes = (f"u{i}", f"v{i}", *([w] if w else []), VDD, VSS)
        offsets = zip(cell.parameters, self.offsets_v[i].tolist(), strict=False)
        yield Instance(f"{i}", cell, nodes, {parameter.name: offset for parameter, offset in offsets})

    @cached_property
    def cells(self) -> tuple[Subcircuit, Subcircuit]:
        """The neuron from u to v, and the one that has the inverted output w as well."""
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
        k, reach = self.stage, self.part.reach_v
        first = np.clip(k * potentials, -reach, reach)
        second = self.activation.value(first / k)
        found: dict[str, float] = {}
        for i, (y, v) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
            inside = {"xy.p": y, "xv.p": v, "xw.p": -v, "my": y / k, "mv": v / k, "x": v / k}
            found |= {f"x{i}.{node}": volt for node, volt in inside.items()}
        return found

    def _stage(self, label: str, source: str, out: str) -> Iterator[Element]:
        """Not inverting, of gain k: the amplifier compares 1/k of its output, or all of it where k is 1."""
        if self.stage == 1.0:
            yield self._part(label, source, out, out)
            return
        ohm = DATA["feedback"].value
        yield self._part(label, source, f"m{label}", out)
        yield Resistor(f"f{label}", out, f"m{label}", ohm)
        yield Resistor(f"g{label}", f"m{label}", GROUND, ohm / (self.stage - 1.0))

    def _part(self, label: str, plus: str, minus: str, out: str) -> Instance:
        return Instance(
            label, self.part.subcircuit, (plus, minus, out, VDD, VSS), {"offset": Reference(f"offset_{label}")}
        )


def rails(volt: float) -> Iterator[Element]:
    """The supply, +-volt against ground."""
    yield BehavioralVoltage(VDD, VDD, GROUND, Number(volt))
    yield BehavioralVoltage(VSS, VSS, GROUND, Number(-volt))


def amplifier(activation: Activation, u: Expression) -> Expression:
    """V = g(u) in the functions that simulators share."""
    gain, swing = activation.gain, activation.swing
    match activation:
        case Tanh():
            return swing * call("tanh", gain * u)
        case Arctan():
            return (swing * 2.0 / pi) * call("atan", (gain * pi / 2.0) * u)
        case Algebraic():
            x = gain * u
            return (swing * x) / call("sqrt", 1.0 + x * x)
        case Logistic():  # by tanh, which does not overflow
            return (swing / 2.0) * (1.0 + call("tanh", (gain / 2.0) * u))
    raise TypeError(f"activation {type(activation).__name__} has no circuit; use Tanh, Arctan, Algebraic or Logistic")


def _volt(node: str) -> Operand:
    return Number(0.0) if node == GROUND else Voltage(node)
