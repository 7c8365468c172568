r"""Seconds and joules of a core for reads that are made side by side: what one read costs, and what it takes alone.

.. math:: t_{read} = \frac{T}{L \lceil R k / L \rceil / k}, \qquad t_{latency} = T, \qquad
          t_{empty} = \frac{T}{R} - t_{read}, \qquad E_{read} = P_{core}\, t_{read}

for a batch of R reads of k replicas each that takes T, in vectors of L = 64 lanes. The core works on all lanes, filled
or not: 20 reads take the time of 64. Three counts say so:

- ``device_s``, the throughput: a read is charged the lanes that it fills, as where all are filled. Price and time to
  solution are made of it and do not depend on how many reads were asked for.
- ``latency_s``: one read alone takes as long as its whole batch, for it has the vectors to itself.
- ``empty_lane_s``: a read's share of the lanes that were paid for in this run and not asked for. It is counted and has
  no price: ``device_s`` and ``empty_lane_s`` of all reads add up to the time that was measured.

A batch is timed once. Its reads have equal counts, and the statistics of a ledger take them as one timing, not as R
(``Cost.counted`` of "measured").

Joules are read from the counters of the processor where this user may read them and the run takes a tenth of a second
(``neuromorph.pricing.powercap``): ``core_j`` and ``uncore_j`` then are those of its ``device_s``, and ``unmetered_s``
is 0. Elsewhere they are 0 and ``unmetered_s`` is ``device_s``, at the stated power of the table, or at the user's own.
"""

from __future__ import annotations

from math import ceil
from typing import TypeAlias

import numpy as np

from neuromorph.ising import Float
from neuromorph.kernels.philox import LANES
from neuromorph.pricing.powercap import CpuEnergy, chip_power, core_power, read_cpu_energy

Activity: TypeAlias = dict[str, Float | float]


def lanes_filled(reads: int, replicas: int = 1, lanes: int = LANES) -> float:
    """Return how many reads the lanes of a batch hold, filled or not.

    Parameters
    ----------
    reads : int
        Reads that are asked for.
    replicas : int
        Replicas of each.
    lanes : int
        Replicas side by side.

    Returns
    -------
    float
        Reads that would take the same time, ``reads`` at least.
    """
    return lanes * ceil(reads * replicas / lanes) / replicas


def batch_seconds(seconds: float, reads: int, held: float) -> tuple[Float, Float]:
    """Charge the time of a batch to its reads.

    Parameters
    ----------
    seconds : float
        Time of the batch, s.
    reads : int
        Reads that were asked for.
    held : float
        Reads that its lanes hold.

    Returns
    -------
    device_s, latency_s : (reads,) float
        Time of one lane's reads, and of one read alone, s.
    """
    return np.full(reads, seconds / held), np.full(reads, seconds)


def time_activity(device_s: Float, latency_s: Float, batch_s: float, before: CpuEnergy | None) -> Activity:
    """Count the time of reads, and their energy where it can be read.

    Parameters
    ----------
    device_s, latency_s : (reads,) float
        Time of each read at full lanes, and alone, s.
    batch_s : float
        Time of all reads as it was measured, s.
    before : CpuEnergy or None
        Reading before the reads; None where the user states a power.

    Returns
    -------
    dict of str to float or (reads,) float
        Events by name.
    """
    empty = max(0.0, batch_s - float(device_s.sum())) / len(device_s)
    counted: Activity = {"device_s": device_s, "latency_s": latency_s, "empty_lane_s": empty}
    after = None if before is None or not before.joules else read_cpu_energy()
    power = None if before is None or after is None else core_power(before, after)
    if before is None or after is None or power is None:
        return counted | {"core_j": 0.0, "uncore_j": 0.0, "unmetered_s": device_s}
    beside = chip_power(before, after)
    uncore = 0.0 if beside is None else beside.value * device_s
    return counted | {"core_j": power.value * device_s, "uncore_j": uncore, "unmetered_s": 0.0}
