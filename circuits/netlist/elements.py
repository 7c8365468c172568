"""The elements of a circuit: devices, and instances of subcircuits, which have an inside.

Nothing here knows the text of a simulator; ``spice`` writes it. Names keep to what every simulator of SPICE's family
reads alike: lower-case letters, digits and underscore; ground is ``0``, inside of subcircuits too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from .card_devices import Bipolar, CardMosfet, ForeignPart, Jfet, Switch
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
from .names import GROUND, NAME_PATTERN, Parameter, check_label, check_node
from .sources import Coupling


@dataclass(frozen=True)
class Subcircuit:
    """Elements between ports, of which circuits take copies by an :class:`Instance`.

    Its elements may refer to its own parameters and to those of the circuit.

    Attributes
    ----------
    name : str
        Name of the subcircuit.
    ports : tuple of str
        Nodes that an instance connects.
    elements : tuple of Element
        Elements between the ports and nodes inside.
    parameters : tuple of Parameter
        Parameters with the values that an instance has unless it gives its own.
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
        """Nodes that only the subcircuit knows."""
        return frozenset(wired_nodes(self.elements, self.ports) - set(self.ports) - {GROUND})

    @cached_property
    def instances(self) -> Mapping[str, Instance]:
        """Instances of subcircuits within this one, by the names of their devices."""
        return subcircuit_instances(self.elements)

    @cached_property
    def devices(self) -> int:
        """Number of elements: those of instances are counted, the instances themselves are not."""
        return sum(e.subcircuit.devices if isinstance(e, Instance) else 1 for e in self.elements)

    @cached_property
    def references(self) -> frozenset[str]:
        """Parameters of the circuit that the subcircuit or an instance in it refers to."""
        own = {parameter.name for parameter in self.parameters}
        return frozenset(references_to(self.elements) - own | references_inside(self.elements))


@dataclass(frozen=True, slots=True)
class Instance:
    """A copy of a subcircuit between given nodes.

    Attributes
    ----------
    name : str
        Name without the letter.
    subcircuit : Subcircuit
        Subcircuit that is copied.
    nodes : tuple of str
        Nodes at its ports.
    parameters : dict of str to Value
        Parameters of the subcircuit that have another value here.
    """

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
    | ForeignPart
    | Instance
)


def terminals(element: Element) -> tuple[str, ...]:
    """Return the nodes that an element connects, without those that it only reads.

    Parameters
    ----------
    element : Element
        Element of a circuit.

    Returns
    -------
    tuple of str
        Nodes in the order of SPICE.
    """
    match element:
        case Instance():
            return element.nodes
        case Mosfet() | CardMosfet():
            return (element.drain, element.gate, element.source, element.bulk)
        case Bipolar():
            return (element.collector, element.base, element.emitter, element.substrate)
        case Jfet():
            return (element.drain, element.gate, element.source)
        case Coupling():
            return ()
    return (element.a, element.b)


def read_nodes(element: Element) -> tuple[str, ...]:
    """Return the nodes whose voltages control an element.

    Parameters
    ----------
    element : Element
        Element of a circuit.

    Returns
    -------
    tuple of str
        Nodes that it reads.
    """
    match element:
        case Transconductor() | Switch():
            return (element.plus, element.minus)
        case BehavioralVoltage() | BehavioralCurrent():
            return tuple(expression_nodes(element.expression))
    return ()


def element_values(element: Element) -> Iterable[Value]:
    """Return the values of an element that may refer to parameters.

    Parameters
    ----------
    element : Element
        Element of a circuit.

    Returns
    -------
    iterable of Value
        Numbers and expressions.
    """
    if isinstance(element, Instance):
        return element.parameters.values()
    return [getattr(element, name) for name in element.values]


def device_name(element: Element) -> str:
    """Return the name of an element in SPICE: the letter of its type, then its own name.

    Parameters
    ----------
    element : Element
        Element of a circuit.

    Returns
    -------
    str
        Name such as ``r1``.
    """
    return element.letter + element.name


def wired_nodes(elements: Iterable[Element], ports: Collection[str] = ()) -> set[str]:
    """Return the nodes that elements connect, ground included.

    Parameters
    ----------
    elements : iterable of Element
        Elements of a circuit or a subcircuit.
    ports : collection of str, optional
        Nodes that are connected from outside.

    Returns
    -------
    set of str
        Names of nodes.

    Raises
    ------
    ValueError
        If an element reads a node that nothing connects.
    """
    wired: set[str] = set()
    read: set[str] = set()
    for element in elements:
        wired.update(terminals(element))
        read.update(read_nodes(element))
    if read.difference(wired, ports, {GROUND}):
        raise ValueError(f"node {min(read.difference(wired, ports, {GROUND}))!r} is read but no element drives it")
    return wired


def check_nodes(elements: Iterable[Element], parameters: Iterable[Parameter], ports: Collection[str] = ()) -> set[str]:
    """Check the names of nodes, devices and parameters, and return the nodes.

    Parameters
    ----------
    elements : iterable of Element
        Elements of a circuit or a subcircuit.
    parameters : iterable of Parameter
        Parameters of it.
    ports : collection of str, optional
        Nodes that are connected from outside.

    Returns
    -------
    set of str
        Nodes as of :func:`wired_nodes`.

    Raises
    ------
    ValueError
        If simulators would misread a name, or it occurs twice.
    """
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
    """Return the instances among elements by the names of their devices.

    Parameters
    ----------
    elements : iterable of Element
        Elements of a circuit.

    Returns
    -------
    dict of str to Instance
        {name of the device: instance}.
    """
    return {device_name(element): element for element in elements if isinstance(element, Instance)}


def references_to(elements: Iterable[Element]) -> set[str]:
    """Return the parameters that the values of elements refer to.

    Parameters
    ----------
    elements : iterable of Element
        Elements of a circuit.

    Returns
    -------
    set of str
        Names of parameters.
    """
    return {name for element in elements for value in element_values(element) for name in expression_references(value)}


def references_inside(elements: Iterable[Element]) -> set[str]:
    """Return the parameters of the circuit that subcircuits within elements refer to.

    Parameters
    ----------
    elements : iterable of Element
        Elements of a circuit.

    Returns
    -------
    set of str
        Names of parameters.
    """
    inside = {id(e.subcircuit): e.subcircuit for e in elements if isinstance(e, Instance)}
    return {name for subcircuit in inside.values() for name in subcircuit.references}
