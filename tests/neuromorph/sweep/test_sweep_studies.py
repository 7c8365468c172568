"""The studies of examples/studies: their files are right, and a small one of each runs to its figures."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from neuromorph.cli import main
from neuromorph.plotting.files import figure_bytes
from neuromorph.sweep import StudySummary, plot_effects, plot_front, plot_parameter, read_study
from neuromorph.sweep.parameter_sensitivity import parameter_effects

STUDIES = sorted((Path(__file__).parents[3] / "examples" / "studies").glob("*.toml"))


def test_there_are_two():
    assert len(STUDIES) == 2


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_studies_are_read(path):
    study = read_study(path)
    assert study.chips >= 5
    assert study.name != path.stem


@pytest.mark.slow
@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_small_one_runs_to_its_figures(path, tmp_path):
    spec = importlib.util.spec_from_file_location("figures", path.parent / "figures.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    summary = example.main([str(path), "--out", str(tmp_path / "out"), "--reads", "2", "--chips", "2"])
    assert len(summary.devices) == 2
    assert summary.failed == summary.unfit == 0
    assert (tmp_path / "out" / "front.png").stat().st_size > 10_000
    assert len(list((tmp_path / "out").glob("*.svg"))) >= 6


def test_figures_draw_what_is_there():
    """A front of two targets, one of which has no numbers; bars and points where the means are."""
    settings = (*(("chip", {"levels": k, "noise": x}) for k in (1, 10) for x in (0.1, 0.2)), ("none", {}))
    rng = np.random.default_rng(0)
    quality = rng.random((5, 1, 3))
    energy = rng.random((5, 1, 3)) * 1e-6
    quality[4] = energy[4] = np.nan
    summary = StudySummary(settings, ("one",), ((0, 0), (0, 1), (0, 2)), {"quality": quality, "energy": energy})
    ax = plot_front(summary)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["chip"]
    assert "5 to 95 % of 3 devices" in ax.texts[-1].get_text()
    ax = plot_parameter(summary, "levels", "accuracy", by="noise")
    assert sorted(line.get_label() for line in ax.containers) == ["noise 0.1", "noise 0.2"]
    assert ax.texts[-1].get_text() == "bars: 95 % interval of the mean over 3 devices"
    np.testing.assert_allclose(ax.containers[0][0].get_ydata(), [quality[0].mean(), quality[2].mean()])
    ax = plot_effects(parameter_effects(summary))
    assert len(ax.patches) == 2
    assert figure_bytes(ax, "png")[:4] == b"\x89PNG"


def test_the_commands_run_a_study_its_shards_and_its_figures(toys, capsys):
    problem, target = '[[problems]]\ngenerate = "sk"\nsize = 8\n', '[[targets]]\ntarget = "toy-chip"\n'
    (toys / "study.toml").write_text(f"{problem}{target}[targets.parameters]\nlevels = [1, 8]\n")
    words = ["sweep", str(toys / "study.toml"), "--workers", "1"]
    assert main([*words, "--figures"]) == 0
    assert "study: 2 of 2 tasks done, 2 of them now" in capsys.readouterr().out
    assert {path.name for path in (toys / "study").glob("*.png")} >= {"front.png", "accuracy-levels.png"}
    for i in (1, 2):
        assert main([*words, "--out", str(toys / "parts"), "--shard", f"{i}/2", "--quiet"]) == 0
    assert main(["merge", str(toys / "parts")]) == 0
    assert "2 of 2 tasks done" in capsys.readouterr().out
    assert (toys / "parts" / "results.parquet").read_bytes() == (toys / "study" / "results.parquet").read_bytes()
    assert main([*words, "--shard", "3/2"]) == 2
    assert "give I/N" in capsys.readouterr().err
