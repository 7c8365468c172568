"""Figures of solutions: a tour on its cities, a cut in its matrix, a recalled pattern beside its cue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from ..problems import MaxCut, Recall, Tsp
from ..runtime.threads import single_threaded_blas
from .axes import new_axes
from .style import INK, LINE, MUTED, PAPER, SERIES_COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_DOTS = 400  # cities beyond which dots would hide the line
_VECTOR = 2500  # points beyond which they are drawn as a bitmap
_CELLS = 200  # rows of the bitmap of a cut
_SCALED = 1500  # largest number of cities whose coordinates are computed from distances


def draw_tour(problem: Tsp, tour: NDArray[Any], ax: Axes | None = None, color: str = SERIES_COLORS[0]) -> Axes:
    """Draw a closed tour through its cities.

    Parameters
    ----------
    problem : Tsp
        The problem.
    tour : (n,) int
        Cities in the order of the tour.
    ax : Axes or None
        Axes to draw on; None makes new ones.
    color : str
        Color of the tour.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes(3.4, 3.0) if ax is None else ax
    places = city_places(problem)
    if places is None:
        return _without_axes(ax, f"{problem.size} cities without places")
    path = places[np.append(tour, tour[0])]
    crowded = problem.size > _VECTOR
    ax.plot(*path.T, color=color, linewidth=0.6 if crowded else 1.5, solid_joinstyle="round", rasterized=crowded)
    if problem.size <= _DOTS:
        size = 26 if problem.size < 100 else 8
        ax.scatter(places[:, 0], places[:, 1], s=size, color=INK, edgecolors=PAPER, linewidths=0.8, zorder=3)
    ax.set_aspect("equal", adjustable="box")
    ax.margins(0.04)
    return _without_axes(ax)


@single_threaded_blas()
def city_places(problem: Tsp) -> Float | None:
    """Find coordinates of the cities in the file, else by multidimensional scaling.

    Returns
    -------
    (n, 2) float or None
        The coordinates; None if there are too many cities to compute them.

    References
    ----------
    Torgerson, Psychometrika 17, 401 (1952), classical multidimensional scaling.
    """
    places = problem.drawing()
    if places is not None or problem.size > _SCALED:
        return places
    squares = problem.distances() ** 2
    centered = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    values, vectors = np.linalg.eigh(-0.5 * centered)
    return np.asarray(vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0.0)))[:, ::-1]


def draw_cut(problem: MaxCut, sides: NDArray[Any], ax: Axes | None = None, color: str = SERIES_COLORS[0]) -> Axes:
    """Draw the edges as a matrix sorted by sides, with the cut off the diagonal.

    Parameters
    ----------
    problem : MaxCut
        The problem.
    sides : (n,) int
        Side of each node.
    ax : Axes or None
        Axes to draw on; None makes new ones.
    color : str
        Color of the edges that are cut.

    Returns
    -------
    Axes
        The axes.
    """
    from matplotlib.colors import to_rgb

    ax = new_axes(3.4, 3.0) if ax is None else ax
    n, first = problem.size, int((sides < 0).sum())
    place = np.empty(n, dtype=np.int64)
    place[np.argsort(sides, kind="stable")] = np.arange(n)
    i, j = problem.weights.nonzero()
    cut = sides[i] != sides[j]
    cells = min(n, _CELLS)
    picture = np.zeros((cells, cells, 4))
    for chosen, shade in ((~cut, MUTED), (cut, color)):
        where = place[j[chosen]] * cells // n, place[i[chosen]] * cells // n
        density = np.zeros((cells, cells))
        np.add.at(density, where, 1.0)
        filled = density > 0
        picture[filled, :3] = to_rgb(shade)
        picture[filled, 3] = (0.25 + 0.75 * density / max(1.0, density.max()))[filled] * (
            1.0 if shade == color else 0.6
        )
    ax.imshow(picture, extent=(0, n, n, 0), interpolation="nearest")
    for line in (ax.axhline, ax.axvline):
        line(first, color=INK, linewidth=0.8)
    ax.set(xticks=[], yticks=[])
    ax.set_xlabel(f"{first:,} and {n - first:,} nodes; colored: cut", color=MUTED, fontsize=9)
    for spine in ax.spines.values():
        spine.set_color(LINE)
    return ax


def draw_recall(
    problem: Recall,
    pattern: NDArray[Any],
    cue: NDArray[Any] | None,
    ax: Axes | None = None,
    color: str = SERIES_COLORS[0],
) -> Axes:
    """Draw the cue, the recalled state, and the stored pattern side by side.

    Parameters
    ----------
    problem : Recall
        The problem.
    pattern : (n,) int
        Recalled state.
    cue : (n,) int or None
        Cue; None leaves it out.
    ax : Axes or None
        Axes to draw on; None makes new ones.
    color : str
        Color of +1.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes(4.6, 2.2) if ax is None else ax
    meant = int(problem.meant(pattern if cue is None else cue))
    if cue is not None and problem.hidden is not None:
        cue = np.where(problem.hidden, np.nan, cue)  # drawn as paper
    panels = [("recalled", pattern), ("stored", problem.patterns[meant])]
    return _tiles(ax, panels if cue is None else [("cue", cue), *panels], problem.shape, color)


def draw_pattern(
    pattern: NDArray[Any], shape: tuple[int, int] | None, ax: Axes | None = None, color: str = SERIES_COLORS[0]
) -> Axes:
    """Draw a state as tiles, with +1 colored.

    Parameters
    ----------
    pattern : (n,) int
        State.
    shape : tuple of int or None
        Rows and columns; None chooses them.
    ax : Axes or None
        Axes to draw on; None makes new ones.
    color : str
        Color of +1.

    Returns
    -------
    Axes
        The axes.
    """
    return _tiles(new_axes(3.4, 3.0) if ax is None else ax, [("", pattern)], shape, color)


def _tiles(ax: Axes, panels: list[tuple[str, NDArray[Any]]], shape: tuple[int, int] | None, color: str) -> Axes:
    from matplotlib.colors import ListedColormap

    n = panels[0][1].size
    rows, columns = shape or _folded(n)
    many = rows * columns > _VECTOR
    left = 0.0
    for title, pattern in panels:
        cells = np.full(rows * columns, np.nan)
        cells[:n] = pattern
        ax.pcolormesh(
            left + np.arange(columns + 1), np.arange(rows + 1), cells.reshape(rows, columns),
            cmap=ListedColormap([LINE, color]), vmin=-1, vmax=1,
            edgecolors="none" if many else PAPER, linewidth=0 if many else 0.6, rasterized=many,
        )  # fmt: skip
        ax.text(left + columns / 2, rows * 1.04, title, color=MUTED, fontsize=9.5, ha="center", va="top")
        left += columns * 1.12
    ax.set(xlim=(0, left - columns * 0.12), ylim=(rows * 1.16, 0))
    ax.set_aspect("equal")
    return _without_axes(ax)


def _folded(n: int) -> tuple[int, int]:
    """Choose rows and columns for a pattern without a shape: one row if short, else nearly a square."""
    columns = n if n <= 24 else int(np.ceil(np.sqrt(n)))
    return -(-n // columns), columns


def _without_axes(ax: Axes, note: str = "") -> Axes:
    ax.set_axis_off()
    if note:
        ax.text(0.5, 0.5, note, color=MUTED, ha="center", va="center", transform=ax.transAxes)
    return ax
