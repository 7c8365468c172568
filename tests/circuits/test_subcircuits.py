"""Subcircuits and parameters: one definition and many instances mean the same as all elements written out."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_circuits import ACTIVATIONS, random_network
from test_netlist_reading import WORDS, mutated, outcome

from circuits import (
    DIALECTS,
    OPAMPS,
    Circuit,
    EngineError,
    build_hopfield_circuit,
    energy_of_waveforms,
    installed_engines,
    lint,
    netlist_text,
    read_netlist,
    simulate_circuit,
)
from circuits.energy.spice_energy import save_all
from circuits.netlist import hierarchy as hierarchy_module
from circuits.netlist.circuit import (
    BehavioralVoltage,
    Capacitor,
    CurrentSource,
    Diode,
    DiodeModel,
    Instance,
    Mosfet,
    Parameter,
    Resistor,
    Subcircuit,
    Transconductor,
    Transient,
)
from circuits.netlist.expressions import Number, Reference, Time, Voltage, call, evaluate_expression
from circuits.netlist.hierarchy import device_paths, flatten_circuit, node_paths
from circuits.netlist.parameters import draw_parameters, with_parameters
from circuits.simulators.ngspice import check_devices
from circuits.spice.cards import NetlistError
from circuits.spice.dialects import LTSPICE, NEOSPICE, NGSPICE, XYCE
from circuits.synthesis.cmos_neuron import NMOS

ENGINES = [name for name in installed_engines() if name in ("ngspice", "neospice")]
every_engine = pytest.mark.parametrize("engine", ENGINES)
WRITTEN = [NGSPICE, XYCE, LTSPICE]  # neospice gets its circuits flat
every_written = pytest.mark.parametrize("dialect", WRITTEN, ids=lambda d: d.name)

DIODE = DiodeModel("d1", 1e-14, 1.2, 0.5, 1e-12, 0.7, 0.4, 1e-9)
K = Reference("k")
DIVIDER = Subcircuit(
    "divider",
    ("a", "b"),
    (
        BehavioralVoltage("in", "m", "0", K * call("tanh", Voltage("a")) + Reference("shift")),
        Resistor("1", "m", "b", 1e3 * K),
        Resistor("2", "b", "0", Reference("load")),
        Capacitor("1", "b", "0", 1e-9 / K),
    ),
    (Parameter("k", 0.5, 0.05), Parameter("shift", 0.0, unit="V")),
)
PAIR = Subcircuit(
    "pair",
    ("p", "q"),
    (
        Instance("1", DIVIDER, ("p", "q")),
        Instance("2", DIVIDER, ("q", "r"), {"k": 2.0 * K, "shift": 0.0123456789012345}),
        Resistor("r", "r", "0", 1e4),
    ),
    (Parameter("k", 0.25),),
)


def nested(**more) -> Circuit:
    """Two levels, a name k on each, every element with a value of parameters, times of both."""
    elements = (
        BehavioralVoltage("s", "s", "0", Reference("peak") * call("min", 1.0, Time() / 1e-6)),
        Instance("0", PAIR, ("s", "u"), {"k": Reference("load") / 1e4}),
        Instance("1", PAIR, ("s", "v")),
        Instance("2", DIVIDER, ("s", "w"), {"shift": Number(-0.5) * Reference("peak")}),
        CurrentSource("1", "0", "u", Reference("peak") * 1e-4),
        Transconductor("1", "w", "0", "u", "0", Reference("peak") / 1e4),
        Diode("1", "u", "w", DIODE, 2.0 * Reference("peak")),
    )
    parameters = (Parameter("peak", 0.8, 0.01, "V"), Parameter("load", 4700.0, 0.001, "ohm"))
    analysis = Transient(2e-8, 5e-6)
    initial = {"u": 0.1, "x0.r": -0.2}
    return Circuit("t", elements, analysis, ("u", "v", "x0.x2.m"), initial, ("c",), parameters, **more)


# The same text, the same circuit


def written_and_read(circuit, dialect):
    text = netlist_text(circuit, dialect)
    read = read_netlist(text)
    assert read == circuit
    assert netlist_text(read, dialect) == text
    assert lint(text, dialect) == ()
    return text


@every_written
def test_subcircuits_and_parameters_come_back_exactly(dialect):
    text = written_and_read(nested(), dialect)
    assert text.count(".subckt divider a b params: k=0.5 shift=0.0\n*@ k tolerance=0.05\n*@ shift unit=V\n") == 1
    assert ".param peak=0.8\n*@ peak tolerance=0.01 unit=V\n" in text
    assert (
        text.index(".subckt divider")
        < text.index(".subckt pair")
        < text.index("x0 s u pair params: k={(load/10000.0)}")
    )
    assert ("v(x0.x2.m)" if dialect is NGSPICE else "v(x0:x2:m)") in text
    assert ("V=((({k}) * tanh(v(a))) + ({shift}))" if dialect is LTSPICE else "V={((k * tanh(v(a))) + shift)}") in text


def test_tolerances_are_comments_to_simulators_and_parameters_to_us():
    read = read_netlist(netlist_text(nested()))
    assert read.parameters == (Parameter("peak", 0.8, 0.01, "V"), Parameter("load", 4700.0, 0.001, "ohm"))
    assert read.elements[1].subcircuit.elements[0].subcircuit.parameters[0].tolerance == 0.05


@given(
    seed=st.integers(0, 10**6), n=st.integers(1, 5), level=st.sampled_from(["opamp", "transistor"]),
    dialect=st.sampled_from(WRITTEN),
)  # fmt: skip
def test_neurons_come_back_exactly(seed, n, level, dialect):
    network = replace(random_network(seed, n, ACTIVATIONS[0]), activation=type(ACTIVATIONS[0])(20.0))
    start = np.random.default_rng(seed).normal(size=n)
    written_and_read(build_hopfield_circuit(network, start, level=level, rng=seed, comments=("a",)), dialect)


@pytest.mark.parametrize(("level", "definitions"), [("opamp", 3), ("transistor", 2)])
def test_a_designer_sees_one_amplifier_and_an_instance_for_each_neuron(level, definitions):
    network = replace(random_network(3, 8, ACTIVATIONS[0]), activation=type(ACTIVATIONS[0])(20.0))
    text = netlist_text(build_hopfield_circuit(network, level=level))
    assert len(re.findall(r"^\.subckt ", text, re.MULTILINE)) <= definitions
    assert len(re.findall(r"^x\d+ u\d+ v\d+ (w\d+ )?(bias )?vdd vss neuron", text, re.MULTILINE)) == 8
    assert len(re.findall(r"^[bgm]\w+ \w*vdd", text, re.MULTILINE)) <= 10


def test_neospice_gets_elements_and_numbers():
    text = netlist_text(nested(), NEOSPICE)
    assert not re.search(r"^(\.subckt|\.param|x)|\{\(?[a-z]+\b(?!\()", text.replace("V={v(", ""), re.MULTILINE)
    assert read_netlist(text) == flatten_circuit(nested())
    assert lint(text, NEOSPICE) == ()


# The same currents


@every_engine
def test_instances_do_what_the_written_out_elements_do(engine):
    """A value of the wrong scope, a port exchanged, an initial voltage inside lost: each shifts by percents."""
    got, flat = simulate_circuit(nested(), engine), simulate_circuit(flatten_circuit(nested()), engine)
    assert got.nodes == ("u", "v", "x0.x2.m")
    assert len(got.times) == len(flat.times)
    np.testing.assert_allclose(got.voltages, flat.voltages, atol=1e-9)


@every_engine
def test_values_are_those_of_the_innermost_scope(engine):
    """Against arithmetic: v(b) of a loaded divider, with k of the instance, of the definition, and of the circuit."""
    cell = Subcircuit(
        "cell", ("a", "b"), (Resistor("1", "a", "b", K), Resistor("2", "b", "0", 1e3)), (Parameter("k", 1e3),)
    )
    outer = Subcircuit("outer", ("a", "b"), (Instance("i", cell, ("a", "b"), {"k": 2.0 * K}),), (Parameter("k", 5e3),))
    elements = (
        BehavioralVoltage("s", "s", "0", Number(1.0)),
        Instance("1", cell, ("s", "a")),
        Instance("2", cell, ("s", "b"), {"k": K}),
        Instance("3", outer, ("s", "c")),
        Instance("4", outer, ("s", "d"), {"k": K * 3.0}),
        BehavioralVoltage("e", "e", "0", K * Voltage("s")),
    )
    circuit = Circuit("t", elements, Transient(1e-6, 1e-5), tuple("abcde"), parameters=(Parameter("k", 100.0),))
    end = simulate_circuit(circuit, engine).voltages[-1]
    np.testing.assert_allclose(end, [0.5, 1 / 1.1, 1 / 11.0, 1 / 1.6, 100.0], rtol=1e-9)


@every_engine
def test_the_supply_of_op_amps_within_instances_is_counted(engine):
    options = {"level": "opamp", "opamp": OPAMPS["opa192"], "duration_s": 2e-5}
    circuit = save_all(build_hopfield_circuit(random_network(2, 3), [0.1, -0.2, 0.3], **options))
    waves = simulate_circuit(circuit, engine)
    energy = energy_of_waveforms(circuit, waves)
    assert energy.imbalance <= 2e-4
    assert energy.delivered_j == pytest.approx(9 * 1e-3 * 5.0 * waves.times[-1], rel=0.5)  # 1 mA a part, +-2.5 V


@every_engine
def test_a_parameter_moves_all_that_refer_to_it(engine):
    """v = 1 / (1 + g R) with R drawn within 5 %: what is drawn is in the text, and in the voltage."""
    elements = (
        BehavioralVoltage("s", "s", "0", Number(1.0)),
        Resistor("1", "s", "u", Reference("ohm")),
        Resistor("2", "u", "0", 1e3),
    )
    circuit = Circuit("t", elements, Transient(1e-6, 1e-5), ("u",), parameters=(Parameter("ohm", 1e3, 0.05, "ohm"),))
    drawn = [draw_parameters(circuit, seed) for seed in range(200)]
    ohms = np.array([c.parameters[0].value for c in drawn])
    assert np.abs(ohms / 1e3 - 1.0).max() <= 0.05
    assert ohms.std() == pytest.approx(50.0 / np.sqrt(3.0), rel=0.25)
    assert draw_parameters(circuit, 7) == drawn[7]
    assert drawn[0].parameters[0].tolerance == 0.05
    assert simulate_circuit(drawn[0], engine).voltages[-1, 0] == pytest.approx(1e3 / (1e3 + ohms[0]), rel=1e-9)
    assert with_parameters(circuit, ohm=3e3).parameters == (Parameter("ohm", 3e3, 0.05, "ohm"),)
    with pytest.raises(ValueError, match="'mho' is no parameter of the circuit; it has ohm"):
        with_parameters(circuit, mho=1.0)


# Flat


def test_a_flat_circuit_has_numbers_for_parameters_and_paths_for_names():
    flat = flatten_circuit(nested())
    assert flatten_circuit(flat) is flat
    assert flat.saved == ("u", "v", "x0_x2_m")
    assert flat.initial == {"u": 0.1, "x0_r": -0.2}
    found = {e.letter + e.name: e for e in flat.elements}
    assert found["rx0_x1_1"].ohm == pytest.approx(500.0)  # the pair's k is not the divider's
    assert found["rx0_x2_1"].ohm == pytest.approx(940.0)
    assert found["rx1_x2_1"].ohm == pytest.approx(500.0)
    assert found["rx2_2"].ohm == 4700.0
    volts = {"x0_x2_m": 0.0, "u": 0.3}
    assert evaluate_expression(found["bx0_x2_in"].expression, volts) == pytest.approx(
        0.94 * np.tanh(0.3) + 0.0123456789012345
    )
    assert len(list(device_paths(nested().elements))) == len(flat.elements)
    assert "r.x0.x2.r1" in device_paths(nested().elements)
    assert set(node_paths(nested())) == {"s", "u", "v", "w", "x0.r", "x1.r", "x2.m"} | {
        f"x{i}.x{j}.m" for i in (0, 1) for j in (1, 2)
    }


def test_names_that_would_meet_are_refused():
    """Two nodes that become one would be a short circuit."""
    taken = replace(nested(), elements=(*nested().elements, Resistor("t", "x0_r", "0", 1.0)))
    with pytest.raises(ValueError, match=r"node 'x0\.r' becomes 'x0_r', which another node is named; rename"):
        flatten_circuit(taken)
    with pytest.raises(ValueError, match="element 'x0_r' occurs twice"):
        flatten_circuit(replace(nested(), elements=(*nested().elements, Resistor("x0_r", "u", "0", 1.0))))


def test_a_few_lines_do_not_become_more_than_memory_holds(monkeypatch):
    cell = Subcircuit("s0", ("a",), (Resistor("1", "a", "0", 1.0),))
    for k in range(1, 45):
        cell = Subcircuit(f"s{k}", ("a",), (Instance("1", cell, ("a",)), Instance("2", cell, ("a",))))
    circuit = Circuit("t", (Instance("1", cell, ("u",)),), Transient(1.0, 1.0), ("u",))
    with pytest.raises(ValueError, match="has 17592186044416 elements without subcircuits; at most"):
        flatten_circuit(circuit)
    with pytest.raises(NetlistError, match=r"line .*: it stands for more than 2000000 elements"):
        read_netlist(netlist_text(circuit), NGSPICE)
    with pytest.raises(NetlistError, match=r"line .*: the netlist stands for more than 200000 elements"):
        read_netlist(netlist_text(circuit))
    monkeypatch.setattr(hierarchy_module, "MAX_DEVICES", 3)
    with pytest.raises(ValueError, match="at most 3 are"):
        flatten_circuit(nested())


def test_a_device_that_ngspice_lost_within_an_instance_is_missed():
    listing = "device " + " ".join(device_paths(nested().elements))
    check_devices(nested(), "ngspice", listing)
    with pytest.raises(EngineError, match=r"built other devices than asked: 'r\.x0\.x2\.r1'"):
        check_devices(nested(), "ngspice", listing.replace("r.x0.x2.r1 ", ""))


# What is refused as data

R = Resistor("1", "a", "0", 1.0)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: Subcircuit("S", ("a",), (R,)), "subcircuit 'S': a name is"),
        (lambda: Subcircuit("s", (), (R,)), "has ports ; name each once, ground never"),
        (lambda: Subcircuit("s", ("a", "a"), (R,)), "has ports a a; name each once"),
        (lambda: Subcircuit("s", ("a", "0"), (R,)), "has ports a 0; name each once"),
        (lambda: Subcircuit("s", ("b",), (R,)), "no element touches port 'b'"),
        (lambda: Subcircuit("s", ("a",), (R, R)), "element '1' occurs twice"),
        (lambda: Subcircuit("s", ("a",), (R,), (Parameter("k", 1.0),) * 2), "parameter 'k' occurs twice"),
        (
            lambda: Subcircuit("s", ("p",), (Instance("1", DIVIDER, ("p", "q")),), (Parameter("load", 1.0),)),
            "has a parameter 'load', to which one within it refers as to the circuit's; rename it, or hand it on",
        ),
        (lambda: Instance("1", DIVIDER, ("a",)), "instance '1' of 'divider' has 1 nodes; connect 2: a b"),
        (lambda: Instance("1", DIVIDER, ("a", "b"), {"j": 1.0}), "sets 'j'; its parameters are k, shift"),
        (lambda: Instance("1", DIVIDER, ("a", "b"), {"k": float("nan")}), "sets 'k' to nan; it must be finite"),
        (lambda: Parameter("tanh", 1.0), "parameter 'tanh': a name is"),
        (lambda: Parameter("m", 1.0), "parameter 'm': a name is"),
        (lambda: Parameter("K", 1.0), "parameter 'K': a name is"),
        (lambda: Parameter("k", float("inf")), "parameter 'k' is inf"),
        (lambda: Parameter("k", 1.0, 1.5), "has tolerance 1.5; it is relative: 0.01 is 1 %"),
        (lambda: Parameter("k", 1.0, 0.0, "a b"), "has unit 'a b'; write it without spaces"),
        (lambda: Resistor("1", "a", "0", 2.0 * Voltage("u")), "is neither a number nor an expression of parameters"),
        (lambda: Resistor("1", "a", "0", Number(2.0)), "is neither a number nor an expression of parameters"),
        (lambda: Mosfet("1", "a", "a", "0", "0", NMOS, K * Time(), 1e-6), "neither a number nor"),
        (lambda: replace(nested(), parameters=()), "parameter 'load' is referred to, but not among parameters"),
        (lambda: replace(nested(), saved=("x0.x3.m",)), "saved names node 'x0.x3.m', which no element touches"),
        (lambda: replace(nested(), saved=("x0.x1.a",)), "saved names node 'x0.x1.a'"),  # a port
        (lambda: replace(nested(), initial={"x9.m": 0.0}), "initial names node 'x9.m'"),
        (
            lambda: replace(
                nested(),
                elements=(*nested().elements, Instance("9", replace(DIVIDER, ports=("b", "a")), ("u", "v"))),
            ),
            "two subcircuits have the name 'divider'",
        ),
        (
            lambda: flatten_circuit(replace(nested(), parameters=(Parameter("peak", 0.8), Parameter("load", -1.0)))),
            "-1.0 ohm",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(make, rule):
    with pytest.raises(ValueError, match=re.escape(rule)):
        make()


def test_an_expression_of_parameters_is_no_number():
    assert float(2.0 * Number(3.0)) == 6.0
    with pytest.raises(TypeError, match=r"Reference\(parameter='k'\) has no value by itself; hierarchy"):
        float(2.0 * K)


# What is refused as text

TEXT = """* t
.param g=2.0
.subckt s a b params: k=1.0
r1 a b {(k*g)}
.ends s
x1 u 0 s params: k=3.0
c1 u 0 1e-06
.tran 1e-05 0.001 uic
.save v(u)
.end
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "rule"),
    [
        ("r1 a b {(k*g)}", "x1 a b s", 4, "subcircuit 's' contains itself; take the instance out"),
        ("r1 a b {(k*g)}\n.ends s", "x1 a b t\n.ends s\n.subckt t a b\nx1 a b s\n.ends t", 7, "'s' contains itself"),
        (".ends s\n", "", 7, "'.tran' stands within .subckt"),
        ("x1 u 0 s params: k=3.0", "r9 u 0 1.0", 3, "no instance uses subcircuit 's'; remove it"),
        ("x1 u 0 s params", "x1 u 0 t params", 6, "subcircuit 't' is not defined; add its .subckt"),
        ("x1 u 0 s", "x1 u s", 6, "has 1 nodes; connect 2: a b"),
        ("x1 u 0 s params: k=3.0", "x1 u 0 s params: j=3.0", 6, "sets 'j'; its parameters are k"),
        ("x1 u 0 s params: k=3.0", "x1 u 0 s params: k=3.0 k=4.0", 6, "without spaces, each name once"),
        ("x1 u 0 s params: k=3.0", "x1 s", 6, "write x<name> <node> ... <subcircuit>"),
        ("x1 u 0 s params: k=3.0", "x1 u 0 s params: k={q}", 6, "'q' is not known in an expression; define it before"),
        ("x1 u 0 s params: k=3.0", "x1 u 0 s params: k={v(u)*g}", 6, "a value is of numbers and parameters only"),
        ("x1 u 0 s params: k=3.0", "x1 u 0 s params: k={2.0}", 6, "'{2.0}' has no parameter; write the number itself"),
        ("x1 u 0 s params: k=3.0", "x1 u 0 s params: k={g", 6, "the brace of '{g' is not closed"),
        ("{(k*g)}", "{(k*h)}", 4, "'h' is not known in an expression; define it before"),
        ("{(k*g)}", "{(k)*(time)}", 4, "a value is of numbers and parameters only"),
        ("r1 a b", "r1 a a", 3, "no element touches port 'b'"),
        (".ends s", ".ends t", 5, "'.ends t' closes no subcircuit that is open"),
        (".param g=2.0", ".ends", 2, "closes no subcircuit that is open"),
        (".param g=2.0", ".param g={2.0*3.0}", 2, "a parameter's own value is a plain number"),
        (".param g=2.0", ".param tanh=2.0", 2, "parameter 'tanh': a name is"),
        (".param g=2.0", ".param g=2.0 g=3.0", 2, "each name once"),
        (".param g=2.0", ".param g=2.0\n.param g=2.0", 3, "parameter 'g' occurs twice"),
        (".param g=2.0", ".param g=2.0\n*@ q tolerance=0.1", 3, "right behind its definition"),
        (".param g=2.0", ".param g=2.0\n*@ g tolerance=7.0", 3, "it is relative: 0.01 is 1 %"),
        (".subckt s a b params: k=1.0", ".subckt s", 3, "write .subckt <name> <port> ..."),
        (".subckt s a b params: k=1.0", ".subckt s a a params: k=1.0", 3, "name each once, ground never"),
        (".subckt s a b params: k=1.0", ".subckt s a b params: k", 3, "write name=value"),
        (".subckt s a b", ".subckt s a b\n.control", 4, "would run commands"),
        ("r1 a b", ".include x\nr1 a b", 4, "would read another file"),
        ("r1 a b", ".lib x\nr1 a b", 4, "would read another file"),
        ("r1 a b", "shell touch x\nr1 a b", 4, "would run commands"),
        ("r1 a b", ".subckt q a b\nr1 a b", 4, "'.subckt' stands within .subckt"),
        (".ends s", ".ends s\n.subckt s a\nr1 a 0 1.0\n.ends s", 6, "subcircuit 's' occurs twice"),
        ("c1 u 0 1e-06", "d1 u 0 dm", 7, "model 'dm' is not defined"),
        ("c1 u 0 1e-06", "d1 u 0 n1\n.model n1 nmos level=1", 8, "write all of them"),
        ("c1 u 0 1e-06", "d1 u 0 n1 1.6", 7, "write name=value without spaces"),
        ("c1 u 0 1e-06", "c1 u 0 1e-06\n.ic v(x1.q)=0.0", 8, "no element touches node 'x1.q'"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_text_is_refused_with_its_line(old, new, line, rule):
    assert read_netlist(TEXT).elements[0].parameters == {"k": 3.0}
    assert TEXT.count(old) == 1
    with pytest.raises(NetlistError) as error:
        read_netlist(TEXT.replace(old, new), NGSPICE, name="x.cir")
    said = str(error.value)
    assert said.startswith(f"x.cir, line {line}: "), said
    assert rule in said
    assert "\n" not in said
    assert len(said) < 400


def test_subcircuits_of_subcircuits_end():
    """A chain of a thousand definitions is not followed by as many calls."""
    chain = (
        "".join(f".subckt s{k} a\nx1 a s{k + 1}\n.ends\n" for k in range(1000)) + ".subckt s1000 a\nr1 a 0 1.0\n.ends\n"
    )
    text = TEXT.replace("c1 u", chain + "x2 u s0\nc1 u")
    with pytest.raises(NetlistError, match="more than 50 subcircuits within one another"):
        read_netlist(text, NGSPICE)
    with pytest.raises(NetlistError, match="contains itself, or more than 50 others"):
        read_netlist(text)


def test_other_ways_to_write_the_same_are_read():
    other = (
        TEXT.replace("params: ", "").replace("{(k*g)}", "{ k * g }").replace(".ends s", ".ends").replace("g=2", "g = 2")
    )
    for text in (
        other,
        other.upper(),
        TEXT.replace("x1 u 0 s params: k=3.0\n", "").replace(".param", "x1 u 0 s k=3.0\n.param"),
    ):
        assert flatten_circuit(read_netlist(text)).elements == flatten_circuit(read_netlist(TEXT)).elements


@pytest.mark.parametrize("piece", ["1", "a ", "a=", "{", "}", "{k", "params: ", "k = ", "x1.", "k={k} "])
@pytest.mark.parametrize("card", ["x1 u 0 s {}", "x1 u 0 s params: k={}", ".subckt s a {}", ".param {}", "*@ {} unit="])
def test_long_words_do_not_hang(piece, card):
    """A hundred thousand letters: where a pattern tries each start against each end, each takes minutes."""
    text = TEXT.replace("x1 u 0 s params: k=3.0", card.replace("{}", piece * (100_000 // len(piece)), 1))
    for dialect in DIALECTS.values():
        assert outcome(text, dialect)[0] is None
        lint(text, dialect)


def test_5000_mutants_with_subcircuits_are_an_error_in_one_line_or_a_circuit():
    """No traceback of another kind, nothing that takes long, and what is read is what would be written."""
    rng = np.random.default_rng(9)
    network = replace(random_network(0, 2, ACTIVATIONS[0]), activation=type(ACTIVATIONS[0])(20.0))
    originals = [netlist_text(nested(), dialect) for dialect in WRITTEN]
    originals += [TEXT, netlist_text(build_hopfield_circuit(network, [0.1, -0.2], level="opamp")), *originals]
    WORDS.extend(["x1 u v divider", ".ends", "params:", "{k}", "x0.x2.", "*@ k tolerance=0.1"])
    try:
        outcomes = {"read": 0, "refused": 0}
        for k in range(5000):
            text = mutated(originals[k % len(originals)], rng)
            circuit, said = outcome(text)
            outcomes["refused" if circuit is None else "read"] += 1
            if circuit is None:
                assert "\n" not in said, text
                assert said.isascii(), text
                assert len(said) < 500, text
            else:
                assert netlist_text(read_netlist(netlist_text(circuit))) == netlist_text(circuit), text
        assert min(outcomes.values()) > 300, outcomes
    finally:
        del WORDS[-6:]


# Traps

TRAPS = [
    ("x1 u 0 s params", "x1 u 0 0 s params", "subcircuit 's' has 2 ports, not 3", list(DIALECTS)),
    ("x1 u 0 s params: k", "x1 u 0 s params: j", "has no parameter 'j', so it is ignored", list(DIALECTS)),
    ("x1 u 0 s params: k", "x1 u 0 t params: k", "subcircuit 't' is not defined", list(DIALECTS)),
    ("x1 u 0 s params: k=3.0", "x1 u 0 s m=2", "neospice ignores m= of an instance", ["neospice"]),
    ("c1 u 0 1e-06", "d1 u 0 dm 1.6", "write area=", list(DIALECTS)),
    ("c1 u 0", "c1 time 0", "node 'time' has the name of a variable", list(DIALECTS)),
    ("x1 u 0 s", "x1 U 0 s", "neospice misreads node 'U'", ["neospice"]),
    ("c1 u 0 1e-06", "b1 q 0 V={g*v(u)}", "neospice takes parameter 'g' as 0", ["neospice"]),
]


@pytest.mark.parametrize(("old", "new", "said", "names"), TRAPS)
def test_each_trap_of_subcircuits_is_found(old, new, said, names):
    assert TEXT.count(old) == 1
    for name in names:
        before = {finding.rule for finding in lint(TEXT, DIALECTS[name])}
        assert not any(said in rule for rule in before)
        found = lint(TEXT.replace(old, new), DIALECTS[name])
        assert any(said in finding.rule for finding in found), found


def test_neospice_ignores_what_its_traps_say(tmp_path):
    """If neospice mends one of these, the rule can go."""
    if "neospice" not in ENGINES:
        return
    import subprocess
    import sys

    script = "import sys, neospice\ns = neospice.Simulator()\nr = s.run(s.parse(sys.stdin.read())).transient\n"
    script += "print(float(r.voltage('b')[-1]))"
    deck = "* t\nbs a 0 V={1.0}\n.subckt s p q params: k=1000.0\nr1 p q {k}\n.ends s\n"
    for instance, truth in (("x1 a b s m=2", 2 / 3), ("x1 a b s params: j=500.0", None), ("x1 a b 0 s", None)):
        text = f"{deck}{instance}\nr1 b 0 1000.0\n.tran 1e-6 1e-5\n.save v(b)\n.end\n"
        done = subprocess.run(
            [sys.executable, "-c", script], input=text, capture_output=True, text=True, check=True, timeout=60
        )
        assert float(done.stdout.split()[-1]) == pytest.approx(0.5), (instance, truth)
        assert any("instance" in f.rule or "subcircuit" in f.rule for f in lint(text, NEOSPICE))
