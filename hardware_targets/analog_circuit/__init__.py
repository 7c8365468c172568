"""Hopfield's circuit of RC stages and op-amps as a target."""

from .target import AnalogCircuit

__all__ = ["AnalogCircuit"]
