"""How a restricted Boltzmann machine learns: its spectrum crosses a transition; and TAP learning beside CD and PCD.

Published (Decelle, Fissore and Furtlehner, EPL 119, 60001 (2017)): from small weights each singular value of W grows
exponentially, at a rate that the data's covariance sets, in the order of its eigenvalues; learning leaves the
paramagnetic phase where the largest one reaches the ferromagnetic threshold, 4 for units of 0 and 1 without biases (the
slope of the logistic is 1/4), and only then has the machine states of its own. Gabrie, Tramel and Krzakala (NIPS 28,
2015): learning by TAP reaches likelihoods at least as good as those of CD and PCD, the naive mean field lower ones.

Here learning follows the exact gradient: 8 hidden units are enumerated, 64 visible ones hold two patterns of different
weight. Likelihoods of digits are exact as well, with 10 hidden units.

    python examples/rbm_phases.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from neuromorph.boltzmann import RBM, RestrictedBoltzmann, learn_by_tap, log_odds, rbm_tap

THRESHOLD = 4.0  # of the largest singular value, units of 0 and 1 without biases
METHODS = ("CD-1", "PCD-1", "naive mean field", "TAP", "exact gradient")


def two_patterns(samples: int, m: int, rng: np.random.Generator) -> np.ndarray:
    """States of 0 and 1 near one of two orthogonal patterns or their mirror images, which come in 65 % and 35 %."""
    patterns = np.array([np.repeat([1, -1], m // 2), np.tile([1, -1], m // 2)])
    which = (rng.random(samples) < 0.35).astype(int)
    spins = patterns[which] * rng.choice([-1, 1], (samples, 1)) * np.where(rng.random((samples, m)) < 0.2, -1, 1)
    return (spins + 1) / 2.0


def stepped(layer: RestrictedBoltzmann, slope: RestrictedBoltzmann, rate: float) -> RestrictedBoltzmann:
    """The machine after one update."""
    return RestrictedBoltzmann(
        layer.weights + rate * slope.weights,
        layer.visible_biases + rate * slope.visible_biases,
        layer.hidden_biases + rate * slope.hidden_biases,
    )


def distinct(points: np.ndarray) -> int:
    """Number of stationary points that differ by more than 0.05 in some mean."""
    kept: list[np.ndarray] = []
    for point in points:
        if all(np.abs(point - other).max() > 0.05 for other in kept):
            kept.append(point)
    return len(kept)


def spectrum(updates: int, rate: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Singular values (updates, 2) in exact learning, mean-field states, and the rates that the covariance sets."""
    data = two_patterns(2000, 64, rng)
    covariance = np.cov(data.T, bias=True)
    rates = np.linalg.eigvalsh(covariance - np.diag(np.diag(covariance)))[::-1][:2] / 4.0
    layer = RestrictedBoltzmann(1e-4 * rng.normal(size=(8, 64)), log_odds(data, "bernoulli"), np.zeros(8))
    values, states, at = [], [], []
    for k in range(updates):
        values.append(np.linalg.svd(layer.weights, compute_uv=False)[:2])
        if k % 20 == 0 or (
            not any(state > 1 for state in states) and values[-1][0] > 2.0
        ):  # each update near the birth
            at.append(k)
            found = rbm_tap(layer, data[:40], second_order=False, iterations=300, tolerance=1e-6)
            states.append(distinct(found.visible))
        layer = stepped(layer, layer.gradient(data), rate)
    return {"values": np.array(values), "rates": rates, "at": np.array(at), "states": np.array(states)}


def likelihoods(epochs: int, seed: int) -> dict[str, list[float]]:
    """Exact <ln p> of unseen digits during learning by each method, from the same weights and at the same rate."""
    x = (load_digits().data > 7.5).astype(float)
    rng = np.random.default_rng(seed)
    x = x[rng.permutation(len(x))]
    data, unseen, hidden, rate, every = x[:1400], x[1400:], 10, 0.1, epochs // 6
    start = RestrictedBoltzmann(0.01 * rng.normal(size=(hidden, 64)), log_odds(data, "bernoulli"), np.zeros(hidden))
    found: dict[str, list[float]] = {}
    for name in METHODS:
        layer, found[name] = start, []
        chain = None
        for _ in range(6):
            if name in ("CD-1", "PCD-1"):
                if chain is None:
                    chain = RBM(hidden, method="cd" if name == "CD-1" else "pcd", learning_rate=rate, batch_size=100,
                                n_chains=100, random_state=seed)  # fmt: skip
                for _ in range(every):
                    order = rng.permutation(len(data))
                    for rows in np.array_split(order, 14):
                        chain.partial_fit(data[rows])
                layer = chain.layer
            elif name == "exact gradient":
                for _ in range(every):
                    for rows in np.array_split(rng.permutation(len(data)), 14):
                        layer = stepped(layer, layer.gradient(data[rows]), rate)
            else:
                layer = learn_by_tap(layer, data, epochs=every, learning_rate=rate, second_order=name == "TAP", rng=rng)
            found[name].append(float(-layer.free_energy(unseen).mean() - layer.log_partition()))
    return found


def main(argv: list[str] | None = None) -> dict[str, float]:
    """Write the figure, print the tables and ours beside the published; return growth rates and likelihoods."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--updates", type=int, default=400, help="of the exact learning of two patterns")
    parser.add_argument("--epochs", type=int, default=60, help="of the learning of digits; a multiple of 6")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("rbm_phases.png"))
    options = parser.parse_args(argv)

    rate = 0.1
    found = spectrum(options.updates, rate, np.random.default_rng(options.seed))
    values, slopes = found["values"], []
    for mode in range(2):
        linear = (values[:, mode] > 0.01) & (values[:, mode] < 0.3)
        linear &= values[:, 0] < 1.0  # modes do not feel each other yet
        grown = np.polyfit(np.flatnonzero(linear), np.log(values[linear, mode]), 1)[0] if linear.sum() > 3 else np.nan
        slopes.append(float(grown) / np.log1p(rate * found["rates"][mode]))
    born = int(found["at"][np.flatnonzero(found["states"] > 1)[0]])
    print(f"growth of the singular values over what the covariance sets: {slopes[0]:.3f} and {slopes[1]:.3f}")
    own = found["states"]
    print(f"mean-field states: {own[0]} at first, more than one from update {born} on, {own[-1]} at last")
    scores = likelihoods(options.epochs, options.seed)
    for name, each in scores.items():
        print(f"{name:17s} ln p of unseen digits {' '.join(f'{value:8.2f}' for value in each)}")
    _draw(found, rate, born, scores, options)
    print(f"wrote {options.out}")
    last = {name: each[-1] for name, each in scores.items()}
    print(f"singular values grow at {slopes[0]:.2f} and {slopes[1]:.2f} of the published rate; states of its own from "
          f"a largest singular value of {values[born, 0]:.2f} on, published {THRESHOLD:g} for infinite layers; ln p of "
          f"unseen digits, published TAP at least CD and PCD: ours "
          + ", ".join(f"{name} {value:.1f}" for name, value in last.items()))  # fmt: skip
    return {"slope 1": slopes[0], "slope 2": slopes[1], "threshold": float(values[born, 0]), **last}


def _draw(found: dict, rate: float, born: int, scores: dict[str, list[float]], options: argparse.Namespace) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from neuromorph.plotting.style import LINE, MARKERS, MUTED, series_color

    figure = Figure(figsize=(10.8, 3.5), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    values, steps = found["values"], np.arange(len(found["values"]))
    for mode in range(2):
        left.semilogy(values[:, mode], color=series_color(mode), label=f"singular value {1 + mode}")
        start = int(np.argmax(values[:, mode] > 0.01))
        theory = values[start, mode] * (1 + rate * found["rates"][mode]) ** (steps - start)
        left.semilogy(steps, theory, ":", color=series_color(mode))
    left.axhline(THRESHOLD, color=MUTED, ls="--", lw=1)
    left.text(0, THRESHOLD * 1.2, "threshold", color=MUTED, fontsize=8)
    left.set(xlabel="updates", ylabel="singular values of W", ylim=(3e-4, 40), title="dotted: theory, linear regime")
    left.legend(fontsize=8, frameon=False, loc="lower right")
    middle.step(found["at"], found["states"], color=series_color(0), where="post")
    middle.yaxis.get_major_locator().set_params(integer=True)
    middle.axvline(born, color=MUTED, ls="--", lw=1)
    middle.set(xlabel="updates", ylabel="mean-field states found from 40 samples", title="states of its own")
    epochs = options.epochs // 6 * np.arange(1, 7)
    for k, (name, each) in enumerate(scores.items()):
        right.plot(epochs, each, marker=MARKERS[k], ms=4, color=series_color(k), label=name)
    right.set(xlabel="epochs", ylabel="exact ln p of an unseen digit, nats", title="8 x 8 digits, 10 hidden")
    right.set_ylim(top=right.get_ylim()[1] + 0.45 * np.ptp(right.get_ylim()))  # room for the legend above the curves
    right.legend(fontsize=8, frameon=False, ncols=2, loc="upper left")
    for ax in (left, middle, right):
        ax.grid(color=LINE)
        ax.title.set_fontsize(10)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(options.out, dpi=150)


if __name__ == "__main__":
    main()
