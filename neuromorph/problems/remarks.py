"""What people write above the data: remarks, also above JSON, XML and Pajek, whose readers know none; and a count."""

from __future__ import annotations

import re
from dataclasses import replace

from .edge_list import is_comment
from .text_file import TextFile

_REMARKS = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:[ \t]*+(?:(?:#|//|%(?!%))[^\n]*+)?\r?\n)++[ \t]*+(\{(?=\s*[\"}])|<|\*(?=[a-zA-Z]))"
)


def without_remarks(source: TextFile) -> TextFile:
    """Take away the remarks above JSON, XML or Pajek.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    TextFile
        File; the same one if it is another kind of text, or has no remarks.
    """
    found = None if source.members else _REMARKS.match(source.data)
    if found is None:
        return source
    blank = b"\n" * found[0].count(b"\n") if found[1] == b"{" else b""  # XML begins with its first sign
    return replace(source, data=blank + source.data[found.end() - len(found[1]) :], packed=source.stored)


def without_count(source: TextFile) -> TextFile | None:
    """Rewrite n rows, or n x n numbers, without the n above them.

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
    word = source.lines[start].strip() if source.lines else ""
    if not (word.isdecimal() and word.isascii() and len(word) + int(word[:9]) >= 2 and len(word) < 6):
        return None
    n, body = int(word), source.lines[start + 1 :]
    rows = [line.split() for line in body[: 4 * n + 4] if not is_comment(line)]
    if sum(not is_comment(line) for line in body) == n > 2 and {len(row) for row in rows} in ({2}, {3}):
        return source.rewritten([*[""] * (start + 1), *body])
    if n > 1 and sum(map(len, rows)) == n * n == sum(len(line.split()) for line in body if not is_comment(line)):
        flat = [word for row in rows for word in row]
        return source.rewritten([" ".join(flat[k : k + n]) for k in range(0, n * n, n)])
    return None
