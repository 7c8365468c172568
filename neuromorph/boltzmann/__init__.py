"""Boltzmann machines: general, restricted, stacked; their likelihood; deep autoencoders. Estimators of scikit-learn.

Names are imported when first used: scikit-learn takes 2 s.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .autoencoder import Autoencoder
    from .dbn import DBN
    from .gibbs import Path, Stream, temper
    from .layer import Layer, log_odds
    from .likelihood import LogPartition, ais
    from .machine import BoltzmannMachine
    from .moments import Moments, clamped_moments, free_moments, gradient, hidden_tables
    from .rbm import RBM

_PLACES = {
    "autoencoder": ["Autoencoder"],
    "dbn": ["DBN"],
    "gibbs": ["Path", "Stream", "temper"],
    "layer": ["Layer", "log_odds"],
    "likelihood": ["LogPartition", "ais"],
    "machine": ["BoltzmannMachine"],
    "moments": ["Moments", "clamped_moments", "free_moments", "gradient", "hidden_tables"],
    "rbm": ["RBM"],
}
_HOME = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [  # noqa: RUF022  by theme
    "BoltzmannMachine", "RBM", "DBN", "Autoencoder",
    "Layer", "log_odds", "LogPartition", "ais",
    "Path", "Stream", "temper",
    "Moments", "clamped_moments", "free_moments", "gradient", "hidden_tables",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
