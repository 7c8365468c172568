"""``neuromorph spike``: the three tasks, what they write, wrong files and options, Ctrl-C, the same seed again."""

import json
import time
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from neuromorph import Ising, exact
from neuromorph.cli import main
from neuromorph.experiments import spiking as session
from neuromorph.experiments import spiking_figures as figure
from neuromorph.experiments import spiking_sampling as session_sample
from neuromorph.experiments import spiking_search as session_search
from neuromorph.experiments.spiking import read, width
from neuromorph.problems import MaxCut, Tsp, load, write_ising
from neuromorph.runtime.limits import checkpoint, time_limit
from neuromorph.spiking.rate_network import SpikingHopfield

ROOT = Path(__file__).resolve().parents[2]
LETTERS = """
#####..#..
#..#..####
##..##..##
#.#.#.#.#.

.####.....
###.####..
....#.####
..########
"""
SQUARE = """NAME: square
TYPE: TSP
DIMENSION: 5
EDGE_WEIGHT_TYPE: EUC_2D
NODE_COORD_SECTION
1 0 0
2 30 0
3 30 30
4 15 40
5 0 30
EOF
"""


def glass(n, seed=1, largest=0.5):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.uniform(-largest, largest, (n, n)), 1)
    return Ising(j + j.T, rng.uniform(-largest, largest, n))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spike")
    (folder / "letters.txt").write_text(LETTERS.strip() + "\n")
    (folder / "square.tsp").write_text(SQUARE)
    rng = np.random.default_rng(2)
    edges = [(i, j, int(rng.integers(1, 9))) for i in range(8) for j in range(i) if rng.random() < 0.6]
    (folder / "graph.txt").write_text(f"8 {len(edges)}\n" + "".join(f"{i + 1} {j + 1} {w}\n" for i, j, w in edges))
    write_ising(folder / "five.npz", glass(5))
    np.savez(folder / "many.npz", patterns=rng.choice([-1, 1], (40, 60)))
    return folder


def spike(capsys, out, *words):
    """Exit code and spike.json of a session that is written and printed, which must be one and the same."""
    code = main(["spike", *map(str, words), "--out", str(out), "--json"])
    about = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))
    assert about == json.loads((out / "spike.json").read_text())
    if code == 0:  # after Ctrl-C it ends at once
        assert (out / "spikes.png").read_bytes().startswith(b"\x89PNG")
    spikes = dict(np.load(out / "spikes.npz", allow_pickle=False))
    assert about["activity"]["spikes"] == len(spikes["times_s"]) == len(spikes["trials"]) == len(spikes["neurons"])
    assert spikes["trials"].max() < about["trials"] == len(spikes["states"])
    assert 0 <= spikes["times_s"].min() <= spikes["times_s"].max() <= about["simulated_s"]
    return code, about, spikes


def require_described(about):
    """Every field, also of parts, has its line in the docs."""
    described = (ROOT / "docs" / "spike-schema.md").read_text()
    fields = [*about, *about["activity"], *about["result"]]
    for name in fields + [k for k in about["courses"] if isinstance(k, str)]:
        assert any(f"{left}{name}`" in described for left in ("`", ".")), name


@pytest.mark.parametrize("wiring", ["direct", "dale"])
def test_pictures_are_recalled_beside_the_ode(place, tmp_path, capsys, wiring):
    """Two pictures of 40 pixels, a fifth flipped: both come back; a cue that is lost, or rates read with the wrong
    sign, fails. The spins written must be those that the rates of the spikes in the file say."""
    words = [place / "letters.txt", "--seed", 3, "--noise", 0.2, "--wiring", wiring]
    code, about, spikes = spike(capsys, tmp_path, *words)
    assert code == 0
    require_described(about)
    result, problem = about["result"], load(place / "letters.txt")
    assert (about["task"], about["status"], about["trials"]) == ("recall", "ok", 2)
    assert result["overlap_of_cue"] == pytest.approx(0.6)
    assert result["overlap"] > 0.98
    assert result["overlap_ode"] > 0.98
    assert [each["pattern"] for each in result["reads"]] == [1, 2]
    overlaps = (spikes["states"] * problem.patterns).mean(axis=1)
    assert overlaps == pytest.approx([each["overlap"] for each in result["reads"]])
    late = (spikes["times_s"] >= 0.4) & (spikes["neurons"] < 40)
    counts = np.zeros((2, 40))
    np.add.at(counts, (spikes["trials"][late], spikes["neurons"][late]), 1)
    assert np.array_equal(counts > 0.2 * 45, spikes["states"] > 0)  # half of some 90 Hz
    course = about["courses"]
    assert np.shape(course["overlap"]) == np.shape(course["overlap_ode"]) == (2, 24)
    assert course["overlap"][0][1] == pytest.approx(0.6)  # while the cue is on
    assert course["overlap_ode"][0][1] == pytest.approx(0.6)
    assert about["neurons"] == (40 if wiring == "direct" else 80)
    couplings = problem.ising().dense_couplings()
    if wiring == "direct":
        reached = np.count_nonzero(couplings, axis=0)
    else:  # the first of a pair excites, the second inhibits, both of the unit
        reached = 2 * np.concatenate([(couplings > 0).sum(axis=0), (couplings < 0).sum(axis=0)])
    assert about["activity"]["synaptic_operations"] == reached[spikes["neurons"]].sum()


def test_a_cue_of_its_own_and_the_picture_on_the_terminal(place, tmp_path, capsys):
    picture = LETTERS.strip().split("\n\n")[1]
    (tmp_path / "cue.txt").write_text(picture.replace("####.....", ".........") + "\n")
    assert main(["spike", str(place / "letters.txt"), "--cue", str(tmp_path / "cue.txt"), "--seed", "1"]) == 0
    shown = capsys.readouterr().out
    assert picture in shown
    assert "overlap ode" in shown


def test_a_model_is_sampled_down_to_the_floor(place, tmp_path, capsys):
    """D(p || exact) of 32 s of five neurons: within 5 times the mean of an exact sampler without memory (2e-3), where a
    wrong sign, a doubled W or a forgotten bias gives more than .05. Shares of time are counted again from the file."""
    words = [place / "five.npz", "--seed", 1, "--chains", 16, "--duration", 2, "--beta", 0.8]
    code, about, spikes = spike(capsys, tmp_path, *words)
    assert code == 0
    require_described(about)
    result, course = about["result"], about["courses"]
    assert result["divergence"] == course["divergence"][-1] < 5 * result["divergence_floor"]
    assert course["times_s"][-1] == pytest.approx(32.0)
    assert result["divergence_floor"] == course["divergence_floor"][-1]
    p = exact.boltzmann(glass(5), 0.8)
    assert result["mean_energy_exact"] == pytest.approx(p @ exact.all_energies(glass(5)))
    assert result["mean_spins_exact"] == pytest.approx(p @ exact.spins_of(np.arange(32), 5))
    dt = about["manifest"]["dt_s"]
    on = np.clip(spikes["times_s"] + dt + 0.01, 0.2, 2.2) - np.clip(spikes["times_s"] + dt, 0.2, 2.2)
    share = np.bincount(spikes["neurons"], weights=on, minlength=5) / 32.0
    assert result["mean_spins"] == pytest.approx(2 * share - 1, abs=1e-4)
    assert about["activity"]["synaptic_operations"] == 4 * about["activity"]["spikes"]
    assert about["activity"]["membrane_updates"] == 16 * 5 * round(2.2 / dt)


def test_a_strongly_coupled_model_is_sampled_as_it_is(tmp_path, capsys):
    """Three spins, J up to 2, in COO: with all neurons in each step the divergence was .40, the energy -2.42."""
    (tmp_path / "head.coo").write_text("# vartype=SPIN\n0 0 -1.000000\n0 1 -1.000000\n1 1 0.500000\n1 2 2.000000\n")
    code, about, _ = spike(capsys, tmp_path, tmp_path / "head.coo", "--seed", 0)
    assert code == 0
    require_described(about)
    result = about["result"]
    assert result["divergence"] < 4e-3
    assert result["mean_energy"] == pytest.approx(result["mean_energy_exact"], abs=0.04)
    assert about["options"]["turns"] == 2


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_full_disk_costs_the_files_and_no_number(words, place, tmp_path, monkeypatch, capsys):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("neuromorph.cli.spiking.write_file", full)
    asked = [str(place / "five.npz"), "--beta", "0.2", "--seed", "1", "--duration", "0.05", "--out", str(tmp_path)]
    assert main(["spike", *asked, *words]) == 2
    shown = capsys.readouterr()
    assert "membrane" in shown.out
    assert "No space left on device; choose another place with --out" in shown.err
    assert "Traceback" not in shown.err


def test_clamped_spins_hold_and_the_others_follow(place, tmp_path, capsys):
    """Conditional means by enumeration of the whole model."""
    words = [place / "five.npz", "--seed", 1, "--duration", 0.5, "--clamp", "1=+1,3=-1"]
    _, about, spikes = spike(capsys, tmp_path, *words)
    states, p = exact.spins_of(np.arange(32), 5), exact.boltzmann(glass(5), 1.0)
    kept = np.where((states[:, 1] == 1) & (states[:, 3] == -1), p, 0.0)
    kept /= kept.sum()
    assert about["result"]["mean_spins_exact"] == pytest.approx((kept @ states)[[0, 2, 4]])
    assert about["result"]["mean_energy_exact"] == pytest.approx(kept @ exact.all_energies(glass(5)))
    assert np.abs(np.subtract(about["result"]["mean_spins"], about["result"]["mean_spins_exact"])).max() < 0.2
    assert set(spikes["neurons"]) == {0, 2, 4}
    assert (spikes["states"][:, 1] == 1).all()
    assert (spikes["states"][:, 3] == -1).all()


def test_beyond_enumeration_there_is_the_energy_beside_gibbs(tmp_path, capsys):
    """Twenty spins: means of the energy agree to a tenth of their distance from 0, where beta = 0 would put it."""
    write_ising(tmp_path / "twenty.npz", glass(20, largest=0.3))
    code, about, _ = spike(capsys, tmp_path, tmp_path / "twenty.npz", "--seed", 1, "--duration", 2)
    assert code == 0
    require_described(about)
    result = about["result"]
    assert result["mean_energy"] == pytest.approx(result["mean_energy_gibbs"], rel=0.1)
    assert about["courses"]["lowest"][-1] <= about["courses"]["energy"][-1]
    assert about["courses"]["times_s"][-1] == pytest.approx(2.2, abs=0.02)


def test_a_frozen_model_is_sampled_and_drawn(place, tmp_path, capsys):
    """At beta 1e5 most states have no probability: the divergence and its floor are null, nothing overflows."""
    code, about, _ = spike(capsys, tmp_path, place / "five.npz", "--seed", 1, "--duration", 0.05, "--beta", 1e5)
    assert code == 0
    assert about["courses"]["divergence_floor"] is None
    assert about["result"]["divergence"] is None


def test_a_cut_is_found_beside_its_baselines(place, tmp_path, capsys):
    """Eight nodes: the optimum by enumeration."""
    code, about, spikes = spike(capsys, tmp_path, place / "graph.txt", "--seed", 1, "--duration", 1)
    assert code == 0
    require_described(about)
    problem, result = load(place / "graph.txt"), about["result"]
    assert isinstance(problem, MaxCut)
    best = exact.ground_states(problem.ising())[0]
    assert (about["task"], result["optimum"], result["optimum_from"]) == ("search", pytest.approx(best), "enumeration")
    assert result["energy"] == pytest.approx(best)
    assert result["score"] == problem.cut(np.array(result["answer"])) == pytest.approx(-best)
    assert problem.energy(spikes["states"]) == pytest.approx(result["energies"])
    assert result["hits"] == np.isclose(result["energies"], best).sum() > 12
    assert result["baselines"]["random"]["median"] >= best
    assert result["baselines"]["gibbs"]["updates"] == round(about["activity"]["spikes"] / 16)
    for course, lowest in zip(about["courses"], result["energies"], strict=True):
        assert course["energy"][-1] == pytest.approx(lowest)
        assert (np.diff(course["energy"]) < 0).all()
        assert (np.diff(course["times_s"]) > 0).all()


def test_a_tour_is_found_and_judged_by_the_best_known(place, tmp_path, capsys):
    """Five cities around a square, a tour of 126; 120 is given as the best known."""
    words = [place / "square.tsp", "--seed", 1, "--duration", 2, "--best-known", 120]
    code, about, _ = spike(capsys, tmp_path, *words)
    assert code == 0
    problem, result = load(place / "square.tsp"), about["result"]
    assert isinstance(problem, Tsp)
    assert result["feasible"]
    assert not result["repaired"]
    assert sorted(result["answer"]) == [0, 1, 2, 3, 4]
    assert result["score"] == result["energy"] == problem.length(result["answer"])
    assert result["gap"] == pytest.approx(result["score"] / 120 - 1)
    assert result["hits"] == 0
    main(["spike", str(place / "square.tsp"), "--seed", "1", "--duration", "2", "--chains", "1"])
    assert sorted(capsys.readouterr().out.strip().splitlines()[-1].split()) == ["1", "2", "3", "4", "5"]


def test_the_file_says_what_is_done_unless_the_user_does(place):
    assert [read(place / name)[0] for name in ("letters.txt", "five.npz", "graph.txt", "square.tsp")] == [
        "recall", "sample", "search", "search",
    ]  # fmt: skip
    assert isinstance(read(place / "graph.txt", task="sample")[1], Ising)
    assert isinstance(read(place / "five.npz", task="search")[1], Ising)
    assert read(place / "letters.txt", task="search")[0] == "search"


def test_a_model_can_be_searched_and_a_graph_sampled(place, capsys):
    assert main(["spike", str(place / "five.npz"), "--as", "search", "--seed", "1", "--duration", "0.5"]) == 0
    answer = np.array(capsys.readouterr().out.strip().splitlines()[-1].split(), dtype=int)
    assert glass(5).energy(answer) == pytest.approx(exact.ground_states(glass(5))[0])
    assert main(["spike", str(place / "graph.txt"), "--beta", "0.2", "--seed", "1", "--duration", "0.05"]) == 0
    assert "divergence" in capsys.readouterr().out


@pytest.fixture
def plain_figures(monkeypatch):
    """Where the figure is not what is looked at: a small empty one."""
    monkeypatch.setattr(figure, "draw_spiking", lambda session: Figure(figsize=(0.5, 0.5)))


def test_the_same_seed_gives_the_same_spikes_however_many_chains(place, tmp_path, capsys, plain_figures):
    """20 chains are two batches, 3 one: chains 0, 1, 2 are alike spike by spike. A seed that is drawn is told."""
    kept = []
    for k, words in enumerate((["--seed", 4, "--chains", 20], ["--seed", 4, "--chains", 3], ["--chains", 3])):
        _, about, spikes = spike(capsys, tmp_path / str(k), place / "five.npz", "--duration", 0.02, *words)
        assert about["trials"] == int(words[-1])
        first = spikes["trials"] < 3
        kept.append([spikes[name][first].tolist() for name in ("times_s", "trials", "neurons")])
    assert len(about["manifest"]["batches"]) == 1
    assert kept[0] == kept[1] != kept[2]
    words = ["--duration", 0.02, "--chains", 3, "--seed", about["seed"]]
    _, again, spikes = spike(capsys, tmp_path / "3", place / "five.npz", *words)
    assert kept[2] == [spikes[name].tolist() for name in ("times_s", "trials", "neurons")]
    dated = {"command": "", "provenance": {}}
    assert {**again, **dated} == {**about, **dated}


TASKS = {
    "recall": ("many.npz", ["--duration", 0.3], SpikingHopfield, "recall"),
    "sample": ("five.npz", ["--duration", 0.02, "--chains", 40], session_sample.BoltzmannSampler, "run"),
    "search": ("graph.txt", ["--duration", 0.1, "--chains", 40], session_search, "solve_by_spikes"),
}


@pytest.mark.parametrize("task", list(TASKS))
def test_ctrl_c_keeps_whole_batches(place, tmp_path, monkeypatch, capsys, plain_figures, task):
    """Interrupted in the third batch of 16: code 130, the first 32 trials are those of the session left alone."""
    file, words, owner, name = TASKS[task]
    words = [place / file, "--seed", 5, *words]
    _, whole, spikes = spike(capsys, tmp_path / "whole", *words)
    run, calls = getattr(owner, name), count()

    def interrupted(*rest, **options):
        if next(calls) == stop:
            raise KeyboardInterrupt
        return run(*rest, **options)

    monkeypatch.setattr(owner, name, interrupted)
    stop = 2
    code, about, kept = spike(capsys, tmp_path / "half", *words)
    assert code == 130
    assert (whole["status"], whole["trials"]) == ("ok", 40)
    assert (about["status"], about["trials"], about["trials_asked"]) == ("interrupted", 32, 40)
    for name in ("times_s", "trials", "neurons"):
        assert np.array_equal(kept[name], spikes[name][spikes["trials"] < 32])
    assert np.array_equal(kept["states"], spikes["states"][:32])
    calls, stop = count(), 0
    assert main(["spike", *map(str, words), "--out", str(tmp_path / "none")]) == 130
    assert not list((tmp_path / "none").iterdir())


def test_the_clock_keeps_whole_batches_and_is_told_from_ctrl_c(place, tmp_path, monkeypatch, capsys, plain_figures):
    run, calls = session_search.solve_by_spikes, count()

    def slow(*rest, **options):
        if next(calls) == stop:
            with time_limit(time.monotonic() - 1.0):
                checkpoint("simulating the spikes", 1, 4)
        return run(*rest, **options)

    monkeypatch.setattr(session_search, "solve_by_spikes", slow)
    stop, words = 2, [place / "graph.txt", "--seed", 5, "--duration", 0.1, "--chains", 40, "--time-limit", 900]
    code, about, _ = spike(capsys, tmp_path / "out", *words)
    assert (code, about["status"], about["trials"]) == (0, "time limit", 32)
    calls, stop = count(), 0
    assert main(["spike", *map(str, words)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "time limit: simulating the spikes: 25 % done after 0 s; give more with --time-limit\n"


def test_a_full_disk_costs_no_number(place, tmp_path, monkeypatch, capsys, plain_figures):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("neuromorph.files.atomic_write.os.replace", full)
    words = [
        "spike",
        str(place / "graph.txt"),
        "--seed",
        "5",
        "--duration",
        "0.1",
        "--json",
        "--out",
        str(tmp_path / "o"),
    ]
    assert main(words) == 2
    said = capsys.readouterr()
    assert json.loads(said.out)["status"] == "ok"
    assert said.err.startswith("error: cannot write spike.json, spikes.npz, spikes.png to ")
    assert "No space left on device; choose another place with --out" in said.err


@pytest.mark.parametrize(("file", "words", "match"), [
    ("nowhere.npz", [], "there is no such file"),
    ("five.npz", ["--as", "recall"], "is a model, no picture"),
    ("graph.txt", ["--as", "recall"], "is no picture but a maxcut"),
    ("five.npz", ["--wiring", "dale"], "--wiring is to recall, and five.npz is to sample"),
    ("letters.txt", ["--chains", "3"], "--chains is to sample or search"),
    ("letters.txt", ["--wiring", "wire"], "invalid choice"),
    ("letters.txt", ["--swing-mv", "1e9"], "give 1 to 100"),
    ("letters.txt", ["--noise", "3"], "fraction of the pixels"),
    ("letters.txt", ["--duration", "0.1"], "recall needs 0.3 s"),
    ("letters.txt", ["--duration", "1e9"], "give a shorter one"),
    ("letters.txt", ["--cue", "FOLDER/five.npz"], "five.npz"),
    ("graph.txt", ["--strength", "1e-300"], "give 0.01 to 100"),
    ("graph.txt", ["--beta", "1", "--strength", "1"], "--strength is to search"),
    ("graph.txt", ["--duration", "1e9"], "give a shorter one"),
    ("graph.txt", ["--duration", "1e-6"], "give 1 and a step, 0.001, at least"),
    ("five.npz", ["--duration", "1e-6"], "a spike lasts 0.01 s"),
    ("five.npz", ["--chains", "1000000000"], "fewer trials"),
    ("five.npz", ["--beta", "1e308"], "nothing moves that cold"),
    ("five.npz", ["--beta", "-1"], "--beta"),
    ("five.npz", ["--clamp", "9=1"], "give spins 0 .. 4"),
    ("five.npz", ["--clamp", "0=1,0=1"], "each spin once"),
    ("five.npz", ["--clamp", "0=1,1=1,2=1,3=1,4=1"], "leave one free"),
    ("five.npz", ["--as", "search", "--best-known", "1"], "leave best_known out"),
    ("five.npz", ["--backend", "gpu"], "invalid choice"),
    ("five.npz", ["--out", "/dev/null/x"], "cannot write"),
])  # fmt: skip
def test_bad_input_is_one_line_and_code_2(place, capsys, file, words, match):
    words = [word.replace("FOLDER", str(place)) for word in words]
    assert main(["spike", str(place / file), *words]) == 2
    error = capsys.readouterr().err
    assert match in error
    assert error.count("\n") == 1


def test_what_is_too_large_says_what_would_fit(tmp_path, monkeypatch, capsys):
    n = 70
    rows = "".join(f"{k + 1} {k} {k * k % 97}\n" for k in range(n))
    (tmp_path / "large.tsp").write_text(SQUARE.split("1 0 0")[0].replace("5", str(n), 1) + rows + "EOF\n")
    (tmp_path / "large.txt").write_text("3000 1\n1 2 1\n")
    np.savez(tmp_path / "wide.npz", patterns=np.ones((1, 3000)))
    write_ising(tmp_path / "dense.npz", glass(40))
    monkeypatch.setattr(session, "MAX_SYNAPSES", 1500)
    for name, match in (
        ("large.tsp", "at most 64 cities"), ("large.txt", "at most 2048 spins"), ("wide.npz", "scale the picture"),
        ("dense.npz", "sparser model"),
    ):  # fmt: skip
        assert main(["spike", str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert match in error
        assert error.count("\n") == 1


def test_random_bytes_are_one_line_and_code_2(tmp_path, capsys):
    """Forty files of noise, some with the first bytes of a known format."""
    rng = np.random.default_rng(6)
    for k in range(40):
        start = [b"", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b'{"couplings": [', b"# vartype=SPIN\n"][k % 5]
        (tmp_path / "noise").write_bytes(start + rng.bytes(int(rng.integers(1, 3000))))
        assert main(["spike", str(tmp_path / "noise")]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: noise")
        assert error.count("\n") == 1


@pytest.mark.parametrize("there", [[], ["make"]])
def test_a_missing_compiler_is_named(place, tmp_path, monkeypatch, capsys, there):
    """Without make, and with one that fails."""
    for name in there:
        (tmp_path / name).write_text("#!/bin/sh\necho no compiler >&2\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    words = ["--backend", "cpp_standalone", "--chains", "1", "--duration", "0.02"]
    assert main(["spike", str(place / "five.npz"), *words]) == 2
    assert ("no compiler" if there else "needs make and a C++ compiler") in capsys.readouterr().err


def test_batches_shrink_as_networks_grow():
    assert [width(5, 20), width(800, 38_000), width(2000, 4_000_000)] == [16, 5, 1]
