"""p-bits: what they sample by enumeration, time scales, invertible logic, the factoring of 945."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm
from hardware_targets.pbit import (
    PBits,
    adder_circuit,
    and_gate,
    clamp_nodes,
    factoring_polynomial,
    full_adder,
    multiplier_circuit,
    not_gate,
    or_gate,
    read_factors,
)
from hardware_targets.pbit.equilibrium import little_distribution, stationary_states
from hardware_targets.pbit.junctions import draw_junctions
from hardware_targets.pbit.p_bit_reads import PBitChip, PBitSchedule, simulate_p_bits
from hardware_targets.pbit.spin_terms import SpinTerms
from neuromorph import exact
from neuromorph.problems import Polynomial
from neuromorph.rng import kernel_states, read_seeds
from neuromorph.testing import check_program, check_reads_continue, check_sampling, check_seeds, require_distribution
from neuromorph.testing.models import glass, ring_model

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ALIKE = PBits(slope_spread=0.0, offset_spread=0.0, barrier_spread=0.0)
NONE = {"barrier": 16.0, "barrier_spread": 0.0, "compensation": 0.0, "slope_spread": 0.0, "offset_spread": 0.0}
by_name = {"ids": lambda check: check.__name__}


def simulate(device, ising, beta, reads, dwells, chip=0, rng=1):
    """Finals of reads at one beta from all up."""
    program = device.program(ising, chip)
    spins = np.ones((reads, ising.size), np.int8)
    schedule = PBitSchedule(spins, kernel_states(read_seeds(rng, reads)), np.array([beta]), np.array([dwells]))
    counts = simulate_p_bits(program.state, schedule, delay=device.synapse_delay, synchronous=device.update[0] == "s")
    return spins, counts


@pytest.mark.parametrize("check", [check_program, check_seeds, check_reads_continue, check_sampling], **by_name)
def test_p_bits_on_a_clock_keep_their_word(check):
    """Not those of ground states: on a clock pairs of states take turns at low temperature."""
    check(PBits(update="synchronous", dwells=60.0))


def test_littles_equilibrium_is_that_of_the_clocked_chain():
    ising = glass(8, 5)
    ideal = draw_junctions(5, np.random.default_rng(0), **NONE)
    chain = stationary_states(SpinTerms.of_ising(ising), ideal, 0.7, synchronous=True)
    assert little_distribution(ising, 0.7) == pytest.approx(chain, rel=1e-10)
    assert np.abs(chain - exact.boltzmann(ising, 0.7)).max() > 0.01  # and another one


@pytest.mark.parametrize("update", ["asynchronous", "synchronous"])
def test_clocked_and_free_p_bits_come_to_their_own_equilibria(update):
    """20,000 reads of a glass; 2n H and ln 2 cosh beta f are told apart."""
    ising, device = glass(8, 4), replace(ALIKE, update=update)
    spins, _ = simulate(device, ising, 0.6, 20_000, 60.0)
    p = exact.boltzmann(ising, 0.6) if update == "asynchronous" else little_distribution(ising, 0.6)
    require_distribution(spins, p, update)


def test_a_chip_whose_junctions_differ_samples_what_its_program_says():
    ising = glass(9, 4)
    device = PBits(slope_spread=0.4, offset_spread=0.4, barrier_spread=1.0, compensation=0.5, dwells=120.0)
    program = device.program(ising, 3)
    p = program.sampled(0.6)
    require_distribution(device.run(program, nm.Sample(0.6), 20_000, 4).spins, p, "junctions that differ")
    ideal = exact.boltzmann(ising, 0.6)
    assert p @ np.log(p / ideal) > 0.02


def test_terms_of_three_are_sampled_too():
    """exp(-beta E) of a polynomial, by enumeration."""
    problem = Polynomial("cubic", 4, {(0, 1, 2): 1.0, (1, 2, 3): -0.7, (0, 3): 0.5, (1,): 0.3, (): 2.0}, domain="spin")
    terms = SpinTerms.of_polynomial(problem)
    states = exact.spins_of(np.arange(16), 4)
    energies = np.array([problem.score(each) for each in states])
    assert terms.energy(states) == pytest.approx(energies)
    turned = states.copy()
    turned[:, 2] *= -1
    gap = terms.energy(turned) - terms.energy(states)
    assert 2.0 * terms.alignments(states)[:, 2] == pytest.approx(gap)
    device = replace(ALIKE, dwells=60.0)
    spins = device.run(device.program(problem, 0), nm.Sample(0.8), 20_000, 2).spins
    p = np.exp(-0.8 * energies)
    require_distribution(spins[:, :4], p / p.sum(), "terms of three")


def test_flip_rates_are_those_of_the_junction():
    """Without couplings the magnetization decays with tau, and rests at tanh(a (I + o))."""
    device = PBits(slope_spread=0.3, offset_spread=0.5, barrier_spread=2.0, compensation=0.5)
    ising = nm.Ising(np.zeros((3, 3)), [0.5, -0.4, 0.0])
    junctions = device.program(ising, 5).state.junctions
    rest = np.tanh(junctions.slopes * (0.8 * ising.biases + junctions.offsets))
    reads = 10_000
    for time in (0.3, 1.0, 2.5):
        spins, _ = simulate(device, ising, 0.8, reads, time, chip=5)
        mean = rest + (1.0 - rest) * np.exp(-time / junctions.dwells)
        assert spins.mean(axis=0) == pytest.approx(mean, abs=5.0 / np.sqrt(reads))


def test_prefactor_and_barrier_go_together():
    rng = np.random.default_rng(1)
    drawn = draw_junctions(2000, rng, **NONE | {"barrier_spread": 1.0, "compensation": 0.8})
    assert np.log(drawn.dwells).std() == pytest.approx(0.2, rel=0.1)
    assert np.log(drawn.dwells) == pytest.approx(0.2 * (drawn.barriers - 16.0))
    free = draw_junctions(2000, np.random.default_rng(1), **NONE | {"barrier_spread": 1.0, "compensation": 1.0})
    assert np.ptp(free.dwells) == 0.0


def test_late_synapses_act_as_a_clock_does():
    """Of an antiferromagnetic pair: without delay it is in one of two states, late it overshoots to both up or down."""
    pair = nm.Ising([[0.0, -1.0], [-1.0, 0.0]])
    alike = []
    for delay in (0.0, 0.3, 2.0):
        spins, _ = simulate(replace(ALIKE, synapse_delay=delay), pair, 1.2, 10_000, 20.0)
        alike.append(float((spins[:, 0] == spins[:, 1]).mean()))
    assert alike[0] == pytest.approx(1.0 / (1.0 + np.exp(2.4)), abs=0.02)
    assert alike[0] + 0.02 < alike[1] < alike[2] - 0.05


def test_a_read_counts_its_draws_and_additions():
    ising, device = ring_model(10), replace(ALIKE, dwells=50.0)
    run = device.run(device.program(ising, 0), nm.Minimize(), 40, 1)
    assert run.activity["updates"].mean() == pytest.approx(500.0, rel=0.05)
    assert (run.activity["additions"] == 2.0 * run.activity["flips"]).all()
    assert (run.activity["p_bit_dwells"] == 500.0).all()


def test_weight_bits_round_to_levels():
    ising = glass(3, 6)
    program = replace(ALIKE, weight_bits=3).program(ising, 0)
    step = max(np.abs(ising.couplings).max(), np.abs(ising.biases).max()) / 3.0
    found = program.programmed.dense_couplings() / step
    assert found == pytest.approx(np.round(found))
    assert 0.0 < program.mapping_error < 0.5


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dwells": 0.0}, "dwells is 0"), ({"update": "both"}, "asynchronous or synchronous"),
        ({"weight_bits": 1}, "give 2 to 32"), ({"synapse_delay": -1.0}, "give 0 to 1000"),
        ({"synapse_delay": 1.0, "update": "synchronous"}, "a clock waits"), ({"compensation": 1.5}, "0 to 1"),
        ({"slope_spread": -0.1}, "0 to 10"), ({"dwell_time_s": 0.0}, "positive"),
    ],
)  # fmt: skip
def test_parameters_that_make_no_sense(given, said):
    with pytest.raises(ValueError, match=said):
        PBits(**given)


GATES = {
    "not": (not_gate, lambda r: r("a") + r("c") == 1, 1),
    "and": (and_gate, lambda r: (r("a") & r("b")) == r("c"), 2),
    "or": (or_gate, lambda r: (r("a") | r("b")) == r("c"), 2),
    "full adder": (full_adder, lambda r: r("a") + r("b") + r("carry") == r("sum") + 2 * r("out"), 3),
    "adder of 3 bits": (lambda: adder_circuit(3), lambda r: r("a") + r("b") == r("s"), 6),
    "adder of 1 bit": (lambda: adder_circuit(1), lambda r: r("a") + r("b") == r("s"), 2),
    **{
        f"{a} x {b} multiplier": (lambda a=a, b=b: multiplier_circuit(a, b), lambda r: r("a") * r("b") == r("p"), a + b)
        for a, b in ((1, 1), (1, 3), (3, 1), (2, 2), (3, 2))
    },
}


@pytest.mark.parametrize("name", GATES)
def test_valid_rows_are_the_ground_states_and_no_others(name):
    make, valid, inputs = GATES[name]
    circuit = make()
    energies = exact.all_energies(circuit.ising)
    assert np.allclose(energies, np.round(energies))
    ground = exact.spins_of(np.flatnonzero(energies < 0.5), circuit.ising.size)
    assert energies.min() == pytest.approx(0.0, abs=1e-9)
    assert len(ground) == 2**inputs  # every row of inputs has one state, with its inner nodes
    assert valid(lambda number: circuit.read(ground, number)).all()
    rows = {tuple(int(circuit.read(each, n)[0]) for n in circuit.numbers) for each in ground}
    assert len(rows) == 2**inputs


def test_an_adder_runs_backwards():
    """Every pair of 4-bit numbers of the sum 9 comes up about as often: 10 of 256 rows."""
    circuit = adder_circuit(4)
    held = clamp_nodes(circuit, {"s": 9})
    device = replace(ALIKE, dwells=400.0)
    spins = held.complete(device.run(device.program(held.ising, 0), nm.Sample(4.0), 600, 1).spins)
    right = circuit.read(spins, "a") + circuit.read(spins, "b") == 9
    p = exact.boltzmann(held.ising, 4.0)[exact.all_energies(held.ising) < 0.5].sum()
    assert right.mean() == pytest.approx(p, abs=5.0 * np.sqrt(p * (1.0 - p) / 600))
    counts = np.bincount(circuit.read(spins[right], "a"), minlength=10)
    assert counts.size == 10
    assert counts.min() > 0.5 * counts.mean()
    forward = clamp_nodes(circuit, {"a": 11, "b": 6})
    best = forward.complete(device.run(device.program(forward.ising, 0), nm.Minimize(), 60, 1).spins)
    assert (circuit.read(best, "s") == 17).mean() > 0.6


def test_a_multiplier_factors():
    circuit = multiplier_circuit(3, 3)
    held = clamp_nodes(circuit, {"p": 35})
    device = replace(ALIKE, dwells=1000.0)
    run = device.run(device.program(held.ising, 0), nm.Minimize(), 60, 1)
    spins = held.complete(run.spins)
    found = {(int(a), int(b)) for a, b in zip(circuit.read(spins, "a"), circuit.read(spins, "b"), strict=True)}
    ground = held.complete(run.spins[run.energies < 0.5])
    assert len(ground) > 12
    assert {(5, 7), (7, 5)} <= found
    assert (circuit.read(ground, "a") * circuit.read(ground, "b") == 35).all()


def test_clamped_energies_are_those_of_the_circuit():
    circuit = multiplier_circuit(2, 2)
    held = clamp_nodes(circuit, {"p": 6, "a0": 1})
    states = exact.spins_of(np.arange(1 << held.ising.size), held.ising.size)
    assert held.ising.energy(states) == pytest.approx(circuit.ising.energy(held.complete(states)))
    for values, said in (({"q": 1}, "node is 'q'"), ({"p": 16}, "give 0 to 15"), ({"a": -1}, "0 to 3")):
        with pytest.raises(ValueError, match=said):
            clamp_nodes(circuit, values)
    with pytest.raises(ValueError, match="leave one free"):
        clamp_nodes(not_gate(), {"a": 1, "c": 0})


def test_945_has_the_published_terms_and_one_ground_state():
    problem = factoring_polynomial(945, 5, 3)
    assert np.bincount([len(key) for key in problem.terms])[1:].tolist() == [8, 28, 45, 30]
    bits = (exact.spins_of(np.arange(256), 8) > 0).astype(int)
    energies = np.sort([problem.score(each) for each in bits])
    assert energies[:2].tolist() == [0.0, 900.0]
    best = bits[np.argmin([problem.score(each) for each in bits])]
    assert sorted(read_factors(best, 5)) == [15, 63]


def test_945_is_the_final_state_of_nine_anneals_in_ten():
    """1,000 redraws an anneal, on junctions of ten chips; uniform draws end there once in 256."""
    problem, device = factoring_polynomial(945, 5, 3), PBits(dwells=125.0)
    right = []
    for chip in range(10):
        run = device.run(device.program(problem, chip), nm.Minimize(), 50, chip)
        right += [sorted(read_factors(problem.decode(state).value, 5)) == [15, 63] for state in run.spins]
        assert run.activity["updates"].mean() < 1500.0
        assert (run.energies == 0.0).tolist() == right[-50:]
    assert np.mean(right) >= 0.9


@pytest.mark.parametrize("given", [(944, 5, 3), (-1, 2, 2), (945, 0, 3), (945, 20, 20)])
def test_what_cannot_be_factored_so(given):
    with pytest.raises(ValueError, match="is"):
        factoring_polynomial(*given)


def test_polynomials_are_held_without_more_variables():
    problem = factoring_polynomial(35, 2, 2)
    program = ALIKE.program(problem, 0)
    assert program.programmed is None
    assert isinstance(program.state, PBitChip)
    assert program.state.terms.size == 4 < problem.ising().size
    run = ALIKE.run(program, nm.Minimize(), 10, 1)
    assert run.spins.shape == (10, problem.ising().size)
    assert run.energies == pytest.approx([problem.score(problem.decode(state)) for state in run.spins])
    cue = run.spins[0]
    assert (ALIKE.run(program, nm.RecallFrom(cue), 4, 1).spins == cue).all()


def test_the_example_runs(tmp_path, capsys):
    main = runpy.run_path(str(EXAMPLES / "pbit_factoring.py"))["main"]
    rows = main(["--chips", "2", "--anneals", "10", "--out", str(tmp_path / "f.png")])
    assert (tmp_path / "f.png").stat().st_size > 10_000
    assert all(row.right / row.anneals >= 0.9 for row in rows)
    said = capsys.readouterr().out
    assert "945 has 1 local minimum" in said
    assert "161 = 23 x 7 has 12" in said
    assert "98.0% of the same number of draws visit it" in said


def test_voltages_cut_inputs():
    """V_0 of 0.1 V within 0 to 0.3 V, even at 0.2 V: inputs from -2 to 1, and the law is that of the cut inputs."""
    device = PBits(
        slope_spread=0.0, offset_spread=0.0, barrier_spread=0.0, slope_v=0.1, middle_v=0.2, swing_v=0.3, dwells=40.0
    )
    strong = nm.Ising(np.zeros((2, 2)), [3.0, -4.0])
    program = device.program(strong, 0)
    assert program.state.junctions.reach == pytest.approx((-2.0, 1.0))
    assert any("from -2 to 1" in note for note in program.notes)
    means = device.run(program, nm.Sample(1.0), 20_000, 1).spins.mean(axis=0)
    assert means == pytest.approx(np.tanh([1.0, -2.0]), abs=0.025)
    for update in ("asynchronous", "synchronous"):
        clocked = replace(device, update=update)
        glass_program = clocked.program(nm.Ising([[0.0, 1.5], [1.5, 0.0]], [0.5, 0.4]), 0)
        law = glass_program.sampled(1.0)
        spins = clocked.run(glass_program, nm.Sample(1.0), 20_000, 2).spins
        seen = np.bincount((spins > 0) @ [1, 2], minlength=4) / 20_000
        assert seen == pytest.approx(law, abs=0.02)
        assert np.abs(law - nm.exact.boltzmann(glass_program.programmed, 1.0)).max() > 0.02
    wide = replace(device, middle_v=None, swing_v=1e6)
    free = replace(device, slope_v=None, middle_v=None, swing_v=None)
    runs = [each.run(each.program(strong, 0), nm.Sample(1.0), 50, 3).spins for each in (wide, free)]
    assert np.array_equal(*runs)


@pytest.mark.parametrize(
    ("given", "said"),
    [({"slope_v": 0.1}, "slope_v alone"), ({"slope_v": -1.0, "swing_v": 1.0}, "slope_v is -1"),
     ({"slope_v": 0.1, "swing_v": 0.5, "middle_v": 0.6}, "out of reach")],
)  # fmt: skip
def test_voltages_that_make_no_drive(given, said):
    with pytest.raises(ValueError, match=said):
        PBits(**given)
