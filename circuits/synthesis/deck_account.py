"""The comments of a netlist: what the circuit is, and where the numbers of its amplifiers are from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from neuromorph.analog import AnalogNetwork

from ..spice.lines import COLUMNS
from . import cmos_neuron as transistors
from .hopfield_circuit import count_resistors
from .opamp import DATA, OPAMPS, OpAmp
from .vendor_opamp import VendorOpAmp


def deck_account(network: AnalogNetwork, notes: Sequence[str]) -> tuple[str, ...]:
    """Return the lines that tell a reader of the netlist what the circuit is.

    Parameters
    ----------
    network : AnalogNetwork
        Network of component values.
    notes : sequence of str
        What its components change.

    Returns
    -------
    tuple of str
        Lines.
    """
    g = network.activation
    tau = network.time_constants_s
    return (
        f"Hopfield network of {network.size} neurons, {count_resistors(network)} resistors",
        f"activation: {type(g).__name__}, gain {g.gain:g} /V, rails {g.low:g} .. {g.high:g} V",
        f"time constants R C: {tau.min():.4g} .. {tau.max():.4g} s",
        "nodes: u0, u1, ... inputs; v0, v1, ... outputs; w0, w1, ... inverted outputs",
        *notes,
    )


def amplifier_sources(level: str, opamp: OpAmp | VendorOpAmp | None) -> Iterator[str]:
    """Return the sources of the amplifiers' numbers, each once.

    Parameters
    ----------
    level : str
        Level of the amplifiers.
    opamp : OpAmp, VendorOpAmp or None
        Op-amp, at levels that have one.

    Yields
    ------
    str
        One line after the other.
    """
    if level == "ideal":
        yield "amplifiers: ideal, one source each"
        return
    if isinstance(opamp, VendorOpAmp):
        yield from (f"warning: {opamp.source}, {note}" for note in opamp.notes)
        return
    if opamp is None:
        data = {key: transistors.DATA[key] for key in transistors.DATA}
    elif OPAMPS.get(opamp.name) == opamp:
        data = {key: DATA[key] for key in DATA if key.startswith(f"{opamp.name}_")}
    else:
        yield f"amplifier {opamp.name}: numbers as given"
        return
    yield "where the numbers of the amplifiers are from:"
    told: dict[str, list[str]] = {}
    for key, datum in data.items():
        told.setdefault(f"{datum.kind}, {datum.source}", []).append(key.removeprefix(f"{opamp.name}_" if opamp else ""))
    for source, keys in told.items():
        yield from wrap(f"{', '.join(keys)}: {source}", COLUMNS - 2)
