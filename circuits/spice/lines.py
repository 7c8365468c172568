"""The lines of a netlist: comments that no simulator acts on, and long lines wrapped."""

from __future__ import annotations

COLUMNS = 120


def comment(text: str) -> str:
    """Return free text as comment lines that no simulator acts on.

    Parameters
    ----------
    text : str
        Free text.

    Returns
    -------
    str
        One line of printable ASCII behind ``* ``.
    """
    harmless = "".join(c if " " <= c <= "~" else "?" for c in " ".join(text.split()))
    return f"* {harmless[: COLUMNS - 2]}".rstrip()


def wrap(line: str) -> str:
    """Wrap a line at spaces; simulators put a space where ``+`` continues a line.

    Parameters
    ----------
    line : str
        Line of any length.

    Returns
    -------
    str
        Lines of at most 120 columns.
    """
    lines, current = [], ""
    for word in line.split(" "):
        if current and len(current) + 1 + len(word) > COLUMNS:
            lines.append(current)
            current = "+"
        current = f"{current} {word}" if current else word
    return "\n".join([*lines, current])
