"""A bench as rows of QOBLIB's submissions: what our solver found, on which model, in which time.

Fields and their order are those of the files ``NAME_summary.csv`` in the submissions of the library itself. Runs and
times are those of the solver "neuromorph"; the wall clock is not measured, so the total runtime is N/A and the remark
says what the CPU runtime is. Coefficients are those of the QUBO, x in {0, 1}.

Source: Koch et al., Quantum Optimization Benchmarking Library, arXiv 2504.03832; github.com/ZIB-AOPT/QOBLIB.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..plotting.numbers import printable
from .race import Bench
from .time_to_target import equal_time_s, goal_of, target_time

_ABSENT = "N/A"
FIELDS = (
    "Problem", "Submitter", "Date", "Reference", "Best Objective Value", "Optimality Bound", "Modeling Approach",
    "# Decision Variables", "# Binary Variables", "# Integer Variables", "# Continuous Variables",
    "# Non-Zero Coefficients", "Coefficients Type", "Coefficients Range", "Workflow", "Algorithm Type", "# Runs",
    "# Feasible Runs", "# Successful Runs", "Success Threshold", "Hardware Specifications", "Total Runtime",
    "CPU Runtime", "GPU Runtime", "QPU Runtime", "Other HW Runtime", "Remarks",
)  # fmt: skip


def qoblib_csv(
    benches: Sequence[Bench],
    gap: float,
    provenance: Mapping[str, Any],
    submitter: str = "",
    bounds: Sequence[float | None] = (),
) -> str:
    """Return the submission of a bench as CSV, a row an instance.

    Parameters
    ----------
    benches : sequence of Bench
        One an instance.
    gap : float
        Success threshold: fraction of the best value within which a run succeeds.
    provenance : mapping
        As of ``work_provenance``: date, machine, versions.
    submitter : str
        Who submits it.
    bounds : sequence of (float or None)
        Proven bound of each instance, where there is one.

    Returns
    -------
    str
        CSV with a line of fields.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(FIELDS)
    for k, bench in enumerate(benches):
        writer.writerow(_row(bench, gap, provenance, submitter, bounds[k] if k < len(bounds) else None))
    return stream.getvalue()


def _row(
    bench: Bench, gap: float, provenance: Mapping[str, Any], submitter: str, bound: float | None
) -> list[str]:  # fmt: skip
    problem, courses = bench.problem, bench.courses.get("neuromorph", ())
    goal, known = goal_of(bench, gap)
    maximize = problem.sense == "max"
    ends = [float(course.scores[-1]) for course in courses if course.scores.size]
    best = (max(ends) if maximize else min(ends)) if ends else None
    hits = 0 if goal is None else target_time(courses, goal, maximize, equal_time_s(bench)).hits
    machine = provenance.get("machine", {})
    spent = np.mean([course.spent_s for course in courses]) if courses else None
    of = "the best value known" if known else "the best value of these runs"
    return [
        printable(problem.name), printable(submitter) or _ABSENT,
        str(provenance.get("date", _ABSENT)).replace("T", " ")[:19],
        f"neuromorph {provenance.get('versions', {}).get('neuromorph', '')}".strip(),
        _number(best), _number(bound), *_model(problem),
        "Read, convert to spins or a permutation, search, score on the problem", "Stochastic", str(len(courses)),
        str(len(ends)), str(hits), f"{gap:g}",
        f"{machine.get('system', '')}, {machine.get('processor', '')}, one thread".strip(", "), _ABSENT,
        _ABSENT if spent is None else f"{spent:.4g}", _ABSENT, _ABSENT, _ABSENT,
        f"CPU Runtime: mean CPU seconds of a run of at most {bench.budget_s:g} s, which ends at the best value known; "
        f"a run succeeds within the threshold of {of}",
    ]  # fmt: skip


def _model(problem: Any) -> list[str]:
    """Return modeling approach, numbers of variables and coefficients, their type and range."""
    try:
        weights, biases, _ = problem.ising().to_binary()
    except ValueError:  # tours too large for one-hot spins are searched as permutations
        n = str(problem.size)
        return ["Permutation", n, "0", n, "0", _ABSENT, _ABSENT, _ABSENT]
    quadratic = -np.asarray(sparse.coo_array(sparse.triu(weights, 1)).data, dtype=float)
    quadratic, linear = quadratic[quadratic != 0], -biases[biases != 0]
    every = np.concatenate([quadratic, linear])
    whole = "Integer" if np.array_equal(every, np.round(every)) else "Continuous"
    ranges = f"{_range(linear)}, {_range(quadratic)}, {_ABSENT} - {_ABSENT}"
    n = str(len(biases))
    return ["QUBO", n, n, "0", "0", str(every.size), whole, ranges]


def _range(values: NDArray[Any]) -> str:
    return f"{_number(values.min())} - {_number(values.max())}" if values.size else f"{_ABSENT} - {_ABSENT}"


def _number(value: float | None) -> str:
    return _ABSENT if value is None else f"{value:.12g}"
