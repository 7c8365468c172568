"""Dopant neurons as they are programmed, and the results of their reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float
from neuromorph.runtime.pieces import run_aside

from .crossbar_couplings import CrossbarCouplings

BATCH_COUPLINGS = 1 << 22  # number of couplings in one batch of reads


@dataclass(frozen=True, eq=False)
class NeuronReads:
    """Results of reads.

    Attributes
    ----------
    spins : (reads, n) int8
        Final states.
    settled : (reads,) bool
        Whether the dynamics came to rest.
    activity : dict of str to array
        Counted events of each read.
    status : str
        Status of a Run.
    """

    spins: NDArray[np.int8]
    settled: NDArray[np.bool_]
    activity: dict[str, Any]
    status: str = "ok"

    @classmethod
    def joined(cls, parts: list[NeuronReads], status: str) -> NeuronReads:
        """Concatenate batches of reads.

        Parameters
        ----------
        parts : list of NeuronReads
            Batches in the order of the reads.
        status : str
            Status of all.

        Returns
        -------
        NeuronReads
            All reads.
        """
        counts = {
            name: np.concatenate([np.broadcast_to(part.activity[name], len(part.spins)) for part in parts])
            for name in parts[0].activity
        }
        spins, settled = (np.concatenate([getattr(part, name) for part in parts]) for name in ("spins", "settled"))
        return cls(spins, settled, counts, status)


@dataclass(frozen=True, eq=False)
class NeuronState:
    """Programmed network of dopant neurons.

    Attributes
    ----------
    couplings : CrossbarCouplings
        Couplings in units of ``scale``.
    scale : float
        Largest coupling of the problem, or longest distance of the tour.
    biases : (n,) float
        Biases in units of ``scale``; empty for a tour.
    which : (n,) int
        Kind of unit of each neuron.
    """

    couplings: CrossbarCouplings
    scale: float
    biases: Float
    which: NDArray[np.int64]

    @cached_property
    def load(self) -> float:
        """Lambda, the largest input of a neuron."""
        return float((abs(self.couplings.read()).sum(axis=1) + np.abs(self.biases)).max()) or 1.0

    @cached_property
    def extreme_modes(self) -> tuple[float, float]:
        """Extreme eigenvalues of the couplings' symmetric part over Lambda, without read noise."""
        calm = self.couplings.read()
        even = (calm + calm.T) / (2.0 * self.load)
        lowest, highest = run_aside(lambda: np.linalg.eigvalsh(even))[[0, -1]]
        return float(lowest), float(highest)

    def activity(self, seconds: Float, joules: Any, *, neurons: int, units: int) -> dict[str, Any]:
        """Count the events of reads.

        Parameters
        ----------
        seconds : (reads,) float
            Duration of each read, s.
        joules : (reads,) float or float
            Energy of the units, J.
        neurons : int
            Neurons that are driven.
        units : int
            Dopant units that conduct.

        Returns
        -------
        dict of str to array or float
            Events by name.
        """
        words = float(len(self.couplings.wanted) ** 2) if self.couplings.pairs is None else 0.0
        return {
            "device_s": seconds,
            "unit_j": joules,
            "receiver_s": units * seconds,
            "driver_s": 2 * neurons * seconds,
            "siemens_s": self.couplings.siemens * seconds,
            "comparisons": float(neurons),
            "ad_conversions": 0.0,
            "da_conversions": 0.0,
            "table_accesses": words,
        }


def single_sweeps(sweeps: slice) -> Iterator[slice]:
    """Cut a range of sweeps into ranges of one sweep.

    Parameters
    ----------
    sweeps : slice
        Range of sweeps.

    Returns
    -------
    iterator of slice
        Each sweep alone.
    """
    return (slice(k, k + 1) for k in range(sweeps.start, sweeps.stop))


def normal_kicks(
    streams: list[np.random.Generator], steps: int, n: int, most: int | None = None
) -> Iterator[tuple[int, Float]]:
    """Draw normal numbers for each of ``steps``, many at once.

    Parameters
    ----------
    streams : list of Generator
        Stream of each read.
    steps : int
        Number of steps.
    n : int
        Number of neurons.
    most : int or None
        Most steps at once.

    Yields
    ------
    int, (k, reads, 2, n) float
        First of k steps, and their normal numbers.
    """
    block = most or max(1, (1 << 20) // (len(streams) * n))
    for k in range(0, steps, block):
        yield k, np.stack([s.standard_normal((min(block, steps - k), 2, n)) for s in streams], axis=1)
