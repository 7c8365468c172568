"""Netlists read back: exactly what we write, and of all else an error in one line. Nothing in a text is ever run."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from test_circuits import ACTIVATIONS, expressions, hebbian, random_network

from circuits import (
    DIALECTS,
    Circuit,
    ComponentRange,
    build_hopfield_circuit,
    fit_to_components,
    lint,
    netlist_text,
    read_netlist,
    read_netlist_file,
)
from circuits.extraction.network import network_from_circuit
from circuits.netlist.circuit import (
    BehavioralCurrent,
    BehavioralVoltage,
    CurrentSource,
    Resistor,
    Transconductor,
    Transient,
)
from circuits.netlist.expressions import Number, Operation, Time, Voltage, balanced_sum, call
from circuits.spice import cards as cards_module
from circuits.spice.cards import NetlistError, cards
from circuits.spice.dialect import Dialect
from circuits.spice.dialects import LTSPICE, NEOSPICE, NGSPICE, XYCE
from circuits.spice.expression_parser import read_expression
from circuits.spice.strict_reader import detect_dialect
from circuits.spice.writer import expression_text
from circuits.synthesis.tour_circuit import TourCircuit
from neuromorph.analog import AnalogNetwork, Softassign, Tanh

every_dialect = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))


def equal(a: Circuit, b: Circuit) -> bool:
    return (a.title, a.elements, a.analysis, a.saved, a.comments) == (
        b.title,
        b.elements,
        b.analysis,
        b.saved,
        b.comments,
    ) and list(a.initial.items()) == list(b.initial.items())


def assert_round_trip(circuit, dialect):
    text = netlist_text(circuit, dialect)
    read = read_netlist(text)
    assert detect_dialect(text) is dialect
    assert netlist_text(read, dialect) == text
    assert equal(read, circuit)


# Text -> circuit -> the same text


@given(seed=st.integers(0, 10**6), n=st.integers(1, 7), dialect=st.sampled_from(list(DIALECTS.values())))
def test_networks_come_back_exactly(seed, n, dialect):
    """Every float to the last bit, every name, the order of everything, the comments, the tolerances."""
    start = np.random.default_rng(seed).normal(size=n)
    network = random_network(seed, n, ACTIVATIONS[seed % 4])
    comments = ("run: by hand", "#shell rm", "a = b")
    assert_round_trip(
        build_hopfield_circuit(network, start, reltol=1e-6, title="ng_script", comments=comments), dialect
    )


@every_dialect
def test_circuits_of_every_element_come_back_exactly(dialect):
    xy = np.random.default_rng(0).random((6, 2))
    tour = TourCircuit(Softassign(np.linalg.norm(xy[:, None] - xy, axis=2), noise=0.0))
    assert_round_trip(tour.circuit(tour.start(0)), dialect)
    x = Voltage("a")
    long = balanced_sum([-0.5 * x * x, 300.0 * Time(), *(0.01 * (k - 40.25) * x for k in range(80))])
    elements = (
        Resistor("1", "a", "0", 1e3),
        Transconductor("1", "0", "a", "a", "0", -1e-3),
        BehavioralCurrent("1", "0", "a", long),
        BehavioralVoltage("2", "b", "0", call("max", x / 3.0, call("min", 2.0, Number(-0.0) - x))),
        CurrentSource("x_1", "a", "0", -0.0),
    )
    assert_round_trip(Circuit("", elements, Transient(1.0, 1.0), ("b", "a")), dialect)


@pytest.mark.parametrize("level", ["opamp", "transistor"])
def test_amplifiers_of_every_level_come_back_exactly(level):
    network = AnalogNetwork.from_ising(hebbian(3, 1), Tanh(10.0))
    for dialect in (NGSPICE, XYCE, LTSPICE):
        assert_round_trip(build_hopfield_circuit(network, [0.01, 0.0, -0.01], level=level), dialect)


@given(expression=st.one_of(expressions, st.builds(Operation, st.just("/"), expressions, expressions)))
def test_expressions_come_back_exactly(expression):
    assert read_expression(expression_text(expression)) == expression


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("1 + 2*v(a) - 3/time", "((1.0 + (2.0 * v(a))) - (3.0 / time))"),
        ("-2*v(a)", "((-2.0) * v(a))"),
        ("((v( a )))", "v(a)"),
        ("max(1,v(0))", "max(1.0, v(0))"),
        ("1-2-3", "((1.0 - 2.0) - 3.0)"),
    ],
)
def test_missing_parentheses_mean_what_they_mean_everywhere(text, full):
    assert expression_text(read_expression(text)) == full


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("v(a)^2", "write products"), ("v(a)**2", "write products"), ("-v(a)", "write (0.0 - x)"),
        ("v(a) > 0", "use min and max"), ("v(a) ? 1 : 2", "use min and max"), ("log(v(a))", "'log' is not known"),
        ("v(a,b)", "write a difference as (v(a) - v(b))"), ("gain*v(a)", "'gain' is not known"),
        ("", "ends too early"),
        ("(1", "expected ')'"), ("1 2", "has '2' where it cannot"), ("min(1)", "min has 1 arguments; it takes 2"),
        ("tanh", "expected '('"), ("1k", "'1k' is no plain number"), ("1e999", "too large"),
        ("1" * 99, "no plain number"),
        ("(" * 5000 + "1" + ")" * 5000, "more than 100 parentheses"),
        ("+".join(["1"] * 5000), "more than 200 operations"),
        ("tanh(" * 5000, "more than 100"), ("`ls`", "where it cannot"),
    ],
)  # fmt: skip
def test_what_simulators_read_differently_is_refused(text, rule):
    with pytest.raises(ValueError) as error:
        read_expression(text)
    assert rule in str(error.value)


def test_other_layouts_of_the_same_netlist_are_read():
    circuit = build_hopfield_circuit(random_network(1, 3), [0.1, 0.2, 0.3])
    text = netlist_text(circuit)
    for changed in (text.replace("\n", "\r\n"), text.replace(" ", "\t"), text.replace("\n", "\n\n"), text.upper()):
        read = read_netlist(changed.replace("*\tr", "* r"))
        assert (read.elements, read.analysis, read.saved) == (circuit.elements, circuit.analysis, circuit.saved)
    assert read_netlist(text.replace(".end\n", "")).elements == circuit.elements


@every_dialect
def test_a_dialect_is_recognized_without_its_second_line(dialect):
    lines = netlist_text(build_hopfield_circuit(random_network(1, 3)), dialect).splitlines()
    expected = NGSPICE if dialect is NEOSPICE else dialect
    assert detect_dialect("\n".join([lines[0], *lines[2:]])) is expected


def test_tolerances_that_are_not_given_are_those_of_the_simulator():
    text = "* t\nr1 a 0 1.0\n.tran 0.1 1.0 0.0 0.1 uic\n"
    assert read_netlist(text + ".save v(a)\n").analysis == Transient(0.1, 1.0, True, 1e-3, 1e-6, 1e-12)
    assert read_netlist(text + ".print tran v(a)\n").analysis == Transient(0.1, 1.0, True, 1e-3, 1e-6)


# What is refused

PLAIN = (
    "* t\nr1 a 0 1000.0\nc1 a 0 1e-06\nbv v 0 V={tanh(v(a))}\n.ic v(a)=0.5\n.tran 1e-05 0.001 uic\n.save v(a)\n.end\n"
)


@pytest.mark.parametrize(
    "hostile",
    [
        ".control\nshell rm -rf /\n.endc", ".CONTROL", " .control", "\t.control", ".endc", ".include /etc/passwd",
        ".inc x", ".lib x tt", ".LIB 'x'", ".endl", "shell touch x", "system touch x", "!touch x", "*#shell touch x",
        "*#",
        ".exec x", ".loadbias x", "r2 a 0 `id`", "r2 a 0 $x", 'b2 b 0 V=tablefile("/etc/passwd")', "v1 b 0 wavefile=x",
        ".print tran file=/tmp/x v(a)", "a1 [a] b x",
        ".model x d_source (input_file=x)",
        ".param x=y", ".subckt x a", "x1 a x", ".foo", ".write x", ".csparam x=1",
        "r2 a 0", "r2 a 0 nan", "r2 a 0 inf",
        "r2 a 0 1e999", "r2 \u00e9 0 1.0", "r1 a 0 1.0", "b2 b 0 V={v(nowhere)}",
        "b2 b 0 V={v(a)", "b2 b 0 R={v(a)}", ".ic v(a)=1.0", ".ic v(q)=1.0", ".ic v(a)=1 v(v)=2", ".tran 1e-5 1e-3",
        ".save v(q)", ".options reltol=2.0",
        "m1 a a 0 0 nch w=1e-6 l=1e-6", "+ 5", "r2 a 0 1.0 tc=1", "q1 a a a x",
    ],
)  # fmt: skip
def test_what_is_foreign_is_refused_with_its_line(hostile):
    """One message of one line, which names the file, the line, the rule and, after a semicolon or colon, the remedy."""
    at = 3 if not hostile.startswith("+") else 2
    lines = PLAIN.splitlines()
    text = "\n".join([*lines[: at - 1], hostile, *lines[at - 1 :]])
    if hostile.startswith("+"):
        text = "* t\n" + text
    if hostile == "r1 a 0 1.0" or hostile.startswith((".ic v(a)=1", ".tran")):
        at = text.split("\n").index(hostile) + 1  # the second of two is the one to complain of
    with pytest.raises(NetlistError) as error:
        read_netlist(text, name="x.cir")
    said = str(error.value)
    assert "\n" not in said
    assert said.isascii()
    assert len(said) < 400
    assert said.startswith("x.cir, line "), said
    assert any(mark in said for mark in (";", ": ")), said


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("*ng_script\nshell touch x\n" + PLAIN, "line 1: '*ng_script' is a command to ngspice"),
        (PLAIN.replace(".tran 1e-05 0.001 uic\n", ""), "there is no .tran"),
        (PLAIN.replace(".tran 1e-05 0.001 uic", ".tran 1e-05 -0.001 uic"), "line 6"),
        ("", "there is no .tran"),
        ("* t\n* c\n+ .control\n", "line 3: '+' continues nothing"),
    ],
)
def test_what_is_missing_or_misplaced_is_said(text, rule):
    with pytest.raises(NetlistError) as error:
        read_netlist(text)
    assert rule in str(error.value)


def test_dialects_are_not_mixed():
    with pytest.raises(NetlistError, match=r"\.save is not how xyce keeps signals"):
        read_netlist(PLAIN.replace("uic", "0.0 1e-05 uic").replace("0.001 ", "0.001 "), XYCE)
    with pytest.raises(NetlistError, match="bounds no step in ltspice"):
        read_netlist(PLAIN, LTSPICE)
    with pytest.raises(NetlistError, match="loses samples"):
        read_netlist(PLAIN.replace(".ic", ".options plotwinsize=300\n.ic"), LTSPICE)
    with pytest.raises(NetlistError, match="names a package first"):
        read_netlist(PLAIN.replace(".ic", ".options reltol=1e-3\n.ic"), XYCE)
    with pytest.raises(NetlistError, match="neospice ignores the largest step"):
        read_netlist(PLAIN.replace("0.001 uic", "0.001 0.0 1e-06 uic"), NEOSPICE)
    assert read_netlist(PLAIN.replace("0.001 uic", "0.001 0.0 1e-06 uic")).analysis.step_s == 1e-6


def test_sizes_are_limited(monkeypatch, tmp_path):
    monkeypatch.setattr(cards_module, "MAX_CARD", 100)
    with pytest.raises(NetlistError, match="line 3: a card of more than 100 characters"):
        list(cards("* t\n* " + "x" * 80 + "\nr1 " + "x" * 200))
    monkeypatch.setattr(cards_module, "MAX_CHARACTERS", 100)
    with pytest.raises(NetlistError, match="larger than"):
        read_netlist("*" * 101)
    monkeypatch.undo()
    monkeypatch.setattr("circuits.spice.strict_reader.MAX_ELEMENTS", 2)
    monkeypatch.setattr("circuits.spice.foreign.expansion.MOST_ELEMENTS", 2)
    with pytest.raises(NetlistError, match="line 4: there are more than 2 elements"):
        read_netlist(PLAIN, NGSPICE)
    with pytest.raises(NetlistError, match="line 4: the netlist stands for more than 2 elements"):
        read_netlist(PLAIN)


def test_files_are_read_as_they_are_found(tmp_path):
    path = tmp_path / "x.cir"
    path.write_bytes(b"\xef\xbb\xbf" + PLAIN.replace("* t", "* caf\u00e9 \u03a9").encode() + b"* \xff\n")
    with pytest.raises(NetlistError, match=r"x\.cir, line 9: simulators skip"):
        read_netlist_file(path, NGSPICE)
    path.write_bytes(
        b"\xef\xbb\xbf" + PLAIN.replace("* t", "* caf\u00e9 \u03a9\n* \udcff").encode("utf-8", "surrogateescape")
    )
    assert read_netlist_file(path).title == "caf\u00e9 \u03a9"
    assert netlist_text(read_netlist_file(path)).isascii()
    for absent in (tmp_path / "absent.cir", tmp_path):
        with pytest.raises(NetlistError, match="there is no such regular file"):
            read_netlist_file(absent)


@pytest.mark.parametrize("piece", ["1", "a", "v(", "(", ")=", "v(a)", "=", "1.", "limit(", "a ", "-", "e1", "+1"])
@pytest.mark.parametrize(
    "card", ["r2 a 0 {} x", "b2 b 0 V={{{}", ".ic v(a)={} x", ".save {} x", ".options {} x", ".tran {}"]
)
def test_long_words_do_not_hang(piece, card):
    """A hundred thousand letters: where a pattern tries each start against each end, each takes minutes."""
    text = PLAIN.replace(".ic v(a)=0.5", card.format(piece * (100_000 // len(piece))))
    for dialect in DIALECTS.values():
        assert outcome(text, dialect)[0] is None
        lint(text, dialect)


WORDS = [
    ".control", "shell ls", ".include x", "*#ls", "+", "V={", "}", "(" * 300, "^", "1e999", "0", "-", ".ic v(u0)=", "=",
    ".subckt a b", "\x00", "\r", "\n", "\n+", " ", "\u2028", "\x85", "nan", "1k", "'", '"', "`id`", ".end\n",
    "b1 a 0 I=1\n", "tanh(", "time", "v(u0)", ".save v(u0)\n", ".tran 1 1\n", "r1 u0 0 1.0\n", "*", ";", "$", ",",
    "1" * 5000,
]  # fmt: skip


def mutated(text: str, rng: np.random.Generator) -> str:
    """One to three changes: letters, words, lines lost, doubled, swapped, put in."""
    for _ in range(rng.integers(1, 4)):
        a, b = sorted(rng.integers(0, len(text) + 1, 2).tolist())
        lines = text.split("\n")
        k, j = rng.integers(0, len(lines), 2)
        match rng.integers(0, 8):
            case 0:
                text = text[:a] + chr(int(rng.integers(32, 127))) + text[a + 1 :]
            case 1:
                text = text[:a] + text[a + 1 :]
            case 2:
                text = text[:a] + WORDS[rng.integers(len(WORDS))] + text[a:]
            case 3:
                text = "\n".join(lines[:k] + lines[k + 1 :])
            case 4:
                text = "\n".join([*lines[:k], lines[j], *lines[k:]])
            case 5:
                lines[k], lines[j] = lines[j], lines[k]
                text = "\n".join(lines)
            case 6:
                text = text[:a] + text[min(b, a + 30) :]
            case 7:
                words = lines[k].split(" ")
                words[rng.integers(len(words))] = WORDS[rng.integers(len(WORDS))]
                text = "\n".join([*lines[:k], " ".join(words), *lines[k + 1 :]])
    return text


def test_5000_mutated_netlists_are_an_error_in_one_line_or_a_circuit():
    """No traceback of another kind, nothing that takes long, and what is read is what would be written."""
    rng = np.random.default_rng(8)
    originals = [
        netlist_text(
            build_hopfield_circuit(random_network(k, 3, ACTIVATIONS[k]), [0.1, -0.2, 0.3], comments=("c",)), dialect
        )
        for k, dialect in enumerate(DIALECTS.values())
    ]
    outcomes = {"read": 0, "refused": 0}
    for k in range(5000):
        text = mutated(originals[k % 4], rng)
        circuit, said = outcome(text)
        outcomes["refused" if circuit is None else "read"] += 1
        if circuit is None:
            assert "\n" not in said, text
            assert said.isascii(), text
            assert len(said) < 500, text
        else:
            assert netlist_text(read_netlist(netlist_text(circuit))) == netlist_text(circuit), text
    assert min(outcomes.values()) > 300, outcomes  # both kinds are well represented


def outcome(text: str, dialect: Dialect | None = None) -> tuple[Circuit | None, str]:
    """The circuit, or None and what was said; any other error goes on."""
    try:
        return read_netlist(text, dialect), ""
    except NetlistError as error:
        return None, str(error)


# Circuit -> network


def same(a: AnalogNetwork, b: AnalogNetwork) -> bool:
    """To the last bit."""
    s, t = (x.conductances.toarray() if sparse.issparse(x.conductances) else x.conductances for x in (a, b))
    rest = all(np.array_equal(getattr(a, k), getattr(b, k)) for k in ("resistances", "capacitances", "currents"))
    return np.array_equal(s, t) and rest and a.activation == b.activation


@given(seed=st.integers(0, 10**6), n=st.integers(1, 8), tiny=st.booleans(), as_sparse=st.booleans())
def test_networks_come_back_from_their_circuits(seed, n, tiny, as_sparse):
    """Close the first time, when 1 / T becomes a resistor of 12 digits; to the last bit from then on."""
    rng = np.random.default_rng(seed)
    activation = type(ACTIVATIONS[seed % 4])(rng.uniform(0.1, 50.0), rng.uniform(0.1, 5.0))
    network = random_network(seed, n, activation, as_sparse=as_sparse)
    if tiny:  # leaks far below the synapses, whose resistor has few digits
        loads = np.asarray(abs(network.conductances).sum(axis=1)).ravel()
        total_s = loads * (1.0 + 10.0 ** rng.uniform(-9, -3, n)) + 1e-9 * (loads == 0)
        network = AnalogNetwork(network.conductances, 1 / total_s, 1e-9, network.currents, activation)
    start = rng.normal(size=n)
    first, potentials = network_from_circuit(build_hopfield_circuit(network, start))
    assert np.array_equal(potentials, start)
    s, t = (x.toarray() if sparse.issparse(x) else x for x in (network.conductances, first.conductances))
    np.testing.assert_allclose(t, s, rtol=1e-11)
    np.testing.assert_allclose(first.resistances, network.resistances, rtol=1e-8)
    np.testing.assert_allclose(
        [first.activation.gain, first.activation.swing], [activation.gain, activation.swing], rtol=1e-14
    )
    assert np.array_equal(first.currents, network.currents)
    assert np.array_equal(first.capacitances, network.capacitances)
    for dialect in (NGSPICE, LTSPICE):
        second, potentials = network_from_circuit(
            read_netlist(netlist_text(build_hopfield_circuit(first, start), dialect))
        )
        assert same(first, second)
        assert np.array_equal(potentials, start)


@pytest.mark.parametrize("series", ["E24", "E96"])
def test_networks_of_real_resistors_come_back_to_the_last_bit(series):
    for n in (2, 9, 40):
        for activation in ACTIVATIONS:
            made = fit_to_components(
                AnalogNetwork.from_ising(hebbian(n, 2, n), activation), ComponentRange(series=series)
            ).network
            text = netlist_text(build_hopfield_circuit(made))
            network, _ = network_from_circuit(read_netlist(text))
            assert same(network, made)
            assert netlist_text(build_hopfield_circuit(network)) == text


def test_names_and_order_of_a_network_do_not_matter():
    """Nodes renamed, elements shuffled (not the capacitors among themselves, which count the neurons), ends swapped."""
    network, _ = network_from_circuit(build_hopfield_circuit(random_network(5, 4)))
    circuit = build_hopfield_circuit(network)
    text = re.sub(r"\b([uvw])(\d)\b", r"\1x\2y", netlist_text(circuit)).replace(".save v(vx0y)", ".save v(wx1y)", 1)
    lines = [re.sub(r"^(r\S+) (\S+) (\S+)", r"\1 \3 \2", line) for line in text.splitlines()]
    head, end = lines[:2], [line for line in lines[2:] if line.startswith(".")]
    capacitors = [line for line in lines if line.startswith("c")]
    others = [line for line in lines[2:] if line[0] not in "c."]
    order = np.random.default_rng(0).permutation(len(others))
    shuffled = "\n".join([*head, *(others[k] for k in order), *capacitors, *end])
    assert same(network_from_circuit(read_netlist(shuffled))[0], network)


def with_change(old, new):
    return netlist_text(
        build_hopfield_circuit(AnalogNetwork([[0, 1e-5], [-1e-5, 0]], 5e4, 1e-9, [1e-6, 0], Tanh(3.0)))
    ).replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("c1 u1 0 1e-09\n", "", r"rleak1 leads neither|reads node 'u1'"),
        ("bv1 v1 0 V={(1.0 * tanh((3.0 * v(u1))))}", "bv1 v1 0 V={(2.0 * tanh((3.0 * v(u1))))}", "one activation"),
        ("bv1 v1 0 V={(1.0 * tanh((3.0 * v(u1))))}", "bv1 v1 0 V={exp(v(u1))}", "bv1 is no amplifier that is known"),
        (
            "bv1 v1 0 V={(1.0 * tanh((3.0 * v(u1))))}",
            "bv1 v1 0 V={(1.0 * tanh((3.0 * v(u0))))}",
            "input 'u1' has no amplifier",
        ),
        ("r0_1 u0 v1", "r0_1 u0 u1", "r0_1 leads neither"),
        ("r0_1 u0 v1", "r0_1 v0 v1", "r0_1 leads neither"),
        ("c0 u0 0", "c0 u0 u1", "c0 does not lead from an input to ground"),
        ("i0 0 u0", "i0 u1 u0", "i0 does not feed an input from ground"),
        ("r0_1 u0 v1", "g9 u0 0 u1 0 1e-6\nr0_1 u0 v1", "g9 reads node 'u1'"),
        ("r0_1 u0 v1", "b9 u0 0 I={(v(v1) * v(v1))}\nr0_1 u0 v1", "b9 is a current that is not linear"),
        ("r0_1 u0 v1", "d9 u0 0 dm area=1.0\n.model dm d is=1e-12\nr0_1 u0 v1", "d9 is of a kind"),
        (".ic v(u0)=0.0", ".ic v(v0)=0.0", "no neuron's input"),
        ("r1_0 u1 w0 100000.0", "r1_0 u1 w0 100000.0\nr9 u1 v0 5.0", "r9 is of the other sign"),
    ],
)
def test_a_circuit_that_is_no_network_names_the_element(old, new, rule):
    assert network_from_circuit(read_netlist(with_change(old, old)))[0].size == 2
    text = with_change(old, new)
    assert text != with_change(old, old)
    with pytest.raises(ValueError, match=rule) as error:
        network_from_circuit(read_netlist(text))
    assert not isinstance(error.value, NetlistError)
