"""One call for every problem file: the kind is found from the content, the best known value from where it is known."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from math import isfinite

from . import best_known as known
from .format_detection import form_of
from .maxcut import MaxCut, read_maxcut
from .pattern_files import read_recall
from .recall import Recall
from .text_file import ProblemFileError, TextFile
from .tsp import Tsp
from .tsplib import read_tsp

READERS: dict[str, Callable[[TextFile], Tsp | MaxCut | Recall]] = {
    "tsp": read_tsp,
    "maxcut": read_maxcut,
    "recall": read_recall,
}


def load(
    path: str | os.PathLike[str] | TextFile, kind: str | None = None, best_known: float | None = None
) -> Tsp | MaxCut | Recall:
    """Read a problem file.

    Parameters
    ----------
    path : path                 TSPLIB (module ``tsplib``), rudy / G-set (``maxcut``), .npz, .png or text (``pictures``)
    kind : "tsp", "maxcut", "recall" or None      None: found from the content (``forms``), refused where it could be
                                two; "maxcut" reads a symmetric matrix too
    best_known : float or None  None: from ``<stem>.best`` or ``<stem>.opt.tour`` beside the file, else from the table
                                that the package carries (module ``best_known``), else unknown

    What the reader took for granted, and what can hardly be meant, stands in ``notes`` of the problem. Raises
    ProblemFileError, a ValueError, with the file, the line, the rule and the remedy.
    """
    if kind is not None and kind not in READERS:
        raise ValueError(
            f"kind is {kind!r}; it must be one of {', '.join(READERS)}; leave it out to find it from the file"
        )
    if best_known is not None and not isfinite(best_known):
        raise ValueError(f"best_known is {best_known}; give a finite number, or leave it out to look it up")
    source = TextFile.read(path)
    found = _kind_of(source, kind)
    try:
        problem = read_maxcut(source, asked=True) if kind == "maxcut" else READERS[found](source)
    except ProblemFileError:
        raise
    except ValueError as error:  # a rule of the problem itself
        raise source.error(str(error)) from None
    value = float(best_known) if best_known is not None else None
    if value is None and source.path is not None:
        value = known.read_best_known_beside(source.path, problem)
    value = known.look_up_best_known(problem, source.stem) if value is None else value
    return problem if value is None else replace(problem, best_known=value)


def _kind_of(source: TextFile, asked: str | None) -> str:
    """The kind that reads the file, or is asked to; ProblemFileError for a file that no kind should read."""
    if not source.data or source.data.isspace():
        raise source.error("is empty; give a TSPLIB, rudy or picture file")
    form = form_of(source)
    if form is None:
        if asked:
            return asked
        raise source.error(
            "is neither a TSPLIB file, a rudy graph ('nodes edges' first) nor a picture; correct its first line or say "
            f"which it should be: kind={' | '.join(READERS)}",
            1,
        )
    if asked in form.asked or form.kind in READERS:
        return asked or form.kind
    raise source.error(f"looks like {form.name}; {form.remedy}")
