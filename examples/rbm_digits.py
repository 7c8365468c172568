"""Boltzmann machines on the 8 x 8 digits that scikit-learn carries: likelihoods, features, codes.

Run it: python examples/rbm_digits.py, or with --mnist FILE.npz (arrays x_train and y_train, or x and y) on other digits
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from neuromorph.boltzmann import DBN, RBM, Autoencoder
from neuromorph.files.atomic_write import write_file

Float = NDArray[np.float64]

METHODS = {"CD-1": "cd", "PCD": "pcd", "tempering": "tempering"}
PENALTIES = (0.1, 1.0, 10.0, 100.0)  # of the logistic regression, the same choice for raw pixels and features


def digits(path: Path | None, samples: int) -> tuple[Float, NDArray[Any]]:
    """Images (samples, pixels) in [0, 1] and their labels."""
    if path is None:
        found = load_digits()
        return found.data[:samples] / 16.0, found.target[:samples]
    with np.load(path, allow_pickle=False) as data:
        names = ("x_train", "y_train") if "x_train" in data else ("x", "y")
        if not set(names) <= set(data):
            raise SystemExit(f"error: {path} holds {', '.join(data)}; it needs x_train and y_train, or x and y")
        x, y = (data[name][:samples] for name in names)
    return x.reshape(len(x), -1) / float(x.max()), y


def interval(values: Float) -> tuple[float, float]:
    """Mean and half width of its 95 % interval."""
    n = len(values)
    half = student.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return float(np.mean(values)), float(half)


def likelihoods(x: Float, seeds: range, epochs: int, units: int) -> tuple[dict[str, dict[str, Float]], RBM]:
    """Log-likelihoods by AIS of machines that differ in their negative phase only, on black and white digits."""
    print(f"\nRBM of {units} hidden units on black and white digits, {epochs} epochs; ln p of an image in nats")
    print(
        "negative phase   seed      train       test    ln Z (95 % interval)       bounds of ln Z      effective chains"
    )
    found = {name: {"train": np.empty(len(seeds)), "test": np.empty(len(seeds))} for name in METHODS}
    for k, seed in enumerate(seeds):
        train, test = train_test_split((x >= 0.5).astype(float), test_size=0.3, random_state=seed)
        for name, method in METHODS.items():
            machine = RBM(
                units, method=method, learning_rate=(0.1, 0.0), n_iter=epochs, batch_size=50, random_state=seed
            )
            machine.fit(train)
            z = machine.log_partition()
            scores = {"train": machine.score(train), "test": machine.score(test)}
            for part, score in scores.items():
                found[name][part][k] = score
            print(
                f"{name:14} {seed:6}  {scores['train']:9.2f}  {scores['test']:9.2f}    "
                f"{z.value:.2f} ({z.low:.2f} .. {z.high:.2f})   {z.lower:.2f} .. {z.upper:.2f}   "
                f"{z.effective_size:.0f} of {z.log_weights.size}"
            )
    for name in METHODS:
        train, test = (interval(found[name][part]) for part in ("train", "test"))
        print(f"{name:14}   mean  {train[0]:9.2f}  {test[0]:9.2f}    +- {train[1]:.2f} and +- {test[1]:.2f} over seeds")
    return found, machine


def tuned(features: tuple[Float, Float, Float], labels: tuple[NDArray[Any], ...]) -> float:
    """Test accuracy of logistic regression, its penalty chosen on the validation part."""

    def fitted(c: float, x: Float, y: NDArray[Any]) -> LogisticRegression:
        with catch_warnings():
            simplefilter("ignore", ConvergenceWarning)  # of weak penalties: 200 steps are enough to compare
            return LogisticRegression(C=c, max_iter=200).fit(x, y)

    train, check, test = features
    best = max(PENALTIES, key=lambda c: fitted(c, train, labels[0]).score(check, labels[1]))
    final = fitted(best, np.concatenate([train, check]), np.concatenate(labels[:2]))
    return float(final.score(test, labels[2]))


def shifted(x: Float) -> Float:
    """The images and the same moved by one pixel to each of four sides, (5 samples, pixels)."""
    side = int(np.sqrt(x.shape[1]))
    framed = np.pad(x.reshape(-1, side, side), ((0, 0), (1, 1), (1, 1)))
    places = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
    return np.concatenate([framed[:, i : i + side, j : j + side].reshape(len(x), -1) for i, j in places])


def classification(x: Float, y: NDArray[Any], seeds: range, epochs: int, units: int) -> dict[str, Float]:
    """Accuracy of the same linear classifier on raw pixels and on the features of a network that saw no label.

    Every digit stands at five places, which no linear map of pixels can allow for. Digits are split before they are
    moved: no digit of the test part is anywhere else.
    """
    names = ("raw pixels", "DBN, lower layer", "DBN, upper layer")
    accuracy = {name: np.empty(len(seeds)) for name in names}
    for k, seed in enumerate(seeds):
        rest, test = train_test_split(np.arange(len(x)), test_size=0.3, stratify=y, random_state=seed)
        train, check = train_test_split(rest, test_size=0.25, stratify=y[rest], random_state=seed)
        labels = tuple(np.tile(y[part], 5) for part in (train, check, test))
        raw = [shifted(x[part]) for part in (train, check, test)]
        rbm = RBM(method="cd", learning_rate=0.06, batch_size=10, n_iter=epochs)
        network = DBN((units, units), rbm=rbm, random_state=seed).fit(np.concatenate(raw[:2]))
        lower, upper = ([network.transform(part, layers=n) for part in raw] for n in (1, 2))
        for name, features in zip(names, (raw, lower, upper), strict=True):
            accuracy[name][k] = tuned(tuple(features), labels)
    print(f"\nlogistic regression, {len(seeds)} splits, digits at five places; DBN of {units} + {units} units")
    for name, values in accuracy.items():
        mean, half = interval(values)
        gain, error = interval(values - accuracy["raw pixels"])
        print(f"{name:18}  {mean:.2%} +- {half:.2%}    over raw pixels: {gain:+.2%} +- {error:.2%}")
    return accuracy


def reconstruction(
    x: Float, codes: tuple[int, ...], epochs: int, iterations: int
) -> tuple[dict[int, tuple[float, float]], Autoencoder]:
    """Mean squared error a pixel on test digits, of PCA and of a deep autoencoder with codes of the same size."""
    train, test = train_test_split(x, test_size=0.3, random_state=0)
    print("\nmean squared error a pixel on test digits\n code       PCA   autoencoder")
    errors = {}
    for size in codes:
        pca = PCA(size).fit(train)
        linear = float(((pca.inverse_transform(pca.transform(test)) - test) ** 2).mean())
        rbm = RBM(method="cd", learning_rate=0.06, batch_size=20, n_iter=epochs)
        model = Autoencoder((128, size), rbm=rbm, code_rate=0.01, code_iter=50, max_iter=iterations, alpha=1e-5)
        model.set_params(random_state=0).fit(train)
        errors[size] = linear, float(((model.inverse_transform(model.transform(test)) - test) ** 2).mean())
        print(f"{size:5}   {linear:.5f}       {errors[size][1]:.5f}")
    return errors, model


def draw(machine: RBM, model: Autoencoder, x: Float, out: Path) -> None:
    """Filters and samples of the machine; digits and what the smallest code leaves of them."""
    from io import BytesIO

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    side, count = int(np.sqrt(x.shape[1])), 8

    def mosaic(images: Float) -> Float:
        tiles = np.full((count * (side + 1) - 1, count * (side + 1) - 1), np.nan)
        for k, image in enumerate(images[: count * count]):
            row, column = (side + 1) * np.array(divmod(k, count))
            tiles[row : row + side, column : column + side] = image.reshape(side, side)
        return tiles

    pairs = np.empty((count * count, x.shape[1]))
    pairs[0::2] = x[: count * count // 2]
    pairs[1::2] = model.inverse_transform(model.transform(pairs[0::2]))
    order = np.argsort(-np.linalg.norm(machine.components_, axis=1))
    filters = machine.components_[order]
    largest = float(np.abs(filters[: count * count]).max())
    figure = Figure(figsize=(9.6, 3.5), layout="constrained")
    panels = (
        ("filters (strongest first)", filters, "RdBu_r", -largest, largest),
        ("samples of the machine", machine.sample(count * count, n_steps=500, rng=0), "gray_r", 0.0, 1.0),
        (f"digits and codes of {model.n_components[-1]} numbers, in pairs", pairs, "gray_r", 0.0, 1.0),
    )
    for ax, (title, images, colors, low, high) in zip(figure.subplots(1, 3), panels, strict=True):
        ax.imshow(mosaic(np.asarray(images)), cmap=colors, vmin=low, vmax=high)
        ax.set_title(title, fontsize=10)
        ax.axis("off")
    buffer = BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    write_file(out, buffer.getvalue())


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Print the tables and write the figure; return their numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mnist", type=Path, help="an .npz file of images and labels instead of scikit-learn's digits")
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=10, help="the first of them")
    parser.add_argument(
        "--epochs", type=int, default=60, help="of each layer of the DBN; machines take four times as many"
    )
    parser.add_argument("--units", type=int, default=200, help="of each layer of the DBN; machines have half")
    parser.add_argument("--iterations", type=int, default=300, help="of the fine-tuning")
    parser.add_argument("--out", type=Path, default=Path("rbm_digits.png"))
    options = parser.parse_args(argv)

    x, y = digits(options.mnist, options.samples)
    seeds = range(options.seed, options.seed + options.seeds)
    scores, machine = likelihoods(x, seeds[:3], 4 * options.epochs, max(2, options.units // 2))
    accuracy = classification(x, y, seeds, max(1, options.epochs // 3), options.units)
    errors, model = reconstruction(x, (16, 8), options.epochs, options.iterations)
    draw(machine, model, x, options.out)
    print(f"wrote {options.out}")
    print("no published number for 8 x 8 digits: principal components and raw pixels stand beside")
    return {"likelihoods": scores, "accuracy": accuracy, "errors": errors}


if __name__ == "__main__":
    main()
