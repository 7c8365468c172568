r"""The nodes that ideal sources drive, as multiples of one activation of one input each: v = k g(u_j).

Sources may read one another, as an inverter reads an amplifier: their expressions are put into one another until only
inputs are left. What ``amplifier`` writes is recognized as it is, all else by its values (``activations``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.analog import Activation

from ..netlist.circuit import GROUND, BehavioralVoltage, Circuit, Element
from ..netlist.expressions import Call, Expression, Number, Operation, Voltage, evaluate_expression, expression_nodes
from ..netlist.sources import VoltageSource
from .activations import ratio_to, recognize_activation
from .neurons import extract_activation
from .refusal import refuse

_MOST = 5_000  # leaves of an expression after others were put into it


@dataclass(frozen=True)
class Outputs:
    """Nodes that ideal sources drive.

    Attributes
    ----------
    activation : Activation
        Activation g of all neurons.
    signals : dict of str to (int, float)
        {node: (neuron j, factor k)}.
    constants : dict of str to float
        {node: V} of constant sources.
    """

    activation: Activation
    signals: dict[str, tuple[int, float]]
    constants: dict[str, float]


def driven_by(element: Element) -> str | None:
    """Return the node that an ideal source holds against ground.

    Parameters
    ----------
    element : Element
        Element of a circuit.

    Returns
    -------
    str or None
        Node; None if the element is none.
    """
    if isinstance(element, BehavioralVoltage | VoltageSource) and GROUND in (element.a, element.b):
        return element.b if element.a == GROUND else element.a
    return None


def find_outputs(circuit: Circuit, inputs: dict[str, int]) -> Outputs:
    """Find what ideal sources drive.

    Parameters
    ----------
    circuit : Circuit
        Flat circuit.
    inputs : dict of str to int
        {input node: neuron}.

    Returns
    -------
    Outputs
        Nodes with their neurons and factors.

    Raises
    ------
    ValueError
        If a source is no multiple of an activation of one input, or activations differ; the message names it.
    """
    sources: dict[str, BehavioralVoltage] = {}
    constants: dict[str, float] = {}
    for element in circuit.elements:
        if not isinstance(element, BehavioralVoltage | VoltageSource):
            continue
        node = driven_by(element)
        if node is None or node in inputs:
            refuse(element, "does not drive an output against ground")
        if node in sources or node in constants:
            refuse(element, "is a second amplifier of a neuron or output; keep one")
        if isinstance(element, BehavioralVoltage) and not isinstance(element.expression, Number):
            sources[node] = element
        elif isinstance(element, BehavioralVoltage):
            constants[node] = float(element.expression)
        elif element.wave is not None:
            refuse(element, "changes with time by itself")
        else:
            constants[node] = float(element.volt)
        if node in constants and element.a == GROUND:
            constants[node] *= -1.0
    signals: dict[str, tuple[int, float]] = {}
    activation: Activation | None = None
    later: list[str] = []
    for node, source in sources.items():
        u = next(iter(expression_nodes(source.expression)), "")
        found = extract_activation(source.expression, u) if source.b == GROUND else None
        if found is None:
            later.append(node)
            continue
        if u not in inputs:
            refuse(source, f"reads node {u!r}, which has no capacitor to ground")
        _check(source, found, activation)
        signals[node], activation = (inputs[u], 1.0), found
    for node in later:
        source = sources[node]
        match source.expression:
            case Operation("-", Number(0.0), Voltage(other)) if other in signals and source.b == GROUND:
                signals[node] = signals[other][0], -signals[other][1]
                continue
        signals[node], activation = _recognized(source, sources, constants, inputs, activation)
    missing = set(inputs.values()) - {i for i, _ in signals.values()}
    if activation is None or missing:
        name = next((name for name, i in inputs.items() if i in missing), "")
        raise ValueError(f"input {name!r} has no amplifier; add a source that is an activation of it")
    return Outputs(activation, signals, constants)


def _recognized(
    source: BehavioralVoltage,
    sources: dict[str, BehavioralVoltage],
    constants: dict[str, float],
    inputs: dict[str, int],
    activation: Activation | None,
) -> tuple[tuple[int, float], Activation]:
    """Return neuron, factor and activation of a source by its values."""
    tree = _composed(source, source.expression, sources, constants, inputs, ())
    reads = set(expression_nodes(tree))
    if len(reads) != 1:
        refuse(source, f"is an amplifier of {len(reads)} inputs: it must be an activation of one")
    (u,) = reads
    side = 1.0 if source.b == GROUND else -1.0

    def f(volts: np.ndarray) -> np.ndarray:
        return side * np.broadcast_to(np.asarray(evaluate_expression(tree, {u: volts}), dtype=float), volts.shape)

    if activation is not None:
        ratio = ratio_to(activation, f)
        if ratio is not None:
            return (inputs[u], ratio), activation
    found = recognize_activation(f)
    if found is None:
        refuse(
            source, "is no amplifier that is known: Tanh, Arctan, Algebraic or Logistic of one input, or an inverter"
        )
    _check(source, found[0], activation)
    return (inputs[u], found[1]), found[0]


def _check(source: BehavioralVoltage, found: Activation, activation: Activation | None) -> None:
    if activation is not None and found != activation:
        refuse(source, f"is {found}, another amplifier {activation}; a network has one activation")


def _composed(
    source: BehavioralVoltage,
    tree: Expression,
    sources: dict[str, BehavioralVoltage],
    constants: dict[str, float],
    inputs: dict[str, int],
    within: tuple[str, ...],
) -> Expression:
    """Return an expression of inputs only."""
    size = [0]

    def put(part: Expression, within: tuple[str, ...]) -> Expression:
        size[0] += 1
        if size[0] > _MOST:
            refuse(source, "reads sources that read too many others")
        match part:
            case Call(function, arguments):
                return Call(function, tuple(put(argument, within) for argument in arguments))
            case Operation(symbol, left, right):
                return Operation(symbol, put(left, within), put(right, within))
            case Voltage(node) if node in inputs:
                return part
            case Voltage(node) if node == GROUND or node in constants:
                return Number(constants.get(node, 0.0))
            case Voltage(node) if node in sources and node not in within and len(within) < 20:
                inner = put(sources[node].expression, (*within, node))
                return inner if sources[node].b == GROUND else Operation("-", Number(0.0), inner)
            case Voltage(node):
                refuse(source, f"reads node {node!r}, which has no capacitor to ground")
        return part

    return put(tree, within)
