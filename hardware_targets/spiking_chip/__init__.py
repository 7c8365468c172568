"""Spiking chips: Loihi, BrainScaleS-2, and a generic digital one.

- ``spiking-loihi``: Intel's first Loihi. Digital, 8-bit weights with one exponent, 128 cores. Energies of events are
  from SPICE and refits; of Loihi 2 none are published, and none is given here.
- ``spiking-brainscales``: BrainScaleS-2. Analog neurons and synapses a thousand times faster than biology, weights of 6
  bits and a sign, fixed-pattern noise; its energy is the chip's power times the time, for no event's own is known.
- ``spiking-generic``: a digital chip with ranges joined over Loihi, TrueNorth and SpiNNaker; it takes your own table.

Brian2 simulates the neurons, and synaptic operations, updates and spikes are counted. ``provenance`` of a run has
NeuroBench's metrics. Physics: modules ``network_mapping``, ``simulation`` and ``quantization``; numbers: one .toml a
chip.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .chip_tables import Table, generic_table, read_table
from .network_mapping import ReadDurations
from .neurobench import neurobench
from .target import SpikingChip

__all__ = ["ReadDurations", "SpikingChip", "neurobench", "spiking_brainscales", "spiking_generic", "spiking_loihi"]


def spiking_loihi(**options: Any) -> SpikingChip:
    """Intel's first Loihi; ``options`` are ``times`` and ``backend``."""
    return SpikingChip(
        "spiking-loihi", "Intel's first Loihi: 128 digital cores, 8-bit weights", read_table("loihi"), **options
    )


def spiking_brainscales(*, sample: bool = False, **options: Any) -> SpikingChip:
    """BrainScaleS-2, one chip.

    sample : bool     also claim to sample, by integrate-and-fire neurons with colored noise. Not by default, because
                      what they draw is not exp(-beta E) to the precision that a target has to keep: relative entropy
                      .001 at 4 beta |J| <= .6, .005 at 2.4 and .02 at 3.5 for 4 neurons. On the real chip networks
                      are trained in the loop, which makes up for most of it
    options : ``times`` and ``backend``
    """
    return SpikingChip(
        "spiking-brainscales",
        "BrainScaleS-2: 512 analog neurons, 1000 times faster than biology, fixed-pattern errors",
        read_table("brainscales"),
        frozenset({"minimize", "recall"} | ({"sample"} if sample else set())),
        **options,
    )


def spiking_generic(table: str | Path | Table | None = None, **options: Any) -> SpikingChip:
    """Build a digital chip of usual numbers.

    table : .toml or {name: Datum}    replaces any of them: synapse_energy, update_energy, fire_energy, spike_energy,
                                      step_time, chip_power, weight_bits, fan_in, ... as in ``generic.toml``
    options : ``times`` and ``backend``
    """
    return SpikingChip(
        "spiking-generic",
        "a digital spiking chip with ranges over published ones, or by your own table",
        generic_table(table),
        **options,
    )
