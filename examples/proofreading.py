"""Kinetic proofreading (Hopfield 1974): the least error that an enzyme reaches for what it dissipates.

For each free energy of a molecule of fuel, rates are searched for the least error at a given dissipation a product.
Published: the limit f_0^2 of one proofreading; measured, two enzymes that tell isoleucine from valine: yeast's, with
38,000 right products for each error and 5.5 ATP (Freist, Pardowitz and Cramer, Biochemistry 24, 7014 (1985)), and that
of E. coli MRE 600, with 72,000 and 1.1 ATP ("Isoleucyl-tRNA synthetase from Escherichia coli MRE 600: discrimination
between isoleucine and valine with modulated accuracy", abstract).

    python examples/proofreading.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from neuromorph.kinetics import Proofreading, fast_proofreading

MEASURED = {"yeast": (5.5, 1 / 38_000), "E. coli": (1.1, 1 / 72_000)}  # ATP a right product, error


def least_errors(discrimination: float, drive: float, spends: np.ndarray, stages: int = 1) -> list[tuple[float, float]]:
    """(dissipation in kT, error) of the best rates that spend at most each of ``spends``, in kT a right product."""

    def enzyme(logs: np.ndarray) -> Proofreading:
        forward, backward, product = 10.0 ** np.clip(logs, -9.0, 4.0)
        return Proofreading(discrimination, drive, stages, forward=forward, backward=backward, product=product)

    def cost(logs: np.ndarray, most: float) -> float:
        flows = enzyme(logs).flows()
        return float(np.log(flows.error) + 100.0 * max(0.0, np.log(max(flows.dissipation, 1e-300) / most)) ** 2)

    # From the largest, which is easy to find, to the least, each from the rates of the one before.
    starts = [(forward, -3.0 - undo, -1.5) for forward in (-3.0, 0.0) for undo in (0.0, 2.0, 4.0)]
    found = []
    for most in spends[::-1]:
        # A product rate of 1 / x spends about (1 + x) drives.
        near = [(*start[:2], -np.log10(max(0.01, most / drive - 1.0))) for start in starts]
        tried = [
            minimize(cost, start, (most,), method="Nelder-Mead", options={"maxfev": 400}) for start in [*starts, *near]
        ]
        best = min(tried, key=lambda one: one.fun).x
        flows = enzyme(best).flows()
        found.append((flows.dissipation, flows.error))
        starts = [tuple(best)]
    return found[::-1]


def main(argv: list[str] | None = None) -> dict[float, list[tuple[float, float]]]:
    """Write the figure and print the table; return (dissipation, error) of each drive."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--discrimination", type=float, default=0.01, help="f_0, error of one binding")
    parser.add_argument("--drives", type=float, nargs="+", default=[2.0, 5.0, 10.0, 20.0], metavar="KT")
    parser.add_argument("--points", type=int, default=15, help="dissipations tried for each drive")
    parser.add_argument("--out", type=Path, default=Path("proofreading.png"))
    options = parser.parse_args(argv)
    f_0 = options.discrimination

    found = {}
    print(
        f"f_0 = {f_0:g}; limit of one proofreading f_0^2 = {f_0**2:g}\nfuel, kT   kT a product   least error   / f_0^2"
    )
    for drive in options.drives:
        found[drive] = least_errors(f_0, drive, np.geomspace(1.02, 30.0, options.points) * drive)
        for spent, error in found[drive][:: max(1, options.points // 4)]:
            print(f"{drive:>8g} {spent:>14.1f} {error:>13.2e} {error / f_0**2:>9.2f}")
    _draw(found, f_0, options.out)
    print(f"wrote {options.out}")
    spent, error = found[max(found)][-1]
    fuel = float(fast_proofreading(f_0, 1.0 - 2.0 * f_0)[1])  # x at which f = 2 f_0^2
    atp, measured = MEASURED["yeast"]
    one, two = (least_errors(f_0, 20.0, np.array([20.0 * atp]), stages)[0][1] for stages in (1, 2))
    print(f"{atp:g} ATP of 20 kT a product: least error 1 in {1 / one:,.0f} with one proofreading, 1 in {1 / two:,.0f} "
          f"with two; yeast, which has two, measured 1 in {1 / measured:,.0f}")  # fmt: skip
    print(f"published limit f_0^2 = {f_0**2:.3g}, ours {error:.3g} ({error / f_0**2 - 1:+.1%}) at {spent:.0f} kT a "
          f"product; twice the limit costs {fuel:.2f} molecules of fuel")  # fmt: skip
    return found


def _draw(found: dict[float, list[tuple[float, float]]], f_0: float, out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, MUTED, series_color

    figure = Figure(figsize=(9.6, 3.7), layout="constrained")
    left, right = figure.subplots(1, 2)
    for number, (drive, points) in enumerate(found.items()):
        x, y = np.array(points).T
        style = {"color": series_color(number), "marker": MARKERS[number], "markersize": 4, "linewidth": 1.0}
        left.loglog(x, y, label=f"fuel of {drive:g} kT", **style)
        right.loglog(x / drive, y, **style)
    x = np.geomspace(0.01, 30.0, 200)
    error, fuel = fast_proofreading(f_0, x)
    right.loglog(fuel, error, color=MUTED, linestyle=":", label="strong drive, closed form")
    for (name, (atp, each)), marker in zip(MEASURED.items(), "*P", strict=True):
        right.loglog(atp, each, marker, color="#b0567c", markersize=9, label=f"{name}, Ile from Val, measured")
    for ax in (left, right):
        ax.axhline(f_0, color=MUTED, linewidth=0.8, linestyle="--")
        ax.axhline(f_0**2, color=MUTED, linewidth=0.8, linestyle="--")
        ax.text(0.99, f_0 * 1.1, "$f_0$", transform=ax.get_yaxis_transform(), ha="right")
        ax.text(0.99, f_0**2 * 1.1, "$f_0^2$", transform=ax.get_yaxis_transform(), ha="right")
        ax.set(ylabel="error, wrong / right products")
        ax.grid(color=LINE)
        ax.legend(frameon=False, fontsize=8, loc="lower left")
    left.set(xlabel="free energy dissipated a product, kT")
    right.set(xlabel="molecules of fuel a product", ylim=(3e-7 * f_0 / 1e-2, None))
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
