"""Prices of all installed targets: constants that are shared, boundaries, what is drawn while waiting."""

from collections import Counter

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.datum import KINDS
from neuromorph.pricing import (
    HOST,
    at_boundary,
    draw_rows,
    energy_swings,
    is_host,
    known_shares,
    needs_of,
    ratio_of,
    standby_energy,
    work_of,
)
from neuromorph.target_constants import constants_of, host_of, priced_of, read_replacements

TARGETS = nm.available_targets()
FROM_TABLES = [
    "analog-circuit",
    "atomic-spins",
    "atomic-spins-ideal",
    "dopant-glass",
    "dopant-neurons",
    "dopant-neurons-300k",
]
DATA = constants_of(nm.get_target("atomic-spins"))
GLASS = np.triu(np.random.default_rng(3).normal(size=(4, 4)), 1)
PROBLEM = nm.Ising(GLASS + GLASS.T, [0.1, -0.3, 0.2, 0.4])


@pytest.fixture(scope="module")
def runs():
    found = {}
    for name in TARGETS:
        device = nm.get_target(name)
        tasks = {"minimize": nm.Minimize(), "sample": nm.Sample(0.5), "recall": nm.RecallFrom(np.ones(4, np.int8))}
        task = next(task for name, task in tasks.items() if name in device.supported_tasks)
        found[name] = device.run(device.program(PROBLEM, 1), task, 3, 2)
    return found


@pytest.fixture(scope="module")
def ledgers(runs):
    return {name: nm.price(run, nm.get_target(name).costs()) for name, run in runs.items()}


def test_every_priced_constant_has_a_source_and_most_are_told_apart(capsys):
    """Share of priced constants by kind: printed, so that it is seen when it gets worse."""
    kinds: Counter[str] = Counter()
    seen = set()
    for name in TARGETS:
        table = constants_of(nm.get_target(name))
        for each in priced_of(nm.get_target(name)):
            datum = table[each]
            assert datum.source.strip(), f"{each} of {name}"
            assert datum.name == each, f"{each} of {name} does not know its name: it would be drawn for each row anew"
            if (each, datum) not in seen:
                seen.add((each, datum))
                kinds[datum.kind] += 1
    total = sum(kinds.values())
    with capsys.disabled():
        print("\npriced constants:", ", ".join(f"{kinds[k]} {k} ({100 * kinds[k] / total:.0f} %)" for k in KINDS))
    assert total > 50


@pytest.mark.parametrize("name", FROM_TABLES)
def test_prices_come_from_the_table_or_are_certain(name, ledgers):
    """What has a range and is drawn has a name: else the same ignorance would be drawn twice."""
    ledger = ledgers[name]
    for entry in (*ledger.entries, *ledger.times):
        for constant in entry.unit.constants:
            assert constant.name or constant.low == constant.high, f"{name}: {entry.what} has a range without a name"


@pytest.mark.parametrize("name", TARGETS)
def test_boundaries_grow(name, ledgers):
    found = [draw_rows({"": at_boundary(ledgers[name], b)}, draws=1, vary_prices=False)[""].energy_j[0]
             for b in ("core", "chip", "system", "system+host")]  # fmt: skip
    assert 0.0 < found[0] <= found[1] <= found[2] <= found[3]
    assert (found[2] < found[3]) != is_host(ledgers[name])


@pytest.mark.parametrize("name", TARGETS)
def test_medians_of_draws_are_the_values_of_tables(name, ledgers):
    """Within a factor: a sum of numbers whose ranges are not symmetric has its median beside its value."""
    ledger = ledgers[name]
    row = draw_rows({"": ledger}, draws=2000)[""]
    value = sum(e.count * e.unit.value for e in ledger.entries if not e.once) / ledger.reads
    assert 1 / 3 < np.median(row.energy_j) / value < 3
    assert row.energy_j.min() >= ledger.energy_per_read().low * (1 - 1e-9)
    assert row.energy_j.max() <= ledger.energy_per_read().high * (1 + 1e-9)


def test_what_rows_need(ledgers):
    needs = {name: needs_of(ledger) for name, ledger in ledgers.items()}
    assert needs["analog-circuit"] == ("host",)
    assert needs["dopant-neurons"] == ("host", "cryostat")
    assert needs["dopant-neurons-300k"] == ("host",)
    assert needs["dopant-glass"] == ("host", "cryostat")
    assert needs["atomic-spins"] == ("host", "microscope")


def test_rows_share_what_they_share(ledgers):
    """Both atom arrays are microscope power times attempts, and one look: in energy their ratio is almost certain."""
    rows = draw_rows({name: at_boundary(ledgers[name], "system") for name in ("atomic-spins", "atomic-spins-ideal")})
    ideal, placed = rows["atomic-spins-ideal"].energy_j, rows["atomic-spins"].energy_j
    assert placed.max() / placed.min() > 1e4
    band = ratio_of(placed, ideal).band
    assert band.high / band.low < 1.2


def test_the_assumed_time_constant_of_dopant_neurons_keeps_its_range():
    """560 time constants of 2 us .. 2 ms for 14 cities: draws reach from 1.1 ms to 1.1 s, energy with them."""
    device = nm.get_target("dopant-neurons")
    problem = nm.Tsp("fourteen", np.random.default_rng(4).random((14, 2)))
    ledger = nm.price(device.run(device.program(problem, rng=0), nm.Minimize(), 1, 1), device.costs())
    assert {entry.kind for entry in ledger.times} == {"assumed"}
    row = draw_rows({"": at_boundary(ledger, "system")})[""]
    assert row.time_s.min() == pytest.approx(1.12e-3, rel=0.02)
    assert row.time_s.max() == pytest.approx(1.12, rel=0.02)
    assert np.corrcoef(np.log(row.time_s), np.log(row.energy_j))[0, 1] > 0.8
    assert known_shares(at_boundary(ledger, "system"))["assumed"] > 0.99


def test_an_ideal_that_nobody_built_is_a_forecast(ledgers):
    assert known_shares(ledgers["atomic-spins-ideal"])["forecast"] == pytest.approx(1.0)
    assert known_shares(ledgers["atomic-spins"])["forecast"] == 0.0


def test_microscopes_and_coolers_are_drawn_while_waiting(ledgers):
    for name, least_w in (("atomic-spins", 100.0), ("dopant-neurons", 1.0), ("analog-circuit", 1e-3)):
        wait = standby_energy(at_boundary(ledgers[name], "system"), questions_hz=1e-3)
        assert wait.idle_w > least_w
        assert wait.energy_j > 900.0 * least_w


@pytest.mark.parametrize("name", [*FROM_TABLES, "cpu-anneal"])
def test_rows_have_a_unit_of_work(name, runs, ledgers):
    first = work_of(runs[name], at_boundary(ledgers[name], "core"))[0]
    assert first.unit in ("update", "hop")
    assert first.per_second > 0.0
    assert first.energy_j > 0.0


def test_a_tornado_names_the_constants(ledgers):
    swings = energy_swings(at_boundary(ledgers["atomic-spins"], "system"))
    assert [swing.name for swing in swings][:2] == ["attempt_rate_hz", "microscope_power_w"]
    look, attempts = DATA["readout_time_s"].value, 1000.0  # at 1 to 10^5 / s
    assert swings[0].elasticity == pytest.approx(-attempts / (attempts + 1e3 * look))
    assert swings[0].factor == pytest.approx((attempts + look) / (attempts / 1e5 + look))


def test_the_host_of_a_study_can_be_given(tmp_path):
    path = tmp_path / "cost.toml"
    path.write_text('[host_power]\nvalue = 3.0\nunit = "W"\nkind = "measured"\nsource = "my meter"\n')
    host = host_of(read_replacements(path))
    assert (host.value, host.name, host.source) == (3.0, "host_power", "my meter")
    assert host_of(read_replacements({})) is HOST
    mine = {"host_power": nm.Datum(3.0, "W", 3.0, 3.0, "measured", "my meter")}
    assert host_of(read_replacements(mine)).name == "host_power"
    ring = nm.Ising(np.ones((3, 3)) - np.eye(3))
    (row,) = nm.compare(nm.IsingModel("ring", ring), "analog-circuit", 2, 1, costs=path).results
    assert row.status == "ok"
    with pytest.raises(ValueError, match="host_power of study is in 'J'; give it in 'W'"):
        host_of(read_replacements({"host_power": nm.Datum(3.0, "J", 3.0, 3.0, "measured", "my meter")}))
