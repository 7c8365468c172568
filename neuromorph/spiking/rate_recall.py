"""Recall by a network of rates: spikes, outputs in bins, and their overlaps with patterns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float


@dataclass(frozen=True, eq=False)
class SpikingRecall:
    """Spikes and outputs of the trials of a recall.

    Attributes
    ----------
    spike_times_s, spike_trials, spike_neurons : (spikes,) arrays
        Time in s, trial and neuron of each spike. Neuron i < n is unit i; n + i is its opposite (push-pull) or its
        inhibitory twin (dale).
    outputs : (trials, bins, n) float
        x in each bin: rates scaled to the outputs of the analog network.
    edges_s : (bins + 1,) float
        Edges of the bins in s.
    rates_hz : (trials, neurons) float
        Rates over the reading time at the end.
    spins : (trials, n) int8
        Sign of x over the reading time; +1 where it is 0.
    activity : dict of str to (trials,) float
        Counts of spikes, synaptic_operations and membrane_updates.
    manifest : dict
        Record of the run, see :class:`.Recording`.
    potentials : tuple of (m,) float, (m, k) float, or None
        Times in s and V of the recorded neurons.
    """

    spike_times_s: Float
    spike_trials: NDArray[np.int64]
    spike_neurons: NDArray[np.int64]
    outputs: Float
    edges_s: Float
    rates_hz: Float
    spins: NDArray[np.int8]
    activity: Mapping[str, Float]
    manifest: Mapping[str, Any]
    potentials: tuple[Float, Float] | None = None

    def overlaps(self, patterns: ArrayLike) -> Float:
        """Compute the overlaps with patterns (n,) or (trials, n), sum_i spin_i pattern_i / n.

        Returns
        -------
        (trials,) float
            The overlaps.
        """
        return np.asarray((self.spins * patterns_for(patterns, self.spins.shape)).mean(axis=-1))

    def overlap_course(self, patterns: ArrayLike) -> Float:
        """Compute the overlap of the signs of the outputs in every bin.

        Returns
        -------
        (trials, bins) float
            The overlaps.
        """
        p = patterns_for(patterns, self.spins.shape)
        return np.asarray((np.where(self.outputs >= 0, 1.0, -1.0) * p.reshape(-1, 1, p.shape[-1])).mean(axis=-1))


def patterns_for(patterns: ArrayLike, shape: tuple[int, ...], dtype: type = float) -> NDArray[Any]:
    """Validate patterns with which the states of trials are compared.

    Parameters
    ----------
    patterns : (n,) or (trials, n) array_like
        Patterns.
    shape : (trials, n)
        Shape of the states.
    dtype : type
        Type of the result.

    Returns
    -------
    (n,) or (trials, n) array
        The patterns.

    Raises
    ------
    ValueError
        If there is neither one pattern for all trials nor one for each.
    """
    p: NDArray[Any] = np.asarray(patterns, dtype=dtype)
    trials, n = shape
    if p.shape not in ((n,), (1, n), (trials, n)):
        raise ValueError(
            f"patterns have shape {p.shape} for {trials} trials of {n} neurons; give ({n},), or one for each trial, "
            f"({trials}, {n}): patterns[which]"
        )
    return p


def check_cues(
    cues: ArrayLike, size: int, duration_s: float, cue_s: float, bin_s: float, step_s: float
) -> tuple[Float, Float]:
    """Validate the cues and times of a recall.

    Parameters
    ----------
    cues : (n,) or (trials, n) array_like
        Cues.
    size : int
        Number of units n.
    duration_s, cue_s, bin_s, step_s : float
        Duration of the trial and of the cue, width of the bins, and step, in s.

    Returns
    -------
    tuple of (trials, n) float, (bins + 1,) float
        Cues, and edges of the bins in s.

    Raises
    ------
    ValueError
        If the shape or a time is wrong.
    """
    c = np.atleast_2d(np.asarray(cues, dtype=float))
    if c.ndim != 2 or c.shape[1] != size or not len(c) or not np.isfinite(c).all():
        raise ValueError(f"cues have shape {c.shape}; expected finite ({size},) or (trials, {size})")
    if not (np.isfinite([duration_s, cue_s, bin_s]).all() and 0 <= cue_s <= duration_s):
        raise ValueError(f"duration_s is {duration_s} and cue_s {cue_s}; expected 0 <= cue_s <= duration_s")
    if not step_s <= bin_s <= duration_s:
        raise ValueError(f"bin_s is {bin_s}; expected step_s = {step_s} .. duration_s = {duration_s}")
    bins = round(duration_s / bin_s)
    if abs(duration_s / bin_s - bins) > 1e-6:
        raise ValueError(f"duration_s is {duration_s}; give a whole multiple of bin_s = {bin_s}")
    return c, np.linspace(0.0, duration_s, bins + 1)


def binned_rates(
    times_s: Float,
    trials: NDArray[np.int64],
    neurons: NDArray[np.int64],
    shape: tuple[int, int],
    cuts_s: Float,
    step_s: float,
) -> Float:
    """Count spikes in bins and convert the counts to rates.

    Parameters
    ----------
    times_s, trials, neurons : (spikes,) arrays
        Time in s, trial and neuron of each spike.
    shape : tuple of int
        Number of trials and of neurons.
    cuts_s : (bins + 1,) float
        Edges of the bins in s; half a step keeps spikes at the edge of a bin in it.
    step_s : float
        Step in s.

    Returns
    -------
    (trials, bins, neurons) float
        The rates in Hz.
    """
    at = np.searchsorted(cuts_s - 0.5 * step_s, times_s, side="right") - 1
    inside = (at >= 0) & (at < len(cuts_s) - 1)
    whole = (shape[0], len(cuts_s) - 1, shape[1])
    cell = np.ravel_multi_index((trials[inside], at[inside], neurons[inside]), whole)
    return np.asarray(np.bincount(cell, minlength=int(np.prod(whole))).reshape(whole) / np.diff(cuts_s)[:, None])


def recall_from_spikes(
    network: Any,
    spikes: tuple[Float, NDArray[np.int64], NDArray[np.int64]],
    trials: int,
    edges: Float,
    read_s: float,
    manifest: Mapping[str, Any],
) -> SpikingRecall:
    """Read the outputs and counts of a recorded recall.

    Parameters
    ----------
    network : SpikingHopfield
        The network that ran.
    spikes : tuple of (spikes,) arrays
        Time in s, trial and neuron of each spike.
    trials : int
        Number of trials.
    edges : (bins + 1,) float
        Edges of the bins in s.
    read_s : float
        Last part of the time, over which rates are read, in s.
    manifest : dict
        Record of the run.

    Returns
    -------
    SpikingRecall
        The recall.
    """
    t, k, i = spikes
    shape, step_s = (trials, network.neurons), network.neuron.step_s
    sources, _, weights = network.synapses

    def outputs(rate: Float) -> Float:
        first = rate[..., : network.size]
        if network.wiring == "push-pull":
            return np.asarray((first - rate[..., network.size :]) / network.unit_hz)
        return np.asarray(2.0 * first / network.unit_hz - 1.0)

    read = binned_rates(t, k, i, shape, np.array([edges[-1] - read_s, edges[-1]]), step_s)[:, 0]
    fan = np.bincount(sources[weights != 0], minlength=network.neurons)
    activity = {
        "spikes": np.bincount(k, minlength=trials).astype(float),
        "synaptic_operations": np.bincount(k, weights=fan[i], minlength=trials),
        "membrane_updates": np.full(trials, float(round(edges[-1] / step_s) * network.neurons)),
    }
    spins = np.where(outputs(read) >= 0, 1, -1).astype(np.int8)
    x = outputs(binned_rates(t, k, i, shape, edges, step_s))
    return SpikingRecall(t, k, i, x, edges, read, spins, activity, manifest)
