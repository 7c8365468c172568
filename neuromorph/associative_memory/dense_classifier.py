r"""Dense associative memory as a classifier: memories are trained so that the class units of a picture relax rightly.

.. math:: c_a = \tanh \sum_\mu \Bigl[ F\Bigl(\frac{\xi^\mu_v \cdot v - \sum_{b} \xi^\mu_b + 2 \xi^\mu_a}{T}\Bigr)
          - F\Bigl(\frac{\xi^\mu_v \cdot v - \sum_{b} \xi^\mu_b}{T}\Bigr) \Bigr], \qquad F(x) = \max(0, x)^n

where v are pixels in -1 .. 1, all class units b start at -1, c_a is the class unit a after one update, xi^mu_v and
xi^mu_b are what memory mu holds of pixels and class units, all within -1 .. 1, and T is a scale. The bracket is minus
the change of the energy E = -sum F as unit a turns from -1 to +1. The cost of the answers, with targets t = -1, +1,

.. math:: C = \sum_{a, v} (c_a - t_a)^{2 m}

falls along its gradient with momentum; each memory moves by a fixed largest step, and is cut off at -1 and +1. Small n
matches features of which many memories share each picture, large n compares with few prototypes.
Source: Krotov and Hopfield, NeurIPS 29 (2016).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..ising import Float
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .class_labels import number_classes

_START_MEAN, _START_SPREAD = -0.3, 0.3  # of the memories before training
_TINY = 1e-300
_ROWS = 1000  # of X, at most, that tell whether anything was learned
_APART = 10.0  # largest range of a feature over the median, from which on they are said to differ


class DenseClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Scikit-learn classifier whose class units relax in a trained dense associative memory.

    Features are scaled to -1 .. 1 by the extremes that ``fit`` sees over all of them.

    Parameters
    ----------
    n_memories : int
        Memories k.
    power : int
        n of F, 2 to 100.
    scale : float or None
        T over the number of features and classes; None rises with n, from 0.22 at n = 2 to 0.6: F stays of order 1.
    cost_power : int
        m of the cost, at least 1.
    learning_rate : (first, last)
        Largest change of an entry of each memory in an update; falls geometrically.
    momentum : float
        Part of the last step that is kept, at least 0 and below 1.
    batch_size : int
        Samples in an update.
    n_iter : int
        Epochs.
    random_state : int, RandomState or None
        Seed of the first memories and of the order of the samples.

    Attributes
    ----------
    memories_ : (n_memories, n_features) float
        What the memories hold of the features.
    class_memories_ : (n_memories, classes) float
        What they hold of the class units.
    classes_ : (classes,) array
        Labels.

    References
    ----------
    Krotov and Hopfield, NeurIPS 29 (2016).
    """

    def __init__(
        self,
        n_memories: int = 100,
        *,
        power: int = 10,
        scale: float | None = None,
        cost_power: int = 3,
        learning_rate: tuple[float, float] = (0.03, 0.001),
        momentum: float = 0.6,
        batch_size: int = 50,
        n_iter: int = 100,
        random_state: Any = None,
    ) -> None:
        self.n_memories = n_memories
        self.power = power
        self.scale = scale
        self.cost_power = cost_power
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> DenseClassifier:
        """Train the memories from random ones.

        A ConvergenceWarning is given where the trained memory names no more of X than the most frequent class does.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        y : (samples,) array_like
            Labels of at least two classes.

        Returns
        -------
        DenseClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is out of range or there is one class only.
        """
        self._check_parameters()
        x, labels = validate_data(self, X, y, dtype=float)
        self.classes_, numbers = number_classes(labels)
        low, high = float(x.min()), float(x.max())
        self.middle_, self.half_range_ = (low + high) / 2.0, max((high - low) / 2.0, _TINY)
        v, targets = self._pixels(x), 2.0 * np.eye(len(self.classes_))[numbers] - 1.0
        rng = check_random_state(self.random_state)
        memories = rng.normal(_START_MEAN, _START_SPREAD, (self.n_memories, v.shape[1] + targets.shape[1]))
        velocity, batches = np.zeros_like(memories), -(-len(v) // self.batch_size)
        first, last = self.learning_rate
        with single_threaded_blas():
            for epoch in range(self.n_iter):
                order = rng.permutation(len(v))
                rate = first * (last / first) ** (epoch / max(1, self.n_iter - 1))
                for batch in range(batches):
                    checkpoint("learning of the dense memory", epoch * batches + batch, self.n_iter * batches)
                    rows = order[batch * self.batch_size : (batch + 1) * self.batch_size]
                    _, slope = _cost(memories, v[rows], targets[rows], self._temperature, self.power, self.cost_power)
                    velocity = self.momentum * velocity - slope
                    memories += rate * velocity / np.maximum(np.abs(velocity).max(axis=1, keepdims=True), _TINY)
                    np.clip(memories, -1.0, 1.0, out=memories)
        self.memories_, self.class_memories_ = memories[:, : v.shape[1]], memories[:, v.shape[1] :]
        if self.n_iter:
            self._warn_unlearned(x, numbers)
        return self

    def decision_function(self, X: ArrayLike) -> Float:
        """Compute how far the energy falls as each class unit turns to +1.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.

        Returns
        -------
        (samples, classes) float, or (samples,) with two classes
            The falls; of two classes, that of the second less that of the first.
        """
        check_is_fitted(self)
        v = self._pixels(validate_data(self, X, reset=False, dtype=float))
        memories = np.column_stack([self.memories_, self.class_memories_])
        rows = max(1, (1 << 22) // self.class_memories_.size)  # floats that are evaluated at once
        falls = np.concatenate([_falls(memories, part, self._temperature, self.power)[0]
                                for part in np.array_split(v, -(-len(v) // rows))])  # fmt: skip
        return falls[:, 1] - falls[:, 0] if len(self.classes_) == 2 else falls

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Name the class whose unit lowers the energy most.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.

        Returns
        -------
        (samples,) array
            Labels.
        """
        falls = self.decision_function(X)
        best = (falls > 0.0).astype(int) if falls.ndim == 1 else falls.argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _warn_unlearned(self, x: Float, numbers: NDArray[np.intp]) -> None:
        some = slice(None, None, -(-len(x) // _ROWS))
        named = float((self.predict(x[some]) == self.classes_[numbers[some]]).mean())
        most = float(np.bincount(numbers[some]).max() / len(numbers[some]))
        if named <= most < 1.0:
            ranges = np.ptp(x, axis=0)
            apart = ranges.max() > _APART * np.median(ranges)
            warnings.warn(
                f"DenseClassifier learned nothing: it names {named:.0%} of X rightly, {most:.0%} is one class; "
                + ("features differ in range, and all are scaled together: scale each, as MinMaxScaler does" if apart
                   else "raise n_iter, or change power or scale"),
                ConvergenceWarning, stacklevel=3,
            )  # fmt: skip

    def _pixels(self, x: Float) -> Float:
        return (x - self.middle_) / self.half_range_

    @property
    def _temperature(self) -> float:
        scale = min(0.6, 0.22 + 0.02 * (self.power - 2)) if self.scale is None else self.scale
        return scale * (self.n_features_in_ + len(self.classes_))

    def _check_parameters(self) -> None:
        if self.power != int(self.power) or not 2 <= self.power <= 100:
            raise ValueError(f"power is {self.power}; it must be a whole number from 2 to 100")
        for name in ("n_memories", "batch_size", "cost_power"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        rates = np.asarray(self.learning_rate, dtype=float)
        if rates.shape != (2,) or not (np.isfinite(rates).all() and (rates > 0.0).all()):
            raise ValueError(f"learning_rate is {self.learning_rate}; give the first and the last, both above 0")
        fits = self.scale is None or (np.isfinite(self.scale) and self.scale > 0.0)
        if not fits or not 0.0 <= self.momentum < 1.0 or self.n_iter < 0:
            raise ValueError(
                f"scale is {self.scale}, momentum {self.momentum}, n_iter {self.n_iter}; scale must be above 0, "
                "momentum in [0, 1), and n_iter not negative"
            )


def _falls(memories: Float, v: Float, temperature: float, power: int) -> tuple[Float, Float, Float]:
    """Falls of the energy (rows, c), and F' with class unit a at +1 (rows, k, c) and at -1 (rows, k)."""
    pixels = v.shape[1]
    of_class = memories[:, pixels:]
    off = (v @ memories[:, :pixels].T - of_class.sum(axis=1)) / temperature
    below = np.maximum(off, 0.0)
    above = np.maximum(off[:, :, None] + (2.0 / temperature) * of_class, 0.0)
    low, high = below ** (power - 1), above ** (power - 1)
    return np.einsum("rkc,rkc->rc", high, above) - (low * below).sum(axis=1)[:, None], power * high, power * low


def _cost(
    memories: Float, v: Float, targets: Float, temperature: float, power: int, cost_power: int
) -> tuple[float, Float]:
    """Mean of the cost over samples, and its gradient by the memories (k, m + c)."""
    falls, high, low = _falls(memories, v, temperature, power)
    c = np.tanh(falls)
    off = c - targets
    slope = 2 * cost_power * off ** (2 * cost_power - 1) * (1.0 - c**2) / (temperature * len(v))  # by falls, over T
    turned = high * slope[:, None, :]
    common = turned.sum(axis=2) - low * slope.sum(axis=1)[:, None]  # by the argument that all class units share
    of_class = 2.0 * turned.sum(axis=0) - common.sum(axis=0)[:, None]
    return float((off ** (2 * cost_power)).sum() / len(v)), np.column_stack([common.T @ v, of_class])
