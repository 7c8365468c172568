"""Many circuits at a time, each within its limits; and broken output of each engine is never a result."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_engines import ENGINES, charging, fake_ngspice, raw_file

from circuits import (
    Circuit,
    EngineError,
    Waveforms,
    available_engines,
    build_hopfield_circuit,
    simulate_circuit,
    simulate_circuits,
)
from circuits.netlist.circuit import BehavioralVoltage, Capacitor, CurrentSource, Resistor, Transient
from circuits.netlist.expressions import Voltage, balanced_sum, call
from circuits.simulators import neospice as embedded
from circuits.simulators import process_limits, pyspice
from neuromorph.analog import AnalogNetwork, Tanh

every_engine = pytest.mark.parametrize("engine", ENGINES)


def starting_at(volt):
    return charging(initial={"u": volt})


def unsolvable():
    """Two sources that disagree about one node."""
    return charging(
        elements=[BehavioralVoltage(k, "f", "0", v * Voltage("u") + v) for k, v in (("a", 1.0), ("b", 2.0))]
    )


@every_engine
def test_a_pool_gives_what_single_runs_give_in_their_order(engine):
    """Results swapped, or one failure that takes the others along: each fails. The voltages tell which is which."""
    done = []
    circuits = [starting_at(-0.5), starting_at(0.25), unsolvable(), starting_at(0.75), starting_at(2.0)]
    results = simulate_circuits(iter(circuits), engine, workers=2, progress=done.append)
    assert done == [1, 2, 3, 4, 5]
    for volt, waves in zip((-0.5, 0.25, None, 0.75, 2.0), results, strict=True):
        if volt is None:
            assert isinstance(waves, EngineError)
            assert engine in str(waves)
            assert "\n" not in str(waves)
        else:
            assert isinstance(waves, Waveforms)
            assert (waves.engine, waves.version) == (engine, available_engines()[engine])
            np.testing.assert_allclose(
                waves.voltages[:, 0], 1.0 + (volt - 1.0) * np.exp(-waves.times / 1e-3), atol=3e-5
            )


def test_a_network_goes_through_the_pool_of_pyspice():
    """Its processes get the whole circuit: initial voltages, analysis, what to save."""
    network = AnalogNetwork([[0.0, 1e-5], [1e-5, 0.0]], 5e4, 1e-9, 1e-7, Tanh(5.0))
    circuit = build_hopfield_circuit(network, [0.1, -0.2])
    (pooled,) = simulate_circuits([circuit], "pyspice")
    alone = simulate_circuit(circuit, "ngspice")
    assert pooled.nodes == alone.nodes
    np.testing.assert_allclose(pooled.voltages[-1], alone.voltages[-1], atol=1e-9)


def test_auto_says_which_engine_the_pool_took():
    (waves,) = simulate_circuits([charging()])
    assert waves.engine == ENGINES[0]
    assert simulate_circuits([]) == []


def test_what_is_wrong_with_all_circuits_is_said_once(monkeypatch):
    with pytest.raises(ValueError, match="workers is 0"):
        simulate_circuits([charging()], workers=0)
    with pytest.raises(ValueError, match="engine is 'hspice'"):
        simulate_circuits([charging()], "hspice")
    with pytest.raises(ValueError, match="timeout_s is 0"):
        simulate_circuits([charging()], timeout_s=0.0)
    with pytest.raises(ValueError, match="memory_bytes is 5"):
        simulate_circuit(charging(), memory_bytes=5)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match="apt-get install ngspice"):
        simulate_circuits([charging()], "ngspice")


def test_a_circuit_that_cannot_be_written_is_an_error_of_its_own():
    """More terms than neospice reads; where it is not installed there is nothing to refuse."""
    if "neospice" in ENGINES:
        long = charging(elements=[BehavioralVoltage("f", "f", "0", balanced_sum([call("tanh", Voltage("u"))] * 6000))])
        refused, ran = simulate_circuits([long, charging()], "neospice")
        assert "more than 5000 terms" in str(refused)
        assert isinstance(ran, Waveforms)


# Limits.


def large(engine):
    """200 nodes of 50,000 samples and more: far from done in 3 s, and more than fits into 256 MiB."""
    nodes = tuple(f"u{k}" for k in range(200))
    elements = []
    for k, node in enumerate(nodes):
        elements += [Resistor(f"{k}", node, "0", 1e3), Capacitor(f"{k}", node, "0", 1e-6)]
        elements += [CurrentSource(f"{k}", "0", node, 1e-3)]
    step = 1e-6 if engine == "neospice" else 1e-7
    return Circuit("large", elements, Transient(step, 0.1, reltol=1e-3), nodes, dict.fromkeys(nodes, -0.5))


@every_engine
def test_a_run_that_takes_too_much_memory_is_stopped_with_one_line(engine):
    """The other circuit of the pool is not lost."""
    modest = (1024 if engine == "pyspice" else 256) << 20
    stopped, small = simulate_circuits([large(engine), charging()], engine, memory_bytes=modest, timeout_s=60.0)
    assert isinstance(small, Waveforms)
    assert isinstance(stopped, EngineError)
    assert f"{engine} needs more memory than memory_bytes = {modest}" in str(stopped)
    assert "\n" not in str(stopped)


@every_engine
def test_each_circuit_has_its_own_time(engine):
    late, fast = simulate_circuits([large(engine), charging()], engine, timeout_s=2.0)
    assert "took longer than timeout_s = 2" in str(late)
    assert isinstance(fast, Waveforms)


def test_the_share_of_the_machine_is_shared():
    assert process_limits.memory_share(1) is None or process_limits.memory_share(1) == pytest.approx(
        4 * process_limits.memory_share(4), 1e-6
    )


_SLEEPER = """
import os, sys, time
open(os.path.join({folder!r}, str(os.getpid())), "w").close()
time.sleep(600)
"""

_INTERRUPTED = """
import sys
sys.path.insert(0, {tests!r})
from test_engines import charging
from circuits import simulate_circuits
if __name__ == "__main__":
    simulate_circuits([charging()] * 5, {engine!r}, workers=2)
"""


def test_ctrl_c_ends_every_simulator(tmp_path, monkeypatch):
    """Two of five are at work and never end; after SIGINT to the parent alone none is left."""
    pids = tmp_path / "pids"
    pids.mkdir()
    fake_ngspice(tmp_path, monkeypatch, _SLEEPER.format(folder=str(pids)))
    code = _INTERRUPTED.format(tests=str(Path(__file__).parent), engine="ngspice")
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 60.0
    while len(list(pids.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    parent.send_signal(signal.SIGINT)
    said = parent.communicate(timeout=60)[1]
    assert b"KeyboardInterrupt" in said
    found = [int(path.name) for path in pids.iterdir()]
    assert len(found) == 2
    for pid in found:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


# What is no result, whichever engine it is from.

TIMES = np.linspace(0.0, 5e-3, 11)
BROKEN = [
    ("stopped", {"time": TIMES[:-1], "u": TIMES[:-1]}, "stopped at 0.0045 s of 0.005 s"),
    ("nan", {"time": TIMES, "u": np.where(TIMES > 4e-3, np.nan, TIMES)}, "NaN or infinity, first at node 'u'"),
    ("infinite", {"time": TIMES, "u": np.where(TIMES > 4e-3, np.inf, TIMES)}, "NaN or infinity, first at node 'u'"),
    ("lost node", {"time": TIMES, "w": TIMES}, "no voltage of node 'u'"),
    ("lost device", {"time": TIMES, "u": TIMES, "devices": ["r1", "c1"]}, "other devices than asked: 'i1'"),
    (
        "more devices",
        {"time": TIMES, "u": TIMES, "devices": ["r1", "c1", "i1", "i2"]},
        "other devices than asked: 'i2'",
    ),
]
GOOD = {"time": TIMES, "u": TIMES}
DEVICES = ["r1", "c1", "i1"]


def signals(output):
    return {name: value for name, value in output.items() if name not in ("time", "devices")}


def break_ngspice(folder, monkeypatch, output):
    names = ("time", *(f"v({node})" for node in signals(output)))
    table = np.stack([output["time"], *signals(output).values()], axis=1)
    (folder / "data").write_bytes(raw_file(table, names=names))
    listing = "".join(f" device {name}\n" for name in output.get("devices", DEVICES))
    body = (
        f"import shutil; shutil.copy({str(folder / 'data')!r}, 'deck.raw'); open('devices.txt', 'w').write({listing!r})"
    )
    fake_ngspice(folder, monkeypatch, body)


def break_neospice(folder, monkeypatch, output):
    def run(engine, command, folder, limits):
        stored = {f"v({node})": value for node, value in signals(output).items()}
        np.savez(folder / "out.npz", time=output["time"], devices=np.array(output.get("devices", DEVICES)), **stored)
        return 0, ""

    monkeypatch.setattr(embedded, "run_program", run)
    monkeypatch.setattr(embedded, "version", lambda: "neospice-test")


def break_pyspice(folder, monkeypatch, output):
    class Vector:
        def __init__(self, values):
            self.values = values

        def to_waveform(self, to_float):
            return self.values

    class Shared:
        plot_names = ()

        def load_circuit(self, deck): ...
        def remove_circuit(self): ...
        def complaint(self):
            return ""

        def simulate(self, timeout_s):
            return {name: Vector(value) for name, value in output.items() if name != "devices"}

        def exec_command(self, command):
            return "".join(f" device {name}\n" for name in output.get("devices", DEVICES))

    monkeypatch.setattr(pyspice, "shared_ngspice", Shared)


BREAK = {"ngspice": break_ngspice, "neospice": break_neospice, "pyspice": break_pyspice}


@every_engine
@pytest.mark.parametrize(("output", "rule"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_broken_output_of_each_engine_is_an_error(engine, output, rule, tmp_path, monkeypatch):
    """An engine whose samples skip one of the checks would return them as an answer."""
    BREAK[engine](tmp_path, monkeypatch, GOOD)
    assert np.array_equal(simulate_circuit(charging(), engine).times, TIMES)
    BREAK[engine](tmp_path, monkeypatch, output)
    with pytest.raises(EngineError, match=rule):
        simulate_circuit(charging(), engine)
