"""One subcircuit of a library from outside, such as a vendor's macro-model of an op-amp, as data.

The library is read as a netlist from outside is: control sections, shell escapes and files that are not allowed by name
are refused, each by its line. Only the subcircuit that is asked for, and those within it, have to be understood.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neuromorph.files.printable import printable

from ...netlist.circuit import Subcircuit
from ..cards import MAX_CHARACTERS, NetlistError, quote_card
from .deck import ForeignDeck
from .encodings import decode_netlist
from .expansion import Expansion
from .lines import logical_lines
from .makers import MAKERS
from .names import SafeNames
from .placed_names import InstancePlace, PlacedNames
from .scope import Values

_SHOWN = 12  # names of subcircuits that an error lists


@dataclass(frozen=True, eq=False)
class LibrarySubcircuit:
    """A subcircuit of a library.

    Attributes
    ----------
    subcircuit : Subcircuit
        Its elements, with the subcircuits within it in their places.
    ports : tuple of str
        Names of its ports in the library, in the order of its header.
    line : int
        Line of its header.
    notes : tuple of str
        What was left out, by line.
    """

    subcircuit: Subcircuit
    ports: tuple[str, ...]
    line: int
    notes: tuple[str, ...]


def read_library_subcircuit(
    path: str | os.PathLike[str], wanted: str | None = None, *, include: Sequence[str | os.PathLike[str]] = ()
) -> LibrarySubcircuit:
    """Read one subcircuit of a library.

    Parameters
    ----------
    path : str or PathLike
        File of the library.
    wanted : str, optional
        Name of the subcircuit; that of the only one that no other contains by default.
    include : sequence of str or PathLike, optional
        Files that ``.include`` and ``.lib`` of the library may open; none by default.

    Returns
    -------
    LibrarySubcircuit
        The subcircuit.

    Raises
    ------
    NetlistError
        If the library cannot be read, has no such subcircuit, several and no name is given, or holds what is refused.
    """
    path = Path(path)
    name = printable(path.name)
    try:
        if not path.is_file() or path.stat().st_size > MAX_CHARACTERS:
            raise NetlistError(f"{name}: is no regular file of at most {MAX_CHARACTERS >> 20} MB; check the path")
        text = decode_netlist(path.read_bytes())
    except OSError as error:
        raise NetlistError(
            f"{name}: cannot be read ({error.strerror or type(error).__name__}); check the path"
        ) from None
    deck = ForeignDeck(name, path.parent, [Path(each).resolve() for each in include])
    deck.read_all(logical_lines(text, name, has_title=False)[2])
    if deck.scope is not deck.top:
        raise NetlistError(f"{deck.name}, line {deck.scope.line}: the subcircuit is not closed; add .ends")
    known = sorted(deck.top.scopes)
    outermost = sorted(set(known) - _used(deck))
    only = outermost[0] if len(outermost) == 1 else ""
    name = only if wanted is None else wanted.lower()
    if name not in deck.top.scopes:
        told = f"it has {', '.join(known[:_SHOWN])}{', ...' if len(known) > _SHOWN else ''}" if known else "it has none"
        lacks = "there is no subcircuit " + quote_card(name) if name else "which subcircuit is wanted is not said"
        raise NetlistError(f"{deck.name}: {lacks}; {told}")
    return _made(deck, name)


def _used(deck: ForeignDeck) -> set[str]:
    """Return the words of all instances within subcircuits, the names of other subcircuits among them."""
    waiting, words = list(deck.top.scopes.values()), set[str]()
    while waiting:
        scope = waiting.pop()
        waiting += scope.scopes.values()
        words.update(word for card in scope.cards if card.text.startswith("x") for word in card.text.split()[1:])
    return words


def _made(deck: ForeignDeck, wanted: str) -> LibrarySubcircuit:
    deck.choose_step()
    scope = deck.top.scopes[wanted]
    names = SafeNames()
    placed = PlacedNames(names, deck.shared)
    made = Expansion(placed, MAKERS)
    outer = Values(deck.top, {}, None, made.left)
    place = InstancePlace(scope, Values(scope, {}, outer, made.left))
    ports = tuple(placed.node(place, port) for port in scope.ports)
    made.size(scope)
    made.expand(place)
    made.check(ports)
    label = re.sub(r"[^a-z0-9_]", "_", wanted)
    label = label if label[:1].isalpha() else f"x{label}"
    try:
        found = Subcircuit(label, ports, tuple(made.elements))
    except ValueError as error:
        raise NetlistError(f"{deck.name}, line {scope.line}: {error}") from None
    return LibrarySubcircuit(found, scope.ports, scope.line, (*deck.notes, *made.notes))
