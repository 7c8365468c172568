"""Faces and landscapes: a Boltzmann machine with hidden units learns to name two kinds of pictures.

The Nobel committee's popular explanation of 2024 has a machine that is shown examples of what to look for, and hidden
nodes that make more general probability distributions possible than visible ones have. The pictures are constructed,
16 x 16: faces have an outline, eyes, a mouth, sometimes hair and a nose, landscapes a horizon with hills, a sun or a
moon, sometimes trees; all at random places and of random sizes, half of them white on black, with 2 % of the pixels
flipped. No pixel by itself tells the kinds apart, so that a machine whose visible units are coupled in pairs can only
guess: P(kind | pixels) is then logistic regression. Published (Ackley, Hinton and Sejnowski 1985): hidden units hold
the regularities of higher order.

    python examples/faces_landscapes.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from neuromorph.boltzmann import DBNClassifier, LabeledLearning

SIDE = 16
KINDS = ("face", "landscape")
ROW, COLUMN = np.mgrid[:SIDE, :SIDE].astype(float)


def disk(row: float, column: float, high: float, wide: float) -> np.ndarray:
    """Pixels of an ellipse: squared distance from its middle in units of its half axes."""
    return ((ROW - row) / high) ** 2 + ((COLUMN - column) / wide) ** 2


def face(rng: np.random.Generator) -> np.ndarray:
    """Outline, eyes, mouth, and at random hair and nose."""
    row, column = rng.uniform(7.0, 8.5), rng.uniform(6.8, 8.2)
    high, wide = rng.uniform(5.5, 7.0), rng.uniform(4.6, 6.0)
    r = disk(row, column, high, wide)
    picture = (r < 1.0) & (disk(row, column, high - 1.2, wide - 1.2) > 1.0)
    for side in (-1.0, 1.0):
        picture |= disk(row - rng.uniform(1.5, 2.5), column + side * wide * 0.42, 0.9, 0.9) < 1.0
    smile = row + 2.9 - rng.uniform(0.0, 0.14) * (COLUMN - column) ** 2
    picture |= (np.abs(ROW - smile) < 0.7) & (np.abs(COLUMN - column) < rng.uniform(1.6, 2.8))
    if rng.random() < 0.5:
        picture |= (r < 1.0) & (row - high * 0.55 > ROW)
    if rng.random() < 0.5:
        picture |= (np.abs(COLUMN - column) < 0.6) & (np.abs(ROW - row - 0.4) < 1.0)
    return picture


def landscape(rng: np.random.Generator) -> np.ndarray:
    """Hills of two waves below a horizon, a sun or a moon, and at random trees."""
    waves = sum(rng.uniform(0.5, 2.2) * np.sin(COLUMN * rng.uniform(0.25, 0.8) + rng.uniform(0, 6.3)) for _ in range(2))
    horizon = rng.uniform(8.0, 11.0) + waves
    picture = np.abs(ROW - horizon) < 0.8
    row, column, radius = rng.uniform(2.0, 4.0), rng.uniform(2.5, 12.5), rng.uniform(1.4, 2.3)
    sun = disk(row, column, radius, radius) < 1.0
    picture |= sun & (disk(row, column + 1.0, radius, radius) > 1.0) if rng.random() < 0.3 else sun
    for _ in range(rng.integers(0, 3)):
        foot = int(rng.integers(1, SIDE - 1))
        top = horizon[0, foot] - rng.uniform(3.0, 5.0)
        picture |= (np.abs(COLUMN - foot) < 0.6) & (top < ROW) & (horizon[0, foot] > ROW)
        picture |= (np.abs(COLUMN - foot) < (ROW - top) * 0.5) & (top + 3.0 > ROW) & (top - 1.0 < ROW)
    return picture


def pictures(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (count, 256) of 0 and 1, and their kinds (count,), alternating."""
    kinds = np.arange(count) % 2
    made = np.array([(landscape if kind else face)(rng).ravel() for kind in kinds])
    made ^= rng.random((count, 1)) < 0.5
    return (made ^ (rng.random(made.shape) < 0.02)).astype(float), kinds


def main(argv: list[str] | None = None) -> dict[int, float]:
    """Write the figure, print the errors; return the share of unseen pictures named wrongly by hidden units."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hidden", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--samples", type=int, default=1000, help="pictures to learn; as many again to test")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("faces_landscapes.png"))
    options = parser.parse_args(argv)

    rng = np.random.default_rng(options.seed)
    (train, labels), (test, hidden) = pictures(options.samples, rng), pictures(options.samples, rng)
    errors = {0: float(1.0 - LogisticRegression(C=0.1, max_iter=1000).fit(train, labels).score(test, hidden))}
    apart = {}
    print(f"hidden units   named wrongly\n{0:>12} {errors[0]:>15.2%}")
    for units in options.hidden:
        plan = LabeledLearning(options.epochs, learning_rate=0.03)
        model = DBNClassifier((units,), pretraining=plan, fine_tuning=0, random_state=options.seed).fit(train, labels)
        errors[units] = float(1.0 - model.score(test, hidden))
        free = model.free_energies(test)
        apart[units] = free[:, 1] - free[:, 0]
        print(f"{units:>12} {errors[units]:>15.2%}", flush=True)
    _draw(train, errors, apart[units], hidden, model, options.out)
    print(f"wrote {options.out}")
    told = ", ".join(f"{errors[units]:.1%} with {units}" for units in options.hidden)
    print(f"published: visible units in pairs can only guess (50 %), hidden units hold more; ours: of {len(test)} "
          f"unseen pictures {errors[0]:.1%} are named wrongly without hidden units, {told}")  # fmt: skip
    return errors


def _draw(
    train: np.ndarray, errors: dict, apart: np.ndarray, kinds: np.ndarray, model: DBNClassifier, out: Path
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, series_color

    def sheet(rows: np.ndarray, columns: int, fill: float) -> np.ndarray:
        framed = np.pad(rows.reshape(-1, SIDE, SIDE), ((0, 0), (1, 1), (1, 1)), constant_values=fill)
        return framed.reshape(-1, columns, SIDE + 2, SIDE + 2).transpose(0, 2, 1, 3).reshape(-1, columns * (SIDE + 2))

    figure = Figure(figsize=(10.4, 5.2), layout="constrained")
    axes = figure.subplot_mosaic("aad;bcd", width_ratios=(0.6, 0.6, 1.0))
    axes["a"].imshow(sheet(np.vstack([train[0:16:2], train[1:16:2]]), 8, 0.5), cmap="gray_r", vmin=0, vmax=1)
    axes["a"].set(title="shown, with their kind", xticks=[], yticks=[])
    axes["b"].plot(range(len(errors)), list(errors.values()), "o-", color=series_color(0))
    axes["b"].set(xticks=range(len(errors)), xticklabels=list(errors), xlabel="hidden units", ylabel="named wrongly",
                  ylim=(-0.02, 0.55))  # fmt: skip
    axes["b"].grid(color=LINE)
    bins = np.linspace(*np.quantile(apart, [0.005, 0.995]), 40)
    for kind, name in enumerate(KINDS):
        axes["c"].hist(apart[kinds == kind], bins, color=series_color(kind), alpha=0.7, label=f"{name}s")
    axes["c"].axvline(0.0, color="k", lw=1)
    axes["c"].set(xlabel=f"F({KINDS[1]}) - F({KINDS[0]}), unseen", ylabel="pictures")
    axes["c"].legend(fontsize=8, frameon=False)
    w, u = model.top_.weights, model.top_.label_weights
    strongest = np.argsort(-np.abs(u[:, 0] - u[:, 1]))[:25]
    order = strongest[np.argsort(u[strongest, 0] - u[strongest, 1])]
    columns = min(5, len(order))
    order = order[: len(order) // columns * columns]
    shown = w[order] / np.abs(w[order]).max(axis=1, keepdims=True)
    axes["d"].imshow(sheet(shown, columns, np.nan), cmap="RdBu_r", vmin=-1, vmax=1)
    axes["d"].set(title=f"hidden units, from those for a {KINDS[1]} to those for a {KINDS[0]}", xticks=[], yticks=[])
    for name in "ad":
        axes[name].title.set_fontsize(10)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
