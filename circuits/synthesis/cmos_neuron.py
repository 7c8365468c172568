r"""A neuron's amplifier in CMOS: two differential pairs, whose currents are mirrored into a resistor at the output.

.. math:: \frac{I_1 - I_2}{I_t} = x \sqrt{1 - x^2 / 4}, \quad x = u / V_o, \quad V_o = \sqrt{I_t / \beta},
    \qquad |x| \le \sqrt 2

above threshold, and all of I_t beyond, where

- I_1 and I_2 are the currents of the pair, I_t its tail current, u its differential input,
- beta = KP W/L of its transistors, and V_o their overdrive.

That is within 3.3 % of its range of tanh(1.233 x) (test_amplifiers.py), so V_o chooses the gain; pairs below
threshold would follow tanh exactly, but level 1 has no current there. One pair of sane W/L has a gain of a few per
volt: a first pair with resistors raises u to a differential swing D, the second saturates well within it.

Cell, between +-2.5 V: ``ta`` bias -> pair ``a``, ``b`` with loads to vdd -> pair ``c``, ``d`` on ``tb`` -> PMOS diodes
-> mirrors of ratio M: I_1 sources into v and I_2, turned round by an NMOS mirror, sinks from it; the inverted output w
takes them the other way round. A netlist has one subcircuit for the cell and an instance for each neuron. Widths are
corrected for the channel-length modulation at rest.
Source: Shichman and Hodges, IEEE J. Solid-State Circuits 3, 285 (1968) for level 1; values: ``transistors.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from math import sqrt
from typing import Literal

from scipy import sparse

from neuromorph.analog import AnalogNetwork, Tanh
from neuromorph.datum import read_data
from neuromorph.ising import Float

from ..netlist.circuit import GROUND, Element, Instance, Mosfet, MosModel, Resistor, Subcircuit
from .opamp import VDD, VSS, rails

DATA = read_data(files(__package__).joinpath("transistors.toml").read_text())

STATIC = 0.05  # largest distance of a cell with headroom from tanh, of full scale (test_amplifiers.py)
SLOPE = 1.233  # a in tanh(a x) that is nearest to the pair's x sqrt(1 - x^2 / 4)
_GAINS = 5.0, 100.0  # range, 1/V: pairs below run out of headroom, pairs above leave strong inversion
_NO_LOAD_S = 1e-6  # load of a network without synapses, S
_LARGEST_W = 2e-3  # widest transistor, laid out in fingers, m


def _card(channel: Literal["n", "p"]) -> MosModel:
    threshold, kp, body, surface, modulation = (
        DATA[f"{channel}mos_{key}"].value for key in ("threshold", "kp", "body", "surface", "modulation")
    )
    oxide, overlap = DATA["oxide"].value, DATA["overlap"].value
    return MosModel(f"{channel}mos2u", channel, threshold, kp, body, surface, modulation, oxide, overlap)


NMOS, PMOS = _card("n"), _card("p")


@dataclass(frozen=True, eq=False)
class CmosNeurons:
    """CMOS neurons for a network with ``Tanh``, all alike.

    Attributes
    ----------
    activation : Tanh
        Activation of the neurons.
    load_s : float
        Conductance of the synapses at the output that drives most of them, S.
    uic : bool
        Whether ``initial`` is a complete start.
    """

    activation: Tanh
    load_s: float
    uic: bool = False

    def __post_init__(self) -> None:
        g, low, high = self.activation, *_GAINS
        if not isinstance(g, Tanh):
            raise TypeError(
                f"activation is {type(g).__name__}; a CMOS pair follows Tanh, take level 'opamp' for others"
            )
        if not low <= g.gain <= high:
            raise ValueError(f"gain is {g.gain:g} /V; CMOS pairs of sane size have {low:g} to {high:g}: take one there")
        room = DATA["rail"].value - DATA["mirror_overdrive"].value
        if g.swing > room:
            raise ValueError(f"swing is {g.swing:g} V; the CMOS outputs keep headroom up to {room:g} V: lower it")
        widest = max(float(e.width_m) for e in self._outputs("v", "c", "d") if isinstance(e, Mosfet))
        if widest > _LARGEST_W:
            raise ValueError(
                f"the synapses draw {1e3 * self.activation.swing * self.load_s:.3g} mA from an output, "
                f"which needs transistors {1e3 * widest:.3g} mm wide; scale the conductances down "
                f"{widest / _LARGEST_W:.2g} times (circuits.ComponentRange) or more"
            )

    @classmethod
    def of(cls, network: AnalogNetwork) -> CmosNeurons:
        """Return the neurons of a network.

        Parameters
        ----------
        network : AnalogNetwork
            Network whose synapses load the outputs.

        Returns
        -------
        CmosNeurons
            Neurons whose outputs drive all of its synapses.
        """
        t = sparse.csr_array(network.conductances)
        loads = [float(abs(half).sum(axis=0).max()) for half in (t.maximum(0.0), t.minimum(0.0))]
        return cls(network.activation, max(loads))  # type: ignore[arg-type]  # checked above

    @property
    def overdrive_v(self) -> float:
        """Overdrive V_o of both pairs, V: D / V_o^2 is the slope of x with u."""
        return sqrt(DATA["first_swing"].value * SLOPE / self.activation.gain)

    @property
    def conductance_s(self) -> float:
        """Conductance of the load at each output, S.

        The synapses come on top: where the network rests they hardly draw current, for u and v agree.
        """
        return DATA["stiffness"].value * (self.load_s or _NO_LOAD_S)

    @property
    def tail_a(self) -> float:
        """Tail current of the second pair, A."""
        return self.activation.swing * self.conductance_s / DATA["ratio"].value

    @property
    def account(self) -> tuple[str, ...]:
        """Lines that tell a reader of the netlist what the amplifiers are."""
        cell = [e for e in self.cells[True].elements if isinstance(e, Mosfet)]
        sizes = [float(e.width_m) / float(e.length_m) for e in cell]
        return (
            f"amplifiers: CMOS, {len(cell)} transistors a neuron, W/L {min(sizes):.3g} to {max(sizes):.3g}, rails "
            f"+-{DATA['rail'].value:g} V; pairs at {self.overdrive_v:.3g} V overdrive",
            f"a neuron draws {self.supply_a:.3g} A",
        )

    @property
    def supply_a(self) -> float:
        """Supply current of a neuron, A: of the pairs, then I_1 + I_2 once and M times."""
        return DATA["bias"].value + self.tail_a * (2.0 + DATA["ratio"].value)

    def shared(self) -> Iterator[Element]:
        """Return the rails and the bias that all neurons share.

        Yields
        ------
        Element
            One element after the other.
        """
        rail, bias, drive = (DATA[key].value for key in ("rail", "bias", "overdrive"))
        yield from rails(rail)
        yield Resistor("bias", VDD, "bias", (2.0 * rail - NMOS.threshold_v - drive) / bias)
        yield _nmos("bias", "bias", "bias", VSS, bias, drive, _diode(NMOS, drive))

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
        nodes = (f"u{i}", f"v{i}", *([w] if w else []), "bias", VDD, VSS)
        yield Instance(f"{i}", self.cells[w is not None], nodes)

    @cached_property
    def cells(self) -> tuple[Subcircuit, Subcircuit]:
        """Subcircuits of the neuron from u to v, and of the one with the inverted output w."""
        plain = (*self._pairs(), *self._outputs("v", "c", "d"))
        rails = ("bias", VDD, VSS)
        return (
            Subcircuit("neuron", ("u", "v", *rails), plain),
            Subcircuit("neuron_w", ("u", "v", "w", *rails), (*plain, *self._outputs("w", "d", "c"))),
        )

    def _pairs(self) -> Iterator[Element]:
        """Return the two pairs, from u to the diodes c and d."""
        rail, bias, drive, swing = (DATA[key].value for key in ("rail", "bias", "overdrive", "first_swing"))
        o, tail, rest = self.overdrive_v, self.tail_a, rail - swing / 2.0
        for node in "ab":
            yield Resistor(node, VDD, node, swing / bias)
        # A tail sees its pair's gates at rest, less threshold (with body effect) and overdrive.
        yield _nmos("ta", "ta", "bias", VSS, bias, drive, _under(0.0, o, rail))
        yield _nmos("a", "a", "u", "ta", bias, o * sqrt(2.0), None)
        yield _nmos("b", "b", GROUND, "ta", bias, o * sqrt(2.0), None)
        yield _nmos("tb", "tb", "bias", VSS, tail, drive, _under(rest, o, rail))
        yield _nmos("c", "c", "b", "tb", tail, o * sqrt(2.0), None)
        yield _nmos("d", "d", "a", "tb", tail, o * sqrt(2.0), None)
        for node in "cd":
            yield _pmos(f"k{node}", node, node, tail, _diode(PMOS, DATA["mirror_overdrive"].value))

    def initial(self, potentials: Float) -> dict[str, float]:
        """Return no initial voltages: an operating point finds them.

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

    def _outputs(self, out: str, source: str, sink: str) -> Iterator[Mosfet | Resistor]:
        """Return mirrors that source the current of one diode into ``out`` and sink that of the other, M times."""
        rail, over, ratio = (DATA[key].value for key in ("rail", "mirror_overdrive", "ratio"))
        most, beyond = ratio * self.tail_a, rail - self.activation.swing  # extremes of the output
        turn, seen = f"x{out}", _diode(NMOS, over)
        yield _pmos(f"p{out}", out, source, most, beyond)
        yield _pmos(f"x{out}", turn, sink, self.tail_a, 2.0 * rail - seen)
        yield _nmos(f"x{out}", turn, turn, VSS, self.tail_a, over, seen, f"y{out}")
        yield _nmos(f"n{out}", out, turn, VSS, most, over, beyond)
        yield Resistor(f"o{out}", out, GROUND, 1.0 / self.conductance_s)


def _nmos(
    label: str, drain: str, gate: str, source: str, ampere: float, over: float, volt: float | None, name: str = ""
) -> Mosfet:
    """Return a transistor that carries ``ampere`` at this overdrive.

    The drain-source voltage corrects the width for channel-length modulation; None neglects it.
    """
    length, kp = DATA["length"].value, NMOS.kp * (1.0 + NMOS.modulation * (volt or 0.0))
    return Mosfet(name or label, drain, gate, source, VSS, NMOS, 2.0 * ampere * length / (kp * over**2), length)


def _pmos(label: str, drain: str, gate: str, ampere: float, volt: float) -> Mosfet:
    length, kp, over = DATA["length"].value, PMOS.kp * (1.0 + PMOS.modulation * volt), DATA["mirror_overdrive"].value
    return Mosfet(label, drain, gate, VDD, VDD, PMOS, 2.0 * ampere * length / (kp * over**2), length)


def _diode(model: MosModel, over: float) -> float:
    """Return the gate-source voltage of a transistor whose source is at its bulk, V."""
    return abs(model.threshold_v) + over


def _under(gate: float, over: float, rail: float) -> float:
    """Return the drain-source voltage of a tail below a pair whose gates are at ``gate``, V."""
    bulk = gate + rail
    source = bulk - NMOS.threshold_v - over
    for _ in range(20):  # the threshold rises with the source: a contraction
        body = NMOS.body_v * (sqrt(NMOS.surface_v + max(source, 0.0)) - sqrt(NMOS.surface_v))
        source = bulk - NMOS.threshold_v - body - over
    return source
