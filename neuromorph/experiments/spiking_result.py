"""What an experiment with spikes returns: plain data, written and drawn elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float


@dataclass(frozen=True, eq=False)
class Session:
    """What a file came to.

    about : dict                                    spike.json but for where it is from; see docs/spike-schema.md
    times_s, trials, neurons : (spikes,)
    states : (trials, n) int8                       recalled, last, or best state of each trial
    shown : dict                                    what only the figure needs
    """

    about: Mapping[str, Any]
    times_s: Float
    trials: NDArray[np.int64]
    neurons: NDArray[np.int64]
    states: NDArray[np.int8]
    shown: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Batch:
    """Spikes of some trials, with activity {event: (trials,)}, whatever the task needs more, and Brian2's manifest."""

    times_s: Float
    trials: NDArray[np.int64]
    neurons: NDArray[np.int64]
    activity: Mapping[str, Float]
    found: Any
    manifest: Mapping[str, Any]
