"""How large a penalty should be: feasible reads against their quality, for an assignment under plain spin flips.

Run it: python examples/penalty_tuning.py [FILE]
FILE is a tour, an assignment, a coloring or an independent set; without it, 8 facilities are drawn. Beside the curve
stands what moves within the groups find, which need no penalty.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from neuromorph import load
from neuromorph.optimization import PenaltyCurve, minimize, moves_of, penalty_curve
from neuromorph.plotting.axes import new_axes, style_axes
from neuromorph.plotting.style import series_color
from neuromorph.problems.assignment import Assignment


def main(argv: list[str] | None = None) -> PenaltyCurve:
    """Print the table, write the figure; return the curve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", nargs="?", help="problem with a penalty")
    parser.add_argument("--kind", help="kind of the problem; else found from the content")
    parser.add_argument("--reads", type=int, default=64)
    parser.add_argument("--sweeps", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("penalty.png"))
    options = parser.parse_args(argv)
    problem = load(options.file, kind=options.kind) if options.file else _drawn()
    curve = penalty_curve(problem, reads=options.reads, sweeps=options.sweeps, rng=options.seed)
    print(f"{problem.name}: proven penalty {curve.proven:g}, chosen {curve.chosen:g}")
    print("penalty  of proven  feasible  within 5 %    best  median")
    for p in curve.points:
        best, median = ("-" if x is None else f"{x:g}" for x in (p.best, p.median))
        shares = f"{p.feasible.value:>8.0%}  {p.success.value:>10.0%}"
        print(f"{p.penalty:>7.4g}  {p.factor:>9g}  {shares}  {best:>6}  {median:>6}")
    within = None
    if moves_of(problem) is not None:
        within = problem.score(problem.decode(minimize(problem, batches=3, rng=options.seed).spins))
        print(f"moves within the groups, no penalty: {within:g}")
    _draw(problem, curve, within, options.out)
    print(f"wrote {options.out}")
    print(f"no published number for these penalties: proven is {curve.proven:g}, chosen {curve.chosen:g}")
    return curve


def _drawn() -> Assignment:
    f, d = np.random.default_rng(3).integers(0, 10, (2, 8, 8)).astype(float)
    return Assignment("8 facilities", f + f.T, d + d.T)


def _draw(problem: Any, curve: PenaltyCurve, within: float | None, out: Path) -> None:
    ax = style_axes(new_axes(5.6, 3.8))
    factors = [p.factor for p in curve.points]
    for k, (name, shares) in enumerate(
        (
            ("feasible", [p.feasible for p in curve.points]),
            ("within 5 % of the best", [p.success for p in curve.points]),
        )
    ):
        value, low, high = (100.0 * np.array([getattr(s, end) for s in shares]) for end in ("value", "low", "high"))
        ax.fill_between(factors, low, high, color=series_color(k), alpha=0.18, linewidth=0)
        ax.plot(factors, value, color=series_color(k), marker="os"[k], label=f"{name}, % of reads")
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    ax.xaxis.set_minor_formatter(lambda x, _: "")
    ax.set_xlabel("penalty over the proven one")
    ax.set_ylabel("share of reads, %")
    ax.set_ylim(-2, 102)
    other = ax.twinx()
    inside = [(p.factor, p.median) for p in curve.points if p.median is not None]
    if inside:
        other.plot(*zip(*inside, strict=True), color=series_color(2), marker="D", label="median score of the feasible")
    if within is not None:
        other.axhline(within, color=series_color(3), linestyle="--", label="moves within groups")
    other.set_ylabel("score")
    ax.axvline(curve.chosen / curve.proven, color="0.6", linestyle=":", label="chosen")
    handles, labels = (a + b for a, b in zip(*(axes.get_legend_handles_labels() for axes in (ax, other)), strict=True))
    ax.set_title(problem.name, loc="left", fontsize=10)
    ax.legend(handles, labels, frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.06), ncols=2)
    ax.figure.savefig(out, dpi=150)


if __name__ == "__main__":
    main()
