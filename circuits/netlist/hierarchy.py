"""Flattening: a circuit without subcircuits and parameters, and the names of nodes and devices within instances.

The element ``r1`` within instance ``a`` within instance ``0`` is ``rx0_xa_1`` in the flat circuit and ``r.x0.xa.r1`` to
ngspice; the node ``pole`` there is ``x0_xa_pole`` and ``x0.xa.pole``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from .circuit import GROUND, BehavioralCurrent, BehavioralVoltage, Circuit, Element, Instance, Subcircuit, device_name
from .elements import subcircuit_instances
from .expressions import (
    Expression,
    Leaf,
    Number,
    Reference,
    Value,
    Voltage,
    evaluate_expression,
    is_expression,
    with_leaves,
)

MAX_DEVICES = 4_000_000  # a few lines of instances of instances may stand for more than a memory holds


def flatten_circuit(circuit: Circuit) -> Circuit:
    """Flatten a circuit to plain elements with numbers for values.

    Parameters
    ----------
    circuit : Circuit
        Circuit with subcircuits and parameters.

    Returns
    -------
    Circuit
        The flat circuit; the same object if it is flat already.

    Raises
    ------
    ValueError
        If a new name is taken, or there are more than 4,000,000 elements.
    """
    if not circuit.parameters and not subcircuit_instances(circuit.elements):
        return circuit
    count = device_count(circuit)
    if count > MAX_DEVICES:
        raise ValueError(f"the circuit has {count} elements without subcircuits; at most {MAX_DEVICES} are written out")
    known = {parameter.name: float(parameter.value) for parameter in circuit.parameters}
    taken = circuit.nodes()

    def inner(path: str) -> str:
        node = flat_node(path)
        if node in taken:
            raise ValueError(f"node {path!r} becomes {node!r}, which another node is named; rename it or its instance")
        taken.add(node)
        return node

    elements = tuple(_flat(circuit.elements, "", {}, known, known, inner))
    return replace(
        circuit,
        elements=elements,
        parameters=(),
        saved=tuple(map(flat_node, circuit.saved)),
        initial={flat_node(path): volt for path, volt in circuit.initial.items()},
    )


def resolve_parameters(circuit: Circuit) -> Circuit:
    """Return the circuit with numbers for the parameters of its own elements.

    Parameters
    ----------
    circuit : Circuit
        Circuit with parameters.

    Returns
    -------
    Circuit
        The same circuit; parameters that subcircuits refer to are kept.
    """
    known = {parameter.name: parameter.value for parameter in circuit.parameters}
    if not known:
        return circuit

    def number(leaf: Leaf) -> Expression:
        return Number(float(known[leaf.parameter])) if isinstance(leaf, Reference) else leaf

    elements: list[Element] = []
    for element in circuit.elements:
        if isinstance(element, Instance):
            given = {name: _value(value, known) for name, value in element.parameters.items()}
            elements.append(replace(element, parameters=given))
            continue
        changed: dict[str, object] = {}
        for name in element.values:
            value = getattr(element, name)
            if isinstance(element, BehavioralVoltage | BehavioralCurrent):
                changed[name] = with_leaves(value, number)
            else:
                changed[name] = _value(value, known)
        elements.append(replace(element, **changed))  # type: ignore[arg-type]
    kept = {name for element in elements if isinstance(element, Instance) for name in element.subcircuit.references}
    parameters = tuple(parameter for parameter in circuit.parameters if parameter.name in kept)
    return replace(circuit, elements=tuple(elements), parameters=parameters)


def flat_node(path: str) -> str:
    """Return the name of a node in the flat circuit.

    Parameters
    ----------
    path : str
        Path of the node.

    Returns
    -------
    str
        The path with underscores for dots.
    """
    return path.replace(".", "_")


def node_paths(circuit: Circuit) -> list[str]:
    """Return the paths of all nodes but ground, also of those inside of instances.

    Parameters
    ----------
    circuit : Circuit
        Circuit whose nodes are listed.

    Returns
    -------
    list of str
        Sorted paths.
    """

    def inside(instances: Mapping[str, Instance], path: str) -> Iterator[str]:
        for name, instance in instances.items():
            yield from (f"{path}{name}.{node}" for node in instance.subcircuit.inside)
            yield from inside(instance.subcircuit.instances, f"{path}{name}.")

    return sorted([*(circuit.nodes() - {GROUND}), *inside(subcircuit_instances(circuit.elements), "")])


def device_count(circuit: Circuit) -> int:
    """Count the elements of a circuit, those inside of instances included.

    Parameters
    ----------
    circuit : Circuit
        Circuit whose elements are counted.

    Returns
    -------
    int
        Number of elements without the instances themselves.
    """
    return sum(e.subcircuit.devices if isinstance(e, Instance) else 1 for e in circuit.elements)


def device_paths(elements: Iterable[Element], path: str = "") -> Iterator[str]:
    """Iterate over the names by which ngspice knows devices and those of their instances.

    Parameters
    ----------
    elements : iterable of Element
        Elements of a circuit.
    path : str, default ""
        Path of the instance that holds them, each name behind a dot.

    Yields
    ------
    str
        Name such as ``r.x0.xa.r1``.
    """
    for element in elements:
        name = device_name(element)
        if isinstance(element, Instance):
            yield from device_paths(element.subcircuit.elements, f"{path}.{name}")
        else:
            yield f"{element.letter}{path}.{name}" if path else name


def _flat(
    elements: Iterable[Element],
    path: str,
    nodes: Mapping[str, str],
    known: Mapping[str, float],
    shared: Mapping[str, float],
    inner: Callable[[str], str],
) -> Iterator[Element]:
    """Yield elements with ``path`` before their names, nodes and parameters replaced; ``shared`` are the circuit's."""

    def number(leaf: Leaf) -> Expression:
        match leaf:
            case Voltage(node):
                return Voltage(nodes.get(node, node))
            case Reference(parameter):
                return Number(float(known[parameter]))
        return leaf

    for element in elements:
        if isinstance(element, Instance):
            yield from _inside(element, f"{path}{device_name(element)}.", nodes, known, shared, inner)
            continue
        if not path and not any(is_expression(getattr(element, name)) for name in element.values):
            yield element
            continue
        changed: dict[str, object] = {"name": flat_node(path) + element.name}
        changed |= {end: nodes.get(getattr(element, end), getattr(element, end)) for end in element.ends}
        for device in getattr(element, "devices", ()):  # controlled by a device beside it
            inside = getattr(element, device)
            changed[device] = inside[0] + flat_node(path) + inside[1:]
        for name in element.values:
            value = getattr(element, name)
            if isinstance(element, BehavioralVoltage | BehavioralCurrent):
                changed[name] = with_leaves(value, number)
            else:
                changed[name] = _value(value, known)
        yield replace(element, **changed)  # type: ignore[arg-type]


def _inside(
    instance: Instance,
    path: str,
    nodes: Mapping[str, str],
    known: Mapping[str, float],
    shared: Mapping[str, float],
    inner: Callable[[str], str],
) -> Iterator[Element]:
    subcircuit: Subcircuit = instance.subcircuit
    wires = {GROUND: GROUND} | {
        port: nodes.get(node, node) for port, node in zip(subcircuit.ports, instance.nodes, strict=True)
    }
    wires |= {node: inner(path + node) for node in sorted(subcircuit.inside)}
    own = {parameter.name: parameter.value for parameter in subcircuit.parameters}
    given = {name: _value(value, known) for name, value in instance.parameters.items()}
    yield from _flat(subcircuit.elements, path, wires, {**shared, **own, **given}, shared, inner)


def _value(value: Value, known: Mapping[str, float]) -> float:
    return float(evaluate_expression(value, {}, 0.0, known)) if is_expression(value) else float(value)
