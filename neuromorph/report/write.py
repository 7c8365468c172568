"""The folder that a comparison leaves: results, page, figures, the best answer, and what targets hand over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.atomic_write import write_file
from ..plotting.files import figure_bytes
from ..plotting.style import series_color
from ..problems import Tsp, write_tour
from ..problems.forced_links import visited_cities
from ..runtime.signals import deferred
from ..study.checkpoint import own_name
from .answers import draw_answer
from .comparison_figures import draw_energy_shares, draw_pareto
from .html_page import render_page
from .offered_files import named_files
from .results_json import results_json
from .sampling_figure import draw_sampling_score

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..study import Comparison


def write_report(comparison: Comparison, directory: str | os.PathLike[str]) -> list[Path]:
    """Write the report of a comparison into a folder.

    Files are results.json, which is first, report.html, figures, the best tour and the files of targets. There are no
    figures after Ctrl-C, for they take seconds.

    Parameters
    ----------
    comparison : Comparison
        Results.
    directory : path-like
        Folder.

    Returns
    -------
    list of Path
        Written files.
    """
    folder = Path(directory)
    with deferred():  # so that a second Ctrl-C does not lose it
        written = [write_file(folder / "results.json", results_json(comparison))]
    for name, text in write_target_files(comparison).items():
        written.append(write_file(folder / name, text))
    best = comparison.best
    tour = best.solution.value if best is not None and best.solution is not None else None
    if isinstance(comparison.problem, Tsp) and tour is not None:
        order = visited_cities(comparison.problem, tour)
        written.append(write_tour(folder / "best.tour", order, name=comparison.problem.name))
    drawn = {} if comparison.interrupted else draw_comparison(comparison)
    vectors = {name: figure_bytes(ax, "svg") for name, ax in drawn.items()}
    for name, ax in drawn.items():
        written.append(write_file(folder / "figures" / f"{name}.svg", vectors[name]))
        written.append(write_file(folder / "figures" / f"{name}.png", figure_bytes(ax, "png")))
    written.append(write_file(folder / "report.html", render_page(comparison, vectors)))
    ours = ("pareto", "sampling", "energy", "answer-*")
    figures = (path for name in ours for path in folder.glob(f"figures/{name}.[sp][vn]g"))
    for stale in {folder / "best.tour", *figures}:
        if stale not in written:  # of an earlier study, which this one replaces
            stale.unlink(missing_ok=True)
    return written


def write_target_files(comparison: Comparison) -> dict[str, str]:
    """Collect the files that the targets offer.

    A name that is taken is preceded by that of the target.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    dict of str to str
        Text by file name.
    """
    return {name: text for _, name, text in named_files(comparison)}


def draw_comparison(comparison: Comparison) -> dict[str, Axes]:
    """Draw every figure of a comparison.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    dict of str to Axes
        Axes by name: "pareto", "energy", and "answer-<target>" for each target that has one; for a sampling task
        "sampling" and "energy".
    """
    if comparison.beta is not None:  # no answer is better than another
        return {"sampling": draw_sampling_score(comparison), "energy": draw_energy_shares(comparison)}
    drawn = {"pareto": draw_pareto(comparison), "energy": draw_energy_shares(comparison)}
    for k, result in enumerate(comparison.results):
        answer = draw_answer(comparison.problem, result, color=series_color(k))
        if answer is not None:
            drawn[f"answer-{own_name(result.target)}"] = answer
    return drawn
