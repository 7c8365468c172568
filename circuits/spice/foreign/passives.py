"""Resistors, capacitors, coils and their coupling of a netlist from outside, with what LTspice and PSpice add to them.

``rser`` and ``rpar`` of LTspice become resistors; tolerance, rating and maker are for people. PSpice's
``R1 a b RMOD 1k`` names a model first, ngspice's ``R1 a b 1k RMOD`` behind the value; it may say what a transient does
not need (``t_abs``), and a factor ``r`` or ``c``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ...netlist.circuit import GROUND, Capacitor, Element, Resistor, Transconductor
from ...netlist.sources import Coupling, Inductor, VoltageSource
from ..cards import quote_card
from .expansion import Expansion, Make
from .lines import ForeignCard
from .placed_names import InstancePlace
from .scope import read_assignments
from .sources import words_of

_HEAD = re.compile(r"(\{[^{}]*+\}|'[^']*+'|[^\s=]++)(?!\s*=)\s*")
_FOR_PEOPLE = frozenset(("tol", "pwr", "v", "irms", "ipk", "mfg", "pn", "type"))  # as LTspice writes them
_MODEL = re.compile(r"\.model\s+\S+\s+([a-z]+)\s*\(?([^()]*+)\)?")
_NEUTRAL = {"tc1": 0.0, "tc2": 0.0, "tce": 0.0}  # values that change nothing
_UNUSED = ("t_abs", "t_measured", "tnom", "level", "dev", "lot", "kf", "af")  # of noise and of other temperatures


def _value_and_pairs(made: Expansion, rest: str, key: str, place: InstancePlace) -> tuple[float, dict[str, str]]:
    """Read ``10k tc=0``, ``r=10k``, ``RMOD 10k`` or ``10k RMOD``."""
    words: list[str] = []
    at = 0
    while (match := _HEAD.match(rest, at)) and len(words) < 2:
        words.append(match[1])
        at = match.end()
    given = {name: value for name, value in read_assignments(rest[at:]) if name not in _FOR_PEOPLE}
    models = [word for word in words if place.scope.find_model(word) is not None]
    values = [word for word in words if word not in models]
    factor = _model_factor(models[0], key, place) if models else 1.0
    values += [given.pop(key)] if not values and key in given else []
    if len(values) != 1 or len(models) > 1:
        said = f"{quote_card(rest)}: there is no value" if not values else f"{quote_card(values[-1])} is not read"
        raise ValueError(f"{said}; write one value behind the nodes, or {key}=...")
    return factor * place.values.number(values[0]), given


def _model_factor(name: str, key: str, place: InstancePlace) -> float:
    """Return the factor that the model of a resistor, capacitor or coil puts on its value."""
    card = place.scope.find_model(name)
    assert card is not None
    match = _MODEL.fullmatch(card.text)
    kinds = {"r": ("r", "res"), "c": ("c", "cap"), "l": ("l", "ind")}[key]
    if match is None or match[1] not in kinds:
        raise card.error(f"model {quote_card(name)} is not of type {' or '.join(kinds)}; name one that is")
    factor = 1.0
    for word, text in read_assignments(match[2].replace(",", " ")):
        if word in _UNUSED:
            continue
        value = place.values.number(text)
        if word == key:
            factor = value
        elif _NEUTRAL.get(word) != value:
            raise card.error(f"{quote_card(f'{word}={text}')} of model {quote_card(name)} is not read; leave it out")
    return factor


def _beside(
    made: Expansion, card: ForeignCard, place: InstancePlace, ends: tuple[str, str], given: dict[str, str]
) -> str:
    """Add the resistors rpar and rser of a part; return the end at which the part itself begins."""
    word, (a, b) = card.text.split()[0], ends
    for key in ("rpar", "rser"):
        ohm = place.values.number(given.pop(key, "0"))
        if ohm < 0.0:
            raise ValueError(f"{key}={ohm:g} of {quote_card(word)}: a resistor is not negative; correct it")
        if ohm == 0.0:
            continue
        inner = b if key == "rpar" else made.names.safe.node(f"{place.path}{word}.{key}")
        made.add(Resistor(made.names.safe.device("r", f"{place.path}{word}.{key}"), a, inner, ohm), card)
        a = a if key == "rpar" else inner
    return a


def _resistor(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    """Make a resistor; of 0 ohm a source of 0 V, a negative one a transconductor."""
    word, (a, b), rest = made.names.head(card, place, 2)
    ohm, given = _value_and_pairs(made, rest, "r", place)
    check_neutral(given, {"tc", "tc1", "tc2", "noise", "noisy"}, place, zero=True)
    if ohm > 0.0:
        return Resistor(made.names.label(place, word, "r"), a, b, ohm)
    if ohm == 0.0:
        return VoltageSource(made.names.label(place, word, "v"), a, b, 0.0)
    return Transconductor(made.names.label(place, word, "g"), a, b, a, b, 1.0 / ohm)


def _capacitor(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    """Make a capacitor; its initial voltage becomes that of a node."""
    word, (a, b), rest = made.names.head(card, place, 2)
    farad, given = _value_and_pairs(made, rest, "c", place)
    a = _beside(made, card, place, (a, b), given)
    if "ic" in given:
        volt = place.values.number(given.pop("ic"))
        if GROUND not in (a, b):
            raise ValueError("ic= of a capacitor between two nodes is not read; set both nodes by .ic")
        node, volt = (a, volt) if b == GROUND else (b, -volt)
        if made.initial.setdefault(node, volt) != volt:
            raise ValueError(f"node {quote_card(node)} has two initial voltages; keep one")
    check_neutral(given, {"tc", "tc1", "tc2"}, place, zero=True)
    return Capacitor(made.names.label(place, word, "c"), a, b, farad)


def _inductor(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    """Make a coil."""
    word, (a, b), rest = made.names.head(card, place, 2)
    henry, given = _value_and_pairs(made, rest, "l", place)
    a = _beside(made, card, place, (a, b), given)
    check_neutral(given, {"ic", "tc", "tc1", "tc2"}, place, zero=True)
    return Inductor(made.names.label(place, word, "l"), a, b, henry)


def _coupling(made: Expansion, card: ForeignCard, place: InstancePlace) -> Element:
    """Make the coupling of two coils, or of every pair of several."""
    words = words_of(card.text)
    if not 4 <= len(words) <= 12:
        raise ValueError(f"{quote_card(card.text)}: write k<name> <coil> <coil> <coefficient>, of at most ten coils")
    coils = [made.names.device(place, coil, "l") for coil in words[1:-1]]
    made._sensed |= dict.fromkeys(coils, card)
    factor = place.values.number(words[-1])
    pairs = [(a, b) for k, a in enumerate(coils) for b in coils[k + 1 :]]
    for pair in map(frozenset, pairs):
        if len(pair) < 2 or pair in made.coupled:
            raise ValueError(f"{quote_card(card.text)} couples two coils twice, or one with itself; keep one coupling")
        made.coupled.add(pair)
    for k, (first, second) in enumerate(pairs[:-1], 1):
        name = made.names.safe.device("k", f"{place.path}{words[0]}.{k}")
        made.add(Coupling(name, first, second, factor), card)
    return Coupling(made.names.label(place, words[0], "k"), *pairs[-1], factor)


PASSIVES: Mapping[str, Make] = MappingProxyType({"r": _resistor, "c": _capacitor, "l": _inductor, "k": _coupling})


def check_neutral(
    given: dict[str, str], known: set[str], place: InstancePlace, *, zero: bool = False, one: bool = False
) -> None:
    """Check that parameters that are not modelled have the value that they have without being given.

    Parameters
    ----------
    given : dict of str to str
        Texts of parameters.
    known : set of str
        Names that may occur.
    place : InstancePlace
        Instance that the card stands in.
    zero, one : bool, default False
        Whether their value without being given is 0, or 1.

    Raises
    ------
    ValueError
        If one is not known, or has another value.
    """
    for key, value in given.items():
        if key not in known or place.values.number(value) != (0.0 if zero else 1.0 if one else None):
            raise ValueError(f"{quote_card(f'{key}={value}')} is not read; leave it out")
