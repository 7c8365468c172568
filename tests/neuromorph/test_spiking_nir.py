"""NIR files: written, read back, and run by an interpreter of the file's own numbers that shares no code with ours."""

import io
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from neuromorph.problems import ProblemFileError
from neuromorph.spiking import (
    LifNetwork,
    LifNeuron,
    SpikingHopfield,
    from_nir,
    read_nir,
    read_nir_network,
    to_nir,
    without_noise,
    write_nir,
)

CELL = LifNeuron(refractory_s=0.0, reset_v=-70e-3, noise_v=0.0)


def memory(n: int = 60, patterns: int = 2) -> tuple[LifNetwork, np.ndarray, float]:
    """A rate network without noise, 30 Hz for +1: (network, patterns, swing J in V)."""
    x = np.random.default_rng(4).choice([-1, 1], (patterns, n))
    t = x.T @ x / n
    np.fill_diagonal(t, 0.0)
    middle, high = (
        brentq(lambda bias, hz=hz: float(CELL.rate_without_noise(bias)) - hz, 20.0001e-3, 1.0) for hz in (15.0, 30.0)
    )
    swing = high - middle
    weights = 2.0 * swing * t / (30.0 * CELL.synapse_s)
    return LifNetwork(weights, middle - swing * t.sum(axis=1), CELL), x, swing


def interpret(path: Path, inputs: np.ndarray, dt: float) -> np.ndarray:
    """NIR's equations of CubaLIF by Euler steps, from the arrays of the file; spikes (steps, n), z = 1 for a step."""
    with h5py.File(path) as file:
        nodes = file["node/nodes"]
        p = {key: nodes["neurons"][key][()] for key in nodes["neurons"] if key not in ("type", "metadata")}
        bias, recurrent = nodes["bias/bias"][()], nodes["recurrent/weight"][()]
        inward = nodes["bias/weight"][()]
    current, v, z = np.zeros(len(bias)), np.zeros(len(bias)), np.zeros(len(bias))
    spikes = np.zeros(inputs.shape)
    for step, x in enumerate(inputs):
        drive = p["w_in"] * (inward @ x + bias + recurrent @ z)
        current = current + dt / p["tau_syn"] * (drive - current)
        v = v + dt / p["tau_mem"] * (p["v_leak"] - v + p["r"] * current)
        z = (v > p["v_threshold"]).astype(float)
        v = np.where(z > 0, p["v_reset"], v)
        spikes[step] = z
    return spikes


def test_another_interpreter_recalls_with_the_same_rates(tmp_path):
    """Rates from two corrupted cues: correlation >= .98 and the pattern; a W without tau_s / dt, or a sign, fails."""
    network, patterns, swing = memory()
    write_nir(tmp_path / "memory.nir", network)
    rng = np.random.default_rng(0)
    for pattern in patterns:
        inputs = np.zeros((1200, network.size))
        inputs[:200] = swing * np.where(rng.random(network.size) < 0.2, -pattern, pattern)
        ours = network.run(inputs)[600:].mean(axis=0) / CELL.step_s
        theirs = interpret(tmp_path / "memory.nir", inputs, CELL.step_s)[600:].mean(axis=0) / CELL.step_s
        assert np.corrcoef(ours, theirs)[0, 1] >= 0.98
        assert abs(ours.mean() - theirs.mean()) < 1.0
        for rates in (ours, theirs):
            assert np.mean(np.sign(rates - 15.0) * pattern) >= 0.98


def test_mistaken_files_are_detected(tmp_path):
    network, patterns, swing = memory()
    inputs = np.zeros((1200, network.size))
    inputs[:200] = swing * patterns[0]
    ours = network.run(inputs)[600:].mean(axis=0)
    for name, wrong in (("unscaled", CELL.step_s / CELL.synapse_s), ("sign", -1.0)):
        path = tmp_path / f"{name}.nir"
        write_nir(path, LifNetwork(wrong * network.weights, network.biases, CELL))
        theirs = interpret(path, inputs, CELL.step_s)[600:].mean(axis=0)
        assert np.corrcoef(ours, theirs)[0, 1] < 0.9


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(0, 1000), st.sampled_from(["cuba", "split"]))
def test_networks_come_back(n, seed, form):
    """Both forms, potentials of any origin, asymmetric W, and with strict=False what NIR itself cannot say."""
    rng = np.random.default_rng(seed)
    cell = LifNeuron(rest_v=float(rng.uniform(-80e-3, -60e-3)), noise_v=float(rng.uniform(0, 3e-3)))
    network = LifNetwork(rng.normal(size=(n, n)), rng.normal(size=n), cell)
    stream = io.BytesIO()
    nir.write(stream, to_nir(network, form=form, strict=False))
    back = from_nir(nir.read(io.BytesIO(stream.getvalue())))
    assert np.allclose(back.weights, network.weights, rtol=1e-12)
    assert np.allclose(back.biases, network.biases, rtol=1e-12, atol=1e-12)
    assert back.neuron.noise_v == cell.noise_v
    assert back.neuron.refractory_s == cell.refractory_s
    assert back.neuron.threshold_v == pytest.approx(cell.threshold_v)
    assert back.neuron.rest_v == cell.rest_v


def test_a_file_without_our_metadata_means_the_same():
    """What another program writes: no metadata, v_leak and r of its own. The free equation must stay the same."""
    network, _, _ = memory(n=4, patterns=1)
    graph = to_nir(network)
    cells = graph.nodes["neurons"]
    cells.v_leak, cells.r = np.full(4, 0.01), np.full(4, 2.0)
    graph.metadata = {}
    back = from_nir(graph, step_s=CELL.step_s)
    assert np.allclose(back.weights, 2.0 * network.weights)
    middle = back.biases + back.neuron.rest_v - back.neuron.reset_v
    assert np.allclose(middle, 0.01 + 2.0 * (network.biases + CELL.rest_v - CELL.reset_v))
    with pytest.raises(ValueError, match="give step_s"):
        from_nir(graph)


def test_strict_refuses_what_nir_cannot_say(tmp_path):
    hopfield = LifNetwork(np.zeros((2, 2)), [0.02, 0.02], LifNeuron())
    with pytest.raises(ValueError, match="NIR has neither"):
        to_nir(hopfield)
    write_nir(tmp_path / "a.nir", without_noise(hopfield))
    assert read_nir(tmp_path / "a.nir").neuron == replace(LifNeuron(), noise_v=0.0, refractory_s=0.0)


def test_rate_networks_become_networks_of_neurons(tmp_path):
    """Weights and biases of a SpikingHopfield by its own equations, over a file."""
    hopfield = SpikingHopfield.from_patterns(np.random.default_rng(1).choice([-1, 1], (2, 12)), folder=tmp_path)
    network = LifNetwork.from_hopfield(hopfield)
    bias, rate = hopfield.working_point
    t = np.asarray(hopfield.weights)
    assert np.allclose(network.weights, 2.0 * hopfield.swing_v * t / (rate * hopfield.neuron.synapse_s))
    assert np.allclose(network.biases, bias - hopfield.swing_v * t.sum(axis=1))
    write_nir(tmp_path / "h.nir", network, strict=False)
    assert np.allclose(read_nir(tmp_path / "h.nir").weights, network.weights)


@settings(max_examples=6)  # a process each; many more in test_binary_fuzz
@given(st.binary(max_size=300), st.integers(0, 5000), st.integers(0, 255))
def test_damaged_files_are_errors(tmp_path_factory, noise, place, value):
    """Random bytes, and one byte of a good file changed: a ProblemFileError or a network, nothing else."""
    folder = tmp_path_factory.mktemp("nir")
    path = folder / "damaged.nir"
    path.write_bytes(noise)
    with pytest.raises(ProblemFileError, match=r"damaged\.nir"):
        read_nir(path)
    write_nir(path, memory(n=4, patterns=1)[0])
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    path.write_bytes(data)
    with suppress(ProblemFileError):
        assert read_nir(path).size >= 1


def test_the_form_of_snntorch_has_its_constants_and_the_same_spikes(tmp_path):
    """Its reader (1.0.0) takes dt = 1e-4 s, r = tau_mem / dt, w_in = tau_syn / dt; a step is a step in both forms."""
    network, patterns, swing = memory(n=20)
    inputs = np.zeros((600, 20))
    inputs[:200] = swing * patterns[0]
    for form in ("cuba", "snntorch"):
        write_nir(tmp_path / f"{form}.nir", network, form=form)
    cells = nir.read(tmp_path / "snntorch.nir").nodes["neurons"]
    np.testing.assert_allclose(cells.r, cells.tau_mem / 1e-4)
    np.testing.assert_allclose(cells.w_in, cells.tau_syn / 1e-4)
    ours = interpret(tmp_path / "cuba.nir", inputs, CELL.step_s)
    theirs = interpret(tmp_path / "snntorch.nir", inputs, 1e-4)
    assert ours.sum() > 100
    assert abs(ours.sum(axis=0) - theirs.sum(axis=0)).max() <= 1  # round-off moves a spike that is at threshold
    assert read_nir_network(tmp_path / "snntorch.nir").step_s == 1e-4


def test_graphs_that_are_no_such_network_are_named():
    graph = to_nir(memory(n=4, patterns=1)[0])
    graph.nodes["flat"] = nir.Flatten(input_type={"input": np.array([4])}, start_dim=0)
    with pytest.raises(ValueError, match="flat"):
        from_nir(graph)
    graph = to_nir(memory(n=4, patterns=1)[0])
    graph.nodes["bias"].weight = np.ones((4, 4))
    with pytest.raises(ValueError, match="mixes the inputs"):
        from_nir(graph)
    graph = to_nir(memory(n=4, patterns=1)[0])
    graph.nodes["neurons"].tau_mem = np.array([1.0, 2.0, 3.0, 4.0])
    with pytest.raises(ValueError, match="tau of the membranes"):
        from_nir(graph)
    with pytest.raises(ValueError, match="choose cuba, split or snntorch"):
        to_nir(memory(n=4, patterns=1)[0], form="lava")
