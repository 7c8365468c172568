r"""A neuron and its synapses in SKY130, below threshold: one pair, whose halves are mirrored once for each synapse.

.. math:: I_1 - I_2 = I_t \tanh(g u), \qquad g = \frac{1}{2 n U_T}

where

- I_1 and I_2 are the currents of the pair, I_t its tail current, u its input against the signals' ground,
- n is the slope factor of its transistors and U_T = kT/q: unlike above threshold the pair is a tanh.

Cell, between +-0.9 V: tail -> pair ``a``, ``b`` -> PMOS diodes p1, p2 -> mirrors into NMOS diodes n1, n2. A synapse of
weight k is k unit transistors at p1 and k at n2, which source k I_1 into the other neuron's input and sink k I_2 from
it; one of weight -k takes p2 and n1. It loads no one, so that the input's resistor is free. The output v is a synapse
of weight 1 into a resistor. Devices nfet_01v8 and pfet_01v8_lvt, for a low threshold leaves room for u below the
diodes; sizes stand in the tables of the process.
Source: Mead, Analog VLSI and Neural Systems (1989), chapter 5, for the pair; constants: ``cell.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from neuromorph.datum import read_data

from ..netlist.card_devices import CardMosfet
from ..netlist.circuit import GROUND, Element, Instance, Resistor, Subcircuit
from ..netlist.sources import Transresistance, VoltageSource
from ..synthesis.opamp import VDD, VSS
from .models import device_card

DATA = read_data(files(__package__).joinpath("cell.toml").read_text())
NMOS, PMOS = "nfet_01v8", "pfet_01v8_lvt"
PAIR, SOURCE, MIRROR = (5.0, 2.0), (1.0, 8.0), (5.0, 4.0)  # W and L of pair, NMOS source and PMOS mirror, um
SYNAPSE_LINES = ("p1", "p2", "n1", "n2")  # gates of a neuron's synapses
SENSE_OHM = 1e6  # volt at the nodes i_vdd and i_vss for each ampere of the supplies


@dataclass(frozen=True)
class Sky130Cell:
    """Transistors of one corner.

    Attributes
    ----------
    corner : str
        Corner of the process: "tt", "ff", "ss", "sf" or "fs".
    """

    corner: str = "tt"

    def nmos(self, name: str, drain: str, gate: str, source: str, size: tuple[float, float] = SOURCE,
             count: float = 1.0) -> CardMosfet:  # fmt: skip
        """Return an NMOS transistor.

        Parameters
        ----------
        name : str
            Name without the letter.
        drain, gate, source : str
            Nodes; the bulk is the lower rail.
        size : (float, float), optional
            W and L, um; those of a source by default.
        count : float, default 1.0
            Number side by side.

        Returns
        -------
        CardMosfet
            The transistor.
        """
        card = device_card(NMOS, self.corner, *size)
        return CardMosfet(name, drain, gate, source, VSS, card, size[0] / 1e6, size[1] / 1e6, count)

    def pmos(
        self, name: str, drain: str, gate: str, size: tuple[float, float] = MIRROR, count: float = 1.0
    ) -> CardMosfet:
        """Return a PMOS transistor whose source is the upper rail.

        Parameters
        ----------
        name : str
            Name without the letter.
        drain, gate : str
            Nodes.
        size : (float, float), optional
            W and L, um; those of a mirror by default.
        count : float, default 1.0
            Number side by side.

        Returns
        -------
        CardMosfet
            The transistor.
        """
        card = device_card(PMOS, self.corner, *size)
        return CardMosfet(name, drain, gate, VDD, VDD, card, size[0] / 1e6, size[1] / 1e6, count)

    def shared(self, with_biases: bool = False) -> Iterator[Element]:
        """Return supplies and reference.

        Parameters
        ----------
        with_biases : bool, default False
            Whether constant currents are mirrored from the reference, too.

        Yields
        ------
        Element
            One element after the other.
        """
        rail, ratio = DATA["rail"].value, DATA["reference_ratio"].value
        yield VoltageSource(VDD, VDD, GROUND, rail)
        yield VoltageSource(VSS, VSS, GROUND, -rail)
        for node in (VDD, VSS):
            yield Transresistance(f"i_{node}", f"i_{node}", GROUND, f"v{node}", SENSE_OHM)
        yield Resistor("bias", VDD, "bias", DATA["reference_drop"].value / (ratio * DATA["unit_current"].value))
        yield self.nmos("bias", "bias", "bias", VSS, count=ratio)
        if with_biases:
            yield self.nmos("nbias", "pbias", "bias", VSS)
            yield self.pmos("pbias", "pbias", "pbias")

    @cached_property
    def neuron(self) -> Subcircuit:
        """Subcircuit of u, v, the lines of its synapses, the reference and the rails: 11 transistors."""
        elements = (
            self.nmos("t", "t", "bias", VSS),
            self.nmos("a", "p1", "u", "t", PAIR),
            self.nmos("b", "p2", GROUND, "t", PAIR),
            self.pmos("p1", "p1", "p1"),
            self.pmos("p2", "p2", "p2"),
            self.pmos("q1", "n1", "p1"),
            self.pmos("q2", "n2", "p2"),
            self.nmos("n1", "n1", "n1", VSS),
            self.nmos("n2", "n2", "n2", VSS),
            self.pmos("ov", "v", "p1"),
            self.nmos("ow", "v", "n2", VSS),
            Resistor("v", "v", GROUND, DATA["swing"].value / DATA["unit_current"].value),
        )
        return Subcircuit("sky130_neuron", ("u", "v", *SYNAPSE_LINES, "bias", VDD, VSS), elements)

    def synapse(self, weight: int) -> Subcircuit:
        """Return the subcircuit of a synapse: u, the gates of source and sink, the rails.

        Parameters
        ----------
        weight : int
            Number of unit transistors, above 0; the sign is in the lines that it takes.

        Returns
        -------
        Subcircuit
            Two transistors.
        """
        elements = (
            self.pmos("p", "u", "p", count=float(weight)),
            self.nmos("n", "u", "n", VSS, count=float(weight)),
        )
        return Subcircuit(f"sky130_synapse{weight}", ("u", "p", "n", VDD, VSS), elements)

    def neuron_of(self, i: int) -> Instance:
        """Return the instance of a neuron.

        Parameters
        ----------
        i : int
            Number of the neuron.

        Returns
        -------
        Instance
            The instance.
        """
        return Instance(f"{i}", self.neuron, (f"u{i}", f"v{i}", *lines_of(i), "bias", VDD, VSS))


def lines_of(i: int) -> tuple[str, ...]:
    """Return the nodes of a neuron's lines.

    Parameters
    ----------
    i : int
        Number of the neuron.

    Returns
    -------
    tuple of str
        Nodes p1, p2, n1 and n2 of it.
    """
    return tuple(f"{line}_{i}" for line in SYNAPSE_LINES)
