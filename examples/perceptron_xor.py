"""What one threshold cannot compute: the perceptron on XOR, and a multilayer perceptron that learns it.

Published: of the 16 functions of two bits one threshold computes 14, of the 256 of three 104 (Cover, IEEE Trans.
Electron. Comput. 14, 326 (1965); Minsky and Papert 1969); XOR is not among them, and two hidden units are enough
(Rumelhart, Hinton and Williams, Nature 323, 533 (1986)).

    python examples/perceptron_xor.py
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linprog
from sklearn.linear_model import Perceptron
from sklearn.neural_network import MLPClassifier

POINTS = np.array(list(product([0.0, 1.0], repeat=2)))
XOR = np.array([0, 1, 1, 0])
PUBLISHED = {2: 14, 3: 104}


def separable(bits: int) -> tuple[int, int]:
    """(functions of so many bits that a plane separates, those of them that a perceptron learns)."""
    points = np.array(list(product([0.0, 1.0], repeat=bits)))
    count = learnt = 0
    for number in range(2 ** len(points)):
        labels = (number >> np.arange(len(points))) & 1
        if labels.min() == labels.max():  # a constant; scikit-learn wants two classes
            count, learnt = count + 1, learnt + 1
            continue
        sign = 2.0 * labels - 1.0
        margins = -sign[:, None] * np.column_stack([points, np.ones(len(points))])
        plane = linprog(np.zeros(bits + 1), margins, -np.ones(len(points)), bounds=(None, None))
        count += plane.status == 0
        learnt += Perceptron(max_iter=500, tol=None, random_state=0).fit(points, labels).score(points, labels) == 1.0
    return int(count), int(learnt)


def multilayer(hidden: int, starts: int, seed: int) -> tuple[float, Any]:
    """(share of random starts from which XOR is learnt, the last machine that did)."""
    good, last = 0, None
    for start in range(starts):
        made = MLPClassifier((hidden,), activation="tanh", solver="lbfgs", alpha=1e-4, max_iter=500,
                             random_state=seed + start).fit(POINTS, XOR)  # fmt: skip
        if made.score(POINTS, XOR) == 1.0:
            good, last = good + 1, made
    return good / starts, last


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Write the figure, print the table, and return counts and shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bits", type=int, default=3, choices=PUBLISHED, help="most bits whose functions are counted")
    parser.add_argument("--starts", type=int, default=40)
    parser.add_argument("--hidden", type=int, nargs="+", default=[1, 2, 3, 4, 8])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("perceptron_xor.png"))
    options = parser.parse_args(argv)

    counts = {bits: separable(bits) for bits in range(2, options.bits + 1)}
    for bits, (count, learnt) in counts.items():
        print(f"functions of {bits} bits: {count} of {2**2**bits} are separable, a perceptron learns {learnt}")
    alone = Perceptron(max_iter=1000, tol=None, random_state=0).fit(POINTS, XOR)
    shares = {}
    for hidden in options.hidden:
        shares[hidden], machine = multilayer(hidden, options.starts, options.seed)
        print(f"XOR, {hidden} hidden: learnt from {shares[hidden]:.0%} of {options.starts} random starts")
    _draw(alone, machine, shares, options.out)
    print(f"wrote {options.out}")
    told = ", ".join(f"{counts[bits][0]} of {bits} bits (published {PUBLISHED[bits]})" for bits in counts)
    by_hidden = ", ".join(f"{k}: {share:.0%}" for k, share in shares.items())
    print(f"separable functions: {told}; XOR by the perceptron: {alone.score(POINTS, XOR):.0%} of its points, "
          f"published at most 75%; starts that learn it by hidden units: {by_hidden}")  # fmt: skip
    return {"two bits": counts[2][0], "perceptron": float(alone.score(POINTS, XOR)), "multilayer": max(shares.values())}


def _draw(alone: Any, machine: Any, shares: dict[int, float], out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, series_color

    figure = Figure(figsize=(9.6, 3.4), layout="constrained")
    axes = figure.subplots(1, 3)
    side = np.linspace(-0.5, 1.5, 120)
    grid = np.array(np.meshgrid(side, side)).reshape(2, -1).T
    machines = {"perceptron": alone.predict, "multilayer perceptron": machine.predict if machine else None}
    for ax, (name, predict) in zip(axes, machines.items(), strict=False):
        if predict is not None:
            ax.contourf(side, side, predict(grid).reshape(120, 120), [-0.5, 0.5, 1.5], colors=["#ffffff", "#cfe0f1"])
        for label, marker in ((0, "o"), (1, "s")):
            of = POINTS[label == XOR]
            ax.plot(of[:, 0], of[:, 1], marker, color=series_color(label), markersize=9, label=f"XOR = {label}")
        ax.set(title=name, xlabel="first bit", aspect="equal")
    axes[0].legend(fontsize=8, loc="center")
    axes[2].bar([str(k) for k in shares], list(shares.values()), color=series_color(0))
    axes[2].set(xlabel="hidden units", ylabel="starts that learn XOR", ylim=(0, 1.05))
    axes[2].grid(color=LINE, axis="y")
    axes[2].set_axisbelow(True)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
