r"""NIR files: recurrent networks of leaky integrate-and-fire neurons in the form that other simulators and chips read.

.. math:: \tau_s \dot I = -I + W z + b + x, \qquad \tau_m \dot v = v_{leak} - v + I, \qquad
          v > v_{th}: \; z = 1, \; v \to v_{reset}

where z are the spikes, W the weights, b the biases, x the inputs. In NIR's text a spike is z = 1, and readers hold it
for one step: the current then jumps by W dt / tau_s. The step is thus part of what is written (metadata ``step_s``).
Potentials are written from the reset, and the leak as a part of b, since readers exist that take v_leak and v_reset for
0; both are restored from the metadata. NIR knows no refractory time and no noise: a network that has them is refused,
or, with ``strict=False``, has them in the metadata only.

Two forms are written and read: "cuba", Input -> Affine -> CubaLIF -> Output with CubaLIF -> Linear -> CubaLIF, which
Norse 1.1 runs; "split", with the synapse as a node LI before LIF, for readers without CubaLIF (Norse ignores LI).
A third, "snntorch", is for its reader, which takes r = tau_mem / dt and w_in = tau_syn / dt at dt = 1e-4 s for granted:
weights, biases and inputs bear the factor dt^2 / (tau_mem tau_syn), times count steps of 1e-4 s (for ``nir_network``).
Source: Pedersen et al., Nat. Commun. 15, 8122 (2024).
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..files.atomic_write import write_file
from ..files.printable import printable
from ..problems.text_file import ProblemFileError, TextFile, quote_text
from .lif_network import LifNetwork
from .lif_neuron import LifNeuron
from .nir_values import read_values
from .nir_worker import nested

NirForm = Literal["cuba", "split", "snntorch"]

_SNNTORCH_S = 1e-4  # the step that its reader takes for granted
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MOST_NEURONS = 4096
_KEPT = ("step_s", "refractory_s", "noise_v", "rest_v", "reset_v")


def to_nir(network: LifNetwork, *, form: NirForm = "cuba", strict: bool = True) -> Any:
    """Convert a network to a ``nir.NIRGraph``.

    Parameters
    ----------
    network : LifNetwork
        The network.
    form : {"cuba", "split", "snntorch"}
        Form of the neurons: "cuba", "split" for readers without CubaLIF, or that of snnTorch.
    strict : bool
        Whether noise and refractory time, which NIR cannot express, are refused.

    Returns
    -------
    nir.NIRGraph
        The graph.

    Raises
    ------
    ValueError
        If ``form`` is unknown, or NIR cannot express the network and ``strict`` is True.
    """
    nir = _nir()
    cell, n = network.neuron, network.size
    if form not in ("cuba", "split", "snntorch"):
        raise ValueError(f"form is {form!r}; choose cuba, split or snntorch")
    if strict and (cell.refractory_s or cell.noise_v):
        raise ValueError(
            f"refractory_s is {cell.refractory_s}, noise_v {cell.noise_v}; NIR has neither: set both to 0, or give "
            "strict=False to write them as metadata that other readers ignore"
        )
    constants = {key: np.full(n, value) for key, value in {
        "tau_syn": cell.synapse_s, "tau_mem": cell.membrane_s, "r": 1.0, "v_leak": 0.0, "v_reset": 0.0,
        "v_threshold": cell.threshold_v - cell.reset_v,
    }.items()}  # fmt: skip
    nodes: dict[str, Any] = {
        "input": nir.Input(input_type={"input": np.array([n])}),
        "bias": nir.Affine(weight=np.eye(n), bias=network.biases + cell.rest_v - cell.reset_v),
        "recurrent": nir.Linear(weight=network.weights * (cell.synapse_s / cell.step_s)),
        "output": nir.Output(output_type={"output": np.array([n])}),
    }
    kept = {key: float(value) for key, value in asdict(cell).items() if key in _KEPT}
    if form != "split":
        gain = np.ones(n)
        if form == "snntorch":
            gain, unit = np.full(n, cell.synapse_s / cell.step_s), _SNNTORCH_S / cell.step_s
            constants |= {"r": np.full(n, cell.membrane_s / cell.step_s)}
            constants |= {key: constants[key] * unit for key in ("tau_syn", "tau_mem")}
            factor = 1.0 / (gain[0] * constants["r"][0])
            nodes["bias"] = nir.Affine(weight=factor * nodes["bias"].weight, bias=factor * nodes["bias"].bias)
            nodes["recurrent"] = nir.Linear(weight=factor * nodes["recurrent"].weight)
            kept = {"step_s": _SNNTORCH_S}
        nodes["neurons"] = nir.CubaLIF(w_in=gain, **constants)
        into = "neurons"
    else:
        nodes["synapses"] = nir.LI(tau=constants["tau_syn"], r=constants["r"], v_leak=constants["v_leak"])
        own = {key: constants[key] for key in ("r", "v_leak", "v_reset", "v_threshold")}
        nodes["neurons"] = nir.LIF(tau=constants["tau_mem"], **own)
        into = "synapses"
    edges = [("input", "bias"), ("bias", into), ("recurrent", into), ("neurons", "recurrent"), ("neurons", "output")]
    edges += [("synapses", "neurons")] if form == "split" else []
    return nir.NIRGraph(nodes, edges, metadata={"neuromorph": kept})


def from_nir(graph: Any, *, step_s: float | None = None) -> LifNetwork:
    """Convert a ``nir.NIRGraph`` of one of the two forms to a network.

    Parameters
    ----------
    graph : nir.NIRGraph
        The graph.
    step_s : float
        Duration in s of the writer's spikes; None takes that of the metadata.

    Returns
    -------
    LifNetwork
        The network.

    Raises
    ------
    ValueError
        If the graph has anything else, or its step is unknown.
    """
    nir = _nir()
    kinds = {"input": nir.Input, "output": nir.Output, "neurons": (nir.CubaLIF, nir.LIF), "synapses": nir.LI,
             "maps": (nir.Affine, nir.Linear)}  # fmt: skip
    found: dict[str, list[str]] = {kind: [k for k, v in graph.nodes.items() if isinstance(v, classes)]
                                   for kind, classes in kinds.items()}  # fmt: skip
    known = {name for names in found.values() for name in names}
    for name, node in graph.nodes.items():
        if name not in known:
            raise ValueError(
                f"node {quote_text(name)} is a {type(node).__name__}; only CubaLIF, or LI and LIF, are read here"
            )
    for kind, count in (("input", 1), ("output", 1), ("neurons", 1)):
        if len(found[kind]) != count:
            raise ValueError(
                f"the graph has {len(found[kind])} nodes for {kind}; one recurrent population is read here"
            )
    (source,), (sink,), (cells,) = found["input"], found["output"], found["neurons"]
    lif = graph.nodes[cells]
    cuba = isinstance(lif, nir.CubaLIF)
    if len(found["synapses"]) != (not cuba):
        raise ValueError(
            f"{len(found['synapses'])} LI nodes; LIF needs one before it, as its synapse, and CubaLIF none"
        )
    into = cells if cuba else found["synapses"][0]
    edges = [(str(a), str(b)) for a, b in graph.edges]
    n = int(np.size(lif.v_threshold))
    if n > _MOST_NEURONS:
        raise ValueError(f"the graph has {n} neurons; up to {_MOST_NEURONS} are read here")
    weights, bias, needed = np.zeros((n, n)), np.zeros(n), {(cells, sink)} | (set() if cuba else {(into, cells)})
    for name in found["maps"]:
        before, after = [a for a, b in edges if b == name], [b for a, b in edges if a == name]
        weight = _real(f"weight of {quote_text(name)}", graph.nodes[name].weight)
        if after != [into] or before not in ([source], [cells]) or weight.shape != (n, n):
            raise ValueError(
                f"node {quote_text(name)} maps {before} to {after}; expected the input or {cells!r} to {into!r}"
            )
        needed |= {(before[0], name), (name, into)}
        bias = bias + _each(f"bias of {quote_text(name)}", getattr(graph.nodes[name], "bias", 0.0), n)
        if before == [cells]:
            weights = weights + weight
        elif not np.array_equal(weight, np.eye(n)):
            raise ValueError(f"node {quote_text(name)} mixes the inputs, or scales them; nir_network reads that")
    if set(edges) - needed - {(source, into)}:
        raise ValueError(
            f"the graph has the edge {min(set(edges) - needed)}, which is in neither form that is read here"
        )
    synapse = lif if cuba else graph.nodes[into]
    r = _each("r", lif.r, n)
    gain = r * _each("w_in", lif.w_in if cuba else synapse.r, n)
    offset = np.zeros(n) if cuba else _each("v_leak of the synapses", synapse.v_leak, n)
    kept = _kept(graph.metadata)
    step = kept.get("step_s") if step_s is None else float(step_s)
    if step is None:
        raise ValueError("the graph does not say how long a spike lasts; give step_s, the step of what wrote it")
    tau_s = _common("tau of the synapses", lif.tau_syn if cuba else synapse.tau)
    leak, reset = _each("v_leak", lif.v_leak, n), _common("v_reset", lif.v_reset)
    rest_v, reset_v = kept.get("rest_v", float(leak.mean())), kept.get("reset_v", reset)
    neuron = LifNeuron(
        membrane_s=_common("tau of the membranes", lif.tau_mem if cuba else lif.tau),
        synapse_s=tau_s,
        refractory_s=kept.get("refractory_s", 0.0),
        rest_v=rest_v,
        threshold_v=_common("v_threshold", lif.v_threshold) - reset + reset_v,
        reset_v=reset_v,
        noise_v=kept.get("noise_v", 0.0),
        step_s=step,
    )
    biases = gain * bias + r * offset + (leak - reset) - (rest_v - reset_v)
    return LifNetwork(gain[:, None] * weights * (step / tau_s), biases, neuron)


def write_nir(
    path: str | os.PathLike[str], network: LifNetwork, *, form: NirForm = "cuba", strict: bool = True
) -> None:
    """Write a network as an HDF5 file in NIR.

    Parameters
    ----------
    path : path-like
        Path of the file.
    network, form, strict
        As in :func:`to_nir`.
    """
    stream = io.BytesIO()
    _nir().write(stream, to_nir(network, form=form, strict=strict))
    write_file(path, stream.getvalue())


def read_nir(path: str | os.PathLike[str], *, step_s: float | None = None) -> LifNetwork:
    """Read a NIR file, in a process of its own (:mod:`.nir_worker`).

    Parameters
    ----------
    path : path
        Path of the file.
    step_s : float
        Duration in s of the writer's spikes; None takes that of the metadata.

    Returns
    -------
    LifNetwork
        The network.

    Raises
    ------
    ProblemFileError
        If the file is damaged, holds another graph, values in other files, links in a circle, complex numbers, or more
        than 128 MB of values. The message names the file and the rule.
    """
    source = TextFile.read(path)
    graph = nir_graph(source)
    try:
        return from_nir(graph, step_s=step_s)
    except ValueError as error:
        raise source.error(printable(str(error).partition("\n")[0][:300])) from None
    except Exception as error:  # nir raises errors of many types for invalid graphs
        raise _damaged(source, error) from None


def nir_graph(source: TextFile) -> Any:
    """Read the graph of a NIR file, in a process of its own (:mod:`.nir_worker`).

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    nir.NIRGraph
        Graph.

    Raises
    ------
    ProblemFileError
        If the file is damaged, or holds what is not read.
    """
    nir = _nir()
    if not any(source.data.startswith(_SIGNATURE, at) for at in (0, 512, 1024, 2048)):
        raise source.error("is no HDF5 file, and thus no NIR graph; write it with nir.write")
    try:
        return nir.dict2NIRNode({**nested(read_values(source.data)), "type_check": True})
    except ValueError as error:
        raise source.error(printable(str(error).partition("\n")[0][:300])) from None
    except Exception as error:  # nir raises errors of many types for invalid graphs
        raise _damaged(source, error) from None


def _damaged(source: TextFile, error: Exception) -> ProblemFileError:
    reason = str(error).partition("\n")[0] or type(error).__name__
    return source.error(f"is damaged or no NIR graph ({quote_text(reason)}); write it again")


def _nir() -> Any:
    try:
        import nir
    except ImportError as error:
        raise ImportError("NIR files need the package nir; pip install 'neuromorph[nir]'") from error
    return nir


def _kept(metadata: Any) -> dict[str, float]:
    own = metadata.get("neuromorph", {}) if isinstance(metadata, Mapping) else {}
    return {key: float(own[key]) for key in _KEPT if key in own} if isinstance(own, Mapping) else {}


def _real(what: str, values: Any) -> NDArray[np.float64]:
    x = np.asarray(values)
    if x.dtype.kind not in "biuf":
        raise ValueError(f"{what} is of {x.dtype}; only real numbers are read here")
    return x.astype(float)


def _each(what: str, values: Any, n: int) -> NDArray[np.float64]:
    """Broadcast a value to all neurons, (n,)."""
    x = _real(what, values)
    if x.size not in (1, n):
        raise ValueError(f"{what} has shape {x.shape}; the graph has {n} neurons")
    return np.broadcast_to(x.ravel(), (n,))


def _common(what: str, values: Any) -> float:
    x = _real(what, values).ravel()
    if not x.size or not np.isfinite(x).all() or np.ptp(x) > 1e-6 * abs(x).max():
        raise ValueError(f"{what} differs among the neurons, or is not finite; one kind of neuron is read here")
    return float(x[0])
