"""The cards of a netlist: its lines with their continuations, and the error that says where a card breaks a rule.

Text from outside is data. Nothing here opens a file that a netlist names or runs what it says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MAX_CHARACTERS = 64 << 20  # 512 neurons, all with all, are 8 MB
MAX_NETLIST_LINES = 3_000_000
MAX_CARD = 1 << 20  # characters of one card; a neuron's sum over 4,096 others fits
_SHOWN = 40


class NetlistError(ValueError):
    """A netlist breaks a rule; the message reads ``file, line N: rule; remedy``."""


@dataclass(frozen=True, slots=True)
class Card:
    """A line and its continuations, joined by single spaces.

    Attributes
    ----------
    line : int
        Number of the first line, counted from 1.
    text : str
        Text of the card.
    """

    line: int
    text: str

    @property
    def is_comment(self) -> bool:
        """True if the card is a comment."""
        return self.text.startswith("*")


def cards(text: str, name: str = "netlist") -> Iterator[Card]:
    """Iterate over the cards and comments of a netlist, its title among them.

    Parameters
    ----------
    text : str
        Text of the netlist.
    name : str, default "netlist"
        Name of the file, for errors.

    Yields
    ------
    Card
        One card after the other.

    Raises
    ------
    NetlistError
        If the netlist is too large, or a continuation follows no card.
    """
    if len(text) > MAX_CHARACTERS:
        raise NetlistError(f"{name}: is larger than {MAX_CHARACTERS >> 20} MB; take a smaller circuit")
    if text.count("\n") > MAX_NETLIST_LINES:
        raise NetlistError(
            f"{name}: has more than {MAX_NETLIST_LINES} lines; remove blank ones, or take a smaller circuit"
        )
    first, pieces, size = 0, list[str](), 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip(" \t\r")
        if not line.strip():
            continue
        if line.startswith("+"):
            if not pieces or pieces[0].startswith("*"):
                what = "a comment" if pieces else "nothing"
                raise NetlistError(f"{name}, line {number}: '+' continues {what}; put it right behind its card")
            line = line[1:].strip(" \t")
        elif pieces:
            yield Card(first, " ".join(pieces))
            first, pieces, size = number, [], 0
        else:
            first = number
        pieces.append(line)
        size += len(line) + 1
        if size > MAX_CARD:
            raise NetlistError(f"{name}, line {number}: a card of more than {MAX_CARD} characters; split it")
    if pieces:
        yield Card(first, " ".join(pieces))


def quote_card(text: str) -> str:
    """Quote a part of a netlist for a message: short, on one line, in printable ASCII.

    Parameters
    ----------
    text : str
        Text of the card.

    Returns
    -------
    str
        Text in quotes.
    """
    harmless = "".join(c if " " <= c <= "~" else "?" for c in text)
    return repr(harmless if len(harmless) <= _SHOWN else f"{harmless[:_SHOWN]}...")
