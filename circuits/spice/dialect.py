"""The dialect of one simulator: plain data, without the dialects themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..netlist.circuit import Circuit


def _plain(value: float) -> str:
    return repr(float(value))


@dataclass(frozen=True)
class Dialect:
    """The form in which one simulator wants a circuit written.

    Attributes
    ----------
    name : str
        Name of the simulator.
    voltage, current : str
        Format of a behavioral source, with the fields {name}, {a}, {b} and {expression}.
    analysis : callable
        Function from a circuit to the lines of initial voltages, options, analysis and saved nodes.
    command : str
        Command that runs the netlist, for the reader.
    refusal : callable
        Function from a circuit to what the simulator would drop or compute wrong, with the remedy, or None.
    reference : str
        Format of a parameter in the expression of a behavioral source.
    separator : str
        Text between an instance and a node within it.
    is_flat : bool
        Whether subcircuits and parameters are flattened: the simulator gets some uses of them wrong.
    number : callable
        Function from the value of an element to its text.
    is_upper : bool
        Whether names of elements begin with an upper-case letter, as its other tools want them.
    """

    name: str
    voltage: str
    current: str
    analysis: Callable[[Circuit], Iterator[str]]
    command: str
    refusal: Callable[[Circuit], str | None] = lambda circuit: None
    reference: str = "{}"
    separator: str = "."
    is_flat: bool = False
    number: Callable[[float], str] = _plain
    is_upper: bool = False
