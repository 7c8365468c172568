r"""Graphs in Graphviz's DOT language: ``graph { a -- b -- {c d} [weight=2]; }``.

Statements are nodes, edges between nodes or groups of them, defaults of attributes, and groups (``subgraph``), which
may stand within one another; names are words, numbers, ``"quoted"`` or ``<HTML>``. Of the attributes only ``weight``
(or ``w``, ``value``) of edges has a meaning here; ports are left out.
Source: The DOT Language, graphviz.org/doc/info/lang.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from .graph import Graph
from .text_file import ProblemFileError, TextFile, parse_number, quote_text

MAX_DOT = 32 << 20  # bytes; a token takes some 100
_DEEP = 100  # groups within one another
_EDGES = 3_000_000

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)
      |(?P<edge>--|->)
      |(?P<number>-?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?)(?![\w\x80-\U0010ffff])
      |(?P<word>[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)
      |"(?P<quoted>(?:[^"\\]|\\.)*)"
      |(?P<sign>[{}\[\];,=:+])""",
    re.VERBOSE | re.DOTALL,
)
_HTML = re.compile(r"[<>]")
_WEIGHTS = ("weight", "w", "value")


@dataclass(eq=False)
class _Reader:
    """Position in the tokens of a file, and what was found so far."""

    source: TextFile
    tokens: Iterator[tuple[str, str, int]]
    ahead: tuple[str, str, int] = ("", "", 0)
    directed: bool = False
    numbers: dict[str, int] = field(default_factory=dict)
    ends: list[tuple[int, int]] = field(default_factory=list)
    weights: list[float | None] = field(default_factory=list)

    def next(self) -> tuple[str, str]:
        """Take a token."""
        kind, text, _ = self.ahead
        self.ahead = next(self.tokens, ("end", "", self.ahead[2]))
        return kind, text

    def takes(self, text: str) -> bool:
        """Take a sign or a keyword, if it is the next token."""
        if self.ahead[0] in ("sign", "word") and self.ahead[1].lower() == text:
            self.next()
            return True
        return False

    def error(self, rule: str) -> ProblemFileError:
        return self.source.error(rule, self.source.data.count(b"\n", 0, self.ahead[2]) + 1)

    def name(self) -> str:
        """Take the name of a node or an attribute; quoted ones may be joined by +."""
        kind, text = self.ahead[:2]
        if kind not in ("word", "number", "quoted"):
            raise self.error(f"{quote_text(text or 'the end')} stands where a name is expected; correct the statement")
        self.next()
        while kind == "quoted" and self.takes("+"):
            text += self.next()[1]
        return text

    def attributes(self) -> dict[str, str]:
        """Take lists ``[key=value, ...]``."""
        found: dict[str, str] = {}
        while self.takes("["):
            while not self.takes("]"):
                key = self.name().lower()
                found[key] = self.name() if self.takes("=") else "true"
                _ = self.takes(",") or self.takes(";")
        return found

    def group(self, defaults: dict[str, str], deep: int) -> list[int]:
        """Take statements up to the closing brace; return the nodes among them, each once."""
        if deep > _DEEP:
            raise self.error(f"has more than {_DEEP} groups within one another; write fewer")
        nodes: dict[int, None] = {}
        defaults = dict(defaults)
        while not self.takes("}"):
            if self.takes(";") or self.takes(","):
                continue
            if self.ahead[0] == "end":
                raise self.error("ends within a graph; close it with '}'")
            nodes |= dict.fromkeys(self.statement(defaults, deep))
        return list(nodes)

    def statement(self, defaults: dict[str, str], deep: int) -> list[int]:
        """Take one statement; return its nodes."""
        if self.ahead[0] == "word" and self.ahead[1].lower() in ("graph", "node", "edge"):
            what = self.next()[1].lower()
            found = self.attributes()
            if what == "edge":
                defaults |= found
            return []
        side = self.operand(defaults, deep)
        if self.takes("="):  # an attribute of the graph: its name was taken for a node
            self.name()
            return []
        groups = [self.known(side)]
        while self.ahead[0] == "edge":
            self.next()
            groups.append(self.known(self.operand(defaults, deep)))
        found = self.attributes()
        if len(groups) > 1:
            weight = self.weight({**defaults, **found})
            for near, far in pairwise(groups):
                if len(self.ends) + len(near) * len(far) > _EDGES:
                    raise self.error(f"has more than {_EDGES} edges; give a smaller graph")
                self.ends += [(i, j) for i in near for j in far]
                self.weights += [weight] * (len(near) * len(far))
        return [node for group in groups for node in group]

    def operand(self, defaults: dict[str, str], deep: int) -> str | list[int]:
        """Take a group, or the name of a node without its port."""
        if self.takes("{"):
            return self.group(defaults, deep + 1)
        if self.takes("subgraph"):
            if self.ahead[1] != "{":
                self.name()
            if not self.takes("{"):
                raise self.error("a subgraph has no '{'; write one")
            return self.group(defaults, deep + 1)
        name = self.name()
        while self.takes(":"):
            self.name()
        return name

    def known(self, side: str | list[int]) -> list[int]:
        """Return the numbers of nodes, new ones included."""
        return [self.numbers.setdefault(side, len(self.numbers))] if isinstance(side, str) else side

    def weight(self, attributes: dict[str, str]) -> float | None:
        text = next((attributes[key] for key in _WEIGHTS if key in attributes), None)
        if text is None:
            return None
        value = parse_number(text)
        if value is None:
            raise self.error(f"the weight of an edge is {quote_text(text)}; write a number")
        return value


def read_dot(source: TextFile) -> Graph:
    """Read the graph of a DOT file.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Graph
        Graph, with the names of its nodes in their order.

    Raises
    ------
    ProblemFileError
        If the file is damaged, or too large.
    """
    if len(source.data) > MAX_DOT:
        raise source.error(f"is larger than {MAX_DOT >> 20} MB; write 'nodes edges', then 'i j weight' an edge")
    reader = _Reader(source, _tokens(source))
    reader.next()
    strict = reader.takes("strict")
    reader.directed = reader.takes("digraph")
    if not reader.directed and not reader.takes("graph"):
        raise reader.error("is no 'graph {' or 'digraph {'; correct its beginning")
    if reader.ahead[1] != "{":
        reader.name()
    if not reader.takes("{"):
        raise reader.error("has no '{' behind 'graph'; write one")
    reader.group({}, 0)
    if reader.ahead[0] != "end":
        raise reader.error("goes on behind the '}' of its graph; keep one graph a file")
    names = list(reader.numbers)
    plain = names == [str(k) for k in range(1, len(names) + 1)]
    found = Graph.of(
        source,
        len(names),
        np.array(reader.ends, np.int64).reshape(-1, 2),
        np.array([1.0 if weight is None else weight for weight in reader.weights]),
        given=np.array([weight is not None for weight in reader.weights], bool),
        labels=() if plain else names,
        both=strict or reader.directed,
    )
    said = ("its edges have directions, which a graph to be cut has not",) if reader.directed else ()
    return found.said(f"{found.size} nodes and {len(found.ends)} edges", *said)


def _tokens(source: TextFile) -> Iterator[tuple[str, str, int]]:
    """Yield the kind, the text and the place of each token; lines of # are comments of a preprocessor."""
    text = "\n".join("" if line.startswith("#") else line for line in source.lines)
    at, line = 0, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None and text[at] == "<":
            end = _end_of_html(text, at)
            if end is not None:
                yield "quoted", text[at:end], at
                at = end
                continue
        if match is None:
            line = text.count("\n", 0, at) + 1
            raise source.error(f"{quote_text(text[at : at + 20])} is no part of DOT; correct it", line)
        if match.lastgroup != "skip":
            kind = match.lastgroup or ""
            yield kind, match[kind].replace('\\"', '"').replace("\\\n", "") if kind == "quoted" else match[kind], at
        at = match.end()


def _end_of_html(text: str, at: int) -> int | None:
    deep = 0
    for match in _HTML.finditer(text, at):
        deep += 1 if match[0] == "<" else -1
        if not deep:
            return match.end()
    return None
