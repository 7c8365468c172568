"""Prices of rows: one boundary, one host, shared draws; what is statistics and what is ignorance of prices."""

from dataclasses import replace

import numpy as np
import pytest
from study_toys import Descent, Ring
from test_chips import Lot

import neuromorph as nm
from neuromorph.estimate import chips_interval, chips_quantiles
from neuromorph.pricing import BOUNDARIES, HOST, ratio_of
from neuromorph.report.conclusions import conclusions
from neuromorph.study.row_prices import Counted, price_row

FLIPS = {"flips": 30}
STEPS = (np.arange(1000) + 0.5) / 1000


def row(device=None, reads=100, **more):
    return nm.compare(Ring(), [device or Descent(**FLIPS)], reads, 1, **more).results[0]


@pytest.mark.parametrize(("k", "n"), [([30], [100]), ([3, 0, 5, 2], [10, 10, 12, 8]), ([1, 0, 0], [30, 30, 30])])
def test_draws_of_the_success_have_its_interval(k, n):
    """The same posterior for several chips; Wilson's and Jeffreys' intervals of one differ little."""
    draws, interval = chips_quantiles(k, n, STEPS), chips_interval(k, n)
    low, high = np.quantile(draws, [0.025, 0.975])
    close = 0.02 if len(n) == 1 else 5e-3
    assert interval.low == pytest.approx(low, abs=close)
    assert interval.high == pytest.approx(high, abs=close)
    assert (np.diff(draws) >= 0.0).all()


def test_boundaries_grow_and_the_host_is_that_of_the_study():
    rows = {name: row(boundary=name) for name in BOUNDARIES}
    energies = [rows[name].ets_j.value for name in BOUNDARIES]
    assert energies == sorted(energies)
    assert energies[0] < energies[2] < energies[3]
    assert rows["core"].ets_j == rows["core"].core_ets_j == rows["system+host"].core_ets_j
    assert len({each.tts_s for each in rows.values()}) == 1  # times are of the whole read at every boundary
    host = replace(HOST, value=1000.0, low=900.0, high=1100.0, source="a test")
    hot = row(costs={"host_power": host})
    assert hot.ets_j.value == pytest.approx(100.0 * rows["system+host"].ets_j.value, rel=0.1)
    with pytest.raises(ValueError, match="boundary is 'wall'; it is one of core, chip, system"):
        row(boundary="wall")


def test_more_reads_shrink_the_statistics_and_not_the_ignorance_of_prices():
    few, many = row(reads=60), row(reads=4000)
    shares = [each.solution_prices.energy_share_of_prices for each in (few, many)]
    assert shares[0] < shares[1]
    assert shares[1] > 0.95
    assert few.tts_s.high / few.tts_s.low > 2 * many.tts_s.high / many.tts_s.low
    assert many.solution_prices.time_share_of_prices is not None
    assert many.ets_j.high / many.ets_j.low > 5.0  # a host of 2.5 to 100 W


def test_ratios_of_rows_do_not_know_of_what_both_share():
    """The same device twice, one with twice the flips: the host cancels, though each band spans a decade."""
    found = nm.compare(Ring(), [Descent(flips=200), Descent(name="b", flips=200)], 3000, 1)
    a, b = (each.solution_prices.energy_draws for each in found.results)
    ratio = ratio_of(a, b).band
    assert found.results[0].ets_j.high / found.results[0].ets_j.low > 5.0
    assert ratio.high / ratio.low < 1.5
    assert "less in" in " ".join(conclusions(found))


def test_a_row_does_not_depend_on_those_beside_it():
    alone = row()
    beside = nm.compare(Ring(), [Lot(), Descent(**FLIPS)], 100, 1).results[1]
    assert (alone.ets_j, alone.tts_s, alone.core_ets_j) == (beside.ets_j, beside.tts_s, beside.core_ets_j)


def test_bounds_are_never_below_one_read():
    class Down(Descent):
        def run(self, program, task, reads=1, rng=None):
            return Descent.run(replace(self, flips=0), program, task, reads, rng)

    one = nm.compare(Ring(), [Down()], 1, 5).results[0]
    assert one.success.value == 0.0
    for bound, read in ((one.ets_j, one.energy_per_read_j), (one.tts_s, one.time_per_read_s)):
        assert bound.value is None
        assert bound.low >= read.value
    assert one.solution_prices.standby is None
    assert np.isinf(one.solution_prices.energy_draws).all()


def test_counts_are_drawn_over_what_reads_have_in_common():
    """Over chips wider than over reads, time and energy together; copies of one timing are one timing."""
    run = row(Lot(), reads=200).run
    ledger = nm.price(run, Lot().costs())
    chips = price_row(run, ledger, Counted("core")).counts["flips"]
    reads = price_row(replace(run, chip=None, batch=None), ledger, Counted("core")).counts["flips"]
    assert np.median(chips) == pytest.approx(run.activity["flips"].mean(), rel=0.02)
    assert chips.std() > 1.5 * reads.std()
    apart = run.activity["flips"].std(ddof=1) / run.reads**0.5
    assert reads.std() == pytest.approx(apart, rel=0.15)
    timed = np.repeat([1e-6, 3e-6], [100, 100])
    two = replace(run, chip=None, batch=np.repeat([0, 1], 100), activity={**run.activity, "device_s": timed})
    counts = price_row(two, nm.price(two, Lot().costs()), Counted("core")).counts["device_s"]
    assert np.quantile(counts, 0.95) > 3 * np.quantile(counts, 0.05)
    assert (counts > 0.0).all()
    alone = replace(two, batch=np.zeros(200, int), activity={**run.activity, "device_s": np.full(200, 1e-6)})
    assert "device_s" not in price_row(alone, nm.price(alone, Lot().costs()), Counted("core")).counts


def test_standby_and_work_are_those_of_the_row():
    found = row(reads=1000)
    standby = found.solution_prices.standby
    assert standby.idle_w == pytest.approx(HOST.value)
    assert standby.energy_j == pytest.approx(HOST.value, rel=0.01)  # it waits for nearly all of the second
    assert standby.keeps_up
    assert found.prices.needs == ("host",)
    assert sum(found.prices.known.values()) == pytest.approx(1.0)
