"""Netlists as people write them: each form against the plain text that means the same."""

import numpy as np
import pytest

from circuits import (
    Circuit,
    certify,
    certify_circuit,
    extract_network,
    installed_engines,
    netlist_text,
    read_netlist,
    read_netlist_file,
    simulate_circuit,
)
from circuits.netlist.circuit import BehavioralVoltage, Capacitor, Resistor, Transconductor
from circuits.netlist.expressions import evaluate_expression
from circuits.netlist.sources import Inductor, VoltageSource
from circuits.spice.cards import NetlistError
from circuits.spice.reader import read_deck, read_deck_file
from neuromorph.cli import main

ENGINES = [name for name in installed_engines() if name in ("ngspice", "neospice")]

PLAIN = """* Two-neuron Hopfield flip-flop, values written out
r1 u1 0 10000.0
r2 u2 0 10000.0
c1 u1 0 1e-06
c2 u2 0 1e-06
r12 u1 v2n 4700.0
r21 u2 v1n 4700.0
b1 v1 0 V=tanh(5*V(u1))
b2 v2 0 V=tanh(5*V(u2))
b3 v1n 0 V=(0.0 - v(v1))
b4 v2n 0 V=(0.0 - v(v2))
.ic v(u1)=0.1
.ic v(u2)=-0.05
.tran 1e-05 0.05 uic
.save v(v1) v(v2)
.end
"""

USER = """Two-neuron Hopfield flip-flop
* values as people write them
R1 u1 0 10k
R2 u2 0 10k
C1 u1 0 1u IC=0.1
C2 u2 0 1uF IC=-0.05
R12 u1 v2n 4.7K ; synapse
R21 u2 v1n 4.7K $ synapse
B1 v1 0 V=tanh(5*V(u1))
B2 v2 0 V=tanh(5*V(u2))
E1 v1n 0 v1 0 -1
E2 v2n 0 v2 0 -1
.tran 10u 50m uic
.save v(v1) v(v2)
.end
"""

# One change each of PLAIN that leaves its meaning.
SAME = {
    "after the end": (".end\n", ".END\n\n* trailing\nr9 u1 0 1\n"),
    "byte-order mark": ("* Two", "\ufeff* Two"),
    "line ends": ("\n", "\r\n"),
    "ic= of a capacitor": ("c1 u1 0 1e-06", "c1 u1 0 1e-06 ic=0.1"),
    "continuation": ("r1 u1 0 10000.0", "r1 u1\n* between\n+ 0\n\n+ 10000.0"),
    "dollar comment": ("r1 u1 0 10000.0", "r1 u1 0 10000.0 $ a comment"),
    "semicolon": ("r1 u1 0 10000.0", "r1 u1 0 10000.0; a comment"),
    "gnd": (" 0 ", " GND "),
    "one .ic": ("=0.1\n.ic ", "=0.1 "),
    "k": ("10000.0", "10k"),
    "unit": ("10000.0", "10kOhm"),
    "ohm sign": ("10000.0", "10k\u03a9"),
    "meg": ("10000.0", "0.01Meg"),
    "micro sign": ("1e-06", "1\u00b5"),
    "other micro sign": ("1e-06", "1\u03bcF"),
    "u": ("1e-06", "1uF"),
    "milli": ("0.05 uic", "50m uic"),
    "largest step": ("1e-05 0.05 uic", "10u 50m 0 10u uic"),
    "options": (".tran", ".options method=gear\n.options reltol=1m\n.tran"),
    "title": ("* Two-neuron Hopfield flip-flop, values written out", "R1 is no resistor here"),
    "print": (".save", ".print tran"),
    "unused model": (".tran", ".model sw sw(vt=0)\n.tran"),
    "v(a,b)": ("V(u1))", "V(u1, 0))"),
    "unary minus": ("(0.0 - v(v1))", "-v(v1)"),
    "upper": ("tanh", "TANH"),
    "param": ("r1 u1 0 10000.0", ".param rl={2*half} half=5k\nr1 u1 0 {rl}"),
    "param in quotes": ("r1 u1 0 10000.0", ".param rl='2*5k'\nr1 u1 0 R='rl'"),
    "bare param": ("r1 u1 0 10000.0", ".param rl=10k\nr1 u1 0 rl"),
    "func": ("V=tanh(5*V(u1))", "V={amp(V(u1))}\n.func amp(x) {tanh(5*x)}"),
    "E": ("b3 v1n 0 V=(0.0 - v(v1))", "E3 v1n 0 v1 0 -1"),
    "E value": ("b3 v1n 0 V=(0.0 - v(v1))", "E3 v1n 0 VALUE={-V(v1)}"),
    "E poly": ("b3 v1n 0 V=(0.0 - v(v1))", "E3 v1n 0 POLY(1) (v1,0) 0 -1"),
    "subcircuit": (
        "b1 v1 0 V=tanh(5*V(u1))",
        "X1 u1 v1 amp k=5\n.subckt amp in out k=1\nB1 out 0 V=tanh(k*V(in))\n.ends",
    ),
    "left out": (".tran", ".op\n.ac dec 10 1 1k\n.meas tran t find v(v1) at=1m\n.tran"),
    "include": ("r1 u1 0 10000.0", ".include part.inc"),
}  # fmt: skip
OTHER_NAMES = {"nodes of any letters": ("u1", "in+"), "numeric nodes": ("u1", "17"), "dotted nodes": ("u1", "a.b")}


def outputs(circuit: Circuit, nodes, engine) -> np.ndarray:
    waves = simulate_circuit(circuit, engine)
    grid = np.linspace(1e-4, 0.05, 200)
    return np.stack([np.interp(grid, waves.times, waves.of([node])[:, 0]) for node in nodes])


@pytest.mark.parametrize("name", SAME)
def test_each_form_means_what_the_plain_text_means(name, tmp_path):
    old, new = SAME[name]
    assert old in PLAIN
    (tmp_path / "part.inc").write_text("r1 u1 0 10k\n")
    (tmp_path / "x.cir").write_bytes(PLAIN.replace(old, new).encode())
    read = read_netlist_file(tmp_path / "x.cir", include=[tmp_path / "part.inc"])
    plain = extract_network(read_netlist(PLAIN))
    found = extract_network(read)
    assert read.analysis == read_netlist(PLAIN).analysis
    assert read.saved == ("v1", "v2")
    assert np.array_equal(found.network.conductances, plain.network.conductances)
    assert np.array_equal(found.network.resistances, plain.network.resistances)
    assert np.array_equal(found.initial, plain.initial)
    assert found.network.activation == plain.network.activation
    assert netlist_text(read_netlist(netlist_text(read))) == netlist_text(read)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_names_that_some_simulator_misreads_are_replaced_and_told(name):
    old, new = OTHER_NAMES[name]
    deck = read_deck(PLAIN.replace(old, new).replace(".save v(v1)", f".save v(v1) v({new})"))
    assert deck.names[new] in deck.circuit.saved
    assert np.array_equal(
        extract_network(deck.circuit).network.conductances, extract_network(read_netlist(PLAIN)).network.conductances
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_the_users_flip_flop_is_simulated_and_recognized_unrewritten(engine):
    """0.9977 at the end, as ngspice gives for the same text by hand."""
    circuit = read_netlist(USER)
    out = outputs(circuit, ("v1", "v2"), engine)
    assert out[:, -1] == pytest.approx([0.9977, -0.9977], abs=1e-4)
    found = extract_network(circuit)
    np.testing.assert_allclose(found.network.conductances, [[0.0, -1 / 4700], [-1 / 4700, 0.0]], rtol=1e-12)
    assert found.network.activation.gain == 5.0
    result = certify(found.network, found.initial, engines=[engine]).engines[engine]
    assert result.same_attractor


@pytest.mark.parametrize(
    ("source", "gain", "swing"),
    [
        ("tanh(50*v(u1))", 50.0, 1.0), ("tanh(v(u1)/0.02)", 50.0, 1.0), ("2/(1+exp(-10*V(u1)))-1", 5.0, 1.0),
        ("2.5*tanh(v(u1)*4)", 10.0, 2.5), ("(exp(2*v(u1))-exp(-2*v(u1)))/(exp(2*v(u1))+exp(-2*v(u1)))", 2.0, 1.0),
    ],
)  # fmt: skip
def test_equal_expressions_are_one_activation(source, gain, swing):
    text = PLAIN.replace("tanh(5*V(u1))", source).replace("tanh(5*V(u2))", source.replace("u1", "u2"))
    activation = extract_network(read_netlist(text)).network.activation
    assert type(activation).__name__ == "Tanh"
    slope = float(activation.slope(0.0))
    assert slope == pytest.approx(gain, rel=1e-9)
    assert activation.swing == pytest.approx(swing, rel=1e-9)


def test_transconductors_are_synapses_that_do_not_load():
    text = PLAIN.replace("r12 u1 v2n 4700.0", "g12 0 u1 v2 0 -0.2m").replace("r21 u2 v1n 4700.0", "g21 u2 0 v1 0 0.2m")
    network = extract_network(read_netlist(text)).network
    np.testing.assert_allclose(network.conductances, [[0.0, -2e-4], [-2e-4, 0.0]], rtol=1e-12)
    np.testing.assert_allclose(network.resistances, [1e4, 1e4])


PARTS = """RLC, transistors and sources
V1 in 0 DC 0 AC 1 PULSE(0 1 10u 1u 1u 0.4m 1m)
R1 in a 100
L1 a b 10mH
C1 b 0 100n
V2 b c 0
R2 c 0 2k
F1 0 d V2 2
R3 d 0 1k
H1 e 0 V2 500
R4 e 0 1k
B1 f 0 V=500*I(V2)
R5 f 0 1k
Vcc cc 0 5
Q1 q1 in 0 qn
R6 cc q1 1k
J1 j1 0 0 jn
R7 cc j1 1k
S1 s1 0 in 0 sw1
R8 cc s1 1k
D1 in dd dm
R9 dd 0 1k
M1 m1 in 0 0 nm W=10u L=2u
R10 cc m1 10k
L2 p 0 1m
L3 q 0 4m
K1 L2 L3 0.5
R11 in p 50
R12 q 0 50
.model qn NPN(BF=100 IS=1e-15)
.model jn NJF(VTO=-2 BETA=1m)
.model sw1 SW(VT=0.5 RON=10 ROFF=1Meg)
.model dm D(IS=1p N=1.5)
.model nm NMOS(LEVEL=1 VTO=0.7 KP=50u)
.tran 1u 1m
.end
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_every_element_is_read_and_simulated(engine):
    circuit = read_netlist(PARTS)
    kinds = {type(element).__name__ for element in circuit.elements}
    assert {
        "CurrentGain",
        "Transresistance",
        "Coupling",
        "Bipolar",
        "Jfet",
        "Switch",
        "CardDiode",
        "CardMosfet",
    } <= kinds
    waves = simulate_circuit(circuit, engine)
    late = np.argmin(np.abs(waves.times - 0.35e-3))
    volts = {node: waves.of([node])[late, 0] for node in circuit.saved}
    assert volts["d"] == pytest.approx(2.0 * volts["c"] / 2e3 * 1e3, rel=1e-3)
    assert volts["e"] == pytest.approx(500.0 * volts["c"] / 2e3, rel=1e-3)
    assert volts["f"] == pytest.approx(volts["e"], rel=1e-3)
    assert volts["q1"] < 0.3
    assert volts["s1"] == pytest.approx(5.0 * 10.0 / 1010.0, rel=1e-2)
    assert 0.1 < volts["dd"] < 0.7
    assert 4.0 < volts["m1"] < 5.0
    assert netlist_text(read_netlist(netlist_text(circuit))) == netlist_text(circuit)


def test_ngspice_gives_for_the_users_text_what_it_gives_for_ours(tmp_path):
    """The text as it was typed, run by hand, against the circuit that was read of it."""
    if "ngspice" not in ENGINES:
        pytest.skip("needs ngspice")
    import subprocess

    from circuits.simulators.rawfile import read_raw

    (tmp_path / "x.cir").write_text(PARTS)
    command = ["ngspice", "-n", "-b", "-r", "x.raw", "x.cir"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    plot = read_raw(tmp_path / "x.raw")[0]
    waves = simulate_circuit(read_netlist(PARTS), "ngspice")
    grid = np.linspace(1e-5, 0.9e-3, 50)
    for node in ("b", "d", "q1", "j1", "s1", "dd", "m1", "q"):
        typed = np.interp(grid, plot["time"], plot[f"v({node})"])
        ours = np.interp(grid, waves.times, waves.of([node])[:, 0])
        assert np.abs(typed - ours).max() < 0.02 * max(0.1, np.ptp(typed)), node


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2**2", -4.0), ("2^3", 8.0), ("1k+1", 1001.0), ("3>2 ? 5 : 7", 5.0),
        ("if(1<0, 5, 7)", 7.0), ("min(1,2)*2", 2.0),
        ("log10(1000)", 3.0), ("sqrt(pow(4,2))", 4.0), ("!0 && 1", 1.0),
        ("limit(5,0,3)", 3.0), ("1mil", 25.4e-6),
        ("sinh(1)", np.sinh(1)), ("acos(0.5)", np.arccos(0.5)), ("asin(-0.5)", np.arcsin(-0.5)), ("tan(1)", np.tan(1)),
        ("1/4", 0.25), ("- -3", 3.0), ("2*pi", 2 * np.pi), ("1e3k", 1e6), (".5", 0.5), ("5.", 5.0),
    ],
)  # fmt: skip
def test_numbers_are_computed_as_simulators_do(text, value):
    circuit = read_netlist(f"* t\n.param x={{{text}}}\nv1 a 0 {{x}}\nr1 a 0 1k\n.tran 1u 1m\n")
    assert circuit.elements[0].volt == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("v(a)>0 ? 1 : -1", [(-0.5, -1.0), (0.5, 1.0)]), ("u(v(a))*3", [(-1.0, 0.0), (1.0, 3.0)]),
        ("v(a)^2", [(-3.0, 9.0)]), ("-v(a)^2", [(3.0, -9.0)]), ("cosh(v(a))", [(1.0, np.cosh(1.0))]),
        ("uramp(v(a))", [(-1.0, 0.0), (2.0, 2.0)]), ("(v(a)>1) | (v(a)<-1)", [(0.0, 0.0), (2.0, 1.0), (-2.0, 1.0)]),
        ("ternary_fcn(v(a)>1, 2, 3)", [(0.0, 3.0), (2.0, 2.0)]), ("abs(v(a))**0.5", [(-4.0, 2.0)]),
    ],
)  # fmt: skip
def test_conditions_and_powers_of_signals(text, at):
    circuit = read_netlist(f"* t\nr1 a 0 1k\nb1 b 0 V={text}\n.tran 1u 1m\n")
    (source,) = (e for e in circuit.elements if isinstance(e, BehavioralVoltage))
    for volt, value in at:
        assert float(evaluate_expression(source.expression, {"a": volt})) == pytest.approx(value)


@pytest.mark.parametrize(
    ("card", "rule"),
    [
        ("t1 a 0 b 0 z0=50", "'t1' begins no element that is read"), ("r2 a 0 4k7", "'4k7' is no number"),
        ("r2 a 0 {gain}", "'gain' is not known"), ("b2 b 0 V=v(a)^3", "a power of 3 means"),
        ("b2 b 0 V=v(q)", "node 'q' is read, but nothing drives it"), ("q1 a a 0 none", "model 'none' is not defined"),
        ("x1 a none", "subcircuit 'none' is not defined"), ("f1 a 0 v9 2", "there is no device 'v9'"),
        (".include other.inc", "--include FILE"), (".lib models.lib tt", "--include FILE"),
        (".foo", "'.foo' is not read"),
        (".if (1)", "'.if' is not read"), ("r2 a 0 1k tc=0.01", "'tc=0.01' is not read"),
        ("c2 a b 1u ic=1", "set both nodes"),
        ("b2 b 0 V=i(r1)", "only currents of voltage sources"), ("b2 b 0 V=gauss(1)", "draws at random"),
        (".param x={y} y={x}", "follows from itself"), ("v2 b 0 sffm(0 1 1k)", "a source of sffm is not read"),
        ("s1 a 0 a 0 none", "model 'none' is not defined"),
        ("e1 b 0 laplace {v(a)} = {1/(1+s)}", "laplace is a function of frequency"),
        (".control", "would run commands"), ("shell rm x", "would run commands"), ("!rm x", "would run commands"),
        ("*#shell rm x", "is a command to ngspice"), ("v2 b 0 wavefile=x.wav", "a source of wavefile is not read"),
        (".options temp=-300", "temperature_c is -300; it must lie above -273.15"),
        (".options tnom=50", "changes the circuit"),
        (".temp 0 27", "one temperature is run"), (".temp", "one temperature is run"),
        ("r1 b 0 1k", "'r1' occurs twice"),
        ("m1 a a 0 0 n w=1u ad=1p", "ad="),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_by_its_line(card, rule):
    text = f"title\nr1 a 0 1k\nb1 b 0 V=2*v(a)\n{card}\n.tran 1u 1m\n"
    with pytest.raises(NetlistError) as error:
        read_netlist(text, name="x.cir")
    assert str(error.value).startswith("x.cir, line 4: ")
    assert rule in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_is_opened_only_if_it_is_allowed(tmp_path):
    (tmp_path / "models.lib").write_text(".lib tt\n.model dm d(is=1p)\n.endl tt\n.lib ff\n.model dm d(is=9p)\n.endl\n")
    deck = tmp_path / "x.cir"
    deck.write_text('t\n.lib "Models.lib" FF\nd1 a 0 dm\nr1 a 0 1k\n.tran 1u 1m\n')
    with pytest.raises(NetlistError, match=r"line 2: 'models\.lib' is another file"):
        read_netlist_file(deck)
    circuit = read_netlist_file(deck, include=[tmp_path / "models.lib"])
    assert dict(circuit.elements[0].model.numbers) == {"is": 9e-12}
    deck.write_text("t\n.include x.cir\nr1 a 0 1k\n.tran 1u 1m\n")
    with pytest.raises(NetlistError, match="may include itself"):
        read_netlist_file(deck, include=[deck])


def test_bombs_are_refused_before_they_grow():
    levels = "".join(
        f".subckt s{k + 1} p\n" + "".join(f"x{j} p s{k}\n" for j in range(10)) + ".ends\n" for k in range(9)
    )
    with pytest.raises(NetlistError, match="stands for more than 200000"):
        read_netlist(f"t\n.subckt s0 p\nr1 p 0 1k\n.ends\n{levels}x1 a s9\n.tran 1u 1m\n")
    functions = "".join(f".func f{k + 1}(x) {{f{k}(x)*f{k}(x)}}\n" for k in range(40))
    with pytest.raises(NetlistError, match=r"more than 200000 operations|within one another"):
        read_netlist(f"t\n.func f0(x) {{x+1}}\n{functions}b1 b 0 V=f40(v(a))\nr1 a 0 1\n.tran 1u 1m\n")
    with pytest.raises(NetlistError, match="contains itself"):
        read_netlist("t\n.subckt s p\nx1 p s\n.ends\nx1 a s\n.tran 1u 1m\n")
    with pytest.raises(NetlistError, match="within one another"):
        read_netlist("t\nb1 b 0 V=" + "(" * 5000 + "\nr1 b 0 1\n.tran 1u 1m\n")


def test_what_is_left_out_is_told():
    deck = read_deck(PLAIN.replace(".tran", ".ac dec 10 1 1k\n.options method=gear\n.tran"))
    assert [note.split(":")[0] for note in deck.notes] == ["line 14", "line 15"]


def test_subcircuits_of_subcircuits_take_parameters_and_models_of_their_own():
    text = """t
.param scale=2
.subckt half in out r=1k
.param top={r*scale}
r1 in out {top}
x1 out cap c=1n
.subckt cap n c=1u
c1 n 0 {c}
.ends
.ends
x1 a b half r=5k
x2 b 0 half
v1 a 0 1
.tran 1u 1m
.save v(x1.n) v(b)
"""
    with pytest.raises(NetlistError, match=r"no element touches node .x1\.n"):
        read_netlist(text)
    circuit = read_netlist(text.replace("v(x1.n) ", ""))
    assert [e.ohm for e in circuit.elements if isinstance(e, Resistor)] == [1e4, 2e3]
    assert [e.farad for e in circuit.elements if isinstance(e, Capacitor)] == [1e-9, 1e-9]
    assert [type(e) for e in circuit.elements if isinstance(e, VoltageSource | Inductor | Transconductor)] == [
        VoltageSource
    ]


def test_files_of_the_user_are_read_as_they_are_found(tmp_path):
    path = tmp_path / "pair.cir"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(NetlistError):
        read_deck_file(path)
    path.write_text(USER)
    assert read_deck_file(path).circuit.title == "Two-neuron Hopfield flip-flop"


def test_a_netlist_is_certified_against_its_own_equation():
    """The text of the user itself in the engines, with the bounds of ideal amplifiers."""
    found = certify_circuit(read_netlist(USER), engines=ENGINES[:1])
    assert found.passed
    assert found.level == "ideal"
    with pytest.raises(ValueError, match="0 of 2 inputs have an initial voltage"):
        certify_circuit(read_netlist(USER.replace(" uic", "")), engines=ENGINES[:1])


def test_the_command_line_takes_a_netlist(tmp_path, capsys):
    path = tmp_path / "pair.cir"
    path.write_text(USER.replace("u1", "in+"))
    out = tmp_path / "waves.csv"
    assert main(["simulate", str(path), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "a Hopfield network of 2 neurons, Tanh of gain 5 and swing 1 V" in said
    assert out.read_text().startswith("time,v(v1),v(v2)\n")
    assert main(["certify", str(path), "--engine", ENGINES[0]]) == 0
    assert "checks hold" in capsys.readouterr().out
    assert main(["simulate", str(path), "--out", str(tmp_path / "w.foo")]) == 2
    assert "waveforms are written as .csv or .npz" in capsys.readouterr().err
    path.write_text(USER.replace(".save", ".control\nshell touch x\n.endc\n.save"))
    assert main(["simulate", str(path)]) == 2
    assert "line 14: '.control' would run commands" in capsys.readouterr().err


def test_a_deck_for_hspice_has_its_ground():
    text = (
        "flip flop\n.param rsyn='2*5k'\nE1 v1 gnd! vol='tanh(30*v(u1))'\nE2 v2 gnd! vol='tanh(30*v(u2))' $ output\n"
        "R1 u1 v2 rsyn\nR2 u2 v1 'rsyn'\nC1 u1 0 1n\nC2 u2 0 1n\n.ic v(u1)=0.1 v(u2)=-0.02\n.tran 0.1u 100u uic\n.end\n"
    )
    found = extract_network(read_netlist(text))
    assert found.network.size == 2
    assert found.network.activation.gain == pytest.approx(30.0)
