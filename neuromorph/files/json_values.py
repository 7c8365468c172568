"""Numbers, arrays and records as JSON has them: NumPy's types are not JSON, and neither are NaN and infinity."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np


def json_value(value: Any) -> Any:
    """Return plain data for ``json.dumps(..., allow_nan=False)``.

    Parameters
    ----------
    value
        Mappings, lists, tuples, arrays and objects with ``to_dict``, of numbers, strings, truth values and None.

    Returns
    -------
    dict, list, str, int, float, bool or None
        Keys are strings; a number that is not finite is None.
    """
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): json_value(each) for key, each in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [json_value(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value
