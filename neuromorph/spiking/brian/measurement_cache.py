"""Files of measured numbers that take seconds to measure, by their description and the version of Brian2."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...files.atomic_write import read_file, write_file
from ...files.npz import ArrayFileError, read_npz
from ...ising import Float
from .simulator import cache_folder
from .standalone import short_hash

_MOST_BYTES = 1 << 20


def cached_measurement(
    kind: str, told: Any, size: int, measure: Callable[[], ArrayLike], folder: Path | None = None
) -> Float:
    """Read the numbers of an earlier measurement of equal description, or measure them.

    A damaged file is measured again.

    Parameters
    ----------
    kind : str
        Name of the measurement.
    told : Any
        Everything that decides the numbers, as JSON takes it.
    size : int
        Number of numbers.
    measure : callable
        Returns the finite numbers.
    folder : Path or None
        Folder of the files; None is the user's cache.

    Returns
    -------
    (size,) float
        The numbers.
    """
    key = json.dumps([told, version("brian2")], sort_keys=True).encode()
    path = (cache_folder() if folder is None else folder) / f"{kind}-{short_hash(key)}.npz"
    try:
        kept = read_npz(read_file(path, _MOST_BYTES))["values"]
    except (OSError, ArrayFileError, KeyError):
        kept = np.empty(0)
    if kept.shape == (size,) and np.isfinite(kept).all():
        return kept
    values = np.array(measure(), dtype=float)
    content = io.BytesIO()
    np.savez(content, values=values)
    with suppress(OSError):  # a folder that cannot be written costs only the time of another measurement
        if path.is_file() or not path.exists():  # writing to a pipe would wait for a reader
            write_file(path, content.getvalue())
    return values
