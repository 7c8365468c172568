r"""What a chip holds of a network: few bits with one exponent for all, a fixed pattern of errors, so many neurons.

.. math:: w^{held}_{ij} = \frac{w_{max}}{q}\, \mathrm{round}\Bigl(\frac{q\, w_{ij}}{w_{max}}\Bigr) (1 + \delta_{ij}),
          \qquad q = 2^{bits - 1} - 1, \qquad b^{held}_i = b_i + B \epsilon_i

delta, of deviation ``synapse_spread``, and epsilon, ``neuron_spread``, are what calibration leaves on an analog chip;
on a digital one both are 0. Synapses i -> j and j -> i are two circuits: what is held is not quite symmetric. B is the
largest input of a neuron, which also is the range of the biases, in bits of their own. Means of inputs are calibrated
away: a neuron's bias makes up for the errors of its synapses at rest.

A neuron needs ``fan_in`` synapses, and a core holds ``core_neurons`` neurons and ``core_synapses`` synapses: where the
fan-in is large, fewer neurons. Sources: the tables; fixed patterns as Kungl et al., Front. Neurosci. 13, 1201 (2019).
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
    """Fixed-pattern errors of one chip, drawn as they are needed: the same numbers for the same ``seed``."""

    seed: np.random.SeedSequence
    synapse_spread: float
    neuron_spread: float

    @property
    def differs(self) -> bool:
        """Whether two chips are not alike."""
        return self.synapse_spread > 0.0 or self.neuron_spread > 0.0

    def synapses(self, count: int) -> Float:
        """1 + delta for synapses in their order, (count,)."""
        if not self.synapse_spread:
            return np.ones(count)
        # A synapse neither turns its sign nor has none.
        return np.maximum(0.05, 1.0 + self.synapse_spread * self._stream(0).standard_normal(count))

    def neurons(self, count: int) -> Float:
        """epsilon, (count,)."""
        return self.neuron_spread * self._stream(1).standard_normal(count)

    def _stream(self, which: int) -> np.random.Generator:
        return np.random.default_rng([which, *self.seed.generate_state(4)])


@dataclass(frozen=True, eq=False)
class SynapticWeights:
    """weights (n, n) CSR, from column to row, and biases (n,), as wanted or as held."""

    weights: Any
    biases: Float

    @property
    def size(self) -> int:
        return len(self.biases)

    @property
    def largest_input(self) -> float:
        """B: the largest of |b_i| + sum_j |w_ij|."""
        return float((np.abs(self.biases) + np.asarray(abs(self.weights).sum(axis=1)).ravel()).max()) or 1.0


def quantize(wanted: SynapticWeights, table: Table, pattern: FixedPatternNoise) -> SynapticWeights:
    """``wanted`` as the chip has it."""
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
    """Values on 2^(bits - 1) - 1 levels to each side, evenly to ``largest``."""
    step = largest / (2.0 ** (bits - 1) - 1.0)
    return np.round(values / step) * step if step > 0.0 else values.copy()


def cores_for(neurons: int, fan_in: int, table: Table, name: str) -> int:
    """Cores that ``neurons`` of ``fan_in`` synapses each take, evenly spread; DoesNotFit."""
    most, there = int(table["fan_in"].value), int(table["cores"].value)
    if fan_in > most:
        raise DoesNotFit(
            f"a neuron needs {fan_in} synapses, one of {name} has {most}; take a sparser problem, parts of this one, "
            "or another target"
        )
    each = min(int(table["core_neurons"].value), int(table["core_synapses"].value) // max(fan_in, 1))
    if neurons > each * there:
        raise DoesNotFit(
            f"needs {neurons} neurons of {fan_in} synapses each, {name} has {each * there} such; take parts of the "
            "problem, one after the other, or another target"
        )
    return -(-neurons // each)


def hops_between(cores: int, table: Table) -> tuple[float, float]:
    """Mean steps in the mesh between two of ``cores`` cores, along rows (east or west) and columns (north or south).

    Four cores a tile, tiles filled row by row.
    """
    if "mesh_width" not in table or cores < 2:
        return 0.0, 0.0
    y, x = np.divmod(np.arange(cores) // 4, int(table["mesh_width"].value))
    along, across = (float(np.abs(each[:, None] - each).sum()) / (cores * (cores - 1)) for each in (x, y))
    return along, across
