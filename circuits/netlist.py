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
from typing import ClassVar, Literal, TypeAlias

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


@dataclass(frozen=True, slots=True)
class MosModel:
    """A MOSFET of SPICE's level 1: in saturation I = KP/2 W/L (v_gs - V_th)^2 (1 + lambda v_ds).

    channel : "n" or "p"
    threshold_v : V_th without body effect; negative for p
    kp : KP, A/V^2;  body_v : gamma, V^(1/2);  surface_v : 2 phi_F, V;  modulation : lambda, 1/V
    oxide_m : thickness, m;  overlap_f_m : of the gate over source and drain, each, F per m of width
    """

    name: str
    channel: Literal["n", "p"]
    threshold_v: float
    kp: float
    body_v: float
    surface_v: float
    modulation: float
    oxide_m: float
    overlap_f_m: float

    def __post_init__(self) -> None:
        positive = (self.kp, self.surface_v, self.oxide_m)
        others = (self.body_v, self.modulation, self.overlap_f_m)
        if not (
            _LABEL.fullmatch(self.name)
            and self.channel in ("n", "p")
            and all(0.0 < x < float("inf") for x in positive)
            and all(0.0 <= x < float("inf") for x in others)
            and isfinite(self.threshold_v)
        ):
            raise ValueError(f"{self}: needs a name [a-z0-9_]+, channel n or p, finite values, none negative")


@dataclass(frozen=True, slots=True)
class Mosfet:
    """A transistor of ``model``; its currents are the model's."""

    letter: ClassVar[str] = "m"
    name: str
    drain: str
    gate: str
    source: str
    bulk: str
    model: MosModel
    width_m: float
    length_m: float

    def __post_init__(self) -> None:
        if not (0.0 < self.width_m < 1.0 and 0.0 < self.length_m < 1.0):
            raise ValueError(f"transistor {self.name!r} is {self.width_m} x {self.length_m} m; give W and L in metres")


Element: TypeAlias = (
    Resistor | Capacitor | CurrentSource | Transconductor | BehaviouralVoltage | BehaviouralCurrent | Mosfet
)


def terminals(element: Element) -> tuple[str, ...]:
    """The nodes that an element connects; what it only reads is not among them."""
    if isinstance(element, Mosfet):
        return (element.drain, element.gate, element.source, element.bulk)
    return (element.a, element.b)


def read_nodes(element: Element) -> tuple[str, ...]:
    """The nodes whose voltages control an element."""
    match element:
        case Transconductor():
            return (element.plus, element.minus)
        case BehaviouralVoltage() | BehaviouralCurrent():
            return tuple(nodes_of(element.expression))
    return ()


def check_node(node: str) -> None:
    """ValueError unless every simulator reads ``node`` alike."""
    if node != GROUND and (not _NODE.fullmatch(node) or node in _RESERVED):
        raise ValueError(f"node {node!r}: a name is [a-z][a-z0-9_]* and none of {', '.join(sorted(_RESERVED))}")


def check_label(name: str) -> None:
    """ValueError unless ``name``, behind the letter of its type, is a device's name to every simulator."""
    if not _LABEL.fullmatch(name):
        raise ValueError(f"element {name!r}: a name is [a-z0-9_]+")


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
        for node in nodes:
            check_node(node)
        devices: set[str] = set()
        for element in self.elements:
            name = device_name(element)
            check_label(element.name)
            if name in devices:
                raise ValueError(f"element {element.name!r} occurs twice; simulators keep one and drop the other")
            devices.add(name)
        self.models()
        for what, names in (("saved", self.saved), ("initial", self.initial)):
            unknown = [name for name in names if name not in nodes or name == GROUND]
            if unknown:
                raise ValueError(f"{what} names node {unknown[0]!r}, which no element touches")
        if not self.saved:
            raise ValueError("saved is empty; name at least one node to look at")
        if not all(isfinite(value) for value in self.initial.values()):
            raise ValueError("initial holds NaN or infinity; every voltage must be finite")

    def models(self) -> tuple[MosModel, ...]:
        """The model cards that its transistors need, each once; ValueError if two have one name."""
        found: dict[str, MosModel] = {}
        for element in self.elements:
            if isinstance(element, Mosfet) and found.setdefault(element.model.name, element.model) != element.model:
                raise ValueError(f"model {element.model.name!r} occurs with two sets of values; give each its own name")
        return tuple(found.values())

    def nodes(self) -> set[str]:
        """All nodes that an element connects, ground included; ValueError if an expression reads any other."""
        wired: set[str] = set()
        read: set[str] = set()
        for element in self.elements:
            wired.update(terminals(element))
            read.update(read_nodes(element))
        if read - wired - {GROUND}:
            raise ValueError(f"node {min(read - wired)!r} is read but no element drives it")
        return wired
