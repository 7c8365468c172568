"""A continuous attractor: a ring of neurons holds an angle, and noise lets it diffuse.

Published: with weights J_1 cos the bump appears at J_1 = 2 and its width has a closed form (Ben-Yishai, Bar-Or and
Sompolinsky 1995); the angle's variance grows linearly with time and falls as 1 / n (Burak and Fiete 2012).

    python examples/ring_attractor.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from neuromorph.associative_memory import RingAttractor
from neuromorph.rng import read_seeds

TIMES = np.linspace(0.0, 40.0, 9)


def variances(ring: RingAttractor, noise: float, trials: int, seed: np.random.SeedSequence) -> np.ndarray:
    """Variance of the angle at each time, from 0."""
    u, found = ring.bump(np.zeros(trials)), [0.0]
    for length, stream in zip(np.diff(TIMES), seed.spawn(len(TIMES) - 1), strict=True):
        u = ring.simulate(u, length, noise=noise, rng=stream)
        found.append(float(np.mean(ring.decode(u) ** 2)))
    return np.array(found)


def main(argv: list[str] | None = None) -> list[float]:
    """Write the figure, print the table; return the diffusion of each size over that of theory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 64, 128, 256, 512])
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("ring_attractor.png"))
    options = parser.parse_args(argv)

    rings = [RingAttractor(n) for n in options.sizes]
    found = [
        variances(ring, options.noise, options.trials, seed)
        for ring, seed in zip(rings, read_seeds(options.seed, len(rings)), strict=True)
    ]
    rates = [float(TIMES @ each / (TIMES @ TIMES)) for each in found]
    ratios = [rate / ring.diffusion(options.noise) for rate, ring in zip(rates, rings, strict=True)]
    print("neurons   variance a unit of time   theory")
    for ring, rate in zip(rings, rates, strict=True):
        print(f"{ring.size:>7} {rate:>25.3e} {ring.diffusion(options.noise):>8.2e}")
    tuned = np.linspace(2.2, 12.0, 12)
    widths = []
    for each in tuned:
        ring = RingAttractor(720, float(each), -float(each))
        end = ring.simulate(0.1 + 0.5 * np.cos(ring.angles)[None], 200.0)
        widths.append(np.pi * float(np.mean(end > 0)))
    theory = np.array([RingAttractor(8, float(each), -float(each)).half_width for each in tuned])
    _draw(rings, found, options.noise, (tuned, np.array(widths)), options.out)
    print(f"wrote {options.out}")
    slope = np.polyfit(np.log(options.sizes), np.log(rates), 1)[0] if len(rates) > 1 else float("nan")
    print(f"diffusion published as n^-1, ours n^{slope:.2f}, {np.mean(ratios):.2f} times theory; half width of "
          f"the bump within {np.abs(widths - theory).max():.3f} rad of the published form")  # fmt: skip
    return ratios


def _draw(
    rings: list[RingAttractor],
    found: list[np.ndarray],
    noise: float,
    widths: tuple[np.ndarray, np.ndarray],
    out: Path,
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, MUTED, series_color

    figure = Figure(figsize=(10.5, 3.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    ring = rings[-1]
    for k, psi in enumerate((-1.5, 0.0, 1.5)):
        end = ring.simulate(ring.bump([psi]), 40.0, noise=noise, rng=k)
        angle = (ring.angles + np.pi) % (2 * np.pi) - np.pi
        order = np.argsort(angle)
        left.plot(angle[order], np.maximum(end[0], 0)[order], color=series_color(k), linewidth=0.8)
        left.plot(angle[order], np.maximum(ring.bump([psi])[0], 0)[order], ":", color=MUTED)
    left.set(xlabel="preferred angle", ylabel="rate", title="bumps after 40 time constants; dotted: at first")
    for number, (each, variance) in enumerate(zip(rings, found, strict=True)):
        color = series_color(number)
        middle.plot(TIMES, variance, MARKERS[number % 8], markersize=4, color=color, label=f"{each.size} neurons")
        middle.plot(TIMES, TIMES * each.diffusion(noise), color=color, linewidth=1.0)
    middle.set(xlabel="time constants", ylabel="variance of the angle", title="lines: theory")
    fine = np.linspace(2.01, 12.0, 100)
    right.plot(fine, [RingAttractor(8, float(each), -float(each)).half_width for each in fine], color=MUTED)
    right.plot(*widths, "o", markersize=4, color=series_color(0))
    right.set(xlabel="$J_1$", ylabel="half width of the bump, rad", title="line: theory")
    for ax in (left, middle, right):
        ax.grid(color=LINE)
    middle.legend(frameon=False, fontsize=8)
    for ax in (left, middle, right):
        ax.title.set_fontsize(8)
    out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(out, dpi=150)


if __name__ == "__main__":
    main()
