"""Learning schedule of the RBM estimator: scale and weights at the start, epochs of batches, default rate, verdict.

:mod:`.contrastive_divergence` holds the update of one batch, :mod:`.rbm` the estimator with its parameters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..runtime.limits import checkpoint
from .block_gibbs import RandomLanes
from .contrastive_divergence import LearningMethod, RbmTrainer, TrainingOptions
from .dependence import MORE, some_rows, verdict
from .likelihood import LogPartitionBounds
from .rbm_model import RestrictedBoltzmann, Units, check_units, log_odds
from .sklearn_inputs import (
    check_unit_interval,
    learning_rates,
    leaves_unit_interval,
    seed_from_random_state,
    validated,
)

_EPOCHS, _UPDATES = 10, 3000  # least numbers of epochs and of updates if n_iter is None


class RbmLearning(BaseEstimator):  # type: ignore[misc]
    """Learning of :class:`.RBM`, which documents the parameters."""

    n_components: int
    visible: Units
    sigma: float
    method: LearningMethod
    n_steps: int
    n_chains: int | None
    n_temperatures: int
    learning_rate: float | tuple[float, float] | None
    momentum: float
    weight_decay: float
    batch_size: int
    n_iter: int | None
    random_state: Any
    _log_z: LogPartitionBounds | None

    @property
    def layer(self) -> RestrictedBoltzmann:
        """Machine over standardized units, in float64."""
        check_is_fitted(self)
        return RestrictedBoltzmann(self.components_, self.intercept_visible_, self.intercept_hidden_, self.visible)

    def _learn(self, x: NDArray[Any]) -> None:
        """Learn x, which is validated already."""
        self._begin(x)
        batches = -(-len(x) // self.batch_size)
        epochs = max(_EPOCHS, -(-_UPDATES // batches)) if self.n_iter is None else self.n_iter
        falling = (self._first_rate, 0.0)
        rates = learning_rates(falling if self.learning_rate is None else self.learning_rate, epochs * batches)
        v = self._units(x).astype(np.float32, copy=False)
        shuffle = self._learner.stream.generator
        for epoch in range(epochs):
            order = shuffle.permutation(len(v))
            for k in range(batches):
                checkpoint("learning of the RBM", epoch * batches + k, epochs * batches)
                self._learner.learn(v, next(rates), order[k * self.batch_size : (k + 1) * self.batch_size])
        self._finish()

    def _begin(self, x: NDArray[Any]) -> None:
        """Set scale, base, and small random weights from the first data."""
        check_units("visible", self.visible)
        if self.n_components < 1 or self.batch_size < 1 or (self.n_iter is not None and self.n_iter < 0):
            raise ValueError(
                f"n_components is {self.n_components}, batch_size {self.batch_size}, n_iter {self.n_iter}; the first "
                "two must be at least 1, and n_iter not negative"
            )
        if not (np.isfinite(self.sigma) and self.sigma > 0.0):
            raise ValueError(f"sigma is {self.sigma}; it must be finite and positive")
        rule = TrainingOptions(
            self.method,
            self.n_steps,
            self.batch_size if self.n_chains is None else self.n_chains,
            self.n_temperatures,
            self.momentum,
            self.weight_decay,
        )
        m = x.shape[1]
        self.mean_, self.scale_ = np.zeros(m), np.ones(m)
        if self.visible == "gaussian":
            self.mean_, deviation = x.mean(axis=0, dtype=float), x.std(axis=0, dtype=float)
            self.scale_ = self.sigma * np.where(deviation > 0.0, deviation, 1.0)
        self._seed = seed_from_random_state(self.random_state)
        stream = RandomLanes.of(self._seed)
        v = self._units(x)
        self.base_ = log_odds(v, self.visible)
        self._first_rate = self._default_rate(v)
        self.components_ = np.float32(0.01) * stream.generator.standard_normal((self.n_components, m), np.float32)
        self.intercept_hidden_ = np.zeros(self.n_components, np.float32)
        self.intercept_visible_ = self.base_.astype(np.float32)
        parameters = (self.components_, self.intercept_visible_, self.intercept_hidden_)
        between = self.visible == "bernoulli" and bool(((x > 0.0) & (x < 1.0)).any())
        base = self.intercept_visible_.copy()
        self._learner = RbmTrainer(*parameters, base, rule, stream, self.visible, draw_data=between)

    def _default_rate(self, v: NDArray[Any]) -> float:
        """Compute the first of the falling rates where ``learning_rate`` is None."""
        if self.visible == "bernoulli":  # states drawn from v have <|v|^2> = sum <v>
            return min(0.15, 10.0 / max(1.0, float(v.sum(dtype=float)) / len(v)))
        return min(0.01, 4.0 / self.n_components, 10.0 * len(v) / max(1.0, float(np.einsum("ri,ri->", v, v))))

    def _unlearned(self, x: NDArray[Any]) -> str | None:
        """Explain why learning of x, which is validated already, failed, with the remedy; None if it succeeded."""
        if self.n_iter == 0:
            return None
        layer, x = self.layer, some_rows(x)
        h = layer.hidden_means(self._units(x))
        stuck = bool((np.abs(h - 0.5) > 0.499).all())
        remedy = "every hidden unit is always on or always off: lower learning_rate" if stuck else MORE
        if self.visible == "bernoulli" and leaves_unit_interval(x):
            remedy = "X leaves 0 .. 1: scale it"
        return verdict(lambda rows: layer.free_energy(self._units(rows)), x, remedy)

    def _finish(self) -> None:
        self._log_z = None
        _ = self.layer  # raises if learning has diverged

    def _validated(self, X: ArrayLike, reset: bool = False) -> NDArray[Any]:
        if not reset:
            check_is_fitted(self)
        x = validated(self, X, reset=reset)
        if self.visible == "bernoulli":
            check_unit_interval(x)
        return x

    def _units(self, x: NDArray[Any]) -> NDArray[Any]:
        """Convert X to visible units: Gaussian units are standardized."""
        return x if self.visible == "bernoulli" else (x - self.mean_) / self.scale_
