r"""Spiking networks that sample any Ising problem, Boltzmann machine or restricted one.

.. math:: p(z) \propto e^{\frac12 z^\top W z + b^\top z}, \quad z = \frac{1 + s}{2}, \quad
          W = 4 \beta J, \quad b_k = 2 \beta \Bigl(h_k - \sum_j J_{kj}\Bigr)

where z_k is 1 while neuron k is refractory after a spike, and W and b are its weights and bias in units of log odds.
Source: Buesing, Bill, Nessler and Maass, PLoS Comput. Biol. 7, e1002211 (2011); with leaky integrate-and-fire neurons
Petrovici, Bill, Bytschok, Schemmel and Meier, Phys. Rev. E 94, 042312 (2016).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..ising import Float, Ising
from ..rng import RNG, read_seeds
from ..sampling.diagnostics import autocorrelation_time, divergence
from .brian.simulator import Backend, FractionProgress, build_simulator
from .lif_sampler import LifSamplerNeurons
from .spike_states import SpikeStates
from .stochastic_neurons import CROWDED, AbstractNeurons

_ENUMERATED, _CHANCE = 16, 1e-6  # neurons, and p-value below which draws are not from the distribution
FIXED = (
    "coupled neurons fire in one step of {:g} s or keep in step; leave neurons out, so that they suit the couplings, "
    "or give a shorter dt_s or a lower beta"
)


@dataclass(frozen=True, eq=False)
class BoltzmannSampler:
    """Spiking network that samples exp(-beta E).

    Attributes
    ----------
    model : Ising, or anything with ``ising()`` (BoltzmannMachine, Layer, MaxCut) or ``layer`` (RBM)
        An Ising problem, or an object with ``ising()`` (BoltzmannMachine, RestrictedBoltzmann, MaxCut) or ``layer``
        (RBM).
    beta : float
        Inverse temperature of the problem; 1 for machines.
    neurons : AbstractNeurons, LifSamplerNeurons or None
        Model of the neurons; None takes abstract ones that suit the couplings at this beta.
    backend : str
        Numpy, cython or cpp_standalone.
    """

    model: Any
    beta: float = 1.0
    neurons: AbstractNeurons | LifSamplerNeurons | None = None
    backend: Backend = "numpy"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.beta) and self.beta >= 0):
            raise ValueError(f"beta is {self.beta}; it must be finite and not negative")
        object.__setattr__(self, "model", model_as_ising(self.model))

    @property
    def ising(self) -> Ising:
        """Ising problem of the model."""
        return self.model

    @cached_property
    def cells(self) -> AbstractNeurons | LifSamplerNeurons:
        """``neurons``, chosen where none were given."""
        return AbstractNeurons().suited(*self.network()) if self.neurons is None else self.neurons

    def network(self) -> tuple[Any, Float]:
        """Compute the symmetric weights and the biases of the neurons in units of log odds.

        Returns
        -------
        tuple of (n, n) csr_array, (n,) float
            W and b.
        """
        weights, biases, _ = self.ising.to_binary()
        return sparse.csr_array(weights) * self.beta, biases * self.beta

    def run(
        self,
        duration_s: float,
        *,
        chains: int = 1,
        burn_in_s: float = 0.2,
        clamped: ArrayLike | None = None,
        rng: RNG = None,
        progress: FractionProgress | None = None,
    ) -> SpikeStates:
        """Simulate independent chains from rest, stacked in one group of neurons.

        A UserWarning is given where neurons are coupled too strongly for their step, or cannot take turns: their states
        are then not those of exp(-beta E). Whether the chains have mixed says :meth:`verdict`.

        Neurons that are nearly always on fire every tau, and would long do so in step with those of all chains: they
        start at different times in the first half of the burn-in.

        Parameters
        ----------
        duration_s : float
            Duration of each chain after the burn-in, in s.
        chains : int
            Number of chains.
        burn_in_s : float
            Duration of the burn-in in s.
        clamped : (n,) or (chains, n) array_like, or None
            -1 or +1 where a neuron is held, 0 where it is free, for the same neurons in every chain. Held neurons do
            not spike; they act as biases W z.
        rng : RNG
            Source of one stream for all chains: another number of chains is another run.
        progress : callable or None
            Called with the fraction done.

        Returns
        -------
        SpikeStates
            The spikes.

        Raises
        ------
        ValueError
            If a duration or ``chains`` is out of range.
        """
        cells = self.cells
        if not (np.isfinite([duration_s, burn_in_s]).all() and duration_s >= cells.dt_s and burn_in_s >= 0):
            raise ValueError(f"duration_s is {duration_s}, burn_in_s {burn_in_s}; give finite times, a step at least")
        if chains < 1:
            raise ValueError(f"chains is {chains}; run at least one")
        weights, biases = self.network()
        if isinstance(cells, AbstractNeurons) and not cells.suit(weights, biases):
            remedy = CROWDED if self.neurons is None else FIXED.format(cells.dt_s)
            warnings.warn(f"states are not those of exp(-beta E): {remedy}", stacklevel=2)
        held = _checked_clamp(clamped, chains, biases.size)
        free = np.flatnonzero(held[0] == 0)
        if isinstance(cells, AbstractNeurons) and cells.turns:
            cells = replace(cells, turns=tuple(cells.turns[k] for k in free))
        # A neuron held at 1 is a constant input.
        inputs = (biases + np.asarray((weights @ (held > 0).T).T))[:, free]
        among = sparse.coo_array(weights[free][:, free])
        post, pre = among.coords
        offset = np.arange(chains)[:, None] * free.size
        simulator = build_simulator(
            cells.model(chains * free.size, (offset + pre).ravel(), (offset + post).ravel()),
            dt_s=cells.dt_s,
            backend=self.backend,
        )
        values = cells.parameters(inputs.ravel(), np.tile(among.data, chains))
        seed = read_seeds(rng, 1)[0]
        values["cells.start"] = burn_in_s / 2.0 * np.random.default_rng(seed).beta(4.0, 4.0, inputs.size)
        record = simulator.run(burn_in_s + duration_s, values, rng=seed, progress=progress)
        chain, neuron = np.divmod(np.asarray(record["spikes.i"], dtype=np.int64), free.size)
        return SpikeStates(
            np.rint(record["spikes.t"] / cells.dt_s).astype(np.int64),
            chain,
            free[neuron],
            (chains, biases.size),
            cells.dt_s,
            cells.tau_s,
            burn_in_s,
            burn_in_s + duration_s,
            held,
            record.manifest,
        )

    def verdict(self, states: SpikeStates) -> str:
        """Judge whether chains have mixed: by one another, and to 16 neurons by enumeration.

        Chains that all stand still where they started agree with one another; only enumeration tells.

        Parameters
        ----------
        states : SpikeStates
            Result of :meth:`run`.

        Returns
        -------
        str
            "not mixed" with the reason and the remedy; "" for mixed chains, and where nothing is known.
        """
        said, n = states.verdict(), states.shape[1]
        if said or n > _ENUMERATED or states.held.any():
            return said
        spins = states.spins()
        energies = self.ising.energy(spins.reshape(-1, n)).reshape(spins.shape[:2])
        apart = autocorrelation_time(energies) if spins.shape[1] >= 4 else 1.0
        reads = spins[:, :: max(1, ceil(apart)) if isfinite(apart) else 1].reshape(-1, n)
        if divergence(reads, self.ising, self.beta).p_value < _CHANCE:
            return "not mixed: shares of the states differ from enumeration; take a longer burn-in, or a lower beta"
        return ""


def model_as_ising(model: Any) -> Ising:
    """Convert a model to its Ising problem; p ~ exp(-E) for machines.

    Returns
    -------
    Ising
        The problem: the model itself, its ``ising()``, or that of its ``layer``.

    Raises
    ------
    TypeError
        If the model has none of these.
    """
    if isinstance(model, Ising):
        return model
    if hasattr(model, "ising"):
        return model_as_ising(model.ising())
    if hasattr(model, "layer"):
        return model_as_ising(model.layer)
    raise TypeError(f"model is {type(model).__name__}; give an Ising, or an object with ising() or a layer")


def _checked_clamp(clamped: ArrayLike | None, chains: int, n: int) -> NDArray[np.int8]:
    held = np.zeros((chains, n), np.int8)
    if clamped is None:
        return held
    values = np.asarray(clamped)
    if values.shape not in ((n,), (chains, n)):
        raise ValueError(f"clamped has shape {values.shape}; give ({n},) or ({chains}, {n})")
    if not np.isin(values, (-1, 0, 1)).all():
        raise ValueError("clamped holds values other than -1, 0 and +1; 0 leaves a neuron free")
    held[:] = values
    mask = held != 0
    if (mask != mask[0]).any():
        raise ValueError("clamped holds other neurons in one chain than in the first; hold the same ones in all")
    if mask[0].all():
        raise ValueError("clamped holds every neuron; leave at least one free")
    return held
