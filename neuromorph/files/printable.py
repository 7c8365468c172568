"""Text of other people as a terminal, a page or an error may show it."""

from __future__ import annotations


def printable(text: str) -> str:
    """``text`` without control characters: those of a terminal could hide or forge what stands beside them."""
    return "".join(c if c.isprintable() else " " for c in text)
