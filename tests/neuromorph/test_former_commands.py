"""``sample``, ``recall`` and ``spike``: what they are called today, the same JSON, the options that have gone."""

import json
import re
import shlex

import numpy as np
import pytest

from neuromorph import Ising, exact
from neuromorph.cli import main
from neuromorph.problems import IsingModel, write_ising
from neuromorph.problems.ising_model import hold_spins

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


@pytest.fixture
def place(tmp_path):
    (tmp_path / "letters.txt").write_text(LETTERS.strip() + "\n")
    (tmp_path / "cut.txt").write_text("4 4\n1 2 1\n2 3 1\n3 4 1\n1 4 1\n")
    rng = np.random.default_rng(1)
    j = np.triu(rng.normal(size=(5, 5)), 1)
    write_ising(tmp_path / "five.npz", Ising(j + j.T, rng.normal(size=5), 0.5))
    return tmp_path


def said_today(capsys):
    """Words of today in the note of a former command, and what was printed."""
    said = capsys.readouterr()
    found = re.search(r"^note: (\w+) goes with the next release.*; today: neuromorph (.*)$", said.err, re.M)
    assert found, said.err
    return found[1], shlex.split(found[2]), said.out


def without_what_differs(text):
    """JSON without what two runs of one command differ in: the date, and measured times with what follows of them."""
    about = json.loads(text)
    del about["provenance"]["date"]
    return {
        name: each
        for name, each in about.items()
        if not re.search("_s$|_j$|_hz$|ledger|levels|standby|work|share_of_prices|known$", name)
    }


CASES = [
    (["sample", "five.npz", "--beta", "0.5", "--reads", "40", "--sweeps", "3"],
     ["--target", "cpu-gibbs(sweeps=300,chains=4,thin=3)"]),
    (["sample", "five.npz", "--beta", "0.5", "--reads", "40", "--method", "population-annealing"],
     ["--target", "cpu-population-annealing(populations=4,step_sweeps=10)"]),
    (["sample", "cut.txt", "--beta", "1", "--method", "tempering", "--reads", "8"],
     ["--target", "cpu-tempering(sweeps=200,chains=4,thin=10)"]),
    (["recall", "letters.txt"], ["--task", "recall", "--rule", "hebb", "--target", "cpu-relaxation"]),
    (["recall", "letters.txt", "--rule", "dense", "--power", "4", "--noise", "0.1"], ["--rule", "dense(power=4)"]),
    (["recall", "letters.txt", "--rule", "modern", "--beta", "2"], ["--rule", "modern(beta=2)"]),
    (["recall", "letters.txt", "--beta", "2", "--synchronous"],
     ["--target", "cpu-relaxation(beta=2,order=synchronous)"]),
    (["spike", "letters.txt"], ["--target", "spiking-generic", "--task", "recall"]),
    (["spike", "five.npz", "--beta", "0.5", "--chains", "7", "--duration", "0.05"],
     ["--target", "spiking-generic(sample_s=0.05)", "--task", "sample", "--beta", "0.5"]),
    (["spike", "five.npz", "--neurons", "lif", "--clamp", "0=1,3=-1", "--chains", "3"],
     ["--target", "spiking-brainscales(sample=on)"]),
    (["spike", "cut.txt", "--chains", "2", "--duration", "0.5"], ["--target", "spiking-generic(search_s=0.5)"]),
]  # fmt: skip


@pytest.mark.parametrize(("words", "wanted"), CASES, ids=[" ".join(words) for words, _ in CASES])
def test_the_same_json_as_the_command_of_today(place, capsys, monkeypatch, words, wanted):
    monkeypatch.chdir(place)
    assert main([*words, "--seed", "3", "--json"]) == 0
    name, today, printed = said_today(capsys)
    assert name == words[0]
    assert today[0] == "solve"
    assert " ".join(wanted) in " ".join(today)
    assert main(today) == 0
    again = capsys.readouterr()
    assert "goes with the next release" not in again.err
    assert without_what_differs(again.out) == without_what_differs(printed)
    assert json.loads(printed)["provenance"]["command"] == shlex.join(["neuromorph", *today])


def test_a_folder_has_the_course_of_a_read_too(place, capsys, monkeypatch):
    monkeypatch.chdir(place)
    for words in (["recall", "letters.txt"], ["spike", "letters.txt"]):
        assert main([*words, "--seed", "1", "--out", words[0], "--json"]) == 0
        _, _, printed = said_today(capsys)
        folder = place / words[0]
        assert json.loads(printed) == json.loads((folder / "result.json").read_text())
        trace = json.loads((folder / "trace.json").read_text())
        assert trace["spins"] == json.loads(printed)["answer"] or words[0] == "spike" or len(trace["spins"]) == 40
        assert trace["task"] == "recall"
        names = {path.name for path in folder.iterdir()}
        assert names == {"answer.png", "recalled-1.png", "recalled-2.png", "recalled.txt", "result.json", "trace.json",
                         "trace.png", "trace.svg"}  # fmt: skip


@pytest.mark.parametrize(("words", "said"), [
    (["spike", "letters.txt", "--wiring", "dale"], "--wiring goes with the command spike: a chip has one wiring; in"),
    (["spike", "letters.txt", "--swing-mv", "20"], "--swing-mv goes with the command spike"),
    (["spike", "cut.txt", "--strength", "1"], "neuromorph.spiking.WinnerTakeAll(strength=...) takes it"),
    (["spike", "cut.txt", "--as", "search", "--beta", "1"], "--beta is to sample, and --as is search"),
    (["spike", "five.npz", "--clamp", "0=2"], "--clamp: has '0=2'; give each spin once"),
    (["spike", "five.npz", "--clamp", "9=1"], "clamp is 9=1; give spins 0 .. 4"),
    (["recall", "cut.txt"], "cut.txt is no picture but a maxcut"),
    (["recall", "five.npz"], "five.npz is no picture but an ising"),
    (["recall", "absent.txt"], "absent.txt"),
    (["sample", "five.npz"], "--beta"),
    (["sample", "five.npz", "--beta", "1", "--method", "magic"], "--method: is 'magic'; choose one of gibbs, swendsen"),
    (["sample", "five.npz", "--beta", "1", "--reads", "0"], "--reads"),
])  # fmt: skip
def test_what_has_no_meaning_any_more_says_what_replaces_it(place, capsys, monkeypatch, words, said):
    monkeypatch.chdir(place)
    assert main(words) == 2
    *_, error = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert said in error


def test_held_spins_leave_the_model_of_the_others(place):
    """Energies of all states in which they are held; a sign or a lost constant fails."""
    rng = np.random.default_rng(0)
    j = np.triu(rng.normal(size=(5, 5)), 1)
    ising = Ising(j + j.T, rng.normal(size=5), 0.25)
    rest = hold_spins(IsingModel("five", ising), {1: -1, 3: 1})
    states = exact.spins_of(np.arange(32), 5)
    held = states[(states[:, 1] == -1) & (states[:, 3] == 1)]
    assert rest.energy(held[:, [0, 2, 4]]) == pytest.approx(ising.energy(held))
    assert rest.notes == ("spins are held: 1 at -1, 3 at +1; the others are renumbered in their order",)
    with pytest.raises(ValueError, match="clamp holds all 5 spins"):
        hold_spins(IsingModel("five", ising), dict.fromkeys(range(5), 1))


def test_a_trace_takes_the_rule_and_the_costs_of_the_user(place, capsys):
    """Another rule, other couplings; a step of the chip that is twice as long makes the read so."""
    path = place / "letters.txt"
    (place / "cost.toml").write_text(
        '[spiking-generic.step_time]\nvalue = 1e-3\nunit = "s"\nlow = 1e-3\nhigh = 1e-3\nkind = "assumed"\n'
        'source = "a test"\n'
    )
    traces = []
    for words in ([], ["--rule", "pseudo-inverse"], ["--cost", str(place / "cost.toml")]):
        assert main(["trace", str(path), "--target", "spiking-generic", "--json", *words]) == 0
        traces.append(json.loads(capsys.readouterr().out))
    plain, other, slower = traces
    assert plain["energies"] != other["energies"]
    assert slower["times"][-1] > 3 * plain["times"][-1]
    assert slower["spikes"]["neurons"] == plain["spikes"]["neurons"]
    assert slower["provenance"]["replaced_constants"]["step_time"]["value"] == 1e-3
