"""Pictures of arrays of atoms: each function draws on an ``ax`` of matplotlib and returns it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.ising import Float
from neuromorph.plotting.axes import style_axes
from neuromorph.plotting.style import INK, MUTED, PAPER, SERIES_COLORS

from .surface import Surface

_PIXELS = 400  # of a side of a map
_ROWS, _ATOM = (
    0.08,
    0.55,
)  # height of a row of the lattice and width of an atom, nm: what a picture shows, no measurement


def draw_site_map(
    ax: Any, surface: Surface, positions: ArrayLike, spins: ArrayLike | None = None, *, side_nm: float | None = None
) -> Any:
    """Draw the surface as a microscope shows it, its sites, and the atoms with their states.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    surface : Surface
        Lattice of the sites.
    positions : (n, 2) float
        Positions of the atoms, nm.
    spins : (n,) int, optional
        States, -1 or +1: an atom that is up is drawn taller and wider.
    side_nm : float, optional
        Side of the map, nm; None fits the atoms.

    Returns
    -------
    matplotlib.axes.Axes
        ``ax``.
    """
    from matplotlib.colors import LinearSegmentedColormap

    at = np.asarray(positions, dtype=float).reshape(-1, 2)
    states = np.ones(len(at)) if spins is None else np.asarray(spins, dtype=float)
    middle = 0.5 * (at.min(axis=0) + at.max(axis=0))
    half = 0.5 * (float(np.ptp(at, axis=0).max()) + 3.0 if side_nm is None else side_nm)
    x, y = (np.linspace(m - half, m + half, _PIXELS) for m in middle)
    # The lattice of hollow sites, dark where one is.
    lattice = np.cos(2.0 * np.pi * x / surface.a)[None] * np.cos(2.0 * np.pi * y / surface.b)[:, None]
    height = -_ROWS * (0.5 + 0.5 * lattice)
    for (px, py), state in zip(at, states, strict=True):
        wide = _ATOM * (1.0 if state > 0 else 0.75)
        tall = 1.0 if state > 0 else 0.6
        height = height + tall * np.exp(-(((x - px) / wide)[None] ** 2) - ((y - py) / (1.35 * wide))[:, None] ** 2)
    shade = LinearSegmentedColormap.from_list("map", [INK, SERIES_COLORS[0], PAPER])
    ax.imshow(
        height, extent=(x[0], x[-1], y[0], y[-1]), origin="lower", cmap=shade, vmin=-_ROWS, vmax=1.1, aspect="equal"
    )
    cell = surface.sites_within(min(1.5 * half, 12.0)) + surface.nearest_sites(middle[None])[0]
    sites = cell * surface.half_cell
    inside = (np.abs(sites - middle) < half).all(axis=1)
    ax.plot(*sites[inside].T, ".", ms=1.5, color=PAPER, alpha=0.5)
    for k, (px, py) in enumerate(at):
        ax.annotate(f"{k}", (px, py), ha="center", va="center", fontsize=9, color=INK, weight="bold")
    ax.set_xlabel("x (nm)", color=INK)
    ax.set_ylabel("y (nm)", color=INK)
    return ax


def draw_telegraph(ax: Any, times_s: ArrayLike, spins: ArrayLike, names: list[str] | None = None) -> Any:
    """Draw the telegraph of several atoms, one above the other.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    times_s : (k,) float
        Times, s.
    spins : (k, n) int
        States from each time to the next, -1 or +1.
    names : list of str, optional
        Names of the atoms.

    Returns
    -------
    matplotlib.axes.Axes
        ``ax``.
    """
    t, s = np.asarray(times_s, dtype=float), np.asarray(spins)
    n = s.shape[1]
    for i in range(n):
        ax.step(t, (n - 1 - i) + 0.35 * s[:, i], where="post", lw=0.8, color=SERIES_COLORS[i % len(SERIES_COLORS)])
    ax.set_yticks(range(n), (names or [f"atom {i}" for i in range(n)])[::-1])
    ax.set_xlabel("time (s)", color=INK)
    return style_axes(ax, "x")


def draw_dwell_times(ax: Any, dwell_s: ArrayLike, rate_hz: float | None = None, *, bins: int = 40) -> Any:
    """Draw the histogram of residence times beside an exponential law.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    dwell_s : (k,) float
        Residence times, s.
    rate_hz : float, optional
        Rate of the law, 1/s; None takes that of the mean.
    bins : int
        Number of bins.

    Returns
    -------
    matplotlib.axes.Axes
        ``ax``, with a logarithmic density.
    """
    dwell = np.asarray(dwell_s, dtype=float)
    rate = 1.0 / float(dwell.mean()) if rate_hz is None else rate_hz
    edges = np.linspace(0.0, float(dwell.max()), bins + 1)
    counts, _ = np.histogram(dwell, edges)
    density = counts / (dwell.size * np.diff(edges))
    ax.stairs(np.where(counts, density, np.nan), edges, color=SERIES_COLORS[0], label=f"{dwell.size} residences")
    ax.plot(edges, rate * np.exp(-rate * edges), color=SERIES_COLORS[1], label=f"exponential, {rate:.3g} /s")
    ax.set_yscale("log")
    ax.set_xlabel("residence time (s)", color=INK)
    ax.set_ylabel("density (1/s)", color=INK)
    ax.legend(frameon=False, fontsize=8)
    return style_axes(ax)


def draw_placement_errors(ax: Any, sizes: ArrayLike, errors: dict[str, Float]) -> Any:
    """Draw the median error of placed couplings and its band by number of atoms.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    sizes : (k,) int
        Numbers of atoms.
    errors : dict of str to (k, problems) float
        Relative errors by method.

    Returns
    -------
    matplotlib.axes.Axes
        ``ax``; bands reach from 5 to 95 % of the problems.
    """
    n = np.asarray(sizes)
    for k, (name, found) in enumerate(errors.items()):
        low, middle, high = 100.0 * np.quantile(found, [0.05, 0.5, 0.95], axis=1)
        color = SERIES_COLORS[k % len(SERIES_COLORS)]
        ax.plot(n, middle, "o-", color=color, label=name)
        ax.fill_between(n, low, high, color=color, alpha=0.15, lw=0)
    ax.set_xticks(n)
    ax.set_xlabel("atoms", color=INK)
    ax.set_ylabel("error of the couplings (%)", color=INK)
    ax.axhline(0.0, color=MUTED, lw=0.8)
    ax.set_ylim(-3.0, 140.0)
    ax.legend(frameon=False, fontsize=8, loc="upper left", ncols=2)
    return style_axes(ax)
