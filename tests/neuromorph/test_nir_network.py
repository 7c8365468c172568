"""NIR graphs of several populations, against their makers' answers and a small integrator of NIR's equations.

nir_files holds networks of random weights, seed 0, that snnTorch 1.0.0 (``export_to_nir``) and Norse 1.1.0 (``to_nir``)
wrote, and what these simulators answered to 200 steps of random spikes (answers.npz; bits packed). snnTorch ran with
reset_mechanism="zero" and reset_delay=False, which is NIR's reset.
"""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from neuromorph import ProblemFileError
from neuromorph.spiking import nir_network, read_nir_network, run_nir

nir = pytest.importorskip("nir")

FILES = Path(__file__).parent / "nir_files"
SNNTORCH, NORSE = 1e-4, 1e-6  # snnTorch exports with 1e-4 s; Norse divides by dt = 1e-3 once too little, so dt^2
MADE = {"snn_ff": SNNTORCH, "snn_syn": SNNTORCH, "snn_rleaky": SNNTORCH, "snn_conv": SNNTORCH,
        "norse_box": NORSE, "norse_li": NORSE, "norse_iaf": 1.0}  # fmt: skip


def answers(name, inputs, outputs):
    with np.load(FILES / "answers.npz") as stored:
        x, y = stored[f"{name}.x"], stored[f"{name}.y"]
    x = np.unpackbits(x, axis=1)[:, :inputs].astype(float)
    return x, np.unpackbits(y, axis=1)[:, :outputs].astype(float) if y.dtype == np.uint8 else y


@pytest.mark.parametrize("name", MADE)
def test_files_of_snntorch_and_norse_answer_as_their_makers_do(name):
    network = read_nir_network(FILES / f"{name}.nir", step_s=MADE[name])
    ((_, shape),), ((_, outflow),) = network.inputs.items(), network.outputs.items()
    x, y = answers(name, int(np.prod(shape)), int(np.prod(outflow.shape)))
    ((_, found),) = run_nir(network, x).outputs.items()
    assert 0.01 < y.mean() < 0.99
    np.testing.assert_allclose(found, y, atol=1e-5)  # float32 there


def test_norses_lif_needs_the_gain_that_its_export_leaves_out():
    """Norse adds spikes to the current whole, and exports w_in = 1 instead of tau_syn / dt."""
    network = read_nir_network(FILES / "norse_lif.nir", step_s=NORSE)
    gained = {
        name: replace(each, parameters={**each.parameters, "w_in": each.parameters["tau_syn"] / NORSE})
        for name, each in network.populations.items()
    }
    x, y = answers("norse_lif", 5, 3)
    np.testing.assert_array_equal(run_nir(replace(network, populations=gained), x).outputs["output"], y)


def step_alone(graph, x, dt):
    """Integrate NIR's equations node by node, in the order of the graph's nodes: an edge back is a step late."""
    order = list(graph.nodes)
    n = {name: int(np.prod(node.output_type["output"])) for name, node in graph.nodes.items()}
    out = {name: np.zeros(n[name]) for name in order}
    state = {name: np.zeros((2, n[name])) for name in order}
    past = {name: [] for name in order}
    seen = []
    for t in range(len(x)):
        for name in order:
            node, kind = graph.nodes[name], type(graph.nodes[name]).__name__
            inside = x[t] if kind == "Input" else sum(out[a] for a, b in graph.edges if b == name)
            current, v = state[name]
            if kind in ("Affine", "Linear"):
                out[name] = node.weight @ inside + getattr(node, "bias", 0.0)
            elif kind == "Scale":
                out[name] = node.scale * inside
            elif kind == "Delay":
                past[name].append(inside)
                steps = np.rint(node.delay / dt).astype(int)
                out[name] = np.array([past[name][t - d][i] if t >= d else 0.0 for i, d in enumerate(steps)])
            elif kind == "Threshold":
                out[name] = (inside > node.threshold).astype(float)
            elif kind in ("Input", "Output"):
                out[name] = inside
            else:
                if kind.startswith("Cuba"):
                    current = current + dt / node.tau_syn * (node.w_in * inside - current)
                    v = v + dt / node.tau_mem * (node.v_leak - v + node.r * current)
                elif kind in ("LIF", "LI"):
                    v = v + dt / node.tau * (node.v_leak - v + node.r * inside)
                else:
                    v = v + dt * node.r * inside
                if hasattr(node, "v_threshold"):
                    z = v > node.v_threshold
                    v, out[name] = np.where(z, node.v_reset, v), z.astype(float)
                else:
                    out[name] = v
                state[name] = current, v
        seen.append(out[order[-1]])
    return np.array(seen)


def spread(rng, n, low, high):
    return rng.uniform(low, high, n)


def neurons(kind, n, rng):
    cell = {"r": spread(rng, n, 0.8, 1.2), "v_leak": spread(rng, n, -0.1, 0.1)}
    fires = {"v_threshold": spread(rng, n, 0.2, 0.5), "v_reset": spread(rng, n, -0.1, 0.0)}
    one, two = spread(rng, n, 5e-3, 20e-3), spread(rng, n, 2e-3, 8e-3)
    return {
        "LIF": lambda: nir.LIF(tau=one, **cell, **fires),
        "CubaLIF": lambda: nir.CubaLIF(tau_syn=two, tau_mem=one, w_in=spread(rng, n, 1.0, 2.0), **cell, **fires),
        "IF": lambda: nir.IF(r=100 * cell["r"], **fires),
        "LI": lambda: nir.LI(tau=one, **cell),
        "CubaLI": lambda: nir.CubaLI(tau_syn=two, tau_mem=one, w_in=spread(rng, n, 1.0, 2.0), **cell),
        "I": lambda: nir.I(r=100 * cell["r"]),
        "Threshold": lambda: nir.Threshold(threshold=spread(rng, n, 0.3, 0.6)),
    }[kind]()


def recurrent(kinds, rng, n=6, m=4):
    """Input -> Affine -> first, with Linear back; Scale and Delay on its spikes; Linear -> second -> Output."""
    first, second = kinds
    nodes = {
        "in": nir.Input(np.array([3])), "w": nir.Affine(rng.normal(size=(n, 3)) + 0.5, rng.normal(size=n) * 0.1),
        "a": neurons(first, n, rng), "back": nir.Linear(rng.normal(size=(n, n)) * 0.3),
        "scale": nir.Scale(spread(rng, n, 0.5, 2.0)), "w2": nir.Affine(rng.normal(size=(m, n)) + 0.2, np.full(m, 0.05)),
        "b": neurons(second, m, rng), "out": nir.Output(np.array([m])),
    }  # fmt: skip
    chain = ["in", "w", "a", "scale", "w2", "b", "out"]
    if first not in ("LI", "CubaLI", "I"):  # Brian2 delays spikes only
        nodes["late"] = nir.Delay(np.array([0, 1e-3, 2e-3, 5e-3, 0, 1e-3]))
        chain.insert(3, "late")
    edges = [*pairwise(chain), ("a", "back"), ("back", "a")]
    wanted = [name for name in ("in", "w", "a", "late", "scale", "w2", "b", "out") if name in nodes]
    return nir.NIRGraph({name: nodes[name] for name in [*wanted[:2], "back", *wanted[2:]]}, edges)


KINDS = [("LIF", "CubaLIF"), ("CubaLIF", "LI"), ("IF", "CubaLI"), ("LI", "LIF"), ("Threshold", "I"), ("CubaLI", "IF")]


@pytest.mark.parametrize("kinds", KINDS)
def test_every_kind_of_neuron_agrees_with_an_integrator_of_its_own(kinds):
    rng = np.random.default_rng(7)
    graph = recurrent(kinds, rng)
    x = rng.random((200, 3)) < 0.4
    expected = step_alone(graph, x.astype(float), 1e-3)
    found = run_nir(nir_network(graph, step_s=1e-3), x).outputs["out"]
    assert expected.std() > 0.01
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize(
    ("weights", "given", "padding"),
    [((4, 3, 3, 2), {"stride": (2, 1), "dilation": (1, 2), "groups": 1}, (1, 0)),
     ((4, 1, 3, 3), {"stride": 1, "dilation": 1, "groups": 2}, "same"),
     ((2, 3, 2, 2), {"stride": 1, "dilation": 1, "groups": 1}, "valid")],
)  # fmt: skip
def test_convolutions_are_sums_over_their_windows(weights, given, padding):
    rng = np.random.default_rng(0)
    weight, channels = rng.normal(size=weights), weights[1] * given["groups"]
    node = nir.Conv2d(
        (7, 6), weight, given["stride"], padding, given["dilation"], given["groups"], np.arange(weights[0])
    )
    x = rng.normal(size=(2, channels, 7, 6))
    (sy, sx), (dy, dx) = ((v, v) if isinstance(v, int) else v for v in (given["stride"], given["dilation"]))
    py, px = {"same": (1, 1), "valid": (0, 0)}.get(padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), (py, py), (px, px)))
    high = (padded.shape[2] - dy * (weights[2] - 1) - 1) // sy + 1
    wide = (padded.shape[3] - dx * (weights[3] - 1) - 1) // sx + 1
    expected = np.zeros((2, weights[0], high, wide))
    for out in range(weights[0]):
        group = out // (weights[0] // given["groups"])
        for i in range(high):
            for j in range(wide):
                rows, columns = i * sy + dy * np.arange(weights[2]), j * sx + dx * np.arange(weights[3])
                within = group * weights[1] + np.arange(weights[1])
                window = padded[:, within][:, :, rows][:, :, :, columns]
                expected[:, out, i, j] = (window * weight[out]).sum(axis=(1, 2, 3)) + out
    size = expected[0].size
    graph = nir.NIRGraph(
        {"in": nir.Input(np.array(x.shape[1:])), "c": node, "flat": nir.Flatten(np.array(expected.shape[1:]), 0),
         "t": nir.Threshold(np.zeros(size)), "out": nir.Output(np.array([size]))},
        [("in", "c"), ("c", "flat"), ("flat", "t"), ("t", "out")], type_check=False,
    )  # fmt: skip
    network = nir_network(graph, step_s=1.0)
    ((matrices,), bias) = (network.populations["t"].inflow.parts.values(), network.populations["t"].inflow.bias[0])
    np.testing.assert_allclose((matrices[0] @ x.reshape(2, -1).T).T + bias, expected.reshape(2, -1), atol=1e-12)


@pytest.mark.parametrize(("pool", "scale"), [("SumPool2d", 1.0), ("AvgPool2d", 0.25)])
def test_pools_sum_or_average_each_channel(pool, scale):
    node = getattr(nir, pool)(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    graph = nir.NIRGraph(
        {"in": nir.Input(np.array([2, 4, 6])), "p": node, "f": nir.Flatten(np.array([2, 2, 3]), 0),
         "i": nir.I(np.ones(12)), "out": nir.Output(np.array([12]))},
        [("in", "p"), ("p", "f"), ("f", "i"), ("i", "out")], type_check=False,
    )  # fmt: skip
    x = np.random.default_rng(0).random((1, 2, 4, 6))
    expected = scale * x.reshape(2, 2, 2, 3, 2).sum(axis=(2, 4)).ravel()
    np.testing.assert_allclose(run_nir(nir_network(graph, step_s=1.0), x).outputs["out"][0], expected)


def test_a_graph_inside_a_graph_is_taken_apart():
    rng = np.random.default_rng(1)
    inner = nir.NIRGraph(
        {"input": nir.Input(np.array([3])), "lif": neurons("LIF", 3, rng), "w": nir.Linear(np.eye(3) * 0.2),
         "output": nir.Output(np.array([3]))},
        [("input", "lif"), ("lif", "w"), ("w", "lif"), ("lif", "output")],
    )  # fmt: skip
    ends = {"in": nir.Input(np.array([3])), "out": nir.Output(np.array([3]))}
    whole = nir.NIRGraph(
        {"in": ends["in"], "r": inner, "out": ends["out"]}, [("in", "r"), ("r", "out")], type_check=False
    )
    flat = nir.NIRGraph(
        {"in": ends["in"], "w": inner.nodes["w"], "lif": inner.nodes["lif"], "out": ends["out"]},
        [("in", "lif"), ("lif", "w"), ("w", "lif"), ("lif", "out")],
    )
    x = rng.random((100, 3)) * 3
    network = nir_network(whole, step_s=1e-3)
    assert list(network.populations) == ["r.lif"]
    expected = step_alone(flat, x, 1e-3)
    assert expected.any()
    np.testing.assert_array_equal(run_nir(network, x).outputs["out"], expected)


def graph_of(middle, edges, n=2):
    nodes = {"in": nir.Input(np.array([n])), **middle, "out": nir.Output(np.array([n]))}
    return nir.NIRGraph(nodes, edges, type_check=False)


LI2 = nir.LI(np.full(2, 0.01), np.ones(2), np.zeros(2))
CHAIN = [("in", "x"), ("x", "out")]


@pytest.mark.parametrize(
    ("graph", "step_s", "told"),
    [
        (graph_of({"x": LI2}, CHAIN), None, "step_s"),
        (graph_of({"x": LI2}, CHAIN), -1.0, "step_s"),
        (graph_of({"l": LI2, "x": nir.Delay(np.ones(2))}, [("in", "l"), ("l", "x"), ("x", "out")]), 1e-3, "'x' delays"),
        (graph_of({"x": nir.Linear(np.eye(3))}, CHAIN), 1e-3, "'x' has weights"),
        (graph_of({"x": nir.LI(np.zeros(2), np.ones(2), np.zeros(2))}, CHAIN), 1e-3, "'x' has tau"),
        (graph_of({"x": nir.Scale(np.array([1.0, np.nan]))}, CHAIN), 1e-3, "'x' holds"),
        (graph_of({"x": nir.LI(np.full(3, 0.1), np.ones(3), np.zeros(3))}, CHAIN), 1e-3, "'x' has 3 neurons"),
        (graph_of({"x": nir.Linear(np.eye(2)), "y": nir.Linear(np.eye(2))},
                  [("in", "x"), ("x", "y"), ("y", "x"), ("x", "out")]), 1e-3, "circle"),
    ],
)  # fmt: skip
def test_what_cannot_be_held_is_named(graph, step_s, told):
    with pytest.raises(ValueError, match=told):
        nir_network(graph, step_s=step_s)


def test_an_unknown_node_is_named():
    class Other(nir.LI):
        """A node that a later version of NIR may have."""

    with pytest.raises(ValueError, match="'x' is a Other"):
        nir_network(graph_of({"x": Other(LI2.tau, LI2.r, LI2.v_leak)}, CHAIN), step_s=1e-3)


@pytest.mark.parametrize("inputs", [np.ones((5, 3)), np.zeros((0, 2)), np.full((5, 2), np.nan), {"y": np.ones((5, 2))}])
def test_inputs_of_another_form_are_named(inputs):
    with pytest.raises(ValueError, match=r"^inputs? "):
        run_nir(nir_network(graph_of({"x": LI2}, CHAIN), step_s=1e-3), inputs)


def test_files_that_are_no_graph_are_one_line(tmp_path):
    (tmp_path / "x.nir").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(200))
    for path in (tmp_path / "x.nir", FILES / "answers.npz"):
        with pytest.raises(ProblemFileError, match=path.name):
            read_nir_network(path, step_s=1e-3)
    with pytest.raises(ProblemFileError, match=r"snn_ff.nir: step_s"):
        read_nir_network(FILES / "snn_ff.nir")
