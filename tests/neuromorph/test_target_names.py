"""Targets with parameters as text: what is read, what is refused and how, and what becomes of them in a study."""

import inspect
import json
import re

import numpy as np
import pytest
from scipy import sparse

import neuromorph as nm
from hardware_targets.cpu.annealer import CpuAnneal
from hardware_targets.memristor_crossbar import MemristorCrossbar
from neuromorph.cli import main
from neuromorph.installed_targets import parameters_of
from neuromorph.protocol import limits_of, metrics_of
from neuromorph.study.fingerprint import digest
from neuromorph.target_names import callable_parameters, converted, parse_target, split_targets

RING = "6 6\n" + "\n".join(f"{k + 1} {(k + 1) % 6 + 1} 1" for k in range(6)) + "\n"


@pytest.fixture
def ring(tmp_path):
    path = tmp_path / "ring.txt"
    path.write_text(RING)
    return path


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a,b", ["a", "b"]),
        (" a ( x = 1 , y = 2 ) , b ", ["a ( x = 1 , y = 2 )", "b"]),
        ("a(x=[1,2]),b(s='c,)d')", ["a(x=[1,2])", "b(s='c,)d')"]),
        ("a,,", ["a"]),
        ("", []),
    ],
)
def test_lists_are_split_outside_brackets_and_quotes(text, pieces):
    assert split_targets(text) == pieces


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("16", 16),
        ("-3", -3),
        ("1e-3", 1e-3),
        ("on", True),
        ("False", False),
        ("none", None),
        ("E96", "E96"),
        ("a/b.toml", "a/b.toml"),
        ("'two words'", "two words"),
        ('"16"', "16"),
        ("[1, off, x]", [1, False, "x"]),
        ("[]", []),
    ],
)
def test_values(value, read):
    name, parameters = parse_target(f"dev( p = {value}, q=1 )")
    assert name == "dev"
    assert parameters == {"p": read, "q": 1}
    assert type(parameters["p"]) is type(read)


def test_a_name_alone():
    assert parse_target("cpu-anneal") == parse_target(" cpu-anneal() ") == ("cpu-anneal", {})


@pytest.mark.parametrize(
    "text",
    [
        "a(b",
        "a(b=1",
        "a(b=1))",
        "a(b=1)c",
        "a(=1)",
        "a(b=)",
        "a(b)",
        "a(b='x)",
        "a(b=[1)",
        "a(b=[1)]",
        "a(b=nan)",
        "a(b=inf)",
        "a(b=1,b=2)",
        "a(b=1,,c=2)",
        "a(b-c=1)",
        "a(b=x y)",
        "a(b='x'y')",
        "a(b=" + "1" * 3000 + ")",
    ],
)
def test_what_cannot_be_read_is_a_value_error_of_one_line(text):
    with pytest.raises(ValueError) as caught:
        parse_target(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_kinds_of_parameters():
    def make(
        n: int, x: float, both: float | bool = 1.0, y: float | None = None, s: str = "", some: list[int] | None = None
    ):
        """Make.

        Parameters
        ----------
        n, x : int, float
            Two numbers.
        y : float
            One that may be none:
            over two lines.
        """

    known = callable_parameters(make)
    assert [each.meaning for each in known[:4]] == [
        "Two numbers.",
        "Two numbers.",
        "",
        "One that may be none: over two lines.",
    ]
    assert known[0].default is inspect.Parameter.empty
    found = converted(known, {"n": 3.0, "x": 2, "both": False, "y": None, "s": "a", "some": [1, 2]})
    assert found == {"n": 3, "x": 2.0, "both": 0.0, "y": None, "s": "a", "some": [1, 2]}
    assert [type(found[name]) for name in ("n", "x", "both")] == [int, float, float]
    for name, value, rule in (
        ("n", 2.5, "n is 2.5; give a whole number"),
        ("n", True, "n is on; give a whole number"),
        ("x", "a", "x is 'a'; give a number"),
        ("y", False, "y is off; give a number or none"),
        ("s", 3, "s is 3; give text"),
        ("some", [1, "a"], r"some is \[1, 'a'\]; give a list"),
    ):
        with pytest.raises(ValueError, match=rule):
            converted(known, {name: value})


def test_any_parameter_of_a_callable_that_takes_all():
    assert callable_parameters(lambda **options: None) is None


@pytest.mark.parametrize("name", nm.available_targets())
def test_every_target_explains_each_of_its_parameters_and_its_limits(name):
    """Explicit, documented, with a default: and what the defaults say makes the default target."""
    parameters = parameters_of(name)
    assert parameters
    for each in parameters:
        assert each.meaning.endswith("."), each.name
        assert each.default is not inspect.Parameter.empty
    plain = nm.get_target(name)
    assert digest(nm.get_target(name, **{each.name: each.default for each in parameters})) == digest(plain)
    limits = limits_of(plain)
    assert {"spins", "refuses"} <= limits.keys()
    assert all(isinstance(each, (int, str)) for each in limits.values())


@pytest.mark.parametrize("name", nm.available_targets())
def test_limits_in_spins_are_those_that_program_keeps(name):
    most = limits_of(nm.get_target(name))["spins"]
    if isinstance(most, int):
        with pytest.raises(nm.DoesNotFit):
            nm.get_target(name).program(
                nm.Ising(
                    sparse.diags_array([1.0] * most, offsets=1, shape=(most + 1, most + 1)) * 0.0, np.ones(most + 1)
                ),
                0,
            )


def test_parameters_reach_the_target():
    device = nm.get_target("memristor-crossbar(levels=16,read_noise=off,programming_error=on,ir_drop=off,tau_s=1e-5)")
    assert device == MemristorCrossbar(levels=16, read_noise=0.0, ir_drop=False, tau_s=1e-5)
    assert (device.cell.read, device.cell.levels, device.cell.programming) == (0.0, 16, 1.0)
    assert nm.get_target("memristor-crossbar(levels=none)").cell.levels is None
    assert nm.get_target("cpu-anneal(sweeps=300)", power_w=5.0) == CpuAnneal(300, 5.0)
    assert nm.get_target("spiking-loihi(sample_s=0.2,step_s=5e-4)").times.sample_s == 0.2
    assert nm.get_target("dopant-neurons(couplings=memory)").cell is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cpu-aneal", "target is 'cpu-aneal'; did you mean cpu-anneal?"),
        (
            "cpu-anneal(sweep=3)",
            "cpu-anneal: it has no parameter 'sweep'; did you mean sweeps? parameters are sweeps, power_w",
        ),
        ("cpu-anneal(sweeps=x)", "cpu-anneal: sweeps is 'x'; give a whole number"),
        ("cpu-gibbs(sweeps=1e300)", "cpu-gibbs: sweeps is 1e+300; give a whole number to 10^15"),
        ("cpu-gibbs(sweeps=1e12)", "cpu-gibbs: sweeps is 1e+12; a read takes at least 2, at most 1,000,000,000"),
        ("cpu-anneal(sweeps=0)", "cpu-anneal: sweeps is 0; a read takes at least 2"),
        ("memristor-crossbar(read_noise=-1)", "memristor-crossbar: read_noise is -1.0"),
        ("memristor-crossbar(programming_error=-1)", "programming_error is -1.0; it is a factor"),
        ("memristor-crossbar(levels=1)", "levels is 1"),
        ("cpu-population-annealing(population=0)", "population is 0; it must be at least 1"),
        ("dopant-neurons(couplings=paper)", "couplings is 'paper'; give crossbar or memory"),
        ("spiking-loihi(backend=fast)", "backend is 'fast'; give numpy or cython or cpp_standalone"),
        ("cpu-anneal(constants=1)", "cpu-anneal: constants are no text; give a file by --cost"),
    ],
)
def test_what_is_wrong_is_said_with_the_rule_on_all_three_ways(text, said, ring, capsys):
    with pytest.raises(ValueError) as caught:
        nm.get_target(text)
    assert said in str(caught.value)
    with pytest.raises(ValueError):
        nm.compare(nm.load(ring), targets=[text], reads=1)
    for words in (["compare", str(ring), "--targets", text], ["solve", str(ring), "--target", text], ["targets", text]):
        assert main(words) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1


def test_twice_in_the_name_and_beside_it():
    with pytest.raises(ValueError, match="sweeps is given twice"):
        nm.get_target("cpu-anneal(sweeps=3)", sweeps=4)


def test_each_text_is_a_row_with_the_streams_of_the_plain_name(ring):
    """Common random numbers: a parameter at its default, said or not, gives the same reads."""
    problem = nm.load(ring)
    texts = ["cpu-anneal", "cpu-anneal(sweeps=1000)", "cpu-anneal(sweeps=3)", "cpu-anneal(sweeps=3)"]
    rows = nm.compare(problem, targets=texts, reads=8, rng=3).results
    assert [row.target for row in rows] == [*texts[:3], "cpu-anneal(sweeps=3) #2"]
    assert np.array_equal(rows[0].run.spins, rows[1].run.spins)
    assert np.array_equal(rows[2].run.spins, rows[3].run.spins)
    assert not np.array_equal(rows[0].run.spins, rows[2].run.spins)
    assert rows[2].run.provenance["parameters"] == {"sweeps": 3, "power_w": None}
    alone = nm.compare(problem, targets="cpu-anneal(sweeps=3)", reads=8, rng=3).results
    assert np.array_equal(alone[0].run.spins, rows[2].run.spins)


def test_one_text_may_name_several(ring):
    rows = nm.compare(nm.load(ring), "cpu-anneal(sweeps=3,power_w=2), cpu-gibbs(sweeps=3)", 2, 1).results
    assert [row.target for row in rows] == ["cpu-anneal(sweeps=3,power_w=2)", "cpu-gibbs(sweeps=3)"]


def test_kept_reads_tell_parameters_apart(ring, tmp_path):
    problem = nm.load(ring)

    def resumed(*texts):
        found = nm.compare(problem, targets=list(texts), reads=4, rng=3, directory=tmp_path / "kept").results
        return [row.resumed for row in found]

    assert resumed("cpu-anneal(sweeps=3)") == [0]
    assert resumed("cpu-anneal(sweeps=3)", "cpu-anneal(sweeps=4)", "cpu-anneal") == [4, 0, 0]
    assert resumed("cpu-anneal(sweeps=4)", "cpu-anneal") == [4, 4]
    makers = (nm.get_target("cpu-population-annealing", population=k) for k in (4, 4, 8))
    assert [resumed(each) for each in makers] == [[0], [4], [0]]  # under one label


def test_the_command_line_takes_the_same_text(ring, capsys):
    text = "cpu-anneal(sweeps=20),cpu-gibbs(sweeps=10,power_w=4)"
    assert main(["compare", str(ring), "--targets", text, "--reads", "2", "--seed", "1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["results"]
    assert [row["target"] for row in rows] == ["cpu-anneal(sweeps=20)", "cpu-gibbs(sweeps=10,power_w=4)"]
    assert main(["solve", str(ring), "--target", "cpu-anneal(sweeps=20)", "--reads", "2", "--seed", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["target"] == "cpu-anneal(sweeps=20)"


def test_the_table_keeps_its_numbers_beside_a_long_label(ring, capsys):
    text = "cpu-anneal(sweeps=20,power_w=4.25),cpu-gibbs"
    assert main(["compare", str(ring), "--targets", text, "--reads", "2", "--seed", "1", "--best-known", "6"]) == 0
    out = capsys.readouterr().out
    assert "to solution" in out
    assert re.search(r"cpu-anneal\(sweeps=20, .* 100 %", out)
    assert "  power_w=4.25)" in out


def test_metrics_are_the_provenance_without_parameters_and_versions():
    device, ising = nm.get_target("spiking-loihi(relax_s=0.4,read_s=0.1)"), nm.Ising([[0.0, 1.0], [1.0, 0.0]])
    run = device.run(device.program(ising, 0), nm.RecallFrom(np.ones(2)), 1, 0)
    assert set(metrics_of(run)) == {"neurobench"}
