"""Spiking chips: what they hold, count, price and refuse. That they keep their word is in test_conformance.py."""

import json
from dataclasses import replace
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

import neuromorph as nm
from hardware_targets.spiking_chip import (
    ReadDurations,
    neurobench,
    spiking_brainscales,
    spiking_generic,
    spiking_loihi,
    spiking_loihi2,
)
from hardware_targets.spiking_chip.batches import batch_sizes, plan_batches
from hardware_targets.spiking_chip.chip_tables import generic_table, join_chips, loihi_table
from hardware_targets.spiking_chip.core_traffic import CoreTraffic
from hardware_targets.spiking_chip.neurobench import ChipWorkload
from hardware_targets.spiking_chip.quantization import (
    FixedPatternNoise,
    SynapticWeights,
    cores_for,
    quantize,
)
from neuromorph import Datum, DoesNotFit, Ising, Minimize, RecallFrom, Sample, exact, testing
from neuromorph.cost import price
from neuromorph.problems import MaxCut, Recall, Tsp
from neuromorph.protocol import forecast_of, mapping_error
from neuromorph.rng import read_seeds
from neuromorph.run import complete_run
from neuromorph.study.sampling_score import kl_divergence
from neuromorph.testing import require_distribution

LOIHI, EXACT = loihi_table(), FixedPatternNoise(np.random.SeedSequence(0), 0.0, 0.0)


def glass(seed, n, scale=1.0):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(scale * (j + j.T), scale * rng.normal(size=n), 0.5)


def ring(n):
    j = np.roll(np.eye(n), 1, axis=1)
    return Ising(j + j.T)


# What is held.


def test_weights_stand_on_the_levels_of_one_exponent():
    """Off-by-one in the number of levels, a step of each row's own, or lost signs."""
    ising = glass(1, 12)
    held = quantize(SynapticWeights(ising.sparse_couplings(), ising.biases), LOIHI, EXACT)
    levels = held.weights.toarray() / np.abs(ising.couplings).max() * 127
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-9)
    assert np.abs(levels).max() == pytest.approx(127)
    np.testing.assert_allclose(held.weights.toarray(), ising.couplings, atol=np.abs(ising.couplings).max() / 127 / 2)
    largest = (np.abs(ising.couplings).sum(axis=1) + np.abs(ising.biases)).max()
    np.testing.assert_allclose(held.biases, ising.biases, atol=largest / 4095 / 2)


def test_the_mapping_error_is_that_of_what_is_held_and_falls_with_bits():
    """An error reported from elsewhere; bits that do nothing."""
    ising, errors = glass(2, 20), []
    for bits in (4, 8, 12):
        table = {"weight_bits": replace(LOIHI["weight_bits"], value=bits, low=bits, high=bits)}
        program = spiking_generic(table).program(ising, 0)
        assert program.mapping_error == pytest.approx(mapping_error(ising, program.programmed), rel=1e-12)
        errors.append(program.mapping_error)
    assert errors[0] > 8 * errors[1] > 64 * errors[2] > 0


def test_a_fixed_pattern_belongs_to_the_chip():
    """The same rng is the same chip, another another; deviations are as large as stated, in both directions apart."""
    ising, chip = glass(3, 100), spiking_brainscales()
    steady = replace(chip.constants["neuron_spread"], value=0.0, low=0.0)
    chip = replace(chip, constants={**chip.constants, "neuron_spread": steady})
    first, again, other = (chip.program(ising, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.programmed.dense_couplings(), again.programmed.dense_couplings())
    assert not np.array_equal(first.programmed.dense_couplings(), other.programmed.dense_couplings())
    made, even = (
        first.state.wires.weights,
        quantize(SynapticWeights(ising.sparse_couplings(), ising.biases), chip.constants, EXACT),
    )
    ratio = made.data / even.weights.data
    # 9,600 independent ratios of deviation 0.05: their own deviation is known to 0.7 %, 6 sigma are 5 %.
    assert len(ratio) > 9_000
    assert ratio.std() == pytest.approx(0.05, rel=0.05)
    assert ratio.mean() == pytest.approx(1.0, abs=6 * 0.05 / np.sqrt(9000))
    # Held is the mean of both directions: the rest is not lost from the error.
    assert first.mapping_error > 1.2 * mapping_error(ising, first.programmed)
    off = ((made.toarray() - ising.couplings) ** 2).sum() / 2 + ((first.programmed.biases - ising.biases) ** 2).sum()
    asked = (ising.couplings**2).sum() / 2 + (ising.biases**2).sum()
    assert first.mapping_error == pytest.approx(np.sqrt(off / asked), rel=1e-9)


def test_neurons_have_offsets_of_their_own():
    """A hundredth of the largest input, 400 of them: their deviation is known to 3.5 %; 5 sigma."""
    weights = sparse.csr_array((400, 400))
    held = quantize(
        SynapticWeights(weights, np.full(400, 2.0)), LOIHI, FixedPatternNoise(np.random.SeedSequence(0), 0.0, 0.01)
    )
    assert (held.biases - 2.0).std() == pytest.approx(0.02, rel=0.18)


def test_neurons_are_placed_on_cores_by_neurons_synapses_and_fan_in():
    assert cores_for(1024, 64, LOIHI, "x") == 1
    assert cores_for(1025, 64, LOIHI, "x") == 2
    assert cores_for(1024, 128, LOIHI, "x") == 2  # 65536 synapses a core: 512 neurons
    with pytest.raises(DoesNotFit, match="4096"):
        cores_for(5000, 4097, LOIHI, "x")
    with pytest.raises(DoesNotFit, match="take parts"):
        cores_for(131073, 8, LOIHI, "x")


def test_spikes_take_the_steps_between_tiles():
    """Against walking every pair: 4 cores a tile, 4 tiles a column of the mesh; a neuron a core, each to all others."""
    n = 50
    traffic = CoreTraffic.of(sparse.csr_array(1.0 - np.eye(n)), 1, n, LOIHI)
    tiles = [divmod(core // 4, 4) for core in range(n)]
    np.testing.assert_array_equal(traffic.placement, np.arange(n))
    assert traffic.tiles == 13
    assert (traffic.packets == n - 1).all()
    for hops, axis in ((traffic.row_hops, 0), (traffic.column_hops, 1)):
        assert hops.tolist() == [sum(abs(here[axis] - there[axis]) for there in tiles) for here in tiles]


@pytest.mark.parametrize(
    ("chip", "problem", "remedy"),
    [
        (spiking_brainscales(), ring(513), "parts of the problem"),
        (spiking_brainscales(), glass(0, 300), "sparser"),
        (spiking_loihi(), Tsp.from_coordinates(np.random.default_rng(0).random((33, 2))), "cpu-anneal"),
        (spiking_loihi(), Ising(sparse.csr_array((200_000, 200_000)), np.ones(200_000)), "parts of the problem"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_remedy(chip, problem, remedy):
    with pytest.raises(DoesNotFit, match=remedy):
        chip.program(problem, 0)


def test_tasks_too_large_to_simulate_are_refused():
    program = spiking_loihi().program(ring(600), 0)
    with pytest.raises(DoesNotFit, match="cpu-anneal"):
        spiking_loihi().run(program, Minimize(), 1, 0)
    tour = spiking_loihi().program(Tsp.from_coordinates(np.random.default_rng(0).random((4, 2))), 0)
    for task in (Sample(1.0), RecallFrom(np.ones(16, np.int8))):
        with pytest.raises(DoesNotFit, match="ising"):
            spiking_loihi().run(tour, task, 1, 0)


def test_the_analog_chip_samples_only_when_told_to():
    chip = spiking_brainscales()
    with pytest.raises(DoesNotFit, match="does not sample"):
        chip.run(chip.program(ring(4), 0), Sample(1.0), 1, 0)


@pytest.mark.parametrize("wrong", [{"sample_s": 1e-3}, {"read_s": 0.45}, {"search_s": np.inf}, {"relax_s": -1.0}])
def test_times_that_make_no_read_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ReadDurations(**wrong)


# Reads.


@pytest.mark.parametrize(("first", "largest"), [(64, 8192), (4, 16), (1, 1)])
def test_a_read_is_the_same_whatever_batches_are_asked_for(first, largest):
    """Every read has one place, chain and stream; reads that start anywhere find theirs."""
    everything = np.random.SeedSequence(7).spawn(300)
    place = {}
    for batch in plan_batches(everything, first, largest):
        assert batch.size <= largest
        assert (batch.chains < batch.size).all()
        for where, chain in zip(batch.where, batch.chains, strict=True):
            place[int(where)] = (batch.size, int(chain), tuple(batch.seed.generate_state(4)))
    assert len(place) == len({each[1:] for each in place.values()}) == 300
    for start, stop in ((0, 1), (3, 5), (63, 130), (200, 300)):
        for batch in plan_batches(everything[start:stop], first, largest):
            for where, chain in zip(batch.where, batch.chains, strict=True):
                seen = (batch.size, int(chain), tuple(batch.seed.generate_state(4)))
                assert seen == place[start + int(where)]


def test_batches_stay_within_memory():
    for neurons, synapses in ((4, 12), (100, 9900), (2000, 2_000_000), (3000, 4_000_000)):
        first, largest = batch_sizes(neurons, synapses)
        assert 1 <= first <= largest
        assert largest * synapses <= 1 << 21 or largest == 1


def test_a_tour_of_five_cities_is_found():
    """Against all 12 tours: at least half of 64 reads are the shortest; states are valid tours."""
    tsp = Tsp.from_coordinates(np.random.default_rng(5).random((5, 2)))
    best = min(tsp.length((0, *rest)) for rest in permutations(range(1, 5)))
    for chip in (spiking_loihi(), spiking_brainscales()):
        program = chip.program(tsp, 0)
        run = chip.run(program, Minimize(), 64, 1)
        lengths = np.array([tsp.score(tsp.decode(spins)) for spins in run.spins])
        assert (lengths <= best * (1 + 1e-9)).mean() > 0.5
        assert program.programmed is None
        assert program.mapping_error > 0


def test_the_host_keeps_the_lowest_state_of_the_problem_asked_for():
    """A cut of 14 nodes against enumeration; energies by the held weights would miss it on a chip of 3 bits."""
    rng = np.random.default_rng(6)
    weights = np.triu(rng.integers(1, 10, (14, 14)) * (rng.random((14, 14)) < 0.4), 1)
    cut = MaxCut("cut", weights + weights.T)
    three = replace(LOIHI["weight_bits"], value=3, low=3, high=3)
    chip = spiking_generic({"weight_bits": three})
    run = chip.run(chip.program(cut, 0), Minimize(), 64, 2)
    assert run.energies.min() == pytest.approx(exact.ground_states(cut.ising())[0])
    assert run.converged.all()


def test_patterns_come_back():
    rng = np.random.default_rng(7)
    recall = Recall("three", np.sign(rng.standard_normal((3, 100))), noise=0.25)
    for chip in (spiking_loihi(), spiking_brainscales()):
        task = recall.task(12, 1)
        spins = chip.run(chip.program(recall, 0), task, 12, 3).spins
        assert all(recall.score(s, cue) >= 0.98 for s, cue in zip(spins, task.cue, strict=True))


def test_the_analog_chip_samples_weak_couplings_well():
    """20,000 reads of 4 spins, 4 beta |J| <= 0.6: D <= 0.002; chance adds 0.0004, doubled couplings give 0.05."""
    chip = spiking_brainscales(sample=True)
    program = chip.program(glass(5, 4, 0.25), 0)
    assert any("roughly" in note for note in program.notes)
    states = exact.states_of(chip.run(program, Sample(0.6), 20_000, 1).spins)
    shares, expected = np.bincount(states, minlength=16) / 20_000, exact.boltzmann(program.programmed, 0.6)
    assert np.sum(shares * np.log(shares / expected)) < 2e-3
    wrong = exact.boltzmann(program.programmed, 1.2)
    assert np.sum(shares * np.log(shares / wrong)) > 2e-2


def test_reads_are_as_long_as_the_network_needs():
    """2,000 of a pair that keeps its sign for 28 and 200 tau: reads of 10 tau had G = 97 at beta 1.2 already. And of a
    ring of 100, beyond what is enumerated, against its transfer matrix."""
    chip = spiking_loihi()
    program = chip.program(Ising([[0.0, 1.0], [1.0, 0.0]]), 0)
    usual = chip.run(program, Sample(0.2), 1, 0)
    assert usual.activity["membrane_updates"][0] == 2 * 1000
    for beta in (2.0, 3.0):
        run = chip.run(program, Sample(beta), 2000, 1)
        require_distribution(run.spins, exact.boltzmann(program.programmed, beta))
        assert run.converged.all()
        assert run.activity["membrane_updates"][0] <= 16 * 2 * 1000
    run = chip.run(chip.program(ring(100), 0), Sample(1.0), 100, 2)
    error = np.sqrt(100 * (1.0 - np.tanh(1.0) ** 2) / 100)
    assert run.energies.mean() == pytest.approx(-100 * np.tanh(1.0), abs=5.0 * error)


def test_reads_that_are_too_short_say_so():
    """A pair that is frozen at rest."""
    chip = spiking_loihi(sample_s=0.02)
    run = chip.run(chip.program(ring(2), 0), Sample(8.0), 3, 0)
    assert not run.converged.any()
    assert "may be too short" in run.message
    assert "lower beta" in run.message


# Counts and their prices.


def test_events_of_a_sampler_are_counted_by_fan_out():
    """A star: the hub reaches 5, each leaf 1, by two synapses each; against spins that hardly ever fire."""
    j = np.zeros((6, 6))
    j[0, 1:] = j[1:, 0] = 1e-9
    hub_on = Ising(j, [40.0, -40.0, -40.0, -40.0, -40.0, -40.0])
    chip = spiking_loihi(sample_s=0.2, step_s=0.5e-3)
    run = chip.run(chip.program(hub_on, 0), Sample(1.0), 10, 0)
    np.testing.assert_allclose(run.activity["synaptic_operations"], 10 * run.activity["spikes"])
    np.testing.assert_array_equal(run.activity["membrane_updates"], 6 * 400)
    # It fires every 10 ms once it is awake, in the first half: at least 9 times, at most 20.
    assert ((run.activity["spikes"] >= 9) & (run.activity["spikes"] <= 20)).all()


def test_time_is_that_of_steps_and_of_the_busiest_core():
    loihi, analog = spiking_loihi(), spiking_brainscales()
    cue = np.ones(8, np.int8)
    run = loihi.run(loihi.program(ring(8), 0), RecallFrom(cue), 4, 0)
    least = 500 * (0.6e-6 + 8 * 9.7e-9)
    assert (run.activity["device_s"] > least).all()  # a core fires while it receives, which here takes less
    np.testing.assert_allclose(run.activity["device_s"] - least, run.activity["spikes"] * (30e-9 + 5.1e-9), rtol=1e-9)
    np.testing.assert_array_equal(run.activity["packets"], run.activity["spikes"])  # one core, its own
    assert not run.activity["mesh_hops"].any()
    run = analog.run(analog.program(ring(8), 0), RecallFrom(cue), 4, 0)
    np.testing.assert_allclose(run.activity["device_s"], 0.5e-3)


def test_a_ledger_prices_synaptic_operations_as_published():
    """Core, chip and system apart; 35.5 pJ on Loihi, 23.6 at least; no such line on the analog chip."""
    loihi = spiking_loihi()
    run = loihi.run(loihi.program(ring(8), 0), RecallFrom(np.ones(8, np.int8)), 4, 0)
    ledger = price(run, loihi.costs())
    line = next(entry for entry in ledger.entries if entry.what == "synaptic operations")
    assert line.total.value == pytest.approx(35.5e-12 * run.activity["synaptic_operations"].sum())
    assert (line.unit.low, line.unit.high, line.scope, line.kind) == (23.6e-12, 35.5e-12, "core", "modelled")
    assert ledger.energy("system").value > ledger.energy("chip").value > ledger.energy("core").value > 0
    static = next(entry for entry in ledger.entries if entry.what == "the chip's own power")
    assert (static.unit.value, static.unit.kind, static.scope) == (29.6e-3, "measured", "chip")
    assert not {"synaptic_operations", "membrane_updates"} & {cost.event for cost in spiking_brainscales().costs()}


def test_loihi_2_stands_beside_loihi():
    """Published sizes; energies and times assumed, a tenth of Loihi's to Loihi's; so it is a forecast."""
    first, second = spiking_loihi(sample_s=0.02), spiking_loihi2(sample_s=0.02)
    for name, datum in second.constants.items():
        if name in second.priced and not name.startswith(("device", "board", "word", "chip", "step")):
            whole = first.constants[name].value
            assert (datum.low, datum.high) == pytest.approx((0.1 * whole, whole)), name
            assert datum.value == pytest.approx(whole / np.sqrt(10.0), rel=1e-3), name
            assert datum.kind == "assumed"
    assert second.constants["cores"].value * second.constants["core_neurons"].value == 1_048_576
    assert second.constants["cores"].value * second.constants["core_synapses"].value == 120e6
    assert forecast_of(second)
    assert not forecast_of(first)
    joules = []
    for chip in (first, second):
        ledger = price(chip.run(chip.program(ring(8), 0), Sample(1.0), 3, 0), chip.costs())
        joules.append(sum(entry.total.value for entry in ledger.entries if entry.scope == "core"))
    assert 0.1 < joules[1] / joules[0] < 1.0
    assert second.program(Ising(sparse.csr_array((200_000, 200_000)), np.ones(200_000)), 0).mapping_error < 0.01


def test_spikes_go_once_to_each_core_that_has_synapses_of_theirs():
    """A star of 5 on three cores: the hub sends to all three, a leaf to the hub's; two synapses a weight."""
    star = np.zeros((6, 6))
    star[0, 1:] = star[1:, 0] = 1.0
    traffic = CoreTraffic.of(sparse.csr_array(star), 2, 3, LOIHI)
    assert traffic.placement.tolist() == [0, 0, 1, 1, 2, 2]
    assert traffic.packets.tolist() == [3, 1, 1, 1, 1, 1]
    assert traffic.synapses.toarray()[0].tolist() == [2, 4, 4]
    found = traffic.count(np.array([0, 0, 1]), np.array([0, 1, 5]), 3)
    assert found["packets"].tolist() == [4, 1, 0]
    # Chain 0: the hub and a leaf of its core in one step, then the hub alone. By hand: firing, and receiving by core 0.
    seconds = traffic.seconds(np.array([0, 0, 0]), np.array([2, 2, 4]), np.array([0, 1, 0]), (2, 10), LOIHI)
    idle = 2 * 9.7e-9
    both, alone = idle + 2 * 30e-9 + 4 * 5.1e-9, idle + 30e-9 + 3 * 5.1e-9
    assert seconds == pytest.approx([10 * 0.6e-6 + 8 * idle + both + alone, 10 * (0.6e-6 + idle)], rel=1e-12)


def test_a_table_with_one_price_for_all_hops_is_still_read():
    hop = Datum(1e-12, "J", 1e-12, 1e-12, "measured", "my own bench")
    lines = {cost.what: cost.energy for cost in spiking_generic({"hop_energy": hop}).costs()}
    assert lines["steps in the mesh"] == hop


def test_powers_have_the_range_of_the_time_as_well():
    datum = next(c.energy for c in spiking_generic().costs() if c.event == "device_s" and c.scope == "system")
    table = generic_table()
    assert datum.low == pytest.approx(table["board_power"].low * table["device_second"].low)
    assert datum.high == pytest.approx(table["board_power"].high * table["device_second"].high)


def test_the_generic_range_covers_what_the_sources_say():
    """TrueNorth's 2.5 pJ, Loihi's 35.5 pJ; the value is between; SpiNNaker 1 has no part."""
    datum = join_chips("synapse_energy", ("loihi", "truenorth", "spinnaker"))
    assert (datum.low, datum.high, datum.kind) == (2.5e-12, 35.5e-12, "assumed")
    assert datum.low < datum.value < datum.high
    assert "loihi 3.55e-11" in datum.source


def test_a_table_of_ones_own_replaces_numbers(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[synapse_energy]\nvalue = 1e-12\nunit = "J"\nkind = "measured"\nsource = "my own bench"\n'
        '[step_time]\nvalue = 1e-5\nlow = 5e-6\nhigh = 2e-5\nunit = "s"\nkind = "measured"\nsource = "my own bench"\n'
    )
    chip = spiking_generic(mine)
    assert chip.constants["synapse_energy"].value == 1e-12
    assert (chip.constants["device_second"].low, chip.constants["device_second"].high) == (0.5, 2.0)
    run = chip.run(chip.program(ring(4), 0), Sample(0.2), 2, 0)
    np.testing.assert_allclose(run.activity["device_s"], 1000 * 1e-5)
    bench = Datum(2.0, "W", 1.0, 3.0, "measured", "my own bench")
    power = next(cost.energy for cost in spiking_generic({"chip_power": bench}).costs() if "own power" in cost.what)
    assert (power.value, power.kind) == (2.0, "measured")
    assert power.source.startswith("my own bench")


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\xff\x80",
        b"[synapse_energy]\nvalue = 1",
        b"synapse_energy = 1",
        b"[sop]\nvalue = 1\nunit = 'J'\nkind = 'assumed'\nsource = 'x'",
    ],
)
def test_a_bad_table_is_an_error_of_one_line(tmp_path, content):
    mine = tmp_path / "mine.toml"
    mine.write_bytes(content)
    with pytest.raises(ValueError, match="table") as caught:
        spiking_generic(mine)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="table"):
        spiking_generic(tmp_path / "missing.toml")


@pytest.mark.parametrize(("name", "value", "unit", "match"), [
    ("synapse_energy", 20.0, "pJ", "give it in 'J'"),
    ("weight_bits", 1, "bit", "whole, 2 to 512"),
    ("cores", 0.5, "1", "whole, 1 to"),
    ("step_time", 0.0, "s", "must be positive"),
    ("acceleration", 0.0, "1", "must be positive"),
    ("chip_power", -1.0, "W", "0 or above"),
])  # fmt: skip
def test_numbers_that_no_chip_can_have_are_refused(name, value, unit, match):
    """A unit that is not SI, or a division by zero to come."""
    with pytest.raises(ValueError, match=f"{name} is .*{match}"):
        spiking_generic({name: Datum(value, unit, value, value, "assumed", "a test")})
    with pytest.raises(TypeError, match="give a Datum"):
        spiking_generic({name: value})


# NeuroBench's metrics.


def test_metrics_by_hand():
    """3 neurons, 4 connections by 8 synapses, 10 steps; two reads of 5 and 7 spikes."""
    network = ChipWorkload(3, 4, 8, weight_bits=8, bias_bits=16, state_bits=48, operations=8)
    program = nm.Program("x", Ising(np.zeros((3, 3))), None, SimpleNamespace(network=lambda task: network))
    activity = {"spikes": [5.0, 7.0], "synaptic_operations": [10.0, 20.0], "membrane_updates": [30.0, 30.0]}
    found = neurobench(program, complete_run(program, Minimize(), np.ones((2, 3)), activity))
    assert found == {
        "Footprint": 8 + 3 * 8,
        "ParameterCount": 11,
        "ConnectionSparsity": pytest.approx(5 / 9),
        "ActivationSparsity": pytest.approx(0.8),
        "SynapticOperations": {"Effective_MACs": 0.0, "Effective_ACs": 15.0, "Dense": 90.0},
        "MembraneUpdates": 30.0,
        "NeuronOperations": {"Effective Neuron Ops": 240.0, "Neuron Dense Ops": 240.0},
    }


def test_metrics_are_in_results():
    """A study of a cut and of a chip; numbers that JSON cannot hold would fail as well."""
    cut = MaxCut("square", ring(4).couplings)
    comparison = nm.compare(cut, [spiking_loihi(), nm.get_target("cpu-anneal")], reads=4, rng=0)
    chip, cpu = json.loads(nm.results_json(comparison))["results"]
    assert chip["neurobench"]["SynapticOperations"]["Effective_ACs"] > 0
    assert chip["neurobench"]["ConnectionSparsity"] == pytest.approx(1 - (8 + 2 * 2 * 4) / 64)
    assert cpu["neurobench"] is None
    assert chip["best"] == 4


def test_reads_of_one_stream_are_those_of_one_run():
    """Activity too, not only spins, belongs to the read."""
    chip = spiking_loihi()
    program, cue = chip.program(ring(6), 0), np.ones(6, np.int8)
    whole = chip.run(program, RecallFrom(cue), 5, 3)
    part = chip.run(program, RecallFrom(cue), 2, 3)
    np.testing.assert_array_equal(whole.activity["spikes"][:2], part.activity["spikes"])
    assert len({int(seed.spawn_key[-1]) for seed in read_seeds(3, 5)}) == 5


def lif_divergence(ising, strength, reads):
    """Divergence of samples at beta x strongest field = strength, and the bound that the program states."""
    beta = strength / float((np.abs(ising.dense_couplings()).sum(axis=1) + np.abs(ising.biases)).max())
    chip = spiking_brainscales(sample=True)
    program = chip.program(ising, rng=0)
    run = chip.run(program, Sample(beta), reads, rng=100)
    counts = np.bincount(exact.states_of(run.spins), minlength=1 << ising.size)
    return kl_divergence(counts, exact.boltzmann(program.programmed, beta))[0], program.sampling_bound, run


@pytest.mark.slow
def test_analog_samples_keep_the_bound_that_is_stated():
    """The pair is the worst of all models; a bound of a tenth would fail on it, coins would break this one."""
    pair = Ising([[0.0, 1.0], [1.0, 0.0]])
    ferromagnet = Ising(np.ones((3, 3)) - np.eye(3))
    for ising in (pair, ferromagnet, glass(3, 4)):
        found, bound, run = lif_divergence(ising, 1.2, 4000)
        assert bound.kl == pytest.approx(0.03 * ising.size)
        assert found.high < bound.kl
        assert "the bound of samples was measured" not in run.message
        if ising is pair:
            assert found.low > 0.1 * bound.kl


def test_a_bound_is_stated_by_analog_samplers_alone_and_says_how_far_it_goes():
    pair = Ising([[0.0, 1.0], [1.0, 0.0]])
    _, bound, run = lif_divergence(pair, 2.0, 4)
    assert bound.reason.startswith("integrate-and-fire neurons, 0.03 nats a spin up to beta x strongest field = 1.2")
    assert "beta times the strongest field is 2; the bound of samples was measured up to 1.2" in run.message
    assert any("within 0.06 nats" in note for note in spiking_brainscales(sample=True).program(pair, 0).notes)
    for chip in (spiking_brainscales(), spiking_generic(), spiking_loihi()):
        assert chip.program(pair, rng=0).sampling_bound is None


@pytest.mark.slow
@pytest.mark.parametrize("check", [testing.check_sampling, testing.check_textbook_models], ids=lambda c: c.__name__)
def test_brainscales_that_samples_keeps_its_word(check):
    check(spiking_brainscales(sample=True))
