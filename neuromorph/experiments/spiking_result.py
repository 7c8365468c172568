"""Result of an experiment with spikes: plain data, which other modules write and draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float


@dataclass(frozen=True, eq=False)
class Session:
    """Result of a spiking experiment on one file.

    Attributes
    ----------
    about : dict
        Content of spike.json without its provenance; see docs/spike-schema.md.
    times_s, trials, neurons : (spikes,) arrays
        Time in s, trial and neuron of each spike.
    states : (trials, n) int8
        Recalled, last, or best state of each trial.
    shown : dict
        Data that only the figure needs.
    """

    about: Mapping[str, Any]
    times_s: Float
    trials: NDArray[np.int64]
    neurons: NDArray[np.int64]
    states: NDArray[np.int8]
    shown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Batch:
    """Spikes and results of some trials.

    Attributes
    ----------
    times_s, trials, neurons : (spikes,) arrays
        Time in s, trial and neuron of each spike.
    activity : dict of str to (trials,) float
        Counts of each event.
    found : Any
        Results of the task.
    manifest : dict of str to Any
        Record of Brian2's run.
    """

    times_s: Float
    trials: NDArray[np.int64]
    neurons: NDArray[np.int64]
    activity: Mapping[str, Float]
    found: Any
    manifest: Mapping[str, Any]
