"""The same circuit in every dialect; and every trap of a simulator that its linter must catch."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_circuits import ACTIVATIONS, hebbian, random_network

from circuits import DIALECTS, Circuit, build_hopfield_circuit, installed_engines, lint, netlist_text, problem_netlist
from circuits.netlist.circuit import BehavioralVoltage, Capacitor, CurrentSource, Resistor, Transient
from circuits.netlist.expressions import Voltage, balanced_sum, call
from circuits.spice.cards import NetlistError
from circuits.spice.dialects import LTSPICE, NEOSPICE, NGSPICE, XYCE, get_dialect
from circuits.spice.lint.lint import require_clean
from circuits.synthesis.tour_circuit import TourCircuit
from neuromorph.analog import Softassign
from neuromorph.cli import main

ELEMENTS = (
    Resistor("1", "u", "0", 1e3),
    Capacitor("1", "u", "0", 1e-6),
    CurrentSource("1", "0", "u", 1e-3),
    BehavioralVoltage("v", "v", "0", 0.5 * call("tanh", 4.0 * Voltage("u"))),
)


def small(**more):
    return Circuit("t", ELEMENTS, Transient(1e-5, 5e-3, **more), ("u", "v"), {"u": -0.5})


def body(dialect):
    return netlist_text(small(), dialect).splitlines()[2:]


def test_every_dialect_writes_what_its_manual_asks_for():
    shared = ["r1 u 0 1000.0", "c1 u 0 1e-06", "i1 0 u dc 0.001"]
    source = "bv v 0 V={(0.5 * tanh((4.0 * v(u))))}"
    start = [".ic v(u)=-0.5"]
    save = [".save v(u)", ".save v(v)", ".end"]
    options = ".options reltol=1e-08 vntol=1e-09 abstol=1e-15"
    assert body(NGSPICE) == body(NEOSPICE) == [*shared, source, *start, options, ".tran 1e-05 0.005 uic", *save]
    assert body(XYCE) == [
        *shared, source, *start,
        ".options timeint reltol=1e-08 abstol=1e-09",
        ".tran 1e-05 0.005 0.0 1e-05 uic",
        ".print tran format=raw v(u) v(v)", ".end",
    ]  # fmt: skip
    assert body(LTSPICE) == [
        *shared, "bv v 0 V=(0.5 * tanh((4.0 * v(u))))", *start,
        options + " plotwinsize=0 numdgt=15", ".tran 0.0 0.005 0.0 1e-05 uic", *save,
    ]  # fmt: skip


def test_every_dialect_says_how_to_run_it():
    assert list(DIALECTS) == ["ngspice", "xyce", "ltspice", "neospice"]
    for name, dialect in DIALECTS.items():
        assert get_dialect(name) is dialect
        assert netlist_text(small(), dialect).splitlines()[1] == f"* run: {dialect.command}"
    with pytest.raises(ValueError, match="dialect is 'hspice'; known are ngspice, xyce, ltspice, neospice"):
        get_dialect("hspice")


def test_what_a_simulator_would_lose_is_refused():
    with pytest.raises(ValueError, match=r"neospice does not hold initial voltages.*set uic"):
        netlist_text(small(uic=False), NEOSPICE)
    long = Circuit(
        "t", (*ELEMENTS, BehavioralVoltage("w", "w", "0", balanced_sum([Voltage("u")] * 6000))), Transient(1, 1), "u"
    )
    with pytest.raises(ValueError, match="more than 5000 terms"):
        netlist_text(long, NEOSPICE)
    with pytest.raises(ValueError, match="abstol_a is 1e-12; Xyce has one absolute tolerance"):
        netlist_text(small(abstol_a=1e-12), XYCE)
    assert netlist_text(small(uic=False), NGSPICE)
    assert netlist_text(long, NGSPICE)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 6))
def test_what_we_write_has_no_trap(seed, n):
    circuit = build_hopfield_circuit(
        random_network(seed, n, ACTIVATIONS[seed % 4]), np.random.default_rng(seed).normal(size=n)
    )
    for dialect in DIALECTS.values():
        assert lint(netlist_text(circuit, dialect), dialect) == ()


def test_tours_have_no_trap():
    xy = np.random.default_rng(0).random((6, 2))
    tour = TourCircuit(Softassign(np.linalg.norm(xy[:, None] - xy, axis=2), noise=0.0))
    for dialect in DIALECTS.values():
        assert lint(netlist_text(tour.circuit(tour.start(0)), dialect), dialect) == ()


# Traps. Each deck is a sound one with one change; the change must be found, on its line, by the dialects named.


def sound(dialect):
    """A text of the dialect without a trap; line 3 is the resistor, line 6 the source."""
    return netlist_text(small(), dialect)


def changed(dialect, old, new):
    text = sound(dialect)
    assert text.count(old) == 1
    return text.replace(old, new)


B = "V={(0.5 * tanh((4.0 * v(u))))}"
ALL = ("ngspice", "neospice", "xyce", "ltspice")
TRAPS = [  # what is changed, into what, in which dialects, and what the finding says
    # everywhere
    ("* t\n* run", "r9 u 0 5.0\n* run", ALL, "the first line is the title"),
    (".end\n", ".end\nr9 u 0 5.0\n", ALL, "what follows .end"),
    ("c1 u 0 1e-06", "r1 u 0 1e6", ALL, "'r1' occurs twice, first on line 3"),
    ("1e-06", "1F", ALL, "'1F': f is 1e-15"),
    ("1e-06", "4Farads", ALL, "units are dropped"),
    ("1000.0", "1M", ALL, "m and M are 1e-3"),
    ("1000.0", "abc", ALL, "'abc' is no number"),
    ("c1 u 0 1e-06", "x1 u 0 opamp", ALL, "subcircuit 'opamp' is not defined"),
    ("i1 0 u dc 0.001", "i1 0 u dc 0 TRNOISE(1n 1u 0 0)", ALL, "TRNOISE cannot be repeated"),
    ("tanh((4.0 * v(u)))", "log(v(u))", ALL, "write ln or log10"),
    ("tanh((4.0 * v(u)))", "foo(v(u))", ALL, "skips or miscomputes 'foo'"),
    ("tanh((4.0 * v(u)))", "v(u)^3", ALL, "products"),
    (".ic v(u)=-0.5", ".foo 1\n.ic v(u)=-0.5", ALL, "'.foo' is no card of"),
    # ngspice: if() fails, limit() returned 0, pow() drops the sign; ? : is good
    ("tanh((4.0 * v(u)))", "if(v(u)>0,1,2)", ("ngspice",), "use ternary_fcn"),
    ("tanh((4.0 * v(u)))", "limit(v(u),0.1,1)", ("ngspice",), "use min(max(x, low), high)"),
    ("tanh((4.0 * v(u)))", "pow(v(u),3)", ("ngspice", "neospice"), "use products"),
    ("tanh((4.0 * v(u)))", "v(u)**3", ("ngspice", "neospice"), "products"),
    # neospice: skipped, or computed wrong
    (" uic", "", ("neospice",), "does not hold .ic"),
    (".tran 1e-05 0.005 uic", ".tran 1e-4 0.005 0 1e-5 uic", ("neospice",), "ignores the largest step"),
    ("reltol=1e-08", "reltol = 1e-08", ("neospice",), "spaces around '='"),
    (B, "V={v(u) > 0 ? 1 : 2}", ("neospice",), "does not know '? :'"),
    (B, "V='v(u)'", ("neospice", "xyce"), "quoted expression"),
    ("r1 u 0 1000.0", "r1 u 0 R={1000.0}", ("neospice",), "skips an element with r="),
    ("c1 u 0 1e-06", "c1 u 0 C={1e-6}", ("neospice",), "skips an element with c="),
    (f"bv v 0 {B}", "ev v 0 vol={v(u)}", ("neospice", "xyce"), "skip a source with vol="),
    (f"bv v 0 {B}", "gv v 0 cur={v(u)}", ("neospice", "xyce"), "skip a source with cur="),
    ("c1 u 0 1e-06", "c1 U 0 1e-06", ("neospice",), "misreads node 'U'"),
    ("c1 u 0 1e-06", "c1 u[1] 0 1e-06", ("neospice",), "misreads node 'u[1]'"),
    ("c1 u 0 1e-06", "c1 u#1 0 1e-06", ("neospice",), "misreads node 'u#1'"),
    ("c1 u 0 1e-06", "c1 u:1 0 1e-06", ("neospice", "xyce", "ltspice"), "misreads node 'u:1'"),
    (B, "V={" + " + ".join(["v(u)"] * 6000) + "}", ("neospice",), "crashes on long expressions"),
    ("1e-06", "1e-06 $ one", ("neospice", "xyce", "ltspice"), "does not take $ for a comment"),
    # Xyce
    (B, "V=(0.5 * v(u))", ("xyce",), "in braces"),
    ("0.0 1e-05 uic", "uic", ("xyce",), "does not bound xyce's step"),
    ("timeint reltol", "reltol", ("xyce",), "names a package first"),
    (".print tran format=raw v(u) v(v)", ".save v(u)", ("xyce",), "stores an operating point"),
    (".print tran format=raw v(u) v(v)\n", "", ("xyce",), "writes nothing without .print"),
    ("tanh((4.0 * v(u)))", "limit(v(u),0.1)", ("xyce",), "random in Xyce"),
    # LTspice
    ("V=(0.5 * tanh((4.0 * v(u))))", B, ("ltspice",), "bare"),
    ("V=(0.5 * tanh((4.0 * v(u))))", "V=v(u) > 0 ? 1 : 2", ("ltspice",), "write if(condition, a, b)"),
    ("0.0 1e-05 uic", "uic", ("ltspice",), "does not bound ltspice's step"),
    (" plotwinsize=0", "", ("ltspice",), "plotwinsize=0 numdgt=15"),
    (" numdgt=15", "", ("ltspice",), "compresses and rounds"),
]
CASES = [(DIALECTS[name], old, new, said) for old, new, names, said in TRAPS for name in names]


@pytest.mark.parametrize(("dialect", "old", "new", "said"), CASES, ids=lambda x: getattr(x, "name", str(x)[:24]))
def test_each_trap_is_found(dialect, old, new, said):
    assert lint(sound(dialect), dialect) == ()
    text = changed(dialect, old, new)
    found = lint(text, dialect)
    assert [finding for finding in found if said in finding.rule], found
    before, after = sound(dialect).splitlines(), text.splitlines()
    line = next((k for k, (a, b) in enumerate(zip(before, after, strict=False), 1) if a != b), len(after))
    tran = next(k for k, text in enumerate(after, 1) if text.startswith(".tran"))  # where what is missing is missed
    assert {finding.line for finding in found} <= {line, tran}
    with pytest.raises(NetlistError, match=rf"x\.cir, line ({line}|{tran}): "):
        require_clean(text, dialect, "x.cir")


def test_a_parameter_in_an_expression_is_0_to_neospice():
    text = changed(NEOSPICE, "0.5 * ", "k * ").replace("c1 u", ".param k=0.5\nc1 u")
    assert [str(finding) for finding in lint(text, NEOSPICE)] == [
        "line 7: neospice takes parameter 'k' as 0 in an expression; write its number"
    ]
    assert lint(text, NGSPICE) == ()


def test_sound_texts_of_other_hands_pass():
    text = """* a filter with a subcircuit
.param gain=2
.subckt stage in out
R1 in out 10k
C1 out 0 4.7n
.ends
X1 a b stage
X2 b c stage
R1 c 0 1meg ; load
V1 a 0 PULSE(0 1 0 1n 1n 1u 2u)
E1 d 0 VALUE={gain*V(c)}
M1 d a 0 0 nch w=1u l=1u
.model nch nmos level=1
.tran 1n 10u
.control
run
.endc
.end
"""
    assert lint(text, NGSPICE) == ()


# The traps of neospice and ngspice are true: without the linter a result would come back, and be wrong

WRONG = [  # (old, new) of the sound deck; v(v) at the end should be, None: the device should be there
    (B, "V={v(u) > 0 ? 1 : 2}", "bv"),
    (B, "V={foo(v(u))}", "bv"),
    (B, "V='v(u)'", "bv"),
    ("r1 u 0 1000.0", "r1 u 0 R={1000.0}", "r1"),
    ("c1 u 0 1e-06", "c1 u 0 C={1e-6}", "c1"),
    (f"bv v 0 {B}", "ev v 0 vol={v(u)}", "ev"),
    ("c1 u 0 1e-06", "c1 u 0 1e-06\nx1 u v nothing", "x1"),
    ("1000.0", "abc", "r1"),
    (B, "V={(0.0 - v(u))**3}", -1.0),
    (B, "V={-v(u)^2}", -1.0),
    (B, "V={k*v(u)}\n.param k=0.5", 0.5),
    (B, "V={pwr(0.0 - v(u), 2)}", 1.0),
]
WORKER = """
import json, sys, neospice
out = []
for text in json.load(sys.stdin):
    simulator = neospice.Simulator()
    circuit = simulator.parse(text)
    result = simulator.run(circuit).transient
    try:
        end = float(result.voltage("v")[-1])
    except Exception:
        end = None
    out.append([circuit.device_names(), end])
print(json.dumps(out))
"""


def test_neospice_does_what_its_traps_say():
    """If neospice mends one of these, the rule can go."""
    if "neospice" not in installed_engines():
        return  # no wheel on this platform
    decks = [changed(NEOSPICE, old, new) for old, new, _ in WRONG]
    said = subprocess.run(
        [sys.executable, "-c", WORKER], input=json.dumps(decks), capture_output=True, text=True, check=True
    )
    results = json.loads(said.stdout.splitlines()[-1])
    for (_, new, expected), (devices, end), deck in zip(WRONG, results, decks, strict=True):
        if isinstance(expected, str):
            assert expected not in devices, new
        else:
            assert end is None or abs(end - expected) > 0.1, new  # u ends at 1 - 1.5 exp(-5) = 0.99 V
        assert lint(deck, NEOSPICE), new


def test_ngspice_loses_the_sign_of_a_power(tmp_path):
    if "ngspice" not in installed_engines():
        return
    text = changed(NGSPICE, B, "V={(0.0 - v(u))**3}\nbw w 0 V={limit(v(u), 0.1, 2.0)}")
    (tmp_path / "x.cir").write_text(text.replace(".end\n", ".control\nrun\nprint v(v)[length(v(v))-1]\n.endc\n.end\n"))
    said = subprocess.run(
        ["ngspice", "-n", "-b", "x.cir"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    ).stdout
    end = float(re.search(r"v\(v\)\[.*?= *(\S+)", said)[1])
    assert end == pytest.approx(0.97, abs=0.01)  # it should be -0.97
    assert len(lint(text, NGSPICE)) == 2


# The command line


def test_the_command_line_writes_each_dialect(tmp_path, capsys):
    file = tmp_path / "g.txt"
    file.write_text("4 4\n1 2 1\n2 3 1\n3 4 1\n4 1 1\n")
    for dialect, sign in (("ngspice", ".save v(u0)"), ("xyce", ".print tran"), ("ltspice", "plotwinsize=0")):
        assert main(["netlist", str(file), "--dialect", dialect]) == 0
        text = capsys.readouterr().out
        assert sign in text
        assert lint(text, get_dialect(dialect)) == ()
    assert main(["netlist", str(file), "--dialect", "spectre"]) == 2
    assert "dialect is 'spectre'; known are ngspice, xyce" in capsys.readouterr().err
    assert problem_netlist(hebbian(5, 2), dialect=XYCE) == problem_netlist(hebbian(5, 2), dialect="xyce")
