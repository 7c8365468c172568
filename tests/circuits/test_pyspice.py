"""PySpice, as an object to take away and as ngspice in this process: the same circuit, without its known faults."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from test_circuits import hebbian
from test_engines import charging

from circuits import (
    Circuit,
    EngineError,
    available_engines,
    build_hopfield_circuit,
    installed_engines,
    simulate_circuit,
)
from circuits.netlist.circuit import BehavioralCurrent, BehavioralVoltage, Transconductor, Transient
from circuits.netlist.expressions import Voltage, call
from circuits.simulators.pyspice import shared_ngspice, to_pyspice
from neuromorph import Ising
from neuromorph.analog import AnalogNetwork, Tanh

INSTALLED = {"ngspice", "pyspice"} <= set(installed_engines())
in_process = pytest.mark.parametrize("engine", ["pyspice"] if INSTALLED else [])
SAME_V = 1e-9


def hopfield(n, seed=0):
    start = np.random.default_rng(seed).uniform(-0.1, 0.1, n)
    return build_hopfield_circuit(AnalogNetwork.from_ising(hebbian(n, 2), Tanh(20.0)), start)


def assert_same(waves, expected):
    assert len(waves.times) == len(expected.times)
    np.testing.assert_allclose(waves.times, expected.times, rtol=1e-12)
    np.testing.assert_allclose(waves.voltages, expected.voltages, rtol=0, atol=SAME_V)


@in_process
@pytest.mark.parametrize("n", [8, 32])
def test_in_this_process_and_in_one_of_its_own_ngspice_says_the_same(engine, n):
    """Every digit of every component through PySpice's units, every sample through its callbacks."""
    circuit = hopfield(n)
    assert_same(simulate_circuit(circuit, engine), simulate_circuit(circuit, "ngspice"))


@in_process
@pytest.mark.parametrize("n", [8, 32])
def test_the_object_simulated_as_users_of_pyspice_do_it_says_what_the_text_says(engine, n):
    circuit = hopfield(n)
    analysis = circuit.analysis
    simulator = to_pyspice(circuit).simulator(ngspice_shared=shared_ngspice())
    simulator.options(reltol=analysis.reltol, vntol=analysis.vntol_v, abstol=analysis.abstol_a)
    simulator.initial_condition(**circuit.initial)
    found = simulator.transient(step_time=analysis.step_s, end_time=analysis.stop_s, use_initial_condition=True)
    expected = simulate_circuit(circuit, "ngspice")
    for node in circuit.saved:
        np.testing.assert_allclose(np.array(found[node]), expected.of([node])[:, 0], rtol=0, atol=SAME_V)


@in_process
def test_every_kind_of_element_keeps_its_sign_and_its_nodes(engine):
    u, f = Voltage("u"), Voltage("f")
    elements = [
        BehavioralVoltage("f", "f", "0", call("tanh", 3.0 * u) - 0.25),
        BehavioralCurrent("x", "u", "0", 1e-4 * f),
        Transconductor("x", "0", "u", "f", "u", 1.0 / 3e4),
    ]
    circuit = charging(elements=elements, saved=("u", "f"))
    assert_same(simulate_circuit(circuit, engine), simulate_circuit(circuit, "ngspice"))


@in_process
def test_neither_notes_nor_words_like_error_fail_a_run(engine):
    """PySpice's own class raises on each of these: the title, a node, and the notes of gmin stepping."""
    from PySpice.Spice.NgSpice.Shared import ffi

    title = "an error, aborted"
    circuit = charging(title, elements=[BehavioralVoltage("f", "error_1", "0", 2.0 * Voltage("u"))])
    assert_same(simulate_circuit(circuit, engine), simulate_circuit(circuit, "ngspice"))
    shared = shared_ngspice()
    shared.clear_output()
    for text, complaint in (("Note: Starting dynamic gmin stepping", ""), ("Error: no node", "Error: no node")):
        shared._send_char(ffi.new("char[]", f"stderr {text}".encode()), 0, shared._self_c)
        assert shared.complaint() == complaint


@in_process
def test_a_run_that_failed_leaves_nothing_behind(engine):
    """Neither a clash of sources, nor an unreadable deck, nor a halt in mid-run shows in the next run."""
    clash = [BehavioralVoltage(k, "f", "0", v * Voltage("u") + v) for k, v in (("a", 1.0), ("b", 2.0))]
    slow = Circuit("slow", charging().elements, Transient(1e-6, 0.4), ("u",), {"u": -0.5})
    circuit = hopfield(8)
    expected = simulate_circuit(circuit, engine)
    for _ in range(2):
        with pytest.raises(EngineError, match="pyspice failed: doAnalyses: TRAN"):
            simulate_circuit(charging(elements=clash), engine)
        assert_same(simulate_circuit(circuit, engine), expected)
        with pytest.raises(EngineError, match="took longer"):
            simulate_circuit(slow, engine, timeout_s=0.02)
        assert_same(simulate_circuit(circuit, engine), expected)


@in_process
def test_what_ngspice_cannot_read_is_named(engine, monkeypatch):
    """The reason, which PySpice leaves on stderr, is in the message; a device dropped or added is noticed."""
    from circuits.simulators import pyspice

    whole = to_pyspice

    def spoilt(line):
        def made(circuit):
            result = whole(circuit)
            result.raw_spice = line
            return result

        return made

    for line, rule in (("q9 u 0 0 nothing", "pyspice failed: .*find a valid modelname"), ("r9 u 0 5", "'r9'")):
        monkeypatch.setattr(pyspice, "to_pyspice", spoilt(line))
        with pytest.raises(EngineError, match=rule):
            simulate_circuit(charging(), engine)
    monkeypatch.setattr(pyspice, "to_pyspice", whole)
    assert simulate_circuit(charging(), engine).times[-1] == pytest.approx(5e-3)


@in_process
def test_other_threads_are_refused(engine):
    said = []

    def other():
        try:
            simulate_circuit(charging(), engine)
        except EngineError as error:
            said.append(str(error))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert len(said) == 1
    assert "main thread only" in said[0]
    assert "use processes" in said[0]


# In processes of their own


def python(program, **environment):
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


START = """
from circuits import *
from circuits.netlist.circuit import *
from circuits.simulators.pyspice import shared_ngspice
rc = (Resistor("1", "u", "0", 1e3), Capacitor("1", "u", "0", 1e-6), Resistor("2", "u", "w", 1e3))
circuit = Circuit("rc", rc, Transient({step}, 5e-3), ("u", "w"), {{"u": 1.0}})
def attempt():
    try:
        return simulate_circuit(circuit, "pyspice").engine
    except EngineError as error:
        return str(error)
"""


def test_pyspice_is_imported_when_it_is_used_and_a_missing_library_is_named():
    program = START.format(step=1e-5) + "import sys; print(available_engines()['pyspice'], 'PySpice' in sys.modules)\n"
    said = python(program + "print(attempt())", NGSPICE_LIBRARY_PATH="/nowhere/libngspice.so.0")
    assert said[0] == "PySpice-1.5 libngspice.so.0 False"
    assert said[1].startswith("the library of ngspice cannot be loaded: ")
    assert "/nowhere" in said[1]


@in_process
def test_an_ngspice_that_pyspice_started_itself_is_not_taken(engine):
    """Its class would raise on notes and leak; a second one breaks the first."""
    program = START.format(step=1e-5) + (
        "from circuits.simulators import pyspice\n"
        "from PySpice.Spice.NgSpice.Shared import NgSpiceShared\n"
        "NgSpiceShared.LIBRARY_PATH = pyspice._library()\n"
        "NgSpiceShared.new_instance()\nprint(attempt())"
    )
    assert python(program)[-1].startswith("PySpice has started its own ngspice before; call")
    ours = START.format(step=1e-5) + (
        "from PySpice.Spice.NgSpice.Shared import NgSpiceShared\n"
        "print(attempt()); print(NgSpiceShared.new_instance() is shared_ngspice())"
    )
    assert python(ours) == ["pyspice", "True"]


def grown_mb(runs):
    """Growth of a process over so many runs of 5,000 points, after five to warm up."""
    program = START.format(step=1e-6) + (
        "import os, resource\n"
        "def size():\n"
        "    if os.path.exists('/proc/self/statm'):\n"
        "        return int(open('/proc/self/statm').read().split()[1]) * resource.getpagesize()\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"  # bytes on macOS
        "for _ in range(5): attempt()\n"
        "before = size()\n"
        f"said = [attempt() for _ in range({runs})]\n"
        "assert set(said) == {'pyspice'}, said\n"
        "print((size() - before) / 1e6)\n"
    )
    return float(python(program)[-1])


@in_process
def test_30_runs_leave_no_memory_behind(engine):
    """Without dropping plots 30 runs keep 30 x 5,000 x 3 doubles, 3.6 MB, and more in circuits."""
    assert grown_mb(30) < 2.0


@pytest.mark.slow
@in_process
def test_300_runs_leave_no_memory_behind(engine):
    assert grown_mb(300) < 20.0


def test_without_pyspice_the_other_engines_run(monkeypatch):
    """PySpice is an extra: its engine is absent with the remedy, and so is the object to take away."""
    for name in [each for each in sys.modules if each.split(".")[0] == "PySpice"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "PySpice", None)
    monkeypatch.setattr("circuits.simulators.pyspice.util.find_spec", lambda name: None)
    engines = available_engines()
    assert engines["pyspice"] == "absent: not installed; pip install 'neuromorph[pyspice]'"
    assert any(not said.startswith("absent") for said in engines.values())
    with pytest.raises(ImportError, match=r"pip install 'neuromorph\[pyspice\]'"):
        to_pyspice(build_hopfield_circuit(AnalogNetwork.from_ising(Ising([[0.0, 1.0], [1.0, 0.0]]))))
