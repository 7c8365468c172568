"""One call for every problem file: the kind is found from the content, the best known value from where it is known."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from math import isfinite

from . import best_known as known
from .format_detection import form_of
from .ising_model import IsingModel, model_of, read_ising_model
from .maxcut import MaxCut, read_maxcut
from .pattern_files import read_recall
from .recall import Recall
from .text_file import ProblemFileError, TextFile
from .tsp import Tsp
from .tsplib import read_tsp

READERS: dict[str, Callable[[TextFile], Tsp | MaxCut | Recall | IsingModel]] = {
    "tsp": read_tsp,
    "maxcut": read_maxcut,
    "recall": read_recall,
    "ising": read_ising_model,
}


def load(
    path: str | os.PathLike[str] | TextFile,
    kind: str | None = None,
    best_known: float | None = None,
    rule: str | None = None,
) -> Tsp | MaxCut | Recall | IsingModel:
    """Read a problem file.

    Parameters
    ----------
    path : path
        TSPLIB (module ``tsplib``), rudy / G-set (``maxcut``), patterns in .npz, .png or text (``pattern_files``), or a
        model in .npz, JSON or COO text (``model_formats``).
    kind : "tsp", "maxcut", "recall", "ising" or None
        None: found from the content (``format_detection``), refused where it could be two. "maxcut" reads a symmetric
        matrix too; "ising" takes the Ising form of any problem as a model.
    best_known : float or None
        None: from ``<stem>.best`` or ``<stem>.opt.tour`` beside the file, else from the table that the package carries
        (module ``best_known``), of a model of at most 20 spins by enumeration, else unknown.
    rule : str or None
        Learning rule of patterns (``associative_memory.named_rules``); None: hebb.

    Returns
    -------
    Problem
        What the reader took for granted, and what can hardly be meant, stands in its ``notes``.

    Raises
    ------
    ProblemFileError
        A ValueError, with the file, the line, the rule and the remedy.
    """
    if kind is not None and kind not in READERS:
        raise ValueError(
            f"kind is {kind!r}; it must be one of {', '.join(READERS)}; leave it out to find it from the file"
        )
    if best_known is not None and not isfinite(best_known):
        raise ValueError(f"best_known is {best_known}; give a finite number, or leave it out to look it up")
    source = TextFile.read(path)
    found = _kind_of(source, None if kind == "ising" else kind)
    try:
        problem = read_maxcut(source, asked=True) if kind == "maxcut" else READERS[found](source)
        if rule is not None:
            problem = _with_rule(problem, rule)
    except ProblemFileError:
        raise
    except ValueError as error:  # a rule of the problem itself
        raise source.error(str(error)) from None
    as_model = kind == "ising" and not isinstance(problem, IsingModel)
    value = None if best_known is None or as_model else float(best_known)
    if value is None and source.path is not None:
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


def _with_rule(problem: Tsp | MaxCut | Recall | IsingModel, rule: str) -> Recall:
    if not isinstance(problem, Recall):
        raise ValueError(f"rule is {rule!r}, but this is no memory but of kind {problem.kind}; leave the rule out")
    return replace(problem, rule=rule)


def _kind_of(source: TextFile, asked: str | None) -> str:
    """Return the kind that reads the file, or is asked to; refuse a file of no kind."""
    if not source.data or source.data.isspace():
        raise source.error("is empty; give a TSPLIB, rudy, picture or model file")
    form = form_of(source)
    if form is None:
        if asked:
            return asked
        raise source.error(
            "is neither a TSPLIB file, a rudy graph ('nodes edges' first), a picture nor a model; correct its first "
            f"line or say which it should be: kind={' | '.join(READERS)}",
            1,
        )
    if asked in form.asked or (form.kind in READERS and (not asked or form.kind != "ising")):
        return asked or form.kind
    raise source.error(f"looks like {form.name}; {form.remedy}")
