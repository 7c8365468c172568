r"""Cues of a memory: a damaged picture of the user's own, or pictures of which a part is hidden.

Of a mask, ``0.33`` hides the lower third of the rows; ``10:22`` hides rows 10 to 21, counted from 0, and ``10:22,0:8``
their first eight columns. A row of values without a shape is one row, of which a fraction hides the end.
Source: Hopfield, PNAS 79, 2554 (1982): "any subpart of sufficient size".
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..associative_memory.words import LETTER_SPINS, encode_words
from .recall import Recall

_RANGE = re.compile(r"(\d{0,9}):(\d{0,9})")
_RULE = "give the fraction that is hidden at the lower end, as 0.33, or rows and columns from 0, as 10:22,0:8"


def hidden_pixels(mask: str | float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Mark the pixels that a mask hides.

    Parameters
    ----------
    mask : str or float
        Fraction of the rows, from the lowest up (of the columns, of a picture of one row), or a rectangle as text.
    shape : (rows, columns)
        Shape of a picture.

    Returns
    -------
    (rows * columns,) bool
        True for hidden pixels.

    Raises
    ------
    ValueError
        If the mask cannot be read, hides nothing or everything, or lies outside.
    """
    rows, columns = shape
    hidden = np.zeros(shape, dtype=bool)
    parts = str(mask).replace(" ", "").split(",")
    if len(parts) == 1 and ":" not in parts[0]:
        fraction = _fraction(parts[0])
        if rows == 1:
            hidden[:, columns - round(fraction * columns) :] = True
        else:
            hidden[rows - round(fraction * rows) :] = True
    elif len(parts) > 2:
        raise ValueError(f"mask is {mask!r}; {_RULE}")
    else:
        ranges = [
            _slice(part, length, what) for part, length, what in zip(parts, shape, ("rows", "columns"), strict=False)
        ]
        hidden[tuple(ranges)] = True
    if not hidden.any() or hidden.all():
        raise ValueError(
            f"mask {mask} hides {'every pixel' if hidden.all() else 'no pixel'} of {rows} x {columns}; hide a part"
        )
    return hidden.ravel()


def with_mask(problem: Recall, mask: str | float) -> Recall:
    """Hide a part of every cue, whose shown pixels then have no noise.

    Parameters
    ----------
    problem : Recall
        Problem.
    mask : str or float
        Mask of :func:`hidden_pixels`.

    Returns
    -------
    Recall
        Problem with hidden pixels and without noise.
    """
    shape = problem.shape or (1, problem.size)
    hidden = hidden_pixels(mask, shape)
    note = f"{hidden.mean():.0%} of the pixels of every cue are hidden: a coin's, or 0 where the dynamics allow it"
    return replace(problem, hidden=hidden, noise=0.0, notes=(*problem.notes, note))


def with_cue(problem: Recall, cue: Any) -> Recall:
    """Replace the cue of a problem by the only pattern of another.

    Parameters
    ----------
    problem : Recall
        The problem.
    cue : Problem
        A problem that holds one pattern.

    Returns
    -------
    Recall
        The problem with the cue.

    Raises
    ------
    ValueError
        If ``cue`` does not hold one pattern.
    """
    if not isinstance(cue, Recall) or len(cue.patterns) != 1:
        raise ValueError(f"{cue.name} does not hold one picture; a cue is one")
    return replace(problem, cue=cue.patterns[0])


def with_word(problem: Recall, word: str) -> Recall:
    """Take a word, misspelled or not, for the cue of a memory of words.

    Parameters
    ----------
    problem : Recall
        Memory of words.
    word : str
        Word.

    Returns
    -------
    Recall
        Problem with the cue.

    Raises
    ------
    ValueError
        If the word is longer than those that are stored, or has other letters.
    """
    return replace(problem, cue=encode_words([word.strip()], problem.size // LETTER_SPINS)[0])


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value < 1.0:
        raise ValueError(f"mask is {text!r}; {_RULE}")
    return value


def _slice(text: str, length: int, what: str) -> slice:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f"mask has {text!r}; {_RULE}")
    first, end = int(found[1] or 0), int(found[2] or length)
    if not 0 <= first < end <= length:
        raise ValueError(f"mask has {what} {text}; a picture has {length}: give first:end within 0:{length}")
    return slice(first, end)
