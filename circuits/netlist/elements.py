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

from .devices import (
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    CurrentSource,
    Diode,
    Mosfet,
    Resistor,
    Transconductor,
    constant_value,
)
from .expressions import Value, expression_nodes, expression_references
from .models import DiodeModel, MosModel
from .names import GROUND, NAME_PATTERN, Parameter, check_label, check_node


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
            number = constant_value(self.name, value)
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
