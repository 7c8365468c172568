"""A foreign netlist as the rules of ``lint`` see it: its cards, elements and expressions; nothing is read or run.

A rule is a function of a deck and a dialect that yields findings, each the number of a line and what is wrong there
with the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from ..cards import Card
from ..dialect import Dialect

Findings: TypeAlias = Iterator[tuple[int, str]]
Rule: TypeAlias = Callable[["Deck", Dialect], Findings]

# Possessive (++), for a failing match must not try again: words in a foreign text may be a million letters long.
_NUMBER = r"[+-]?(?:\d++(?:\.\d*+)?+|\.\d++)(?:e[+-]?\d++)?+"
VALUE = re.compile(rf"({_NUMBER})([a-z]*+)", re.IGNORECASE)
VOLTAGE = re.compile(r"\bv\s*\(([^()]*)\)", re.IGNORECASE)
CALLED = re.compile(r"\b([a-z_]\w*+)\s*+\(", re.IGNORECASE)
_ASSIGNED = re.compile(r"\b(v|i|value|vol|cur|r|c)\s*=\s*(.*)", re.IGNORECASE)
NODES = {"r": 2, "c": 2, "l": 2, "v": 2, "i": 2, "b": 2, "d": 2, "e": 2, "g": 2, "f": 2, "h": 2, "m": 4, "q": 3}


@dataclass(frozen=True)
class Deck:
    """The cards of a netlist up to ``.end``, title and comments apart.

    Attributes
    ----------
    all : tuple of Card
        All cards and comments of the text.
    """

    all: tuple[Card, ...]

    @cached_property
    def _end(self) -> int:
        return next((k for k, card in enumerate(self.all) if card.text.lower() == ".end"), len(self.all))

    @property
    def behind_the_end(self) -> tuple[Card, ...]:
        """Cards behind ``.end``, which simulators skip."""
        return self.all[self._end + 1 :]

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """Cards without comments and without the first line, which is the title in any case."""
        return tuple(card for card in self.all[1 : self._end] if not card.is_comment)

    @cached_property
    def elements(self) -> tuple[Card, ...]:
        """Cards of elements."""
        return tuple(card for card in self.cards if not card.text.startswith("."))

    def dots(self, *names: str) -> Iterator[tuple[Card, list[str]]]:
        """Iterate over dot cards of some names, with their words.

        Parameters
        ----------
        *names : str
            Names without the dot.

        Yields
        ------
        tuple of Card and list of str
            Card and its words in lower case.
        """
        for card in self.cards:
            words = card.text.lower().split()
            if words[0][1:] in names and words[0].startswith("."):
                yield card, words

    @cached_property
    def expressions(self) -> tuple[tuple[Card, str, str], ...]:
        """Expressions of sources and of values: (card, word before =, text behind it)."""
        found = []
        for card in self.elements:
            match = _ASSIGNED.search(card.text)
            if match and (card.text[0] in "bBeEgG" or (card.text[0] in "rRcC" and match[1].lower() in "rc")):
                found.append((card, match[1].lower(), match[2]))
        return tuple(found)

    @cached_property
    def subcircuits(self) -> dict[str, tuple[int, set[str]]]:
        """Number of ports and names of parameters of each subcircuit."""
        found = {}
        for _, words in self.dots("subckt"):
            plain, pairs = _parted(words[1:])
            if plain:
                found[plain[0]] = len(plain) - 1, {pair.partition("=")[0] for pair in pairs}
        return found

    def nodes(self, card: Card) -> list[str]:
        """Return the nodes of an element's card, those of an instance among them.

        Parameters
        ----------
        card : Card
            Card of an element.

        Returns
        -------
        list of str
            Names of nodes.
        """
        words = card.text.split()
        if card.text[0] in "xX":
            return _parted(words)[0][1:-1]
        return words[1 : 1 + NODES.get(card.text[0].lower(), 0)]

    def instances(self) -> Iterator[tuple[Card, str, list[str], list[str]]]:
        """Iterate over the instances of subcircuits.

        Yields
        ------
        tuple
            Card, name of the subcircuit, nodes, and names of the parameters that it sets.
        """
        for card in self.elements:
            if card.text[0] in "xX":
                plain, pairs = _parted(card.text.lower().split())
                yield card, "".join(plain[-1:] if plain[1:] else []), plain[1:-1], [p.partition("=")[0] for p in pairs]


def _parted(words: list[str]) -> tuple[list[str], list[str]]:
    """Split words into plain ones and those that set a parameter."""
    joined = re.sub(r"\s*+=\s*+", "=", " ".join(word for word in words if word.lower() != "params:")).split(" ")
    at = next((k for k, word in enumerate(joined) if "=" in word), len(joined))
    return [word for word in joined[:at] if word], [word for word in joined[at:] if "=" in word]
