"""The names of an instance's nodes and devices in the circuit, and the first words of its cards."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...netlist.circuit import GROUND
from ...netlist.expressions import Expression, Number, Operation, Voltage
from ..cards import quote_card
from .lines import ForeignCard
from .names import GROUNDS, SafeNames
from .scope import NetlistScope, Values

_TAKE = re.compile(r"[\s(,]*([^\s(),={}]++)[\s),]*")


@dataclass
class InstancePlace:
    """One instance of a scope.

    Attributes
    ----------
    scope : NetlistScope
        What it defines.
    values : Values
        Its parameters.
    path : str
        Names of instances, each with a dot behind it; empty for the netlist.
    wires : dict of str to str
        {port: node of the netlist}.
    """

    scope: NetlistScope
    values: Values
    path: str = ""
    wires: dict[str, str] = field(default_factory=dict)


class PlacedNames:
    """Names within instances.

    Parameters
    ----------
    safe : SafeNames
        Names of the whole circuit.
    shared : set of str
        Nodes of ``.global``.
    """

    def __init__(self, safe: SafeNames, shared: set[str]) -> None:
        self.safe, self.shared = safe, shared
        self._labels: dict[str, str] = {}

    def node(self, place: InstancePlace, name: str) -> str:
        """Return the node of the circuit for a name at a place.

        Parameters
        ----------
        place : InstancePlace
            Instance that the card stands in.
        name : str
            Name in the netlist.

        Returns
        -------
        str
            Name in the circuit.
        """
        if name in place.wires:
            return place.wires[name]
        return self.safe.node(name if name in self.shared or name in GROUNDS else place.path + name)

    def device(self, place: InstancePlace, word: str, letter: str) -> str:
        """Return the name in the circuit of a device of the netlist.

        Parameters
        ----------
        place : InstancePlace
            Instance that the card stands in.
        word : str
            Name in the netlist.
        letter : str
            Letter of its type in the circuit.

        Returns
        -------
        str
            Name with its letter.
        """
        path = place.path + word
        if path not in self._labels:
            self._labels[path] = letter + self.safe.device(letter, place.path + word[1:])
        return self._labels[path]

    def label(self, place: InstancePlace, word: str, letter: str) -> str:
        """Return the label of the element that is made of a card.

        Parameters
        ----------
        place : InstancePlace
            Instance that the card stands in.
        word : str
            Name in the netlist.
        letter : str
            Letter of the element.

        Returns
        -------
        str
            Name without the letter.
        """
        if letter == word[0]:
            return self.device(place, word, letter)[1:]
        return self.safe.device(letter, place.path + word)

    def head(self, card: ForeignCard, place: InstancePlace, nodes: int) -> tuple[str, list[str], str]:
        """Return name, nodes and the rest of a card.

        Parameters
        ----------
        card : ForeignCard
            ForeignCard.
        place : InstancePlace
            Instance that the card stands in.
        nodes : int
            Number of nodes.

        Returns
        -------
        tuple of (str, list of str, str)
            Name, nodes of the circuit, rest of the text.

        Raises
        ------
        ValueError
            If there are too few words.
        """
        at, words = 0, []
        for _ in range(nodes + 1):
            match = _TAKE.match(card.text, at)
            if match is None:
                raise ValueError(f"{quote_card(card.text)} has too few words; give {nodes} nodes and what follows")
            words.append(match[1])
            at = match.end()
        return words[0], [self.node(place, word) for word in words[1:]], card.text[at:].strip()

    def between(self, place: InstancePlace, plus: str, minus: str) -> Expression:
        """Return the voltage between two nodes.

        Parameters
        ----------
        place : InstancePlace
            Instance that the card stands in.
        plus, minus : str
            Nodes of the netlist.

        Returns
        -------
        Expression
            Voltage.
        """
        ends = [self.node(place, node) for node in (plus, minus)]
        a, b = (Number(0.0) if node == GROUND else Voltage(node) for node in ends)
        return a if ends[1] == GROUND else Operation("-", a, b)
