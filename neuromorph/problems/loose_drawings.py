"""Patterns that are nearly as a reader takes them: sizes above, a pixel a line, more than two signs."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .edge_list import is_comment
from .text_file import TextFile


def without_sizes(source: TextFile) -> TextFile | None:
    """Rewrite drawings without the line 'rows columns' or 'rows columns count' above them.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    TextFile or None
        File; None for any other text.
    """
    start = next((k for k, line in enumerate(source.lines) if not is_comment(line)), 0)
    sizes = source.lines[start].split(None, 3) if source.lines else []
    if not 2 <= len(sizes) <= 3 or not all(word.isdecimal() and len(word) < 6 for word in sizes):
        return None
    rows, columns = int(sizes[0]), int(sizes[1])
    body = [line.strip() for line in source.lines[start + 1 :] if line.strip()]
    if not rows or columns < 2 or not body or len(body) % rows or any(len(line) != columns for line in body):
        return None
    if any(sign.isalnum() or sign.isspace() for line in body[:100] for sign in line):
        return None
    return source.rewritten([*[""] * (start + 1), *source.lines[start + 1 :]])


def without_columns(source: TextFile) -> TextFile | None:
    """Rewrite patterns of one number 1 or -1 a line, as NumPy writes vectors, as a line each.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    TextFile or None
        File; None for any other text.
    """
    rows = [line.strip() for line in source.lines]
    if {row.lstrip("+").removesuffix(".0") for row in rows if row} != {"1", "-1"}:
        return None
    return source.rewritten([" ".join(block) for filled, block in groupby(rows, key=bool) if filled])


def drawing_signs(source: TextFile) -> list[str]:
    """Return the signs of what looks like a drawing in more than two.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    list of str
        Signs, three to six; empty for other texts.
    """
    rows = [line.strip() for line in source.lines[:1000] if line.strip()]
    signs = sorted(set("".join(rows)))
    alike = len(rows) > 1 and len({len(row) for row in rows}) == 1 and len(rows[0]) > 1
    return signs if alike and 2 < len(signs) <= 6 and any(not sign.isalnum() for sign in signs) else []


def repeated_patterns(patterns: NDArray[Any]) -> str:
    """Say which patterns are others, or others with all signs turned.

    x and -x have one energy and make the same couplings.

    Parameters
    ----------
    patterns : (k, n) int
        Patterns, -1 and +1.

    Returns
    -------
    str
        Sentence with the first of them; empty if all differ.
    """
    seen: dict[bytes, int] = {}
    first, count = "", 0
    turned = np.packbits(patterns * patterns[:, :1] > 0, axis=1)
    for k, row in enumerate(turned):
        other = seen.setdefault(row.tobytes(), k)
        if other != k:
            alike = bool((patterns[other] == patterns[k]).all())
            first = first or f"pattern {k + 1} is {'' if alike else 'the negative of '}pattern {other + 1}"
            count += 1
    if not count:
        return ""
    more = f", and {count - 1} more so" if count > 1 else ""
    return f"{first}{more}: they are one memory, for x and -x have the same energy"
