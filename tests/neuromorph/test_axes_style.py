"""Figures of all packages have one style."""

import pytest

from neuromorph import Ising
from neuromorph.plotting.axes import new_axes, style_axes
from neuromorph.plotting.style import MUTED
from neuromorph.sampling import gibbs
from neuromorph.sampling.plots import energy_autocorrelation, energy_trace


def lines(ax) -> tuple[bool, bool]:
    """Whether there are grid lines across x, and across y."""
    ax.figure.draw_without_rendering()
    return tuple(any(line.get_visible() for line in axis.get_gridlines()) for axis in (ax.xaxis, ax.yaxis))


@pytest.mark.parametrize(
    ("grid", "shown"), [("both", (True, True)), ("x", (True, False)), ("y", (False, True)), (None, (False, False))]
)
def test_the_style_has_no_frame_and_the_grid_that_is_asked_for(grid, shown):
    ax = style_axes(new_axes(), grid)
    assert lines(ax) == shown
    assert ax.get_axisbelow() is True
    assert [ax.spines[side].get_visible() for side in ("top", "right", "left", "bottom")] == [False, False, True, True]
    assert ax.xaxis.label.get_color() == ax.yaxis.label.get_color() == MUTED


@pytest.mark.parametrize("draw", [energy_trace, energy_autocorrelation])
def test_figures_of_samples_have_it(draw):
    ax = draw(gibbs(Ising([[0.0, 1.0], [1.0, 0.0]]), 0.5, 50, chains=2, rng=0))
    assert lines(ax) == (True, True)
    assert not ax.spines["top"].get_visible()
    assert ax.xaxis.label.get_color() == MUTED
