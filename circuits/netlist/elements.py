r"""The elements of a circuit as plain frozen data, those with an inside (``Instance``) among them.

Nothing here knows the text of a simulator; ``dialects`` writes it. Names keep to what every simulator of SPICE's family
reads alike: lower-case letters, digits and underscore; ground is ``0``, inside of subcircuits too. Current sources push
their current from ``a`` through themselves to ``b``, so ``CurrentSource("bias", "0", "u", 1e-6)`` feeds 1 uA into u.
A value is a number or an expression of parameters, ``2.0 * Reference("ohm")``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from .expressions import (
    Expression,
    Number,
    Reference,
    Value,
    expression_nodes,
    expression_references,
    is_expression,
    leaves,
)
from .models import DiodeModel, MosModel
from .names import GROUND, NAME_PATTERN, Parameter, check_label, check_node


@dataclass(frozen=True, slots=True)
class Resistor:
    """i = (v_a - v_b) / ohm."""

    letter: ClassVar[str] = "r"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("ohm",)
    name: str
    a: str
    b: str
    ohm: Value

    def __post_init__(self) -> None:
        number = _number(self.name, self.ohm)
        if number is not None and not 0.0 < number < float("inf"):
            raise ValueError(
                f"resistor {self.name!r} has {self.ohm} ohm; give a positive, finite value or leave it out"
            )


@dataclass(frozen=True, slots=True)
class Capacitor:
    """i = farad d(v_a - v_b)/dt."""

    letter: ClassVar[str] = "c"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("farad",)
    name: str
    a: str
    b: str
    farad: Value

    def __post_init__(self) -> None:
        number = _number(self.name, self.farad)
        if number is not None and not 0.0 < number < float("inf"):
            raise ValueError(f"capacitor {self.name!r} has {self.farad} F; give a positive, finite value")


@dataclass(frozen=True, slots=True)
class CurrentSource:
    """A constant current out of node ``a`` into node ``b``."""

    letter: ClassVar[str] = "i"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("ampere",)
    name: str
    a: str
    b: str
    ampere: Value

    def __post_init__(self) -> None:
        number = _number(self.name, self.ampere)
        if number is not None and not isfinite(number):
            raise ValueError(f"current source {self.name!r} has {self.ampere} A; it must be finite")


@dataclass(frozen=True, slots=True)
class Transconductor:
    """A current gm (v_plus - v_minus) out of node ``a`` into node ``b``."""

    letter: ClassVar[str] = "g"
    ends: ClassVar[tuple[str, ...]] = ("a", "b", "plus", "minus")
    values: ClassVar[tuple[str, ...]] = ("siemens",)
    name: str
    a: str
    b: str
    plus: str
    minus: str
    siemens: Value

    def __post_init__(self) -> None:
        number = _number(self.name, self.siemens)
        if number is not None and not isfinite(number):
            raise ValueError(f"transconductor {self.name!r} has {self.siemens} S; it must be finite")


@dataclass(frozen=True, slots=True)
class BehavioralVoltage:
    """v_a - v_b = expression, whatever the current."""

    letter: ClassVar[str] = "b"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("expression",)
    name: str
    a: str
    b: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class BehavioralCurrent:
    """A current of expression amperes out of node ``a`` into node ``b``."""

    letter: ClassVar[str] = "b"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("expression",)
    name: str
    a: str
    b: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Diode:
    """A junction of ``model`` that conducts from ``a`` to ``b``; ``area`` of them side by side."""

    letter: ClassVar[str] = "d"
    ends: ClassVar[tuple[str, ...]] = ("a", "b")
    values: ClassVar[tuple[str, ...]] = ("area",)
    name: str
    a: str
    b: str
    model: DiodeModel
    area: Value = 1.0

    def __post_init__(self) -> None:
        number = _number(self.name, self.area)
        if number is not None and not 0.0 < number < float("inf"):
            raise ValueError(f"diode {self.name!r} has area {self.area}; give how many of its model it is, above 0")


@dataclass(frozen=True, slots=True)
class Mosfet:
    """A transistor of ``model``; its currents are the model's."""

    letter: ClassVar[str] = "m"
    ends: ClassVar[tuple[str, ...]] = ("drain", "gate", "source", "bulk")
    values: ClassVar[tuple[str, ...]] = ("width_m", "length_m")
    name: str
    drain: str
    gate: str
    source: str
    bulk: str
    model: MosModel
    width_m: Value
    length_m: Value

    def __post_init__(self) -> None:
        for size in (self.width_m, self.length_m):
            number = _number(self.name, size)
            if number is not None and not 0.0 < number < 1.0:
                raise ValueError(
                    f"transistor {self.name!r} is {self.width_m} x {self.length_m} m; give W and L in metres"
                )


@dataclass(frozen=True)
class Subcircuit:
    """Elements that circuits take by an :class:`Instance`: between its ports, with nodes of its own inside.

    Its elements may refer to ``parameters``, whose values here are what an instance has unless it gives its own, and
    to those of the circuit.
    """

    name: str
    ports: tuple[str, ...]
    elements: tuple[Element, ...]
    parameters: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        for name in ("ports", "elements", "parameters"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not NAME_PATTERN.fullmatch(self.name):
            raise ValueError(f"subcircuit {self.name!r}: a name is [a-z][a-z0-9_]*")
        nodes = check_nodes(self.elements, self.parameters, self.ports)
        if not self.ports or len(set(self.ports)) < len(self.ports) or GROUND in self.ports:
            raise ValueError(f"subcircuit {self.name!r} has ports {' '.join(self.ports)}; name each once, ground never")
        nodes.update(node for element in self.elements for node in read_nodes(element))
        for port in self.ports:
            if port not in nodes:
                raise ValueError(f"subcircuit {self.name!r}: no element touches port {port!r}; leave the port out")
        hidden = references_inside(self.elements) & {parameter.name for parameter in self.parameters}
        if hidden:  # simulators would take the value here
            raise ValueError(
                f"subcircuit {self.name!r} has a parameter {min(hidden)!r}, to which one within it refers as to the "
                "circuit's; rename it, or hand it on"
            )

    @cached_property
    def inside(self) -> frozenset[str]:
        """The nodes that only the subcircuit knows."""
        return frozenset(wired_nodes(self.elements, self.ports) - set(self.ports) - {GROUND})

    @cached_property
    def instances(self) -> Mapping[str, Instance]:
        """What it is made of that has an inside itself, by the device's name."""
        return subcircuit_instances(self.elements)

    @cached_property
    def devices(self) -> int:
        """Elements, those of its instances counted, not the instances themselves."""
        return sum(e.subcircuit.devices if isinstance(e, Instance) else 1 for e in self.elements)

    @cached_property
    def references(self) -> frozenset[str]:
        """The parameters of the circuit that it or an instance in it refers to."""
        own = {parameter.name for parameter in self.parameters}
        return frozenset(references_to(self.elements) - own | references_inside(self.elements))


@dataclass(frozen=True, slots=True)
class Instance:
    """The elements of ``subcircuit`` with its ports at ``nodes``, and parameters of it that have another value here."""

    letter: ClassVar[str] = "x"
    name: str
    subcircuit: Subcircuit
    nodes: tuple[str, ...]
    parameters: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", tuple(self.nodes))
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        ports, known = self.subcircuit.ports, {parameter.name for parameter in self.subcircuit.parameters}
        what = f"instance {self.name!r} of {self.subcircuit.name!r}"
        if len(self.nodes) != len(ports):
            raise ValueError(f"{what} has {len(self.nodes)} nodes; connect {len(ports)}: {' '.join(ports)}")
        for name, value in self.parameters.items():
            if name not in known:
                raise ValueError(f"{what} sets {name!r}; its parameters are {', '.join(sorted(known)) or 'none'}")
            number = _number(self.name, value)
            if number is not None and not isfinite(number):
                raise ValueError(f"{what} sets {name!r} to {value}; it must be finite")


Element: TypeAlias = (
    Resistor
    | Capacitor
    | CurrentSource
    | Transconductor
    | BehavioralVoltage
    | BehavioralCurrent
    | Diode
    | Mosfet
    | Instance
)


def _number(name: str, value: Value) -> float | None:
    """The value if it is a number, None if it is an expression of parameters; ValueError for other expressions."""
    if not is_expression(value):
        return float(value)
    found = list(leaves(value))
    if any(isinstance(leaf, Reference) for leaf in found) and all(isinstance(x, Reference | Number) for x in found):
        return None
    raise ValueError(f"a value of element {name!r} is neither a number nor an expression of parameters; give one")


def terminals(element: Element) -> tuple[str, ...]:
    """The nodes that an element connects; what it only reads is not among them."""
    match element:
        case Instance():
            return element.nodes
        case Mosfet():
            return (element.drain, element.gate, element.source, element.bulk)
    return (element.a, element.b)


def read_nodes(element: Element) -> tuple[str, ...]:
    """The nodes whose voltages control an element."""
    match element:
        case Transconductor():
            return (element.plus, element.minus)
        case BehavioralVoltage() | BehavioralCurrent():
            return tuple(expression_nodes(element.expression))
    return ()


def element_values(element: Element) -> Iterable[Value]:
    """The values of an element that may refer to parameters."""
    if isinstance(element, Instance):
        return element.parameters.values()
    return [getattr(element, name) for name in element.values]


def device_name(element: Element) -> str:
    """The name a simulator knows the element by: its type's letter, then its own name."""
    return element.letter + element.name


def wired_nodes(elements: Iterable[Element], ports: Collection[str] = ()) -> set[str]:
    """All nodes that an element connects, ground included; ValueError if one reads any other that is no port."""
    wired: set[str] = set()
    read: set[str] = set()
    for element in elements:
        wired.update(terminals(element))
        read.update(read_nodes(element))
    if read.difference(wired, ports, {GROUND}):
        raise ValueError(f"node {min(read.difference(wired, ports, {GROUND}))!r} is read but no element drives it")
    return wired


def check_nodes(elements: Iterable[Element], parameters: Iterable[Parameter], ports: Collection[str] = ()) -> set[str]:
    """``wired_nodes``; ValueError for names of nodes, devices, parameters that simulators misread or that are twice."""
    devices: set[str] = set()
    for element in elements:
        name = device_name(element)
        check_label(element.name)
        if name in devices:
            raise ValueError(f"element {element.name!r} occurs twice; simulators keep one and drop the other")
        devices.add(name)
    nodes = wired_nodes(elements, ports)
    for node in nodes:
        check_node(node)
    names = [parameter.name for parameter in parameters]
    if len(set(names)) < len(names):
        raise ValueError(f"parameter {max(names, key=names.count)!r} occurs twice; keep one")
    return nodes


def subcircuit_instances(elements: Iterable[Element]) -> dict[str, Instance]:
    """{device's name: instance}."""
    return {device_name(element): element for element in elements if isinstance(element, Instance)}


def references_to(elements: Iterable[Element]) -> set[str]:
    """The parameters that the values of ``elements`` refer to."""
    return {name for element in elements for value in element_values(element) for name in expression_references(value)}


def references_inside(elements: Iterable[Element]) -> set[str]:
    """The parameters of the circuit that subcircuits within ``elements`` refer to."""
    inside = {id(e.subcircuit): e.subcircuit for e in elements if isinstance(e, Instance)}
    return {name for subcircuit in inside.values() for name in subcircuit.references}


def element_models(elements: Iterable[Element]) -> Iterator[MosModel | DiodeModel]:
    """The models of elements, in their order."""
    return (element.model for element in elements if isinstance(element, Diode | Mosfet))
