"""One element's card read: a resistor, capacitor, source or transistor from the words of its line, in lower case.

ValueErrors name the rule and the remedy; the line is added by who knows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .cards import shown
from .netlist import (
    BehaviouralCurrent,
    BehaviouralVoltage,
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
from .parsing import read_expression, read_number

_LONGEST_NAME = 100

_SOURCE = re.compile(r"b(\S*) (\S+) (\S+) ([vi]) ?= ?(.*)")
_SIZES = re.compile(r"w=(\S+) l=(\S+)")


def read_element(text: str) -> Element | tuple[str, ...]:
    """The element of a card whose words are parted by single spaces.

    A transistor is its words, without letter and keys, for its model may follow later.
    """
    words = text.split(" ")
    check_name(words[0])
    read = READERS.get(text[0])
    if read is None:
        raise ValueError(f"{shown(words[0])} begins no element that is read; those are {', '.join(READERS)}")
    element = read(text, words)
    nodes = element[1:5] if isinstance(element, tuple) else (*terminals(element), *read_nodes(element))
    check_label(words[0][1:])
    for node in nodes:
        checked_node(node)
    return element


def check_name(name: str) -> None:
    """ValueError for names too long to be shown in an error."""
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"the name {shown(name)} has more than {_LONGEST_NAME} letters; shorten it")


def checked_node(node: str) -> str:
    """The node, if every simulator reads its name alike."""
    check_name(node)
    check_node(node)
    return node


def _two(kind: Callable[[str, str, str, float], Element]) -> Callable[[str, list[str]], Element]:
    def read(text: str, words: list[str]) -> Element:
        _count(words, 4, "<name> <node> <node> <value>")
        return kind(words[0][1:], words[1], words[2], read_number(words[3]))

    return read


def _current(text: str, words: list[str]) -> Element:
    if words[3:4] == ["dc"]:
        words = words[:3] + words[4:]
    _count(words, 4, "<name> <from> <to> dc <ampere>")
    return CurrentSource(words[0][1:], words[1], words[2], read_number(words[3]))


def _transconductor(text: str, words: list[str]) -> Element:
    _count(words, 6, "<name> <from> <to> <plus> <minus> <siemens>")
    return Transconductor(words[0][1:], words[1], words[2], words[3], words[4], read_number(words[5]))


def _source(text: str, words: list[str]) -> Element:
    match = _SOURCE.fullmatch(text)
    if match is None:
        raise ValueError(f"{shown(text)}: write b<name> <node> <node> V={{expression}} or I={{expression}}")
    expression = match[5]
    if expression.startswith("{"):
        if not expression.endswith("}"):
            raise ValueError("the brace of the expression is not closed; end it with '}'")
        expression = expression[1:-1]
    kind = BehaviouralVoltage if match[4] == "v" else BehaviouralCurrent
    return kind(match[1], match[2], match[3], read_expression(expression))


def _transistor(text: str, words: list[str]) -> tuple[str, ...]:
    sizes = _SIZES.fullmatch(" ".join(words[6:]))
    if sizes is None:
        raise ValueError(f"{shown(text)}: write m<name> <drain> <gate> <source> <bulk> <model> w=... l=...")
    for size in sizes.groups():
        read_number(size)
    return (words[0][1:], *words[1:6], *sizes.groups())


def _count(words: list[str], expected: int, form: str) -> None:
    if len(words) != expected:
        raise ValueError(f"{shown(' '.join(words))} has {len(words)} words; write {form}")


READERS: dict[str, Callable[[str, list[str]], Element | tuple[str, ...]]] = {
    "r": _two(Resistor),
    "c": _two(Capacitor),
    "i": _current,
    "g": _transconductor,
    "b": _source,
    "m": _transistor,
}
