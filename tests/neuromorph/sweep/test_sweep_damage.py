"""What goes wrong around a study: full disks, folders that cannot be written, damaged files, clocks set back."""

import errno
import json
import os
import sqlite3
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest
from sweep_toys import Inline, toy_study

from neuromorph.sweep import StudyError, merge_shards, result_parts, sweep

STUDY = toy_study(32)


@pytest.fixture
def whole(toys):
    sweep(STUDY, toys / "whole", executor=Inline())
    return toys / "whole"


def read(folder):
    return (folder / "results.parquet").read_bytes()


def test_a_full_disk_loses_nothing_that_was_there(whole, toys, monkeypatch):
    """Every write of a part fails after the third: ENOSPC, as the system says it."""
    real, written = result_parts.write_file, []

    def full(path, content):
        if path.suffix == ".parquet" and len(written) >= 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(path)
        return real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(result_parts, "write_file", full)
        with pytest.raises(StudyError, match="No space left on device; what is done is kept"):
            sweep(STUDY, toys / "full", executor=Inline(), batch_s=0.001)
    kept = sum(pq.read_table(part).num_rows for part in (toys / "full" / "parts").iterdir())
    assert kept == 3
    state = sweep(STUDY, toys / "full", executor=Inline())
    assert (state.done, state.ran) == (32, 32 - kept)
    assert read(toys / "full") == read(whole)


LIMITED = """
import json, resource, signal, sys
from sweep_toys import Inline
from neuromorph.sweep import StudyError, sweep
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    sweep(json.load(open(sys.argv[1])), sys.argv[2], executor=Inline(), batch_s=0.001)
except StudyError as error:
    print(error)
    sys.exit(2)
"""


@pytest.mark.parametrize("limit", [100, 13_000, 30_000])
def test_files_that_cannot_grow_are_said_and_the_study_goes_on_later(whole, toys, limit):
    """A limit of the system on the size of files: of the lock and the log, of parts, or of the table."""
    (toys / "study.json").write_text(json.dumps(STUDY))
    words = [sys.executable, "-c", LIMITED, str(toys / "study.json"), str(toys / "small"), str(limit)]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    assert found.returncode == 2, found.stderr
    assert "cannot write" in found.stdout
    assert "Traceback" not in found.stderr
    assert sweep(STUDY, toys / "small", executor=Inline()).done == 32
    assert read(toys / "small") == read(whole)


def test_a_folder_that_cannot_be_made_or_written(toys):
    with pytest.raises(StudyError, match="choose another folder with --out"):
        sweep(STUDY, "/proc/study", executor=Inline())
    (toys / "file").write_text("no folder")
    with pytest.raises(StudyError, match="choose another folder with --out"):
        sweep(STUDY, toys / "file", executor=Inline())


@pytest.mark.parametrize("damage", ["noise", "cut", "empty page", "no table"])
def test_a_damaged_table_is_said_and_made_anew(whole, toys, damage):
    path = whole / "tasks.sqlite"
    data = path.read_bytes()
    if damage == "noise":
        path.write_bytes(os.urandom(len(data)))
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "empty page":
        path.write_bytes(data[:4096] + bytes(len(data) - 4096))
    else:
        path.unlink()
        sqlite3.connect(path).execute("CREATE TABLE other (x)").connection.close()
    before = read(whole)
    with pytest.raises(StudyError, match="--rebuild"):
        sweep(STUDY, whole, executor=Inline())
    assert read(whole) == before
    state = sweep(STUDY, whole, executor=Inline(), rebuild=True)
    assert (state.done, state.ran) == (32, 0)
    assert read(whole) == before


def test_a_damaged_part_is_said_and_its_tasks_run_again(whole, toys):
    before = read(whole)
    part = sorted((whole / "parts").iterdir())[1]
    data = bytearray(part.read_bytes())
    data[len(data) // 3] ^= 0xFF
    data[-20:] = bytes(20)
    part.write_bytes(data)
    with pytest.raises(StudyError, match=rf"{part.name} is damaged.*remove it and say --rebuild"):
        sweep(STUDY, whole, executor=Inline(), rebuild=True)
    rows = 32 - sum(pq.read_table(each).num_rows for each in (whole / "parts").iterdir() if each != part)
    part.unlink()
    state = sweep(STUDY, whole, executor=Inline(), rebuild=True)
    assert (state.done, state.ran) == (32, rows)
    assert read(whole) == before


def test_damaged_notes_of_a_study_do_not_stop_it(whole):
    for name in ("best.json", "study.json", "lock"):
        (whole / name).write_bytes(os.urandom(300))
    assert sweep(STUDY, whole, executor=Inline()).ran == 0


def test_a_clock_that_is_set_back_changes_nothing(whole, toys, monkeypatch):
    now, steps = time.time(), iter(range(10**9))
    monkeypatch.setattr(time, "time", lambda: now - 3600.0 * next(steps))
    for _ in range(2):
        state = sweep(STUDY, toys / "back", executor=Inline())
    assert (state.done, state.ran) == (32, 0)
    assert read(toys / "back") == read(whole)


def test_results_of_other_versions_are_not_mixed_unasked(whole):
    about = json.loads((whole / "study.json").read_text())
    about["versions"]["numpy"] = "1.0"
    (whole / "study.json").write_text(json.dumps(about))
    with pytest.raises(StudyError, match=r"numpy 1\.0 then and"):
        sweep(STUDY, whole, executor=Inline())
    assert sweep(STUDY, whole, executor=Inline(), mixed_versions=True).done == 32


def test_a_damaged_shard_is_said(toys):
    for i in (1, 2):
        sweep(STUDY, toys / "parts", executor=Inline(), shard=(i, 2))
    (toys / "parts" / "shard-1-of-2" / "study.json").write_text("[]")
    with pytest.raises(StudyError, match="run that shard again"):
        merge_shards(toys / "parts")


@pytest.mark.parametrize("package", ["pyarrow", "pyarrow.parquet"])
def test_a_package_that_is_not_installed_is_named(toys, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(StudyError, match=r"pip install 'neuromorph\[sweep\]'"):
        sweep(STUDY, toys / "out", executor=Inline())
