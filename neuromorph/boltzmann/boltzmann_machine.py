r"""General Boltzmann machine: visible and hidden units, every one coupled to every other.

.. math:: p(s) = e^{-E(s)} / Z, \qquad E(s) = -\tfrac12 s^\top J s - h^\top s, \qquad
          \Delta J_{ij} \propto \langle s_i s_j \rangle_{data} - \langle s_i s_j \rangle_{model}

The units are spins of -1 and +1 at beta = 1, so that any target can sample the model's average: learning on the device.
Source: Ackley, Hinton and Sejnowski, Cogn. Sci. 9, 147 (1985), noisy clamping too; persistent chains: Neal, Artif.
Intell. 56, 71 (1992).
"""

from __future__ import annotations

import warnings
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from .. import exact
from ..ising import Float
from ..rng import RNG
from ..runtime.threads import single_threaded_blas
from .boltzmann_learning import ENUMERATED, BoltzmannLearning, Sampler
from .dependence import warn_unlearned
from .moments import MAX_CLAMPED, free_energies, gibbs_sweep_chains, hidden_posterior
from .sklearn_inputs import learning_rates, seed_from_random_state, sklearn_output


class BoltzmannMachine(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BoltzmannLearning):  # type: ignore[misc]
    """Boltzmann machine with hidden units.

    The average over the model is exact to 16 units, visible and hidden, and beyond where the mask leaves small groups
    of visible units that hidden ones alone couple (2^16 terms in all); else it is by persistent chains. Over
    the data it is exact to 16 hidden units, and by chains (n_steps sweeps from a random start) beyond.

    Parameters
    ----------
    n_hidden : int
        Number of hidden units; 0 is allowed.
    binarize : float or None
        Value of X above which a visible unit is on; with None X must hold 0 and 1 only.
    mask : (n, n) bool or None
        Couplings that exist, symmetric, visible units first; None is all.
    learning_rate : float or (first, last)
        Learning rate; a pair falls linearly over the updates of ``fit``.
    momentum : float
        Momentum, 0 <= momentum < 1.
    weight_decay : float
        Decay rate: couplings shrink by rate * weight_decay an update.
    noise : (float, float) or None
        Noisy clamping: probabilities that a visible unit is clamped off where X is on, and on where X is off, drawn
        anew in every update. It keeps couplings finite where X never shows a state at all. None clamps X itself.
    batch_size : int or None
        Samples in an update; None is all.
    n_iter : int or None
        Passes over the data; None is as many as make 1000 updates.
    n_chains, n_steps : int
        Persistent chains, or reads of a sampler; sweeps of the chains an update.
    random_state : int, RandomState, None or RNG
        Seed, as in scikit-learn or as ``rng`` of this package.

    Attributes
    ----------
    couplings_, biases_ : (n, n) float, (n,) float
        J and h, n = n_features + n_hidden.
    """

    def __init__(
        self,
        n_hidden: int = 4,
        *,
        binarize: float | None = 0.5,
        mask: Any = None,
        learning_rate: float | tuple[float, float] = 0.05,
        momentum: float = 0.5,
        weight_decay: float = 0.0,
        noise: tuple[float, float] | None = None,
        batch_size: int | None = None,
        n_iter: int | None = None,
        n_chains: int = 200,
        n_steps: int = 5,
        random_state: Any = None,
    ) -> None:
        self.n_hidden = n_hidden
        self.binarize = binarize
        self.mask = mask
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.noise = noise
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.n_chains = n_chains
        self.n_steps = n_steps
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None, *, sampler: Sampler | None = None) -> BoltzmannMachine:
        """Learn X from new random couplings.

        A warning is given where ``binarize`` makes half or more of the features constant that vary in X, and a
        ConvergenceWarning where nothing was learned, for machines of up to 16 hidden units.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        y : None
            Ignored.
        sampler : Target, callable or None
            Source of the model's average in place of enumeration or chains: a callable (ising, reads, rng) -> spins
            (reads, n), or a target, which samples at beta = 1. A target is programmed in every update with the same
            ``rng``: it is one device with its own variability, which learning can take into account.

        Returns
        -------
        BoltzmannMachine
            The fitted estimator.
        """
        v, x = self._validated(X, reset=True)
        varying = np.ptp(x, axis=0) > 0
        lost = varying & (np.ptp(v, axis=0) == 0)
        if 2 * lost.sum() >= varying.sum() > 0:
            warnings.warn(
                f"binarize={self.binarize:g} makes {lost.sum()} of {varying.sum()} features constant that vary in X, "
                f"which ranges from {x.min():g} to {x.max():g}: scale X, or set binarize to a value that parts them",
                stacklevel=2,
            )
        with single_threaded_blas():
            self._learn(v, sampler)
        warn_unlearned("BoltzmannMachine", self._unlearned(v))
        return self

    @single_threaded_blas()
    def partial_fit(self, X: ArrayLike, y: Any = None, *, sampler: Sampler | None = None) -> BoltzmannMachine:
        """Learn one update from the batch X.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        y : None
            Ignored.
        sampler : Target, callable or None
            As in :meth:`fit`.

        Returns
        -------
        BoltzmannMachine
            The estimator.
        """
        first = not hasattr(self, "_generator")
        v, _ = self._validated(X, reset=first)
        if first:
            self._begin(v)
        self._update(v, next(learning_rates(self.learning_rate, 1)), sampler)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Compute the hidden means P(h = 1 | v), beyond 16 hidden units by Gibbs sweeps.

        Returns
        -------
        (samples, n_hidden) array
            The means.
        """
        v, x = self._validated(X)
        if self.n_hidden <= MAX_CLAMPED:
            _, h, p = hidden_posterior(self.ising(), v)
            return sklearn_output((p @ h + 1.0) / 2.0, x)
        rng, total = seed_from_random_state(self.random_state), np.zeros((len(v), self.n_hidden))
        h = self._clamped_chains(v, 100, rng)
        for _ in range(100):
            h = self._clamped_chains(v, 10, rng, h)
            total += h
        return sklearn_output((total / 100.0 + 1.0) / 2.0, x)

    def free_energy(self, X: ArrayLike) -> Float:
        """Compute the free energy F(v) = -ln sum_h exp(-E(v, h)), to 16 hidden units.

        Returns
        -------
        (samples,) float
            F.
        """
        return free_energies(self.ising(), self._validated(X)[0])

    def score_samples(self, X: ArrayLike) -> Float:
        """Compute ln p(v) of each sample, to 16 hidden units.

        ln Z is exact to 24 units, and by annealed importance sampling beyond.

        Returns
        -------
        (samples,) float
            ln p(v).
        """
        ising = self.ising()
        if ising.size <= exact.MAX_SPINS:
            log_z = exact.log_partition(ising, 1.0)
        else:
            from ..sampling.annealed_importance import annealed_importance

            found = annealed_importance(ising, 1.0, rng=seed_from_random_state(self.random_state)).estimate
            log_z = cast(float, found.value)
        return -self.free_energy(X) - log_z

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Average ln p(v) over X.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        y : None
            Ignored.

        Returns
        -------
        float
            The mean of ln p(v).
        """
        return float(self.score_samples(X).mean())

    def gibbs(self, X: ArrayLike, *, rng: RNG = None) -> NDArray[Any]:
        """Draw h given X (exactly, to 16 hidden units) and sweep all units once.

        Parameters
        ----------
        X : (samples, n_features) array_like
            Data.
        rng : RNG
            Source of the random numbers.

        Returns
        -------
        (samples, n_features) array
            Visible units, 0 and 1.
        """
        v, x = self._validated(X)
        seed = seed_from_random_state(self.random_state if rng is None else rng)
        if self.n_hidden <= MAX_CLAMPED:
            _, h, p = hidden_posterior(self.ising(), v)
            u = np.random.default_rng(seed.spawn(1)[0]).random((len(v), 1))
            hidden = h[np.minimum((np.cumsum(p, axis=1) < u).sum(axis=1), len(h) - 1)]
        else:
            hidden = self._clamped_chains(v, 100, seed)
        spins = np.concatenate([v, hidden], axis=1)
        gibbs_sweep_chains(self.couplings_, self.biases_, spins, 1, seed)
        return sklearn_output((spins[:, : v.shape[1]] + 1) / 2.0, x)

    @single_threaded_blas()
    def sample(self, n_samples: int = 1, *, n_steps: int = 1000, rng: RNG = None) -> Float:
        """Sample independent visible states, beyond 16 units by Gibbs sweeps.

        Parameters
        ----------
        n_samples : int
            Number of states.
        n_steps : int
            Gibbs sweeps of each chain.
        rng : RNG
            Source of the random numbers.

        Returns
        -------
        (n_samples, n_features) float
            Visible units, 0 and 1.
        """
        ising, seed = self.ising(), seed_from_random_state(self.random_state if rng is None else rng)
        generator = np.random.default_rng(seed.spawn(1)[0])
        if ising.size <= ENUMERATED:
            p = exact.boltzmann(ising, 1.0)
            spins = exact.spins_of(generator.choice(p.size, n_samples, p=p), ising.size)
        else:
            spins = generator.choice(np.array([-1, 1], np.int8), (n_samples, ising.size))
            gibbs_sweep_chains(self.couplings_, self.biases_, spins, n_steps, seed)
        return (spins[:, : self.n_features_in_] + 1) / 2.0

    @property
    def _n_features_out(self) -> int:  # for the names of scikit-learn
        return self.n_hidden

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.non_deterministic = self.n_hidden > MAX_CLAMPED
        return tags
