"""Associative memories: learning rules, dense and modern memories, their dynamics, spurious states and capacity.

>>> from neuromorph import memory
>>> couplings = memory.hebb(patterns)
>>> memory.relax(couplings, cues, rng=0).spins
>>> memory.DenseMemory(patterns, power=3).recall(cues, rng=0).spins
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .capacity import Capacity, Retention, finite_size_scaling, half_loads, retention
from .census import Basin, Census, basin, census, classify, fixed_points, mixtures
from .dense import DenseMemory
from .dynamics import Relaxed, relax
from .mean_field import Stationary, analog_equivalent, binary_means, stationary_state
from .modern import ModernHopfield, Retrieved
from .perceptron import Learned, gardner_capacity, gardner_margin, minover, perceptron, stabilities
from .replica import Retrieval, critical_load, retrieval
from .rules import as_ising, hebb, pseudo_inverse, storkey

if TYPE_CHECKING:
    from .estimator import HopfieldMemory
    from .picture import Recollection, recollect

# These bring scikit-learn, or the problems, which themselves learn by Hebb's rule: imported when first used.
_LATER = {"HopfieldMemory": "estimator", "Recollection": "picture", "recollect": "picture"}

__all__ = [  # noqa: RUF022  by theme
    "hebb", "pseudo_inverse", "storkey", "as_ising",
    "perceptron", "minover", "Learned", "stabilities", "gardner_capacity", "gardner_margin",
    "relax", "Relaxed", "DenseMemory", "ModernHopfield", "Retrieved",
    "census", "Census", "fixed_points", "classify", "mixtures", "basin", "Basin",
    "retention", "Retention", "half_loads", "finite_size_scaling", "Capacity",
    "retrieval", "Retrieval", "critical_load",
    "stationary_state", "Stationary", "analog_equivalent", "binary_means",
    "recollect", "Recollection", "HopfieldMemory",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
