r"""NIR graphs of several populations, as other tools write them, run in Brian2 with a fixed step.

.. math:: \text{LIF, LI:} \; \tau \dot v = v_{leak} - v + R x, \qquad \text{IF, I:} \; \dot v = R x, \qquad
          \text{CubaLIF, CubaLI:} \; \tau_s \dot I = -I + w_{in} x, \; \tau_m \dot v = v_{leak} - v + R I

.. math:: v > v_{th}: \; z = 1, \; v \to v_{reset}

x sums what linear nodes (module ``nir_maps``) make of the spikes z, or of the potentials of LI, I and CubaLI. As Norse,
snnTorch and Sinabs do, a spike is z = 1 for one step, and steps are Euler's, I before v. Populations are stepped in
their order from the inputs on: what is sent forward arrives in the same step, what is sent back in the next.

The step is no part of NIR: give the one that the writer meant (snnTorch exports with 1e-4 s; Norse writes tau dt, so
that its step is dt^2; Sinabs takes 1).
Source: Pedersen et al., Nat. Commun. 15, 8122 (2024).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from ..files.printable import printable
from ..ising import Float
from ..problems.text_file import TextFile, quote_text
from .nir_format import nir_graph
from .nir_maps import Inflow, NodeShape, applied, of_source, summed

SPIKING = ("LIF", "CubaLIF", "IF", "Threshold")
GRADED = ("LI", "CubaLI", "I")
LINEAR = ("Affine", "Linear", "Scale", "Flatten", "Conv1d", "Conv2d", "SumPool2d", "AvgPool2d", "Delay")

_PARAMETERS = {
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
    "IF": ("r", "v_threshold", "v_reset"),
    "Threshold": ("threshold",),
    "LI": ("tau", "r", "v_leak"),
    "CubaLI": ("tau_syn", "tau_mem", "r", "v_leak", "w_in"),
    "I": ("r",),
}
_MOST_NEURONS = 100_000


@dataclass(frozen=True, eq=False)
class NirPopulation:
    """Neurons of one node.

    Attributes
    ----------
    kind : str
        Class of the node in NIR.
    shape : tuple of int
        NodeShape of the node; neurons are in C order.
    parameters : dict of str to (n,) float
        Parameters of each neuron.
    inflow : Inflow
        What they receive.
    """

    kind: str
    shape: NodeShape
    parameters: Mapping[str, Float]
    inflow: Inflow = field(repr=False)

    @property
    def size(self) -> int:
        """Number of neurons."""
        return prod(self.shape)


@dataclass(frozen=True, eq=False)
class NirNetwork:
    """NIR graph as populations and what they receive, in the order in which they are stepped.

    Attributes
    ----------
    populations : dict of str to NirPopulation
        Populations by node; nodes of a graph inside are ``outer.inner``.
    inputs : dict of str to tuple of int
        Shapes of the inputs.
    outputs : dict of str to Inflow
        What the outputs show.
    step_s : float
        Step in s.
    """

    populations: Mapping[str, NirPopulation]
    inputs: Mapping[str, NodeShape]
    outputs: Mapping[str, Inflow]
    step_s: float

    @property
    def size(self) -> int:
        """Number of neurons."""
        return sum(each.size for each in self.populations.values())


def nir_network(graph: Any, *, step_s: float | None = None) -> NirNetwork:
    """Convert a ``nir.NIRGraph`` to populations.

    Parameters
    ----------
    graph : nir.NIRGraph
        Graph, with graphs inside it or without.
    step_s : float
        Step in s that the writer meant; None: that of the metadata of our own files.

    Returns
    -------
    NirNetwork
        Network.

    Raises
    ------
    ValueError
        If a node cannot be held, which is named, shapes do not agree, or the step is unknown.
    """
    if step_s is None:
        own = graph.metadata.get("neuromorph", {}) if isinstance(graph.metadata, Mapping) else {}
        step_s = own.get("step_s") if isinstance(own, Mapping) else None
    if step_s is None or not (np.isfinite(step_s) and step_s > 0):
        raise ValueError(f"step_s is {step_s}; give the step of what wrote the graph, in s, as 1e-4 of snnTorch")
    step, (nodes, edges) = float(step_s), _flat(graph, "")
    kinds = {name: type(node).__name__ for name, node in nodes.items()}
    for name, kind in kinds.items():
        if kind not in (*_PARAMETERS, *LINEAR, "Input", "Output"):
            raise ValueError(f"node {quote_text(name)} is a {kind}, which is not held here; replace it")
    before: dict[str, list[str]] = {name: [] for name in nodes}
    for a, b in edges:
        if a not in nodes or b not in nodes:
            raise ValueError(f"the graph has an edge {quote_text(a)} to {quote_text(b)}, and no such node; correct it")
        before[b].append(a)
    inputs = {name: _shape(nodes[name].input_type["input"]) for name, kind in kinds.items()
              if kind == "Input" and not before[name]}  # fmt: skip
    shapes = inputs | {name: np.shape(getattr(nodes[name], _PARAMETERS[kind][0]))
                       for name, kind in kinds.items() if kind in _PARAMETERS}  # fmt: skip
    if sum(prod(shape) for shape in shapes.values()) > _MOST_NEURONS:
        raise ValueError(f"the graph has more than {_MOST_NEURONS} neurons and inputs; give a smaller one")
    flows: dict[str, Inflow] = {}

    def received(name: str, above: tuple[str, ...] = ()) -> Inflow:
        """Return what comes in at a node."""
        if name in above:
            raise ValueError(f"node {quote_text(name)} is in a circle without neurons; no step could resolve it")
        if name not in flows:
            given = [sent(each, (*above, name)) for each in before[name]]
            flows[name] = summed(name, given) if given else Inflow(shapes.get(name, ()))
        return flows[name]

    def sent(name: str, above: tuple[str, ...]) -> Inflow:
        if name in shapes:
            return of_source(name, shapes[name])
        inflow = received(name, above)
        graded = [each for each in inflow.parts if kinds[each] in GRADED]
        if kinds[name] == "Delay" and graded:
            raise ValueError(f"node {name!r} delays the potential of {graded[0]!r}; Brian2 delays spikes only")
        return applied(name, nodes[name], inflow, step)

    populations = {}
    for name, kind in kinds.items():
        if kind in _PARAMETERS:
            inflow = received(name)
            if inflow.parts and prod(inflow.shape) != prod(shapes[name]):
                raise ValueError(
                    f"node {name!r} has {prod(shapes[name])} neurons and receives {inflow.shape}; make them agree"
                )
            populations[name] = NirPopulation(kind, shapes[name], _parameters(name, nodes[name], shapes[name]), inflow)
    outputs = {name: received(name) for name, kind in kinds.items()
               if kind == "Output" and not any(a == name for a, _ in edges)}  # fmt: skip
    return NirNetwork({name: populations[name] for name in _order(populations)}, inputs, outputs, step)


def read_nir_network(path: str | os.PathLike[str], *, step_s: float | None = None) -> NirNetwork:
    """Read a NIR file of any tool, in a process of its own (:mod:`.nir_worker`).

    Parameters
    ----------
    path : path
        Path of the file.
    step_s : float
        Step in s that the writer meant; None: that of the metadata of our own files.

    Returns
    -------
    NirNetwork
        Network.

    Raises
    ------
    ProblemFileError
        If the file is damaged, or holds what cannot be held; the message names file and node.
    """
    source = TextFile.read(path)
    try:
        return nir_network(nir_graph(source), step_s=step_s)
    except ValueError as error:
        text = printable(str(error).partition("\n")[0][:300])
        raise (error if text.startswith(printable(source.name)) else source.error(text)) from None


def _flat(graph: Any, prefix: str) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return nodes and edges with the graphs inside taken apart: their inputs and outputs pass on what they receive."""
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    ends: dict[str, tuple[list[str], list[str]]] = {}
    for key, node in graph.nodes.items():
        name = f"{prefix}{key}"
        if not hasattr(node, "nodes"):
            nodes[name], ends[name] = node, ([name], [name])
            continue
        inner, inside = _flat(node, f"{name}.")
        nodes |= inner
        edges += inside
        found = [[f"{name}.{each}" for each, one in node.nodes.items() if type(one).__name__ == kind]
                 for kind in ("Input", "Output")]  # fmt: skip
        ends[name] = (found[0], found[1])
    for a, b in graph.edges:
        first, last = f"{prefix}{a}", f"{prefix}{b}"
        edges += [(x, y) for x in ends.get(first, ([], [first]))[1] for y in ends.get(last, ([last], []))[0]]
    return nodes, edges


def _shape(given: Any) -> NodeShape:
    return tuple(int(each) for each in np.ravel(given))


def _parameters(name: str, node: Any, shape: NodeShape) -> dict[str, Float]:
    found = {}
    for key in _PARAMETERS[type(node).__name__]:
        values = np.asarray(getattr(node, key))
        if values.dtype.kind not in "biuf" or not np.isfinite(values).all() or values.size not in (1, prod(shape)):
            raise ValueError(f"node {name!r} has {key} of shape {values.shape}; give {prod(shape)} finite real numbers")
        if key.startswith("tau") and not (values > 0).all():
            raise ValueError(f"node {name!r} has {key} of {values.min():g}; a time constant must be above 0")
        found[key] = np.broadcast_to(values.astype(float).ravel(), (prod(shape),))
    return found


def _order(populations: Mapping[str, NirPopulation]) -> list[str]:
    """Order populations from the inputs on, those of a circle by their distance from them."""
    import networkx as nx

    graph: Any = nx.DiGraph()
    graph.add_nodes_from(populations)
    for name, each in populations.items():
        graph.add_edges_from((source, name) for source in each.inflow.parts)
    first = [name for name in graph if name not in populations] or list(populations)
    far = nx.multi_source_dijkstra_path_length(graph, first) if first else {}
    whole = nx.condensation(graph)
    ordered: list[str] = []
    for part in nx.lexicographical_topological_sort(whole, key=lambda k: sorted(whole.nodes[k]["members"])[0]):
        members = sorted(whole.nodes[part]["members"], key=lambda name: (far.get(name, 0), name))
        ordered += [name for name in members if name in populations]
    return ordered
