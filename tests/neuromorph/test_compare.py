"""Studies: results must not depend on batches, neighbors, interruptions or resuming; no failure may hide or spread."""

import json
import re
import time
from dataclasses import dataclass

import numpy as np
import pytest
from study_toys import Broken, Descent, Netlisted, Ring, Slow, clock_of_sleep, press_ctrl_c

import neuromorph as nm
from neuromorph import DoesNotFit
from neuromorph.estimate import wilson_interval
from neuromorph.pricing import at_boundary
from neuromorph.run import complete_run
from neuromorph.runtime.limits import checkpoint
from neuromorph.study.fingerprint import digest
from neuromorph.study.time_to_solution import to_solution


def spins(result):
    return result.run.spins.tolist()


def test_a_row_is_what_its_reads_say():
    ring = Ring()
    comparison = nm.compare(ring, [Descent(flips=40)], reads=40, rng=1)
    (row,) = comparison.results
    up = row.run.spins[:, 0] == 1
    cuts = (row.run.spins != np.roll(row.run.spins, 1, axis=1)).sum(axis=1)
    assert row.status == "ok"
    assert row.reads == 40
    assert row.feasible_fraction == up.mean()
    assert row.best == cuts[up].max()
    assert row.gap == (8 - row.best) / 8
    assert ring.score(row.solution) == row.best
    assert row.success == wilson_interval(int((cuts[up] == 8).sum()), 40)
    assert 0 < row.success.value < 1
    ledger = at_boundary(nm.price(row.run, Descent().costs()), "system+host")
    assert row.ledger == ledger
    assert row.energy_per_read_j.value == pytest.approx(ledger.energy_per_read().value, rel=0.01)
    by_hand = to_solution(ledger.energy_per_read(), row.success, once=ledger.programming_energy())
    assert row.ets_j.value == pytest.approx(by_hand.value, rel=0.25)  # Jeffreys' median of p is not k / n
    assert row.tts_s.value == pytest.approx(to_solution(row.time_per_read_s, row.success).value, rel=0.25)
    assert by_hand.low < row.ets_j.low < row.ets_j.value < row.ets_j.high
    assert row.gap_median == np.median((8 - cuts[up]) / 8)
    assert row.mapping_error == 0.125


def test_levels_are_the_success_of_every_quality():
    (row,) = nm.compare(Ring(), [Descent(flips=40)], reads=40, rng=1).results
    up = row.run.spins[:, 0] == 1
    cuts = (row.run.spins != np.roll(row.run.spins, 1, axis=1)).sum(axis=1)[up]
    assert [level.score for level in row.levels] == sorted(set(cuts.tolist()), reverse=True)
    for level in row.levels:
        assert level.probability == wilson_interval(int((cuts >= level.score).sum()), 40)
        by_hand = to_solution(row.energy_per_read_j, level.probability, once=row.programming_energy_j)
        assert level.energy_j.value == pytest.approx(by_hand.value, rel=0.1)
    assert row.levels[0].energy_j == row.ets_j


def test_success_gap_widens_what_counts():
    strict, wide = (nm.compare(Ring(), [Descent(flips=8)], 60, 1, success_gap=g).results[0] for g in (0.0, 0.25))
    assert spins(strict) == spins(wide)
    assert strict.success.value < wide.success.value <= wide.feasible_fraction


def test_a_best_known_value_of_0_leaves_no_distance():
    (row,) = nm.compare(Ring(best_known=0.0), [Descent()], reads=5, rng=0).results
    assert row.best == 8
    assert row.gap is None
    assert row.levels[0].energy_j.value > 0


def test_without_a_best_known_value_rows_are_measured_by_the_best_of_the_study():
    """Each as if it had been given, and the study says that it was not."""
    devices = [Descent(flips=12), Descent(name="poor", flips=3)]
    found = nm.compare(Ring(size=12, best_known=None), devices, reads=60, rng=0)
    best = max(row.best for row in found.results)
    given = nm.compare(Ring(size=12, best_known=best), devices, reads=60, rng=0)
    assert (found.best_of_study, found.known, given.best_of_study, given.known) == (best, best, None, best)
    for row, same in zip(found.results, given.results, strict=True):
        assert (row.success, row.gap, row.tts_s, row.ets_j) == (same.success, same.gap, same.tts_s, same.ets_j)
        assert row.levels == same.levels
    assert found.results[0].success.value > 0
    sampled = nm.compare(Ring(best_known=None), [Descent()], reads=5, rng=0, task=nm.Sample(1.0))
    assert sampled.best_of_study is None


def test_nothing_feasible_has_no_best_and_a_bound():
    class Down(Descent):
        def run(self, program, task, reads=1, rng=None):
            run = super().run(program, task, reads, rng)
            run.spins[:, 0] = -1
            return complete_run(program, task, run.spins, run.activity)

    comparison = nm.compare(Ring(), [Down()], reads=10, rng=0)
    (row,) = comparison.results
    assert row.status == "ok"
    assert row.feasible_fraction == 0
    assert row.best is row.gap is row.solution is comparison.best is None
    assert row.tts_s.value is row.tts_s.high is None
    assert row.tts_s.low > row.time_per_read_s.low
    assert row.levels == ()


def test_neighbors_order_and_count_of_reads_do_not_change_a_target():
    alone = nm.compare(Ring(), [Descent()], reads=9, rng=7).results[0]
    other = Descent(name="other", flips=5)
    beside = nm.compare(Ring(), [other, Descent()], reads=30, rng=7).results
    assert spins(beside[1])[:9] == spins(alone)
    assert beside[1].run.provenance == alone.run.provenance
    assert spins(beside[0])[:9] != spins(alone)
    assert spins(nm.compare(Ring(), [Descent()], reads=9, rng=8).results[0]) != spins(alone)


def test_all_targets_relax_from_the_same_cues_each_read_from_its_own():
    ring = Ring(relax=True)
    still = Descent(name="still", flips=0)
    rows = nm.compare(ring, [still, Descent(name="also still", flips=0)], reads=70, rng=3).results
    assert spins(rows[0]) == spins(rows[1])
    assert len({tuple(s) for s in spins(rows[0])}) > 35
    assert spins(nm.compare(ring, [still], reads=100, rng=3).results[0])[:70] == spins(rows[0])


def test_a_seed_nobody_gave_is_recorded_and_repeats_the_study():
    first = nm.compare(Ring(), [Descent()], reads=6)
    again = nm.compare(Ring(), [Descent()], reads=6, rng=first.provenance["seed"])
    assert spins(first.results[0]) == spins(again.results[0])
    assert spins(nm.compare(Ring(), [Descent()], reads=6).results[0]) != spins(first.results[0])


def test_without_a_seed_the_reads_in_the_folder_go_on(tmp_path):
    """Else the command that was stopped, given again, would draw another seed and throw the reads away."""
    ring, other = Ring(), Ring(size=6)
    first = nm.compare(ring, [Descent()], reads=6, directory=tmp_path)
    again = nm.compare(ring, Descent(), reads=9, directory=tmp_path)
    assert again.provenance["seed"] == first.provenance["seed"]
    assert again.results[0].resumed == 6
    assert nm.compare(other, Descent(), reads=2, directory=tmp_path).provenance["seed"] != first.provenance["seed"]
    (tmp_path / "runs" / "descent.npz").write_bytes(b"damaged")
    assert nm.compare(ring, Descent(), reads=2, directory=tmp_path).results[0].resumed == 0


@pytest.mark.parametrize("stop", [False, True])
def test_a_folder_that_cannot_be_written_costs_no_read(tmp_path, stop):
    """It costs what it should have kept, and a note says so: a full disk must not end a study of hours."""

    def events(reads):
        if stop and reads == 2:
            press_ctrl_c()

    (tmp_path / "runs").touch()  # a file where the folder should be
    (row,) = nm.compare(Ring(), Descent(events=events), reads=5, rng=0, directory=tmp_path).results
    assert (row.status, row.reads) == (("interrupted", 2) if stop else ("ok", 5))
    assert row.notes[-1].startswith("its reads are not kept: ")
    assert row.mapping_error == 0.125


def test_a_generator_is_advanced():
    rng = np.random.default_rng(5)
    first, second = (nm.compare(Ring(), [Descent()], reads=6, rng=rng) for _ in range(2))
    assert spins(first.results[0]) != spins(second.results[0])
    assert first.provenance["spawn_key"] != second.provenance["spawn_key"]
    json.loads(nm.results_json(first))


def test_what_does_not_fit_or_fails_says_so_and_the_others_go_on():
    sampler = Descent(name="sampler", supported_tasks=frozenset({"sample"}))
    small = Descent(name="small", largest=4)
    broken = Broken(name="broken")
    rows = nm.compare(Ring(), [sampler, small, broken, Descent()], reads=3, rng=0).results
    assert [row.status for row in rows] == ["does not fit", "does not fit", "failed", "ok"]
    assert rows[0].reason == "supports sample only; the task is to minimize, which small, broken, descent can"
    assert "take a larger array" in rows[1].reason
    assert rows[2].reason == "ZeroDivisionError: dead <array>"
    assert [row.reads for row in rows] == [0, 0, 0, 3]


def test_a_failure_in_the_middle_keeps_the_reads_before():
    def fail_later(reads):
        if reads == 4:
            raise RuntimeError("supply collapsed")

    (row,) = nm.compare(Ring(), [Descent(events=fail_later)], reads=20, rng=0).results
    assert (row.status, row.reads, row.reason) == ("failed", 4, "RuntimeError: supply collapsed")
    assert spins(row) == spins(nm.compare(Ring(), [Descent()], reads=4, rng=0).results[0])


def test_two_of_one_name_are_told_apart():
    rows = nm.compare(Ring(), [Descent(flips=5), Descent(flips=50)], reads=3, rng=0).results
    assert [row.target for row in rows] == ["descent", "descent #2"]


def interrupt_at(batch):
    def events(reads):
        if reads == batch:
            press_ctrl_c()

    return events


def test_ctrl_c_keeps_what_there_is_and_a_later_call_goes_on(tmp_path):
    asked = {"reads": 30, "rng": 11, "directory": tmp_path}
    stopped = nm.compare(Ring(), [Descent(events=interrupt_at(8)), Descent(name="next")], **asked)
    assert stopped.interrupted
    assert [(row.status, row.reads) for row in stopped.results] == [("interrupted", 8), ("interrupted", 0)]
    batches = []
    resumed = nm.compare(Ring(), [Descent(events=batches.append), Descent(name="next")], **asked)
    whole = nm.compare(Ring(), [Descent(), Descent(name="next")], reads=30, rng=11)
    assert batches == [8, 14]
    assert not resumed.interrupted
    assert resumed.results[0].resumed == 8
    for a, b in zip(resumed.results, whole.results, strict=True):
        assert spins(a) == spins(b)
        assert a.ets_j == b.ets_j


def test_more_reads_go_on_and_fewer_are_the_first(tmp_path):
    batches = []
    asked = {"rng": 2, "directory": tmp_path}
    target = Descent(events=batches.append)
    nm.compare(Ring(), [target], reads=5, **asked)
    longer = nm.compare(Ring(best_known=None), [target], reads=12, **asked).results[0]
    shorter = nm.compare(Ring(), [target], reads=3, **asked).results[0]
    assert batches == [1, 1, 2, 1, 5, 2]
    whole = nm.compare(Ring(), [Descent()], reads=12, rng=2).results[0]
    assert spins(longer) == spins(whole)
    assert spins(shorter) == spins(whole)[:3]
    assert longer.energy_per_read_j == whole.energy_per_read_j
    assert longer.run.activity["flips"].tolist() == whole.run.activity["flips"].tolist()


def test_reads_that_run_side_by_side_are_asked_for_at_once():
    """A kernel of 64 lanes would take for the batches 1, 1, 2, 4, ... as long as for 64 each time, and be billed so."""
    batches = []
    result = nm.compare(Ring(), [Descent(parallel_reads=4, events=batches.append)], reads=11, rng=2).results[0]
    assert batches == [4, 4, 4]  # the last lane costs nothing, and a read its share of all
    assert result.reads == 11
    assert spins(result) == spins(nm.compare(Ring(), [Descent()], reads=11, rng=2).results[0])


@pytest.mark.parametrize("change", ["seed", "parameter", "problem", "target", "damage", "empty", "pickle"])
def test_reads_of_another_study_or_a_damaged_file_are_not_used(tmp_path, change):
    nm.compare(Ring(), [Descent()], reads=4, rng=1, directory=tmp_path)
    (file,) = (tmp_path / "runs").iterdir()
    problem, target, seed = Ring(), Descent(), 1
    if change == "seed":
        seed = 2
    elif change == "parameter":
        target = Descent(flips=199)
    elif change == "problem":
        problem = Ring(size=6)
    elif change == "target":
        target = Netlisted()
    elif change == "damage":
        file.write_bytes(file.read_bytes()[:-40])
    elif change == "empty":
        file.write_bytes(b"")
    else:
        np.savez(file, about=np.array({"a": 1}, dtype=object))
    (row,) = nm.compare(problem, [target], reads=4, rng=seed, directory=tmp_path).results
    assert (row.status, row.resumed) == ("ok", 0)
    assert spins(row) == spins(nm.compare(problem, [target], reads=4, rng=seed).results[0])
    assert nm.compare(problem, [target], reads=4, rng=seed, directory=tmp_path).results[0].resumed == 4


def test_a_target_that_takes_longer_than_its_share_comes_again(monkeypatch):
    """By a clock that only its programming moves; its place in the table stays."""
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])

    class Wired(Descent):
        def program(self, problem, rng=None):
            for k in range(9):
                clock[0] += 0.1
                checkpoint("wires", k, 9)
            return super().program(problem, rng)

    wired = Wired(name="wired")
    targets = [wired, *(Descent(name=f"quick{k}") for k in range(3))]
    rows = nm.compare(Ring(), targets, reads=4, rng=0, time_limit=3.0).results
    assert [row.target for row in rows] == ["wired", "quick0", "quick1", "quick2"]
    assert [(row.status, row.reads) for row in rows] == [("ok", 4)] * 4
    (row,) = nm.compare(Ring(), [wired], reads=4, rng=0, time_limit=0.3).results
    assert (row.status, row.reads) == ("time limit", 0)
    assert "would take about 0.9 s" in row.reason


def test_the_time_limit_is_shared_and_everyone_reads_once(monkeypatch):
    """A clock that only reads move: each costs 1 s."""
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])

    def tick(reads):
        clock[0] += reads

    slow = Descent(name="slow", events=tick)
    other = Descent(name="other", events=tick)
    rows = nm.compare(Ring(), [slow, other], reads=100, rng=0, time_limit=20).results
    assert [(row.status, row.reads) for row in rows] == [("time limit", 10), ("time limit", 10)]
    assert "10 of 100" in rows[0].reason
    rows = nm.compare(Ring(), [Broken(name="broken"), slow], reads=100, rng=0, time_limit=20).results
    assert rows[1].reads == 20
    rows = nm.compare(Ring(), [slow, other], reads=100, rng=0, time_limit=0.1).results
    assert [row.reads for row in rows] == [1, 1]


def test_a_target_stops_at_its_share_and_leaves_the_rest_to_the_others(monkeypatch):
    """Programming alone, or a first read, may take longer: the row says how long it would take."""
    clock_of_sleep(monkeypatch)
    wired = Slow(name="wired", wiring_s=1e3)
    reading = Slow(name="reading", read_s=1e3)
    rows = nm.compare(Ring(), [wired, reading, Descent()], reads=4, rng=0, time_limit=0.9).results
    assert [(row.status, row.reads) for row in rows] == [("time limit", 0), ("time limit", 0), ("ok", 4)]
    told = r"programming takes more than .* s, its share of the time: wires: 0 % done after .* s; it would take about "
    assert re.fullmatch(told + r"\d+ min", rows[0].reason)
    assert re.fullmatch(r"no read was done in .* s: a read takes about \d+ min \(settling\)", rows[1].reason)


def test_reads_of_a_batch_that_the_limit_cuts_short_are_kept(tmp_path, monkeypatch):
    """Whole reads that the target hands over count; the same call without a limit goes on after them."""
    clock_of_sleep(monkeypatch)

    @dataclass(frozen=True)
    class Patient(Slow):
        def run(self, program, task, reads=1, rng=None):
            whole = 0
            try:
                for _ in range(reads):
                    self._work("settling", self.read_s)
                    whole += 1
            except KeyboardInterrupt:
                if not whole:
                    raise
            run = Descent.run(self, program, task, reads, rng)
            counts = {name: count[:whole] for name, count in run.activity.items()}
            return complete_run(
                program, task, run.spins[:whole], counts, status="ok" if whole == reads else "interrupted"
            )

    asked = {"reads": 40, "rng": 3, "directory": tmp_path}
    (row,) = nm.compare(Ring(), Patient(parallel_reads=40, read_s=0.05), time_limit=0.6, **asked).results
    assert row.status == "time limit"
    assert 1 <= row.reads < 20
    assert row.reason == f"{row.reads} of 40 reads when the time was over"
    assert spins(row) == spins(nm.compare(Ring(), Descent(name="slow"), reads=40, rng=3).results[0])[: row.reads]


def test_a_target_that_does_not_look_at_the_clock_is_stopped_soon_after():
    """Pure Python can be stopped, compiled code cannot: the clock rings a second late."""
    deaf = Descent(name="deaf", events=lambda reads: time.sleep(60.0))
    rows = nm.compare(Ring(), [deaf, Descent()], reads=3, rng=0, time_limit=0.4).results
    assert [(row.status, row.reads) for row in rows] == [("time limit", 0), ("ok", 3)]
    assert re.fullmatch(r"no read was done in \d+ s; a read takes longer", rows[0].reason)


def test_a_task_that_is_not_claimed_costs_no_programming():
    sampler = Slow(name="sampler", supported_tasks=frozenset({"sample"}), wiring_s=1e3)
    (row,) = nm.compare(Ring(), [sampler], reads=1).results
    assert row.status == "does not fit"


def test_the_steps_of_a_target_are_told():
    told = []
    nm.compare(Ring(), Slow(wiring_s=0.3), reads=1, rng=0, progress=lambda *news: told.append(news))
    steps = [status for _, status, _, _ in told]
    assert steps[:2] == ["programming", "programming: wires 0 %"]
    assert all(step.startswith("programming: wires ") for step in steps[1:-3])
    assert steps[-3:] == ["running", "running", "ok"]


def test_progress_is_told():
    told = []
    nm.compare(Ring(), [Descent(), Broken(name="b")], reads=3, rng=0, progress=lambda *news: told.append(news))
    assert told == [
        *[("descent", status, done, 3) for status, done in [("programming", 0), ("running", 0), ("running", 1)]],
        *[("descent", status, done, 3) for status, done in [("running", 2), ("running", 3), ("ok", 3)]],
        *[("b", status, 0, 3) for status in ["programming", "running", "failed"]],
    ]


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"reads": 0}, "reads is 0"),
        ({"reads": 2.5}, "reads is 2.5"),
        ({"targets": []}, "targets is empty"),
        ({"targets": [Ring()]}, "targets holds a Ring"),
        ({"targets": "warp-drive"}, "'warp-drive'; installed are"),
        ({"time_limit": 0}, "time_limit is 0"),
        ({"time_limit": float("nan")}, "time_limit is nan"),
        ({"success_gap": -0.1}, "success_gap is -0.1"),
        ({"problem": Ring().ising()}, "problem is Ising"),
        ({"rng": -3}, "rng is -3"),
    ],
)
def test_bad_arguments_are_refused(arguments, rule):
    with pytest.raises((ValueError, TypeError), match=rule):
        nm.compare(**{"problem": Ring(), "targets": [Descent()], **arguments})


def test_digests_tell_data_apart():
    values = [1, 1.0, "1", [1], [[1]], [1, 2], {"a": 1}, {"a": 2}, None, np.ones(2), np.ones((1, 2)), np.ones(2, int)]
    values += [Descent(), Descent(flips=3), Ring(), Descent, frozenset({"a", "b"}), np.float64(1), b"1", object()]
    assert len({digest(value) for value in values}) == len(values)
    assert digest(object()) == digest(object())
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(Ring().ising()) == digest(Ring().ising())


def test_a_recall_is_scored_against_the_pattern_its_cue_meant():
    """A network that always answers the first of two patterns is right every second time, not always."""
    patterns = np.array([[1, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])

    class OneTrack(Descent):
        def run(self, program, task, reads=1, rng=None):
            run = super().run(program, task, reads, rng)
            run.spins[:] = patterns[0]
            return complete_run(program, task, run.spins, run.activity)

    problem = nm.Recall("two", patterns, noise=0.125)
    (row,) = nm.compare(problem, [OneTrack()], reads=70, rng=0).results
    assert row.scores.tolist() == [1.0, 0.0] * 35
    assert row.success.value == 0.5


@pytest.mark.parametrize(
    ("error", "status"),
    [(DoesNotFit("too large to write"), "ok"), (SystemExit(3), "ok"), ({"a.cir": 3}, "ok"), (None, "interrupted")],
)
def test_files_that_cannot_be_made_cost_no_numbers(error, status):
    class Unwritable(Descent):
        def files(self, program):
            if error is None:
                press_ctrl_c()
            if isinstance(error, dict):
                return error
            raise error

    (row,) = nm.compare(Ring(), [Unwritable()], reads=4, rng=0).results
    assert (row.status, row.reads, row.files) == (status, 4, {})
    assert row.notes[-1].startswith("hands over no files: ") == (status == "ok")
