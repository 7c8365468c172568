"""QUBOs of the Biq Mac library: share of the listed optima that minimize() finds, CPU seconds on one core.

The sets gka (Glover, Kochenberger and Alidaee) and be (Billionnet and Elloumi) are read from the folder that
NEUROMORPH_BIQMAC names (gka1a.sparse, be100.1.sparse ..., in it or in folders below); the package's table has the
proven optimum of each. Without it, instances of the same kind are made here (x'Qx of 0 and 1, Q's diagonal and twice
its other elements whole numbers within +-100, a share of the pairs), and the goal is what twice the budget finds. The
clock runs from the problem in memory.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import neuromorph as nm
from neuromorph.bench.race import run_course
from neuromorph.bench.solvers import OURS_ISING
from neuromorph.problems import IsingModel

BUDGET_S = 1.0
MADE = ((100, 1.0), (120, 0.3), (150, 0.8), (250, 0.1), (500, 0.5))  # variables and share of the pairs
SEEDS = 2


def problems() -> list[tuple[str, Any]]:
    folder = os.environ.get("NEUROMORPH_BIQMAC")
    if folder:
        files = sorted(path for path in Path(folder).rglob("*.sparse") if re.match(r"(gka|be)\d", path.name))
        named = [(re.match(r"gka|be", path.name)[0], nm.load(path)) for path in files]  # type: ignore[index]
        return [(name, problem) for name, problem in named if problem.best_known is not None]
    return [(f"made, {n} variables", made(n, share, seed)) for n, share in MADE for seed in range(SEEDS)]


def made(n: int, share: float, seed: int) -> Any:
    rng = np.random.default_rng([n, seed])
    upper = np.triu(rng.integers(-100, 101, (n, n)) * (rng.random((n, n)) < share), 1).astype(float)
    j, h = -0.25 * (upper + upper.T), -0.5 * rng.integers(-100, 101, n) - 0.25 * (upper.sum(axis=0) + upper.sum(axis=1))
    problem = IsingModel(f"made_{n}_{seed}", nm.Ising(j, h))
    longer = run_course(problem, OURS_ISING, problem, 99, 2 * BUDGET_S)
    return replace(problem, best_known=float(longer.scores[-1]))


def rows() -> list[dict[str, object]]:
    found: dict[str, list[tuple[float, float]]] = {}
    chosen = problems()
    run_course(chosen[0][1], OURS_ISING, chosen[0][1], 0, BUDGET_S)  # compiles
    for name, problem in chosen:
        course = run_course(problem, OURS_ISING, problem, 1, BUDGET_S)
        best = float(course.scores[-1])
        gap = (best - problem.best_known) / abs(problem.best_known)
        found.setdefault(name, []).append((gap, float(course.seconds[-1])))
    table: list[dict[str, object]] = []
    for name, each in found.items():
        seconds = [taken for gap, taken in each if gap <= 1e-9]
        table.append(
            {
                "set": name,
                "instances": len(each),
                f"optimum in {BUDGET_S:g} s": len(seconds) / len(each),
                "in .1 s": sum(taken <= 0.1 for taken in seconds) / len(each),
                "median s": float(np.median(seconds)) if seconds else "none",
                "largest gap": max(gap for gap, _ in each),
            }
        )
    return table
