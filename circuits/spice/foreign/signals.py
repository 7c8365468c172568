"""The nodes that a netlist from outside sets at t = 0, and those that it keeps."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..cards import quote_card
from .lines import ForeignCard
from .names import GROUNDS, SafeNames
from .scope import Values

_SIGNAL = re.compile(r"v\s*\(\s*([^()]++)\)")
_OTHER = re.compile(r"(?:\bi\w*\s*\([^()]*+\)|@\S+)")
_SET = re.compile(r"v\s*\(\s*([^\s()]++)\s*\)\s*=\s*(\{[^{}]*+\}|[^\s,]++)\s*,?\s*")


class Signals:
    """The nodes of a circuit as a netlist names them.

    Parameters
    ----------
    names : SafeNames
        Names of nodes.
    wired : set of str
        Nodes of the circuit that an element connects.
    """

    def __init__(self, names: SafeNames, wired: set[str]) -> None:
        self.names, self.wired = names, wired
        self.notes: list[str] = []

    def initial(self, cards: Sequence[ForeignCard], values: Values) -> dict[str, float]:
        """Return the voltages of ``.ic`` cards.

        Parameters
        ----------
        cards : sequence of ForeignCard
            Cards.
        values : Values
            Parameters.

        Returns
        -------
        dict of str to float
            {node of the circuit: V}.

        Raises
        ------
        NetlistError
            If a card cannot be read, or a node is set twice.
        """
        found: dict[str, float] = {}
        for card in cards:
            text = card.text.partition(" ")[2].strip()
            at = 0
            while at < len(text):
                match = _SET.match(text, at)
                if match is None:
                    raise card.error(f"{quote_card(text[at:])}: write .ic v(node)=0.5 ...")
                node = self._known(card, match[1])
                if node in found:
                    raise card.error(f"node {quote_card(match[1])} has two initial voltages; keep one")
                try:
                    found[node] = values.number(match[2])
                except ValueError as error:
                    raise card.error(error) from None
                at = match.end()
        return found

    def saved(self, cards: Sequence[ForeignCard]) -> list[str]:
        """Return the nodes of ``.save``, ``.print`` and ``.plot`` cards, else all.

        Parameters
        ----------
        cards : sequence of ForeignCard
            Cards.

        Returns
        -------
        list of str
            Nodes of the circuit.

        Raises
        ------
        NetlistError
            If a node is not known, or a card would write a file.
        """
        found: dict[str, None] = {}
        for card in cards:
            text = re.sub(r"^\.\w+(?:\s+tran)?\s*", "", card.text)
            for signal in _SIGNAL.findall(text):
                for node in re.split(r"[\s,]+", signal.strip()):
                    if node not in GROUNDS:
                        found[self._known(card, node)] = None
            rest = _SIGNAL.sub(" ", text)
            if re.search(r"\bfile\s*=", rest):
                raise card.error("file= would write a file; leave it out, the waveforms are returned")
            if _OTHER.search(rest):
                self.notes.append(f"line {card.line}: currents are not kept; the voltages are")
            for word in _OTHER.sub(" ", rest).split():
                if word in ("all", "alli", "allv"):
                    found |= dict.fromkeys(self._all())
                elif self.names.given.get(word) in self.wired:
                    found[self.names.given[word]] = None
                elif "=" not in word:
                    self.notes.append(f"line {card.line}: {quote_card(word)} is not kept; voltages v(node) are")
        return list(found or dict.fromkeys(self._all()))

    def _known(self, card: ForeignCard, node: str) -> str:
        given = self.names.given
        safe = given.get(node.replace(":", "."), given.get(node, ""))
        if safe not in self.wired:
            raise card.error(f"no element touches node {quote_card(node)}; correct the name")
        return safe

    def _all(self) -> list[str]:
        return [safe for given, safe in self.names.given.items() if safe in self.wired and "." not in given]
