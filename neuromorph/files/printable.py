"""Text of unknown origin in a form that a terminal, a page or an error may show."""

from __future__ import annotations


def printable(text: str) -> str:
    """Remove control characters, which could forge other text on a terminal.

    Returns
    -------
    str
        The text without them.
    """
    return "".join(c if c.isprintable() else " " for c in text)
