"""Restricted Boltzmann machine as a scikit-learn estimator, a density model and a transformer.

:mod:`.rbm_model` holds the physics, :mod:`.contrastive_divergence` the learning. ``transform`` gives the means of the
hidden units, ``score_samples`` ln p(v) with ln Z by enumeration where one layer has at most 16 units, by annealed
importance sampling elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from ..ising import Float
from ..rng import RNG
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .block_gibbs import AnnealingPath, RandomLanes
from .contrastive_divergence import LearningMethod
from .dependence import warn_unlearned
from .likelihood import LogPartitionBounds, ais
from .rbm_learning import RbmLearning
from .rbm_model import Units
from .sklearn_inputs import learning_rates, seed_from_random_state, sklearn_output

_EXACT = 16  # units of the smaller layer, beyond which annealing is faster than enumeration


class RBM(ClassNamePrefixFeaturesOutMixin, TransformerMixin, RbmLearning):  # type: ignore[misc]
    """Restricted Boltzmann machine.

    Sampling and learning use float32, likelihoods float64.

    The default learning rate follows from W = 0 being a saddle point of the likelihood. Along an eigenvector of the
    data's covariance, its diagonal set to 0, with eigenvalue l, W grows by rate * l / 4 of itself an update (l is 0.6
    for 8 x 8 digits, 5 for MNIST): small sets need many epochs. An update with a sample v moves its own W v by up to
    rate * v.v, and units that this takes far beyond the range of the logistic stay on or off. h moves Gaussian v in the
    same way, without such a range.

    Parameters
    ----------
    n_components : int
        Number of hidden units.
    visible : str
        "bernoulli": X in [0, 1], where values between are probabilities, of which a state is drawn each time they are
        learned. "gaussian": real X, standardized with the mean and sigma times the deviation of each feature in the
        first batch.
    sigma : float
        Deviation of Gaussian units given h, over that of their features.
    method : str
        Negative phase: "cd", "pcd" or "tempering".
    n_steps : int
        Gibbs steps of the negative phase an update, the k of CD-k.
    n_chains : int or None
        Persistent chains (ladders, if tempered); None is ``batch_size``.
    n_temperatures : int
        Inverse temperatures of a ladder, from 0 to 1.
    learning_rate : float, (first, last) or None
        A pair falls linearly over the updates of ``fit``. None falls from 10 / <v.v> to 0, the first at most 0.15 for
        Bernoulli units, 0.01 and 4 / n_components for Gaussian ones (``partial_fit``: half of the first).
    momentum, weight_decay : float
        Momentum, and decay rate of the weights.
    batch_size : int
        Samples in an update.
    n_iter : int or None
        Epochs; None is 10, or as many more as make 3000 updates.
    random_state : int, RandomState, None or RNG
        Seed, as in scikit-learn or as ``rng`` of this package.

    Attributes
    ----------
    components_ : (n_components, n_features) float32
        W.
    intercept_hidden_, intercept_visible_ : (n_components,) float32, (n_features,) float32
        c and b.
    mean_, scale_ : (n_features,) float
        Mean and scale of the data (0 and 1 for Bernoulli units).
    base_ : (n_features,) float
        Biases of independent units with the means of the data.

    References
    ----------
    Hinton, Neural Comput. 14, 1771 (2002); Tieleman, ICML (2008); Cho, Raiko and Ilin, IJCNN (2010).
    """

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
        """Learn X from new random weights, in ``n_iter`` epochs of shuffled batches.

        A ConvergenceWarning is given where nothing was learned.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        y : None
            Ignored.

        Returns
        -------
        RBM
            The fitted estimator.
        """
        x = self._validated(X, reset=True)
        with single_threaded_blas():
            self._learn(x)
        warn_unlearned("RBM", self._unlearned(x))
        return self

    def partial_fit(self, X: ArrayLike, y: Any = None) -> RBM:
        """Learn one update from the batch X; the chains persist from the batch before.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        y : None
            Ignored.

        Returns
        -------
        RBM
            The estimator.
        """
        first = not hasattr(self, "_learner")
        x = self._validated(X, reset=first)
        if first:
            self._begin(x)
        rate = self._first_rate / 2.0 if self.learning_rate is None else self.learning_rate
        with single_threaded_blas():
            self._learner.learn(self._units(x).astype(np.float32), next(learning_rates(rate, 1)))
        self._finish()
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Compute the hidden means P(h = 1 | v).

        Returns
        -------
        (samples, n_components) array
            The means, in the float type of X.
        """
        x = self._validated(X)
        return sklearn_output(self.layer.hidden_means(self._units(x)), x)

    def free_energy(self, X: ArrayLike) -> Float:
        """Compute the free energy F(v) of the standardized X; ln p(x) = -F - ln Z - sum ln scale.

        Returns
        -------
        (samples,) float
            F.
        """
        return self.layer.free_energy(self._units(self._validated(X)))

    def score_samples(self, X: ArrayLike) -> Float:
        """Compute ln p(x) of each sample by :meth:`log_partition`, a density of Gaussian units.

        Returns
        -------
        (samples,) float
            ln p(x).
        """
        return -self.free_energy(X) - self.log_partition().value - float(np.log(self.scale_).sum())

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Average ln p(x) over X.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        y : None
            Ignored.

        Returns
        -------
        float
            The mean of ln p(x).
        """
        return float(self.score_samples(X).mean())

    def log_partition(self, *, chains: int = 100, betas: ArrayLike | int = 1000, rng: RNG = None) -> LogPartitionBounds:
        """Estimate ln Z of the standardized machine, exactly where a layer has at most 16 units.

        The estimate is kept until the next fit, unless ``rng`` asks for a new one.

        Parameters
        ----------
        chains : int
            Independent chains, as in :func:`ais`.
        betas : int or array_like
            Inverse temperatures, as in :func:`ais`.
        rng : RNG
            Source of the random numbers.

        Returns
        -------
        LogPartitionBounds
            The estimate.
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
        """Apply one Gibbs step to X: h given v and v given h.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        rng : RNG
            Source of the random numbers.

        Returns
        -------
        (samples, n_features) array
            The new states.
        """
        x = self._validated(X)
        path, stream = AnnealingPath.of(self.layer), RandomLanes.of(self._rng(rng))
        ones = np.ones(len(x), np.float32)
        v = self._units(x).astype(np.float32)
        v = path.draw_visible(path.draw_hidden(v @ path.weights.T, ones, stream), ones, stream)
        return sklearn_output(v.astype(float) * self.scale_ + self.mean_, x)

    def sample(self, n_samples: int = 1, *, n_steps: int = 1000, rng: RNG = None) -> Float:
        """Sample by ``n_steps`` Gibbs steps as beta rises from 0 to 1, and as many at 1.

        Parameters
        ----------
        n_samples : int
            Number of independent chains.
        n_steps : int
            Gibbs steps of each half.
        rng : RNG
            Source of the random numbers.

        Returns
        -------
        (n_samples, n_features) float
            The states.

        Raises
        ------
        ValueError
            If a number is below 1.
        """
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

    def _rng(self, rng: RNG) -> RNG:
        return seed_from_random_state(self.random_state) if rng is None else rng

    @property
    def _n_features_out(self) -> int:  # for the names of scikit-learn
        return int(self.components_.shape[0])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
