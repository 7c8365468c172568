from .activations import Activation, Algebraic, Arctan, Logistic, Tanh
from .assignments import Assignments
from .hopfield_tank import HopfieldTank, hopfield_tank
from .mean_field_annealing import Annealed, GainRamp, anneal, critical_gain
from .network import AnalogNetwork
from .noise import simulate_noisy
from .softassign import Softassign, sinkhorn, softassign
from .transient import Trajectory, simulate

__all__ = [
    "Activation",
    "Algebraic",
    "AnalogNetwork",
    "Annealed",
    "Arctan",
    "Assignments",
    "GainRamp",
    "HopfieldTank",
    "Logistic",
    "Softassign",
    "Tanh",
    "Trajectory",
    "anneal",
    "critical_gain",
    "hopfield_tank",
    "simulate",
    "simulate_noisy",
    "sinkhorn",
    "softassign",
]
