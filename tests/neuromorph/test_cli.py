"""The command line: exit codes, messages without tracebacks, pure JSON, Ctrl-C that keeps what there is."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from html import unescape
from importlib.metadata import entry_points
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from study_toys import clock_of_sleep, press_ctrl_c
from test_engines import fake_ngspice

import neuromorph as nm
from circuits import DIALECTS, OPAMPS, installed_engines
from circuits.certificate.certify import Synapses
from circuits.simulators.process import TIMEOUT_S
from circuits.synthesis.board_network import EXACT
from circuits.synthesis.component_values import SERIES
from circuits.synthesis.hopfield_circuit import AmplifierLevel
from circuits.tolerances.variant_decks import VARIANTS
from neuromorph.cli import circuits as circuit_commands
from neuromorph.cli import compare as compare_commands
from neuromorph.cli import main
from neuromorph.cli import study_options as cli_options
from neuromorph.runtime.limits import checkpoint
from neuromorph.study import READS

SQUARE = """NAME: square
TYPE: TSP
DIMENSION: 4
EDGE_WEIGHT_TYPE: EUC_2D
NODE_COORD_SECTION
1 0 0
2 10 0
3 10 10
4 0 10
EOF
"""
PENTAGON = "5 5\n1 2 1\n2 3 1\n3 4 1\n4 5 1\n1 5 1\n"

TOYS = """
import time
from study_toys import Descent, Netlisted


def toy():
    return Netlisted(name="toy", flips=600)


def slow():
    return Descent(name="slow", events=lambda reads: time.sleep(0.02 * reads))


def blind():
    return Descent(name="blind", summary="[red]blind[/red]", largest=0)
"""


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """A folder on the path that installs the targets toy, slow and blind, and one that does not load."""
    folder = tmp_path / "site"
    about = folder / "toys-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "toy_targets.py").write_text(TOYS)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    points = "".join(f"{name} = toy_targets:{name}\n" for name in ("toy", "slow", "blind"))
    (about / "entry_points.txt").write_text(f"[neuromorph.targets]\n{points}absent = no_such_module:Thing\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(Path(__file__).parents[1] / "support")]))
    yield folder
    sys.modules.pop("toy_targets", None)


@pytest.fixture
def square(tmp_path):
    path = tmp_path / "square.tsp"
    path.write_text(SQUARE)
    return str(path)


@pytest.fixture
def pentagon(tmp_path):
    path = tmp_path / "pentagon.txt"
    path.write_text(PENTAGON)
    return str(path)


# compare


def test_compare_prints_a_table_and_writes_a_folder(toys, square, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["compare", square, "--targets", "toy,blind,absent", "--reads", "40", "--seed", "3", "--best-known", "40"]
    assert main([*words, "--why", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "blind: blind has 0 spins, the problem 16; take a larger array" in " ".join(said.out.split())
    assert "absent: ModuleNotFoundError: No module named 'no_such_module'" in said.out
    data = json.loads((out / "results.json").read_text())
    assert [row["status"] for row in data["results"]] == ["ok", "does not fit", "failed"]
    assert data["problem"]["best_known"] == data["results"][0]["best"] == 40
    assert data["provenance"]["seed"] == 3
    assert data["provenance"]["command"].startswith("neuromorph compare")
    assert data["provenance"]["input"] == "square.tsp"
    assert len(data["provenance"]["input_sha256"]) == 64
    assert nm.load(square).length(nm.read_tour(out / "best.tour")) == 40
    assert {"report.html", "netlist.cir", "figures", "runs"} <= {path.name for path in out.iterdir()}
    assert data["provenance"]["command"] in unescape((out / "report.html").read_text())


def test_json_is_pure_and_repeatable(toys, pentagon, capsys):
    words = ["compare", pentagon, "--targets", "toy", "--reads", "9", "--seed", "5", "--json"]
    rows = []
    for _ in range(2):
        assert main(words) == 0
        said = capsys.readouterr()
        assert said.err == ""
        rows.append(json.loads(said.out)["results"])
    assert rows[0] == rows[1]
    assert rows[0][0]["best"] == 4


def test_quiet_says_nothing(toys, pentagon, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["compare", pentagon, "--targets", "toy", "--reads", "4", "--quiet", "--out", str(out)]) == 0
    assert capsys.readouterr() == ("", "")
    assert (out / "report.html").is_file()


def test_options_reach_the_study(toys, pentagon, capsys):
    words = ["compare", pentagon, "--targets", "toy", "--reads", "6", "--json", "--success-gap", "0.5"]
    assert main([*words, "--best-known", "7", "--kind", "maxcut", "--time-limit", "60"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["provenance"]["success_gap"] == 0.5
    assert data["provenance"]["time_limit_s"] == 60
    assert data["problem"] == {
        "name": "pentagon",
        "kind": "maxcut",
        "size": 5,
        "best_known": 7,
        "best_of_study": None,
        "sense": "max",
        "notes": [],
    }
    assert data["results"][0]["success_probability"]["value"] == 1
    assert data["results"][0]["gap"] == pytest.approx(3 / 7)


def test_reads_that_nobody_asked_for_end_with_the_usual_time(toys, pentagon, tmp_path, monkeypatch, capsys):
    """Reads that were asked for are made, however long they take; the same command makes those that are left."""
    monkeypatch.setattr(compare_commands, "_USUAL_S", 0.4)
    clock_of_sleep(monkeypatch)
    words = ["compare", pentagon, "--targets", "slow", "--seed", "1", "--out", str(tmp_path / "out")]
    counts = []
    for _ in range(2):
        assert main(words) == 0
        data = json.loads((tmp_path / "out" / "results.json").read_text())
        counts.append(data["results"][0]["reads"])
        assert data["provenance"]["time_limit_s"] == 0.4
    assert 1 <= counts[0] < 100
    assert counts[0] < counts[1] <= 100
    assert "neither --reads nor --time-limit is given; the same command goes on" in capsys.readouterr().err
    assert main([*words, "--reads", "100", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["provenance"]["time_limit_s"] is None
    assert data["results"][0]["reads"] == 100


def test_no_feasible_answer_is_1(toys, pentagon, capsys):
    assert main(["compare", pentagon, "--targets", "blind", "--reads", "3"]) == 1
    assert main(["solve", pentagon, "--target", "blind", "--reads", "3"]) == 1
    assert "no feasible answer; blind has 0 spins" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["compare"], "required: FILE"),
        (["paint"], "invalid choice: 'paint'"),
        (["compare", "absent.tsp"], "absent.tsp: there is no such file"),
        (["solve", "."], "is a folder without pictures"),
        (["compare", "SQUARE", "--reads", "0"], "argument --reads: is '0'; give a whole number from 1"),
        (["compare", "SQUARE", "--reads", "2.5"], "argument --reads: is '2.5'"),
        (["compare", "SQUARE", "--reads", "9" * 20], "give a whole number from 1 to 10^15"),
        (["solve", "SQUARE", "--target", ""], "target is ''; installed are"),
        (["compare", "SQUARE", "--seed", "-1"], "argument --seed: is '-1'; give a whole number from 0"),
        (["compare", "SQUARE", "--time-limit", "0"], "argument --time-limit: is '0'; give a number above 0"),
        (["compare", "SQUARE", "--time-limit", "nan"], "argument --time-limit: is 'nan'"),
        (["compare", "SQUARE", "--success-gap", "-0.1"], "argument --success-gap: is '-0.1'; give a number"),
        (["compare", "SQUARE", "--targets", ","], "argument --targets: name one at least"),
        (["compare", "SQUARE", "--targets", "toy,warp"], "target is 'warp'; installed are absent, analog-circuit"),
        (["compare", "SQUARE", "--kind", "chess"], "kind is 'chess'; it must be one of tsp"),
        (["compare", "SQUARE", "--kind", "maxcut"], "square.tsp: looks like a TSPLIB file; that is no maxcut"),
        (["compare", "SQUARE", "--best-known", "nan"], "argument --best-known: is 'nan'; give a finite number"),
        (["compare", "SQUARE", "--best-known", "x"], "argument --best-known: is 'x'; give a finite number"),
        (["compare", "SQUARE", "--out", "SQUARE"], "choose another place with --out"),
        (["compare", "SQUARE", "--out", ""], "argument --out: is empty; name a place"),
        (["compare", "SQUARE", "--fast"], "unrecognized arguments: --fast; see neuromorph compare --help"),
        (["validate", "nothing"], "unrecognized arguments: nothing; see neuromorph validate --help"),
        (["solve", "SQUARE", "--target", "warp"], "target is 'warp'"),
        (["solve", "SQUARE", "--target", "toy", "--reads", "40", "--out", "SQUARE/tour"], "cannot write"),
        (["netlist", "absent.txt"], "absent.txt: there is no such file"),
        (["certify", "SQUARE", "--engine", "abacus"], "abacus"),
        (["certify", "SQUARE", "--level", "bsim"], "argument --level: invalid choice: 'bsim'"),
        (["certify", "SQUARE", "--step-fraction", "0"], "argument --step-fraction: is '0'"),
        (["certify", "SQUARE", "--reltol", "2"], "reltol is 2.0"),
        (["certify", "SQUARE", "--synapses", "overlaps"], "this problem is none of recall"),
        (["netlist", "SQUARE", "--opamp", "tl072"], "opamp is given, but level is 'ideal'"),
        (["netlist", "SQUARE", "--level", "opamp", "--opamp", "741"], "opamp is '741'; known are lmv824"),
        (["netlist", "SQUARE", "--schematic", "s.gif"], "kind of the schematic is 'gif'"),
        (["netlist", "SQUARE", "--schematic", "SQUARE/s.svg"], "choose another place with --schematic"),
    ],
)
def test_bad_input_is_2_with_one_line(toys, square, words, said, capsys):
    assert main([square + word[6:] if word.startswith("SQUARE") else word for word in words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["compare", "solve"])
def test_more_cues_than_fit_are_one_line(toys, tmp_path, command, capsys):
    picture = tmp_path / "picture.txt"
    picture.write_text("##..\n..##\n")
    assert main([command, str(picture), "--reads", str(10**15)]) == 2
    assert capsys.readouterr().err.startswith(f"error: reads is {10**15}; cues of 8 pixels stop at")


# the other commands


def test_solve_writes_the_answer(toys, square, pentagon, tmp_path, capsys):
    out = tmp_path / "a.tour"
    assert main(["solve", square, "--target", "toy", "--reads", "40", "--seed", "1", "--out", str(out)]) == 0
    assert nm.load(square).length(nm.read_tour(out)) == 40
    assert "score 40" in capsys.readouterr().err
    assert main(["solve", square, "--target", "toy", "--reads", "40", "--seed", "1"]) == 0
    tour = np.array(capsys.readouterr().out.split(), int) - 1
    assert nm.load(square).length(tour) == 40
    assert main(["solve", pentagon, "--target", "toy", "--reads", "5", "--seed", "1", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert nm.load(pentagon).score(np.array(data["answer"])) == data["best"] == 4
    out = tmp_path / "sides.txt"
    assert main(["solve", pentagon, "--target", "toy", "--reads", "5", "--seed", "1", "--out", str(out)]) == 0
    assert nm.load(pentagon).score(np.loadtxt(out, dtype=int)) == 4


def test_certify_tells_its_progress_unless_asked_for_json_and_ctrl_c_is_one_line(pentagon, monkeypatch, capsys):
    told, shown = [], []

    @contextmanager
    def bars(show):
        shown.append(show)
        yield lambda *said: told.append(said)

    monkeypatch.setattr("neuromorph.cli.progress.progress_bars", bars)
    engine = installed_engines()[0]
    for words in ([], ["--json"]):
        assert main(["certify", pentagon, "--engine", engine, *words]) == 0
    assert shown == [True, False]
    whole = [said for said in told if said[1] in ("running", "done")]  # beside the steps of a run
    assert whole == 2 * [(engine, "running", 0, 1), (engine, "done", 1, 1)]
    capsys.readouterr()

    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("circuits.certificate.engine_comparison.simulate_circuit", interrupted)
    assert main(["certify", pentagon]) == 130
    assert capsys.readouterr() == ("", "interrupted\n")


def test_a_pipe_is_written_to_and_a_link_followed(pentagon, tmp_path, capsys):
    """A file in the place of either would be lost to who reads there: /dev/stdout is a link to a pipe, or a device."""
    assert main(["netlist", pentagon]) == 0
    text = capsys.readouterr().out
    link, behind = tmp_path / "link.cir", tmp_path / "behind.cir"
    link.symlink_to(behind)
    assert main(["netlist", pentagon, "--out", str(link)]) == 0
    assert link.is_symlink()
    assert behind.read_text() == text
    if hasattr(os, "mkfifo"):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        assert main(["netlist", pentagon, "--out", str(pipe)]) == 0
        assert os.read(reader, 1 << 20).decode() == text
        os.close(reader)
        assert pipe.is_fifo()


def test_netlist_goes_where_it_is_asked_to(pentagon, tmp_path, capsys):
    out = tmp_path / "n.cir"
    assert main(["netlist", pentagon, "--out", str(out)]) == 0
    assert capsys.readouterr().out == ""
    assert main(["netlist", pentagon]) == 0
    assert capsys.readouterr().out == out.read_text()
    assert out.read_text().rstrip().endswith(".end")


def test_certify_names_each_engine(pentagon, capsys):
    assert main(["certify", pentagon, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["neurons"] == 5
    assert data["engines"]
    for errors in data["engines"].values():
        assert errors["same_attractor"]
        assert errors["trajectory_error"] < 1e-3
    engine = next(iter(data["engines"]))
    assert main(["certify", pentagon, "--engine", engine]) == 0
    said = capsys.readouterr().out
    assert engine in said
    assert "checks hold" in said


def test_certify_writes_what_it_found_and_refines(pentagon, tmp_path, capsys):
    out = tmp_path / "certificate"
    words = ["certify", pentagon, "--engine", "ngspice,neospice", "--refine", "--out", str(out)]
    if len(installed_engines()) < 3:
        words[3] = installed_engines()[0]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "tau/250" in said
    assert "certificate.json, certificate.svg, certificate.png" in said
    data = json.loads((out / "certificate.json").read_text())
    assert data["passed"]
    assert all(of["falls"] for of in data["refinement"]["engines"].values())


def test_certify_ends_with_1_where_engines_disagree(pentagon, capsys):
    """Steps of half a time constant are too long for the bound: the output says which check failed."""
    engine = installed_engines()[0]
    coarse = ["certify", pentagon, "--engine", engine, "--step-fraction", "2", "--reltol", "0.1"]
    assert main(coarse) == 1
    said = capsys.readouterr().out
    assert f"FAILED {engine}: trajectory error: " in said
    assert main([*coarse, "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["passed"], data["exit_status"]) == (False, 1)


def test_levels_and_synapses_reach_the_circuit(tmp_path, capsys):
    picture = tmp_path / "picture.txt"
    picture.write_text("##..\n..##\n")
    assert main(["netlist", str(picture), "--level", "opamp", "--opamp", "lmv824", "--dialect", "xyce"]) == 0
    said = capsys.readouterr().out
    assert "amplifiers: lmv824" in said
    assert "data sheet" in said
    assert max(map(len, said.splitlines())) <= 120
    assert main(["netlist", str(picture), "--level", "transistor"]) == 0
    assert ".model nmos2u nmos level=1" in capsys.readouterr().out
    engine = installed_engines()[0]
    for words, key, value in (
        (["--level", "opamp"], "amplifier", "lmv824"),
        (["--synapses", "overlaps"], "synapses", "overlaps"),
    ):
        assert main(["certify", str(picture), "--engine", engine, "--json", *words]) == 0
        assert json.loads(capsys.readouterr().out)[key] == value


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.txt"
    path.write_text("##..\n..##\n")
    return path


def test_certify_says_what_it_leaves_unbounded(picture, capsys):
    engine = installed_engines()[0]
    words = ["certify", str(picture), "--engine", engine, "--level", "opamp"]
    assert main(words) == 0
    said = capsys.readouterr().out
    aligned = rf"^{engine}: trajectory aligned by \+0\.\d+ R C \(of at most 5\) .* before, .* after; the bound is 0\."
    assert re.search(aligned, said, re.MULTILINE)
    assert re.search(rf"^unbounded: energy of {engine} at level opamp, seen 0\.\d+$", said, re.MULTILINE)
    assert re.search(r"^4 checks hold$", said, re.MULTILINE)
    assert "all " not in said
    assert main(words[:-2]) == 0
    said = capsys.readouterr().out
    assert "unbounded" not in said
    assert "\nall " in said


def test_certify_ends_an_engine_that_hangs(picture, tmp_path, monkeypatch, capsys):
    fake_ngspice(tmp_path, monkeypatch, "import time; time.sleep(600)")
    assert main(["certify", str(picture), "--engine", "ngspice", "--timeout", "0.5"]) == 2
    assert capsys.readouterr().err.startswith("error: ngspice took longer than timeout_s = 0.5; raise it (--timeout)")


def test_help_and_circuits_agree():
    """The tables of circuits, which help must not import."""
    assert get_args(AmplifierLevel) == circuit_commands.LEVELS
    assert get_args(Synapses) == circuit_commands.SYNAPSES
    assert tuple(DIALECTS) == circuit_commands.DIALECTS
    assert tuple(OPAMPS) == circuit_commands.OPAMPS
    assert set(circuit_commands.E_SERIES) == {*SERIES, EXACT}
    assert circuit_commands.VARIANT_KINDS == VARIANTS
    assert circuit_commands.TIMEOUT_S == TIMEOUT_S
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (line,) = [line for line in readme.splitlines() if "`--dialect`" in line]
    for name in DIALECTS:
        assert name in line.lower()


def test_the_readme_names_every_command_and_target(capsys):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    assert main(["--help"]) == 0
    commands = re.findall(r"^    ([a-z][a-z-]+)", capsys.readouterr().out, re.MULTILINE)
    assert len(commands) > 20
    assert [each for each in commands if f"`{each}`" not in readme and f"`neuromorph {each}" not in readme] == []
    ours = [point.name for point in entry_points(group="neuromorph.targets") if point.dist.name == "neuromorph"]
    assert [name for name in ours if f"`{name}`" not in readme] == []


@pytest.mark.parametrize(("name", "first"), [("s.svg", b"<?xml"), ("s.PNG", b"\x89PNG"), ("deep/s.pdf", b"%PDF")])
def test_a_schematic_lies_beside_the_netlist(pentagon, tmp_path, name, first, capsys):
    words = ["netlist", pentagon, "--level", "opamp", "--schematic", str(tmp_path / name)]
    assert main([*words, "--out", str(tmp_path / "n.cir")]) == 0
    assert (tmp_path / name).read_bytes().startswith(first)
    assert (tmp_path / "n.cir").read_text().startswith("* neuromorph")
    assert capsys.readouterr().out == ""


def test_targets_lists_all_even_one_that_does_not_load(toys, capsys):
    assert main(["targets", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows.keys() == set(nm.available_targets())
    assert rows["toy"]["supported_tasks"] == ["minimize", "recall"]
    assert rows["absent"]["summary"].startswith("does not load: ModuleNotFoundError")
    assert main(["targets"]) == 0
    assert "[red]blind[/red]" in capsys.readouterr().out


def test_info_warns_of_another_owner_of_our_names(toys, capsys):
    assert main(["info", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["warnings"] == []
    assert data["provenance"]["command"] == "neuromorph info --json"
    assert data["versions"].keys() >= {"python", "neuromorph", "numpy", "scipy", "numba", "brian2"}
    assert data["engines"]
    other = toys / "circuits-9.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: circuits\nVersion: 9\n")
    (other / "top_level.txt").write_text("circuits\n")
    assert main(["info"]) == 0
    said = capsys.readouterr()
    assert "warning: the import name 'circuits' also belongs to circuits; pip uninstall circuits" in said.err
    assert "neuromorph" in said.out


# processes


def test_help_imports_nothing_heavy():
    code = "import sys; from neuromorph.cli import main; main(['--help']); print(sorted(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "usage: neuromorph" in said
    for module in ("'numpy'", "'scipy'", "'rich'", "'importlib.metadata'"):
        assert module not in said


def test_help_and_library_agree_on_the_reads():
    assert cli_options.READS == READS


def test_it_runs_as_a_module():
    def run(*words):
        command = [sys.executable, "-m", "neuromorph", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert run("--version").stdout == f"neuromorph {nm.__version__}\n"
    failed = run("compare", "absent.tsp")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.startswith("error: absent.tsp")


def test_a_reader_that_leaves_early_is_no_error(toys):
    command = [sys.executable, "-m", "neuromorph", "targets", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        error = process.stderr.read()
        assert process.wait(timeout=60) == 0
    assert error == ""


@pytest.mark.parametrize("words", [["info"], ["compare", "PENTAGON", "--targets", "toy", "--reads", "2"]])
def test_output_that_goes_nowhere_says_so_without_a_traceback(toys, pentagon, words):
    command = [sys.executable, "-m", "neuromorph", *(pentagon if word == "PENTAGON" else word for word in words)]
    shell = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *command], capture_output=True, text=True, timeout=120, check=False
    )
    assert (shell.returncode, shell.stderr) == (0, "")  # closed on purpose
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()  # rich, left to itself, ends with 1: no feasible answer
        error = process.stderr.read()
        assert (process.wait(timeout=60), error) == (0, "")
    if Path("/dev/full").exists():
        with open("/dev/full", "w") as disk:
            full = subprocess.run(command, stdout=disk, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
        assert full.returncode == 2
        assert full.stderr.startswith("error: ")
        assert full.stderr.count("\n") == 1


def test_solve_obeys_its_time_limit(toys, pentagon, monkeypatch, capsys):
    clock_of_sleep(monkeypatch)
    words = ["solve", pentagon, "--target", "slow", "--reads", "100000", "--time-limit", "0.5", "--json"]
    assert main(words) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["status"] == "time limit"
    assert 1 <= data["reads"] < 1000


def test_certify_says_how_far_it_came(pentagon, monkeypatch, capsys):
    clock_of_sleep(monkeypatch)

    def endless(*args, **options):
        for k in range(1000):
            checkpoint("an engine", k, 1000)
            time.sleep(0.01)

    monkeypatch.setattr("circuits.certificate.engine_comparison.simulate_circuit", endless)
    assert main(["certify", pentagon, "--time-limit", "0.3"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"time limit: .+ % done after .*; give more with --time-limit\n", said.err)


def test_a_disk_that_is_full_costs_no_number(toys, pentagon, tmp_path, monkeypatch, capsys):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("neuromorph.files.atomic_write.os.replace", full)
    out = tmp_path / "out"
    assert main(["compare", pentagon, "--targets", "toy", "--reads", "3", "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert "ok, 3 reads" in said.out
    assert said.err.startswith(f"error: cannot write {out}: No space left on device; choose another place with --out")
    assert main(["solve", pentagon, "--target", "toy", "--reads", "3", "--out", str(tmp_path / "answer.txt")]) == 2
    said = capsys.readouterr()
    assert len(said.out.split()) == 5
    assert "cannot write" in said.err
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]


def test_a_second_ctrl_c_ends_the_writing_but_does_not_lose_the_results(toys, pentagon, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("neuromorph.report.write.draw_comparison", lambda comparison: press_ctrl_c())
    out = tmp_path / "out"
    assert main(["compare", pentagon, "--targets", "toy", "--reads", "3", "--out", str(out)]) == 130
    said = capsys.readouterr()
    assert "ok, 3 reads" in said.out
    assert said.err.startswith("interrupted")
    assert json.loads((out / "results.json").read_text())["results"][0]["reads"] == 3


def test_sigterm_leaves_the_results_and_its_own_exit_code(toys, pentagon, tmp_path):
    out = tmp_path / "out"
    words = ["compare", pentagon, "--targets", "slow,toy", "--out", str(out), "--reads", "100000"]
    command = [sys.executable, "-m", "neuromorph", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not (out / "runs" / "slow.npz").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 143, error
    assert "Traceback" not in error
    rows = json.loads((out / "results.json").read_text())["results"]
    assert [row["status"] for row in rows] == ["interrupted", "interrupted"]
    assert rows[0]["reads"] > 0


def test_ctrl_c_keeps_the_reads_and_the_same_command_goes_on(toys, pentagon, tmp_path):
    """SIGINT comes once the first reads are on disk; 100,000 reads of 20 ms are not done by then on any machine."""
    out = tmp_path / "out"
    words = ["compare", pentagon, "--targets", "slow,toy", "--seed", "2", "--out", str(out)]
    command = [sys.executable, "-m", "neuromorph", *words, "--reads", "100000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not (out / "runs" / "slow.npz").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert "the same command goes on" in error
    assert "interrupted" in said
    slow, toy = json.loads((out / "results.json").read_text())["results"]
    assert (slow["status"], toy["status"]) == ("interrupted", "interrupted")
    assert 0 < slow["reads"] < 100000
    assert slow["energy_per_read_j"]["value"] > 0
    assert "interrupted" in (out / "report.html").read_text()
    assert main([*words, "--reads", str(slow["reads"] + 3), "--quiet"]) == 0
    again = json.loads((out / "results.json").read_text())["results"]
    assert [row["status"] for row in again] == ["ok", "ok"]
    assert again[0]["reads_resumed"] == slow["reads"]
