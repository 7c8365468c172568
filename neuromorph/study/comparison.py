"""One problem on many targets: the results, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..pricing import Boundary
from ..problems.problem import Problem
from ..task import Sample, Task, task_data
from .comparison_tables import comparison_dataset, comparison_frame, comparison_html, plain_facts
from .evaluate import beaten
from .result import Result
from .sampling_score import SamplingReference


@dataclass(frozen=True, eq=False)
class Comparison:
    """Results of one problem and task on many targets, with their provenance.

    Attributes
    ----------
    problem : Problem
        Problem.
    results : tuple of Result
        Result of each target.
    provenance : dict of str to object
        Versions, seed, command, input, machine and date.
    task : Task or None
        Task; None is the problem's own.
    reference : SamplingReference or None
        Reference that the reads of a sampling task are compared with.
    best_of_study : float or None
        Best feasible score of all targets where it is the reference of gaps and successes, for no best value is known.
    boundary : Boundary
        Boundary at which all rows are priced.
    proven_bound : float or None
        Score that no answer is better than, where no best value is known.
    """

    problem: Problem
    results: tuple[Result, ...]
    provenance: dict[str, Any] = field(default_factory=dict)
    task: Task | None = None
    reference: SamplingReference | None = None
    best_of_study: float | None = None
    boundary: Boundary = "system+host"
    proven_bound: float | None = None

    @property
    def known(self) -> float | None:
        """The reference of gaps and successes: the best known, or that of the study."""
        return self.best_of_study if self.problem.best_known is None else self.problem.best_known

    @property
    def by_energy(self) -> tuple[Result, ...]:
        """The results by rising energy to solution, bounds after values."""

        def place(result: Result) -> tuple[int, float]:
            energy = result.ets_j
            if energy is not None and energy.value is not None:
                return 0, energy.value
            if energy is not None and energy.low is not None:
                return 1, energy.low
            return (2 if result.reads else 3), 0.0

        return tuple(sorted(self.results, key=place))

    @property
    def beta(self) -> float | None:
        """The inverse temperature of a sampling task, None for the others."""
        return self.task.beta if isinstance(self.task, Sample) else None

    @property
    def answered(self) -> bool:
        """Whether any target found a feasible answer, or drew states that were asked for."""
        return self.best is not None or any(result.sampling is not None for result in self.results)

    def task_data(self) -> dict[str, Any]:
        """Return name, beta and learning rule of the task as plain data.

        Returns
        -------
        dict of str to object
            Value by name.
        """
        task = self.problem.task(1, 0) if self.task is None else self.task
        rule = getattr(self.problem, "rule", None)
        return {**task_data(task), **({"rule": rule} if rule else {})}

    @property
    def learning(self) -> str:
        """How iterated learning ended where it did not converge, or nothing."""
        found = next((each.recall.learning for each in self.results if each.recall is not None), "")
        return "" if found in ("", "converged") else found

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
        """Report a best answer that is better than the best value known.

        Returns
        -------
        tuple of str
            One sentence, or none.
        """
        best = self.best
        said = beaten(self.problem, None if best is None else best.best)
        return (said,) if said else ()

    def to_pandas(self) -> Any:
        """Return the numbers as a pandas table.

        Returns
        -------
        pandas.DataFrame
            One row a target; the ends of intervals are columns ``_low`` and ``_high``.
        """
        return comparison_frame(self.results, self.beta is not None, plain_facts(self.problem, self.provenance))

    def to_xarray(self) -> Any:
        """Return the numbers as an xarray dataset, with the score of every read.

        Returns
        -------
        xarray.Dataset
            Numbers over "target" and "end", scores over "target" and "read".
        """
        return comparison_dataset(self.results, self.beta is not None, plain_facts(self.problem, self.provenance))

    def _repr_html_(self) -> str:
        return comparison_html(self.results, self.problem, self.beta)
