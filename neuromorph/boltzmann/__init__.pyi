from .autoencoder import Autoencoder
from .block_gibbs import Path, Stream, temper
from .boltzmann_machine import BoltzmannMachine
from .dbn import DBN
from .likelihood import LogPartition, ais
from .moments import Moments, clamped_moments, free_moments, gradient, hidden_tables
from .rbm import RBM
from .rbm_model import Layer, log_odds

__all__ = [  # noqa: RUF022  by theme
    "BoltzmannMachine",
    "RBM",
    "DBN",
    "Autoencoder",
    "Layer",
    "log_odds",
    "LogPartition",
    "ais",
    "Path",
    "Stream",
    "temper",
    "Moments",
    "clamped_moments",
    "free_moments",
    "gradient",
    "hidden_tables",
]
