"""Prices: a lost factor reads, a swapped interval end, a missing source or a silently unpriced event shows here."""

from dataclasses import replace

import numpy as np
import pytest

from neuromorph import Cost, Datum, Ising, Minimize, Program, price
from neuromorph.datum import KINDS, less_known, multiply_data, read_data
from neuromorph.estimate import Estimate, add_estimates
from neuromorph.installed_targets import available_targets, get_target
from neuromorph.rng import kernel_states, read_seeds
from neuromorph.run import complete_run, concatenate_runs

PROGRAM = Program(target="toy", requested=Ising([[0, 1], [1, 0]]), programmed=None, setup={"pulses": 6})
PULSE = Datum(2.0, "J", 1.0, 4.0, "assumed", "a test")
UPDATE = Datum(0.5, "J", 0.5, 0.5, "measured", "a test")


def toy_run(updates, device_s=3.0):
    spins = np.ones((len(updates), 2))
    return complete_run(PROGRAM, Minimize(), spins, {"updates": updates, "device_s": device_s})


def test_a_ledger_adds_up_by_hand():
    costs = (
        Cost("updates", "flips", UPDATE, counted="measured"),
        Cost("pulses", "programming", PULSE, scope="system"),
        Cost("updates", "wait", time=Datum(0.1, "s", 0.05, 0.2, "modelled", "a test")),
    )
    ledger = price(toy_run([10, 10, 10]), costs)
    assert [e.count for e in ledger.entries] == [30, pytest.approx(6)]
    assert ledger.energy() == Estimate(15 + 12, 15 + 6, 15 + 24)
    assert ledger.energy(scope="core") == Estimate(15, 15, 15)
    assert ledger.energy(kind="assumed").value == 12
    assert ledger.energy_per_read() == Estimate(5, 5, 5)  # programming is no part of a read
    assert ledger.programming_energy() == Estimate(12, 6, 24)
    assert ledger.programming_energy("core") == Estimate(0, 0, 0)
    assert ledger.programming_time == Estimate(0, 0, 0)
    assert [e.once for e in ledger.entries] == [False, True]
    assert ledger.time_per_read == Estimate(4.0, 3.5, 5.0)
    assert ledger.energy(kind="forecast") == Estimate(0, 0, 0)
    assert ledger.energy(kind="measured").value == 15


def test_a_measured_power_times_a_simulated_count_is_not_measured():
    (entry,) = price(toy_run([10]), [Cost("updates", "flips", UPDATE)]).entries
    assert (entry.kind, entry.unit.kind) == ("modelled", "measured")


def test_interval_of_a_varying_count_covers_its_mean():
    """Over 400 runs of 30 reads the 95 % interval of the mean count must cover the truth 91..99 % of the time."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        estimate = price(toy_run(rng.poisson(20, size=30)), [Cost("updates", "flips", UPDATE)]).energy_per_read()
        covered += estimate.low <= 10 <= estimate.high
    assert 0.91 <= covered / 400 <= 0.99


def test_simulated_time_is_called_modelled_and_measured_time_measured():
    clock = Datum(1.0, "s/s", 1.0, 1.0, "measured", "a clock")
    measured = Cost("device_s", "a read", time=clock, counted="measured")
    for costs, kind in (
        ((), "modelled"),
        ((replace(measured, counted="modelled"),), "modelled"),
        ((measured,), "measured"),
    ):
        ledger = price(toy_run([1, 1]), costs)
        assert [entry.kind for entry in ledger.times] == [kind]
        assert ledger.time_per_read.value == 3.0


def test_a_product_is_known_as_well_as_its_less_known_factor():
    power = Datum(2.0, "W", 1.0, 4.0, "measured", "a meter")
    time = Datum(3.0, "s", 2.0, 5.0, "assumed", "a guess")
    energy = multiply_data(power, time, "J")
    assert (energy.low, energy.value, energy.high, energy.kind) == (2.0, 6.0, 20.0, "assumed")
    assert "a meter" in energy.source
    assert "a guess" in energy.source


def test_one_run_can_be_priced_again():
    run = toy_run([4, 4])
    first, second = (price(run, [Cost("updates", "flips", datum)]).energy().value for datum in (UPDATE, PULSE))
    assert (first, second) == (4, 16)


def test_an_event_that_was_not_counted_is_an_error():
    with pytest.raises(ValueError, match="counts no 'spikes'; it counts \\['device_s', 'pulses', 'updates'\\]"):
        price(toy_run([1]), [Cost("spikes", "spikes", UPDATE)])


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"low": 3.0}, "low <= value <= high"),
        ({"high": float("inf")}, "finite"),
        ({"kind": "guessed"}, "expected one of measured"),
        ({"source": " "}, "no source"),
    ],
)
def test_a_datum_without_range_kind_or_source_is_refused(change, rule):
    good = {"value": 2.0, "unit": "J", "low": 1.0, "high": 4.0, "kind": "assumed", "source": "a test"}
    with pytest.raises(ValueError, match=rule):
        Datum(**{**good, **change})


def test_tables_are_read():
    data = read_data('[step]\nvalue = 2e-14\nunit = "J"\nhigh = 5e-14\nkind = "assumed"\nsource = "usual"\n')
    assert data["step"] == Datum(2e-14, "J", 2e-14, 5e-14, "assumed", "usual")


def test_undefined_parts_make_an_undefined_sum():
    assert add_estimates([Estimate(1, 1, 1), Estimate(None, 2, None)]) == Estimate(None, 3, None)


def test_energies_are_of_the_problem_asked_for():
    run = complete_run(PROGRAM, Minimize(), [[1, 1], [1, -1]], {})
    assert run.energies.tolist() == [-1, 1]


def test_batches_join_into_one_run():
    whole = concatenate_runs([toy_run([1, 2]), toy_run([3])])
    assert whole.reads == 3
    assert whole.activity["updates"].tolist() == [1, 2, 3]
    assert whole.setup == {"pulses": 6}


def test_streams_do_not_depend_on_batches():
    sequence = np.random.SeedSequence(7)
    batched = np.concatenate([kernel_states(read_seeds(sequence, 3)), kernel_states(read_seeds(sequence, 2))])
    whole = kernel_states(read_seeds(7, 5))
    assert np.array_equal(batched, whole)
    assert len(np.unique(whole)) == whole.size
    generator = np.random.default_rng(7)
    assert np.array_equal(kernel_states(read_seeds(generator, 5)), whole)
    assert not np.array_equal(kernel_states(read_seeds(generator, 5)), whole)


@pytest.mark.parametrize(("rng", "rule"), [(-1, "negative"), ("seed", "rng is str")])
def test_bad_seeds_are_refused(rng, rule):
    with pytest.raises((ValueError, TypeError), match=rule):
        read_seeds(rng, 1)
    with pytest.raises(ValueError, match="reads is 0"):
        read_seeds(0, 0)


@pytest.mark.parametrize("name", available_targets())
def test_energies_are_no_better_known_than_the_time_they_are_spent_in(name):
    """A power is drawn for seconds that may be a multiple of an assumed time constant: its range and kind count too."""
    costs = get_target(name).costs()
    for second in (cost.time for cost in costs if cost.event == "device_s" and cost.time is not None):
        for cost in costs:
            if cost.event == "device_s" and cost.energy is not None:
                assert cost.energy.low <= cost.energy.value * second.low * (1 + 1e-12)
                assert cost.energy.high >= cost.energy.value * second.high * (1 - 1e-12)
                if second.low < second.high:
                    assert KINDS.index(less_known(cost.energy.kind, cost.counted)) >= KINDS.index(second.kind)


def test_programming_is_counted_once_a_chip_and_reads_of_a_chip_are_not_independent():
    run = toy_run([10, 10, 20, 20, 60, 60])
    costs = [Cost("updates", "flips", UPDATE), Cost("pulses", "programming", PULSE)]
    alone, spread = price(run, costs), price(replace(run, chip=np.repeat([0, 1, 2], 2).astype(np.int32)), costs)
    assert spread.chips == 3
    assert spread.programming_energy() == alone.programming_energy()
    assert spread.energy().value - alone.energy().value == pytest.approx(2 * alone.programming_energy().value)
    a, b = (ledger.entries[0].total for ledger in (alone, spread))
    assert a.value == b.value
    sem = np.std([10, 20, 60], ddof=1) / 3**0.5
    assert b.high - b.value == pytest.approx(6 * UPDATE.value * 4.302653 * sem, rel=1e-6)  # Student's t of 3 chips


def test_copies_of_one_timing_are_one_timing():
    """Reads made side by side have equal parts of one time: 64 copies of it tell no more of its error than one.

    Of one timing alone the reads tell nothing: what is not known of it is the range of the clock, which is a price.
    """
    watts, clock = Datum(2.0, "W", 2.0, 2.0, "assumed", "a test"), Datum(1.0, "s/s", 0.5, 2.0, "measured", "a clock")
    power = [Cost("device_s", "core", energy=watts, counted="measured")]
    run = toy_run(np.ones(6), device_s=np.repeat([1.0, 3.0], 3))
    two = price(replace(run, batch=np.repeat([0, 1], 3).astype(np.int32)), power).energy_per_read()
    assert two == Estimate(4.0, 0.0, pytest.approx(4.0 + 2.0 * 12.7062, rel=1e-4))
    alone = replace(toy_run(np.ones(6)), batch=np.zeros(6, np.int32))
    assert price(alone, power).energy_per_read() == Estimate(6.0, 6.0, 6.0)
    timed = [Cost("device_s", "a read", time=clock, counted="measured")]
    assert price(alone, timed).time_per_read == Estimate(3.0, 1.5, 6.0)
