"""RBM, DBN and Autoencoder beside scikit-learn on its digits, all with no options: what a user gets without tuning.

Features are judged by logistic regression on them, as in scikit-learn's example of BernoulliRBM; an autoencoder by the
squared error of its reconstructions, beside PCA with as many codes. Mean and standard error over splits.

    python examples/digits_defaults.py [--splits 5]
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import BernoulliRBM
from sklearn.preprocessing import FunctionTransformer

from neuromorph.boltzmann import DBN, RBM, Autoencoder

CODES = 8


def accuracy(model: Any, split: list[Any]) -> float:
    """Fit ``model`` and logistic regression on its features, and return the share of test digits that it names."""
    train, test, labels, hidden = split
    features = model.fit(train).transform(train)
    return float(LogisticRegression(max_iter=3000).fit(features, labels).score(model.transform(test), hidden))


def error(model: Any, split: list[Any]) -> float:
    """Fit ``model`` and return the squared error of a test digit after encoding and decoding."""
    train, test, _, _ = split
    back = model.fit(train).inverse_transform(model.transform(test))
    return float(((back - test) ** 2).sum(axis=1).mean())


def main(arguments: list[str] | None = None) -> dict[str, tuple[float, float]]:
    """Print the table and return mean and standard error of each row."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--splits", type=int, default=5, help="random splits; default: 5")
    splits = parser.parse_args(arguments).splits
    x, y = load_digits(return_X_y=True)
    parts = [train_test_split(x / 16.0, y, random_state=seed) for seed in range(splits)]
    rows: list[tuple[str, Any, Any]] = [
        ("accuracy: raw pixels", accuracy, lambda seed: FunctionTransformer()),
        ("accuracy: scikit-learn BernoulliRBM()", accuracy, lambda seed: BernoulliRBM(random_state=seed)),
        ("accuracy: RBM()", accuracy, lambda seed: RBM(random_state=seed)),
        ("accuracy: DBN()", accuracy, lambda seed: DBN(random_state=seed)),
        (f"error: scikit-learn PCA({CODES})", error, lambda seed: PCA(CODES, random_state=seed)),
        (f"error: Autoencoder((128, {CODES}))", error, lambda seed: Autoencoder((128, CODES), random_state=seed)),
        ("error: scikit-learn PCA(16)", error, lambda seed: PCA(16, random_state=seed)),
        ("error: Autoencoder(), 16 codes", error, lambda seed: Autoencoder(random_state=seed)),
    ]
    found = {}
    print(f"{'digits, 1,347 to learn and 450 to test':42s}  mean +- error")
    for name, score, make in rows:
        each = np.array([score(make(seed), split) for seed, split in enumerate(parts)])
        found[name] = float(each.mean()), float(each.std(ddof=1) / np.sqrt(splits)) if splits > 1 else float("nan")
        print(f"{name:42s} {found[name][0]:6.3f} +- {found[name][1]:.3f}", flush=True)
    ours = " and ".join(f"{found[f'accuracy: {name}()'][0]:.3f}" for name in ("RBM", "DBN"))
    print(f"no published number for these splits; beside scikit-learn, accuracy {ours} by RBM and DBN, "
          f"{found['accuracy: scikit-learn BernoulliRBM()'][0]:.3f} by BernoulliRBM; error of {CODES} codes, "
          f"ours and by PCA, {found[f'error: Autoencoder((128, {CODES}))'][0]:.3f} and "
          f"{found[f'error: scikit-learn PCA({CODES})'][0]:.3f}",
          flush=True)  # fmt: skip
    return found


if __name__ == "__main__":
    main()
