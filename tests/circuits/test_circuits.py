"""The circuit is checked against the network by Kirchhoff's law on its elements, its text by reading it back."""

import re
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from circuits import Circuit, ComponentRange, build_hopfield_circuit, fit_to_components, netlist_text, problem_netlist
from circuits.netlist.circuit import (
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    CurrentSource,
    Resistor,
    Transconductor,
    Transient,
)
from circuits.netlist.expressions import (
    FUNCTIONS,
    Number,
    Operation,
    Time,
    Voltage,
    balanced_sum,
    call,
    evaluate_expression,
)
from circuits.spice.lines import COLUMNS, wrap
from circuits.spice.writer import expression_text, netlist_lines
from circuits.synthesis.component_values import SERIES, loop_gain, round_to_series
from circuits.synthesis.hopfield_circuit import amplifier, count_resistors
from neuromorph import DoesNotFit, Ising, Minimize, RecallFrom
from neuromorph.analog import Activation, Algebraic, AnalogNetwork, Arctan, Logistic, Tanh

ACTIVATIONS = [Tanh(3.0, 1.5), Arctan(2.0, 0.7), Algebraic(5.0, 2.0), Logistic(4.0, 3.0)]


def random_network(
    seed: int, n: int, activation: Activation | None = None, *, as_sparse: bool = False
) -> AnalogNetwork:
    """Signed, asymmetric, with self-coupling, some synapses missing, some neurons without leak."""
    rng = np.random.default_rng(seed)
    t = rng.normal(size=(n, n)) * 1e-5 * (rng.random((n, n)) < 0.7)
    leak = rng.uniform(1e-7, 1e-5, n) * (rng.random(n) < 0.8) + 1e-9 * (np.abs(t).sum(axis=1) == 0)
    return AnalogNetwork(
        sparse.csr_array(t) if as_sparse else t,
        1.0 / (leak + np.abs(t).sum(axis=1)),
        rng.uniform(1e-10, 1e-9, n),
        rng.normal(size=n) * 1e-6,
        activation or Tanh(5.0),
    )


def hebbian(n: int, patterns: int, seed: int = 0) -> Ising:
    x = np.random.default_rng(seed).choice([-1.0, 1.0], (patterns, n))
    j = x.T @ x / n
    np.fill_diagonal(j, 0.0)
    return Ising(j)


def kirchhoff(circuit: Circuit, u: np.ndarray, time_s: float = 0.0) -> np.ndarray:
    """d/dt of the voltage on every capacitor, in the order of the initial voltages, from the elements alone."""
    volts = {"0": 0.0, **dict(zip(circuit.initial, u, strict=True))}
    sources = [e for e in circuit.elements if isinstance(e, BehavioralVoltage)]
    for source in sorted(sources, key=lambda e: e.a):  # v before w, which reads v
        assert source.b == "0"
        volts[source.a] = float(evaluate_expression(source.expression, volts, time_s))
    into = dict.fromkeys(volts, 0.0)
    farad = {}
    for e in circuit.elements:
        match e:
            case Resistor(_, a, b, ohm):
                into[a] -= (volts[a] - volts[b]) / ohm
                into[b] += (volts[a] - volts[b]) / ohm
            case CurrentSource(_, a, b, ampere):
                into[a] -= ampere
                into[b] += ampere
            case Transconductor(_, a, b, plus, minus, siemens):
                into[a] -= siemens * (volts[plus] - volts[minus])
                into[b] += siemens * (volts[plus] - volts[minus])
            case BehavioralCurrent(_, a, b, expression):
                into[a] -= float(evaluate_expression(expression, volts, time_s))
                into[b] += float(evaluate_expression(expression, volts, time_s))
            case Capacitor(_, a, "0", value):
                farad[a] = value
    return np.array([into[node] / farad[node] for node in circuit.initial])


@given(seed=st.integers(0, 10**6), n=st.integers(1, 8), which=st.integers(0, 3), as_sparse=st.booleans())
def test_kirchhoffs_law_on_the_elements_is_the_ode(seed, n, which, as_sparse):
    """A wrong sign, the wrong rail, a transposed T, a lost leak or current, a wrong activation: each fails."""
    network = random_network(seed, n, ACTIVATIONS[which], as_sparse=as_sparse)
    u = np.random.default_rng(seed + 1).normal(size=n)
    expected = network.rhs(0.0, u)
    # Leaks are written to 9 digits: the error is one of the currents, which may cancel in their sum.
    currents = abs(network.conductances) @ abs(network.voltages(u)) + abs(network.currents) + network.leaks_s * abs(u)
    scale = (currents / network.capacitances).max()
    np.testing.assert_allclose(kirchhoff(build_hopfield_circuit(network), u), expected, rtol=1e-8, atol=1e-8 * scale)


def test_every_activation_has_an_amplifier():
    subclasses = {c for c in Activation.__subclasses__() if c.__module__.startswith("neuromorph.")}
    assert {type(activation) for activation in ACTIVATIONS} == subclasses
    u = np.linspace(-3, 3, 101)
    for activation in ACTIVATIONS:
        np.testing.assert_allclose(
            evaluate_expression(amplifier(activation, Voltage("x")), {"x": u}), activation.value(u), atol=1e-14
        )


def test_an_unknown_activation_is_refused_by_name():
    @dataclass(frozen=True)
    class Cubic(Tanh.__base__):
        _f = _slope = _inverse = _inverse_integral = staticmethod(lambda x: x)

    with pytest.raises(TypeError, match="Cubic has no circuit; use Tanh"):
        amplifier(Cubic(), Voltage("x"))


def test_circuit_starts_and_ends_as_asked():
    network = random_network(3, 3)
    circuit = build_hopfield_circuit(network, [0.1, -0.2, 0.3], duration_s=1e-3, step_s=1e-6, reltol=1e-4)
    assert dict(circuit.initial) == {"u0": 0.1, "u1": -0.2, "u2": 0.3}
    assert (circuit.analysis.stop_s, circuit.analysis.step_s, circuit.analysis.reltol) == (1e-3, 1e-6, 1e-4)
    default = build_hopfield_circuit(network).analysis
    tau = network.resistances * network.capacitances
    assert default.stop_s == pytest.approx(10 * tau.max())
    assert default.step_s == pytest.approx(tau.min() / 50)
    with pytest.raises(ValueError, match=r"initial has shape \(2,\)"):
        build_hopfield_circuit(network, [0.0, 0.0])


def test_a_network_that_no_passive_circuit_has_is_refused():
    network = AnalogNetwork([[0, 1e-5], [1e-5, 0]], 2e5, 1e-9, 0.0, Tanh())
    with pytest.raises(ValueError, match=r"resistances\[0\] is 2e\+05 ohm.*1e\+05 ohm in parallel.*from_ising"):
        build_hopfield_circuit(network)
    exact = AnalogNetwork([[0, 1e-5], [1e-5, 0]], 1e5, 1e-9, 0.0, Tanh())
    assert count_resistors(exact) == 2  # no leak at all is passive


# Expressions and text


leaves = st.one_of(
    st.floats(-1e3, 1e3).map(Number), st.sampled_from("abc").map(Voltage), st.just(Time()), st.just(Number(0.0))
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Operation, st.sampled_from("+-*"), inner, inner),
        st.builds(lambda f, x: call(f, x), st.sampled_from(["tanh", "atan", "abs"]), inner),
        st.builds(lambda f, x, y: call(f, x, y), st.sampled_from(["min", "max"]), inner, inner),
    ),
    max_leaves=12,
)


@given(expression=expressions, a=st.floats(-2, 2), b=st.floats(-2, 2), c=st.floats(-2, 2), t=st.floats(0, 2))
def test_expression_text_means_what_the_expression_is(expression, a, b, c, t):
    """Python reads the text as SPICE does: a lost parenthesis or sign shows."""
    names = {"v": {"a": a, "b": b, "c": c}.get, "time": t, "a": "a", "b": "b", "c": "c", **FUNCTIONS}
    with np.errstate(over="ignore", invalid="ignore"):
        expected = evaluate_expression(expression, {"a": a, "b": b, "c": c}, t)
        read = eval(expression_text(expression), {"__builtins__": {}}, names)
    np.testing.assert_allclose(read, expected, rtol=1e-12, atol=1e-12)


def test_operators_take_numbers_on_either_side():
    x = Voltage("x")
    for expression, value in ((1 + x, 4), (x + 1, 4), (1 - x, -2), (x - 1, 2), (2 * x, 6), (x * 2, 6), (6 / x, 2)):
        assert evaluate_expression(expression, {"x": 3.0}) == value
    assert evaluate_expression(x / 2, {"x": 3.0}) == 1.5
    assert evaluate_expression(balanced_sum([x, 1.0, 2 * x]), {"x": 3.0}) == 10.0
    assert evaluate_expression(balanced_sum([]), {}) == 0.0
    assert evaluate_expression(Voltage("0"), {}) == 0.0


def test_a_sum_of_5000_terms_is_written_without_deep_recursion():
    assert expression_text(balanced_sum([Voltage("x")] * 5000)).count("v(x)") == 5000


@given(seed=st.integers(0, 10**6), n=st.integers(1, 5))
def test_netlist_reads_back_exactly(seed, n):
    """Every value in the text is the float of the element; nothing is lost between them."""
    circuit = build_hopfield_circuit(random_network(seed, n), np.random.default_rng(seed).normal(size=n))
    lines = "\n".join(netlist_lines(circuit)).replace("\n+", "").split("\n")
    read = [line.split() for line in lines if line[0] in "rcib"]
    assert len(read) == len(circuit.elements)
    for words, element in zip(read, circuit.elements, strict=True):
        assert words[0] == element.letter + element.name
        assert words[1:3] == [element.a, element.b]
        match element:
            case Resistor(ohm=value) | Capacitor(farad=value) | CurrentSource(ampere=value):
                assert float(words[-1]) == value
    initial = {m[1]: float(m[2]) for m in re.finditer(r"^\.ic v\((\w+)\)=(\S+)$", "\n".join(lines), re.MULTILINE)}
    assert initial == dict(circuit.initial)
    tran = [line.split() for line in lines if line.startswith(".tran")]
    assert [(float(t[1]), float(t[2]), t[3:]) for t in tran] == [
        (circuit.analysis.step_s, circuit.analysis.stop_s, ["uic"])
    ]
    assert lines[0].startswith("* ")
    assert lines[-1] == ".end"


@given(st.lists(st.text("ab(+)*", min_size=1, max_size=50), min_size=1, max_size=60))
def test_long_lines_are_broken_at_spaces_only(words):
    line = " ".join(words)
    pieces = wrap(line).split("\n")
    assert all(len(piece) <= COLUMNS for piece in pieces)
    assert all(piece.startswith("+ ") for piece in pieces[1:])
    assert " ".join([pieces[0], *(piece[2:] for piece in pieces[1:])]) == line


def test_numpy_numbers_are_written_as_plain_floats():
    x = np.float64(1.5)
    circuit = Circuit(
        "t",
        (Resistor("1", "a", "0", x), Transconductor("1", "a", "0", "a", "0", x), CurrentSource("1", "0", "a", -x)),
        Transient(x, 2 * x),
        ("a",),
    )
    assert "np." not in netlist_text(circuit)


@pytest.mark.parametrize(
    "title",
    [
        "x\n.control\nshell rm -rf /\n.endc",
        "x\r.control\r",
        "x\x0b.control\x0c.control\x85.control\u2028.control",
        "ng_script",
        "#shell rm",
        "\x00\x1b[2J",
        "Städte " * 50,
        "",
    ],
)
def test_free_text_cannot_leave_its_comment(title):
    """A name from a problem file must never become a line of its own."""
    plain = Circuit("t", (Resistor("1", "a", "0", 1.0),), Transient(1.0, 1.0), ("a",), comments=("t",))
    hostile = Circuit(title, plain.elements, plain.analysis, plain.saved, comments=(title,))
    expected, got = netlist_text(plain).splitlines(), netlist_text(hostile).splitlines()
    assert got[1] == expected[1] == "* run: ngspice -b -r waves.raw THIS_FILE"
    assert got[3:] == expected[3:]
    for line in got[:3]:
        assert re.fullmatch(r"\*( [ -~]*)?", line)
        assert len(line) <= COLUMNS
        assert not line.startswith(("*#", "*ng"))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda: Resistor("1", "a", "0", 0.0), "resistor '1' has 0.0 ohm"),
        (lambda: Resistor("1", "a", "0", np.nan), "resistor '1' has nan ohm"),
        (lambda: Capacitor("1", "a", "0", -1.0), "capacitor '1' has -1.0 F"),
        (lambda: CurrentSource("1", "a", "0", np.inf), "must be finite"),
        (lambda: Transconductor("1", "a", "0", "a", "0", np.nan), "must be finite"),
        (lambda: Number(np.inf), "must be finite"),
        (lambda: call("limit", 1.0), "function is 'limit'; simulators share only tanh"),
        (lambda: call("min", 1.0), "min has 1 arguments; it takes 2"),
        (lambda: Transient(0.0, 1.0), "need 0 < step_s <= stop_s"),
        (lambda: Transient(2.0, 1.0), "need 0 < step_s <= stop_s"),
        (lambda: Transient(1.0, 1.0, reltol=0.0), "reltol is 0.0"),
    ],
)
def test_bad_elements_are_refused(change, rule):
    with pytest.raises(ValueError, match=re.escape(rule)):
        change()


@pytest.mark.parametrize(
    ("elements", "more", "rule"),
    [
        ([Resistor("1", "A", "0", 1.0)], {}, "node 'A'"),
        ([Resistor("1", "a b", "0", 1.0)], {}, "node 'a b'"),
        ([Resistor("1", "a\n.control", "0", 1.0)], {}, "a name is [a-z]"),
        ([Resistor("1", "time", "0", 1.0)], {}, "node 'time'"),
        ([Resistor("1", "gnd", "0", 1.0)], {}, "node 'gnd'"),
        ([Resistor("x\ny", "a", "0", 1.0)], {}, "a name is [a-z0-9_]+"),
        ([Resistor("1", "a", "0", 1.0), Resistor("1", "a", "0", 2.0)], {}, "element '1' occurs twice"),
        ([Resistor("1", "a", "0", 1.0)], {"saved": ("b",)}, "saved names node 'b'"),
        ([Resistor("1", "a", "0", 1.0)], {"saved": ()}, "saved is empty"),
        ([Resistor("1", "a", "0", 1.0)], {"initial": {"b": 1.0}}, "initial names node 'b'"),
        ([Resistor("1", "a", "0", 1.0)], {"initial": {"a": np.nan}}, "initial holds NaN"),
        ([BehavioralVoltage("1", "a", "0", Voltage("b"))], {}, "node 'b' is read but no element drives it"),
    ],
)
def test_bad_circuits_are_refused(elements, more, rule):
    with pytest.raises(ValueError, match=re.escape(rule)):
        Circuit("t", elements, Transient(1.0, 1.0), **{"saved": ("a",), **more})


def test_512_neurons_all_with_all_are_written_line_by_line():
    network = AnalogNetwork.from_ising(hebbian(512, 5))
    lines = netlist_lines(build_hopfield_circuit(network))
    assert next(lines).startswith("* ")
    assert sum(line.startswith("r") for line in lines) == count_resistors(network) == 512 * 511 + 512


# Parts that one can buy

E24_OF_IEC_60063 = "10 11 12 13 15 16 18 20 22 24 27 30 33 36 39 43 47 51 56 62 68 75 82 91"
E96_OF_IEC_60063 = """100 102 105 107 110 113 115 118 121 124 127 130 133 137 140 143 147 150 154 158 162 165 169 174
178 182 187 191 196 200 205 210 215 221 226 232 237 243 249 255 261 267 274 280 287 294 301 309 316 324 332 340 348 357
365 374 383 392 402 412 422 432 442 453 464 475 487 499 511 523 536 549 562 576 590 604 619 634 649 665 681 698 715 732
750 768 787 806 825 845 866 887 909 931 953 976"""


def test_series_are_those_of_the_standard():
    assert [round(100 * x) for x in SERIES["E96"]] == [int(x) for x in E96_OF_IEC_60063.split()]
    assert [round(10 * x) for x in SERIES["E24"]] == [int(x) for x in E24_OF_IEC_60063.split()]
    assert SERIES["E12"] == (1.0, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 3.9, 4.7, 5.6, 6.8, 8.2)
    assert SERIES["E6"] == (1.0, 1.5, 2.2, 3.3, 4.7, 6.8)
    assert SERIES["E3"] == (1.0, 2.2, 4.7)
    for name, values in SERIES.items():
        assert len(values) == int(name[1:])


@given(x=st.floats(1e-12, 1e12), series=st.sampled_from(list(SERIES)))
def test_rounding_takes_the_nearest_ratio(x, series):
    got = float(round_to_series(x, series))
    table = np.array([float(f"{m:.2f}e{d}") for d in range(-14, 14) for m in SERIES[series]])
    assert got in table
    best = np.abs(np.log(table / x)).min()
    assert abs(np.log(got / x)) <= best + 1e-12
    assert float(round_to_series(got, series)) == got


def test_rounding_refuses_what_is_no_component():
    with pytest.raises(ValueError, match="values hold zero"):
        round_to_series([1.0, 0.0], "E24")
    with pytest.raises(ValueError, match="series is 'E25'"):
        ComponentRange(series="E25")
    with pytest.raises(ValueError, match="resistors_ohm is"):
        ComponentRange(resistors_ohm=(2.0, 1.0))


@given(seed=st.integers(0, 10**6), n=st.integers(2, 8), scale=st.floats(-6, 6), as_sparse=st.booleans())
def test_realized_network_is_the_network_at_another_speed(seed, n, scale, as_sparse):
    """Voltages stay; conductances, currents and times carry the reported factors."""
    base = random_network(seed, n, as_sparse=as_sparse)
    factor = 10.0**scale
    network = AnalogNetwork(
        base.conductances * factor, base.resistances / factor, base.capacitances, base.currents * factor, Tanh(5.0)
    )
    wide = ComponentRange(resistors_ohm=(1e3, 1e12), capacitors_f=(1e-13, 1e-3))
    made = fit_to_components(network, wide)
    assert made.opened == 0
    u = np.random.default_rng(seed).normal(size=n)
    np.testing.assert_allclose(
        made.network.rhs(0.0, u) * made.time_factor,
        network.rhs(0.0, u),
        rtol=1e-7,
        atol=abs(network.rhs(0, u)).max() * 1e-7,
    )
    ohms = [e.ohm for e in build_hopfield_circuit(made.network).elements if isinstance(e, Resistor)]
    assert min(ohms) >= 1e3 * (1 - 1e-9)


@given(seed=st.integers(0, 10**6), n=st.integers(2, 8), scale=st.floats(-6, 6), series=st.sampled_from(["E24", "E96"]))
def test_realized_parts_are_all_for_sale(seed, n, scale, series):
    base = random_network(seed, n)
    factor = 10.0**scale
    network = AnalogNetwork(
        base.conductances * factor, base.resistances / factor, base.capacitances, base.currents * factor, Tanh(5.0)
    )
    made = fit_to_components(network, ComponentRange(series=series))
    for element in build_hopfield_circuit(made.network).elements:
        match element:
            case Resistor(ohm=value):
                assert 1e3 * (1 - 1e-9) <= value <= 1e7 * (1 + 1e-9)
                assert value == round_to_series(value, series)
            case Capacitor(farad=value):
                assert 10e-12 <= value <= 1e-6
                assert value == round_to_series(value, "E24")
    kept = made.network.conductances != 0.0
    assert kept.sum() == np.count_nonzero(network.conductances) - made.opened
    np.testing.assert_array_equal(np.sign(made.network.conductances)[kept], np.sign(network.conductances)[kept])


def test_symmetry_survives_rounding():
    made = fit_to_components(AnalogNetwork.from_ising(hebbian(20, 3)), ComponentRange(series="E24"))
    assert np.array_equal(made.network.conductances, made.network.conductances.T)
    assert 0 < made.error < 0.06
    assert any("rounded to E24" in note for note in made.notes)


def test_what_fits_is_left_alone():
    network = AnalogNetwork.from_ising(hebbian(20, 3))
    made = fit_to_components(network)
    assert (made.conductance_factor, made.time_factor, made.opened, made.error, made.notes) == (1.0, 1.0, 0, 0.0, ())
    np.testing.assert_allclose(made.network.resistances, network.resistances)


def test_synapses_beyond_the_largest_resistor_are_left_open_and_counted():
    j = np.array([[0, 1, 1e-6], [1, 0, 1], [1e-6, 1, 0]])
    made = fit_to_components(AnalogNetwork.from_ising(Ising(j)))
    assert made.opened == 2
    assert made.network.conductances[0, 2] == 0.0
    assert any("2 of 6 synapses need more than 1e+07 ohm" in note for note in made.notes)
    made = fit_to_components(AnalogNetwork([[0.0]], 1e9, 1e-9, 1e-9, Tanh()))  # a node must keep one resistor
    assert count_resistors(made.network) == 1


def test_loop_gain_is_the_growth_of_the_fastest_mode():
    """du/dt grows by (loop gain - 1) / tau where all neurons have one time constant."""
    network = AnalogNetwork.from_ising(hebbian(12, 2), Tanh(4.0))
    asymmetric = random_network(1, 6)
    large = AnalogNetwork.from_ising(hebbian(520, 2), Tanh(4.0))  # by another solver
    for net in (network, asymmetric, random_network(1, 6, as_sparse=True), large):
        mean = AnalogNetwork(net.conductances, net.resistances, 1e-9 / net.resistances, 0.0, net.activation)  # tau 1 ns
        jacobian = mean.jacobian(np.zeros(net.size))
        dense = jacobian.toarray() if sparse.issparse(jacobian) else jacobian
        fastest = np.linalg.eigvals(dense).real.max()
        assert loop_gain(net) == pytest.approx(1.0 + 1e-9 * fastest, rel=1e-3 if net.size > 512 else 1e-6)


def test_a_network_whose_loading_kills_the_gain_carries_a_warning():
    ising = hebbian(64, 3)
    assert any("loop gain" in note for note in fit_to_components(AnalogNetwork.from_ising(ising, Tanh(1.5))).notes)
    assert not any("loop gain" in note for note in fit_to_components(AnalogNetwork.from_ising(ising, Tanh(20.0))).notes)


# Problems


@dataclass(frozen=True)
class ToyProblem:
    """A problem with a name that should not reach the simulator."""

    name: str
    kind: str = "maxcut"
    size: int = 4
    cue: tuple[int, ...] | None = None

    def ising(self):
        return hebbian(self.size, 3)

    def task(self, reads, rng=None):
        return Minimize() if self.cue is None else RecallFrom(np.array(self.cue))


def test_problem_netlist_names_its_problem_and_what_was_changed():
    text = problem_netlist(ToyProblem("x\n.control\nshell rm\n.endc"), series="E24")
    assert text.startswith("* neuromorph: x .control shell rm .endc (maxcut, 4)\n")
    assert not any(line.startswith((".control", "shell")) for line in text.splitlines())
    assert "* resistors rounded to E24: couplings are off by " in text
    assert text == problem_netlist(ToyProblem("x\n.control\nshell rm\n.endc"), series="E24", rng=0)
    assert text != problem_netlist(ToyProblem("x\n.control\nshell rm\n.endc"), series="E24", rng=1)


def test_problem_netlist_starts_at_the_cue():
    text = problem_netlist(ToyProblem("x", cue=(1, -1, -1, 1)))
    signs = [np.sign(float(line.split("=")[1])) for line in text.splitlines() if line.startswith(".ic")]
    assert signs == [1, -1, -1, 1]


def test_what_is_too_large_for_a_netlist_says_what_would_fit():
    with pytest.raises(DoesNotFit, match=r"1000000 neurons.*at most 20000 and 1050000.*tour of 64 cities"):
        problem_netlist(ToyProblem("big", kind="tsp", size=1000))
    with pytest.raises(DoesNotFit, match="1210000 resistors"):
        problem_netlist(hebbian(1100, 3))
    with pytest.raises(ValueError, match="series and parts are both given"):
        problem_netlist(hebbian(6, 3), series="E24", parts=ComponentRange())
