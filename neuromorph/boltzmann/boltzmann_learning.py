r"""Learning of the general Boltzmann machine: clamped averages, free averages, and updates with momentum.

.. math:: \Delta J_{ij} \propto \langle s_i s_j \rangle_{data} - \langle s_i s_j \rangle_{model}

where the first average has the visible spins clamped to data and the second none; it comes from enumeration, from
persistent chains, or from a sampler such as a device. Averages are of s - mu, with the data's means mu of the visible
spins and 0 for hidden ones: where most spins are nearly always down, as in one-hot data, every coupling would otherwise
learn the means, and hidden spins one and the same code.
Source: Ackley, Hinton and Sejnowski, Cogn. Sci. 9, 147 (1985); centering: Montavon and Mueller, in Neural Networks:
Tricks of the Trade, LNCS 7700, 621 (2012); Melchior, Fischer and Wiskott, J. Mach. Learn. Res. 17(99), 1 (2016).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..ising import Ising, check_spins
from ..protocol import Target
from ..rng import kernel_states
from ..runtime.limits import checkpoint
from ..task import Sample
from .dependence import verdict
from .moments import (
    MAX_CLAMPED,
    Correlations,
    correlation_gap,
    data_correlations,
    free_energies,
    gibbs_sweep_chains,
    grouped_correlations,
    model_correlations,
    visible_groups,
)
from .rbm_model import log_odds
from .sklearn_inputs import learning_rates, seed_from_random_state, validated

Sampler: TypeAlias = Target | Callable[[Ising, int, np.random.SeedSequence], ArrayLike]

_UPDATES = 1000  # if n_iter is None
ENUMERATED = 16  # spins beyond which chains are cheaper than 2^n states an update


class BoltzmannLearning(BaseEstimator):  # type: ignore[misc]
    """Learning of :class:`.BoltzmannMachine`, which documents the parameters."""

    n_hidden: int
    binarize: float | None
    mask: Any
    learning_rate: float | tuple[float, float]
    momentum: float
    weight_decay: float
    noise: tuple[float, float] | None
    batch_size: int | None
    n_iter: int | None
    n_chains: int
    n_steps: int
    random_state: Any

    def ising(self) -> Ising:
        """Convert the machine to an Ising problem with p = exp(-E) / Z at beta = 1.

        Returns
        -------
        Ising
            The problem over n_features visible and then n_hidden hidden spins.
        """
        check_is_fitted(self)
        return Ising(self.couplings_, self.biases_)

    def _learn(self, v: NDArray[np.int8], sampler: Sampler | None) -> None:
        self._begin(v)
        size = len(v) if self.batch_size is None else self.batch_size
        batches = -(-len(v) // size)
        epochs = -(-_UPDATES // batches) if self.n_iter is None else self.n_iter
        rates = learning_rates(self.learning_rate, epochs * batches)
        order = np.arange(len(v))
        for epoch in range(epochs):
            if size < len(v):
                self._generator.shuffle(order)
            for start in range(0, len(v), size):
                checkpoint("learning of the Boltzmann machine", epoch * len(v) + start, epochs * len(v))
                self._update(v[order[start : start + size]], next(rates), sampler)

    def _begin(self, v: NDArray[np.int8]) -> None:
        """Set the biases of the data and weak random couplings, without which all hidden units would learn the same."""
        if (
            self.n_hidden < 0
            or (self.n_iter is not None and self.n_iter < 0)
            or min(self.n_chains, self.n_steps, 1 if self.batch_size is None else self.batch_size) < 1
        ):
            raise ValueError(
                f"n_hidden is {self.n_hidden}, n_iter {self.n_iter}, n_chains {self.n_chains}, n_steps {self.n_steps}, "
                f"batch_size {self.batch_size}; the first two must not be negative, the others at least 1"
            )
        if not 0.0 <= self.momentum < 1.0:
            raise ValueError(f"momentum is {self.momentum}; it must be at least 0 and below 1")
        if not (np.isfinite(self.weight_decay) and self.weight_decay >= 0.0):
            raise ValueError(f"weight_decay is {self.weight_decay}; it must be finite and not negative")
        if self.noise is not None and not (np.shape(self.noise) == (2,) and all(0.0 <= p < 0.5 for p in self.noise)):
            raise ValueError(f"noise is {self.noise}; give two probabilities below 0.5, of on units and of off units")
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
        self._groups = visible_groups(mask, m)
        self._mask, self.couplings_ = mask, (j + j.T) * mask
        self.biases_ = np.r_[log_odds((v + 1) / 2.0, "bernoulli") / 2.0, np.zeros(self.n_hidden)]
        self._center = np.r_[v.mean(axis=0), np.zeros(self.n_hidden)]
        self._velocity = (np.zeros((n, n)), np.zeros(n))
        self._chains = self._generator.choice(np.array([-1, 1], np.int8), (self.n_chains, n))
        self._streams: NDArray[np.uint64] | None = None  # of the chains, from their first sweep

    def _update(self, v: NDArray[np.int8], rate: float, sampler: Sampler | None) -> None:
        if self.noise is not None:
            turned = self._generator.random(v.shape) < np.where(v > 0, *self.noise)
            v = np.where(turned, -v, v)
        gap, first = correlation_gap(self._clamped(v), self._free(sampler))
        across = np.outer(self._center, first)
        steps = (self._mask * (gap - across - across.T), first)
        couplings, biases = (self.momentum * old + new for old, new in zip(self._velocity, steps, strict=True))
        self._velocity = couplings, biases
        keep = 1.0 - rate * self.weight_decay
        self.couplings_ = keep * self.couplings_ + rate * couplings
        self.biases_ = self.biases_ + rate * (biases - couplings @ self._center)

    def _clamped(self, v: NDArray[np.int8]) -> Correlations:
        if self.n_hidden <= MAX_CLAMPED:
            return data_correlations(self.ising(), v)
        return Correlations.of(np.concatenate([v, self._clamped_chains(v, self.n_steps, self._seed)], axis=1))

    def _clamped_chains(
        self, v: NDArray[np.int8], sweeps: int, rng: np.random.SeedSequence, h: NDArray[np.int8] | None = None
    ) -> NDArray[np.int8]:
        """Sample hidden spins (rows, n_hidden) by Gibbs sweeps with v clamped, from h or a random start."""
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
        if ising.size <= ENUMERATED:
            return model_correlations(ising)
        if self._groups is not None:
            return grouped_correlations(ising, self._groups)
        if self._streams is None:
            self._streams = kernel_states(self._seed.spawn(self.n_chains))
        gibbs_sweep_chains(self.couplings_, self.biases_, self._chains, self.n_steps, self._streams)
        return Correlations.of(self._chains)

    def _unlearned(self, v: NDArray[np.int8]) -> str | None:
        """Explain why learning of v failed, with the remedy; None if it succeeded or that is not known."""
        if self.n_iter == 0 or self.n_hidden > MAX_CLAMPED:
            return None
        ising = self.ising()
        return verdict(lambda spins: free_energies(ising, spins), v)

    def _validated(self, X: ArrayLike, reset: bool = False) -> tuple[NDArray[np.int8], NDArray[Any]]:
        """Validate X and convert it to visible spins; return both."""
        if not reset:
            check_is_fitted(self)
        x = validated(self, X, reset=reset)
        if self.binarize is None and not ((x == 0.0) | (x == 1.0)).all():
            raise ValueError("X holds values other than 0 and 1; set binarize to the threshold of a visible unit")
        return np.where(x > (0.5 if self.binarize is None else self.binarize), 1, -1).astype(np.int8), x
