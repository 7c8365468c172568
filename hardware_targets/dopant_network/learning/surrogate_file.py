"""Files of surrogates: the weights, biases, ranges and errors as arrays of an .npz file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from .iv_dataset import as_outputs, read_arrays, write_arrays
from .surrogate import Surrogate

_FIELDS = ("low_v", "high_v", "mean_a", "scale_a", "rmse_a", "outputs")


def write_surrogate(path: str | os.PathLike[str], surrogate: Surrogate) -> Path:
    """Write a surrogate as .npz.

    Parameters
    ----------
    path : path-like
        The file.
    surrogate : Surrogate
        The surrogate.

    Returns
    -------
    pathlib.Path
        The file.
    """
    layers = {f"{kind}{i}": w for kind in ("weights", "biases") for i, w in enumerate(getattr(surrogate, kind))}
    fields = {name: np.asarray(getattr(surrogate, name)) for name in _FIELDS}
    return write_arrays(path, layers=np.array(len(surrogate.weights)), **fields, **layers)


def read_surrogate(path: str | os.PathLike[str]) -> Surrogate:
    """Read a surrogate from an .npz file.

    Parameters
    ----------
    path : path-like
        File.

    Returns
    -------
    Surrogate
        Surrogate.

    Raises
    ------
    ValueError
        For any other file.
    """
    try:
        count = int(read_arrays(path, ("layers",))["layers"])
        if not 1 <= count <= 100:
            raise ValueError(f"{count} layers; from 1 to 100")
        names = [f"{kind}{i}" for kind in ("weights", "biases") for i in range(count)]
        arrays = read_arrays(path, (*_FIELDS, *names))
        layers = [arrays[name] for name in names]
        fields = {name: arrays[name] for name in _FIELDS[:-1]}
        outputs = as_outputs(arrays["outputs"])
        return Surrogate(tuple(layers[:count]), tuple(layers[count:]), outputs=outputs, **fields)
    except (ValueError, TypeError) as reason:
        raise ValueError(f"{path}: {reason}") from None
