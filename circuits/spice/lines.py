"""Lines of a netlist: comments that no simulator acts on, and long lines broken."""

from __future__ import annotations

COLUMNS = 120


def comment(text: str) -> str:
    """Free text as comment lines that no simulator acts on."""
    harmless = "".join(c if " " <= c <= "~" else "?" for c in " ".join(text.split()))
    return f"* {harmless[: COLUMNS - 2]}".rstrip()


def wrap(line: str) -> str:
    """Break a line at spaces; the simulators put a space where ``+`` continues a line."""
    lines, current = [], ""
    for word in line.split(" "):
        if current and len(current) + 1 + len(word) > COLUMNS:
            lines.append(current)
            current = "+"
        current = f"{current} {word}" if current else word
    return "\n".join([*lines, current])
