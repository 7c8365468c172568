"""A model as a problem, learning rules as a part of one, and tasks on the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from study_toys import Descent

import neuromorph as nm
from neuromorph import associative_memory as memory
from neuromorph import exact
from neuromorph.cli import main
from neuromorph.problems import write_ising
from neuromorph.problems.ising_files import read_ising_file
from neuromorph.protocol import as_ising

UNIT = Path(__file__).resolve().parents[2] / "examples" / "data" / "unit_cell.json"
"""Four spins that atoms on a surface, and acceptors that all repel, can hold."""


def glass(n, seed=0):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return nm.Ising(j + j.T, rng.normal(size=n), 1.5)


@pytest.fixture
def unit(tmp_path):
    path = tmp_path / "unit.json"
    path.write_text(UNIT.read_text())
    return str(path)


# IsingModel


def test_a_model_is_a_problem_of_its_own():
    model = nm.IsingModel("glass", glass(6))
    lowest, states = exact.ground_states(model.ising())
    assert (model.kind, model.size, model.sense) == ("ising", 6, "min")
    assert model.best_known == pytest.approx(lowest)
    assert isinstance(model, nm.Problem)
    found = model.decode(states[0])
    assert found.feasible
    assert model.score(found) == model.score(states[0]) == model.energy(states[0]) == model.best_known
    assert np.isnan(model.score(nm.Solution(None, False)))
    assert model.task(3) == nm.Minimize()


def test_a_solver_is_scored_by_the_gap_of_its_energy():
    (row,) = nm.compare(nm.IsingModel("glass", glass(6)), [Descent()], 60, 1).results
    assert row.gap == 0.0
    assert 0.0 < row.success.value < 1.0
    assert row.feasible_fraction == 1.0


def test_a_large_model_has_the_best_value_that_is_given():
    couplings = sparse.csr_array(([1.0, 1.0], ([0, 1], [1, 0])), shape=(30, 30))
    assert nm.IsingModel.from_arrays(couplings).best_known is None
    assert nm.IsingModel.from_arrays(couplings, best_known=-1.0).best_known == -1.0
    assert nm.IsingModel.from_arrays([[0, 2], [2, 0]], [1, 0], 3.0, name="two").best_known == 0.0
    with pytest.raises(ValueError, match="best_known is inf; give a finite energy"):
        nm.IsingModel.from_arrays(couplings, best_known=np.inf)
    with pytest.raises(TypeError, match=r"model is list; give an Ising, or take IsingModel.from_arrays"):
        nm.IsingModel("x", [[0, 1], [1, 0]])
    with pytest.raises(ValueError, match="decode one state"):
        nm.IsingModel.from_arrays([[0, 1], [1, 0]]).decode(np.ones((2, 2)))


@pytest.mark.parametrize("name", ["model.npz", "model.json", "model.coo"])
def test_every_format_of_models_is_loaded(tmp_path, name):
    path, ising = tmp_path / name, glass(5)
    upper = [[i, j, ising.couplings[i, j]] for i in range(5) for j in range(i + 1, 5)]
    if name.endswith("npz"):
        write_ising(path, ising)
    elif name.endswith("json"):
        path.write_text(json.dumps({"couplings": upper, "biases": ising.biases.tolist(), "offset": 1.5}))
    else:
        rows = [*((i, j, -value) for i, j, value in upper), *((i, i, -h) for i, h in enumerate(ising.biases))]
        path.write_text("# vartype=SPIN\n" + "".join(f"{i} {j} {float(value)!r}\n" for i, j, value in rows))
    problem = nm.load(path)
    assert (problem.kind, problem.name, problem.size) == ("ising", "model", 5)
    offset = 0.0 if name.endswith("coo") else 1.5
    spins = exact.spins_of(np.arange(32), 5)
    assert np.allclose(problem.energy(spins) - offset, ising.energy(spins) - 1.5)
    assert nm.load(path, best_known=-7.0).best_known == -7.0
    (tmp_path / "model.best").write_text("-8\n")
    assert nm.load(path).best_known == -8.0


def test_a_graph_stays_a_cut_unless_a_model_is_asked_for(tmp_path):
    path = tmp_path / "g.txt"
    path.write_text("3 2\n1 2 1\n2 3 1\n")
    (tmp_path / "g.best").write_text("2\n")
    cut, model = nm.load(path), nm.load(path, kind="ising")
    assert (cut.kind, model.kind) == ("maxcut", "ising")
    spins = exact.spins_of(np.arange(8), 3)
    assert (model.energy(spins) == cut.energy(spins)).all()
    assert (cut.best_known, model.best_known) == (2.0, -2.0)
    assert model.notes == ("read as a model: E = -cut: J = -w/2",)
    assert nm.load(path, kind="ising", best_known=-1.0).best_known == -1.0
    assert (read_ising_file(path, "ising").ising.energy(spins) == cut.energy(spins)).all()
    with pytest.raises(nm.ProblemFileError, match=r"g.txt: rule is 'hebb', but this is no memory but of kind maxcut"):
        nm.load(path, rule="hebb")


# learning rules


@pytest.fixture(scope="module")
def patterns():
    return np.random.default_rng(1).choice([-1, 1], (3, 24)).astype(np.int8)


@pytest.mark.parametrize("rule", ["hebb", "pseudo-inverse", "storkey", "perceptron"])
def test_couplings_are_those_of_the_rule(patterns, rule):
    wanted = {
        "hebb": memory.hebb,
        "pseudo-inverse": memory.pseudo_inverse,
        "storkey": memory.storkey,
        "perceptron": lambda x: memory.perceptron(x, symmetric=True).couplings,
    }[rule](patterns)
    problem = nm.Recall("three", patterns, rule=rule)
    assert np.array_equal(problem.ising().couplings, wanted)
    spins = np.random.default_rng(2).choice([-1, 1], (9, 24))
    assert problem.energy(spins) == pytest.approx(nm.Ising(wanted).energy(spins))
    assert problem.energy(spins[0]) == pytest.approx(nm.Ising(wanted).energy(spins[0]))
    (row,) = nm.compare(problem, [Descent()], 10, 1).results
    assert row.status == "ok"
    assert nm.Comparison(problem, (row,)).task_data() == {"name": "recall", "rule": rule}


def test_rules_without_couplings_are_refused_where_a_target_needs_some(patterns):
    for rule in ("dense", "modern"):
        problem = nm.Recall("three", patterns, rule=rule)
        said = f"rule {rule} makes no couplings that a device could hold; take hebb, pseudo-inverse, storkey or perc"
        with pytest.raises(nm.DoesNotFit, match=said):
            as_ising(problem)
        (row,) = nm.compare(problem, ["cpu-anneal"], 3, 1).results
        assert row.status == "does not fit"
        assert "or the target cpu-relaxation, which needs none" in row.reason
        (row,) = nm.compare(problem, ["cpu-relaxation"], 3, 1).results
        assert (row.status, row.best) == ("ok", 1.0)
    with pytest.raises(ValueError, match="rule is 'hop'; it must be one of hebb, pseudo-inverse, storkey, perceptron"):
        nm.Recall("three", patterns, rule="hop")


def test_a_better_rule_recalls_what_hebb_does_not(patterns):
    """Patterns that share most of their pixels: Hebb's rule settles between them."""
    base = np.random.default_rng(0).choice([-1, 1], 60)
    alike = np.array([base * np.where(np.arange(60) // 6 == k, -1, 1) for k in range(5)])
    found = {
        rule: nm.compare(nm.Recall("alike", alike, noise=0.05, rule=rule), ["cpu-anneal"], 20, 1).results[0]
        for rule in ("hebb", "pseudo-inverse")
    }
    assert found["hebb"].success.value == 0.0
    assert found["pseudo-inverse"].success.value > 0.8


# command line


def run_json(capsys, *words):
    assert main([*map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_devices_sample_beside_the_cpu(unit, capsys):
    targets = "atomic-spins,cpu-gibbs,dopant-glass,analog-circuit"
    words = ["compare", unit, "--task", "sample", "--beta", "0.7", "--reads", "200", "--seed", "1"]
    data = run_json(capsys, *words, "--targets", targets)
    assert data["schema"] == 2
    assert data["task"] == {"name": "sample", "beta": 0.7}
    assert data["reference"]["method"] == "enumeration"
    *rows, circuit = sorted(data["results"], key=lambda row: row["target"] == "analog-circuit")
    assert circuit["status"] == "does not fit"
    assert "kl" not in circuit
    for row in rows:
        for name in ("kl", "kl_held", "effective_beta", "energy_error", "magnetization_error"):
            if name == "kl_held" and row["chips"]:  # each chip holds something else
                assert row[name] is None
                continue
            assert row[name]["low"] <= row[name]["value"] <= row[name]["high"]
        assert row["kl"]["high"] < 0.15
        assert row["parameters"]
        assert row["energy_per_read_j"]["value"] > 0.0
    origin = data["provenance"]
    assert {"seed", "versions", "command", "input", "input_sha256", "machine", "date"} <= origin.keys()


def test_a_beta_alone_means_to_sample(unit, tmp_path, capsys):
    words = ["solve", unit, "--beta", ".7", "--target", "cpu-gibbs", "--reads", "30", "--seed", "1"]
    assert main([*words, "--out", str(tmp_path / "states.npz")]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("cpu-gibbs, 30 reads at beta 0.7\n")
    assert "KL, nats" in said.out
    with np.load(tmp_path / "states.npz") as kept:
        assert kept["spins"].shape == (30, 4)
        assert kept["betas"].tolist() == [0.7]
    data = run_json(capsys, *words)
    assert (data["task"]["beta"], data["provenance"]["seed"], len(data["answer"])) == (0.7, 1, 4)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--task", "sample"], "--task sample needs an inverse temperature; add --beta B"),
        (["--task", "minimize", "--beta", "1"], "--beta is to sample, and --task is minimize; leave one of them out"),
        (["--task", "recall"], "unit.json is no memory but of kind ising, which has nothing to recall"),
        (["--rule", "hebb"], "unit.json: rule is 'hebb', but this is no memory but of kind ising; leave the rule out"),
        (["--kind", "tsp"], "looks like a model in JSON; a model is neither a tour, a graph nor patterns"),
    ],
)
@pytest.mark.parametrize("command", ["compare", "solve"])
def test_options_that_contradict_are_one_line(unit, command, words, said, capsys):
    assert main([command, unit, *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_rule_reaches_the_study(tmp_path, capsys):
    path = tmp_path / "cross.txt"
    path.write_text("#..#\n.##.\n.##.\n#..#\n\n####\n#..#\n#..#\n####\n")
    words = ["compare", path, "--targets", "cpu-anneal", "--reads", "8", "--seed", "1"]
    data = run_json(capsys, *words, "--rule", "pseudo-inverse")
    assert data["task"] == {"name": "recall", "rule": "pseudo-inverse"}
    assert data["results"][0]["success"] == data["results"][0]["success_probability"]
    assert run_json(capsys, *words)["task"]["rule"] == "hebb"


@pytest.mark.parametrize("command", ["sample", "recall"])
def test_every_json_says_where_it_is_from(unit, tmp_path, command, capsys):
    path = tmp_path / "ring.txt"
    path.write_text("##..\n..##\n")
    words = [unit, "--beta", "1", "--reads", "8"] if command == "sample" else [path]
    data = run_json(capsys, command, *words, "--seed", "3")
    origin = data["provenance"]
    assert (origin["seed"], origin["input"]) == (3, "unit.json" if command == "sample" else "ring.txt")
    assert {"command", "input_sha256", "versions", "machine", "date"} <= origin.keys()


# report


def test_the_report_of_a_sampling_task(tmp_path, unit, capsys):
    words = ["compare", unit, "--beta", "0.7", "--targets", "cpu-gibbs,cpu-anneal", "--reads", "100", "--seed", "2"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "sampled at beta 0.7" in said
    assert "by enumeration" in said
    page = (tmp_path / "out" / "report.html").read_text()
    for text in ("sampled at beta 0.7", "KL, nats", "Energy against divergence", "No divergence is seen"):
        assert text in page
    assert "Time to solution" not in page
    assert {path.name for path in (tmp_path / "out" / "figures").iterdir()} == {
        "sampling.svg", "sampling.png", "energy.svg", "energy.png",
    }  # fmt: skip
