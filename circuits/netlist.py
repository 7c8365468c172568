r"""A circuit as plain frozen data: elements between named nodes, initial voltages, one analysis.

Nothing here knows the text of a simulator; ``dialects`` writes it. Names keep to what every simulator of SPICE's family
reads alike: lower-case letters, digits and underscore; ground is ``0``. Current sources push their current from ``a``
through themselves to ``b``, so ``CurrentSource("bias", "0", "u", 1e-6)`` feeds 1 uA into node u.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from .expressions import Expression, nodes_of

GROUND = "0"
_NODE = re.compile(r"[a-z][a-z0-9_]*")
_LABEL = re.compile(r"[a-z0-9_]+")
_RESERVED = frozenset({"time", "gnd", "temper", "hertz", "all"})  # variables and aliases of one engine or another


@dataclass(frozen=True, slots=True)
class Resistor:
    """i = (v_a - v_b) / ohm."""

    letter: ClassVar[str] = "r"
    name: str
    a: str
    b: str
    ohm: float

    def __post_init__(self) -> None:
        if not 0.0 < self.ohm < float("inf"):
            raise ValueError(
                f"resistor {self.name!r} has {self.ohm} ohm; give a positive, finite value or leave it out"
            )


@dataclass(frozen=True, slots=True)
class Capacitor:
    """i = farad d(v_a - v_b)/dt."""

    letter: ClassVar[str] = "c"
    name: str
    a: str
    b: str
    farad: float

    def __post_init__(self) -> None:
        if not 0.0 < self.farad < float("inf"):
            raise ValueError(f"capacitor {self.name!r} has {self.farad} F; give a positive, finite value")


@dataclass(frozen=True, slots=True)
class CurrentSource:
    """A constant current out of node ``a`` into node ``b``."""

    letter: ClassVar[str] = "i"
    name: str
    a: str
    b: str
    ampere: float

    def __post_init__(self) -> None:
        if not isfinite(self.ampere):
            raise ValueError(f"current source {self.name!r} has {self.ampere} A; it must be finite")


@dataclass(frozen=True, slots=True)
class Transconductor:
    """A current gm (v_plus - v_minus) out of node ``a`` into node ``b``."""

    letter: ClassVar[str] = "g"
    name: str
    a: str
    b: str
    plus: str
    minus: str
    siemens: float

    def __post_init__(self) -> None:
        if not isfinite(self.siemens):
            raise ValueError(f"transconductor {self.name!r} has {self.siemens} S; it must be finite")


@dataclass(frozen=True, slots=True)
class BehaviouralVoltage:
    """v_a - v_b = expression, whatever the current."""

    letter: ClassVar[str] = "b"
    name: str
    a: str
    b: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class BehaviouralCurrent:
    """A current of expression amperes out of node ``a`` into node ``b``."""

    letter: ClassVar[str] = "b"
    name: str
    a: str
    b: str
    expression: Expression


Element: TypeAlias = Resistor | Capacitor | CurrentSource | Transconductor | BehaviouralVoltage | BehaviouralCurrent


def device_name(element: Element) -> str:
    """The name a simulator knows the element by: its type's letter, then its own name."""
    return element.letter + element.name


@dataclass(frozen=True)
class Transient:
    """Integrate from 0 to stop_s with steps of at most step_s.

    With ``uic`` the circuit starts at the initial voltages as given; otherwise it first looks for an operating point
    that holds them. ``reltol``, ``vntol_v`` and ``abstol_a`` bound the error of one step, relative and absolute.
    """

    step_s: float
    stop_s: float
    uic: bool = True
    reltol: float = 1e-8
    vntol_v: float = 1e-9
    abstol_a: float = 1e-15

    def __post_init__(self) -> None:
        if not 0.0 < self.step_s <= self.stop_s < float("inf"):
            raise ValueError(f"step_s is {self.step_s} and stop_s {self.stop_s}; need 0 < step_s <= stop_s, finite")
        if not (1e-12 <= self.reltol < 1.0 and self.vntol_v > 0.0 and self.abstol_a > 0.0):
            raise ValueError(
                f"reltol is {self.reltol}, vntol_v {self.vntol_v}, abstol_a {self.abstol_a}; "
                "need 1e-12 <= reltol < 1 and positive floors"
            )


@dataclass(frozen=True)
class Circuit:
    """Elements, initial voltages {node: V}, the analysis, and the nodes whose voltages are wanted.

    ``title`` and ``comments`` are free text for people; the dialects make them harmless.
    """

    title: str
    elements: tuple[Element, ...]
    analysis: Transient
    saved: tuple[str, ...]
    initial: Mapping[str, float] = field(default_factory=dict)
    comments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "elements", tuple(self.elements))
        object.__setattr__(self, "saved", tuple(self.saved))
        object.__setattr__(self, "initial", MappingProxyType({k: float(v) for k, v in self.initial.items()}))
        nodes = self.nodes()
        for node in nodes - {GROUND}:
            if not _NODE.fullmatch(node) or node in _RESERVED:
                raise ValueError(f"node {node!r}: a name is [a-z][a-z0-9_]* and none of {', '.join(sorted(_RESERVED))}")
        devices: set[str] = set()
        for element in self.elements:
            name = device_name(element)
            if not _LABEL.fullmatch(element.name):
                raise ValueError(f"element {element.name!r}: a name is [a-z0-9_]+")
            if name in devices:
                raise ValueError(f"element {element.name!r} occurs twice; simulators keep one and drop the other")
            devices.add(name)
        for what, names in (("saved", self.saved), ("initial", self.initial)):
            unknown = [name for name in names if name not in nodes or name == GROUND]
            if unknown:
                raise ValueError(f"{what} names node {unknown[0]!r}, which no element touches")
        if not self.saved:
            raise ValueError("saved is empty; name at least one node to look at")
        if not all(isfinite(value) for value in self.initial.values()):
            raise ValueError("initial holds NaN or infinity; every voltage must be finite")

    def nodes(self) -> set[str]:
        """All nodes that an element connects, ground included; ValueError if an expression reads any other."""
        wired: set[str] = set()
        read: set[str] = set()
        for element in self.elements:
            wired.add(element.a)
            wired.add(element.b)
            if isinstance(element, Transconductor):
                read.update((element.plus, element.minus))
            elif isinstance(element, (BehaviouralVoltage, BehaviouralCurrent)):
                read.update(nodes_of(element.expression))
        if read - wired - {GROUND}:
            raise ValueError(f"node {min(read - wired)!r} is read but no element drives it")
        return wired
