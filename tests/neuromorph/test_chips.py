"""Chips as random factors: intervals that hold over chips, reads that do not depend on batches, medians over chips."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from study_toys import Descent, Ring, press_ctrl_c

import neuromorph as nm
from neuromorph.estimate import Estimate, chips_interval, chips_quantiles, wilson_interval
from neuromorph.run import complete_run
from neuromorph.study.over_chips import chip_to_solution, spread_of, spread_of_estimates
from neuromorph.study.time_to_solution import reads_to_solution


@dataclass(frozen=True)
class Lot(Descent):
    """Devices of one lot: some flip often and some seldom, as the draw will have it."""

    name: str = "lot"

    def program(self, problem, rng=None):
        drawn = super().program(problem, rng)
        flips = int(np.random.default_rng(rng).integers(1, 60))
        return replace(drawn, state=flips, one_chip=True, mapping_error=flips / 100, setup={"set": float(flips)})

    def run(self, program, task, reads=1, rng=None):
        run = replace(self, flips=program.state)
        return Descent.run(run, program, task, reads, rng)


def study(reads=30, seed=4, chips=None, device=None, **more):
    return nm.compare(Ring(), [Lot() if device is None else device], reads, seed, chips=chips, **more).results[0]


def planted(studies, chips, reads, p, correlation, rng):
    """Successes (studies, chips) of chips whose chances are drawn with a correlation of their reads."""
    chance = np.full((studies, chips), p)
    if correlation:
        scale = 1.0 / correlation - 1.0
        chance = rng.beta(p * scale, (1.0 - p) * scale, (studies, chips))
    return rng.binomial(reads, chance)


def covered(successes, reads, p):
    found = [chips_interval(row, [reads] * len(row)) for row in successes]
    return np.mean([each.low <= p <= each.high for each in found])


@pytest.mark.parametrize(("p", "correlation"), [(0.5, 0.3), (0.1, 0.3), (0.034, 0.1), (0.01, 0.05)])
def test_the_interval_of_the_pooled_success_covers(p, correlation):
    """250 studies: an interval of 88 % fails, as of a bootstrap over chips; one that covers 95 % does once in 10**4."""
    assert covered(planted(250, 10, 10, p, correlation, np.random.default_rng(3)), 10, p) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.5, 0.3, 0.1, 0.034, 0.01])
@pytest.mark.parametrize("correlation", [0.0, 0.05, 0.1, 0.2, 0.3])
def test_the_interval_covers_1000_planted_studies(p, correlation):
    """93-97 % at p >= .1, 93 % at least below, whether chips are alike or not."""
    share = covered(planted(1000, 10, 10, p, correlation, np.random.default_rng(1)), 10, p)
    assert share >= 0.93
    if p >= 0.1:
        assert share <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize(("chips", "reads"), [(3, 30), (5, 20), (20, 10)])
@pytest.mark.parametrize("p", [0.5, 0.1, 0.034])
def test_the_interval_covers_other_numbers_of_chips(chips, reads, p):
    """93 % at least; few chips cannot tell how they differ, and their interval is wide rather than wrong."""
    for correlation in (0.0, 0.2):
        share = covered(planted(500, chips, reads, p, correlation, np.random.default_rng(2)), reads, p)
        assert share >= 0.93


def test_quantiles_are_those_of_the_interval():
    for successes, reads in (([3, 0, 7, 2], [10] * 4), ([0, 0, 1], [10, 20, 5]), ([0] * 5, [9] * 5)):
        levels = np.array([0.0, 1e-9, 0.025, 0.5, 0.975, 1.0 - 1e-9, 1.0])
        found, told = chips_quantiles(successes, reads, levels), chips_interval(successes, reads)
        assert np.isfinite(found).all()
        assert (np.diff(found) >= 0.0).all()
        assert found[4] == pytest.approx(told.high)
        assert told.low == (pytest.approx(found[2]) if sum(successes) else 0.0)
    flipped = 1.0 - chips_quantiles([7, 10, 3, 8], [10] * 4, np.linspace(0.99, 0.01, 9))
    assert flipped == pytest.approx(chips_quantiles([3, 0, 7, 2], [10] * 4, np.linspace(0.01, 0.99, 9)), rel=1e-6)


def test_many_chips_tell_as_much_as_the_scatter_of_their_rates():
    """Where both successes and failures are many, the ends are those of Student's t over chips."""
    rates = np.random.default_rng(4).binomial(1000, 0.5 + 0.1 * np.random.default_rng(5).standard_normal(40))
    found, error = chips_interval(rates.tolist(), [1000] * 40), rates.std(ddof=1) / 1000 / np.sqrt(40)
    assert found.high - found.low == pytest.approx(2 * 2.0227 * error, rel=0.03)


def test_one_chip_and_one_read_a_chip_are_wilson_s():
    assert chips_interval([3], [20]) == wilson_interval(3, 20)
    assert chips_interval([1, 0, 0, 1, 0], [1] * 5) == wilson_interval(2, 5)


def test_the_interval_knows_its_ends_and_unequal_chips():
    none, every = chips_interval([0, 0, 0], [10, 20, 5]), chips_interval([10, 20, 5], [10, 20, 5])
    assert (none.value, none.low, every.value, every.high) == (0.0, 0.0, 1.0, 1.0)
    assert 0.05 < none.high < 0.6
    assert every.low == pytest.approx(1.0 - none.high, rel=1e-6)
    alike, apart = chips_interval([5] * 10, [10] * 10), chips_interval([0, 10] * 5, [10] * 10)
    assert apart.high - apart.low > 2 * (alike.high - alike.low)
    assert chips_interval([3, 5], [10, 40]) == chips_interval([5, 3], [40, 10])
    many = chips_interval([50_000, 50_100], [100_000, 100_000])  # a narrow posterior is not missed by the grid
    assert many.low < many.value < many.high < many.low + 0.5


@pytest.mark.parametrize(("successes", "reads"), [([], []), ([2], [1]), ([0, 0], [1, 0]), ([1], [1, 1]), ([-1], [3])])
def test_counts_that_are_none_are_refused(successes, reads):
    with pytest.raises(ValueError, match="successes are"):
        chips_interval(successes, reads)


def test_reads_are_spread_evenly_over_chips():
    row = study(reads=34)
    assert row.run.chip.tolist() == [k % 10 for k in range(34)]
    assert [chip.reads for chip in row.chips] == [4] * 4 + [3] * 6
    assert len({chip.mapping_error for chip in row.chips}) > 5
    assert row.mapping_error == pytest.approx(np.mean([chip.mapping_error for chip in row.chips]))
    assert not row.one_chip
    few = study(reads=4)
    assert [chip.reads for chip in few.chips] == [1] * 4
    assert few.success == wilson_interval(round(4 * few.success.value), 4)


def test_targets_that_draw_nothing_use_one_and_one_chip_says_so():
    plain, alone = study(device=Descent()), study(chips=1)
    assert plain.chips == ()
    assert plain.run.chips == alone.run.chips == 1
    assert (plain.one_chip, alone.one_chip) == (False, True)
    assert plain.tts_over_chips is alone.tts_over_chips is None


def test_a_read_is_the_same_in_any_batches_and_of_more_reads():
    more, fewer, other = study(reads=47), study(reads=23), study(reads=47, device=Lot(parallel_reads=5))
    assert fewer.run.spins.tolist() == more.run.spins[:23].tolist() == other.run.spins[:23].tolist()
    first = study(reads=6, chips=1)
    assert more.run.spins[::10].tolist()[:5] == first.run.spins[:5].tolist()  # the first chip is that of one chip


def test_a_study_that_was_stopped_goes_on_chip_by_chip(tmp_path):
    calls = []

    def stop(reads):
        calls.append(reads)
        if len(calls) == 14:
            press_ctrl_c()

    stopped = study(reads=45, device=Lot(events=stop), directory=tmp_path)
    assert (stopped.status, stopped.reads) == ("interrupted", 13)
    first = study(reads=20, directory=tmp_path)
    assert first.resumed == 13
    more, whole = study(reads=45, directory=tmp_path), study(reads=45)
    assert more.resumed == 20
    for name in ("spins", "chip", "energies"):
        assert np.array_equal(getattr(more.run, name), getattr(whole.run, name))
    assert more.run.setup == whole.run.setup
    assert more.chips == whole.chips
    assert (more.success, more.ets_over_chips, more.mapping_error) == (
        whole.success,
        whole.ets_over_chips,
        whole.mapping_error,
    )
    again = study(reads=45, chips=3, directory=tmp_path)
    assert again.resumed == 0
    assert "is of 10 chips, not 3" in again.notes[-1]


def test_cues_go_with_their_reads():
    """Read k starts from cue k, whatever its chip."""
    ring = Ring(relax=True)
    spread = nm.compare(ring, [Still()], 25, 3).results[0]
    assert spread.run.spins.tolist() == np.asarray(spread.run.task.cue).tolist()
    assert spread.run.spins.tolist() == nm.compare(ring, [Still()], 25, 3, chips=1).results[0].run.spins.tolist()


class Still(Lot):
    def run(self, program, task, reads=1, rng=None):
        return complete_run(program, task, task.cues(reads, 8), {"flips": 0.0, "device_s": 1e-6})


def test_what_a_solution_takes_is_that_of_the_median_chip():
    row = study(reads=200, seed=2, boundary="system")
    expected = []
    for chip in row.chips:
        flips = row.run.activity["flips"][row.run.chip == chip.chip].mean()
        joules = 2e-12 * flips + 1e-3 * 1e-6
        p = chip.successes / chip.reads
        expected.append(np.inf if p == 0 else joules * reads_to_solution(p))
    once = row.ledger.programming_energy().value
    finite = np.array(expected)[np.isfinite(expected)] + once
    assert [c.ets_j.value for c in row.chips if c.successes] == pytest.approx(finite.tolist())
    found = row.ets_over_chips
    assert found.never == np.mean(~np.isfinite(expected))
    assert found.median == pytest.approx(np.median(expected) + once)
    data = json.loads(nm.results_json(nm.compare(Ring(), [Lot()], 200, 2, boundary="system")))["results"][0]
    assert data["ets_over_chips_j"]["median"] == found.median
    assert [chip["reads"] for chip in data["chips"]] == [20] * 10


def test_energy_to_solution_does_not_depend_on_the_number_of_reads():
    """Programming is borne by the problems that are solved with it, never by the reads that were made to measure it."""

    class Dear(Descent):
        def program(self, problem, rng=None):
            return replace(super().program(problem, rng), setup={"set": 1e9})

    def study_of(reads, problems=1):
        more = {"problems_per_programming": problems, "boundary": "system"}
        return nm.compare(Ring(), [Dear(flips=40)], reads, 1, **more).results[0]

    few, many, shared = study_of(50), study_of(1000), study_of(1000, 1000)
    assert few.programming_energy_j == many.programming_energy_j
    assert few.ledger.programming_energy() == Estimate(2e-3, 1e-3, 4e-3)
    assert few.programming_energy_j.value == pytest.approx(2e-3, rel=1e-3)
    assert few.ets_j.value == pytest.approx(many.ets_j.value, rel=1e-3)
    assert shared.ets_j.value - many.ets_j.value == pytest.approx(2e-6 - 2e-3, rel=1e-3)


def test_a_bound_is_never_below_one_read():
    assert chip_to_solution(2.0, 0, 10).low == pytest.approx(2.0 * reads_to_solution(wilson_interval(0, 10).high))
    bound = chip_to_solution(2.0, 0, 1)
    assert bound.value is None
    assert bound.low >= 2.0
    assert chip_to_solution(2.0, 10, 10, once=1.0).value == 3.0


def test_the_spread_over_chips_by_hand():
    inf = np.inf
    found = spread_of([1.0, 2.0, 3.0, 4.0, 5.0], [0.0] * 5)
    assert (found.low, found.median, found.high, found.never, found.bound) == (2.0, 3.0, 4.0, 0.0, None)
    most = spread_of([1.0, inf, inf, inf, 2.0], [1.0, 7.0, 8.0, 9.0, 2.0])
    assert (most.low, most.median, most.high, most.never, most.bound) == (2.0, None, None, 0.6, 7.0)
    assert spread_of([1.0, inf], [1.0, 5.0]).median is None
    assert most.estimate == Estimate(None, 7.0, None)
    told = spread_of_estimates([Estimate(None, 4.0, None), Estimate(1.0, 0.5, 2.0), Estimate(2.0, 1.0, 3.0)])
    assert (told.median, told.never) == (2.0, pytest.approx(1 / 3))


@pytest.mark.parametrize("value", [0, 1.5, True])
def test_numbers_of_chips_that_are_none_are_refused(value):
    with pytest.raises(ValueError, match="chips is"):
        study(chips=value)
    with pytest.raises(ValueError, match="problems_per_programming is"):
        study(problems_per_programming=value)
