"""Best values known: from a file beside the instance, or from the table the package carries (best_known.json, cited).

Beside ``a/berlin52.tsp`` these are looked for: ``a/berlin52.best``, which holds one number, and for a TSP
``a/berlin52.opt.tour``, a TSPLIB tour whose length is taken.

An entry of the table is found by name (NAME in the file, or the file's own) and believed only if the size and the score
of a trivial answer agree too (the tour 1, 2, .., n; the cut of odd from even nodes), or the number of edges: namesakes
circulate.
"""

from __future__ import annotations

import json
import os
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from .containers import ENDINGS
from .graph import Graph
from .ising_model import IsingModel
from .text_file import TextFile, parse_number, quote_text
from .tsp import Tsp
from .tsplib import read_tour


def read_best_known_beside(path: str | os.PathLike[str], problem: Any) -> float | None:
    """Read the best value known from a file beside the instance.

    The file is NAME.best with a number, or NAME.opt.tour with a tour.

    Parameters
    ----------
    path : path-like
        Instance.
    problem : Problem
        Its problem.

    Returns
    -------
    float or None
        Value; None if there is no such file.
    """
    path = Path(path)
    plain = path.with_suffix("") if path.suffix.lower() in ENDINGS else path
    number, tour = plain.with_suffix(".best"), plain.with_suffix(".opt.tour")
    if number.is_file():
        source = TextFile.read(number)
        words = " ".join(source.lines).split()
        value = parse_number(words[0]) if len(words) == 1 else None
        if value is None or not np.isfinite(value):
            raise source.error(f"holds {quote_text(' '.join(words))}; write one number, the best value known", 1)
        return value
    if isinstance(problem, Tsp) and tour.is_file():
        cities = read_tour(tour)
        if len(cities) != problem.size:
            raise TextFile(tour.name, b"").error(
                f"has {len(cities)} cities but {path.name} has {problem.size}; remove or replace the tour"
            )
        return problem.length(cities)
    return None


def look_up_best_known(problem: Any, stem: str) -> float | None:
    """Look up the best value known in the package's table.

    Name, size and trivial score of the problem have to agree with the entry.

    Parameters
    ----------
    problem : Problem
        Problem.
    stem : str
        Name of its file without the ending.

    Returns
    -------
    float or None
        Value; None if the table has none.
    """
    entries = table().get("qubo" if isinstance(problem, IsingModel) else problem.kind, {}).get("instances", {})
    for name in (problem.name, stem):
        entry = entries.get(name) or entries.get(name.lower())
        if entry and entry["size"] == problem.size and _agrees(entry, problem):
            return float(entry["best"])
    return None


def _agrees(entry: dict[str, Any], problem: Any) -> bool:
    """Whether the score of a trivial answer agrees, or, where that is not known, the number of edges."""
    if "edges" in entry and problem.kind == "maxcut":
        return bool(problem.weights.nnz == 2 * entry["edges"])
    return "trivial" not in entry or bool(
        abs(entry["trivial"] - trivial_score(problem)) <= 1e-9 * max(1.0, abs(entry["trivial"]))
    )


def chromatic_number(name: str, graph: Graph) -> int | None:
    """Look up how many colors a graph of the DIMACS collection needs.

    Parameters
    ----------
    name : str
        Name of the graph.
    graph : Graph
        Graph, whose nodes and edges have to agree with the entry.

    Returns
    -------
    int or None
        Chromatic number, or the fewest colors known; None if the table has none.
    """
    entry = table()["coloring"]["instances"].get(name.lower())
    if entry is None or [graph.size, len(graph.ends)] != [entry["size"], entry["edges"]]:
        return None
    return int(entry["best"])


def trivial_score(problem: Any) -> float:
    """Score the trivial answer, which tells instances of one name apart.

    Parameters
    ----------
    problem : Tsp or MaxCut or Assignment or IsingModel
        Problem.

    Returns
    -------
    float
        Length of the tour in the order of the file, cost of leaving all where they are, cut or energy of odd against
        even nodes.
    """
    order = np.arange(problem.size)
    return float(problem.score(order if problem.kind in ("tsp", "qap") else 1 - 2 * (order % 2)))


@cache
def table() -> dict[str, Any]:
    """Read the table of best values.

    Returns
    -------
    dict
        {kind: {"source", "note", "instances": {name: {"size", "trivial", "best"}}}}.
    """
    return dict(json.loads(files(__package__).joinpath("best_known.json").read_text(encoding="utf-8")))
