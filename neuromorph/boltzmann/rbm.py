r"""The restricted Boltzmann machine as a scikit-learn estimator. Physics: ``layer``; learning: ``learning``.

A density model and a transformer: ``transform`` gives the means of the hidden units, ``score_samples`` ln p(v) with
ln Z by enumeration where one layer has at most 16 units, by annealed importance sampling elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..ising import Float
from ..rng import RNG
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .block_gibbs import AnnealingPath, RandomLanes
from .contrastive_divergence import LearningMethod, RbmTrainer, TrainingOptions
from .dependence import MORE, some_rows, verdict, warn_unlearned
from .likelihood import LogPartitionBounds, ais
from .rbm_model import RestrictedBoltzmann, Units, check_units, log_odds
from .sklearn_inputs import check_unit_interval, learning_rates, seed_from_random_state, sklearn_output, validated

_EXACT = 16  # units of the smaller layer: beyond, annealing is faster than enumeration
_EPOCHS, _UPDATES = 10, 3000  # the least of each, unless n_iter says otherwise


class RBM(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Restricted Boltzmann machine.

    Parameters
    ----------
    n_components : int            hidden units
    visible : str                 "bernoulli": X in [0, 1]; values between are probabilities, of which a state is drawn
                                  each time they are learned. "gaussian": real X, standardized with the mean and sigma
                                  times the deviation of each feature in the first batch
    sigma : float                 deviation of Gaussian units given h, over that of their features
    method : str                  negative phase: "cd", "pcd" or "tempering"
    n_steps : int                 Gibbs steps of the negative phase an update: the k of CD-k
    n_chains : int or None        persistent chains (ladders, if tempered); None: batch_size
    n_temperatures : int          inverse temperatures of a ladder, from 0 to 1
    learning_rate : float, (first, last) or None    the pair falls linearly over the updates of ``fit``; None: from
                                  10 / <|v|^2> to 0, the first at most 0.15 for Bernoulli units, 0.01 and
                                  4 / n_components for Gaussian ones (``partial_fit``: half of the first)
    momentum, weight_decay : float
    batch_size : int
    n_iter : int or None          epochs; None: 10, or as many more as make 3000 updates
    random_state : int, RandomState, None, or anything that ``rng`` of this package may be

    Attributes
    ----------
    components_ (n_components, n_features) : float32
    intercept_hidden_ (n_components,), intercept_visible_ (n_features,) : float32
    mean_, scale_ (n_features,) : float    of the data (0 and 1 for Bernoulli units)
    base_ (n_features,) : float            biases of independent units with the means of the data

    Drawing and learning are done in float32; likelihoods in float64.

    Why None: W = 0 is a saddle point of the likelihood. Along an eigenvector of the data's covariance, its diagonal set
    to 0, with eigenvalue l, W grows by rate * l / 4 of itself an update (l is 0.6 for 8 x 8 digits, 5 for MNIST): small
    sets need many epochs. An update with a sample v moves its own W v by up to rate * |v|^2, and units that this takes
    far beyond the range of the logistic stay on or off. h moves Gaussian v in the same way, without such a range.
    Source: Hinton, Neural Comput. 14, 1771 (2002); Tieleman, ICML (2008); Cho, Raiko and Ilin, IJCNN (2010).
    """

    _log_z: LogPartitionBounds | None

    def __init__(
        self,
        n_components: int = 256,
        *,
        visible: Units = "bernoulli",
        sigma: float = 0.5,
        method: LearningMethod = "pcd",
        n_steps: int = 1,
        n_chains: int | None = None,
        n_temperatures: int = 10,
        learning_rate: float | tuple[float, float] | None = None,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        batch_size: int = 50,
        n_iter: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.visible = visible
        self.sigma = sigma
        self.method = method
        self.n_steps = n_steps
        self.n_chains = n_chains
        self.n_temperatures = n_temperatures
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> RBM:
        """Learn X (samples, n_features) from new random weights, in ``n_iter`` epochs of shuffled batches.

        Warns (ConvergenceWarning) where nothing was learned.
        """
        x = self._validated(X, reset=True)
        with single_threaded_blas():
            self._learn(x)
        warn_unlearned("RBM", self._unlearned(x))
        return self

    def partial_fit(self, X: ArrayLike, y: Any = None) -> RBM:
        """One update from the batch X; the chains go on from the batch before."""
        first = not hasattr(self, "_learner")
        x = self._validated(X, reset=first)
        if first:
            self._begin(x)
        rate = self._first_rate / 2.0 if self.learning_rate is None else self.learning_rate
        with single_threaded_blas():
            self._learner.learn(self._units(x).astype(np.float32), next(learning_rates(rate, 1)))
        return self._finish()

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """P(h = 1 | v), (samples, n_components), in the float type of X."""
        x = self._validated(X)
        return sklearn_output(self.layer.hidden_means(self._units(x)), x)

    def free_energy(self, X: ArrayLike) -> Float:
        """F(v) of the standardized X, (samples,); ln p(x) = -F - ln Z - sum ln scale_."""
        return self.layer.free_energy(self._units(self._validated(X)))

    def score_samples(self, X: ArrayLike) -> Float:
        """ln p(x) of each sample, with :meth:`log_partition`; for Gaussian units a density."""
        return -self.free_energy(X) - self.log_partition().value - float(np.log(self.scale_).sum())

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Mean of ln p(x) over X."""
        return float(self.score_samples(X).mean())

    def log_partition(self, *, chains: int = 100, betas: ArrayLike | int = 1000, rng: RNG = None) -> LogPartitionBounds:
        """ln Z of the standardized machine: exact where a layer has at most 16 units, else by ``ais``.

        Kept until the next fit, unless ``rng`` asks for a new estimate.
        """
        layer = self.layer
        known = self._log_z
        if known is None or rng is not None:
            if layer.enumerated_units <= _EXACT:
                known = LogPartitionBounds.exact(layer.log_partition())
            else:
                seed = self._seed if rng is None else rng
                known = ais(layer, chains=chains, betas=betas, base=self.base_, rng=seed)
            self._log_z = known
        return known

    def gibbs(self, X: ArrayLike, *, rng: RNG = None) -> NDArray[Any]:
        """X after one Gibbs step, h given v and v given h; (samples, n_features)."""
        x = self._validated(X)
        path, stream = AnnealingPath.of(self.layer), RandomLanes.of(self._rng(rng))
        ones = np.ones(len(x), np.float32)
        v = self._units(x).astype(np.float32)
        v = path.draw_visible(path.draw_hidden(v @ path.weights.T, ones, stream), ones, stream)
        return sklearn_output(v.astype(float) * self.scale_ + self.mean_, x)

    def sample(self, n_samples: int = 1, *, n_steps: int = 1000, rng: RNG = None) -> Float:
        """Independent chains, (n_samples, m): ``n_steps`` Gibbs steps as beta rises from 0 to 1, and as many at 1."""
        if n_samples < 1 or n_steps < 1:
            raise ValueError(f"n_samples is {n_samples} and n_steps {n_steps}; both must be at least 1")
        path, stream = AnnealingPath.of(self.layer, self.base_), RandomLanes.of(self._rng(rng))
        v = path.start(n_samples, stream)
        with single_threaded_blas(n_samples * self.components_.size):
            betas = np.r_[np.linspace(0.0, 1.0, n_steps), np.ones(n_steps)].astype(np.float32)
            for k, beta in enumerate(betas):
                checkpoint("Gibbs steps", k, 2 * n_steps)
                at = np.full(n_samples, beta)
                v = path.draw_visible(path.draw_hidden(v @ path.weights.T, at, stream), at, stream)
        return np.asarray(v.astype(float) * self.scale_ + self.mean_)

    @property
    def layer(self) -> RestrictedBoltzmann:
        """The machine over standardized units, in float64."""
        check_is_fitted(self)
        return RestrictedBoltzmann(self.components_, self.intercept_visible_, self.intercept_hidden_, self.visible)

    def _learn(self, x: NDArray[Any]) -> None:
        """Learn x, already validated."""
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

    def _unlearned(self, x: NDArray[Any]) -> str | None:
        """Why learning of x, already validated, has come to nothing, and what to do; None if it has not."""
        if self.n_iter == 0:
            return None
        layer, x = self.layer, some_rows(x)
        h = layer.hidden_means(self._units(x))
        stuck = bool((np.abs(h - 0.5) > 0.499).all())
        remedy = "every hidden unit is always on or always off: lower learning_rate" if stuck else MORE
        return verdict(lambda rows: layer.free_energy(self._units(rows)), x, remedy)

    def _default_rate(self, v: NDArray[Any]) -> float:
        """The first of the falling rates where ``learning_rate`` is None."""
        if self.visible == "bernoulli":  # states drawn from v have <|v|^2> = sum <v>
            return min(0.15, 10.0 / max(1.0, float(v.sum(dtype=float)) / len(v)))
        return min(0.01, 4.0 / self.n_components, 10.0 * len(v) / max(1.0, float(np.einsum("ri,ri->", v, v))))

    def _begin(self, x: NDArray[Any]) -> None:
        """Scale, base, and small random weights from the first data."""
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

    def _finish(self) -> RBM:
        self._log_z = None
        _ = self.layer  # says so if learning has diverged
        return self

    def _validated(self, X: ArrayLike, reset: bool = False) -> NDArray[Any]:
        if not reset:
            check_is_fitted(self)
        x = validated(self, X, reset=reset)
        if self.visible == "bernoulli":
            check_unit_interval(x)
        return x

    def _units(self, x: NDArray[Any]) -> NDArray[Any]:
        """What the visible units are: X, standardized for Gaussian ones."""
        return x if self.visible == "bernoulli" else (x - self.mean_) / self.scale_

    def _rng(self, rng: RNG) -> RNG:
        return seed_from_random_state(self.random_state) if rng is None else rng

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
