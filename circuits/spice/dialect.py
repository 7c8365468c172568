"""How one simulator wants a circuit written: plain data, without the dialects themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..netlist.circuit import Circuit


@dataclass(frozen=True)
class Dialect:
    """How one simulator wants a circuit written.

    voltage, current : str            format of a behavioral source: {name} {a} {b} {expression}
    analysis : Circuit -> lines       initial voltages, options, analysis and what to save
    command : str                     how to run it, for the reader
    refusal : Circuit -> str or None  what the simulator would drop or compute wrong, with the remedy
    reference : str                   format of a parameter in the expression of a behavioral source
    separator : str                   between an instance and a node within it
    is_flat : bool                    subcircuits and parameters are written out: the simulator gets some uses wrong
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
