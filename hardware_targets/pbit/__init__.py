"""Stochastic magnetic junctions as p-bits: asynchronous and synchronous networks, invertible logic, factoring."""

from .factoring import factoring_polynomial, read_factors
from .invertible_logic import (
    LogicCircuit,
    adder_circuit,
    and_gate,
    clamp_nodes,
    full_adder,
    multiplier_circuit,
    not_gate,
    or_gate,
)
from .target import PBits

__all__ = [  # noqa: RUF022  by theme
    "PBits",
    "factoring_polynomial", "read_factors",
    "LogicCircuit", "and_gate", "or_gate", "not_gate", "full_adder", "adder_circuit", "multiplier_circuit",
    "clamp_nodes",
]  # fmt: skip
