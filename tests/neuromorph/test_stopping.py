"""Whole commands as users run them, stopped by the clock or by signals in each of their phases. No time is asserted but
that the answer comes: bounds are many times what a quiet machine takes.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are looked for in /proc"),
]

ANSWER_S = 20.0  # 2 s on a quiet machine
STATUSES = {"ok", "time limit", "does not fit"}


def write_edges(path, pairs, n):
    path.write_text(f"{n} {len(pairs)}\n" + "".join(f"{i + 1} {j + 1} 1\n" for i, j in pairs))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A dense graph of 800 nodes, a sparse one of 100,000, small ones, a model, pictures, a tour of 2,000 cities."""
    folder, rng = tmp_path_factory.mktemp("problems"), np.random.default_rng(1)
    for name, n, count in (("dense", 800, 19_176), ("middle", 200, 4_000), ("small", 40, 100)):
        i, j = np.triu_indices(n, 1)
        chosen = rng.choice(i.size, count, replace=False)
        write_edges(folder / f"{name}.txt", np.column_stack([i[chosen], j[chosen]]), n)
    ring = np.arange(100_000)
    pairs = np.concatenate([np.column_stack([ring, np.roll(ring, shift)]) for shift in (1, 317)])
    write_edges(folder / "large.txt", pairs, ring.size)
    j = np.triu(rng.normal(size=(60, 60)), 1)
    np.savez(folder / "model.npz", couplings=j + j.T, biases=rng.normal(size=60))
    np.savez(folder / "pictures.npz", patterns=rng.choice([-1, 1], (60, 900)))
    np.savez(folder / "many.npz", patterns=rng.choice([-1, 1], (1200, 900)))
    lines = [f"{k + 1} {x:.0f} {y:.0f}" for k, (x, y) in enumerate(rng.random((2000, 2)) * 1e5)]
    head = "NAME: t\nTYPE: TSP\nDIMENSION: 2000\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n"
    (folder / "tour.tsp").write_text(head + "\n".join(lines) + "\nEOF\n")
    return folder


def command(words, place):
    environment = {**os.environ, "TMPDIR": str(place)}
    return subprocess.Popen(
        [sys.executable, "-m", "neuromorph", *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True,
    )  # fmt: skip


def living(place):
    """Processes that were started with this folder for temporary files."""
    found = []
    for about in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"TMPDIR={place}".encode() in about.read_bytes().split(b"\0"):
                found.append(about.parent.name)
        except OSError:
            continue
    return found


def interrupted(words, after, number, place):
    """(exit code, standard error) of a command that gets a signal ``after`` s, or when a file of that name is there."""
    place.mkdir()
    with command(words, place) as process:
        if isinstance(after, Path):
            deadline = time.monotonic() + 120.0
            while not after.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
        else:
            time.sleep(after)
        assert process.poll() is None, process.communicate()
        process.send_signal(number)
        _, error = process.communicate(timeout=ANSWER_S)
    assert "Traceback" not in error
    assert list(place.iterdir()) == []
    assert living(place) == []
    return process.returncode, error


PHASES = {
    "loading": (["compare", "large.txt", "--targets", "cpu-anneal"], 1.0),
    "programming a crossbar": (["compare", "dense.txt", "--targets", "memristor-crossbar"], 6.0),
    "programming dopant neurons": (["compare", "dense.txt", "--targets", "dopant-neurons"], 6.0),
    "a compiled anneal": (["compare", "large.txt", "--targets", "cpu-anneal", "--reads", "10000"], 8.0),
    "a ladder": (["compare", "large.txt", "--targets", "cpu-tempering"], 8.0),
    "world lines": (["compare", "large.txt", "--targets", "cpu-quantum-annealing"], 8.0),
    "switching": (["compare", "large.txt", "--targets", "atomic-spins-ideal"], 8.0),
    "tours": (["compare", "tour.tsp", "--targets", "cpu-anneal", "--reads", "10000"], 8.0),
    "an analog anneal": (["compare", "dense.txt", "--targets", "analog-circuit", "--reads", "10000"], 8.0),
    "solve": (["solve", "large.txt", "--reads", "10000"], 8.0),
    "spiking search": (["spike", "middle.txt", "--duration", "60"], 10.0),
    "spiking samples": (["spike", "model.npz", "--neurons", "lif", "--duration", "60"], 10.0),
    "spiking recall": (["spike", "pictures.npz", "--duration", "6"], 10.0),
    "a program in C++": (["spike", "middle.txt", "--duration", "60", "--backend", "cpp_standalone"], 14.0),
    "certify": (["certify", "middle.txt"], 8.0),
    "sample": (["sample", "large.txt", "--beta", "0.3"], 8.0),
    "recall": (["recall", "many.npz", "--rule", "perceptron"], 4.0),
    "netlist": (["netlist", "middle.txt", "--level", "opamp"], 1.0),
}


@pytest.mark.parametrize("phase", PHASES)
def test_ctrl_c_is_answered_in_every_phase(files, tmp_path, phase):
    words, after = PHASES[phase]
    code, error = interrupted([words[0], files / words[1], *words[2:]], after, signal.SIGINT, tmp_path / "place")
    assert code == 130
    assert "interrupted" in error or "when Ctrl-C came" in error


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("target", ["analog-circuit", "spiking-generic"])
def test_other_ends_leave_the_results(files, tmp_path, name, code, target):
    out = tmp_path / "out"
    problem = files / ("dense.txt" if target == "analog-circuit" else "small.txt")
    words = ["compare", problem, "--targets", f"{target},cpu-gibbs", "--reads", "100000", "--out", out]
    found = interrupted(words, out / "runs" / f"{target}.npz", getattr(signal, name), tmp_path / "place")
    assert found[0] == code
    rows = json.loads((out / "results.json").read_text())["results"]
    assert [row["status"] for row in rows] == ["interrupted", "interrupted"]
    assert rows[0]["reads"] > 0
    assert "interrupted" in (out / "report.html").read_text()


def test_certify_leaves_no_engine(files, tmp_path):
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        words = ["certify", files / "middle.txt", "--out", tmp_path / "out"]
        assert interrupted(words, 8.0, number, tmp_path / f"place-{code}")[0] == code


@pytest.mark.parametrize(
    ("problem", "limit_s", "bound_s"), [("dense.txt", 100.0, 130.0), ("large.txt", 8.0, 12.0), ("tour.tsp", 8.0, 12.0)]
)
def test_all_targets_end_with_reads_or_a_reason(files, tmp_path, problem, limit_s, bound_s):
    """Beside a busy process. ``bound_s`` is for a quiet machine; here the answer must only come."""
    words = ["compare", files / problem, "--all", "--time-limit", limit_s, "--json", "--out", tmp_path / "out"]
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with command(words, tmp_path) as process:
            said, error = process.communicate(timeout=3.0 * bound_s)
    finally:
        busy.kill()
        busy.wait()
    assert process.returncode in (0, 1), error
    rows = json.loads(said)["results"]
    assert [row["target"] for row in rows] == nm.available_targets()
    for row in rows:
        assert row["status"] in STATUSES, row
        assert row["reads"] or row["reason"], row
