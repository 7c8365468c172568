"""One call for every problem file: the kind is found from the content, the best known value from where it is known."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from math import isfinite

from . import best_known as known
from .maxcut import MaxCut, header_of, read_maxcut
from .pictures import is_image, is_picture, read_recall
from .recall import Recall
from .source import ProblemFileError, Source
from .tsp import Tsp
from .tsplib import is_tsplib, read_tsp

READERS: dict[str, Callable[[Source], Tsp | MaxCut | Recall]] = {
    "tsp": read_tsp,
    "maxcut": read_maxcut,
    "recall": read_recall,
}


def load(
    path: str | os.PathLike[str], kind: str | None = None, best_known: float | None = None
) -> Tsp | MaxCut | Recall:
    """Read a problem file.

    Parameters
    ----------
    path : path                 TSPLIB (module ``tsplib``), rudy / G-set (``maxcut``), .npz, .png or text (``pictures``)
    kind : "tsp", "maxcut", "recall" or None      None: found from the content
    best_known : float or None  None: from ``<stem>.best`` or ``<stem>.opt.tour`` beside the file, else from the table
                                that the package carries (module ``best_known``), else unknown

    Raises ProblemFileError, a ValueError, with the file, the line, the rule and the remedy.
    """
    if kind is not None and kind not in READERS:
        raise ValueError(
            f"kind is {kind!r}; it must be one of {', '.join(READERS)}; leave it out to find it from the file"
        )
    if best_known is not None and not isfinite(best_known):
        raise ValueError(f"best_known is {best_known}; give a finite number, or leave it out to look it up")
    source = Source.read(path)
    try:
        problem = READERS[kind or _kind_of(source)](source)
    except ProblemFileError:
        raise
    except ValueError as error:  # a rule of the problem itself
        raise source.error(str(error)) from None
    value = known.beside(path, problem) if best_known is None else float(best_known)
    value = known.in_table(problem, source.stem) if value is None else value
    return problem if value is None else replace(problem, best_known=value)


def _kind_of(source: Source) -> str:
    if not source.data.strip():
        raise source.error("is empty; give a TSPLIB, rudy or picture file")
    if is_image(source):
        return "recall"
    if is_tsplib(source):
        return "tsp"
    if header_of(source) is not None:
        return "maxcut"
    if is_picture(source):
        return "recall"
    raise source.error(
        "is neither a TSPLIB file, a rudy graph ('nodes edges' first) nor a picture; correct its first line or say "
        f"which it should be: kind={' | '.join(READERS)}",
        1,
    )
