"""Lines ``i j value``: edges of a graph, entries of a model.

Blank lines and comments, from ``#``, ``%`` or ``//``, are skipped. Lines become arrays a block at a time, so that
memory stays within a small multiple of the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from .text_file import LARGEST, ProblemFileError, TextFile, parse_number, quote_text

_BLOCK = 4096  # lines
_FREE, _EACH = 10_000, 16  # nodes that need no pair, and how many more for each pair


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs of a file in their order.

    Attributes
    ----------
    source : TextFile
        The file.
    ends : (m, 2) int64
        i and j with the numbers of the file.
    values : (m,) float
        The values, 1 where a line has none.
    given : (m,) bool
        Whether a line has a value.
    lines : (m,) int32
        Line numbers from 1.
    """

    source: TextFile
    ends: NDArray[np.int64]
    values: Float
    given: NDArray[np.bool_]
    lines: NDArray[np.int32]

    def error(self, rule: str, k: int) -> ProblemFileError:
        """Build the error for a broken rule.

        Parameters
        ----------
        rule : str
            Rule, with its remedy.
        k : int
            Number of the pair that breaks it.

        Returns
        -------
        ProblemFileError
            Error that names file and line.
        """
        return self.source.error(rule, int(self.lines[k]))

    def repeated(self) -> int | None:
        """Find the first pair that repeats an earlier one, in either order.

        Returns
        -------
        int or None
            Number of the pair; None if there is none.
        """
        low, high = self.ends.min(axis=1), self.ends.max(axis=1)
        order = np.lexsort((high, low))  # stable
        again = (np.diff(low[order]) == 0) & (np.diff(high[order]) == 0)
        return int(order[1:][again].min()) if again.any() else None


def is_comment(line: str) -> bool:
    """Return whether a line is blank or a comment.

    Parameters
    ----------
    line : str
        Line of a file.

    Returns
    -------
    bool
        True if it holds no data.
    """
    start = line.lstrip()[:2]
    return start[:1] in ("", "#", "%") or start == "//"


def read_pairs(source: TextFile, start: int, what: str, low: int, high: int, *, weighted: bool = False) -> Pairs:
    """Read all lines from ``start`` as pairs of numbers ``low`` .. ``high``.

    Parameters
    ----------
    source : TextFile
        The file.
    start : int
        First line, from 0.
    what : str
        The numbered things, for the message.
    low, high : int
        Least and largest number.
    weighted : bool
        Whether a line must have a value.

    Returns
    -------
    Pairs
        The pairs.

    Raises
    ------
    ProblemFileError
        With the first line that breaks a rule.
    """
    form = "'i j value'" if weighted else "'i j weight' or 'i j'"
    parts = [Pairs(source, np.empty((0, 2), np.int64), np.empty(0), np.empty(0, np.bool_), np.empty(0, np.int32))]
    for first in range(start, len(source.lines), _BLOCK):
        split = [line.split(None, 3) for line in source.lines[first : first + _BLOCK]]
        kept = [k for k, words in enumerate(split) if words and words[0][0] not in "#%" and words[0][:2] != "//"]
        rows = [split[k] for k in kept]
        lines = np.array(kept, dtype=np.int32) + (first + 1)
        given = np.array([len(words) == 3 for words in rows], dtype=np.bool_)
        if not given.all():
            for number, words in zip(lines.tolist(), rows, strict=True):
                if len(words) != 3 and (weighted or len(words) != 2):
                    count = f"{len(words)} words" if len(words) < 4 else "more than 3 words"
                    raise source.error(f"the line has {count}; write {form}", number)
            rows = [words if len(words) == 3 else [*words, "1"] for words in rows]
        found = _floats(rows)
        ends = found[:, :2]
        wrong = ~(np.abs(found) <= LARGEST)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            say = f"{quote_text(rows[row][column])} is not a number up to 1e15; write {form}"
            raise source.error(say, int(lines[row]))
        wrong = (ends != np.floor(ends)) | (ends < low) | (ends > high)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            say = f"{what} is {rows[row][column][:20]}; number them from {low} to {high}"
            raise source.error(say, int(lines[row]))
        parts.append(Pairs(source, ends.astype(np.int64), found[:, 2], given, lines))
    ends, values, given, numbered = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("ends", "values", "given", "lines")
    )
    return Pairs(source, ends, values, given, numbered)


def _floats(rows: list[list[str]]) -> Float:
    """(rows, 3); NaN where a word is no number."""
    flat = list(chain.from_iterable(rows))
    try:
        if any("_" in word for word in flat):  # float() reads 1_000; people do not
            raise ValueError
        values = np.fromiter(map(float, flat), float, len(flat))
    except ValueError:
        values = np.array([np.nan if (value := parse_number(word)) is None else value for word in flat])
    return values.reshape(-1, 3)


def mostly_unused(nodes: int, pairs: int) -> bool:
    """Return whether nearly all nodes are in no pair.

    Such a file of one line could ask for gigabytes.

    Parameters
    ----------
    nodes, pairs : int
        Numbers of nodes and of pairs.

    Returns
    -------
    bool
        True if the numbers are out of proportion.
    """
    return nodes > _FREE + _EACH * pairs
