from .activations import Activation, Algebraic, Arctan, Logistic, Tanh
from .assignments import Permutations
from .batch_transient import RestingStates, can_batch, relax_batch, simulate_batch
from .decision_circuits import LinearProgramState, converter_network, decomposition_network, linear_program_circuit
from .doubly_stochastic import sinkhorn
from .hopfield_tank import HopfieldTank, hopfield_tank
from .mean_field_annealing import AnnealingResult, GainRamp, critical_gain, mean_field_anneal
from .network import AnalogNetwork
from .noise import simulate_noisy
from .reservoir import (
    MemoryCapacity,
    memory_capacity,
    narma_series,
    prediction_error,
    rank_inputs,
    state_rank,
)
from .softassign import Softassign, softassign
from .transient import Trajectory, simulate

__all__ = [  # noqa: RUF022  by theme
    "Activation",
    "Algebraic",
    "AnalogNetwork",
    "AnnealingResult",
    "Arctan",
    "Permutations",
    "GainRamp",
    "HopfieldTank",
    "LinearProgramState",
    "Logistic",
    "Softassign",
    "Tanh",
    "Trajectory",
    "converter_network",
    "decomposition_network",
    "linear_program_circuit",
    "mean_field_anneal",
    "critical_gain",
    "hopfield_tank",
    "simulate",
    "simulate_noisy",
    "simulate_batch",
    "relax_batch",
    "RestingStates",
    "can_batch",
    "sinkhorn",
    "memory_capacity",
    "MemoryCapacity",
    "state_rank",
    "rank_inputs",
    "prediction_error",
    "narma_series",
    "softassign",
]
