"""Netlists as LTspice, PSpice and KiCad write them, and libraries as vendors do: right, or refused by line."""

import re
import subprocess

import numpy as np
import pytest

from circuits import installed_engines, read_netlist, simulate_circuit
from circuits.netlist.circuit import BehavioralVoltage, Resistor
from circuits.netlist.expressions import evaluate_expression
from circuits.spice.cards import NetlistError
from circuits.spice.foreign.library import read_library_subcircuit
from circuits.spice.reader import read_deck, read_deck_file

needs_ngspice = pytest.mark.skipif("ngspice" not in installed_engines(), reason="needs ngspice")

LTSPICE = """* C:\\Users\\me\\Documents\\rc.asc
V1 in 0 SINE(0 1 1k)
R§FB out in {R} tol=1 pwr=0.1
C1 out 0 100n V=50 Irms=0.1 mfg="A Maker" pn="X 7" type="X7R" Rser=10
L1 out N001 100µ Rser=0.5 Rpar=1k
R2 N001 0 1K
D1 out 0 MYD
.model MYD D(Is=2.5n Rs=.5 N=1.7 Iave=200m Vpk=75 mfg=OnSemi type=silicon)
.param R=4.7k
.tran 0 2m 0 5µ
.backanno
.end
"""


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"),
     ("utf-16-le", b""), ("latin-1", b"")],
)  # fmt: skip
def test_an_export_of_ltspice_is_read_in_every_encoding(tmp_path, encoding, mark):
    path = tmp_path / "rc.net"
    path.write_bytes(mark + LTSPICE.replace("\n", "\r\n").encode(encoding))
    found = read_deck_file(path)
    assert found.circuit.elements == read_deck(LTSPICE).circuit.elements
    assert sorted(e.ohm for e in found.circuit.elements if isinstance(e, Resistor)) == [0.5, 10.0, 1e3, 1e3, 4.7e3]


def by_hand(text, node, tmp_path):
    """Voltage of a node at the end of the run of a plain text in ngspice."""
    deck = tmp_path / "hand.cir"
    deck.write_text(re.sub(r"(?m)^\.end$", f".print tran v({node})\n.end", text))
    said = subprocess.run(["ngspice", "-b", str(deck)], capture_output=True, text=True, check=True, timeout=60).stdout
    return float([line.split()[2] for line in said.splitlines() if re.match(r"\d+\s", line)][-1])


@needs_ngspice
def test_parasitics_and_names_of_ltspice_are_the_plain_parts(tmp_path):
    plain = """t
v1 in 0 sin(0 1 1k)
r1 in out 4.7k
rc out oc 10
c1 oc 0 100n
rl out ol 0.5
rp out n001 1k
l1 ol n001 100u
r2 n001 0 1k
d1 out 0 myd
.model myd d(is=2.5n rs=.5 n=1.7)
.tran 5u 1.9m 0 5u
.end
"""
    waves = simulate_circuit(read_netlist(LTSPICE.replace("0 2m", "0 1.9m")), "ngspice")
    ours = waves.voltages[-1, list(waves.nodes).index("out")]
    assert ours == pytest.approx(by_hand(plain, "out", tmp_path), rel=2e-3)


@needs_ngspice
def test_a_coupling_of_three_coils_is_that_of_each_pair(tmp_path):
    coils = "v1 in 0 sin(0 1 1k)\nr1 in a 10\nl1 a 0 10m\nl2 b 0 40m\nl3 c 0 1m\nrb b 0 100\nrc c 0 1\n"
    pairs = "k1 l1 l2 .9\nk2 l1 l3 .9\nk3 l2 l3 .9\n"
    waves = simulate_circuit(read_netlist(f"t\n{coils}K1 L1 L2 L3 .9\n.tran 2u 1.3m\n.end\n"), "ngspice")
    ours = waves.voltages[-1, list(waves.nodes).index("b")]
    assert ours == pytest.approx(by_hand(f"t\n{coils}{pairs}.tran 2u 1.3m\n.end\n", "b", tmp_path), rel=1e-3)
    with pytest.raises(NetlistError, match=r"line 10: .* couples two coils twice"):
        read_netlist(f"t\n{coils}k1 l1 l2 .9\nK2 L3 L2 L1 .9\n.tran 2u 1m\n")


@pytest.mark.parametrize(
    ("card", "values"),
    [
        ("e1 b 0 table {v(a)} = (-1,-2) (0,0) (1,3)", (-2.0, -1.0, 0.0, 1.5, 3.0)),
        ("e1 b 0 TABLE {v(a)} (-1,-2) (0,0) (1,3)", (-2.0, -1.0, 0.0, 1.5, 3.0)),
        ("b1 b 0 v=table(v(a), -1,-2, 0,0, 1,3)", (-2.0, -1.0, 0.0, 1.5, 3.0)),
        ("b1 b 0 v=pwl(v(a), -1,-2, 0,0, 1,3)", (-6.0, -1.0, 0.0, 1.5, 9.0)),
        ("b1 b 0 v=buf(v(a))+hypot(v(a),4)-inv(v(a))", (4.0, np.hypot(0.5, 4.0) - 1.0, 3.0, None, 6.0)),
    ],
)  # fmt: skip
def test_tables_hold_their_ends_and_pwl_goes_on(card, values):
    circuit = read_netlist(f"t\nr1 a 0 1k\n{card}\nr2 b 0 1k\n.tran 1u 1m\n")
    (source,) = (e for e in circuit.elements if isinstance(e, BehavioralVoltage))
    for volt, value in zip((-3.0, -0.5, 0.0, 0.5, 3.0), values, strict=True):
        if value is not None:
            assert float(evaluate_expression(source.expression, {"a": volt})) == pytest.approx(value, abs=1e-12)


@needs_ngspice
def test_pwl_of_a_signal_is_that_of_ngspice(tmp_path):
    text = "t\nv1 a 0 pwl(0 -3 1 3)\nb1 b 0 v=pwl(v(a), -1,-2, 0,0, 1,3)\nr1 b 0 1k\n.tran 10m 1\n.end\n"
    waves = simulate_circuit(read_netlist(text), "ngspice")
    ours = waves.voltages[-1, list(waves.nodes).index("b")]
    assert ours == pytest.approx(by_hand(text, "b", tmp_path), rel=1e-5)


@pytest.mark.parametrize(
    ("card", "rule"),
    [
        ("b2 b 0 v=table(v(a), 1, 1, 0, 0)", "x rising"), ("e2 b 0 table {v(a)} = (0,0) (1)", "pairs of x and y"),
        ("b2 b 0 v=table(v(a), v(a), 1, 2, 3)", "knots of table"), ("a1 a b amp", "begins no element"),
        ("d2 a 0 ideal\n.model ideal d(vfwd=.7 ron=1)", "'vfwd' is no parameter of a model of type d"),
        ("r2 a 0 rmod 1k\n.model rmod res(tc1=1m)", "'tc1=1m' of model 'rmod'"), ("r2 a 0 1k 2k", "'2k' is not read"),
        ("l2 a 0 1m rser=-1", "is not negative"), (".tran 1u 1m sweep x 1 2 3", "sweep of .tran is not read"),
        ("$CDNENCSTART", "encrypted"), ("* LTspice Encrypted File", "encrypted"), (".prot", "encrypted"),
    ],
)  # fmt: skip
def test_what_other_tools_mean_and_is_not_read_is_named_by_its_line(card, rule):
    end = "" if card.startswith(".tran") else ".tran 1u 1m\n"
    with pytest.raises(NetlistError) as error:
        read_netlist(f"title\nr1 a 0 1k\nb1 b 0 V=2*v(a)\n{card}\n{end}", name="x.cir")
    assert re.match(r"x\.cir, line [45]: ", str(error.value))
    assert rule in str(error.value)


def test_a_step_is_one_run_and_its_note_says_of_which_value():
    own = read_deck("t\n.param r0=5k\n.step param r0 list 1k 2k\nr1 a 0 {r0}\nv1 a 0 1\n.tran 1u 1m\n")
    assert [e.ohm for e in own.circuit.elements if isinstance(e, Resistor)] == [5e3]
    assert own.notes == ("line 3: .step is left out: one transient is run, with r0 of its .param",)
    first = read_deck("t\n.step dec param r0 1k 10k 5\nr1 a 0 {r0}\nv1 a 0 1\n.tran 1u 1m\n")
    assert [e.ohm for e in first.circuit.elements if isinstance(e, Resistor)] == [1e3]
    assert "with its first r0, 1k" in first.notes[0]


def test_words_of_pspice_and_kicad_are_read():
    text = ".title KiCad schematic\nR1 /a GND RM 2\n.model RM RES(R=500 T_ABS=-273.15)\nv1 /a 0 1\n"
    found = read_deck(f"{text}.PROBE64 V(/a)\n.tran 1u 1m\n")
    assert found.circuit.title == "KiCad schematic"
    assert [e.ohm for e in found.circuit.elements if isinstance(e, Resistor)] == [1e3]
    assert set(found.names) == {"/a"}


TI = """* OPAX - a macro-model in the manner of Texas Instruments
*$
.SUBCKT OPAX IN+ IN- VCC VEE OUT
.MODEL R_NOISELESS RES(T_ABS=-273.15)
R_R1 N1 0 R_NOISELESS 1k
XV_OS IN+ INA VOS_0
C_C1 N1 0 1p
XU1 INA IN- N1 GMAIN_0 PARAMS: GM=1m
+ RO={1Meg}
EOUT OUTX 0 VALUE = {LIMIT(V(N1), V(VEE)+.05, V(VCC)-.05)}
R_OUT OUTX OUT R_NOISELESS 100
.NODESET V(N1)=0
D1 N1 VCC DLIM
.MODEL DLIM D (LEVEL=1 IS=1E-16
+ N=1 ; a comment within a card
+ TNOM=27)
.ENDS
*$
.SUBCKT VOS_0 A B
V1 A B DC 5u
.ENDS
*$
.subckt GMAIN_0 a b out params: GM=1 RO=1
G1 0 out value={GM*tanh((V(a,b)))}
R1 out 0 {RO}
.ends
*$
"""


def test_a_library_of_parts_within_a_part_has_one_that_is_wanted(tmp_path):
    library = tmp_path / "opax.lib"
    library.write_bytes(TI.replace("\n", "\r\n").encode("utf-16"))
    found = read_library_subcircuit(library)
    assert found.subcircuit.name == "opax"
    assert found.ports == ("in+", "in-", "vcc", "vee", "out")
    assert sorted(e.ohm for e in found.subcircuit.elements if isinstance(e, Resistor)) == [100.0, 1e3, 1e6]
    library.write_text(TI.replace("V1 A B", "Z1 A B"))
    with pytest.raises(NetlistError, match=r"opax\.lib, line 20: 'z1' begins no element"):
        read_library_subcircuit(library)
    library.write_text("* x\n**$ENCRYPTED_LIB\n.subckt y 1 2\n$CDNENCSTART\nab01\n$CDNENCFINISH\n.ends\n")
    with pytest.raises(NetlistError, match=r"opax\.lib, line 2: .* encrypted block"):
        read_library_subcircuit(library)
