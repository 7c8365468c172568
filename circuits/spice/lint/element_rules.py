"""Rules of ``lint`` for names, values, nodes and instances."""

from __future__ import annotations

import re

from ..cards import quote_card
from ..dialect import Dialect
from ..dialects import NEOSPICE
from .deck import NODES, VALUE, Deck, Findings

_SCALES = {"", "t", "g", "meg", "k", "u", "n", "p"}  # suffixes that nobody takes for a unit
_VARIABLES = {"time", "temper", "hertz"}


def duplicates(deck: Deck, dialect: Dialect) -> Findings:
    """Find elements whose name occurs twice in one scope."""
    seen: dict[str, int] = {}
    scope = 0
    for card in deck.cards:
        word = card.text.split()[0].lower()
        if word in (".subckt", ".ends"):
            scope = card.line if word == ".subckt" else 0  # names inside a subcircuit are its own
        elif not word.startswith(".") and seen.setdefault(f"{scope} {word}", card.line) != card.line:
            where = seen[f"{scope} {word}"]
            yield (
                card.line,
                f"{quote_card(word)} occurs twice, first on line {where}; a simulator may keep one: rename it",
            )


def values(deck: Deck, dialect: Dialect) -> Findings:
    """Find resistors and capacitors whose value is no number or has a misleading suffix."""
    for card in deck.elements:
        words = card.text.split()
        letter, place = card.text[0].lower(), NODES.get(card.text[0].lower(), 0) + 1
        if letter not in "rciv" or "=" in " ".join(words[place : place + 2]) or words[place : place + 1] == []:
            continue
        value = words[place + 1] if words[place].lower() == "dc" and words[place + 1 :] else words[place]
        match = VALUE.fullmatch(value)
        if match is None:
            if letter in "rc" and not value.startswith(("{", "'", '"')):
                yield card.line, f"{quote_card(value)} is no number, so the element may be skipped; write 1000.0"
        elif match[2].lower() not in _SCALES:
            yield (
                card.line,
                f"{quote_card(value)}: f is 1e-15, m and M are 1e-3, units are dropped; write {_plain(match)}",
            )


def _plain(match: re.Match[str]) -> str:
    scale = {"f": "e-15", "m": "e-3"}.get(match[2][0].lower(), "")
    return f"{match[1]}{scale} or {match[1]}" if scale and "e" not in match[1].lower() else "the plain number"


def node_names(deck: Deck, dialect: Dialect) -> Findings:
    """Find nodes whose names the simulator misreads."""
    for card in deck.elements:
        if dialect is NEOSPICE:
            bad = [node for node in deck.nodes(card) if node != node.lower() or re.search(r"[\[\]#:]", node)]
        else:
            bad = [node for node in deck.nodes(card) if ":" in node]  # a node within a subcircuit
        if bad:
            yield card.line, f"{dialect.name} misreads node {quote_card(bad[0])}; write names as [a-z][a-z0-9_]*"


def variables(deck: Deck, dialect: Dialect) -> Findings:
    """Find nodes with the name of a variable."""
    for card in deck.elements:
        for node in {node.lower() for node in deck.nodes(card)} & _VARIABLES:
            yield (
                card.line,
                f"node {quote_card(node)} has the name of a variable, and PySpice takes it for that; rename it",
            )


def instances(deck: Deck, dialect: Dialect) -> Findings:
    """Find instances of no known subcircuit, with missing nodes or with unknown parameters."""
    if any(deck.dots("include", "inc", "lib")):
        return
    for card, name, nodes, pairs in deck.instances():
        if name not in deck.subcircuits:
            yield (
                card.line,
                f"subcircuit {quote_card(name)} is not defined, so the instance may be skipped; add its .subckt",
            )
            continue
        ports, parameters = deck.subcircuits[name]
        if len(nodes) != ports:
            yield (
                card.line,
                f"subcircuit {quote_card(name)} has {ports} ports, not {len(nodes)}; neospice leaves nodes out",
            )
        for pair in pairs:
            if pair not in parameters | {"m"}:
                yield (
                    card.line,
                    f"subcircuit {quote_card(name)} has no parameter {quote_card(pair)}, so it is ignored; correct it",
                )


def areas(deck: Deck, dialect: Dialect) -> Findings:
    """Find diodes with a bare area."""
    for card in deck.elements:
        if card.text[0] in "dD" and any("=" not in word for word in card.text.split()[4:5]):
            yield card.line, "ngspice may take a bare area for a model, neospice one in braces for 1; write area=..."


def multipliers(deck: Deck, dialect: Dialect) -> Findings:
    """Find instances with a multiplier m."""
    for card, name, _, pairs in deck.instances():
        if "m" in pairs and "m" not in deck.subcircuits.get(name, (0, set()))[1]:
            yield card.line, "neospice ignores m= of an instance; write the instances one by one"


def random_noise(deck: Deck, dialect: Dialect) -> Findings:
    """Find sources of random noise, which cannot be repeated."""
    for card in deck.elements:
        if re.search(r"\btr(noise|random)\b", card.text, re.IGNORECASE):
            yield card.line, "TRNOISE cannot be repeated, and most simulators drop it; write the noise as PWL"


def quotes(deck: Deck, dialect: Dialect) -> Findings:
    """Find values and expressions in quotes."""
    for card in deck.elements:
        if "'" in card.text or '"' in card.text:
            yield card.line, f"{dialect.name} may skip what has a quoted expression; write {...} or a number"


def value_keywords(deck: Deck, dialect: Dialect) -> Findings:
    """Find values behind a keyword that the simulator skips."""
    for card, keyword, _ in deck.expressions:
        if keyword in ("vol", "cur"):
            yield card.line, f"{dialect.name} may skip a source with {keyword}=; write B<name> with V= or I="
        if keyword in ("r", "c") and dialect is NEOSPICE:
            yield card.line, f"neospice skips an element with {keyword}=; write a number, or a B source"
