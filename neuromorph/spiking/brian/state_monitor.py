"""Potentials beside the spikes of a model, which they leave as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def with_state_monitor(
    model: Callable[[Any], Sequence[Any]], group: str, variable: str, cells: ArrayLike, name: str = "inside"
) -> Callable[[Any], Sequence[Any]]:
    """Add a StateMonitor to a model, which leaves its spikes as they are.

    Parameters
    ----------
    model : callable
        Makes the objects of a network, given Brian2.
    group : str
        Name of the neurons.
    variable : str
        Variable of theirs that is recorded.
    cells : (k,) array_like
        Neurons that are recorded. Without any, the model is returned itself.
    name : str
        Name of the monitor.

    Returns
    -------
    callable
        The model with the monitor.
    """
    watched = np.asarray(cells, dtype=int)
    if not watched.size:
        return model

    def objects(b2: Any) -> list[Any]:
        made = list(model(b2))
        (source,) = (each for each in made if each.name == group)
        return [*made, b2.StateMonitor(source, variable, record=watched, name=name)]

    return objects
