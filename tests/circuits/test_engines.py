"""Every engine that is installed is held to circuits whose answer is known without one."""

import os
import stat
import sys

import numpy as np
import pytest
from scipy.linalg import expm

from circuits import Circuit, EngineError, available_engines, installed_engines, netlist_text, simulate_circuit
from circuits.netlist.circuit import BehavioralVoltage, Capacitor, CurrentSource, Resistor, Transconductor, Transient
from circuits.netlist.expressions import FUNCTIONS, Time, Voltage, balanced_sum, call, evaluate_expression
from circuits.simulators import neospice as embedded
from circuits.simulators import ngspice
from circuits.simulators.rawfile import read_raw
from circuits.simulators.waveforms import validate_waveforms

ENGINES = installed_engines()
every_engine = pytest.mark.parametrize("engine", ENGINES)


def charging(title="rc", **more):
    """1 uF behind 1 kohm, fed by 1 mA from -0.5 V: u = 1 - 1.5 exp(-t / 1 ms)."""
    elements = (
        Resistor("1", "u", "0", 1e3),
        Capacitor("1", "u", "0", 1e-6),
        CurrentSource("1", "0", "u", 1e-3),
        *more.pop("elements", ()),
    )
    return Circuit(title, elements, Transient(1e-5, 5e-3), **{"saved": ("u",), "initial": {"u": -0.5}, **more})


def test_at_least_one_engine_is_installed():
    assert ENGINES, available_engines()
    assert set(available_engines()) == {"ngspice", "neospice", "pyspice"}


@every_engine
def test_a_capacitor_charges_as_the_exponential(engine):
    waves = simulate_circuit(charging(), engine)
    assert (waves.engine, waves.nodes) == (engine, ("u",))
    assert waves.version == available_engines()[engine]
    assert waves.times[-1] == pytest.approx(5e-3)
    assert np.diff(waves.times).min() > 0
    assert np.diff(waves.times).max() < 1.01e-5
    # the trapezoidal rule at h = tau / 100 is off by 1.5 (h / tau)^2 / 12 max(x exp(-x)) = 4.6e-6 V
    np.testing.assert_allclose(waves.of(["u"])[:, 0], 1 - 1.5 * np.exp(-waves.times / 1e-3), atol=6e-6)


@every_engine
def test_a_linear_circuit_is_the_matrix_exponential(engine):
    """Six nodes, resistors between all, transconductors of both signs (source, sink and control swapped would show)."""
    rng = np.random.default_rng(4)
    n, tau = 6, 1e-3
    g = np.triu(rng.uniform(1e-4, 1e-3, (n, n)), 1)
    gm = rng.uniform(-1e-4, 1e-4, (n, n))
    elements = [Capacitor(f"{i}", f"x{i}", "0", 1e-6) for i in range(n)]
    elements += [Resistor(f"{i}_{j}", f"x{i}", f"x{j}", 1 / g[i, j]) for i in range(n) for j in range(i + 1, n)]
    elements += [Transconductor(f"{i}_{j}", "0", f"x{i}", f"x{j}", "0", gm[i, j]) for i in range(n) for j in range(n)]
    start = rng.normal(size=n)
    nodes = tuple(f"x{i}" for i in range(n))
    circuit = Circuit("linear", elements, Transient(tau / 200, 2 * tau), nodes, dict(zip(nodes, start, strict=True)))
    waves = simulate_circuit(circuit, engine)
    both = g + g.T
    a = (both - np.diag(both.sum(axis=1)) + gm) / 1e-6
    expected = np.array([expm(a * t) @ start for t in waves.times[::20]])
    np.testing.assert_allclose(waves.voltages[::20], expected, atol=1e-4)


@every_engine
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_means_in_the_engine_what_it_means_here(engine, function):
    x = Voltage("u")
    argument = 1.0 + x if function in ("sqrt", "ln") else 2.0 * x
    expression = call(function, argument, 0.3 - x * x) if function in ("min", "max") else call(function, argument)
    circuit = charging(elements=[BehavioralVoltage("f", "f", "0", expression)], saved=("u", "f"))
    waves = simulate_circuit(circuit, engine)
    expected = evaluate_expression(expression, {"u": waves.of(["u"])[:, 0]})
    np.testing.assert_allclose(waves.of(["f"])[:, 0], expected, atol=1e-6)


@every_engine
def test_long_expressions_negative_numbers_and_time(engine):
    """Continued lines, the sign of a negative constant before a product, and the variable of time."""
    x, t = Voltage("u"), Time()
    expression = balanced_sum([(-0.5) * x * x, 300.0 * t, *(0.01 * (k - 40.25) * x / (1.0 + k) for k in range(80))])
    circuit = charging(elements=[BehavioralVoltage("f", "f", "0", expression)], saved=("u", "f"))
    assert "\n+ " in netlist_text(circuit)
    waves = simulate_circuit(circuit, engine)
    expected = evaluate_expression(expression, {"u": waves.of(["u"])[:, 0]}, waves.times)
    np.testing.assert_allclose(waves.of(["f"])[:, 0], expected, atol=3e-6)


@every_engine
@pytest.mark.parametrize(
    "trick", ["\n.control\nshell touch {0}\nsystem touch {0}\n.endc\n", "ng_script\ntouch {0}", "#shell touch {0}"]
)
def test_hostile_names_do_nothing(engine, trick, tmp_path):
    """A netlist is data: what a problem's name holds is never run, and does not change the result."""
    victim = tmp_path / "victim"
    text = trick.format(victim)
    waves = simulate_circuit(charging(text, comments=(text,)), engine)
    np.testing.assert_allclose(waves.voltages, simulate_circuit(charging(), engine).voltages)
    assert not victim.exists()


@every_engine
def test_a_run_that_takes_too_long_is_stopped(engine):
    slow = Circuit("slow", charging().elements, Transient(1e-6, 0.4), ("u",), {"u": -0.5})
    with pytest.raises(EngineError, match=r"took longer than timeout_s = 0\.05"):
        simulate_circuit(slow, engine, timeout_s=0.05)


@every_engine
def test_a_circuit_that_cannot_be_solved_is_an_error_not_a_result(engine):
    """Two sources that disagree about one node."""
    clash = [BehavioralVoltage(k, "f", "0", v * Voltage("u") + v) for k, v in (("a", 1.0), ("b", 2.0))]
    with pytest.raises(EngineError, match=engine):
        simulate_circuit(charging(elements=clash), engine)


def test_auto_says_which_engine_it_took():
    assert simulate_circuit(charging()).engine == ENGINES[0]
    with pytest.raises(ValueError, match="engine is 'hspice'; known are auto, ngspice, neospice, pyspice"):
        simulate_circuit(charging(), "hspice")
    with pytest.raises(ValueError, match="node 'w' was not saved"):
        simulate_circuit(charging()).of(["w"])


def test_an_absent_engine_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert available_engines()["ngspice"].startswith("absent: not installed; apt-get install ngspice")
    with pytest.raises(EngineError, match="apt-get install ngspice"):
        simulate_circuit(charging(), "ngspice")
    monkeypatch.setattr(embedded.util, "find_spec", lambda name: None)
    assert available_engines()["neospice"].startswith("absent: not installed; pip install neospice")
    with pytest.raises(EngineError, match=r"ngspice is absent.*neospice is absent"):
        simulate_circuit(charging())


# What may not pass as a result


def test_results_are_checked():
    """NaN, a run cut short, a lost signal: each would otherwise look like an answer."""
    circuit = charging()
    t = np.linspace(0, 5e-3, 11)
    good = validate_waveforms(circuit, "x", "x-1", np.r_[t[:4], t[3:]], {"u": np.r_[t[:4], t[3:]]})
    assert np.array_equal(good.times, t)  # a sample written twice counts once
    with pytest.raises(EngineError, match=r"x stopped at 0\.0045 s of 0\.005 s"):
        validate_waveforms(circuit, "x", "x-1", t[:-1], {"u": t[:-1]})
    with pytest.raises(EngineError, match="stopped at 0 s"):
        validate_waveforms(circuit, "x", "x-1", t[:0], {"u": t[:0]})
    with pytest.raises(EngineError, match="NaN or infinity, first at node 'u'"):
        validate_waveforms(circuit, "x", "x-1", t, {"u": np.where(t > 4e-3, np.nan, t)})
    with pytest.raises(EngineError, match="no voltage of node 'u'"):
        validate_waveforms(circuit, "x", "x-1", t, {"v": t})


@pytest.mark.parametrize(
    ("asked", "built", "rule"),
    [
        ("bf f 0 V={", "bf f 0 V={foo(", "neospice failed: .*skipping"),  # an unknown function: the source is dropped
        ("r1 u 0", "r1 u 0 abc", "neospice"),  # a malformed value
        ("r1 u 0", "* r1 u 0", "other devices than asked: 'r1'"),  # dropped without a word
    ],
)
def test_what_neospice_drops_is_noticed(asked, built, rule, monkeypatch):
    if "neospice" not in ENGINES:
        return  # the wheel does not exist on this platform
    circuit = charging(elements=[BehavioralVoltage("f", "f", "0", call("tanh", Voltage("u")))])

    def broken(circuit, path):
        path.write_text(netlist_text(circuit).replace(asked, built))

    monkeypatch.setattr(embedded, "write_deck", broken)
    with pytest.raises(EngineError, match=rule):
        simulate_circuit(circuit, "neospice")


def test_lint_refuses_what_neospice_computes_wrong():
    held = Circuit("t", charging().elements, Transient(1e-5, 5e-3, uic=False), ("u",), {"u": 1.0})
    with pytest.raises(EngineError, match="does not hold initial voltages during the operating point; set uic"):
        embedded.check_neospice(held)
    long = charging(elements=[BehavioralVoltage("f", "f", "0", balanced_sum([call("tanh", Voltage("u"))] * 6000))])
    with pytest.raises(EngineError, match="more than 5000 terms"):
        embedded.check_neospice(long)


# ngspice: its files and its messages, also where it is not installed


def fake_ngspice(folder, monkeypatch, body):
    program = folder / "ngspice"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nif '--version' in sys.argv: sys.exit(print('** ngspice-99 : x'))\n{body}"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def raw_file(table, *, binary=True, names=("time", "v(u)"), extra=b""):
    points, variables = np.shape(table)
    lines = ["Title: x", "Date: y", "Plotname: Transient Analysis", "Flags: real", f"No. Variables: {variables}"]
    lines += [f"No. Points: {points}", "Variables:", *(f"\t{k}\t{name}\tvoltage" for k, name in enumerate(names))]
    head = "\n".join(lines).encode() + (b"\nBinary:\n" if binary else b"\nValues:\n")
    if binary:
        return head + np.asarray(table, dtype="<f8").tobytes() + extra
    rows = [
        "\n".join([f" {k}\t{row[0]!r}", *(f"\t{x!r}" for x in row[1:])])
        for k, row in enumerate(np.asarray(table).tolist())
    ]
    return head + "\n\n".join(rows).encode() + b"\n\n" + extra


@pytest.mark.parametrize("binary", [True, False])
def test_raw_files_are_read_exactly(binary, tmp_path):
    table = np.random.default_rng(0).normal(size=(7, 3))
    one = raw_file(table, binary=binary, names=("time", "V(U)", "v(w)"))
    (tmp_path / "x.raw").write_bytes(one + raw_file(table[:2], binary=not binary, names=("time", "a", "b")))
    first, second = read_raw(tmp_path / "x.raw")
    assert list(first) == ["time", "v(u)", "v(w)"]
    assert np.array_equal(np.stack(list(first.values()), axis=1), table)
    assert np.array_equal(np.stack(list(second.values()), axis=1), table[:2])


@pytest.mark.parametrize("binary", [True, False])
def test_broken_raw_files_are_refused(binary, tmp_path):
    whole = raw_file(np.ones((5, 2)), binary=binary)
    for cut in [3, 40, len(whole) // 2, len(whole) - 9]:
        (tmp_path / "x.raw").write_bytes(whole[:cut])
        with pytest.raises(ValueError, match=r"x\.raw"):
            read_raw(tmp_path / "x.raw")
    for old, new in ((b"real", b"complex"), (b"Points: 5", b"Points: many"), (b"Variables: 2", b"Variables: 3")):
        (tmp_path / "x.raw").write_bytes(whole.replace(old, new))
        with pytest.raises(ValueError, match=r"x\.raw"):
            read_raw(tmp_path / "x.raw")


def test_notes_and_warnings_of_ngspice_are_no_errors_but_other_devices_are(tmp_path, monkeypatch):
    table = [[0.0, 0.0], [5e-3, 1.0]]
    (tmp_path / "data").write_bytes(raw_file(table))
    body = (
        f"import shutil; shutil.copy({str(tmp_path / 'data')!r}, 'deck.raw')\n"
        "open('devices.txt', 'w').write(' Resistor: x\\n     device   r1\\n\\n   device  c1\\n   device   i1\\n')\n"
        "print('Note: Starting dynamic gmin stepping'); print('Warning: singular matrix:  check nodes u and v')\n"
    )
    fake_ngspice(tmp_path, monkeypatch, body)
    assert simulate_circuit(charging(), "ngspice").version == "ngspice-99"
    for broken in (body.replace("r1", "r2"), body.replace("device  c1", ""), body.replace("i1", "i1   i2")):
        fake_ngspice(tmp_path, monkeypatch, broken)
        with pytest.raises(EngineError, match="built other devices than asked"):
            simulate_circuit(charging(), "ngspice")


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("print('Error on line 3: unknown parameter')", "ngspice failed: Error on line 3"),
        ("print('doAnalyses: TRAN:  Timestep too small')", "ngspice failed: doAnalyses"),
        ("sys.exit(3)", "ended with code 3 and no result"),
        ("open('deck.raw', 'w').write('Title: x')", "no samples"),
        ("open('deck.raw', 'w').close()", "returned no transient"),
    ],
)
def test_errors_of_ngspice_become_one_clear_error(body, rule, tmp_path, monkeypatch):
    fake_ngspice(tmp_path, monkeypatch, body)
    with pytest.raises(EngineError, match=rule):
        simulate_circuit(charging(), "ngspice")


def test_only_errors_count_among_what_ngspice_says():
    said = "Note: aborted gmin step\nWarning: vvv error\n  Error: no such vector\nNo. of Data Rows : 5\nerror_count = 0"
    assert ngspice.error_lines(said) == ["Error: no such vector"]
