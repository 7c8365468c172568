"""Edges that every tour of a problem must hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def holds_links(tour: ArrayLike, links: Any) -> bool:
    """Return whether a tour holds the edges that it must.

    Parameters
    ----------
    tour : (n,) int
        Permutation of 0 .. n - 1.
    links : (k, 2) int, or None
        Edges.

    Returns
    -------
    bool
        True where nothing is demanded.
    """
    if links is None:
        return True
    order = np.asarray(tour)
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(order.size)
    apart = np.abs(place[links[:, 0]] - place[links[:, 1]])
    return bool(np.isin(apart, (1, order.size - 1)).all())
