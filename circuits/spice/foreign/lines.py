"""The cards of a netlist from outside: title, comments behind ``;`` and ``$``, continuations, what is behind ``.end``.

The first line is the title, whatever it says. Comments may stand between a card and its continuation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .. import cards as limits
from ..cards import NetlistError, quote_card

_TAIL = re.compile(r"\s*(?:;|(?:^|(?<=[\s,]))\$(?=\s|$)|\s//).*")  # ngspice: $ with a space before it
_LETTERS = str.maketrans({"\u00b5": "u", "\u03bc": "u", "\u00a7": "_"})  # LTspice: R\u00a7FB is a resistor called FB
_OHM = re.compile("[\u2126\u03a9]")
_COMMANDS = ("*#", "*ng_script")  # comments to people, commands to ngspice
_ENCRYPTED = re.compile(r"\*?\*\s*\$?(?:ltspice encrypted|encrypted_lib\b)|\$cdnenc|\.prot\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ForeignCard:
    """A line and its continuations, without comments, in lower case.

    Attributes
    ----------
    file : str
        Name of its file.
    line : int
        Number of the first line, counted from 1.
    text : str
        Text, joined by single spaces.
    """

    file: str
    line: int
    text: str

    def error(self, rule: object) -> NetlistError:
        """Return the error of this card.

        Parameters
        ----------
        rule : object
            Rule that it breaks, and the remedy.

        Returns
        -------
        NetlistError
            Error that names the file and the line; ``rule`` itself if it is one.
        """
        return rule if isinstance(rule, NetlistError) else NetlistError(f"{self.file}, line {self.line}: {rule}")


def logical_lines(text: str, name: str, *, has_title: bool = True) -> tuple[str, list[str], list[ForeignCard]]:
    """Split a netlist into title, comments and cards in lower case.

    Parameters
    ----------
    text : str
        Text of the netlist.
    name : str
        Name of the file, for errors.
    has_title : bool, default True
        Whether the first line is the title, whatever it says; a library has none.

    Returns
    -------
    title : str
        First line, without the asterisk of a comment; empty without a title.
    comments : list of str
        Comments, without the asterisk.
    cards : list of ForeignCard
        Cards up to ``.end``.

    Raises
    ------
    NetlistError
        If the netlist is too large, holds a command, is encrypted, or a continuation follows no card.
    """
    if len(text) > limits.MAX_CHARACTERS:
        raise NetlistError(f"{name}: is larger than {limits.MAX_CHARACTERS >> 20} MB; take a smaller circuit")
    if text.count("\n") > limits.MAX_NETLIST_LINES:
        raise NetlistError(f"{name}: has more than {limits.MAX_NETLIST_LINES} lines; remove blank ones")
    comments: list[str] = []
    text = text.lstrip("\ufeff")
    if not has_title:
        return "", comments, list(_cards(text, comments, name, 1))
    head, _, body = text.partition("\n")
    head = head.strip()
    _refuse_commands(head, name, 1)
    return head.removeprefix("*").removeprefix(".title").strip(), comments, list(_cards(body, comments, name, 2))


def _cards(body: str, comments: list[str], name: str, line_of_first: int) -> Iterator[ForeignCard]:
    first, pieces, size = 0, list[str](), 0
    for number, raw in enumerate(body.split("\n"), line_of_first):
        line = raw.strip()
        if line.startswith(("*", "$", ".")):
            _refuse_commands(line, name, number)
        if line.startswith("*"):
            comments.append(line[1:].strip())
            continue
        line = _OHM.sub("ohm", _TAIL.sub("", line).translate(_LETTERS)).strip().lower()
        if not line:
            continue
        if line.startswith("+"):
            if not pieces:
                raise NetlistError(f"{name}, line {number}: '+' continues nothing; put it behind its card")
            line = line[1:].strip()
        else:
            if pieces:
                yield ForeignCard(name, first, " ".join(" ".join(pieces).split()))
            if line == ".end":
                return
            first, pieces, size = number, [], 0
        pieces.append(line)
        size += len(line) + 1
        if size > limits.MAX_CARD:
            raise NetlistError(f"{name}, line {number}: a card of more than {limits.MAX_CARD} characters; split it")
        if not (line.isascii() and line.replace("\t", " ").isprintable()):
            raise NetlistError(
                f"{name}, line {number}: {quote_card(line)} has letters that simulators read differently; write ASCII"
            )
        if "`" in line:
            raise NetlistError(f"{name}, line {number}: ` is a command to some simulators; leave it out")
    if pieces:
        yield ForeignCard(name, first, " ".join(" ".join(pieces).split()))


def _refuse_commands(line: str, name: str, number: int) -> None:
    if _ENCRYPTED.match(line):
        raise NetlistError(
            f"{name}, line {number}: {quote_card(line)} begins an encrypted block, which only its maker's simulator "
            "reads; ask the vendor for a plain model"
        )
    if line.lower().startswith(_COMMANDS):
        raise NetlistError(
            f"{name}, line {number}: {quote_card(line)} is a command to ngspice, not a comment; remove it"
        )
