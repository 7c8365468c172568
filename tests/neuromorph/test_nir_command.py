"""``simulate`` of a NIR graph: what it prints and writes, its counts against those by hand, and what it refuses."""

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from neuromorph.cli import main, nir_file
from neuromorph.spiking import count_nir_events, nir_network, run_nir

nir = pytest.importorskip("nir")

FILES = Path(__file__).parent / "nir_files"


@pytest.fixture
def pair(tmp_path):
    """Three inputs on two LIF neurons, and those on one: threshold 1, which each spike of weight 40 passes at once."""
    two = nir.LIF(tau=np.full(2, 0.01), r=np.ones(2), v_leak=np.zeros(2), v_threshold=np.ones(2))
    one = nir.LIF(tau=np.full(1, 0.01), r=np.ones(1), v_leak=np.zeros(1), v_threshold=np.ones(1))
    nodes = {
        "in": nir.Input(np.array([3])),
        "w": nir.Linear(np.array([[40.0, 0.0, 0.0], [0.0, 40.0, 0.0]])),
        "two": two,
        "v": nir.Linear(np.array([[40.0, 40.0]])),
        "one": one,
        "out": nir.Output(np.array([1])),
    }
    edges = [("in", "w"), ("w", "two"), ("two", "v"), ("v", "one"), ("one", "out")]
    path = tmp_path / "pair.nir"
    nir.write(path, nir.NIRGraph(nodes, edges))
    return path


def table(path, rows):
    path.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return path


def test_counts_are_those_by_hand(pair, tmp_path, capsys):
    given = table(tmp_path / "in.csv", [[1, 0, 0], [0, 1, 0], [1, 1, 1], [0, 0, 0]])
    assert main(["simulate", str(pair), "--step", "1e-3", "--input", str(given), "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    spikes = {each["name"]: each["spikes"] for each in about["populations"]}
    assert spikes == {"two": 4, "one": 3}  # two of them come in one step
    assert about["events"]["synaptic_operations"] == 4 + 4  # the third input has no synapse
    assert about["events"]["membrane_updates"] == 3 * 4
    assert about["events"]["multiplications"] == 0
    loihi = about["core_energy_j"]["spiking-loihi"]
    assert loihi["low"] <= loihi["value"] <= loihi["high"]
    assert loihi["value"] == pytest.approx(8 * 35.5e-12 + 12 * (51.2e-12 + 21.6e-12) + 7 * 69.3e-12, rel=1e-6)
    assert about["output_means"] == {"out": [0.75]}
    assert about["provenance"]["input"] == "pair.nir"


def test_values_that_are_no_spikes_are_multiplications(pair):
    import nir as reader

    network, x = nir_network(reader.read(pair), step_s=1e-3), np.full((5, 3), 0.5)
    assert count_nir_events(network, run_nir(network, x), {"in": x})["multiplications"] == 2 * 5


def test_names_of_populations_are_quoted():
    run = SimpleNamespace(spikes={'a,"b"\n': np.eye(2, dtype=bool)})
    rows = list(csv.DictReader(io.StringIO(nir_file._csv(SimpleNamespace(step_s=1e-3), run))))
    assert [(row["time_s"], row["population"], row["neuron"]) for row in rows] == [
        ("0", 'a,"b"\n', "0"), ("0.001", 'a,"b"\n', "1"),
    ]  # fmt: skip


def test_a_folder_gets_figure_spikes_arrays_and_result(pair, tmp_path, capsys):
    out = tmp_path / "run"
    given = table(tmp_path / "in.csv", [[1, 1, 0]] * 10)
    assert main(["simulate", str(pair), "--step", "1e-3", "--input", str(given), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert all(text in said for text in ("two", "1.00 kHz", "spiking-loihi"))
    rows = list(csv.DictReader((out / "spikes.csv").open()))
    assert len(rows) == 30
    assert {row["population"] for row in rows} == {"two", "one"}
    with np.load(out / "arrays.npz") as arrays:
        assert arrays["spikes_two"].shape == (10, 2)
        assert arrays["output_out"].all()
    assert (out / "spikes.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((out / "result.json").read_text())["steps"] == 10


@pytest.mark.parametrize("suffix", ["csv", "npz"])
def test_one_file_holds_spikes_or_arrays(pair, tmp_path, suffix, capsys):
    out = tmp_path / f"run.{suffix}"
    assert main(["simulate", str(pair), "--step", "1e-3", "--duration", "0.02", "--out", str(out)]) == 0
    assert "written to" in capsys.readouterr().out
    assert out.stat().st_size > 20


def test_the_seed_draws_the_spikes_that_come_in(pair, capsys):
    def drawn(number):
        words = ["--step", "1e-3", "--rate", "200", "--duration", "0.1", "--seed", str(number), "--json"]
        assert main(["simulate", str(pair), *words]) == 0
        return json.loads(capsys.readouterr().out)["events"]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


@pytest.mark.parametrize("name", sorted(path.name for path in FILES.glob("*.nir")))
def test_files_of_other_tools_run_from_the_command_line(name, capsys):
    assert main(["simulate", str(FILES / name), "--step", "1e-4", "--duration", "0.002"]) == 0
    assert "synaptic operations" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give that of its writer with --step"),
        (["--step", "1e-3", "--rate", "2000"], "above one spike a step"),
        (["--step", "1e-3", "--input", "narrow.csv"], "2 values a step, input 'in' 3"),
        (["--step", "1e-3", "--input", "words.csv"], "no table of numbers"),
        (["--step", "1e-3", "--input", "in.csv", "--rate", "10"], "leave --rate and --duration out"),
        (["--step", "1e-3", "--input", "none.csv"], "none.csv"),
    ],
)
def test_what_cannot_run_is_said_with_a_remedy(pair, tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "narrow.csv", [[1, 0], [0, 1]])
    table(tmp_path / "in.csv", [[1, 0, 1]])
    (tmp_path / "words.csv").write_text("a,b,c\n")
    assert main(["simulate", str(pair), *words]) == 2
    assert said in capsys.readouterr().err


def test_other_files_and_commands_name_the_way(pair, tmp_path, capsys):
    assert main(["solve", str(pair)]) == 2
    assert "neuromorph simulate" in capsys.readouterr().err
    (tmp_path / "text.nir").write_text("hello\n")
    assert main(["simulate", str(tmp_path / "text.nir"), "--step", "1"]) == 2
    assert "NIR" in capsys.readouterr().err
    (tmp_path / "deck.cir").write_text("title\nr1 a 0 1k\n.end\n")
    assert main(["simulate", str(tmp_path / "deck.cir"), "--rate", "3"]) == 2
    assert "no NIR graph" in capsys.readouterr().err
