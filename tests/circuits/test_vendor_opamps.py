"""A vendor's macro-model as the op-amp of the network: read as data, wired by its header, with the ODE's attractor."""

import re

import numpy as np
import pytest

from circuits import certify, installed_engines, problem_netlist, read_netlist
from circuits.spice.cards import NetlistError
from circuits.synthesis.vendor_opamp import ROLES, VendorOpAmp, read_vendor_opamp
from circuits.tolerances.variant_decks import variant_decks
from neuromorph import Recall
from neuromorph.analog import AnalogNetwork, Tanh
from neuromorph.cli import main

# Boyle et al., IEEE J. Solid-State Circuits 9, 353 (1974), figure 3, for 4 MHz, 2 V/us, A0 = 1e5 and C2 = 10 pF:
# I_EE = C2 SR = 20 uA, R_C = 1 / (2 pi GBW C2), R_E = R_C - 2 V_T / I_EE, GA = 1 / R_C, A0 = GA R_O2 times the gain
# of the F source. Polynomials of the midpoint and of the output stage, as vendors write them.
BOYLE = """* own op-amp, in the form of Boyle's macro-model
* connections: non-inverting, inverting, positive supply, negative supply, output
.SUBCKT OWN741 1 2 3 4 5
C1 11 12 4P
C2 6 7 10P
DC 5 53 DX
DE 54 5 DX
DLP 90 91 DX
DLN 92 90 DX
DP 4 3 DX
EGND 99 0 POLY(2),(3,0),(4,0) 0 .5 .5
FB 7 99 POLY(5) VB VC VE VLP VLN 0 7.96E6 -8E6 8E6 8E6 -8E6
GA 6 0 11 12 251.3U
GCM 0 6 10 99 2.5N
IEE 10 4 DC 20U
HLIM 90 0 VLIM 1K
Q1 11 2 13 QX
Q2 12 1 14 QX
R2 6 9 100K
RC1 3 11 3.979K
RC2 3 12 3.979K
RE1 13 10 1.394K
RE2 14 10 1.394K
REE 10 99 10MEG
RO1 8 5 50
RO2 7 99 50
RP 3 4 20K ; standing current
VB 9 0 DC 0
VC 3 53 DC 1
VE 54 4 DC 1
VLIM 7 8 DC 0
VLP 91 0 DC 20
VLN 0 92 DC 20
.MODEL DX D(IS=8E-16 RS=1)
.MODEL QX NPN(IS=8E-16 BF=100)
.ENDS
"""
MEMORY = Recall("memory", np.random.default_rng(3).choice([-1, 1], (2, 8)))


@pytest.fixture
def library(tmp_path):
    path = tmp_path / "own.lib"
    path.write_text(BOYLE)
    return path


@pytest.mark.parametrize("engine", installed_engines())
def test_a_boyle_model_runs_in_the_network_and_ends_where_the_ode_does(library, engine):
    part = read_vendor_opamp(library, "own741")
    t = np.array([[0.0, 2e-5, -2e-5], [2e-5, 0.0, -2e-5], [-2e-5, -2e-5, 0.0]])
    network = AnalogNetwork(t, np.full(3, 2e4), np.full(3, 2e-9), np.zeros(3), Tanh(20.0, 1.0))
    certificate = certify(network, [0.01, -0.002, 0.004], level="opamp", opamp=part, engines=[engine])
    result = certificate.engines[engine]
    assert result.same_attractor
    assert result.final_error < 1e-3
    assert result.balance is None  # currents of transistors do not follow from saved voltages
    assert certificate.amplifier == "own741"


def test_the_deck_holds_wrapper_and_model_and_reads_back(library):
    text = problem_netlist(MEMORY, level="opamp", opamp=read_vendor_opamp(library, "OWN741"))
    assert "xmodel inside minus vdd vss out own741" in text
    assert "pins n1=in+, n2=in-, n3=v+, n4=v-, n5=out, rails +-5 V" in text
    ends = read_netlist(text).elements
    inverted = len(re.findall(r"^x\d .* neuron_w\b", text, re.MULTILINE))
    assert 0 < inverted <= 8
    assert sum(element.letter == "q" for element in ends) == 2 * (2 * 8 + inverted)


def test_pins_follow_the_header(tmp_path):
    path = tmp_path / "other.lib"
    path.write_text(BOYLE.replace("OWN741 1 2 3 4 5", "OWN741 5 3 4 2 1"))
    part = read_vendor_opamp(path, "own741", ["out", "v+", "v-", "in-", "in+"])
    (instance,) = [e for e in part.subcircuit.elements if e.letter == "x"]
    assert dict(zip(part.model.ports, instance.nodes, strict=True)) == {
        "n5": "out", "n3": "vdd", "n4": "vss", "n2": "minus", "n1": "inside"
    }  # fmt: skip
    named = BOYLE.replace("OWN741 1 2 3 4 5", "OWN741 OUT VCC VEE IN- IN+ SHDN") + "* tail\n"
    for number, name in ((5, "OUT"), (3, "VCC"), (4, "VEE"), (2, "IN-"), (1, "IN+")):
        named = "\n".join(
            " ".join(name if word == str(number) and k in (1, 2, 3) else word for k, word in enumerate(line.split(" ")))
            for line in named.replace(f"({number},0)", f"({name},0)").splitlines()
        )
    path.write_text(named.replace(".ENDS", "RSD SHDN 0 1MEG\n.ENDS"))
    with pytest.raises(ValueError, match=r"are out vcc vee in- in\+ shdn, whose names do not tell all"):
        read_vendor_opamp(path, "own741")
    part = read_vendor_opamp(path, "own741", ["out", "v+", "v-", "in-", "in+", "v+"])
    assert part.roles[-1] == "v+"
    with pytest.raises(ValueError, match="port 'in-' is in\\+, but its name says in-; check their order"):
        read_vendor_opamp(path, "own741", ["out", "v+", "v-", "in+", "in-", "v+"])


@pytest.mark.parametrize(
    ("pins", "said"),
    [
        (["in+", "in-", "v+", "out"], "pins name 4 ports, the subcircuit has 5: 1 2 3 4 5"),
        (["in+", "in-", "v+", "v+", "out"], "pins name v- 0 times"),
        (["in+", "in+", "v+", "v-", "out"], r"pins name in\+ 2 times"),
        (["in+", "in-", "v+", "v-", "up"], "pins hold 'up'; each is one of in\\+,in-,v\\+,v-,out"),
    ],
)
def test_pins_that_are_no_op_amp_are_refused(library, pins, said):
    with pytest.raises(ValueError, match=said):
        read_vendor_opamp(library, "own741", pins)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (".control\nshell rm x\n.endc\n" + BOYLE, "own.lib, line 1: '.control' would run commands"),
        ("* first\n.include more.lib\n" + BOYLE, "own.lib, line 2: 'more.lib' is another file"),
        (BOYLE.replace("RP 3 4 20K", "YP 3 4 20K"), "line 27: 'yp' begins no element that is read"),
        (BOYLE.replace(".ENDS", ""), "line 3: the subcircuit is not closed"),
        (BOYLE.replace("OWN741", "OTHER"), "there is no subcircuit 'own741'; it has other"),
        ("\0\1\2", "letters that simulators read differently"),
    ],
)
def test_a_library_is_data(library, text, said):
    library.write_text(text)
    with pytest.raises(NetlistError, match=said):
        read_vendor_opamp(library, "own741")


def test_a_file_that_is_allowed_is_opened(library):
    models = "\n".join(line for line in BOYLE.splitlines() if line.startswith(".MODEL"))
    (library.parent / "models.lib").write_text(models)
    rest = "\n".join(line for line in BOYLE.splitlines() if not line.startswith(".MODEL"))
    library.write_text(f".include models.lib\n{rest}\n.step param x 1 2 1\n")
    part = read_vendor_opamp(library, "own741", include=[library.parent / "models.lib"])
    assert part.roles == ROLES
    assert any(".step is left out" in note for note in part.notes)
    assert "* warning: own.lib, line" in problem_netlist(MEMORY, level="opamp", opamp=part)


def test_a_macro_model_has_its_level_and_its_corners(library):
    part = read_vendor_opamp(library, "own741", rail_v=15.0)
    with pytest.raises(ValueError, match="no order code and no case for a board; take level 'opamp'"):
        problem_netlist(MEMORY, level="board", opamp=part)
    assert len(variant_decks(MEMORY, ["corners"], deck="m.cir", level="opamp", opamp=part)) > 0
    with pytest.raises(ValueError, match="rail_v is -1"):
        VendorOpAmp(part.model, part.roles, -1.0)


def test_the_command_line_takes_a_library(library, tmp_path, capsys):
    picture, deck = tmp_path / "picture.txt", tmp_path / "deck.cir"
    picture.write_text("##..\n..##\n")
    words = ["--opamp-lib", str(library), "--opamp-subckt", "OWN741", "--opamp-pins", "in+,in-,v+,v-,out"]
    drawing = tmp_path / "neuron.svg"
    asked = ["netlist", str(picture), *words, "--opamp-rail", "12", "--out", str(deck), "--schematic", str(drawing)]
    assert main(asked) == 0
    assert "rails +-12 V" in deck.read_text()
    assert "OWN741" in drawing.read_text()
    assert main(["netlist", str(picture), *words[:2], "--opamp-rail", "12", "--out", str(tmp_path / "only.cir")]) == 0
    assert (tmp_path / "only.cir").read_text() == deck.read_text()
    several = tmp_path / "two.lib"
    several.write_text(".subckt a 1 2\nr1 1 2 1k\n.ends\n.subckt b 1 2\nr1 1 2 1k\n.ends\n")
    for bad, said in (
        (["--opamp-lib", str(several)], "two.lib: which subcircuit is wanted is not said; it has a, b"),
        (["--opamp-subckt", "x"], "--opamp-subckt is of a macro-model; give its library, --opamp-lib FILE"),
        (
            [*words, "--opamp", "tl072"],
            "--opamp-lib goes at level opamp, and without --opamp",
        ),
        ([*words, "--level", "board"], "--opamp-lib goes at level opamp, and without --opamp"),
        (["--opamp-lib", str(tmp_path / "none"), *words[2:]], "none: is no regular file"),
    ):
        assert main(["netlist", str(picture), *bad]) == 2
        assert capsys.readouterr().err.startswith(f"error: {said}")
    assert main(["certify", str(deck), *words]) == 2
    assert "leave them out" in capsys.readouterr().err
