"""Best score so far against CPU time: the median of the runs of each solver, with the band of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..plotting.axes import new_axes, style_axes
from ..plotting.numbers import format_quantity, printable
from ..plotting.style import MARKERS, MUTED, series_color
from .race import Bench
from .time_to_target import goal_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 200


def draw_courses(bench: Bench, ax: Axes | None = None) -> Axes:
    """Draw the gap to the best score against CPU seconds.

    Parameters
    ----------
    bench : Bench
        Courses.
    ax : Axes or None
        Axes; None makes a figure.

    Returns
    -------
    Axes
        The axes.
    """
    ax = style_axes(new_axes(6.0, 3.8) if ax is None else ax)
    best, known = goal_of(bench)
    firsts = [c.seconds[0] for each in bench.courses.values() for c in each if c.seconds.size]
    if best is None or not firsts:
        ax.text(0.5, 0.5, "no run had a feasible answer", ha="center", transform=ax.transAxes, color=MUTED)
        return ax
    end = max(bench.budget_s, *(c.spent_s for each in bench.courses.values() for c in each))
    times = np.geomspace(max(min(firsts), 1e-5) * 0.8, end, _POINTS)
    scale = abs(best) or 1.0
    for k, (name, each) in enumerate(bench.courses.items()):
        if not each:
            continue
        gaps = np.array([[abs(course.at(t) - best) / scale for t in times] for course in each])
        whole = ~np.isnan(gaps).any(axis=0)  # before, some runs have no answer
        if not whole.any():
            continue
        low, middle, high = 100.0 * np.quantile(gaps[:, whole], [0.0, 0.5, 1.0], axis=0)
        color, shown = series_color(k), times[whole]
        ax.fill_between(shown, low, high, color=color, alpha=0.18, linewidth=0, step="post")
        ax.step(
            shown, middle, where="post", color=color, label=name, marker=MARKERS[k % len(MARKERS)], markevery=25,
            markersize=4,
        )  # fmt: skip
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda x, _: format_quantity(x, "s", 1))
    ax.set_yscale("symlog", linthresh=0.01, linscale=0.5)
    ax.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
    ax.set_ylim(bottom=-0.001)
    ax.set_xlabel("CPU time of a run")
    of = "known" if known else "of these runs"
    ax.set_ylabel(f"gap to the best value {of}, %" if best else "score less the best one, x 100")
    ax.set_title(f"{printable(bench.problem.name)}: median and band of all runs", fontsize=10, loc="left")
    ax.legend(frameon=False, fontsize=8)
    return ax
