"""Labels of a scikit-learn classifier as numbers from 0: for every classifier of this package."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets


def number_classes(labels: ArrayLike) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the classes in order, and the number of that of each label.

    Parameters
    ----------
    labels : (samples,) array_like
        Labels.

    Returns
    -------
    classes : (c,) array
        Labels that occur, sorted.
    numbers : (samples,) int
        Index into ``classes`` of each label.

    Raises
    ------
    ValueError
        If the labels are no classes, or are of one class only.
    """
    check_classification_targets(labels)
    classes, numbers = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"y holds one class, {classes[0]!r}; a classifier needs at least two")
    return classes, numbers
