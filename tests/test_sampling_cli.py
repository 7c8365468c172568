"""``neuromorph sample`` and the files it reads: models of every format, damaged files, outputs, Ctrl-C, exit codes."""

import json
from itertools import count

import numpy as np
import pytest
from dimod.serialization import coo

from neuromorph import Ising, ProblemFileError, exact, sampling
from neuromorph.cli import main
from neuromorph.sampling import chains, session


@pytest.fixture(scope="module")
def glass():
    rng = np.random.default_rng(1)
    j = np.triu(rng.normal(size=(6, 6)), 1)
    return Ising(j + j.T, rng.normal(size=6), 0.25)


@pytest.fixture
def model(tmp_path, glass):
    sampling.write_ising(tmp_path / "glass.npz", glass)
    return tmp_path / "glass.npz"


def same(a, b):
    return np.allclose(exact.energies(a), exact.energies(b), rtol=1e-12, atol=1e-12)


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
        assert same(sampling.read_ising(tmp_path / name), glass), name
    np.savez(tmp_path / "dense.npz", couplings=glass.couplings, biases=glass.biases, offset=glass.offset)
    sampling.write_ising(tmp_path / "edges.npz", glass)
    assert same(sampling.read_ising(tmp_path / "dense.npz"), glass)
    assert same(sampling.read_ising(tmp_path / "edges.npz"), glass)
    for vartype in ("SPIN", "BINARY"):  # COO has no offset
        shifted = bqm.change_vartype(vartype, inplace=False)
        shifted.offset = 0.0
        with open(tmp_path / "model.coo", "w") as file:
            coo.dump(shifted, file, vartype_header=True)
        found = sampling.read_ising(tmp_path / "model.coo")
        assert np.allclose(exact.energies(found), exact.energies(Ising.from_dimod(shifted)), atol=1e-5), vartype
    (tmp_path / "pentagon.txt").write_text("5 5\n1 2 1\n2 3 1\n3 4 1\n4 5 1\n1 5 1\n")
    assert exact.ground_states(sampling.read_ising(tmp_path / "pentagon.txt"))[0] == -4.0


@pytest.mark.parametrize(("name", "text", "match"), [
    ("a.json", '{"couplings": [[0, 0, 1]]}', "coupled to itself"),
    ("a.json", '{"couplings": [[0, 1, 1], [1, 0, 2]]}', "comes twice"),
    ("a.json", '{"couplings": [[0, 1.5, 1]]}', "whole numbers"),
    ("a.json", '{"couplings": [[0, 99999999, 1]]}', "spins; from 1"),
    ("a.json", '{"couplings": [[0, 1, NaN]]}', "NaN or infinity"),
    ("a.json", '{"J": []}', "has the key 'J'"),
    ("a.json", '{"couplings": [[0, 1], [1, 0]]}', "not of three numbers; list each pair once"),
    ("a.json", '{"biases": [1]}', "no 'couplings'"),
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
        sampling.read_ising(tmp_path / name)


def test_damaged_models_give_one_line_or_a_model(tmp_path, glass):
    """2000 files with bytes changed, cut or doubled: an error of the file or an Ising, never anything else."""
    rng = np.random.default_rng(5)
    sampling.write_ising(tmp_path / "a.npz", glass)
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
            ising = sampling.read_ising(path)
        except ProblemFileError as error:
            lines.add(str(error).count("\n"))
        else:
            read += 1
            assert np.isfinite(ising.energy(np.ones(ising.size, np.int8)))
    assert 20 < read < 1500
    assert lines == {0}


@pytest.mark.parametrize("method", list(session.METHODS))
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
    if method == "population":
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
    (["--beta", "1", "--reads", "99999999999999", "--method", "quantum"], "are kept in memory"),
    (["--beta", "1e308", "--method", "population"], "nothing moves that cold"),
    (["--beta", "1", "--out", "/dev/null/x"], "cannot write"),
])  # fmt: skip
def test_bad_options_are_one_line_and_code_2(model, capsys, extra, match):
    assert main(["sample", str(model), *extra]) == 2
    error = capsys.readouterr().err
    assert match in error
    assert error.count("\n") == 1


def test_ctrl_c_keeps_what_there_is(model, tmp_path, monkeypatch, capsys):
    """Interrupted in its sixth stretch of sweeps: code 130, and four chains of the four draws so far in the folder."""
    record, calls = chains.record, count()

    def interrupted(ising, advance, *rest, **options):
        def until(betas, step):
            if next(calls) == 5:
                raise KeyboardInterrupt
            advance(betas, step)

        return record(ising, until, *rest, **options)

    monkeypatch.setattr(chains, "record", interrupted)
    code = main(["sample", str(model), "--beta", "0.6", "--reads", "4000", "--seed", "1", "--out", str(tmp_path / "o")])
    assert code == 130
    assert "interrupted" in capsys.readouterr().err
    with np.load(tmp_path / "o" / "samples.npz", allow_pickle=False) as arrays:
        assert arrays["spins"].shape == (4, 4, 6)
    assert json.loads((tmp_path / "o" / "diagnostics.json").read_text())["status"] == "interrupted"


def test_an_interruption_before_the_first_draw_goes_through(model, monkeypatch):
    def stop(*rest, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(chains, "record", stop)
    assert main(["sample", str(model), "--beta", "0.6"]) == 130


PARTS = [("population", "population_annealing", 200), ("quantum", "quantum_anneal", 128)]


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
