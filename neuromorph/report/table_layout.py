"""Columns of a terminal table that fit its width: whole columns are left out, and no number is ever cut.

Columns have a rank: those of rank 0 always stay, the highest rank goes first. Where those that stay do not fit, names
of rows are broken over more lines; where that does not do, each row becomes a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_KEPT = 3  # up to this rank a column stays rather than a name on one line
_LABELS = (26, 18, 14)  # letters of a name on one line
_TALL = 2  # lines below the first, from which on rows stand apart by an empty line


@dataclass(frozen=True)
class Column:
    """Column of a table.

    Attributes
    ----------
    heading : str
        Heading, with its lines.
    cells : sequence of sequence of str
        Lines of each cell: the number, and below it what belongs to it.
    rank : int
        0 always stays; the highest goes first.
    """

    heading: str
    cells: Sequence[Sequence[str]]
    rank: int = 0


@dataclass(frozen=True)
class RowName:
    """Name of a row.

    Attributes
    ----------
    name : str
        Name, which is broken where it is long.
    below : sequence of (str, str)
        Lines below it, each with its style.
    """

    name: str
    below: Sequence[tuple[str, str]] = ()


def print_columns(console: Console, heading: str, names: Sequence[RowName], columns: Sequence[Column]) -> None:
    """Print rows with as many columns as fit the terminal.

    Parameters
    ----------
    console : Console
        Terminal.
    heading : str
        Heading of the names.
    names : sequence of RowName
        Name of each row.
    columns : sequence of Column
        Columns with a cell for each row.
    """
    from rich.measure import Measurement

    ranks = sorted({column.rank for column in columns}, reverse=True)
    tries = [(_LABELS[0], rank) for rank in ranks if rank >= _KEPT]
    tries += [(label, rank) for rank in ranks if rank <= _KEPT for label in _LABELS]
    for label, rank in tries:
        table = _table(heading, names, [column for column in columns if column.rank <= rank], label)
        if Measurement.get(console, console.options.update(width=10_000), table).maximum <= console.width:
            console.print(table)
            return
    _print_paragraphs(console, names, columns)


def broken(name: str, width: int) -> str:
    """Break a target with its parameters into lines that leave room for numbers.

    Parameters
    ----------
    name : str
        Name.
    width : int
        Letters of a line.

    Returns
    -------
    str
        Lines; only a single word can be longer.
    """
    lines = [""]
    for part in re.findall(r"[^,(\- ]+[,(\- ]?|[,(\- ]", name):
        if lines[-1].strip() and len(lines[-1]) + len(part.rstrip()) > width:
            lines.append("  ")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)


def _table(heading: str, names: Sequence[RowName], columns: Sequence[Column], label: int) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.add_column(heading, no_wrap=True)
    for column in columns:
        table.add_column(column.heading, justify="right", no_wrap=True)
    rows = []
    for k, name in enumerate(names):
        first = Text(broken(name.name, label))
        for said, style in name.below:
            first.append(f"\n{broken(said, label)}", style)
        rows.append([first, *(Text.assemble(*_lines(column.cells[k])) for column in columns)])
    heights = [max(cell.plain.rstrip().count("\n") for cell in row) for row in rows]
    for row, height in zip(rows, heights, strict=True):
        if max(heights) >= _TALL and row is not rows[-1]:
            row[0].append("\n" * (height - row[0].plain.count("\n") + 1))
        table.add_row(*row)
    return table


def _lines(cell: Sequence[str]) -> list[tuple[str, str]]:
    value, *below = cell
    return [(value, ""), *((f"\n{line}", "dim") for line in below)]


def _print_paragraphs(console: Console, names: Sequence[RowName], columns: Sequence[Column]) -> None:
    """Print each row as a paragraph: numbers behind the names of their columns, a number and its unit on one line."""
    from rich.text import Text

    for k, name in enumerate(names):
        console.print(Text(name.name, style="bold"), soft_wrap=len(name.name) <= console.width)
        for said, style in name.below:
            console.print(Text(f"  {said}", style=style))
        for column in columns:
            value, *below = column.cells[k]
            if value.strip() in ("", "–"):
                continue
            told = [*f"{' '.join(column.heading.split())}:".split(), value, *(f"({each})" for each in below if each)]
            line = "  "
            for word in told:
                line = _joined_word(console, line, word)
            console.print(Text(line))


def _joined_word(console: Console, text: str, word: str) -> str:
    last = text.rsplit("\n", 1)[-1]
    if last.strip() and len(last) + len(word) + 1 > console.width:
        return f"{text}\n    {word}"
    return f"{text}{' ' if last.strip() else ''}{word}"
