"""Targets of other people: whatever they do, it is a row with its reason, the others go on, and no number is wrong."""

import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from study_toys import JOULE, Descent, Ring, press_ctrl_c

import neuromorph as nm
from neuromorph import Cost
from neuromorph.cli import main
from neuromorph.installed_targets import hidden_targets
from neuromorph.protocol import TargetError


@dataclass(frozen=True)
class Odd(Descent):
    """A target whose program, run, prices and members can be spoilt."""

    name: str = "odd"
    programmed: object = field(default=None, compare=False)
    ran: object = field(default=None, compare=False)
    prices: object = field(default=None, compare=False)

    def program(self, problem, rng=None):
        program = super().program(problem, rng)
        return self.programmed(program) if self.programmed else program

    def run(self, program, task, reads=1, rng=None):
        run = super().run(program, task, reads, rng)
        return self.ran(run) if self.ran else run

    def costs(self):
        return self.prices(super().costs()) if self.prices else super().costs()


def raising(error):
    def spoilt(_):
        raise error

    return spoilt


def without_a_read(run):
    return replace(run, spins=run.spins[:0], energies=run.energies[:0], activity={}, converged=run.converged[:0])


def with_spins(value):
    def spoilt(run):
        spins = run.spins.astype(float)
        spins[0, 0] = value
        return replace(run, spins=spins)

    return spoilt


def with_activity(value):
    return lambda run: replace(run, activity={**run.activity, "flips": np.full(run.reads, value)})


PROGRAMS = {
    "leaves": (raising(SystemExit(2)), "SystemExit: 2"),
    "ends its generator": (raising(GeneratorExit()), "GeneratorExit"),
    "says that Ctrl-C came": (raising(KeyboardInterrupt()), "it raised KeyboardInterrupt"),
    "has no memory": (raising(MemoryError()), "MemoryError"),
    "recurses": (raising(RecursionError("too deep")), "RecursionError: too deep"),
    "returns nothing": (lambda program: None, "program() returned a NoneType, not a Program"),
    "has no error": (lambda program: replace(program, mapping_error=math.nan), "mapping_error nan"),
    "writes a note": (lambda program: replace(program, notes="a note"), "notes 'a note'; expected a tuple"),
    "reads none together": (lambda program: replace(program, parallel_reads=0), "parallel_reads 0"),
}
RUNS = {
    "leaves": (raising(SystemExit("bye")), "SystemExit: bye"),
    "ends its generator": (raising(GeneratorExit()), "GeneratorExit"),
    "says that Ctrl-C came": (raising(KeyboardInterrupt()), "it raised KeyboardInterrupt"),
    "says that it was interrupted": (lambda run: replace(run, status="interrupted"), "without Ctrl-C"),
    "returns nothing": (lambda run: None, "run() returned a NoneType, not a Run"),
    "has no reads": (without_a_read, "run() returned 0 reads of 1 that were asked for, with status 'ok'"),
    "fails without a word": (lambda run: replace(without_a_read(run), status="failed"), "failed without a read"),
    "has another status": (lambda run: replace(run, status="fine"), "status 'fine'"),
    "has spins in a row": (lambda run: replace(run, spins=run.spins[0]), "spins of shape (8,)"),
    "has too few spins": (lambda run: replace(run, spins=run.spins[:, :5]), "spins that are none of the problem"),
    "has too many reads": (lambda run: replace(run, spins=np.vstack([run.spins] * 2)), "2 reads of 1"),
    "has a spin of 0": (with_spins(0), "expected -1 and +1"),
    "has a spin of NaN": (with_spins(math.nan), "expected -1 and +1"),
    "has a spin of text": (lambda run: replace(run, spins=run.spins.astype(str)), "expected an array"),
    "counts below 0": (with_activity(-1.0), "counts 'flips' as -1.0"),
    "counts NaN": (with_activity(math.nan), "counts 'flips' as nan"),
    "counts once for all": (lambda run: replace(run, activity={"flips": 3.0}), "'flips' of shape ()"),
    "does not settle anything": (lambda run: replace(run, converged=True), "'converged' of shape ()"),
    "makes energies up": (lambda run: replace(run, energies=run.energies - 1.0), "the energy -"),
    "has energies of NaN": (lambda run: replace(run, energies=run.energies * math.nan), "the energy nan"),
}
PRICES = {
    "leaves": (raising(SystemExit(1)), "it has no prices: 1"),
    "fails": (raising(ValueError("no price list")), "it has no prices: no price list"),
    "is no list": (lambda costs: 3, "it has no prices: "),
    "has bare numbers": (lambda costs: (Cost("flips", "flips", energy=2e-12),), "a bare 2e-12; make it a Datum"),
    "has strings": (lambda costs: ("free",), "holds a str, not a Cost"),
    "pays": (
        lambda costs: (Cost("flips", "flips", energy=replace(JOULE, low=-1e-12)),),
        "-1e-12 J; prices are not negative",
    ),
    "prices what is not counted": (lambda costs: (Cost("lunches", "lunch", energy=JOULE),), "counts no 'lunches'"),
}


def row_beside_an_honest_one(**spoilt):
    """The row of an odd target, which must not change that of its neighbor."""
    odd, honest = nm.compare(Ring(), [Odd(**spoilt), Descent()], reads=4, rng=0).results
    assert (honest.status, honest.reads) == ("ok", 4)
    json.loads(nm.results_json(nm.Comparison(Ring(), (odd, honest))))
    return odd


@pytest.mark.parametrize("case", PROGRAMS)
def test_an_odd_program_is_a_row(case):
    spoil, said = PROGRAMS[case]
    row = row_beside_an_honest_one(programmed=spoil)
    assert (row.status, row.reads) == ("failed", 0)
    assert said in row.reason
    assert "\n" not in row.reason


@pytest.mark.parametrize("case", RUNS)
def test_an_odd_run_is_a_row(case):
    spoil, said = RUNS[case]
    row = row_beside_an_honest_one(ran=spoil)
    assert row.status == "failed"
    assert said in row.reason
    assert "\n" not in row.reason


@pytest.mark.parametrize("case", PRICES)
def test_odd_prices_cost_the_prices_and_not_the_answers(case):
    spoil, said = PRICES[case]
    row = row_beside_an_honest_one(prices=spoil)
    assert (row.status, row.reads) == ("failed", 4)
    assert said in row.reason
    assert row.best == 8
    assert row.ets_j is row.energy_per_read_j is row.ledger is None


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"supported_tasks": "minimize"}, "it supports 'minimize'; expected a frozenset"),
        ({"supported_tasks": frozenset({"optimize"})}, "it supports frozenset({'optimize'})"),
        ({"supported_tasks": None}, "it supports None"),
        ({"name": ""}, "its name is ''"),
        ({"name": 3}, "its name is 3"),
        ({"summary": None}, "its summary is None"),
    ],
)
def test_odd_members_are_a_row(members, said):
    rows = nm.compare(Ring(), [Odd(**members), Descent()], reads=2, rng=0).results
    assert [row.status for row in rows] == ["failed", "ok"]
    assert said in rows[0].reason


def test_energies_in_single_precision_or_another_order_are_no_contradiction():
    def rounded(run):
        return replace(run, energies=run.energies.astype(np.float32) * (1.0 + 1e-7))

    assert row_beside_an_honest_one(ran=rounded).status == "ok"


def test_ctrl_c_is_told_from_a_target_that_swallows_it():
    """It catches KeyboardInterrupt and goes on: its row stands, the next target is not begun."""

    def deaf(reads):
        try:
            press_ctrl_c()
        except KeyboardInterrupt:
            return

    stopped = nm.compare(Ring(), [Descent(events=deaf), Descent(name="next")], reads=1, rng=0)
    assert [(row.status, row.reads) for row in stopped.results] == [("ok", 1), ("interrupted", 0)]
    assert stopped.interrupted


# Packages.

ODD_PACKAGE = """
import sys
from study_toys import Descent

def shadow():
    print("printed by a package")
    return Descent(name="cpu-anneal")

def renamed():
    return Descent(name="something-else")

def leaves():
    sys.exit(3)

def interrupts():
    raise KeyboardInterrupt

def nothing():
    return None

class Talker(Descent):
    def run(self, program, task, reads=1, rng=None):
        import os
        print("printed in Python")
        os.write(1, b"printed below Python\\n")
        return super().run(program, task, reads, rng)

def talker():
    return Talker(name="talker")
"""
POINTS = {
    "cpu-anneal": "odd_package:shadow",
    **{name: f"odd_package:{name}" for name in ("renamed", "leaves", "interrupts", "nothing", "talker", "missing")},
    "broken": "odd_package_broken:Thing",
    "exits": "odd_package_exits:Thing",
}


@pytest.fixture
def odd_package(tmp_path, monkeypatch):
    """An installed distribution "odd" whose entry points are all odd, and one that hides cpu-anneal."""
    about = tmp_path / "site" / "odd-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    points = "".join(f"{name} = {value}\n" for name, value in POINTS.items())
    (about / "entry_points.txt").write_text(f"[neuromorph.targets]\n{points}")
    (about.parent / "odd_package.py").write_text(ODD_PACKAGE)
    (about.parent / "odd_package_broken.py").write_text("import no_such_module\n")
    (about.parent / "odd_package_exits.py").write_text("raise SystemExit(4)\n")
    monkeypatch.syspath_prepend(str(about.parent))
    places = [str(about.parent), str(Path(__file__).parents[1] / "support"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(places))
    yield
    for name in [name for name in sys.modules if name.startswith("odd_package")]:
        sys.modules.pop(name)


SAID = {
    "renamed": "makes one that names itself 'something-else'",
    "leaves": "raises SystemExit: 3",
    "interrupts": "KeyboardInterrupt",
    "nothing": "lacks a member of neuromorph.Target",
    "missing": "AttributeError",
    "broken": "ModuleNotFoundError: No module named 'no_such_module'",
    "exits": "raises SystemExit: 4",
    "cpu-anneal #2": "the package odd also offers a target 'cpu-anneal'",
}


def test_odd_packages_are_rows_of_a_study(odd_package):
    names = [name for name in POINTS if name != "talker"]
    rows = {row.target: row for row in nm.compare(Ring(), names, reads=2, rng=0).results}
    assert rows["cpu-anneal"].status == "ok"
    assert rows["cpu-anneal"].summary == nm.get_target("cpu-anneal").summary != Descent.summary
    assert {name: row.status for name, row in rows.items() if name != "cpu-anneal"} == dict.fromkeys(SAID, "failed")
    for name, said in SAID.items():
        assert said in rows[name].reason, name


def test_odd_packages_are_lines_of_the_list(odd_package, capsys):
    assert main(["targets", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    for name, said in SAID.items():
        assert listed[name]["supported_tasks"] == []
        assert said in listed[name]["summary"]
    assert listed["cpu-anneal"]["supported_tasks"]
    assert hidden_targets() == {"cpu-anneal": ["odd"]}
    assert main(["info"]) == 0
    assert "warning: the package odd also offers a target 'cpu-anneal'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["renamed", "leaves", "nothing", "exits"])
def test_an_odd_target_raises_an_exception_that_names_it(odd_package, name):
    with pytest.raises(TargetError, match=name):
        nm.get_target(name)


def test_what_a_target_prints_does_not_reach_the_output(odd_package, tmp_path):
    (tmp_path / "pentagon.txt").write_text("5 5\n1 2 1\n2 3 1\n3 4 1\n4 5 1\n1 5 1\n")
    words = ["compare", str(tmp_path / "pentagon.txt"), "--targets", "talker,cpu-anneal", "--reads", "1", "--json"]
    command = [sys.executable, "-m", "neuromorph", *words]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert [row["status"] for row in json.loads(said.stdout)["results"]] == ["ok", "ok", "failed"]
    assert {"printed in Python", "printed below Python"} <= set(said.stderr.splitlines())


def test_solve_warns_of_a_package_that_hides_behind_ours(odd_package, tmp_path, capsys):
    (tmp_path / "pentagon.txt").write_text("5 5\n1 2 1\n2 3 1\n3 4 1\n4 5 1\n1 5 1\n")
    assert main(["solve", str(tmp_path / "pentagon.txt"), "--reads", "2"]) == 0
    said = capsys.readouterr()
    assert len(said.out.split()) == 5
    assert "warning: the package odd also offers a target 'cpu-anneal'" in said.err
