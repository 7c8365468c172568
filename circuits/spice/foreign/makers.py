"""The element that a card of a netlist from outside stands for, by its letter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ...netlist.card_devices import Bipolar, CardDiode, CardModel, CardMosfet, Jfet, Switch
from ...netlist.circuit import (
    GROUND,
    BehavioralCurrent,
    BehavioralVoltage,
    CurrentSource,
    Element,
    Transconductor,
)
from ...netlist.expressions import Expression, Number, Operation, Voltage
from ...netlist.sources import CurrentGain, Transresistance, VoltageSource, WaveCurrent
from ..cards import quote_card
from .algebra import Algebra
from .expansion import Expansion, Make
from .formulas import parse_formula, unwrapped
from .lines import ForeignCard
from .passives import PASSIVES, check_neutral
from .placed_names import InstancePlace
from .scope import read_assignments
from .sources import read_polynomial, read_wave, words_of
from .tables import read_knots, split_table, table_of

_BEHAVIORAL = re.compile(r"(value|vol|cur)\s*=?\s*(.+)")
_IN_S = re.compile(r"(laplace|freq|chebyshev)\b")
_ASSIGNED = re.compile(r"([vi])\s*=\s*(.+)")


def _independent(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    word, (a, b), rest = made.names.head(card, place, 2)
    value, wave, has_small = read_wave(rest, place.values.number)
    if has_small:
        made.notes.append(f"line {card.line}: the amplitude for .ac of {word} is not used by a transient")
    label = made.names.label(place, word, word[0])
    if word[0] == "v":
        return VoltageSource(label, a, b, value, wave)
    return WaveCurrent(label, a, b, value, wave) if wave else CurrentSource(label, a, b, value)


def _behavioral(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    word, (a, b), rest = made.names.head(card, place, 2)
    match = _ASSIGNED.fullmatch(rest)
    if match is None:
        raise ValueError(f"{quote_card(card.text)}: write b<name> <node> <node> v=<expression> or i=<expression>")
    tree = parse_formula(unwrapped(match[2]), made.meaning(place, card))
    kind = BehavioralVoltage if match[1] == "v" else BehavioralCurrent
    return kind(made.names.label(place, word, "b"), a, b, tree)


def _controlled(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    """Make E and G, which a voltage or an expression controls."""
    word, (a, b), rest = made.names.head(card, place, 2)
    kind = BehavioralVoltage if word[0] == "e" else BehavioralCurrent
    match = _BEHAVIORAL.fullmatch(rest)
    if match:
        tree = parse_formula(unwrapped(match[2]), made.meaning(place, card))
        return kind(made.names.label(place, word, "b"), a, b, tree)

    in_s = _IN_S.match(rest)
    if in_s:
        raise ValueError(
            f"{in_s[1]} is a function of frequency, which is not read; build it of resistors and capacitors"
        )
    table = split_table(rest)
    if table:
        meaning = made.meaning(place, card)
        signal = parse_formula(unwrapped(table[0]), meaning)
        line = table_of(Algebra(meaning.left), signal, read_knots(table[1], place.values.number), is_held=True)
        return kind(made.names.label(place, word, "b"), a, b, line)

    def controls(words: list[str], n: int) -> tuple[list[Expression], list[str]]:
        pairs = [made.names.between(place, *words[2 * k : 2 * k + 2]) for k in range(n) if 2 * k + 1 < len(words)]
        return (pairs if len(pairs) == n else []), words[2 * n :]

    tree_or_none = read_polynomial(rest, place.values.number, controls)
    if tree_or_none is not None:
        return kind(made.names.label(place, word, "b"), a, b, tree_or_none)
    words = words_of(rest)
    if len(words) != 3 or "=" in rest.partition("{")[0]:
        raise ValueError(f"{quote_card(card.text)}: write <plus> <minus> <gain>, value={{expression}} or poly(n) ...")
    gain = place.values.number(words[2])
    plus, minus = (made.names.node(place, node) for node in words[:2])
    if word[0] == "g":
        return Transconductor(made.names.label(place, word, "g"), a, b, plus, minus, gain)
    across = made.names.between(place, *words[:2])
    return BehavioralVoltage(made.names.label(place, word, "b"), a, b, Operation("*", Number(gain), across))


def _by_current(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    """Make F and H, which the current of a voltage source controls."""
    word, (a, b), rest = made.names.head(card, place, 2)

    def controls(words: list[str], n: int) -> tuple[list[Expression], list[str]]:
        return [Voltage(made.sense(place, name, card)) for name in words[:n]], words[n:]

    tree = read_polynomial(rest, place.values.number, controls)
    if tree is not None:
        kind = BehavioralCurrent if word[0] == "f" else BehavioralVoltage
        return kind(made.names.label(place, word, "b"), a, b, tree)
    words = words_of(rest)
    if len(words) != 2 or not words[0].startswith("v"):
        raise ValueError(f"{quote_card(card.text)}: write <voltage source> <gain>, or poly(n) ...")
    source, gain = made.names.device(place, words[0], "v"), place.values.number(words[1])
    made._sensed[source] = card
    label = made.names.label(place, word, word[0])
    return CurrentGain(label, a, b, source, gain) if word[0] == "f" else Transresistance(label, a, b, source, gain)


# Devices with models


def _diode(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    word, (a, b), rest = made.names.head(card, place, 2)
    model, area = _model(made, rest, place, ("d",))
    return CardDiode(made.names.label(place, word, "d"), a, b, model, area)


def _bipolar(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    word, nodes, rest = made.names.head(card, place, 3)
    first = rest.split(" ", 1)
    if place.scope.find_model(first[0]) is None and len(first) == 2:
        word, nodes, rest = made.names.head(card, place, 4)
    model, area = _model(made, rest, place, ("npn", "pnp"))
    collector, base, emitter, substrate = (*nodes, GROUND)[:4]
    return Bipolar(made.names.label(place, word, "q"), collector, base, emitter, substrate, model, area)


def _jfet(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    word, (drain, gate, source), rest = made.names.head(card, place, 3)
    model, area = _model(made, rest, place, ("njf", "pjf"))
    return Jfet(made.names.label(place, word, "j"), drain, gate, source, model, area)


def _mosfet(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    word, (drain, gate, source, bulk), rest = made.names.head(card, place, 4)
    name, _, tail = rest.partition(" ")
    given = {key: place.values.number(value) for key, value in read_assignments(tail)}
    unknown = given.keys() - {"w", "l", "m"}
    count = given.get("m", 1.0)
    if unknown:
        raise ValueError(f"{min(unknown)}= of a transistor is not read; give w= and l=, and m= of them")
    if not 0.0 < count < 1e6:
        raise ValueError(f"m={count:g} transistors side by side; give a number above 0")
    model = made.card_model(name, place, ("nmos", "pmos"))
    size = given.get("w", 1e-4), given.get("l", 1e-4)  # SPICE's defaults
    return CardMosfet(made.names.label(place, word, "m"), drain, gate, source, bulk, model, *size, count)


def _switch(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    word, (a, b, plus, minus), rest = made.names.head(card, place, 4)
    if len(rest.split()) != 1:
        raise ValueError(f"{quote_card(card.text)}: write s<name> <a> <b> <plus> <minus> <model>, without on or off")
    return Switch(made.names.label(place, word, "s"), a, b, plus, minus, made.card_model(rest, place, ("sw",)))


def _model(made: Expansion, rest: str, place: InstancePlace, kinds: tuple[str, ...]) -> tuple[CardModel, float]:
    name, _, tail = rest.partition(" ")
    tail = tail.strip()
    if not tail:
        area = 1.0
    elif "=" in tail:
        given = dict(read_assignments(tail))
        area = place.values.number(given.pop("area", "1"))
        check_neutral(given, {"m"}, place, one=True)
    else:
        area = place.values.number(tail)
    return made.card_model(name, place, kinds), area


MAKERS: Mapping[str, Make] = MappingProxyType(
    {
        **PASSIVES,
        "v": _independent,
        "i": _independent,
        "b": _behavioral,
        "e": _controlled,
        "g": _controlled,
        "f": _by_current,
        "h": _by_current,
        "d": _diode,
        "q": _bipolar,
        "j": _jfet,
        "m": _mosfet,
        "s": _switch,
        "x": Expansion.subcircuit,
    }
)
