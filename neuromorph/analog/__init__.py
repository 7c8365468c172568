"""Hopfield's analog network of 1984: activations, the network and its energy, transients, transients with noise."""

from .activations import Activation, Algebraic, Arctan, Logistic, Tanh
from .network import AnalogNetwork
from .noise import simulate_noisy
from .transient import Trajectory, simulate

__all__ = [
    "Activation",
    "Algebraic",
    "AnalogNetwork",
    "Arctan",
    "Logistic",
    "Tanh",
    "Trajectory",
    "simulate",
    "simulate_noisy",
]
