"""The definitions of a netlist (models, parameters, subcircuits) and the elements that use them.

Definitions may follow their use, but not contain themselves, and each must be used: a circuit has no place for others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..netlist.circuit import (
    Diode,
    DiodeModel,
    Element,
    Instance,
    Mosfet,
    MosModel,
    Parameter,
    Subcircuit,
    device_name,
    read_nodes,
    terminals,
)
from ..netlist.models import DeviceModel
from .cards import NetlistError, quote_card
from .element_reader import Pending, check_name, check_node_name, read_element, read_parameter_pairs, split_pairs
from .expression_parser import read_number

MAX_ELEMENTS = 2_000_000
_DEEPEST = 50  # deepest nesting of subcircuits

_PAIR = re.compile(r"(\w+)=(\S+)")
_MODEL = re.compile(r"\.model (\S+) (?:([np])mos level=1|d) (.*)")
_MOS_KEYS = ("vto", "kp", "gamma", "phi", "lambda", "tox", "cgso", "cgdo")
_DIODE_KEYS = ("is", "n", "rs", "cjo", "vj", "m", "tt")
_NOTE = re.compile(r"\*@ (\w+)(?: tolerance=(\S+))?(?: unit=(\S+))?", re.IGNORECASE)


@dataclass
class DefinitionScope:
    """The elements and parameters of a netlist, or of one of its subcircuits.

    Attributes
    ----------
    name : str
        Name of the subcircuit; empty for the netlist.
    line : int
        Line of its ``.subckt``.
    ports : tuple of str
        Nodes that an instance connects.
    parameters : dict of str to Parameter
        Parameters by name.
    elements : list of Element or Pending
        Elements in order; some wait for their definition.
    lines : dict of str to int
        Line of each device.
    """

    name: str = ""
    line: int = 0
    ports: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = field(default_factory=dict)
    elements: list[Element | Pending] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)  # line of each device

    def add(self, text: str, line: int, shared: Iterable[str]) -> None:
        """Read the card of an element.

        Parameters
        ----------
        text : str
            Text of the card.
        line : int
            Number of the line.
        shared : iterable of str
            Parameters of the whole netlist.

        Raises
        ------
        ValueError
            If the card cannot be read, or the device occurs twice.
        """
        element = read_element(text, {*shared, *self.parameters})
        device = text.split(" ", 1)[0]
        if device in self.lines:
            raise ValueError(f"{quote_card(device)} occurs twice, first on line {self.lines[device]}; rename one")
        self.lines[device] = line
        self.elements.append(element)

    def define(self, words: list[str]) -> None:
        """Define parameters by ``name=value`` words.

        Parameters
        ----------
        words : list of str
            Words behind ``.param`` or ``params:``.

        Raises
        ------
        ValueError
            If a parameter occurs twice.
        """
        for name, value in read_parameter_pairs(words, None).items():
            if name in self.parameters:
                raise ValueError(f"parameter {quote_card(name)} occurs twice; keep one")
            self.parameters[name] = Parameter(name, float(value))

    def note(self, text: str) -> None:
        """Read the tolerance and unit of a parameter from their comment.

        Parameters
        ----------
        text : str
            Text of the comment.

        Raises
        ------
        ValueError
            If the comment names no parameter or is written otherwise.
        """
        match = _NOTE.fullmatch(text)
        if match is None or match[1].lower() not in self.parameters:
            raise ValueError(
                f"{quote_card(text)}: write *@ <parameter> tolerance=0.01 unit=ohm right behind its definition"
            )
        name, tolerance = match[1].lower(), read_number(match[2].lower()) if match[2] else 0.0
        self.parameters[name] = replace(self.parameters[name], tolerance=tolerance, unit=match[3] or "")


def read_head(text: str, line: int) -> DefinitionScope:
    """Read the ``.subckt`` card that opens a scope.

    Parameters
    ----------
    text : str
        Text of the card.
    line : int
        Number of the line.

    Returns
    -------
    DefinitionScope
        The scope with its ports and parameters.

    Raises
    ------
    ValueError
        If the card cannot be read.
    """
    words, pairs = split_pairs(text.split(" ")[1:])
    if len(words) < 2:
        raise ValueError(f"{quote_card(text)}: write .subckt <name> <port> ... params: <name>=<value> ...")
    check_name(words[0])
    scope = DefinitionScope(words[0], line, tuple(check_node_name(port) for port in words[1:]))
    scope.define(pairs)
    return scope


def read_model_card(text: str) -> DeviceModel:
    """Read a ``.model`` card that gives all parameters of our models.

    Parameters
    ----------
    text : str
        Text of the card in lower case.

    Returns
    -------
    DeviceModel
        The model.

    Raises
    ------
    ValueError
        If the card is of another kind or lacks a parameter.
    """
    match = _MODEL.fullmatch(text)
    pairs = [_PAIR.fullmatch(word) for word in match[3].split(" ")] if match else []
    keys = _MOS_KEYS if match and match[2] else _DIODE_KEYS
    if match is None or tuple(pair[1] if pair else "" for pair in pairs) != keys:
        known = (f"{head} " + " ".join(f"{key}=..." for key in each) for head, each in
                 (("nmos|pmos level=1", _MOS_KEYS), ("d", _DIODE_KEYS)))  # fmt: skip
        raise ValueError(f"only .model <name> {' or '.join(known)} is read; write all of them")
    check_name(match[1])
    values = [read_number(pair[2]) for pair in pairs if pair]
    if not match[2]:
        return DiodeModel(match[1], *values)
    if values[-1] != values[-2]:
        raise ValueError("cgso and cgdo differ; only equal overlaps are read")
    return MosModel(match[1], "n" if match[2] == "n" else "p", *values[:-1])


class Definitions:
    """Models and subcircuits by name, from which elements are made.

    Attributes
    ----------
    file : str
        Name of the file, for errors.
    models : dict of str to (model, int)
        Models by name, with their lines.
    scopes : dict of str to DefinitionScope
        Subcircuits by name.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.models: dict[str, tuple[DeviceModel, int]] = {}
        self.scopes: dict[str, DefinitionScope] = {}
        self._made: dict[str, Subcircuit] = {}
        self._used: set[str] = set()

    def elements(self, scope: DefinitionScope, within: tuple[str, ...] = ()) -> tuple[Element, ...]:
        """Return the elements of a scope, complete with their definitions.

        Parameters
        ----------
        scope : DefinitionScope
            Scope whose elements are made.
        within : tuple of str, optional
            Subcircuits that the scope is a part of.

        Returns
        -------
        tuple of Element
            Elements in order.

        Raises
        ------
        NetlistError
            If a definition is missing, contains itself, or a node is read that nothing drives.
        """
        made = []
        for element in scope.elements:
            if isinstance(element, Pending):
                line = scope.lines[element.letter + element.name]
                try:
                    element = self._element(element, line, within)
                except NetlistError:
                    raise
                except ValueError as error:
                    raise self.error(line, str(error)) from None
            made.append(element)
        wired = {"0", *scope.ports, *(node for element in made for node in terminals(element))}
        for element in made:
            for node in read_nodes(element):
                if node not in wired:
                    raise self.error(
                        scope.lines[device_name(element)], f"node {node!r} is read, but nothing drives it; wire it"
                    )
        return tuple(made)

    def check_used(self) -> None:
        """Check that an element uses every definition.

        Raises
        ------
        NetlistError
            If one is not used.
        """
        for model, (_, line) in self.models.items():
            if model not in self._used:
                raise self.error(line, f"no transistor or diode uses model {quote_card(model)}; remove it")
        for name, scope in self.scopes.items():
            if name not in self._made:
                raise self.error(scope.line, f"no instance uses subcircuit {quote_card(name)}; remove it")

    def error(self, line: int, rule: str) -> NetlistError:
        """Return the error of a line.

        Parameters
        ----------
        line : int
            Number of the line.
        rule : str
            Rule that it breaks, and the remedy.

        Returns
        -------
        NetlistError
            Error that names the file and the line.
        """
        return NetlistError(f"{self.file}, line {line}: {rule}")

    def _element(self, pending: Pending, line: int, within: tuple[str, ...]) -> Element:
        name, nodes, kind = pending.name, pending.nodes, pending.kind
        if pending.letter == "x":
            return Instance(name, self._subcircuit(kind, line, within), nodes, dict(pending.values))
        if kind not in self.models:
            raise ValueError(f"model {quote_card(kind)} is not defined; add its .model")
        model = self.models[kind][0]
        self._used.add(kind)
        values = dict(pending.values)
        if pending.letter == "d" and isinstance(model, DiodeModel):
            return Diode(name, nodes[0], nodes[1], model, values["area"])
        if pending.letter == "m" and isinstance(model, MosModel):
            drain, gate, source, bulk = nodes
            return Mosfet(name, drain, gate, source, bulk, model, values["width_m"], values["length_m"])
        raise ValueError(f"model {quote_card(kind)} is of another kind of element; name one of this kind")

    def _subcircuit(self, name: str, line: int, within: tuple[str, ...]) -> Subcircuit:
        if name in self._made:
            return self._made[name]
        if name not in self.scopes:
            raise ValueError(f"subcircuit {quote_card(name)} is not defined; add its .subckt")
        if name in within:
            raise ValueError(f"subcircuit {quote_card(name)} contains itself; take the instance out")
        if len(within) >= _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} subcircuits within one another; take some apart")
        scope = self.scopes[name]
        elements = self.elements(scope, (*within, name))
        try:
            made = Subcircuit(name, scope.ports, elements, tuple(scope.parameters.values()))
        except ValueError as error:
            raise self.error(scope.line, str(error)) from None
        if made.devices > MAX_ELEMENTS:
            raise self.error(scope.line, f"it stands for more than {MAX_ELEMENTS} elements; take a smaller circuit")
        return self._made.setdefault(name, made)
