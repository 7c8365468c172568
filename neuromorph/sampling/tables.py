"""Samples as xarray and ArviZ data, (chain, draw, site). Both packages come with ``pip install neuromorph[arviz]``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from .samples import Samples


def to_xarray(samples: Samples) -> Any:
    """Dataset of ``spins`` (chain, draw, site) and ``energy`` (chain, draw); reads are chains of one draw."""
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


def to_datatree(samples: Samples) -> Any:
    """ArviZ's DataTree with group ``posterior`` (spins, energy), and the sampler's own words as attributes."""
    base = _needed("arviz_base")
    spins, energies = _chains(samples)
    tree = base.from_dict(
        {"posterior": {"spins": spins, "energy": energies}},
        dims={"spins": ["site"]},
        coords={"site": np.arange(spins.shape[2])},
    )
    tree["posterior"].attrs.update({"method": samples.method, "betas": samples.betas, "status": samples.status})
    return tree


def _chains(samples: Samples) -> tuple[Any, Any]:
    if samples.spins.ndim == 3:
        return samples.spins, samples.energies
    return samples.spins[:, None], samples.energies[:, None]


def _needed(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        package = name.replace("_", "-")
        raise ImportError(
            f"{package} is not installed; pip install neuromorph[arviz], or pip install {package}"
        ) from None
