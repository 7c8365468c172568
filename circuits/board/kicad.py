"""A board as a netlist for KiCad 6 to 9, and as a bill of materials.

The netlist is the s-expression ``(export (version "E") (design ..) (components ..) (libparts ..) (libraries ..)
(nets ..))`` that Eeschema writes and Pcbnew imports (File > Import > Netlist); its grammar is that of
``pcbnew/netlist_reader/kicad_netlist_reader.cpp`` of KiCad's sources. It carries no date: equal boards are equal files.
"""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .assembly import PlacedPart
from .parts import BoardPart

BOM_COLUMNS = (
    "reference", "value", "tolerance", "package", "manufacturer", "order code", "source", "count",
)  # fmt: skip
_SPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # of URLs, RFC 4122


@dataclass(frozen=True)
class BomLine:
    """A line of the bill of materials.

    Attributes
    ----------
    references : tuple of str
        References of the parts.
    part : BoardPart
        The part.
    """

    references: tuple[str, ...]
    part: BoardPart


def bill_of_materials(placed: Sequence[PlacedPart]) -> list[BomLine]:
    """Return the lines of the bill of materials, parts of one order code together.

    Parameters
    ----------
    placed : sequence of PlacedPart
        Parts of the board.

    Returns
    -------
    list of BomLine
        Lines in the order of their first part.
    """
    lines: defaultdict[BoardPart, list[str]] = defaultdict(list)
    for each in placed:
        lines[each.part].append(each.reference)
    return [BomLine(tuple(references), part) for part, references in lines.items()]


def bom_csv(placed: Sequence[PlacedPart]) -> str:
    """Write the bill of materials as CSV.

    Parameters
    ----------
    placed : sequence of PlacedPart
        Parts of the board.

    Returns
    -------
    str
        Text, of the columns ``BOM_COLUMNS``.
    """
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(BOM_COLUMNS)
    for line in bill_of_materials(placed):
        part = line.part
        told = (part.value, part.tolerance, part.package, part.maker, part.order, part.source)
        rows.writerow((" ".join(line.references), *told, len(line.references)))
    return file.getvalue()


def kicad_netlist(placed: Sequence[PlacedPart], title: str) -> str:
    """Write the parts and nets of a board for KiCad.

    Parameters
    ----------
    placed : sequence of PlacedPart
        Parts of the board.
    title : str
        Name of the board.

    Returns
    -------
    str
        Text of the ``.net`` file.
    """
    return "\n".join(_lines(placed, title)) + "\n"


def _lines(placed: Sequence[PlacedPart], title: str) -> Iterator[str]:
    yield '(export (version "E")'
    yield f'  (design (source {_quote(title)}) (tool "neuromorph"))'
    yield "  (components"
    for each in placed:
        part = each.part
        library, symbol = part.symbol.split(":")
        yield f"    (comp (ref {_quote(each.reference)})"
        yield f"      (value {_quote(part.value)})"
        yield f"      (footprint {_quote(part.footprint)})"
        yield f"      (libsource (lib {_quote(library)}) (part {_quote(symbol)}) (description {_quote(part.order)}))"
        for name, value in (("Manufacturer", part.maker), ("MPN", part.order), ("Tolerance", part.tolerance)):
            if value:
                yield f"      (property (name {_quote(name)}) (value {_quote(value)}))"
        stamp = uuid.uuid5(_SPACE, f"{title}/{each.reference}")
        yield f'      (sheetpath (names "/") (tstamps "/")) (tstamps {_quote(str(stamp))}))'
    yield "  )"
    yield "  (libparts"
    yield from _library_parts(placed)
    yield "  )"
    yield "  (libraries"
    for library in sorted({each.part.symbol.split(":")[0] for each in placed}):
        yield f"    (library (logical {_quote(library)}))"
    yield "  )"
    yield "  (nets"
    nets: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for each in placed:
        for pin, net in each.pins.items():
            nets[net].append((each.reference, pin))
    for code, (net, nodes) in enumerate(sorted(nets.items(), key=lambda item: _natural(item[0])), 1):
        yield f'    (net (code "{code}") (name {_quote(net)})'
        for reference, pin in nodes:
            yield f'      (node (ref {_quote(reference)}) (pin {_quote(pin)}) (pintype "passive"))'
        yield "    )"
    yield "  ))"


def _library_parts(placed: Sequence[PlacedPart]) -> Iterator[str]:
    told: set[str] = set()
    for each in placed:
        if each.part.symbol in told:
            continue
        told.add(each.part.symbol)
        library, symbol = each.part.symbol.split(":")
        yield f"    (libpart (lib {_quote(library)}) (part {_quote(symbol)})"
        yield "      (pins"
        for pin in sorted(each.pins, key=_natural):
            yield f'        (pin (num {_quote(pin)}) (name "") (type "passive"))'
        yield "      ))"


def _natural(text: str) -> list[tuple[int, str]]:
    """Return a key that sorts u2 before u10."""
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in re.split(r"(\d+)", text) if piece]


def _quote(text: str) -> str:
    """Return text as KiCad quotes it; control characters are left out."""
    clean = "".join(c for c in text if c.isprintable())
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'
