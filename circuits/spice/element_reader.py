"""A reader of element cards: a resistor, source, transistor or instance from the words of its line, in lower case.

ValueErrors name the rule and the remedy; the caller adds the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias

from ..netlist.circuit import (
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    CurrentSource,
    Element,
    Resistor,
    Transconductor,
    check_label,
    check_node,
    read_nodes,
    terminals,
)
from ..netlist.expressions import Value
from .cards import quote_card
from .expression_parser import read_expression, read_value

_LONGEST_NAME = 100

_SOURCE = re.compile(r"b(\S*) (\S+) (\S+) ([vi]) ?= ?(.*)")
_SIZES = re.compile(r"w=(\S+) l=(\S+)")
_BRACES = re.compile(r"\{[^{}]*+\}")


@dataclass(frozen=True, slots=True)
class Pending:
    """An element of a model or subcircuit that may be defined further down.

    Attributes
    ----------
    letter : str
        Letter of its type.
    name : str
        Name without the letter.
    nodes : tuple of str
        Nodes that it connects.
    kind : str
        Name of the model or subcircuit.
    values : tuple[tuple[str, Value], ...]
        Values that the card gives, by name.
    """

    letter: str
    name: str
    nodes: tuple[str, ...]
    kind: str
    values: tuple[tuple[str, Value], ...]


_Read: TypeAlias = Callable[[str, list[str], Collection[str]], Element | Pending]


def read_element(text: str, parameters: Collection[str] = ()) -> Element | Pending:
    """Read the card of an element.

    Parameters
    ----------
    text : str
        Card whose words are separated by single spaces.
    parameters : collection of str, optional
        Names of parameters that its values may refer to.

    Returns
    -------
    Element or Pending
        The element, or one that waits for its model or subcircuit.

    Raises
    ------
    ValueError
        If the card cannot be read.
    """
    words = text.split(" ")
    check_name(words[0])
    read = ELEMENT_READERS.get(text[0])
    if read is None:
        raise ValueError(
            f"{quote_card(words[0])} begins no element that is read; those are {', '.join(ELEMENT_READERS)}"
        )
    if "{" in text and text[0] != "b":
        words = _BRACES.sub(lambda match: match[0].replace(" ", ""), text).split(" ")
    element = read(text, words, parameters)
    check_label(words[0][1:])
    for node in element.nodes if isinstance(element, Pending) else (*terminals(element), *read_nodes(element)):
        check_node_name(node)
    return element


def check_name(name: str) -> None:
    """Check that a name is short enough to be shown in an error.

    Parameters
    ----------
    name : str
        Name in a netlist.

    Raises
    ------
    ValueError
        If it is too long.
    """
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"the name {quote_card(name)} has more than {_LONGEST_NAME} letters; shorten it")


def check_node_name(node: str) -> str:
    """Check that every simulator reads the name of a node alike, and return it.

    Parameters
    ----------
    node : str
        Name of the node.

    Returns
    -------
    str
        The same name.

    Raises
    ------
    ValueError
        If one would misread it.
    """
    check_name(node)
    check_node(node)
    return node


def read_parameter_pairs(words: list[str], parameters: Collection[str] | None) -> dict[str, Value]:
    """Read ``name=value`` words, which may follow ``params:``.

    Parameters
    ----------
    words : list of str
        Words of a card.
    parameters : collection of str or None
        Names of parameters that values may refer to; None for plain numbers only.

    Returns
    -------
    dict of str to Value
        Values by name.

    Raises
    ------
    ValueError
        If a word cannot be read, or a name occurs twice.
    """
    pairs: dict[str, Value] = {}
    for word in words[words[:1] == ["params:"] :]:
        name, equals, value = word.partition("=")
        if not (name and equals and value) or name in pairs:
            raise ValueError(f"{quote_card(word)}: write name=value without spaces, each name once")
        if parameters is None and value.startswith("{"):
            raise ValueError(f"{quote_card(word)}: a parameter's own value is a plain number; write it out")
        check_name(name)
        pairs[name] = read_value(value, parameters or ())
    return pairs


def split_pairs(words: list[str]) -> tuple[list[str], list[str]]:
    """Split words before ``params:`` or the first ``name=value``.

    Parameters
    ----------
    words : list of str
        Words of a card.

    Returns
    -------
    list of str
        Words before it.
    list of str
        Words from there on.
    """
    at = next((k for k, word in enumerate(words) if word == "params:" or "=" in word), len(words))
    return words[:at], words[at:]


def _two(kind: Callable[[str, str, str, Value], Element]) -> _Read:
    def read(text: str, words: list[str], parameters: Collection[str]) -> Element:
        _count(words, 4, "<name> <node> <node> <value>")
        return kind(words[0][1:], words[1], words[2], read_value(words[3], parameters))

    return read


def _current(text: str, words: list[str], parameters: Collection[str]) -> Element:
    if words[3:4] == ["dc"]:
        words = words[:3] + words[4:]
    if words[4:] == ["ac", "1"]:  # of .ac, beside the transient
        words = words[:4]
    _count(words, 4, "<name> <from> <to> dc <ampere>")
    return CurrentSource(words[0][1:], words[1], words[2], read_value(words[3], parameters))


def _transconductor(text: str, words: list[str], parameters: Collection[str]) -> Element:
    _count(words, 6, "<name> <from> <to> <plus> <minus> <siemens>")
    return Transconductor(words[0][1:], words[1], words[2], words[3], words[4], read_value(words[5], parameters))


def _source(text: str, words: list[str], parameters: Collection[str]) -> Element:
    match = _SOURCE.fullmatch(text)
    if match is None:
        raise ValueError(f"{quote_card(text)}: write b<name> <node> <node> V={{expression}} or I={{expression}}")
    expression = match[5]
    if expression.startswith("{"):
        if not expression.endswith("}"):
            raise ValueError("the brace of the expression is not closed; end it with '}'")
        expression = expression[1:-1]
    kind = BehavioralVoltage if match[4] == "v" else BehavioralCurrent
    return kind(match[1], match[2], match[3], read_expression(expression, parameters))


def _transistor(text: str, words: list[str], parameters: Collection[str]) -> Pending:
    sizes = _SIZES.fullmatch(" ".join(words[6:]))
    if sizes is None:
        raise ValueError(f"{quote_card(text)}: write m<name> <drain> <gate> <source> <bulk> <model> w=... l=...")
    width, length = (read_value(size, parameters) for size in sizes.groups())
    return Pending("m", words[0][1:], tuple(words[1:5]), words[5], (("width_m", width), ("length_m", length)))


def _diode(text: str, words: list[str], parameters: Collection[str]) -> Pending:
    form = "<name> <anode> <cathode> <model> area=<junctions>"
    _count(words[:4], 4, form)
    given = read_parameter_pairs(words[4:], parameters)
    if given.keys() - {"area"}:
        raise ValueError(f"{quote_card(text)}: write {form}")
    return Pending("d", words[0][1:], tuple(words[1:3]), words[3], (("area", given.get("area", 1.0)),))


def _instance(text: str, words: list[str], parameters: Collection[str]) -> Pending:
    head, tail = split_pairs(words)
    if len(head) < 3:
        raise ValueError(f"{quote_card(text)}: write x<name> <node> ... <subcircuit> params: <name>=<value> ...")
    return Pending("x", head[0][1:], tuple(head[1:-1]), head[-1], tuple(read_parameter_pairs(tail, parameters).items()))


def _count(words: list[str], expected: int, form: str) -> None:
    if len(words) != expected:
        raise ValueError(f"{quote_card(' '.join(words))} has {len(words)} words; write {form}")


ELEMENT_READERS: dict[str, _Read] = {
    "r": _two(Resistor),
    "c": _two(Capacitor),
    "i": _current,
    "g": _transconductor,
    "b": _source,
    "d": _diode,
    "m": _transistor,
    "x": _instance,
}
