"""PyNN scripts: run from their own text by an interpreter of PyNN's equations, without PyNN."""

import runpy
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import brentq

from neuromorph.spiking import LifNetwork, LifNeuron, to_pynn, write_pynn

CELL = LifNeuron(reset_v=-70e-3, noise_v=0.0)


class Told:
    """Stands for a module of PyNN: keeps what the script asks for, and nothing it does not know."""

    def __init__(self) -> None:
        self.projections = []

    def IF_curr_exp(self, *, i_offset, tau_m, tau_refrac, cm, tau_syn_E, tau_syn_I, v_rest, v_thresh, v_reset):
        return SimpleNamespace(**{key: value for key, value in locals().items() if key != "self"})

    def Population(self, size, cellclass, *, initial_values):
        self.cells = SimpleNamespace(size=size, kind=cellclass, start=initial_values)
        return self.cells

    def FromListConnector(self, conn_list, *, column_names):
        assert column_names == ["weight"]
        return conn_list

    def StaticSynapse(self, *, delay):
        return delay

    def Projection(self, before, after, connector, synapse, *, receptor_type):
        assert before is after is self.cells
        self.projections.append((receptor_type, connector, synapse))


def told(path) -> tuple[dict, Told]:
    script, sim = runpy.run_path(str(path)), Told()
    assert script["build"](sim) is sim.cells
    return script, sim


def rates(script: dict, sim: Told, cue: np.ndarray, cue_ms: float, first_ms: float, last_ms: float) -> np.ndarray:
    """IF_curr_exp in steps of .2 ms, mV, ms, nA and nF as they stand: MOhm = ms / nF; rates from ``first_ms``, Hz."""
    dt, kind, n = 0.2, sim.cells.kind, sim.cells.size
    weights = {receptor: np.zeros((n, n)) for receptor in ("excitatory", "inhibitory")}
    for receptor, synapses, delay in sim.projections:
        assert delay == script["STEP_MS"]
        for source, sink, weight in synapses:
            weights[receptor][sink, source] += weight
    tau = {"excitatory": kind.tau_syn_E, "inhibitory": kind.tau_syn_I}
    current = {receptor: np.zeros(n) for receptor in weights}
    v, held, count = np.full(n, sim.cells.start["v"]), np.zeros(n), np.zeros(n)
    coming = [np.zeros(n)] * round(script["STEP_MS"] / dt)
    for step in range(round(last_ms / dt)):
        i = np.array(kind.i_offset) + sum(current.values()) + (cue if step * dt < cue_ms else 0.0)
        moved = v + dt * ((kind.v_rest - v) / kind.tau_m + i / kind.cm)
        v, held = np.where(held > 0, v, moved), held - 1
        fired = (v > kind.v_thresh) & (held <= 0)
        v[fired], held[fired] = kind.v_reset, round(kind.tau_refrac / dt)
        count += fired & (step * dt >= first_ms)
        arrive, coming = coming[0], [*coming[1:], fired.astype(float)]
        for receptor, w in weights.items():
            current[receptor] = current[receptor] * np.exp(-dt / tau[receptor]) + w @ arrive
    return 1e3 * count / (last_ms - first_ms)


def test_known_values_in_pynns_units(tmp_path):
    """ms, mV, nF and nA of two neurons by hand; columns of W are sources; signs decide the receptor."""
    network = LifNetwork([[0.0, 0.5e-3], [-0.25e-3, 0.0]], [21e-3, 20.5e-3], CELL)
    write_pynn(tmp_path / "two.py", network)
    script, sim = told(tmp_path / "two.py")
    kind = sim.cells.kind
    assert script["STEP_MS"] == 1.0
    assert (kind.tau_m, kind.tau_syn_E, kind.tau_syn_I, kind.tau_refrac) == (20.0, 50.0, 50.0, 10.0)
    assert (kind.v_rest, kind.v_thresh, kind.v_reset, sim.cells.start["v"]) == (-70.0, -50.0, -70.0, -70.0)
    assert kind.tau_m / kind.cm == 1.0  # MOhm: nA are mV
    assert kind.i_offset == [21.0, 20.5]
    assert sim.projections == [("excitatory", [(1, 0, 0.5)], 1.0), ("inhibitory", [(0, 1, -0.25)], 1.0)]
    alone = LifNetwork([[0.0]], [0.021], CELL)
    write_pynn(tmp_path / "one.py", alone)
    script, sim = told(tmp_path / "one.py")
    assert sim.projections == []
    found = rates(script, sim, np.zeros(1), 0.0, 200.0, 1200.0)[0]
    assert found == pytest.approx(float(CELL.rate_without_noise(0.021)), abs=1.01)  # a count in 1 s


def test_an_interpreter_of_pynns_equations_recalls_with_the_same_rates(tmp_path):
    """Rates after a corrupted cue: correlation >= .98 and the pattern; a weight or bias in other units fails."""
    rng, n = np.random.default_rng(4), 60
    patterns = rng.choice([-1, 1], (2, n))
    t = patterns.T @ patterns / n
    np.fill_diagonal(t, 0.0)
    middle, high = (
        brentq(lambda bias, hz=hz: float(CELL.rate_without_noise(bias)) - hz, 20.0001e-3, 1.0) for hz in (15.0, 30.0)
    )
    swing = high - middle
    network = LifNetwork(2.0 * swing * t / (30.0 * CELL.synapse_s), middle - swing * t.sum(axis=1), CELL)
    write_pynn(tmp_path / "memory.py", network)
    script, sim = told(tmp_path / "memory.py")
    cue = swing * np.where(rng.random(n) < 0.2, -patterns[0], patterns[0])
    inputs = np.zeros((1000, n))
    inputs[:200] = cue
    ours = network.run(inputs)[600:].mean(axis=0) / CELL.step_s
    theirs = rates(script, sim, 1e3 * cue, 200.0, 600.0, 1000.0)
    assert np.corrcoef(ours, theirs)[0, 1] >= 0.98
    assert abs(ours.mean() - theirs.mean()) < 1.5
    for found in (ours, theirs):
        assert np.mean(np.sign(found - 15.0) * patterns[0]) >= 0.98
    sim.cells.kind.cm *= 2.0
    assert rates(script, sim, 1e3 * cue, 200.0, 600.0, 700.0).mean() < ours.mean() / 2


def test_strict_refuses_noise():
    noisy = LifNetwork([[0.0]], [0.02], replace(CELL, noise_v=1e-3))
    with pytest.raises(ValueError, match=r"noise_v is 0\.001"):
        to_pynn(noisy)
    assert to_pynn(noisy, strict=False) == to_pynn(LifNetwork([[0.0]], [0.02], CELL))
