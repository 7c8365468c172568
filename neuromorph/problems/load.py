"""One call for every problem file: the kind is found from the content, the best known value from where it is known."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from math import isfinite
from typing import Any

from . import best_known as known
from .assignment import Assignment, read_qaplib
from .city_tables import distances_of_pairs, named_matrix, read_cities, tour_of_matrix
from .coloring import Coloring, coloring_of_graph
from .dot_files import read_dot
from .format_detection import recognize
from .forms import PATTERNS, PROBLEM_KINDS, WORD_LIST, Form
from .graph import Graph
from .graph6 import read_graph6
from .graph_files import (
    read_by_networkx,
    read_dimacs,
    read_named_edges,
    read_node_link,
    read_plain_edges,
)
from .graph_matrix import graph_of_matrix
from .independent_set import IndependentSet, set_of_graph
from .ising_model import IsingModel, model_of, model_problem
from .loose_drawings import drawing_signs
from .matrices import square_matrix
from .matrix_market import read_matrix_market
from .maxcut import MaxCut, cut_of_graph
from .metis import read_metis
from .model_formats import read_model
from .partition import Partition, read_partition
from .pattern_files import read_recall
from .picture_files import AS_THEY_ARE, PictureOptions
from .polynomial import Polynomial
from .polynomial_files import read_json_terms, read_terms
from .recall import Recall
from .rudy import read_rudy
from .satisfiability import Satisfiability, read_formula
from .sudoku import read_sudoku
from .tables import columns_left_out, rows_of_names
from .text_file import ProblemFileError, TextFile, printable_name
from .tsp import Tsp
from .tsplib import read_tsp
from .word_files import is_word_list

AnyProblem = (
    Tsp
    | MaxCut
    | Recall
    | IsingModel
    | Assignment
    | Coloring
    | IndependentSet
    | Partition
    | Satisfiability
    | Polynomial
)

GRAPH_READERS: dict[str, Callable[[TextFile], Graph]] = {
    "rudy": read_rudy,
    "counted entries": read_rudy,
    "DIMACS": read_dimacs,
    "MatrixMarket": read_matrix_market,
    "networkx": read_by_networkx,
    "node-link": read_node_link,
    "METIS": read_metis,
    "graph6": read_graph6,
    "DOT": read_dot,
    "edges": read_plain_edges,
    "named edges": lambda source: read_named_edges(source, rows_of_names(source)).said(*columns_left_out(source)),
    "matrix": lambda source: graph_of_matrix(source, square_matrix(source)),
    "named matrix": lambda source: graph_of_matrix(source, *named_matrix(source)),
}

FILE_READERS: dict[str, Callable[[TextFile], AnyProblem]] = {
    "qap": read_qaplib,
    "max-sat": read_formula,
    "sudoku": read_sudoku,
    "partition": read_partition,
    "JSON terms": read_json_terms,
    "terms": read_terms,
}


def load(
    path: str | os.PathLike[str] | TextFile,
    kind: str | None = None,
    best_known: float | None = None,
    rule: str | None = None,
    *,
    size: tuple[int, int] | None = None,
    threshold: float | None = None,
) -> AnyProblem:
    """Read a problem file.

    Parameters
    ----------
    path : path
        File in any form of module ``forms``, packed or not, a folder of pictures, or ``FILE#2`` for the second of
        several instances.
    kind : str or None
        One of ``forms.PROBLEM_KINDS``; None: found from the content (``format_detection``), refused where it could be
        two. "ising" takes the Ising form of any problem as a model.
    best_known : float or None
        None: from ``<stem>.best`` or ``<stem>.opt.tour`` beside the file, else from the table that the package carries
        (module ``best_known``), of a model of at most 20 spins by enumeration, else unknown. Of a coloring: the number
        of colors that are to do, by default the chromatic number that is known, else that of a greedy coloring.
    rule : str or None
        Learning rule of patterns (``associative_memory.named_rules``); None: hebb.
    size : (rows, columns) or None
        Size that pictures are scaled to; None: as they are.
    threshold : float or None
        Grey value that parts pictures, 0 to 255, or values of an array; None: Otsu's of each, which is said.

    Returns
    -------
    Problem
        What the reader took for granted, and what can hardly be meant, stands in its ``notes``.

    Raises
    ------
    ProblemFileError
        A ValueError, with the file, the line, the rule and the remedy.
    """
    if kind is not None and kind not in PROBLEM_KINDS:
        close = get_close_matches(str(kind), PROBLEM_KINDS, 1)
        near = f"did you mean {close[0]}? " if close else ""
        raise ValueError(
            f"kind is {kind!r}; {near}it must be one of {', '.join(PROBLEM_KINDS)}; leave it out to find it from the "
            "file"
        )
    if best_known is not None and not isfinite(best_known):
        raise ValueError(f"best_known is {best_known}; give a finite number, or leave it out to look it up")
    if not isinstance(path, (str, os.PathLike, TextFile)):
        raise TypeError(
            f"path is {type(path).__name__}; give the path of a file. Objects are made problems by MaxCut.from_edges, "
            "Tsp.from_matrix, Tsp.from_coordinates, Recall('name', patterns), and IsingModel('name', model) of "
            "Ising.from_dimod(bqm), Ising.from_networkx(graph), Ising.from_qubo(matrix)"
        )
    options = PictureOptions(size, threshold)
    source = TextFile.read(path)
    form, found, plain = _form_and_kind(source, kind)
    if found != "recall" and options != AS_THEY_ARE:
        raise source.error(f"is of kind {found}; a size and a threshold are for pictures: leave them out")
    try:
        problem = _read(plain, form, found, kind, best_known, options)
        if rule is not None:
            problem = _with_rule(problem, rule)
    except ProblemFileError:
        raise
    except ValueError as error:  # a rule of the problem itself
        raise source.error(str(error)) from None
    as_model = kind == "ising" and not isinstance(problem, IsingModel)
    colored = isinstance(problem, Coloring)
    value = None if best_known is None or as_model or colored else float(best_known)
    if value is None and source.path is not None and not colored:
        value = known.read_best_known_beside(source.path, problem)
    value = known.look_up_best_known(problem, source.stem) if value is None else value
    problem = problem if value is None else replace(problem, best_known=value)
    if as_model:
        try:
            problem = model_of(problem)
        except ValueError as error:  # too large to be built
            raise source.error(str(error)) from None
        problem = problem if best_known is None else replace(problem, best_known=float(best_known))
    return problem


def _with_rule(problem: AnyProblem, rule: str) -> Recall:
    if not isinstance(problem, Recall):
        raise ValueError(f"rule is {rule!r}, but this is no memory but of kind {problem.kind}; leave the rule out")
    return replace(problem, rule=rule)


def _form_and_kind(source: TextFile, asked: str | None) -> tuple[Form, str, TextFile]:
    """Return the form of a file, the kind that it is read as, and the file as its reader takes it."""
    if not source.members and (not source.data or source.data.isspace()):
        raise source.error("is empty; give a problem file: TSPLIB, a graph, a QUBO, pictures, a model")
    form, plain = recognize(source)
    if form is None and asked == "recall":  # whose reader says how pictures are drawn
        form = WORD_LIST if is_word_list(source, spaced=True) else PATTERNS
    if form is None:
        signs = drawing_signs(source)
        if signs:
            raise source.error(
                f"looks like a drawing in {len(signs)} signs, {', '.join(map(repr, signs))}; draw with two"
            )
        raise source.error(
            "is neither a TSPLIB file, a rudy graph ('nodes edges' first), a picture nor a model; correct its first "
            "line, or see docs/problem_files.md for the forms that are read",
            1,
        )
    if not form.kinds:
        raise source.error(f"looks like {form.name}; {form.remedy}")
    if asked is None:
        if form.asks:
            raise source.error(f"looks like {form.name}; {form.refusal()}")
        return form, form.kinds[0], plain
    if asked in form.kinds:
        return form, asked, plain
    if asked == "partition" and form.family in ("matrix", "edges", "cities", "vectors"):  # numbers on any lines
        return form, asked, plain
    if asked == "ising" and not form.asks:  # the Ising form of any problem
        return form, form.kinds[0], plain
    if form.kinds[0] in ("ising", "qubo"):
        remedy = "a model is neither a tour, a graph nor patterns: leave the kind out, or say ising"
    else:
        remedy = f"that is no {asked}: leave --kind out, or say {' or '.join(form.kinds)}"
    raise source.error(f"looks like {form.name}; {remedy}")


def _read(
    source: TextFile,
    form: Form,
    kind: str,
    asked: str | None,
    best_known: float | None,
    options: PictureOptions = AS_THEY_ARE,
) -> Any:
    """Read a file of a form as a kind."""
    said = (f"read as {form.name}",) if form.said else ()
    special = FILE_READERS.get(kind) or FILE_READERS.get(form.family)
    if special is not None:
        problem: Any = special(source)
    elif kind == "recall":
        problem = read_recall(source, form.family, options)
    elif kind in ("ising", "qubo") and not (kind == "qubo" and form.family == "rudy" and asked is None):
        family = {"rudy": "counted entries", "edges": "plain entries"}.get(form.family, form.family)
        return model_problem(source, read_model(source, asked or kind, replace(form, family=family)), said)
    elif kind == "tsp":
        if form.family in ("TSPLIB", "routing"):
            return read_tsp(source)
        if form.family == "matrix":
            matrix = square_matrix(source)
            assert matrix is not None
            problem = tour_of_matrix(source, matrix)
        elif form.family == "named matrix":
            problem = tour_of_matrix(source, *named_matrix(source))
        elif form.family == "named edges":
            problem = tour_of_matrix(source, *distances_of_pairs(source, rows_of_names(source)))
        else:
            problem = read_cities(source)
    else:
        graph = GRAPH_READERS[form.family](source)
        if graph.with_diagonal and asked is None:
            raise source.error(
                "has weights from nodes to themselves, as a QUBO has; --kind maxcut drops them, and cuts the rest"
                + ("; --kind qubo reads x'Qx" if "qubo" in form.kinds else "")
            )
        name = printable_name(source.stem, "graph")
        if kind == "coloring":
            colors = int(best_known) if best_known is not None and best_known >= 1 else None
            problem = coloring_of_graph(graph, name, colors, known.chromatic_number(name, graph))
        elif kind == "independent-set":
            problem = set_of_graph(graph, name)
        else:
            problem = cut_of_graph(graph, name)
    return replace(problem, notes=(*said, *problem.notes)) if said else problem
