"""Samples for other tools: xarray and ArviZ over (chain, draw, site), pandas, and a table for notebooks.

``pip install neuromorph[arviz]`` gives xarray and ArviZ.
"""

from __future__ import annotations

from html import escape
from importlib import import_module
from typing import Any

import numpy as np


def to_xarray(samples: Any) -> Any:
    """Convert samples to an xarray Dataset over (chain, draw, site).

    Returns
    -------
    xarray.Dataset
        ``spins`` and ``energy``; reads are chains of one draw.
    """
    xarray = _needed("xarray")
    spins, energies = _chains(samples)
    coordinates = {
        "chain": np.arange(spins.shape[0]),
        "draw": np.arange(spins.shape[1]),
        "site": np.arange(spins.shape[2]),
    }
    return xarray.Dataset(
        {"spins": (("chain", "draw", "site"), spins), "energy": (("chain", "draw"), energies)},
        coords=coordinates,
        attrs={"method": samples.method, "betas": samples.betas, "status": samples.status},
    )


def to_datatree(samples: Any) -> Any:
    """Convert samples to ArviZ's DataTree with the group ``posterior``.

    Returns
    -------
    xarray.DataTree
        The tree.
    """
    base = _needed("arviz_base")
    spins, energies = _chains(samples)
    tree = base.from_dict(
        {"posterior": {"spins": spins, "energy": energies}},
        dims={"spins": ["site"]},
        coords={"site": np.arange(spins.shape[2])},
    )
    tree["posterior"].attrs.update({"method": samples.method, "betas": samples.betas, "status": samples.status})
    return tree


def to_pandas(samples: Any) -> Any:
    """Convert samples to a DataFrame with a row for each state.

    Returns
    -------
    pandas.DataFrame
        Columns ``energy`` and ``s0``, ``s1``, ...; the index is (chain, draw), or read.
    """
    pandas = _needed("pandas")
    if samples.spins.ndim == 3:
        index = pandas.MultiIndex.from_product([range(k) for k in samples.energies.shape], names=["chain", "draw"])
    else:
        index = pandas.RangeIndex(len(samples.energies), name="read")
    frame = pandas.DataFrame(samples.flat(), index=index, columns=[f"s{i}" for i in range(samples.size)])
    frame.insert(0, "energy", samples.energies.ravel())
    return frame


def summary_table(samples: Any) -> str:
    """Format what samples are as an HTML table; :func:`.diagnostics.summary` judges them.

    Returns
    -------
    str
        HTML.
    """
    about: dict[str, Any] = {"method": samples.method, "spins": samples.size, "status": samples.status}
    shape = samples.energies.shape
    about |= {"chains": shape[0], "draws": shape[1]} if len(shape) == 2 else {"reads": shape[0]}
    if samples.energies.size:
        about |= {"mean energy": float(samples.energies.mean()), "lowest energy": float(samples.energies.min())}
    about |= {"message": samples.message} if samples.message else {}
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(f'{value:.6g}' if isinstance(value, float) else str(value))}</td></tr>"
        for name, value in about.items()
    )
    return f"<table>{rows}</table>"


def _chains(samples: Any) -> tuple[Any, Any]:
    if samples.spins.ndim == 3:
        return samples.spins, samples.energies
    return samples.spins[:, None], samples.energies[:, None]


def _needed(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        package = name.replace("_", "-")
        extra = "" if name == "pandas" else "pip install neuromorph[arviz], or "
        raise ImportError(f"{package} is not installed; {extra}pip install {package}") from None
