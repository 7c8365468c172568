"""The files that a netlist from outside may open: those that the caller allows by name, and no others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..cards import MAX_CHARACTERS, quote_card
from .encodings import decode_netlist
from .lines import ForeignCard, logical_lines

_FILE = re.compile(r"\.(?:include|inc|lib)\s+(?:\"([^\"]+)\"|'([^']+)'|(\S+))(?:\s+(\S+))?")
_MOST = 20  # files that include one another


class AllowedFiles:
    """The files that ``.include`` and ``.lib`` of one netlist may open.

    Parameters
    ----------
    folder : Path or None
        Folder of the netlist.
    allowed : list of Path
        Files, resolved.
    """

    def __init__(self, folder: Path | None, allowed: list[Path]) -> None:
        self.folder = None if folder is None else folder.resolve()
        self.allowed, self.opened = allowed, 0

    def cards(self, card: ForeignCard) -> Sequence[ForeignCard]:
        """Return the cards of the file that a card names.

        Parameters
        ----------
        card : ForeignCard
            ``.include <file>``, or ``.lib <file> <section>``.

        Returns
        -------
        sequence of ForeignCard
            Cards of the file or the section.

        Raises
        ------
        ValueError
            If the file is not allowed or cannot be read.
        """
        match = _FILE.fullmatch(card.text)
        if match is None:
            raise ValueError(f"{quote_card(card.text)}: write .include <file> or .lib <file> <section>")
        named = match[1] or match[2] or match[3]
        path = self._find(named)
        if path is None:
            raise ValueError(
                f"{quote_card(named)} is another file, which a netlist opens only if you allow it: --include FILE"
            )
        self.opened += 1
        if self.opened > _MOST:
            raise ValueError(f"more than {_MOST} files; a file may include itself: put them into one")
        try:
            if not path.is_file() or path.stat().st_size > MAX_CHARACTERS:
                raise ValueError(f"{quote_card(named)} is no regular file of at most {MAX_CHARACTERS >> 20} MB")
            text = decode_netlist(path.read_bytes())
        except OSError as error:
            raise ValueError(f"{quote_card(named)} cannot be read ({error.strerror}); check the path") from None
        cards = logical_lines(text, path.name, has_title=False)[2]
        return _section(cards, match[4]) if match[4] else cards

    def _find(self, named: str) -> Path | None:
        """Return the allowed file of a name, in whatever case: cards are in lower case."""
        for path in self.allowed:
            names = [path.name, str(path)]
            if self.folder is not None and path.is_relative_to(self.folder):
                names.append(str(path.relative_to(self.folder)))
            if named.removeprefix("./") in (name.lower() for name in names):
                return path
        return None


def _section(cards: Sequence[ForeignCard], wanted: str) -> list[ForeignCard]:
    """Return the cards of ``.lib <wanted>`` up to ``.endl``."""
    found: list[ForeignCard] = []
    inside = False
    for card in cards:
        words = card.text.split()
        if words[0] == ".lib" and len(words) == 2:
            inside = words[1] == wanted
        elif words[0] == ".endl":
            inside = False
        elif inside:
            found.append(card)
    if not found:
        raise ValueError(f"the library has no section {quote_card(wanted)}; check its name")
    return found
