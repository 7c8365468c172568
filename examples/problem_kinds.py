"""Problems of many fields on one solver: assignment, coloring, Sudoku, independent set, partition, max-sat, polynomial.

Each becomes an Ising model whose ground states are its best answers, with a penalty that is proven to be sufficient.

Run it: python examples/problem_kinds.py
"""

from __future__ import annotations

import argparse

import numpy as np

import neuromorph as nm
from neuromorph.problems import (
    Assignment,
    Coloring,
    IndependentSet,
    Partition,
    Polynomial,
    Satisfiability,
    solution_text,
    sudoku,
)

PETERSEN = [(i, (i + 1) % 5) for i in range(5)]
PETERSEN += [(i, i + 5) for i in range(5)] + [(5 + i, 5 + (i + 2) % 5) for i in range(5)]


def problems() -> list[nm.Problem]:
    """One small problem of each kind; the best values are well known, or follow from the problem."""
    line = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    return [
        Assignment("four in a row", [[0, 5, 0, 1], [5, 0, 2, 0], [0, 2, 0, 7], [1, 0, 7, 0]], line),
        Coloring("Petersen's graph", 10, PETERSEN, colors=3, best_known=0.0),
        sudoku([[1, 0, 0, 4], [0, 4, 1, 0], [0, 1, 4, 0], [4, 0, 0, 1]]),
        IndependentSet("Petersen's graph", 10, PETERSEN, best_known=4.0),
        Partition("five numbers", [8, 7, 6, 5, 4], best_known=0.0),
        Satisfiability("four clauses", 3, [(1, -2), (-1, 2), (2, 3), (-3, -2)], best_known=0.0),
        Polynomial("three spins", 3, {(0, 1, 2): -1.0, (0, 1): 0.5}, "spin"),
    ]


def main(reads: int = 50) -> dict[str, float]:
    """Solve each problem and print its answer."""
    best = {}
    for problem in problems():
        (row,) = nm.compare(problem, ["cpu-anneal"], reads, 1).results
        assert row.solution is not None
        answer = solution_text(problem, row.solution.value).replace("\n", " / ")
        print(f"{problem.kind:16s} {problem.name:18s} score {row.best:6g}   {answer}")
        best[problem.kind] = row.best
    print("no published number: these instances are the example's own")
    return best


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reads", type=int, default=50)
    main(parser.parse_args().reads)
