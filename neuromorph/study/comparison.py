"""One problem on many targets: the results, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..problems.problem import Problem
from .result import Result, beaten


@dataclass(frozen=True, eq=False)
class Comparison:
    """One problem, a result for each target, and where the numbers are from."""

    problem: Problem
    results: tuple[Result, ...]
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it early."""
        return any(result.status == "interrupted" for result in self.results)

    @property
    def best(self) -> Result | None:
        """The result with the best feasible answer, None if there is none."""
        found = [result for result in self.results if result.best is not None]
        sign = 1.0 if self.problem.sense == "min" else -1.0
        return min(found, key=lambda result: sign * (result.best or 0.0), default=None)

    @property
    def beaten(self) -> tuple[str, ...]:
        """What is to be said where the best answer is better than the best value known; else nothing."""
        best = self.best
        said = beaten(self.problem, None if best is None else best.best)
        return (said,) if said else ()
