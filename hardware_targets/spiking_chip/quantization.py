r"""Quantization of a network on a chip: few bits with one exponent, fixed-pattern noise, limited fan-in.

.. math:: w^{held}_{ij} = \frac{w_{max}}{q}\, \mathrm{round}\Bigl(\frac{q\, w_{ij}}{w_{max}}\Bigr) (1 + \delta_{ij}),
          \qquad q = 2^{bits - 1} - 1, \qquad b^{held}_i = b_i + B \epsilon_i

where

- w and b are the requested weights and biases, w_max the largest weight,
- delta, of deviation ``synapse_spread``, and epsilon, of deviation ``neuron_spread``, are the fixed-pattern noise that
  calibration leaves on an analog chip; on a digital chip both are 0,
- B is the largest input of a neuron, which also is the range of the biases, in bits of their own.

Synapses i -> j and j -> i are two circuits: the programmed weights are not quite symmetric. Calibration removes the
errors of the mean inputs: a neuron's bias makes up for the errors of its synapses at rest.

A neuron needs ``fan_in`` synapses, and a core holds ``core_neurons`` neurons and ``core_synapses`` synapses: where the
fan-in is large, fewer neurons. Sources: the tables; fixed-pattern noise as Kungl et al., Front. Neurosci. 13, 1201
(2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from neuromorph.ising import Float
from neuromorph.protocol import DoesNotFit

from .chip_tables import Table


@dataclass(frozen=True, eq=False)
class FixedPatternNoise:
    """Fixed-pattern noise of one chip; the same ``seed`` gives the same numbers.

    Attributes
    ----------
    seed : numpy.random.SeedSequence
        The chip.
    synapse_spread : float
        Standard deviation of delta.
    neuron_spread : float
        Standard deviation of epsilon.
    """

    seed: np.random.SeedSequence
    synapse_spread: float
    neuron_spread: float

    @property
    def differs(self) -> bool:
        """Whether two chips differ."""
        return self.synapse_spread > 0.0 or self.neuron_spread > 0.0

    def synapses(self, count: int) -> Float:
        """Draw the factors 1 + delta of synapses in their order.

        Parameters
        ----------
        count : int
            Number of synapses.

        Returns
        -------
        (count,) float
            Factors.
        """
        if not self.synapse_spread:
            return np.ones(count)
        # Clip so that a weight keeps its sign and is not zero.
        return np.maximum(0.05, 1.0 + self.synapse_spread * self._stream(0).standard_normal(count))

    def neurons(self, count: int) -> Float:
        """Draw the offsets epsilon of neurons.

        Parameters
        ----------
        count : int
            Number of neurons.

        Returns
        -------
        (count,) float
            Offsets.
        """
        return self.neuron_spread * self._stream(1).standard_normal(count)

    def _stream(self, which: int) -> np.random.Generator:
        return np.random.default_rng([which, *self.seed.generate_state(4)])


@dataclass(frozen=True, eq=False)
class SynapticWeights:
    """Weights and biases of a network, as requested or as programmed.

    Attributes
    ----------
    weights : (n, n) sparse array, CSR
        Weights from column to row.
    biases : (n,) float
        Biases.
    """

    weights: Any
    biases: Float

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.biases)

    @property
    def largest_input(self) -> float:
        """B, the largest of ``|b_i| + sum_j |w_ij|``."""
        return float((np.abs(self.biases) + np.asarray(abs(self.weights).sum(axis=1)).ravel()).max()) or 1.0


def quantize(wanted: SynapticWeights, table: Table, pattern: FixedPatternNoise) -> SynapticWeights:
    """Quantize weights and biases and add the chip's fixed-pattern noise.

    Parameters
    ----------
    wanted : SynapticWeights
        The requested network.
    table : dict of str to Datum
        The chip's numbers.
    pattern : FixedPatternNoise
        The chip's errors.

    Returns
    -------
    SynapticWeights
        The network as the chip holds it.
    """
    weights = sparse.csr_array(wanted.weights, copy=True)
    strongest = float(np.abs(weights.data).max(initial=0.0))
    weights.data = round_to_levels(weights.data, int(table["weight_bits"].value), strongest)
    weights.eliminate_zeros()
    weights.data = weights.data * pattern.synapses(weights.nnz)
    largest = wanted.largest_input
    biases = round_to_levels(wanted.biases, int(table["bias_bits"].value), largest) + largest * pattern.neurons(
        wanted.size
    )
    return SynapticWeights(weights, biases)


def round_to_levels(values: Float, bits: int, largest: float) -> Float:
    """Round values to equally spaced levels.

    Parameters
    ----------
    values : (...) float
        Values.
    bits : int
        Bits with the sign: 2^(bits - 1) - 1 levels on each side of 0.
    largest : float
        The last level.

    Returns
    -------
    (...) float
        Rounded values.
    """
    step = largest / (2.0 ** (bits - 1) - 1.0)
    return np.round(values / step) * step if step > 0.0 else values.copy()


def cores_for(neurons: int, fan_in: int, table: Table, name: str) -> int:
    """Count the cores that a network takes, evenly filled.

    Parameters
    ----------
    neurons, fan_in : int
        Number of neurons, and of synapses of each.
    table : dict of str to Datum
        The chip's numbers.
    name : str
        The chip, for the message.

    Returns
    -------
    int
        Number of cores.

    Raises
    ------
    DoesNotFit
        If a neuron has too few synapses or the chip too few cores.
    """
    most, there = int(table["fan_in"].value), int(table["cores"].value)
    if fan_in > most:
        raise DoesNotFit(
            f"a neuron needs {fan_in} synapses, one of {name} has {most}; would fit: {most} couplings a spin at most, "
            "in a sparser problem or parts of this one"
        )
    each = min(int(table["core_neurons"].value), int(table["core_synapses"].value) // max(fan_in, 1))
    if neurons > each * there:
        needed = f"{neurons} neurons of {fan_in} synapses each" if fan_in else f"{neurons} neurons or more"
        on_core = -(-neurons // there)  # at this size
        sparser = int(table["core_synapses"].value) // on_core if on_core <= table["core_neurons"].value else 0
        raise DoesNotFit(
            f"needs {needed}, {name} has {each * there} such; would fit: {each * there} of them"
            f"{f', or {sparser} synapses each' if sparser else ''}; take parts of the problem, one after the other"
        )
    return -(-neurons // each)
