"""Several files in one call: each as if alone, a table over all, and nothing lost when it is stopped."""

import csv
import io
import json

import numpy as np
import pytest
from study_toys import Descent, Ring
from test_cli import PENTAGON, toys  # noqa: F401  (a fixture)

import neuromorph as nm
from neuromorph.cli import main
from neuromorph.report.instances import spread_cell
from neuromorph.study.over_chips import spread_of
from neuromorph.study.over_instances import over_instances

TRIANGLE = "3 3\n1 2 1\n2 3 1\n1 3 1\n"


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "graphs"
    folder.mkdir()
    (folder / "pentagon.txt").write_text(PENTAGON)
    (folder / "triangle.txt").write_text(TRIANGLE)
    (folder / "README.md").write_text("what these are")
    (folder / ".hidden").write_text("x")
    return folder


def words(*given, reads="9"):
    return ["compare", *map(str, given), "--targets", "toy", "--reads", reads, "--seed", "5"]


def test_targets_over_instances_by_hand():
    sizes, devices = (6, 8, 10, 30), [Descent(flips=40), Descent(name="small", flips=20, largest=8)]
    found = [nm.compare(Ring(size=n, best_known=n), devices, 60, 1) for n in sizes]
    rows = {each.target: each for each in over_instances(found)}
    whole = [each.results[0] for each in found]
    assert whole[-1].success.value == 0.0
    assert rows["descent"].success == pytest.approx(np.mean([each.success.value for each in whole]))
    assert (rows["descent"].unsolved, rows["descent"].instances, rows["small"].instances) == (0.25, 4, 2)
    values = [each.ets_j.value for each in whole[:3]]
    assert rows["descent"].ets_j.median == pytest.approx(np.median([*values, np.inf]))
    assert rows["descent"].ets_j.low == pytest.approx(np.quantile([*values, 1e9], 0.25))
    assert rows["descent"].ets_j.high is None or rows["descent"].ets_j.high > rows["descent"].ets_j.median
    assert rows["small"].tts_s.never == 0.0
    with pytest.raises(ValueError, match="priced at core and system"):
        over_instances([found[0], nm.compare(Ring(), [Descent()], 2, 1, boundary="core")])


def test_the_upper_quartile_is_infinite_only_where_it_is():
    same, open_end = spread_of([2e-3, 2e-3], [2e-3, 2e-3]), spread_of([2e-3, 2e-3, np.inf], [2e-3] * 3)
    assert spread_cell(same, "s") == ("2.00 ms", "")
    assert spread_cell(open_end, "s") == ("2.0 ms", "2.00 ms–∞")


def test_several_files_are_each_as_if_alone(toys, files, tmp_path, capsys):  # noqa: F811
    paths = [files / "pentagon.txt", files / "triangle.txt"]
    assert main([*words(*paths), "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert [each["problem"]["name"] for each in whole["instances"]] == ["pentagon", "triangle"]
    for path, each in zip(paths, whole["instances"], strict=True):
        assert main([*words(path), "--json"]) == 0
        alone = json.loads(capsys.readouterr().out)
        assert alone["results"] == each["results"]
    (row,) = whole["over_instances"]
    assert (row["target"], row["instances"], row["asked"]) == ("toy", 2, 2)
    assert whole["provenance"]["seed"] == 5
    assert whole["provenance"]["not_begun"] == []


def test_a_folder_and_a_list_are_files(toys, files, tmp_path, capsys):  # noqa: F811
    out, listed = tmp_path / "out", tmp_path / "list"
    listed.write_text("# two of them\ngraphs/triangle.txt  # the small one\n\ngraphs/pentagon.txt\n")
    (files / "notes.txt").write_text("no problem at all")
    assert main([*words(files), "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "notes.txt: left out, for it is no problem" in said.err
    assert "2 instances" in said.out
    assert {path.name for path in out.iterdir()} == {"pentagon", "triangle", "results.json", "report.html"}
    assert json.loads((out / "triangle" / "results.json").read_text())["problem"]["size"] == 3
    assert main([*words(f"@{listed}"), "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["instance"] for row in rows] == ["triangle", "pentagon"]
    for form in ("markdown", "latex"):
        assert main([*words(f"@{listed}"), "--format", form]) == 0
        assert "2 of 2" in capsys.readouterr().out
    assert main([*words(files, reads="12"), "--out", str(out)]) == 0  # goes on
    assert json.loads((out / "results.json").read_text())["instances"][0]["results"][0]["reads_resumed"] == 9


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (["@{0}/none"], "cannot read the list"),
        (["@{0}/empty"], "names no file"),
        (["{0}/nothing"], "has no file"),
        (["{0}/graphs", "{0}/absent.tsp"], "there is no such file"),
        (["{0}/graphs/pentagon.txt", "{0}/graphs/triangle.txt", "--best-known", "3"], "--best-known is of one file"),
        (["{0}/binary"], "none of the 1 files"),
        (["@{0}/binary/bytes"], "is no list of files"),
    ],
)
def test_files_that_are_none_are_one_line(toys, files, tmp_path, capsys, given, rule):  # noqa: F811
    (tmp_path / "empty").write_text("# nothing\n")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "binary").mkdir()
    (tmp_path / "binary" / "bytes").write_bytes(b"\xff\xfe\x00\x81" * 9)
    assert main([*words(*(each.format(tmp_path) for each in given))]) == 2
    said = capsys.readouterr()
    assert rule in said.err.splitlines()[-1]
    assert "Traceback" not in said.err


def test_ctrl_c_keeps_the_instances_that_are_done(toys, files, tmp_path, capsys, monkeypatch):  # noqa: F811
    from neuromorph.cli import compare as command

    study, calls = command._study, []

    def stop(*given):
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return study(*given)

    monkeypatch.setattr(command, "_study", stop)
    out = tmp_path / "out"
    assert main([*words(files), "--out", str(out)]) == 130
    assert "the same command goes on" in capsys.readouterr().err
    whole = json.loads((out / "results.json").read_text())
    assert [each["problem"]["name"] for each in whole["instances"]] == ["pentagon"]
    assert whole["provenance"]["not_begun"] == ["triangle.txt"]


def test_json_and_a_format_exclude_each_other(toys, files, capsys):  # noqa: F811
    assert main([*words(files), "--json", "--format", "csv"]) == 2
    assert "--json and --format csv both print the results" in capsys.readouterr().err
