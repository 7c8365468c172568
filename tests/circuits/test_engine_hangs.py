"""A simulator that hangs, prints or writes for ever, or returns garbage: bounded, said in a line, and none is left."""

import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from test_engines import charging, fake_ngspice, raw_file

from circuits import EngineError, available_engines, simulate_circuit, simulate_circuits
from circuits.simulators import ngspice, process
from circuits.simulators.process_limits import ProcessLimits
from circuits.simulators.rawfile import read_raw
from neuromorph.runtime.limits import TimeLimitReached, time_limit

DEVICES = "open('devices.txt', 'w').write(' device r1 c1 i1\\n')\n"
SLEEPER = """
import os, subprocess, time
def note(pid):
    open(os.path.join({folder!r}, str(pid)), "w").close()
note(os.getpid())
note(subprocess.Popen(["sleep", "600"]).pid)
note(subprocess.Popen(["sh", "-c", "trap '' INT TERM HUP; sleep 600 & wait"]).pid)
{then}
"""


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where temporary folders are made, to see that none is left."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def pids(tmp_path):
    folder = tmp_path / "pids"
    folder.mkdir()
    return folder


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def none_runs(folder: Path) -> bool:
    return not any(running(int(path.name)) for path in folder.iterdir())


def run(body: str, tmp_path, monkeypatch, **limits):
    fake_ngspice(tmp_path, monkeypatch, body)
    return ngspice.run(charging(), ProcessLimits(**{"timeout_s": 30.0, "file_bytes": 8 << 20, **limits}))


@pytest.mark.parametrize(
    ("then", "limits", "rule"),
    [
        ("time.sleep(600)", {"timeout_s": 1.0}, r"^ngspice took longer than timeout_s = 1; raise it \(--timeout\)"),
        ("os.close(1); os.close(2); time.sleep(600)", {"timeout_s": 1.0}, "^ngspice took longer"),
        ("while True: print('x' * 60000)", {}, "^ngspice printed more than 4 MB"),
        (
            "while True:\n  try: os.write(1, b'x' * 60000)\n  except OSError: pass",
            {},
            "^ngspice printed more than 4 MB",
        ),
        ("f = open('deck.raw', 'wb')\nwhile True: f.write(b'x' * (1 << 20))", {}, "^ngspice wrote more than"),
        ("k = 0\nwhile True: k += 1; open(str(k), 'wb').write(b'x' * (1 << 20))", {}, "^ngspice wrote more than"),
        ("open('deck.raw', 'wb').write(os.urandom(1 << 20))", {}, r"^ngspice failed: deck\.raw"),
        ("os.mkfifo('deck.raw')", {}, "^ngspice failed: it ended with code 0 and no result"),
        ("os._exit(3)", {}, "^ngspice failed: it ended with code 3 and no result"),
        ("os.kill(os.getpid(), 11)", {}, "^ngspice failed: it ended with code -11 and no result"),
        ("print('Error: ' + 'a\\033[31m' * 100000)", {}, r"^ngspice failed: Error: a\?\[31ma"),
    ],
)
def test_whatever_it_does_is_bounded_and_none_of_its_children_is_left(
    then, limits, rule, pids, scratch, tmp_path, monkeypatch
):
    body = SLEEPER.format(folder=str(pids), then=then)
    with pytest.raises(EngineError, match=rule) as error:
        run(body, tmp_path, monkeypatch, **limits)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500
    assert str(error.value).isprintable()
    assert len(list(pids.iterdir())) == 3
    wait_for(lambda: none_runs(pids))


def test_a_result_with_an_exit_code_is_no_result(tmp_path, monkeypatch):
    (tmp_path / "data").write_bytes(raw_file([[0.0, 0.0], [5e-3, 1.0]]))
    good = f"import shutil; shutil.copy({str(tmp_path / 'data')!r}, 'deck.raw')\n{DEVICES}"
    assert len(run(good, tmp_path, monkeypatch).times) == 2
    with pytest.raises(EngineError, match=r"^ngspice failed: it ended with code 3$"):
        run(f"{good}sys.exit(3)", tmp_path, monkeypatch)
    with pytest.raises(EngineError, match="built other devices"):
        run(f"{good}open('devices.txt', 'wb').write(bytes(range(256)) * 4096)", tmp_path, monkeypatch)


def test_a_child_that_keeps_the_output_open_delays_nothing(pids, tmp_path, monkeypatch):
    (tmp_path / "data").write_bytes(raw_file([[0.0, 0.0], [5e-3, 1.0]]))
    then = f"import shutil; shutil.copy({str(tmp_path / 'data')!r}, 'deck.raw')\n{DEVICES}"
    assert len(run(SLEEPER.format(folder=str(pids), then=then), tmp_path, monkeypatch).times) == 2
    wait_for(lambda: none_runs(pids))


def test_a_long_transient_may_write_what_it_needs():
    large = charging()
    assert ProcessLimits(1.0, file_bytes=1).of(large).file_bytes == pytest.approx(50 * 8 * 500 * 2, 1e-5)
    assert ProcessLimits(1.0).of(large).file_bytes == ProcessLimits(1.0).file_bytes == 1 << 30


@pytest.mark.parametrize("body", ["import time; time.sleep(600)", "while True: print('x' * 60000)"])
def test_a_program_that_does_not_say_its_version_is_absent(body, scratch, tmp_path, monkeypatch):
    fake_ngspice(tmp_path, monkeypatch, "")
    program = tmp_path / "ngspice"
    program.write_text(f"#!{sys.executable}\n{body}\n")
    monkeypatch.setattr(ngspice, "_VERSION_S", 1.0)
    said = available_engines()["ngspice"]
    assert said.startswith(f"absent: {program} --version ")
    assert said.endswith("; is it ngspice?")
    program.write_text("#!/no/such/program\n")
    assert "does not run: No such file" in available_engines()["ngspice"]


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    fake_ngspice(tmp_path, monkeypatch, "")
    ngspice.version()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ngspice, "write_deck", full)
    with pytest.raises(EngineError, match=r"ngspice has no place for its files: .*No space left.*set TMPDIR"):
        simulate_circuit(charging(), "ngspice")


@pytest.mark.parametrize("pooled", [False, True])
def test_the_time_limit_reaches_into_a_run(pooled, pids, scratch, tmp_path, monkeypatch):
    fake_ngspice(tmp_path, monkeypatch, SLEEPER.format(folder=str(pids), then="time.sleep(600)"))
    ngspice.version()
    told = []
    begin = time.monotonic()
    run_all = (
        partial(simulate_circuits, [charging()] * 3, workers=2) if pooled else partial(simulate_circuit, charging())
    )
    with pytest.raises(TimeLimitReached), time_limit(begin + 1.0, lambda *said: told.append(said[0])):
        run_all("ngspice")
    assert told
    wait_for(lambda: none_runs(pids))


_PARENT = """
import sys
sys.path.insert(0, {tests!r})
from test_engines import charging
from circuits import simulate_circuit
simulate_circuit(charging(), "ngspice")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_nothing_is_left_when_the_parent_ends(number, pids, scratch, tmp_path, monkeypatch):
    fake_ngspice(tmp_path, monkeypatch, SLEEPER.format(folder=str(pids), then="time.sleep(600)"))
    code = _PARENT.format(tests=str(Path(__file__).parent))
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL, start_new_session=True)
    wait_for(lambda: len(list(pids.iterdir())) == 3)
    parent.send_signal(number)
    parent.wait(30)
    wait_for(lambda: none_runs(pids))
    wait_for(lambda: not list(scratch.iterdir()))


_POOL = """
import os, sys, time
sys.path.insert(0, {tests!r})
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from circuits.simulators.process import end_with_parent
def sleeps(folder):
    open(os.path.join(folder, str(os.getpid())), "w").close()
    time.sleep(600)
if __name__ == "__main__":
    with ProcessPoolExecutor(2, get_context("spawn"), end_with_parent) as pool:
        list(pool.map(sleeps, [{folder!r}] * 2))
"""


def test_the_workers_of_a_pool_end_with_the_process_that_started_them(pids, tmp_path):
    script = tmp_path / "pool.py"
    script.write_text(_POOL.format(tests=str(Path(__file__).parent), folder=str(pids)))
    parent = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL, start_new_session=True)
    wait_for(lambda: len(list(pids.iterdir())) == 2)
    parent.kill()
    parent.wait(30)
    wait_for(lambda: none_runs(pids))
    with pytest.raises(RuntimeError, match="not started by multiprocessing"):
        process.end_with_parent()


# Raw files


HEAD = (
    b"Title: x\nFlags: real\nNo. Variables: %d\nNo. Points: %d\nVariables:\n\t0\ttime\ttime\n\t1\tv(u)\tvoltage\n%s:\n"
)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (HEAD % (2, -1, b"Binary") + b"x" * 64, "the header gives -1 points of 2 variables"),
        (HEAD % (0, 5, b"Binary") + b"x" * 64, "the header gives 5 points of 0 variables"),
        (HEAD % (2, 10**15, b"Binary") + b"x" * 64, "ends before its 1000000000000000 points"),
        (HEAD % (2, 10**15, b"Values") + b"1 2 3\n" * 64, "expected 3000000000000000 numbers, found 192"),
        (HEAD % (2, 10**6, b"Values") + b"1 2 3 " * 10**5, "has a line of more than 10000 bytes"),
        (b"x" * (1 << 20), "has a line of more than 10000 bytes"),
        (b"\n" * (1 << 18) + b"x\n" * (1 << 20), "a header but no samples"),
    ],
)
def test_what_is_no_raw_file_is_refused_before_it_takes_time_or_memory(data, rule, tmp_path):
    (tmp_path / "x.raw").write_bytes(data)
    with pytest.raises(ValueError, match=rule):
        read_raw(tmp_path / "x.raw")


def test_random_bytes_are_no_raw_file(tmp_path):
    """1,000 mutants of a sound file: a ValueError, or samples; no hang, no crash."""
    rng = np.random.default_rng(0)
    sound = np.frombuffer(raw_file(rng.normal(size=(6, 2))), dtype=np.uint8)
    for _ in range(1000):
        mutant = sound.copy()
        at = rng.integers(0, len(sound), rng.integers(1, 5))
        mutant[at] = rng.integers(0, 256, len(at))
        (tmp_path / "x.raw").write_bytes(mutant.tobytes()[: rng.integers(1, len(sound) + 40)])
        with suppress(ValueError):
            read_raw(tmp_path / "x.raw")
