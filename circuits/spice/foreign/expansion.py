"""The elements of a netlist from outside, its subcircuits put in their places.

A node ``a`` within the instance ``x1`` becomes ``x1_a``, a resistor ``r1`` there ``rx1_1``. A name that a simulator
might misread is replaced by one like it (``SafeNames``). What a card says is read by ``makers``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from ...netlist.card_devices import CardModel
from ...netlist.circuit import GROUND, Element, read_nodes, terminals
from ...netlist.expressions import Expression, Voltage
from ...netlist.sources import Transresistance
from ..cards import quote_card
from .formulas import Meaning
from .lines import ForeignCard
from .placed_names import InstancePlace, PlacedNames
from .scope import NetlistScope, Values, read_assignments

MOST_ELEMENTS = 200_000  # elements that a netlist may stand for
_DEEPEST = 50  # subcircuits within one another
_HEAD = re.compile(r"(.*?)(?:\s+params:\s*(.*)|\s+([a-z_]\w*+\s*=.*))?")


Make: TypeAlias = "Callable[[Expansion, ForeignCard, InstancePlace], Element | None]"


class Expansion:
    """The elements that have been made so far.

    Parameters
    ----------
    names : PlacedNames
        Names of nodes and devices.
    makers : dict of str to callable
        Functions that make the element of a card, by its letter (``makers.MAKERS``).
    """

    def __init__(self, names: PlacedNames, makers: Mapping[str, Make]) -> None:
        self.names, self.makers = names, makers
        self.elements: list[Element] = []
        self.cards: list[ForeignCard] = []
        self.notes: list[str] = []
        self.initial: dict[str, float] = {}
        self.left = [200_000]
        self.coupled: set[frozenset[str]] = set()
        self._made: set[str] = set()
        self._sensed: dict[str, ForeignCard] = {}
        self._models: dict[tuple[int, str], CardModel] = {}
        self._kinds: dict[str, CardModel] = {}
        self._sizes: dict[int, int] = {}

    def expand(self, place: InstancePlace) -> None:
        """Make the elements of a place and of all instances within it.

        Parameters
        ----------
        place : InstancePlace
            Instance of a scope.

        Raises
        ------
        ValueError
            If a card breaks a rule.
        """
        for card in place.scope.cards:
            try:
                self._card(card, place)
            except ValueError as error:
                raise card.error(error) from None

    def check(self, ports: Iterable[str] = ()) -> None:
        """Check that controlling devices exist, and that something drives each node that is read.

        Parameters
        ----------
        ports : iterable of str, optional
            Nodes that are wired from outside.

        Raises
        ------
        ValueError
            If not.
        """
        for device, card in self._sensed.items():
            if device not in self._made:
                raise card.error(f"there is no device {quote_card(device)}; name a voltage source or a coil")
        wired = {GROUND, *ports, *(node for element in self.elements for node in terminals(element))}
        for element, card in zip(self.elements, self.cards, strict=True):
            for node in read_nodes(element):
                if node not in wired:
                    raise card.error(f"node {quote_card(node)} is read, but nothing drives it; wire it")

    def size(self, scope: NetlistScope, within: tuple[str, ...] = ()) -> int:
        """Return how many elements a scope stands for, before any is made.

        Parameters
        ----------
        scope : NetlistScope
            NetlistScope.
        within : tuple of str, optional
            Subcircuits that it is a part of.

        Returns
        -------
        int
            Number of elements.

        Raises
        ------
        ValueError
            If there are too many, or a subcircuit contains itself.
        """
        if id(scope) in self._sizes:
            return self._sizes[id(scope)]
        total = 0
        for card in scope.cards:
            total += 1
            if card.text.startswith("x"):
                try:
                    name = self._instance(card.text)[2]
                except ValueError as error:
                    raise card.error(error) from None
                inner = scope.find_scope(name)
                if inner is None:
                    raise card.error(f"subcircuit {quote_card(name)} is not defined; add its .subckt")
                if inner.name in within or len(within) >= _DEEPEST:
                    raise card.error(f"subcircuit {quote_card(name)} contains itself, or more than {_DEEPEST} others")
                total += self.size(inner, (*within, inner.name))
            if total > MOST_ELEMENTS:
                raise card.error(f"the netlist stands for more than {MOST_ELEMENTS} elements; take a smaller circuit")
        self._sizes[id(scope)] = total
        return total

    # Names

    def meaning(self, place: InstancePlace, card: ForeignCard) -> Meaning:
        """Return what names mean in an expression at a place.

        Parameters
        ----------
        place : InstancePlace
            Instance that the card stands in.
        card : ForeignCard
            ForeignCard.

        Returns
        -------
        Meaning
            Meaning of the names.
        """

        def current(name: str) -> Expression:
            return Voltage(self.sense(place, name, card))

        return Meaning(
            place.values.get,
            lambda name: self.names.node(place, name),
            current,
            place.scope.all_functions(),
            {},
            self.left,
        )

    def sense(self, place: InstancePlace, name: str, card: ForeignCard) -> str:
        """Return a node whose voltage is the current of a voltage source, in ampere.

        Parameters
        ----------
        place : InstancePlace
            Instance that the card stands in.
        name : str
            Voltage source.
        card : ForeignCard
            ForeignCard.

        Returns
        -------
        str
            Node in the circuit.

        Raises
        ------
        ValueError
            If it is no voltage source.
        """
        if not name.startswith("v"):
            raise ValueError(f"i({name}): only currents of voltage sources are read; put a source of 0 V in series")
        path = f"{place.path}i.{name}"
        known = path in self.names.safe.given
        node = self.names.safe.node(path)
        if not known:
            source = self.names.device(place, name, "v")
            self._sensed[source] = card
            self.add(Transresistance(self.names.safe.device("h", path), node, GROUND, source, 1.0), card)
        return node

    def add(self, element: Element, card: ForeignCard) -> None:
        """Add an element.

        Parameters
        ----------
        element : Element
            Element.
        card : ForeignCard
            ForeignCard that it was made of.

        Raises
        ------
        ValueError
            If there are too many.
        """
        if len(self.elements) >= 2 * MOST_ELEMENTS:
            raise ValueError(f"the netlist stands for more than {MOST_ELEMENTS} elements; take a smaller circuit")
        self.elements.append(element)
        self.cards.append(card)

    # Cards

    def _card(self, card: ForeignCard, place: InstancePlace) -> None:
        letter = card.text[0]
        make = self.makers.get(letter)
        if make is None or card.text.split()[0] in ("shell", "system"):
            raise ValueError(
                f"{quote_card(card.text.split()[0])} begins no element that is read; those are {', '.join(self.makers)}"
            )
        if letter != "x":
            word = card.text.split()[0]
            if place.path + word in self._made:
                raise ValueError(f"{quote_card(word)} occurs twice; rename one")
            self._made.add(place.path + word)
        made = make(self, card, place)
        if made is not None:
            self.add(made, card)
            self._made.add(made.letter + made.name)

    # For the makers of elements

    def card_model(self, name: str, place: InstancePlace, kinds: tuple[str, ...]) -> CardModel:
        """Return the model of a name, with the values that its parameters have here.

        Parameters
        ----------
        name : str
            Name of the model.
        place : InstancePlace
            Instance that the card stands in.
        kinds : tuple of str
            Types that fit.

        Returns
        -------
        CardModel
            Model.

        Raises
        ------
        ValueError
            If it is missing or of another type.
        """
        card = place.scope.find_model(name)
        if card is None:
            raise ValueError(f"model {quote_card(name)} is not defined; add its .model")
        key = id(card), place.path if "{" in card.text or "'" in card.text else ""
        if key not in self._models:
            try:
                model = place.values.model(card)
            except ValueError as error:
                raise card.error(error) from None
            label = model.name
            while self._kinds.get(label, model) != model:
                label += "_"
            self._models[key] = CardModel(label, model.kind, model.numbers)
            self._kinds[label] = self._models[key]
        model = self._models[key]
        if model.kind not in kinds:
            raise ValueError(f"model {quote_card(name)} is of type {model.kind}; name one of {' or '.join(kinds)}")
        return model

    # Instances

    def _instance(self, text: str) -> tuple[str, list[str], str, str]:
        match = _HEAD.fullmatch(text)
        words = (match[1] if match else "").replace(",", " ").replace("(", " ").replace(")", " ").split()
        if match is None or len(words) < 3:
            raise ValueError(f"{quote_card(text)}: write x<name> <node> ... <subcircuit> <name>=<value> ...")
        return words[0], words[1:-1], words[-1], (match[2] or match[3] or "").strip()

    def subcircuit(self, card: ForeignCard, place: InstancePlace) -> None:
        """Make the elements of an instance.

        Parameters
        ----------
        card : ForeignCard
            ForeignCard.
        place : InstancePlace
            Instance that the card stands in.

        Raises
        ------
        ValueError
            If it cannot be connected.
        """
        word, nodes, name, pairs = self._instance(card.text)
        scope = place.scope.find_scope(name)
        if scope is None:
            raise ValueError(f"subcircuit {quote_card(name)} is not defined; add its .subckt")
        if len(nodes) != len(scope.ports):
            raise ValueError(
                f"{quote_card(name)} has {len(scope.ports)} ports: {' '.join(scope.ports)}; connect as many"
            )
        given = {key: place.values.number(value) for key, value in read_assignments(pairs)}
        for key in given:
            if key not in scope.parameters:
                raise ValueError(f"{quote_card(name)} has no parameter {quote_card(key)}; leave it out")
        path = f"{place.path}{word}."
        if path in self._made:
            raise ValueError(f"{quote_card(word)} occurs twice; rename one")
        self._made.add(path)
        wires = {port: self.names.node(place, node) for port, node in zip(scope.ports, nodes, strict=True)}
        outer = place.values if scope.parent is place.scope else _values_of(scope.parent, place.values)
        self.expand(InstancePlace(scope, Values(scope, given, outer, self.left), path, wires))


def _values_of(scope: NetlistScope | None, values: Values | None) -> Values | None:
    """Return the values of the scope in which a subcircuit is defined, from those where it is used."""
    while values is not None and values.scope is not scope:
        values = values.outer
    return values
