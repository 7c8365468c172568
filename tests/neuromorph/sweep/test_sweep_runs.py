"""Runs of studies: each task once, whatever happens on the way, and the same bytes in the end."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow.parquet as pq
import pytest
from sweep_toys import Inline, toy_study

from neuromorph.cli import main
from neuromorph.sweep import StudyError, merge_shards, result_parts, sorted_results, sweep
from neuromorph.sweep import study_folder as folder_module


def read(folder):
    return (folder / "results.parquet").read_bytes()


def best(folder):
    return sorted(json.loads((folder / "best.json").read_text()), key=lambda row: row["key"])


@pytest.fixture
def undisturbed(toys):
    state = sweep(toy_study(), toys / "whole", executor=Inline())
    assert (state.total, state.done, state.failed, state.ran) == (96, 96, 0, 96)
    return toys / "whole"


def toml(study):
    """TOML of a study in one line a table."""
    lines = ["[study]", *(f"{key} = {json.dumps(value)}" for key, value in study["study"].items())]
    for table in study["problems"]:
        lines += ["[[problems]]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    for table in study["targets"]:
        lines += ["[[targets]]", f"target = {json.dumps(table['target'])}", "[targets.parameters]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in table["parameters"].items()]
    return "\n".join(lines) + "\n"


def test_results_are_sorted_and_whole(undisturbed):
    table, timings = (pq.read_table(undisturbed / f"{name}.parquet") for name in ("results", "timings"))
    keys = table["task"].to_pylist()
    assert keys == sorted(set(keys)) == timings["task"].to_pylist()
    rows = table.to_pylist()
    assert {row["status"] for row in rows} == {"ok"}
    assert all(0 <= row["successes"] <= row["feasible"] == row["reads"] == 3 for row in rows)
    assert all(
        row["quality"] <= 1.0 and row["energy_per_read_j"] > 0.0 and row["setup_energy_j"] == 8e-12 for row in rows
    )
    energy = {json.loads(row["parameters"])["levels"]: row["energy_per_read_j"] for row in rows}
    assert energy == {levels: pytest.approx(levels * 2e-12) for levels in (1, 2, 4, 8)}
    assert all(row["seconds"] > 0 for row in timings.to_pylist())


def test_started_twice_it_does_nothing_twice(undisturbed, toys):
    before = read(undisturbed), (undisturbed / "timings.parquet").read_bytes()
    state = sweep(toy_study(), undisturbed, executor=Inline())
    assert (state.done, state.ran) == (96, 0)
    assert (read(undisturbed), (undisturbed / "timings.parquet").read_bytes()) == before


def test_any_executor_and_any_batches_give_the_same_bytes(undisturbed, toys):
    with ThreadPoolExecutor(3) as pool:
        sweep(toy_study(), toys / "threads", executor=pool, batch_s=0.001)
    assert read(toys / "threads") == read(undisturbed)
    assert best(toys / "threads") == best(undisturbed)


def test_an_edited_study_keeps_what_both_have(undisturbed, toys):
    study = toy_study()
    study["study"]["chips"] = 3
    study["targets"][0]["parameters"]["levels"] = [2, 4, 8, 16]
    state = sweep(study, undisturbed, executor=Inline())
    assert (state.total, state.ran) == (144, 144 - 72)
    sweep(study, toys / "anew", executor=Inline())
    assert read(undisturbed) == read(toys / "anew")


@pytest.mark.parametrize("n", [2, 4])
def test_shards_merged_equal_the_whole(undisturbed, toys, n):
    states = [sweep(toy_study(), toys / "parts", executor=Inline(), shard=(i + 1, n)) for i in range(n)]
    assert sum(state.total for state in states) == 96
    assert min(state.total for state in states) > 10
    assert merge_shards(toys / "parts").done == 96
    assert read(toys / "parts") == read(undisturbed)
    assert best(toys / "parts") == best(undisturbed)


def test_merging_says_what_is_missing_or_does_not_belong(toys):
    sweep(toy_study(), toys / "parts", executor=Inline(), shard=(1, 3))
    assert merge_shards(toys / "parts").notes == ("parts 2, 3 of 3 are missing",)
    other = toy_study()
    other["study"]["reads"] = 4
    sweep(other, toys / "parts", executor=Inline(), shard=(2, 3))
    with pytest.raises(StudyError, match="another study"):
        merge_shards(toys / "parts")
    with pytest.raises(StudyError, match="--shard"):
        merge_shards(toys / "site")


class Killed(BaseException):
    """The process ends here: nothing after it is done."""


@pytest.mark.parametrize(
    "where", ["before the part", "after the part", "within the table", "while results are written"]
)
def test_a_study_that_ends_anywhere_goes_on(toys, monkeypatch, where):
    """Rows, table and results are written one after the other: between any two of them the end may come."""
    sweep(toy_study(32), toys / "whole", executor=Inline())
    place = toys / "killed"
    real = {name: getattr(folder_module, name) for name in ("write_part", "write_results")}
    real_mark = folder_module.OpenStudy._mark

    written = itertools.count(1)

    def end_now():
        if next(written) % 3 == 0:
            raise Killed

    def write_part(*arguments):
        if where == "before the part":
            end_now()
        number = real["write_part"](*arguments)
        if where == "after the part":
            end_now()
        return number

    def mark(self, part, rows):
        real_mark(self, part, rows)
        if where == "within the table":
            end_now()

    def write_results(*arguments):
        if where == "while results are written" and not (place / "once").exists():
            (place / "once").touch()
            raise Killed
        real["write_results"](*arguments)

    monkeypatch.setattr(folder_module, "write_part", write_part)
    monkeypatch.setattr(folder_module, "write_results", write_results)
    monkeypatch.setattr(folder_module.OpenStudy, "_mark", mark)
    ended = 0
    for _ in range(200):
        try:
            sweep(toy_study(32), place, executor=Inline(), batch_s=0.005)
            break
        except Killed:
            ended += 1
    assert ended >= 1
    monkeypatch.undo()
    assert read(place) == read(toys / "whole")
    rows = [row for part in sorted((place / "parts").iterdir()) for row in pq.read_table(part)["task"].to_pylist()]
    assert len(set(rows)) == len(rows) == 32  # what was written ran once


SCRIPT = """
import json, sys
from sweep_toys import Inline
from neuromorph.sweep import sweep
sweep(json.load(open(sys.argv[1])), sys.argv[2], executor=Inline(), batch_s=0.05)
"""


def kill_while_it_runs(command, place, times, whole, stream):
    """Start a study again and again, and end it by SIGKILL once it has written something."""
    for _ in range(times):
        before = len(list((place / "parts").glob("*"))) if place.exists() else 0
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while process.poll() is None and len(list((place / "parts").glob("*.parquet"))) <= before:
            time.sleep(0.01)
        time.sleep(stream.random() * 0.3)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
    last = subprocess.run(command, capture_output=True, text=True, check=False)
    assert last.returncode == 0, last.stderr
    assert read(place) == read(whole)
    assert best(place) == best(whole)


def test_killed_it_equals_the_undisturbed_one(toys):
    study = toy_study(96, busy_s=0.02)
    sweep(study, toys / "whole", executor=Inline())
    (toys / "study.json").write_text(json.dumps(study))
    command = [sys.executable, "-c", SCRIPT, str(toys / "study.json"), str(toys / "killed")]
    kill_while_it_runs(command, toys / "killed", 3, toys / "whole", random.Random(1))


@pytest.mark.parametrize("group", [1 << 15, 32])
def test_results_that_are_sorted_in_pieces_are_the_same(toys, monkeypatch, group):
    """Pieces of four rows: in one row group the bytes are the same, in four the rows."""
    sweep(toy_study(128), toys / "whole", executor=Inline())
    monkeypatch.setattr(sorted_results, "_PIECE", 4)
    monkeypatch.setattr(sorted_results, "_GROUP", group)
    sweep(toy_study(128), toys / "pieces", executor=Inline())
    whole, pieces = (toys / name / result_parts.RESULTS for name in ("whole", "pieces"))
    assert pq.read_table(whole).equals(pq.read_table(pieces))
    assert pq.ParquetFile(pieces).num_row_groups == (1 if group > 128 else 4)
    assert group == 32 or whole.read_bytes() == pieces.read_bytes()


@pytest.mark.slow
def test_two_thousand_tasks_killed_twenty_times_equal_the_undisturbed_ones(toys):
    study = toy_study(2048, busy_s=0.005)
    assert sweep(study, toys / "whole", workers=2).done == 2048
    (toys / "study.toml").write_text(toml(study))
    command = [sys.executable, "-m", "neuromorph", "sweep", str(toys / "study.toml"), "--out", str(toys / "killed")]
    kill_while_it_runs([*command, "--workers", "2"], toys / "killed", 20, toys / "whole", random.Random(2))
    for i in range(4):
        sweep(study, toys / "parts", executor=Inline(), shard=(i + 1, 4))
    merge_shards(toys / "parts")
    assert read(toys / "parts") == read(toys / "whole")


def test_a_failed_task_is_kept_with_its_error_and_runs_again_on_request(toys):
    broken = toys / "broken"
    broken.touch()
    study = toy_study(fails=str(broken), levels=[4])
    study["targets"].append({"target": "toy-chip", "parameters": {"levels": 8}})
    state = sweep(study, toys / "out", executor=Inline())
    assert (state.done, state.failed) == (24, 24)
    assert state.failures[0][2:] == ("RuntimeError: the toy is broken", 24)
    rows = pq.read_table(toys / "out" / "results.parquet").to_pylist()
    assert sum(row["status"] == "failed" and "broken" in row["reason"] for row in rows) == 24
    traces = pq.read_table(toys / "out" / "timings.parquet")["traceback"].to_pylist()
    assert sum("sweep_toys.py" in (trace or "") for trace in traces) == 24
    assert sweep(study, toys / "out", executor=Inline()).ran == 0
    broken.unlink()
    state = sweep(study, toys / "out", executor=Inline(), retry_failed=True)
    assert (state.done, state.failed, state.ran) == (48, 0, 24)
    assert {row["status"] for row in pq.read_table(toys / "out" / "results.parquet").to_pylist()} == {"ok"}
    assert sweep(study, toys / "out", executor=Inline(), rebuild=True).ran == 0
    assert {row["status"] for row in pq.read_table(toys / "out" / "results.parquet").to_pylist()} == {"ok"}


def test_a_task_that_ends_its_worker_fails_alone(toys):
    """A process of the pool dies on one setting of four; all other tasks are done."""
    deadly = toys / "deadly"
    deadly.touch()
    study = toy_study(32, levels=[2])
    study["study"] |= {"seeds": 1, "chips": 1, "repeats": 3}
    study["problems"] = study["problems"][:1]
    study["targets"].append({"target": "toy-chip", "parameters": {"levels": 1, "dies": str(deadly)}})
    study["targets"][1]["parameters"]["noise"] = 0.5
    study["study"]["repeats"] = 2
    state = sweep(study, toys / "out", workers=1)
    assert (state.done, state.failed) == (2, 2)
    assert "without an answer" in state.failures[0][2]


def test_ctrl_c_keeps_what_is_done(toys):
    (toys / "study.toml").write_text(toml(toy_study(640, busy_s=0.05)))
    command = [sys.executable, "-m", "neuromorph", "sweep", str(toys / "study.toml"), "--workers", "1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while process.poll() is None and len(list((toys / "study" / "parts").glob("*.parquet"))) < 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "tasks are done and kept, the same command goes on" in said
    assert "Traceback" not in said


def test_two_coordinators_refuse_politely_and_a_stale_lock_is_seen(undisturbed, toys, capsys):
    import fcntl

    lock = os.open(undisturbed / "lock", os.O_RDWR)
    os.write(lock, json.dumps({"pid": 7, "host": "elsewhere"}).encode())
    fcntl.flock(lock, fcntl.LOCK_EX)
    (toys / "study.toml").write_text(toml(toy_study()))
    assert main(["sweep", str(toys / "study.toml"), "--out", str(undisturbed)]) == 2
    assert "is in use by process 7 on elsewhere" in capsys.readouterr().err
    os.close(lock)
    with pytest.raises(StudyError, match="if that has ended, remove"):
        sweep(toy_study(), undisturbed, executor=Inline())
    host = os.uname().nodename
    (undisturbed / "lock").write_text(json.dumps({"pid": 7, "host": host}))
    state = sweep(toy_study(), undisturbed, executor=Inline())
    assert (state.done, state.ran) == (96, 0)
    assert "without a word" in state.notes[0]
