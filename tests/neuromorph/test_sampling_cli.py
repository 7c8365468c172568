"""``neuromorph sample`` and the files it reads: models of every format, damaged files, outputs, Ctrl-C, exit codes."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from importlib import import_module
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from dimod.serialization import coo

from neuromorph import Ising, ProblemFileError, exact, sampling
from neuromorph.cli import main
from neuromorph.experiments import sampling as session
from neuromorph.problems import read_ising, write_ising
from neuromorph.problems.ising_files import read_ising_file
from neuromorph.runtime.limits import TimeLimitReached
from neuromorph.sampling import parallel_tempering, samples_file
from neuromorph.sampling.methods import METHODS

chains = import_module("neuromorph.sampling.gibbs")  # the page has the function of that name


@pytest.fixture(scope="module")
def glass():
    rng = np.random.default_rng(1)
    j = np.triu(rng.normal(size=(6, 6)), 1)
    return Ising(j + j.T, rng.normal(size=6), 0.25)


@pytest.fixture
def model(tmp_path, glass):
    write_ising(tmp_path / "glass.npz", glass)
    return tmp_path / "glass.npz"


def same(a, b):
    return np.allclose(exact.all_energies(a), exact.all_energies(b), rtol=1e-12, atol=1e-12)


def test_models_are_read_from_every_format(tmp_path, glass):
    """All 2^6 energies: a sign, a factor 2, a lost offset or swapped spins fails."""
    bqm = glass.to_dimod()
    edges = [[int(i), int(j), glass.couplings[i, j]] for i, j in zip(*np.triu_indices(6, 1), strict=True)]
    plain = {"couplings": edges, "biases": glass.biases.tolist(), "offset": glass.offset}
    files = {
        "plain.json": json.dumps(plain),
        "dimod.json": json.dumps(bqm.to_serializable()),
        "binary.json": json.dumps(bqm.change_vartype("BINARY", inplace=False).to_serializable()),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        assert same(read_ising(tmp_path / name), glass), name
    np.savez(tmp_path / "dense.npz", couplings=glass.couplings, biases=glass.biases, offset=glass.offset)
    write_ising(tmp_path / "edges.npz", glass)
    assert same(read_ising(tmp_path / "dense.npz"), glass)
    assert same(read_ising(tmp_path / "edges.npz"), glass)
    for vartype in ("SPIN", "BINARY"):  # COO has no offset
        shifted = bqm.change_vartype(vartype, inplace=False)
        shifted.offset = 0.0
        with open(tmp_path / "model.coo", "w") as file:
            coo.dump(shifted, file, vartype_header=True)
        found = read_ising(tmp_path / "model.coo")
        assert np.allclose(exact.all_energies(found), exact.all_energies(Ising.from_dimod(shifted)), atol=1e-5), vartype
    (tmp_path / "pentagon.txt").write_text("5 5\n1 2 1\n2 3 1\n3 4 1\n4 5 1\n1 5 1\n")
    assert exact.ground_states(read_ising(tmp_path / "pentagon.txt"))[0] == -4.0


def dimod_json(**changed):
    """Two variables as dimod writes them, but for what is changed."""
    whole = {
        "type": "BinaryQuadraticModel", "version": {"bqm_schema": "3.0.0"}, "use_bytes": False, "num_variables": 2,
        "num_interactions": 1, "variable_labels": ["a", "b"], "variable_type": "SPIN", "offset": 0.0,
        "linear_biases": [1.0, 2.0], "quadratic_biases": [1.0], "quadratic_head": [0], "quadratic_tail": [1],
    }  # fmt: skip
    return json.dumps({**whole, **changed})


def test_names_of_variables_are_kept(tmp_path, capsys):
    (tmp_path / "a.json").write_text(dimod_json())
    words = ["sample", str(tmp_path / "a.json"), "--beta", "1", "--reads", "8", "--seed", "1"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "energy          E = sum h s + sum J s s, as in the file" in said.out
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["labels"] == ["a", "b"]
    (tmp_path / "a.json").write_text(dimod_json(variable_labels=[0, 1]))
    assert read_ising_file(tmp_path / "a.json").labels == ()


@pytest.mark.parametrize(("text", "energy"), [
    ("3 2\n1 2 1\n2 3 1\n", "-cut: J = -w/2"),
    ("##\n..\n", "-1/2 s'Js, J by Hebb's rule"),
    ("# vartype=BINARY\n0 0 1\n0 1 -2\n", "sum Q x x of the file, x = (1 + s) / 2"),
    ('{"couplings": [[0, 1, 1]]}', "-1/2 s'Js - h's + offset"),
])  # fmt: skip
def test_what_the_energy_means_is_said(tmp_path, text, energy):
    (tmp_path / "a.txt").write_text(text)
    assert read_ising_file(tmp_path / "a.txt").energy == energy


@pytest.mark.parametrize(("name", "text", "match"), [
    ("a.json", '{"couplings": [[0, 0, 1]]}', "coupled to itself"),
    ("a.json", '{"couplings": [[0, 1, 1], [1, 0, 2]]}', "comes twice"),
    ("a.json", '{"couplings": [[0, 1.5, 1]]}', "whole numbers"),
    ("a.json", '{"couplings": [[0, 99999999, 1]]}', "spins; from 1"),
    ("a.json", '{"couplings": [[0, 1, NaN]]}', "NaN or infinity"),
    ("a.json", '{"J": []}', "has the key 'J'"),
    ("a.json", '{"couplings": [[0, 1], [1, 0]]}', "not of three numbers; list each pair once"),
    ("a.json", '{"biases": [1]}', "no 'couplings'"),
    ("a.json", '{"couplings": [[0, 1, 1]], "couplings": [[0, 1, -1]]}', "the key 'couplings' twice in one object"),
    ("a.json", '{"couplings": [[0, 1e300, 1]]}', "has 1e.300 spins; from 1 to"),
    ("a.json", '{"couplings": [[0, 1, "1"]]}', "hold '\"1\"'; write a list of numbers, without quotes"),
    ("a.json", '{"couplings": [[0, 1, true]]}', "hold 'true'; write a list of numbers"),
    ("a.json", '{"couplings": [[0, 1, 1]], "biases": ["1", 2]}', "biases hold"),
    ("a.json", '{"couplings": [[0, 1, 1]], "biases": {"0": 1}}', "biases hold"),
    ("a.json", '{"couplings": [[0, 1, 1]], "offset": "0"}', "offset hold"),
    ("a.json", '{"couplings": {"0 1": 1}}', "no list of lists"),
    ("a.json", '{"couplings": [[0, 1, 1' + "0" * 400 + "]]}", "not usable"),
    ("a.json", '{"couplings": [[0, 1, 1' + "0" * 5000 + "]]}", "not usable"),
    ("a.json", '{"couplings": ' + "[" * 100_000 + "]" * 100_000 + "}", "not usable"),
    ("a.json", '{"couplings": [' + "[]," * 4_000_001 + "[]]}", "JSON is read up to 4000000"),
    ("a.json", dimod_json(variable_labels=["a", "a"]), "two of its variables are named"),
    ("a.json", dimod_json(variable_labels=["a", "b", "c"]), "the count of variable_labels is '3', but there are 2"),
    ("a.json", dimod_json(num_variables=5), "num_variables is '5', but there are 2"),
    ("a.json", dimod_json(num_interactions=2), "num_interactions is '2', but there are 1"),
    ("a.json", dimod_json(linear_biases=["1", 2]), "linear_biases hold"),
    ("a.json", dimod_json(quadratic_tail=[2]), "a pair names a variable beyond the 2"),
    ("a.json", dimod_json(quadratic_tail=[0]), "coupled to itself"),
    ("a.json", dimod_json(offset=None), "offset hold 'null'"),
    ("a.json", '{"couplings": [], "biases": []}', "0 spins"),
    ("a.json", "{" * 100_000, "damaged"),
    ("a.json", '{"type": "BinaryQuadraticModel"}', "damaged"),
    ("a.coo", "# vartype=POTTS\n0 1 1\n", "line 1: the vartype"),
    ("a.coo", "# vartype=SPIN\n0 1\n", "line 2"),
    ("a.coo", "# vartype=SPIN\n0 1 2\n1 0 2\n", "line 3: the pair 0 1 comes a second time"),
    ("a.coo", "# vartype=SPIN\n0 -1 2\n", "spin is -1; number them from 0"),
    ("a.coo", "# vartype=SPIN\n", "no entries"),
    ("a.txt", "neither fish nor fowl", "neither a TSPLIB"),
])  # fmt: skip
def test_bad_models_name_the_rule(tmp_path, name, text, match):
    (tmp_path / name).write_text(text)
    with pytest.raises(ProblemFileError, match=match):
        read_ising(tmp_path / name)


def test_damaged_models_give_one_line_or_a_model(tmp_path, glass):
    """2000 files with bytes changed, cut or doubled: an error of the file or an Ising, never anything else."""
    rng = np.random.default_rng(5)
    write_ising(tmp_path / "a.npz", glass)
    whole = {
        "npz": (tmp_path / "a.npz").read_bytes(),
        "json": json.dumps({"couplings": [[0, 1, 0.5], [1, 2, -1]], "biases": [0.0, 1.0, 2.0], "offset": 1}).encode(),
        "dimod": json.dumps(glass.to_dimod().to_serializable()).encode(),
        "coo": b"# vartype=SPIN\n0 0 1.5\n0 1 -2\n1 2 0.25\n",
    }
    read, lines = 0, set()
    for k in range(2000):
        name = list(whole)[k % 4]
        data = bytearray(whole[name])
        for _ in range(rng.integers(1, 4)):
            at = int(rng.integers(len(data)))
            kind = rng.integers(4)
            if kind == 0:
                data[at] = int(rng.integers(256))
            elif kind == 1:
                del data[at : at + int(rng.integers(1, 20))]
            elif kind == 2:
                data[at:at] = data[at : at + int(rng.integers(1, 20))]
            else:
                data[at : at + 1] = rng.choice([b"9" * 12, b"-", b"[", b"e99", b"\x00", b"nan"])
            data = data or bytearray(b" ")
        path = tmp_path / "damaged"
        path.write_bytes(bytes(data))
        try:
            ising = read_ising(path)
        except ProblemFileError as error:
            lines.add(str(error).count("\n"))
        else:
            read += 1
            assert np.isfinite(ising.energy(np.ones(ising.size, np.int8)))
    assert 20 < read < 1500
    assert lines == {0}


@pytest.mark.parametrize("method", [method.name for method in METHODS if method.command])
def test_samples_and_diagnostics_are_written(method, model, glass, tmp_path, capsys):
    """Every method by the command line, against enumeration by what the file holds."""
    out = tmp_path / method
    code = main(["sample", str(model), "--beta", "0.6", "--method", method, "--reads", "800", "--seed", "1",
                 "--out", str(out), "--json"])  # fmt: skip
    assert code == 0
    about = json.loads(capsys.readouterr().out)
    assert about == json.loads((out / "diagnostics.json").read_text())
    with np.load(out / "samples.npz", allow_pickle=False) as arrays:
        spins, energies = arrays["spins"], arrays["energies"]
    assert spins.reshape(-1, 6).shape == (800, 6)
    assert np.allclose(glass.energy(spins.reshape(-1, 6)), energies.ravel())
    assert about["exact"]["p_value"] > 1e-6
    assert about["effective_beta"]["low"] < 0.6 < about["effective_beta"]["high"]
    assert about["exact"]["log_partition"] == pytest.approx(exact.log_partition(glass, 0.6))
    assert about["status"] == "ok"
    assert about["seed"] == 1
    if method == "population-annealing":
        assert about["sampler"]["log_partition"]["value"] == pytest.approx(exact.log_partition(glass, 0.6), abs=0.5)
    assert (out / "energies.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_states(model, tmp_path, capsys):
    kept = []
    for k, seed in enumerate((3, 3, 4)):
        out = ["--out", str(tmp_path / str(k))]
        main(["sample", str(model), "--beta", "0.6", "--reads", "40", "--seed", str(seed), *out])
        with np.load(tmp_path / str(k) / "samples.npz", allow_pickle=False) as arrays:
            kept.append(arrays["spins"])
    assert np.array_equal(kept[0], kept[1])
    assert not np.array_equal(kept[0], kept[2])
    assert "mean_energy" in capsys.readouterr().out


@pytest.mark.parametrize(("extra", "match"), [
    (["--method", "magic", "--beta", "1"], "method is 'magic'"),
    (["--beta", "-1"], "--beta"),
    ([], "--beta"),
    (["--beta", "1", "--reads", "0"], "--reads"),
    (["--beta", "1", "--reads", "99999999999999", "--method", "quantum-annealing"], "are kept in memory"),
    (["--beta", "1e308", "--method", "population-annealing"], "nothing moves that cold"),
    (["--beta", "1", "--out", "/dev/null/x"], "cannot write"),
])  # fmt: skip
def test_bad_options_are_one_line_and_code_2(model, capsys, extra, match):
    assert main(["sample", str(model), *extra]) == 2
    error = capsys.readouterr().err
    assert match in error
    assert error.count("\n") == 1


def test_ctrl_c_keeps_what_there_is(model, tmp_path, monkeypatch, capsys):
    """Interrupted in its sixth stretch of sweeps: code 130, and four chains of the four draws so far in the folder."""
    record, calls = chains.record_chains, count()

    def interrupted(ising, advance, *rest, **options):
        def until(betas, step):
            if next(calls) == 5:
                raise KeyboardInterrupt
            advance(betas, step)

        return record(ising, until, *rest, **options)

    monkeypatch.setattr(chains, "record_chains", interrupted)
    code = main(["sample", str(model), "--beta", "0.6", "--reads", "4000", "--seed", "1", "--out", str(tmp_path / "o")])
    assert code == 130
    assert "interrupted" in capsys.readouterr().err
    with np.load(tmp_path / "o" / "samples.npz", allow_pickle=False) as arrays:
        assert arrays["spins"].shape == (4, 4, 6)
    assert json.loads((tmp_path / "o" / "diagnostics.json").read_text())["status"] == "interrupted"


def test_an_interruption_before_the_first_draw_goes_through(model, monkeypatch):
    def stop(*rest, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(chains, "record_chains", stop)
    assert main(["sample", str(model), "--beta", "0.6"]) == 130


PARTS = [("population-annealing", "population_annealing", 200), ("quantum-annealing", "quantum_annealing", 128)]


@pytest.mark.parametrize(("method", "function", "kept"), PARTS)
def test_ctrl_c_keeps_whole_parts(model, tmp_path, monkeypatch, method, function, kept):
    """The third population, or batch of anneals, is interrupted: two are kept."""
    whole, calls = getattr(session, function), count()

    def interrupted(*rest, **options):
        if next(calls) == 2:
            raise KeyboardInterrupt
        return whole(*rest, **options)

    monkeypatch.setattr(session, function, interrupted)
    words = [
        "sample",
        str(model),
        "--beta",
        "0.6",
        "--method",
        method,
        "--reads",
        "400",
        "--sweeps",
        "2",
        "--seed",
        "1",
    ]
    assert main([*words, "--out", str(tmp_path)]) == 130
    with np.load(tmp_path / "samples.npz", allow_pickle=False) as arrays:
        assert arrays["spins"].reshape(-1, 6).shape == (kept, 6)


# Limits, full disks, and Ctrl-C in every phase.


def sampled(model, *words):
    return main(["sample", str(model), "--beta", "0.6", "--seed", "1", *words])


def spins_in(folder):
    with np.load(folder / "samples.npz", allow_pickle=False) as arrays:
        return arrays["spins"]


def test_a_time_limit_keeps_what_was_drawn_and_says_so(model, tmp_path, monkeypatch, capsys):
    """The clock stands still while five draws of each chain are made."""
    record = chains.record_chains

    def until_the_fifth(ising, advance, *rest, **options):
        calls = count()

        def until(betas, step):
            if next(calls) == 6:
                raise TimeLimitReached("draws", 5, 1000, 2.0)
            advance(betas, step)

        return record(ising, until, *rest, **options)

    monkeypatch.setattr(chains, "record_chains", until_the_fifth)
    assert sampled(model, "--reads", "4000", "--time-limit", "100", "--out", str(tmp_path)) == 0
    output, error = capsys.readouterr()
    assert error.startswith("time limit: draws: 0 % done after 2 s")
    assert error.endswith("what was drawn is kept\n")
    assert "draws           20" in output
    assert spins_in(tmp_path).shape == (4, 5, 6)
    about = json.loads((tmp_path / "diagnostics.json").read_text())
    assert about["status"] == "time limit"
    assert about["effective_beta"] is not None


def test_without_a_draw_a_time_limit_is_exit_1_with_the_time_it_takes(model, monkeypatch, capsys):
    def over(*rest, **options):
        raise TimeLimitReached("burn-in", 1, 4, 10.0)

    monkeypatch.setattr(chains, "record_chains", over)
    assert sampled(model, "--time-limit", "10") == 1
    output, error = capsys.readouterr()
    assert error.startswith("time limit: burn-in: 25 % done after 10 s")
    assert error.endswith("nothing was drawn: give more than 10 s\n")
    assert error.count("\n") == 1
    assert not output


def test_time_left_is_for_diagnostics_which_say_what_they_lack(model, tmp_path, monkeypatch, capsys):
    def over(*rest):
        raise TimeLimitReached("diagnosing", 1, 4, 10.0)

    monkeypatch.setattr(session, "agreement", over)
    assert sampled(model, "--time-limit", "60", "--out", str(tmp_path)) == 0
    about = json.loads((tmp_path / "diagnostics.json").read_text())
    assert about["status"] == "ok"
    assert about["worst_rhat"] is about["least_ess"] is about["effective_beta"] is None
    assert about["energy_error"] > 0
    assert "diagnostics are not whole: diagnosing: 25 % done" in about["message"]


def test_samples_are_on_disk_before_they_are_diagnosed(model, tmp_path, monkeypatch, capsys):
    """Ctrl-C while diagnosing: draws written, energies shown, code 130, and no figure, which would take a second."""

    def stop(*rest):
        assert spins_in(tmp_path).shape == (4, 250, 6)
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "agreement", stop)
    assert sampled(model, "--out", str(tmp_path)) == 130
    output, error = capsys.readouterr()
    assert "mean_energy" in output
    assert "written to" in output
    assert error == "interrupted; what was drawn so far is kept\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["diagnostics.json", "glass.npz", "samples.npz"]
    assert json.loads((tmp_path / "diagnostics.json").read_text())["status"] == "interrupted"


@pytest.mark.parametrize("patience", [1.0, 0.0])
def test_ctrl_c_while_writing_lets_the_file_become_whole_if_that_takes_no_time(
    model, tmp_path, monkeypatch, capsys, patience
):
    """A file that is not whole in time is not there, nor is its beginning."""
    whole, begun = samples_file._write, threading.Event()

    def slow(*rest):
        begun.set()
        time.sleep(0.1)
        whole(*rest)

    class Interrupted(samples_file.ThreadPoolExecutor):
        def submit(self, *work):
            task = super().submit(*work)
            task.result, self.task = self.stop, task
            return task

        def stop(self):
            begun.wait()
            raise KeyboardInterrupt

    monkeypatch.setattr(samples_file, "_write", slow)
    monkeypatch.setattr(samples_file, "ThreadPoolExecutor", Interrupted)
    monkeypatch.setattr(samples_file, "_PATIENCE_S", patience)
    out = tmp_path / "out"
    assert sampled(model, "--out", str(out)) == 130
    output, error = capsys.readouterr()
    assert "mean_energy" in output
    there = {path.name for path in out.iterdir()}
    assert there == ({"diagnostics.json", "samples.npz"} if patience else {"diagnostics.json"})
    assert ("so far is kept" in error) == bool(patience)
    if patience:
        assert spins_in(out).shape == (4, 250, 6)


@pytest.mark.parametrize("phase", ["ladder, round 1 of 4", "burn-in"])
def test_ctrl_c_before_the_first_draw_is_130(model, monkeypatch, capsys, phase):
    advance = parallel_tempering.Ladders.advance

    def stop(self, sweeps, step=""):
        if step == phase:
            raise KeyboardInterrupt
        advance(self, sweeps, step)

    monkeypatch.setattr(parallel_tempering.Ladders, "advance", stop)
    assert sampled(model, "--method", "tempering") == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_full_disk_does_not_cost_the_numbers(model, tmp_path, monkeypatch, capsys):
    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(samples_file, "write_file", full)
    monkeypatch.setattr(session, "write_file", full)
    assert sampled(model, "--out", str(tmp_path / "o")) == 2
    output, error = capsys.readouterr()
    assert "mean_energy" in output
    assert error == (
        f"error: cannot write samples.npz, energies.png to {tmp_path / 'o'}: No space left on device; choose another "
        "place with --out\n"
    )


def test_much_memory_is_told_before_it_is_taken(model, monkeypatch, capsys):
    monkeypatch.setattr(session, "_JUDGING_BYTES", 3e9)
    assert sampled(model, "--reads", "40", "--out", "/dev/null/x") == 2
    told = capsys.readouterr().err.splitlines()[0]
    assert told == "40 states of 6 spins take about 3.0 GB of memory, up to 0.0 GB on disk"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the peak of a child is asked of the kernel")
def test_a_hundred_thousand_spins_and_a_thousand_draws_take_less_than_a_gigabyte(tmp_path):
    """100 MB of draws; diagnostics once took 10.7 GB."""
    lattice = sampling.square_lattice(250, 400)
    write_ising(tmp_path / "large.npz", lattice)
    out = tmp_path / "out"
    words = ["sample", str(tmp_path / "large.npz"), "--beta", "0.3", "--sweeps", "1", "--seed", "1", "--out", str(out)]
    child = subprocess.Popen([sys.executable, "-m", "neuromorph", *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert usage.ru_maxrss * 1024 < 1e9
    assert spins_in(out).nbytes == 100_000_000
    assert (out / "samples.npz").stat().st_mtime <= (out / "diagnostics.json").stat().st_mtime


@pytest.mark.slow
@pytest.mark.parametrize("method", [method.name for method in METHODS if method.command])
def test_ctrl_c_is_answered_while_compiled_code_runs(tmp_path, method):
    """100,000 spins, in whatever it does after 4 s and after 8 s of computing: less than 2 s of it until the end."""
    ticks = os.sysconf("SC_CLK_TCK")
    write_ising(tmp_path / "large.npz", sampling.square_lattice(250, 400))
    words = ["sample", str(tmp_path / "large.npz"), "--beta", "0.4", "--sweeps", "50", "--method", method]
    for moment_s in (4.0, 8.0):
        child = subprocess.Popen(
            [sys.executable, "-m", "neuromorph", *words, "--out", str(tmp_path / method)], stderr=subprocess.PIPE
        )
        used = 0.0
        while used < moment_s:
            time.sleep(0.05)
            state = (Path("/proc") / str(child.pid) / "stat").read_text().rpartition(")")[2].split()
            assert state[0] != "Z", child.stderr.read().decode()
            used = (int(state[11]) + int(state[12])) / ticks
        child.send_signal(signal.SIGINT)
        said = child.stderr.read().decode()
        _, status, usage = os.wait4(child.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 130
        assert "interrupted" in said
        assert usage.ru_utime + usage.ru_stime - used < 2.0
