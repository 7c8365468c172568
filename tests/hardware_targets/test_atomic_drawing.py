"""Pictures of atoms show the numbers they are given, and the example runs at a small size."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from hardware_targets.atomic_spins import (
    Surface,
    draw_dwell_times,
    draw_placement_errors,
    draw_site_map,
    draw_telegraph,
)


@pytest.fixture
def ax():
    return Figure().subplots()


def test_a_site_map_shows_atoms_where_they_stand_and_sites_of_the_lattice(ax):
    surface = Surface(0.331, 0.438)
    positions = np.array([[0, 0], [6, 4], [-5, 3]]) * surface.half_cell
    assert draw_site_map(ax, surface, positions, [1, -1, 1]) is ax
    sites = ax.lines[0].get_xydata()
    for at in positions:
        assert np.hypot(*(sites - at).T).min() < 1e-9
    image = ax.images[0]
    left, right, bottom, top = image.get_extent()
    heights = image.get_array()

    def height(at):
        column = int((at[0] - left) / (right - left) * 400)
        row = int((at[1] - bottom) / (top - bottom) * 400)
        return float(heights[min(row, 399), min(column, 399)])

    assert height(positions[0]) > height(positions[1]) + 0.2 > height(np.array([left, bottom])) + 0.4
    assert [note.get_text() for note in ax.texts] == ["0", "1", "2"]


def test_telegraphs_are_the_states_one_above_the_other(ax):
    spins = np.array([[1, -1], [1, 1], [-1, 1]])
    assert draw_telegraph(ax, [0.0, 1.0, 2.0], spins, ["a", "b"]) is ax
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 1 + 0.35 * spins[:, 0])
    np.testing.assert_allclose(ax.lines[1].get_ydata(), 0.35 * spins[:, 1])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "a"]


def test_dwell_times_stand_beside_their_exponential(ax):
    dwell = np.random.default_rng(0).exponential(0.01, 20_000)
    assert draw_dwell_times(ax, dwell) is ax
    x, y = ax.lines[0].get_data()
    np.testing.assert_allclose(y, np.exp(-x / dwell.mean()) / dwell.mean())
    steps = ax.patches[0].get_data()
    first = steps.values[:5]
    middle = 0.5 * (steps.edges[1:6] + steps.edges[:5])
    np.testing.assert_allclose(first, 100.0 * np.exp(-100.0 * middle), rtol=0.1)


def test_errors_of_placements_are_medians_in_percent(ax):
    errors = {"sites": np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])}
    assert draw_placement_errors(ax, [3, 4], errors) is ax
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [20.0, 50.0])


@pytest.mark.slow
def test_the_example_of_atoms_draws_its_figures(tmp_path, capsys):
    example = Path(__file__).parents[2] / "examples" / "atomic_arrays.py"
    out = tmp_path / "atoms.png"
    words = ["--problems", "2", "--starts", "1", "--reads", "50", "--residences", "500", "--out", str(out)]
    errors = runpy.run_path(str(example))["main"](words)
    assert errors["moves of one and two"].shape == (4, 2)
    assert (errors["moves of one and two"][:2] < errors["snapped to sites"][:2]).all()
    assert out.read_bytes().startswith(b"\x89PNG")
    text = capsys.readouterr().out
    assert "KL(held || asked)" in text
    assert "another law, blind" in text
