"""``solve --task sample`` and the files it reads: models of every format, damaged files, outputs, Ctrl-C, codes."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from importlib import import_module
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from dimod.serialization import coo

from hardware_targets.cpu import samplers
from neuromorph import Ising, ProblemFileError, exact, sampling
from neuromorph.cli import main, solve
from neuromorph.estimate import Estimate
from neuromorph.problems import read_ising, write_ising
from neuromorph.problems.ising_files import read_ising_file
from neuromorph.report import answer_files
from neuromorph.runtime import limits
from neuromorph.runtime.limits import TimeLimitReached
from neuromorph.sampling import parallel_tempering, samples_file, tempering_ladder
from neuromorph.study import chain_diagnostics

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
    words = ["solve", str(tmp_path / "a.json"), "--task", "sample", "--beta", "1", "--target", "cpu-gibbs"]
    words += ["--reads", "8", "--seed", "1"]
    assert main(words) == 0
    said = capsys.readouterr()
    assert re.search("energy +E = sum h s [+] sum J s s, as in the file", said.out)
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problem"]["labels"] == ["a", "b"]
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


CHAINED = {
    "gibbs": "cpu-gibbs(chains=4)",
    "swendsen-wang": "cpu-swendsen-wang(chains=4)",
    "tempering": "cpu-tempering(chains=4)",
    "population-annealing": "cpu-population-annealing(populations=4,step_sweeps=10)",
}
TARGETS = {**CHAINED, "quantum-annealing": "cpu-quantum-annealing(slices=16)", "independent": "cpu-gibbs"}


def words_of(target, reads=1000, beta=0.6):
    return ["--task", "sample", "--beta", str(beta), "--target", target, "--reads", str(reads), "--seed", "1"]


@pytest.mark.parametrize("method", list(TARGETS))
def test_samples_and_diagnostics_are_written(method, model, glass, tmp_path, capsys):
    """Every method by the command line, against enumeration by what the file holds."""
    out = tmp_path / method
    assert main(["solve", str(model), *words_of(TARGETS[method], 802), "--out", f"{out}/", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert about == json.loads((out / "result.json").read_text())
    with np.load(out / "samples.npz", allow_pickle=False) as arrays:
        spins, energies = arrays["spins"], arrays["energies"]
    assert spins.shape == ((4, 200, 6) if method in CHAINED else (802, 6))
    assert np.allclose(glass.energy(spins.reshape(-1, 6)), energies.ravel())
    found = sampling.divergence(spins.reshape(-1, 6), glass, 0.6)
    assert found.p_value > 1e-6
    assert about["kl"]["low"] < 0.01
    assert about["effective_beta"]["low"] < 0.6 < about["effective_beta"]["high"]
    told, ln_z = about["diagnostics"], exact.log_partition(glass, 0.6)
    assert told["log_partition_exact"] == pytest.approx(ln_z)
    assert told["free_energy_exact"] == pytest.approx(-ln_z / 0.6)
    assert told["chains"] == (4 if method in CHAINED else None)
    assert (told["worst_rhat"] is None) == (told["least_ess"] is None) == (method not in CHAINED)
    if method in CHAINED:
        assert told["worst_rhat"] < 1.1
        assert 50 < told["least_ess"] <= 4 * 800
    assert about["status"] == "ok"
    assert about["provenance"]["seed"] == 1
    if method == "population-annealing":
        assert told["log_partition"]["low"] - 0.2 < ln_z < told["log_partition"]["high"] + 0.2
        ends = [told["free_energy"][end] * -0.6 for end in ("low", "value", "high")]
        assert ends == pytest.approx([told["log_partition"][end] for end in ("high", "value", "low")])
    assert (out / "energies.png").read_bytes().startswith(b"\x89PNG")


def test_scores_count_independent_draws_alone(tmp_path, capsys):
    """Two spins that turn together, and seldom: intervals by all draws would be too narrow."""
    write_ising(tmp_path / "pair.npz", Ising(np.array([[0.0, 1.5], [1.5, 0.0]]), np.array([0.3, 0.0])))
    words = words_of("cpu-gibbs(chains=2,thin=1)", 4000, 1.0)
    assert main(["solve", str(tmp_path / "pair.npz"), *words, "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    tau = about["diagnostics"]["energy_tau"]
    assert tau > 2.0
    assert f"scores count one draw in {int(np.ceil(tau))}, which are correlated" in about["notes"]


def test_the_same_seed_gives_the_same_states(model, tmp_path, capsys):
    kept = []
    for k, seed in enumerate((3, 3, 4)):
        words = ["--beta", "0.6", "--target", CHAINED["gibbs"], "--reads", "40", "--seed", str(seed)]
        assert main(["solve", str(model), *words, "--out", f"{tmp_path / str(k)}/"]) == 0
        with np.load(tmp_path / str(k) / "samples.npz", allow_pickle=False) as arrays:
            kept.append(arrays["spins"])
    assert np.array_equal(kept[0], kept[1])
    assert not np.array_equal(kept[0], kept[2])
    assert "worst R-hat" in capsys.readouterr().out


@pytest.mark.parametrize(("target", "beta", "match"), [
    ("cpu-population-annealing(populations=4)", "1e8", "nothing moves that cold"),
    ("cpu-gibbs(chains=-1)", "1", "chains is -1; it must be at least 0"),
    ("cpu-gibbs(chains=4,thin=0)", "1", "thin is 0; it must be at least 1"),
])  # fmt: skip
def test_bad_parameters_say_what_is_right(model, capsys, target, beta, match):
    assert main(["solve", str(model), "--beta", beta, "--target", target]) in (1, 2)
    assert match in capsys.readouterr().err


def test_ctrl_c_keeps_what_there_is(model, tmp_path, monkeypatch, capsys):
    """Ctrl-C in its sixth stretch of sweeps: code 130, and four chains of the four draws so far in the folder."""
    record, calls = chains.record_chains, count()

    def interrupted(ising, advance, *rest, **options):
        def until(betas, step):
            if options["draws"] > 1 and next(calls) == 5:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(5.0)
            advance(betas, step)

        return record(ising, until, *rest, **options)

    monkeypatch.setattr(chains, "record_chains", interrupted)
    assert main(["solve", str(model), *words_of(CHAINED["gibbs"], 4000), "--out", f"{tmp_path}/o/"]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert spins_in(tmp_path / "o").shape == (4, 4, 6)
    assert json.loads((tmp_path / "o" / "result.json").read_text())["status"] == "interrupted"
    assert not (tmp_path / "o" / "energies.png").exists()


def test_ctrl_c_keeps_whole_populations(model, tmp_path, monkeypatch):
    """The third population is interrupted: two are kept."""
    whole, calls = samplers.population_annealing, count()

    def interrupted(ising, betas, population, **options):
        if population == 100 and next(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5.0)
        return whole(ising, betas, population, **options)

    monkeypatch.setattr(samplers, "population_annealing", interrupted)
    words = words_of("cpu-population-annealing(populations=4)", 400)
    assert main(["solve", str(model), *words, "--out", f"{tmp_path}/"]) == 130
    assert spins_in(tmp_path).shape == (2, 100, 6)


# Limits, full disks, and Ctrl-C in every phase.


def sampled(model, *words):
    return main(["solve", str(model), *words_of(CHAINED["gibbs"]), *words])


def spins_in(folder):
    with np.load(folder / "samples.npz", allow_pickle=False) as arrays:
        return arrays["spins"]


def test_a_time_limit_keeps_what_was_drawn_and_says_so(model, tmp_path, monkeypatch, capsys):
    """The clock stands still while five draws of each chain are made."""
    record = chains.record_chains

    def until_the_fifth(ising, advance, *rest, **options):
        calls = count()

        def until(betas, step):
            if options["draws"] > 1 and next(calls) == 6:
                limits._current.get().deadline = -1.0
                limits.checkpoint("draws", 5, 1000)
            advance(betas, step)

        return record(ising, until, *rest, **options)

    monkeypatch.setattr(chains, "record_chains", until_the_fifth)
    assert sampled(model, "--time-limit", "100", "--out", f"{tmp_path}/") == 0
    assert "20 of 1000 reads when the time was over" in capsys.readouterr().err
    assert spins_in(tmp_path).shape == (4, 5, 6)
    about = json.loads((tmp_path / "result.json").read_text())
    assert about["status"] == "time limit"
    assert about["effective_beta"] is not None


def test_without_a_draw_a_time_limit_is_exit_1(model, monkeypatch, capsys):
    def over(*rest, **options):
        if options["draws"] > 1:
            raise TimeLimitReached("burn-in", 1, 4, 10.0)
        return record(*rest, **options)

    record = chains.record_chains
    monkeypatch.setattr(chains, "record_chains", over)
    assert sampled(model, "--time-limit", "10") == 1
    output, error = capsys.readouterr()
    assert "no read was done" in error
    assert "burn-in" in error
    assert not output


def test_diagnostics_say_what_they_lack(model, tmp_path, monkeypatch, capsys):
    def over(*rest):
        raise TimeLimitReached("diagnosing", 1, 4, 10.0)

    monkeypatch.setattr(chain_diagnostics, "agreement", over)
    assert sampled(model, "--out", f"{tmp_path}/") == 0
    about = json.loads((tmp_path / "result.json").read_text())
    assert about["status"] == "ok"
    told = about["diagnostics"]
    assert told["worst_rhat"] is told["least_ess"] is None
    assert told["energy_error"] > 0
    assert "diagnostics are not whole: diagnosing: 25 % done" in told["message"]


def test_ctrl_c_while_diagnosing_costs_no_sample(model, tmp_path, monkeypatch, capsys):
    """Draws written, energies shown, code 130, and no figure, which would take a second."""

    def stop(*rest):
        raise KeyboardInterrupt

    monkeypatch.setattr(chain_diagnostics, "agreement", stop)
    assert sampled(model, "--out", f"{tmp_path}/") == 130
    output, error = capsys.readouterr()
    assert "mean energy" in output
    assert "written to" in error
    assert error.endswith("interrupted; what there was by then is kept\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["glass.npz", "result.json", "samples.npz"]
    assert json.loads((tmp_path / "result.json").read_text())["status"] == "interrupted"


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
    assert sampled(model, "--out", f"{out}/") == 130
    output, error = capsys.readouterr()
    assert "mean energy" in output
    there = {path.name for path in out.iterdir()}
    assert there == ({"result.json", "samples.npz"} if patience else {"result.json"})
    assert "interrupted" in error
    if patience:
        assert spins_in(out).shape == (4, 250, 6)


@pytest.mark.parametrize("phase", ["ladder, round 1 of 2", "burn-in"])
def test_ctrl_c_before_the_first_draw_is_130(model, monkeypatch, capsys, phase):
    advance = parallel_tempering.Ladders.advance
    monkeypatch.setattr(tempering_ladder, "_found", OrderedDict())  # another test may have found its ladder

    def stop(self, sweeps, step=""):
        if step == phase:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5.0)
        advance(self, sweeps, step)

    monkeypatch.setattr(parallel_tempering.Ladders, "advance", stop)
    assert main(["solve", str(model), *words_of(CHAINED["tempering"])]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_full_disk_does_not_cost_the_numbers(model, tmp_path, monkeypatch, capsys):
    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(samples_file, "write_file", full)
    monkeypatch.setattr(answer_files, "write_file", full)
    assert sampled(model, "--out", f"{tmp_path}/o/") == 2
    output, error = capsys.readouterr()
    assert "mean energy" in output
    assert error.endswith(
        f"error: cannot write samples.npz, result.json, energies.png to {tmp_path / 'o'}: No space left on device; "
        "choose another place with --out\n"
    )


def test_much_memory_is_told_before_it_is_taken(model, monkeypatch, capsys):
    monkeypatch.setattr(solve, "_LARGE", 600.0)
    assert main(["solve", str(model), *words_of("cpu-gibbs", 40)]) == 0
    told = capsys.readouterr().err.splitlines()[0]
    assert told == "40 states of 6 spins take about 0.0 GB of memory"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the peak of a child is asked of the kernel")
def test_a_hundred_thousand_spins_and_a_thousand_draws_take_less_than_a_gigabyte(tmp_path):
    """100 MB of draws; diagnostics once took 10.7 GB."""
    lattice = sampling.square_lattice(250, 400)
    write_ising(tmp_path / "large.npz", lattice)
    out = tmp_path / "out"
    words = ["solve", str(tmp_path / "large.npz"), *words_of("cpu-gibbs(sweeps=100,chains=4,thin=1)", beta=0.3)]
    words += ["--no-reference", "--out", f"{out}/"]
    child = subprocess.Popen([sys.executable, "-m", "neuromorph", *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert usage.ru_maxrss * 1024 < 1e9
    assert spins_in(out).nbytes == 100_000_000
    assert (out / "samples.npz").stat().st_mtime <= (out / "result.json").stat().st_mtime


@pytest.mark.slow
@pytest.mark.parametrize("method", list(TARGETS))
def test_ctrl_c_is_answered_while_compiled_code_runs(tmp_path, method):
    """100,000 spins, in whatever it does after 4 s and after 8 s of computing: less than 2 s of it until the end."""
    ticks = os.sysconf("SC_CLK_TCK")
    write_ising(tmp_path / "large.npz", sampling.square_lattice(250, 400))
    words = [
        "solve",
        str(tmp_path / "large.npz"),
        *words_of(TARGETS[method], beta=0.4),
        "--no-reference",
    ]
    for moment_s in (4.0, 8.0):
        child = subprocess.Popen(
            [sys.executable, "-m", "neuromorph", *words, "--out", f"{tmp_path / method}/"], stderr=subprocess.PIPE
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


@pytest.fixture
def torus(tmp_path):
    """+-J, 16 x 16."""
    rng, spin = np.random.default_rng(0), np.arange(256).reshape(16, 16)
    j = np.zeros((256, 256))
    for move in (0, 1):
        j[spin, np.roll(spin, -1, move)] = rng.choice([-1.0, 1.0], (16, 16))
    write_ising(tmp_path / "torus.npz", Ising(j + j.T))
    return tmp_path / "torus.npz"


def test_a_glass_that_has_not_mixed_says_so_and_a_mixed_model_says_nothing(model, torus, capsys):
    """Beta 3: R-hat of 10^15 once passed as ok."""
    cold = ["sample", str(torus), "--beta", "3", "--seed", "1"]
    assert main(cold) == 0
    assert "not mixed: chains stand still in different states" in capsys.readouterr().err
    assert main([*cold, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["diagnostics"]["verdict"].startswith("not mixed: ")
    assert sampled(model) == 0
    assert "not mixed" not in "".join(capsys.readouterr())
    assert sampled(model, "--json") == 0
    assert json.loads(capsys.readouterr().out)["diagnostics"]["verdict"] == ""


def test_draws_that_differ_from_enumeration_are_said_to(glass):
    """All draws of one state: chains agree, but not with the distribution."""
    spins = np.ones((4, 250, 6), np.int8)
    samples = sampling.Samples(spins, glass.energy(spins.reshape(-1, 6)).reshape(4, 250), np.array([0.6]), "gibbs")
    assert "differ from enumeration" in chain_diagnostics.diagnose(samples, glass, 0.6)["verdict"]


@pytest.mark.parametrize(("half", "said"), [(0.002, True), (0.003, False), (-0.002, False)])
def test_energies_clearly_above_the_reference_are_not_mixed(half, said):
    """Above by four standard errors, by 2.6, and below by four: reads on their way down are above."""
    apart = np.copysign(0.004, half)
    spins = np.ones((10, 30), np.int8)
    samples = sampling.Samples(spins, np.zeros(10), np.array([3.0]), "reads")
    above = Estimate(apart, apart - abs(half), apart + abs(half))
    verdict = chain_diagnostics.diagnose(samples, Ising(np.zeros((30, 30))), 3.0, above=above)["verdict"]
    assert ("above that of tempering" in verdict) == said


def test_quenches_of_a_glass_are_told_from_equilibrium(torus, capsys):
    """Short anneals have the local beta that was asked for, and the energy of a quench."""
    words = ["solve", str(torus), "--task", "sample", "--beta", "3", "--seed", "1", "--target", "cpu-anneal(sweeps=50)"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["diagnostics"]["verdict"].startswith("not mixed: the mean energy a spin is")
    assert main([*words, "--no-reference"]) == 0
    assert "does not tell whether independent reads are in equilibrium" in capsys.readouterr().err


def test_independent_reads_are_judged_by_what_the_target_holds(glass):
    """Uniform reads, as of chains that were read too soon: of a flat model at the same beta they are right."""
    spins = np.random.default_rng(1).choice(np.array([-1, 1], np.int8), (1000, 6))
    samples = sampling.Samples(spins, glass.energy(spins), np.array([0.6]), "reads")
    flat = Ising(np.zeros((6, 6)))
    assert "longer reads" in chain_diagnostics.diagnose(samples, glass, 0.6, glass)["verdict"]
    assert chain_diagnostics.diagnose(samples, glass, 0.6, flat)["verdict"] == ""
    assert chain_diagnostics.diagnose(samples, glass, 0.6)["verdict"] == ""
