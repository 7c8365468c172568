"""Spiking chips: Loihi, BrainScaleS-2, and a generic digital one.

- ``spiking-loihi``: Intel's first Loihi. Digital, 8-bit weights with one exponent, 128 cores. Energies of events are
  from SPICE and refits, as SANA-FE counts them.
- ``spiking-loihi2``: its successor, with published sizes. No energy or time of its events is published: they are
  assumed, a tenth of Loihi's to as much, so that it is a forecast.
- ``spiking-brainscales``: BrainScaleS-2. Analog neurons and synapses a thousand times faster than biology, weights of 6
  bits and a sign, fixed-pattern noise; its energy is the chip's power times the time, for no event's own is known.
- ``spiking-generic``: a digital chip with ranges joined over Loihi, TrueNorth and SpiNNaker 2; it takes your own table.

Neurons are simulated, those that sample by Brian2, and synaptic operations, updates and spikes are counted.
``provenance`` of a run has NeuroBench's metrics. Physics: modules ``network_mapping``, ``simulation`` and
``quantization``; numbers: one .toml a chip.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from neuromorph.spiking.brian.simulator import Backend

from .chip_tables import Table, generic_table, loihi_table, read_table
from .network_mapping import ReadDurations
from .neurobench import neurobench
from .target import SpikingChip

__all__ = [
    "ReadDurations",
    "SpikingChip",
    "neurobench",
    "spiking_brainscales",
    "spiking_generic",
    "spiking_loihi",
    "spiking_loihi2",
]

SynapseMemory: TypeAlias = Literal["dense", "sparse", "convolution"]


def spiking_loihi(
    *,
    synapse_memory: SynapseMemory = "dense",
    relax_s: float = 0.5,
    read_s: float = 0.2,
    sample_s: float = 0.1,
    step_s: float = 0.1e-3,
    search_s: float = 2.0,
    backend: Backend = "numpy",
) -> SpikingChip:
    """Hold a problem on Intel's first Loihi.

    Parameters
    ----------
    synapse_memory : {"dense", "sparse", "convolution"}
        How synapses are stored, which decides the energy and the time of an operation: a row for each input, an index
        beside each weight, or weights that neurons share.
    relax_s : float
        Length of a recall, s of the model; the cue is there for the first 0.1 s.
    read_s : float
        Its last part, over which rates are counted, s.
    sample_s : float
        Length of a read that samples, from rest, s of the model.
    step_s : float
        Step of abstract neurons that sample, s of the model.
    search_s : float
        Length of a search, in periods of 0.5 s.
    backend : {"numpy", "cython", "cpp_standalone"}
        Code that Brian2 makes for samples.

    Returns
    -------
    SpikingChip
        Target.
    """
    return SpikingChip(
        "spiking-loihi",
        "Intel's first Loihi: 128 digital cores, 8-bit weights",
        loihi_table(synapse_memory),
        times=ReadDurations(relax_s, read_s, sample_s, step_s, search_s),
        backend=backend,
    )


def spiking_loihi2(
    *,
    relax_s: float = 0.5,
    read_s: float = 0.2,
    sample_s: float = 0.1,
    step_s: float = 0.1e-3,
    search_s: float = 2.0,
    backend: Backend = "numpy",
) -> SpikingChip:
    """Hold a problem on Intel's second Loihi, at energies and times that are assumed.

    Parameters
    ----------
    relax_s : float
        Length of a recall, s of the model; the cue is there for the first 0.1 s.
    read_s : float
        Its last part, over which rates are counted, s.
    sample_s : float
        Length of a read that samples, from rest, s of the model.
    step_s : float
        Step of abstract neurons that sample, s of the model.
    search_s : float
        Length of a search, in periods of 0.5 s.
    backend : {"numpy", "cython", "cpp_standalone"}
        Code that Brian2 makes for samples.

    Returns
    -------
    SpikingChip
        Target.
    """
    return SpikingChip(
        "spiking-loihi2",
        "Intel's second Loihi: eight times the neurons, energies and times assumed",
        read_table("loihi2"),
        times=ReadDurations(relax_s, read_s, sample_s, step_s, search_s),
        backend=backend,
        forecast="no energy or time of an event on Loihi 2 is published: those of Loihi, or a tenth of them",
    )


def spiking_brainscales(
    *,
    sample: bool = False,
    relax_s: float = 0.5,
    read_s: float = 0.2,
    sample_s: float = 0.1,
    step_s: float = 0.1e-3,
    search_s: float = 2.0,
    backend: Backend = "numpy",
) -> SpikingChip:
    """Hold a problem on one chip of BrainScaleS-2.

    Parameters
    ----------
    sample : bool
        Whether it also claims to sample, by integrate-and-fire neurons with colored noise. Not by default, because
        what they draw is exp(-beta E) roughly: programs state a bound of 0.03 nats a spin (``sampling_bound``), up to
        beta times the strongest field = 1.2. On the real chip networks are trained in the loop, which makes up for
        most of it.
    relax_s : float
        Length of a recall, s of the model; the cue is there for the first 0.1 s.
    read_s : float
        Its last part, over which rates are counted, s.
    sample_s : float
        Length of a read that samples, from rest, s of the model.
    step_s : float
        Step of abstract neurons that sample, s of the model.
    search_s : float
        Length of a search, in periods of 0.5 s.
    backend : {"numpy", "cython", "cpp_standalone"}
        Code that Brian2 makes for samples.

    Returns
    -------
    SpikingChip
        Target.
    """
    return SpikingChip(
        "spiking-brainscales",
        "BrainScaleS-2: 512 analog neurons, 1000 times faster than biology, fixed-pattern errors",
        read_table("brainscales"),
        frozenset({"minimize", "recall"} | ({"sample"} if sample else set())),
        ReadDurations(relax_s, read_s, sample_s, step_s, search_s),
        backend,
    )


def spiking_generic(
    table: str | Path | Table | None = None,
    *,
    relax_s: float = 0.5,
    read_s: float = 0.2,
    sample_s: float = 0.1,
    step_s: float = 0.1e-3,
    search_s: float = 2.0,
    backend: Backend = "numpy",
) -> SpikingChip:
    """Hold a problem on a digital chip of usual numbers.

    Parameters
    ----------
    table : .toml or {name: Datum}
        Replaces any of its numbers, also those that decide what it holds: weight_bits, fan_in, synapse_energy,
        step_time, ... as in ``generic.toml``.
    relax_s : float
        Length of a recall, s of the model; the cue is there for the first 0.1 s.
    read_s : float
        Its last part, over which rates are counted, s.
    sample_s : float
        Length of a read that samples, from rest, s of the model.
    step_s : float
        Step of abstract neurons that sample, s of the model.
    search_s : float
        Length of a search, in periods of 0.5 s.
    backend : {"numpy", "cython", "cpp_standalone"}
        Code that Brian2 makes for samples.

    Returns
    -------
    SpikingChip
        Target.
    """
    return SpikingChip(
        "spiking-generic",
        "a digital spiking chip with ranges over published ones, or by your own table",
        generic_table(table),
        times=ReadDurations(relax_s, read_s, sample_s, step_s, search_s),
        backend=backend,
    )
