"""neuromorph: one problem on many kinds of physics, down to joules per correct answer.

>>> import neuromorph as nm
>>> problem = nm.load("berlin52.tsp")
>>> nm.compare(problem, targets=["analog-circuit", "cpu-anneal"], reads=100, rng=0).write("report")

Names are imported when first used, so that ``import neuromorph`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import analog, annealing, boltzmann, exact, memory, sampling, testing
    from .analog import AnalogNetwork
    from .cost import Cost, Datum, Estimate, Ledger, price
    from .ising import Ising
    from .problems import MaxCut, Problem, ProblemFileError, Recall, Solution, Tsp, load, read_tour, write_tour
    from .protocol import DoesNotFit, Minimise, Program, Relax, Sample, Target, target, targets
    from .run import Run
    from .study.compare import Comparison, compare

_PLACES = {
    "analog": ["AnalogNetwork"],
    "cost": ["Cost", "Datum", "Estimate", "Ledger", "price"],
    "ising": ["Ising"],
    "problems": [
        "MaxCut",
        "Problem",
        "ProblemFileError",
        "Recall",
        "Solution",
        "Tsp",
        "load",
        "read_tour",
        "write_tour",
    ],
    "run": ["Run"],
    "study.compare": ["Comparison", "compare"],
    "protocol": ["DoesNotFit", "Minimise", "Program", "Relax", "Sample", "Target", "target", "targets"],
}
_MODULES = ["analog", "annealing", "boltzmann", "exact", "memory", "sampling", "testing"]
_HOME = {name: module for module, names in _PLACES.items() for name in names}

__version__ = "0.1.0"
__all__ = [  # noqa: RUF022  by theme, as a reader meets them
    "load", "read_tour", "write_tour", "Problem", "ProblemFileError", "Solution", "Tsp", "MaxCut", "Recall",
    "Ising", "exact", "analog", "AnalogNetwork", "annealing", "memory", "sampling", "boltzmann",
    "Target", "target", "targets", "Program", "Minimise", "Sample", "Relax", "DoesNotFit", "Run", "testing",
    "Datum", "Cost", "Estimate", "Ledger", "price",
    "compare", "Comparison",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
