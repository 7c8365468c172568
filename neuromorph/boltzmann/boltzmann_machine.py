r"""The general Boltzmann machine: visible and hidden units, every one coupled to every other.

.. math:: p(s) = e^{-E(s)} / Z, \qquad E(s) = -\tfrac12 s^\top J s - h^\top s, \qquad
          \Delta J_{ij} \propto \langle s_i s_j \rangle_{data} - \langle s_i s_j \rangle_{model}

Inside, spins of -1 and +1 at beta = 1, so that any target can be asked for the model's average: learning on the device.
Source: Ackley, Hinton and Sejnowski, Cogn. Sci. 9, 147 (1985); persistent chains: Neal, Artif. Intell. 56, 71 (1992).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .. import exact
from ..ising import Float, Ising, check_spins
from ..protocol import Target
from ..rng import RNG
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from ..task import Sample
from .dependence import verdict, warn_unlearned
from .moments import (
    MAX_CLAMPED,
    Correlations,
    correlation_gap,
    data_correlations,
    free_energies,
    gibbs_sweep_chains,
    hidden_posterior,
    model_correlations,
)
from .rbm_model import log_odds
from .sklearn_inputs import learning_rates, seed_from_random_state, sklearn_output, validated

Sampler: TypeAlias = Target | Callable[[Ising, int, np.random.SeedSequence], ArrayLike]

_ENUMERATED = 16  # spins: beyond, chains are cheaper than 2^n states an update


class BoltzmannMachine(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Boltzmann machine with hidden units.

    Parameters
    ----------
    n_hidden : int                hidden units; 0 is allowed
    binarize : float or None      a visible unit is on where X exceeds this; None: X must hold 0 and 1 only
    mask : (n, n) bool or None    which couplings exist, symmetric, visible units first; None: all
    learning_rate : float or (first, last)    the pair falls linearly over the updates of ``fit``
    momentum : float              0 <= momentum < 1
    batch_size : int or None      None: all samples in every update
    n_iter : int                  passes over the data
    n_chains, n_steps : int       persistent chains, or reads of a sampler; sweeps of the chains an update
    random_state : int, RandomState, None, or anything that ``rng`` of this package may be

    The average over the model is exact to 16 units, visible and hidden, and by persistent chains beyond; that over the
    data is exact to 16 hidden units, and by chains (n_steps sweeps from a random start) beyond.

    Attributes
    ----------
    couplings_ (n, n), biases_ (n,) : float    J and h, n = n_features + n_hidden
    """

    def __init__(
        self,
        n_hidden: int = 4,
        *,
        binarize: float | None = 0.5,
        mask: Any = None,
        learning_rate: float | tuple[float, float] = 0.05,
        momentum: float = 0.5,
        batch_size: int | None = None,
        n_iter: int = 200,
        n_chains: int = 200,
        n_steps: int = 5,
        random_state: Any = None,
    ) -> None:
        self.n_hidden = n_hidden
        self.binarize = binarize
        self.mask = mask
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.n_chains = n_chains
        self.n_steps = n_steps
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None, *, sampler: Sampler | None = None) -> BoltzmannMachine:
        """Learn X (samples, n_features) from new random couplings.

        sampler : Target, or callable (ising, reads, rng) -> spins (reads, n)
            draws the model's average in place of enumeration or chains. A target is programmed in every update with the
            same ``rng``: one device with its own variability, which learning can take into account; and then samples
            at beta = 1.

        Warns (ConvergenceWarning) where nothing was learned; to 16 hidden units.
        """
        v, _ = self._validated(X, reset=True)
        with single_threaded_blas():
            self._learn(v, sampler)
        warn_unlearned("BoltzmannMachine", self._unlearned(v))
        return self

    @single_threaded_blas()
    def partial_fit(self, X: ArrayLike, y: Any = None, *, sampler: Sampler | None = None) -> BoltzmannMachine:
        """One update from the batch X."""
        first = not hasattr(self, "_generator")
        v, _ = self._validated(X, reset=first)
        if first:
            self._begin(v)
        self._update(v, next(learning_rates(self.learning_rate, 1)), sampler)
        return self

    def ising(self) -> Ising:
        """The machine over n_features visible and then n_hidden hidden spins; p is exp(-E) / Z, beta = 1."""
        check_is_fitted(self)
        return Ising(self.couplings_, self.biases_)

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """P(h = 1 | v), (samples, n_hidden): exact to 16 hidden units, else the mean of 1000 Gibbs sweeps."""
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
        """F(v) = -ln sum_h exp(-E(v, h)), (samples,), to 16 hidden units."""
        return free_energies(self.ising(), self._validated(X)[0])

    def score_samples(self, X: ArrayLike) -> Float:
        """ln p(v) of each sample, to 16 hidden units; ln Z is exact to 24 units, by annealed sampling beyond."""
        ising = self.ising()
        if ising.size <= exact.MAX_SPINS:
            log_z = exact.log_partition(ising, 1.0)
        else:
            from ..sampling.annealed_importance import annealed_importance

            log_weights = annealed_importance(ising, 1.0, rng=seed_from_random_state(self.random_state)).log_weights
            log_z = float(logsumexp(log_weights) - np.log(log_weights.size))
        return -self.free_energy(X) - log_z

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Mean of ln p(v) over X."""
        return float(self.score_samples(X).mean())

    def gibbs(self, X: ArrayLike, *, rng: RNG = None) -> NDArray[Any]:
        """Visible units, 0 and 1, after h is drawn given X (exactly, to 16 hidden units) and one sweep of all units."""
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
        """Independent visible states, 0 and 1: exact to 16 units, else ``n_steps`` Gibbs sweeps from a random start."""
        ising, seed = self.ising(), seed_from_random_state(self.random_state if rng is None else rng)
        generator = np.random.default_rng(seed.spawn(1)[0])
        if ising.size <= _ENUMERATED:
            p = exact.boltzmann(ising, 1.0)
            spins = exact.spins_of(generator.choice(p.size, n_samples, p=p), ising.size)
        else:
            spins = generator.choice(np.array([-1, 1], np.int8), (n_samples, ising.size))
            gibbs_sweep_chains(self.couplings_, self.biases_, spins, n_steps, seed)
        return (spins[:, : self.n_features_in_] + 1) / 2.0

    def _learn(self, v: NDArray[np.int8], sampler: Sampler | None) -> None:
        self._begin(v)
        size = len(v) if self.batch_size is None else self.batch_size
        rates = learning_rates(self.learning_rate, self.n_iter * -(-len(v) // size))
        order = np.arange(len(v))
        for epoch in range(self.n_iter):
            if size < len(v):
                self._generator.shuffle(order)
            for start in range(0, len(v), size):
                checkpoint("learning of the Boltzmann machine", epoch * len(v) + start, self.n_iter * len(v))
                self._update(v[order[start : start + size]], next(rates), sampler)

    def _unlearned(self, v: NDArray[np.int8]) -> str | None:
        """Why learning of v has come to nothing, and what to do; None if it has not, or that is not known."""
        if self.n_iter == 0 or self.n_hidden > MAX_CLAMPED:
            return None
        ising = self.ising()
        return verdict(lambda spins: free_energies(ising, spins), v)

    def _begin(self, v: NDArray[np.int8]) -> None:
        """Biases of the data, and weak random couplings to the hidden units, which else would all learn the same."""
        if (
            self.n_hidden < 0
            or self.n_iter < 0
            or min(self.n_chains, self.n_steps, 1 if self.batch_size is None else self.batch_size) < 1
        ):
            raise ValueError(
                f"n_hidden is {self.n_hidden}, n_iter {self.n_iter}, n_chains {self.n_chains}, n_steps {self.n_steps}, "
                f"batch_size {self.batch_size}; the first two must not be negative, the others at least 1"
            )
        if not 0.0 <= self.momentum < 1.0:
            raise ValueError(f"momentum is {self.momentum}; it must be at least 0 and below 1")
        m, n = v.shape[1], v.shape[1] + self.n_hidden
        mask = ~np.eye(n, dtype=bool) if self.mask is None else np.array(self.mask, dtype=bool)
        if mask.shape != (n, n) or mask.diagonal().any() or (mask != mask.T).any():
            raise ValueError(f"mask has shape {mask.shape}; it must be symmetric, ({n}, {n}), its diagonal False")
        self._seed = seed_from_random_state(self.random_state)
        device = self._seed.spawn(1)[0]
        self._device = (device.entropy, device.spawn_key)
        self._generator = np.random.default_rng(self._seed.spawn(1)[0])
        j = np.triu(self._generator.normal(0.0, 0.1, (n, n)), 1)
        j[:m, :m] = 0.0
        self._mask, self.couplings_ = mask, (j + j.T) * mask
        self.biases_ = np.r_[log_odds((v + 1) / 2.0, "bernoulli") / 2.0, np.zeros(self.n_hidden)]
        self._velocity = (np.zeros((n, n)), np.zeros(n))
        self._chains = self._generator.choice(np.array([-1, 1], np.int8), (self.n_chains, n))

    def _update(self, v: NDArray[np.int8], rate: float, sampler: Sampler | None) -> None:
        steps = correlation_gap(self._clamped(v), self._free(sampler))
        couplings, biases = (self.momentum * old + new for old, new in zip(self._velocity, steps, strict=True))
        self._velocity = couplings, biases
        self.couplings_ = self.couplings_ + rate * self._mask * couplings
        self.biases_ = self.biases_ + rate * biases

    def _clamped(self, v: NDArray[np.int8]) -> Correlations:
        if self.n_hidden <= MAX_CLAMPED:
            return data_correlations(self.ising(), v)
        return Correlations.of(np.concatenate([v, self._clamped_chains(v, self.n_steps, self._seed)], axis=1))

    def _clamped_chains(
        self, v: NDArray[np.int8], sweeps: int, rng: np.random.SeedSequence, h: NDArray[np.int8] | None = None
    ) -> NDArray[np.int8]:
        """Hidden spins (rows, n_hidden) after Gibbs sweeps with v clamped, from h or a random start."""
        m, j = v.shape[1], np.ascontiguousarray(self.couplings_[v.shape[1] :, v.shape[1] :])
        if h is None:
            h = np.random.default_rng(rng.spawn(1)[0]).choice(np.array([-1, 1], np.int8), (len(v), self.n_hidden))
        gibbs_sweep_chains(j, v @ self.couplings_[:m, m:] + self.biases_[m:], h, sweeps, rng)
        return h

    def _free(self, sampler: Sampler | None) -> Correlations:
        ising = self.ising()
        if isinstance(sampler, Target):
            entropy, key = self._device
            program = sampler.program(ising, rng=np.random.SeedSequence(entropy, spawn_key=key))
            return Correlations.of(sampler.run(program, Sample(1.0), self.n_chains, self._seed).spins)
        if sampler is not None:
            spins = check_spins(sampler(ising, self.n_chains, self._seed.spawn(1)[0]), ising.size)
            return Correlations.of(np.atleast_2d(spins))
        if ising.size <= _ENUMERATED:
            return model_correlations(ising)
        gibbs_sweep_chains(self.couplings_, self.biases_, self._chains, self.n_steps, self._seed)
        return Correlations.of(self._chains)

    def _validated(self, X: ArrayLike, reset: bool = False) -> tuple[NDArray[np.int8], NDArray[Any]]:
        """(visible spins, X)."""
        if not reset:
            check_is_fitted(self)
        x = validated(self, X, reset=reset)
        if self.binarize is None and not ((x == 0.0) | (x == 1.0)).all():
            raise ValueError("X holds values other than 0 and 1; set binarize to the threshold of a visible unit")
        return np.where(x > (0.5 if self.binarize is None else self.binarize), 1, -1).astype(np.int8), x

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.non_deterministic = self.n_hidden > MAX_CLAMPED
        return tags
