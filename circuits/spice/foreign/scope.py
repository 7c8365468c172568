"""Definitions of a netlist or of a subcircuit: parameters, functions, models, subcircuits, cards of elements."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...netlist.card_devices import MODEL_KINDS, CardModel
from ..cards import quote_card
from .formulas import Function, Meaning, parse_formula, unwrapped
from .lines import ForeignCard
from .model_keys import FOR_PEOPLE, unknown_key
from .numbers import read_suffixed

_DEEPEST = 50  # parameters that follow from one another
_PAIR = re.compile(r"([a-z_]\w*+)\s*=\s*(\{[^{}]*+\}|'[^']*+'|\"[^\"]*+\"|[^\s=,]++)\s*,?\s*")
_FUNCTION = re.compile(r"\.func\s+([a-z_]\w*+)\s*\(([^()]*+)\)\s*=?\s*(.+)")
_MODEL = re.compile(r"\.model\s+(\S+)\s+([a-z]+)\s*\(?([^()]*+)\)?")


@dataclass
class NetlistScope:
    """The definitions of a netlist or a subcircuit.

    Attributes
    ----------
    name : str
        Name of the subcircuit; empty for the netlist.
    line : int
        Line of its head.
    ports : tuple of str
        Nodes that an instance connects.
    parent : NetlistScope or None
        NetlistScope in which it is defined.
    parameters : dict of str to str
        Texts of parameters.
    origins : dict of str to ForeignCard
        Cards of parameters.
    functions : dict of str to Function
        Functions.
    models : dict of str to ForeignCard
        Model cards.
    scopes : dict of str to NetlistScope
        Subcircuits.
    cards : list of ForeignCard
        Cards of elements.
    """

    name: str = ""
    line: int = 0
    ports: tuple[str, ...] = ()
    parent: NetlistScope | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    origins: dict[str, ForeignCard] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    models: dict[str, ForeignCard] = field(default_factory=dict)
    scopes: dict[str, NetlistScope] = field(default_factory=dict)
    cards: list[ForeignCard] = field(default_factory=list)

    def find_scope(self, name: str) -> NetlistScope | None:
        """Return the subcircuit of a name, from the innermost scope outwards.

        Parameters
        ----------
        name : str
            Name.

        Returns
        -------
        NetlistScope or None
            Subcircuit.
        """
        scope: NetlistScope | None = self
        while scope is not None:
            if name in scope.scopes:
                return scope.scopes[name]
            scope = scope.parent
        return None

    def find_model(self, name: str) -> ForeignCard | None:
        """Return the model card of a name, from the innermost scope outwards.

        Parameters
        ----------
        name : str
            Name.

        Returns
        -------
        ForeignCard or None
            ForeignCard.
        """
        scope: NetlistScope | None = self
        while scope is not None:
            if name in scope.models:
                return scope.models[name]
            scope = scope.parent
        return None

    def all_functions(self) -> dict[str, Function]:
        """Return the functions of this scope and those around it.

        Returns
        -------
        dict of str to Function
            Functions by name.
        """
        outer = self.parent.all_functions() if self.parent else {}
        return {**outer, **self.functions}

    def define(self, text: str, card: ForeignCard | None = None) -> None:
        """Define parameters by ``name=value`` pairs.

        Parameters
        ----------
        text : str
            Pairs.
        card : ForeignCard or None
            ForeignCard that they stand on.

        Raises
        ------
        ValueError
            If the text is anything else.
        """
        for name, value in read_assignments(text):
            if name in self.parameters:
                raise ValueError(f"parameter {quote_card(name)} occurs twice; keep one")
            self.parameters[name] = value
            if card is not None:
                self.origins[name] = card

    def define_function(self, text: str) -> None:
        """Define a function by its ``.func`` card.

        Parameters
        ----------
        text : str
            Text of the card.

        Raises
        ------
        ValueError
            If it is written otherwise.
        """
        match = _FUNCTION.fullmatch(text)
        if match is None:
            raise ValueError(f"{quote_card(text)}: write .func f(x, y) {{expression}}")
        names = tuple(part.strip() for part in match[2].split(",")) if match[2].strip() else ()
        self.functions[match[1]] = names, unwrapped(match[3])


def read_assignments(text: str) -> list[tuple[str, str]]:
    """Split ``a=1 b = {a*2}`` into pairs.

    Parameters
    ----------
    text : str
        Text of the pairs.

    Returns
    -------
    list of (str, str)
        Names and texts of values.

    Raises
    ------
    ValueError
        If the text is anything else.
    """
    at, found = 0, []
    text = text.strip()
    while at < len(text):
        match = _PAIR.match(text, at)
        if match is None:
            raise ValueError(f"{quote_card(text[at:])}: write name=value, an expression in {{ }}")
        found.append((match[1], match[2]))
        at = match.end()
    return found


class Values:
    """Values of the parameters of one instance of a scope, computed when asked for.

    Parameters
    ----------
    scope : NetlistScope
        NetlistScope of the instance.
    given : dict of str to float
        Parameters that the instance sets.
    outer : Values or None
        Values of the scope around it.
    left : list of int
        Operations that the netlist's expressions may still take.
    """

    def __init__(self, scope: NetlistScope, given: dict[str, float], outer: Values | None, left: list[int]) -> None:
        self.scope, self.outer, self.left = scope, outer, left
        self.known = dict(given)
        self.pending: list[str] = []

    def get(self, name: str) -> float | None:
        """Return the value of a parameter.

        Parameters
        ----------
        name : str
            Name.

        Returns
        -------
        float or None
            Value; None if there is no such parameter.

        Raises
        ------
        ValueError
            If it follows from itself.
        """
        if name in self.known:
            return self.known[name]
        if name not in self.scope.parameters:
            return self.outer.get(name) if self.outer else None
        if name in self.pending or len(self.pending) >= _DEEPEST:
            raise ValueError(f"parameter {quote_card(name)} follows from itself, or from more than {_DEEPEST} others")
        self.pending.append(name)
        try:
            self.known[name] = self.number(self.scope.parameters[name])
        finally:
            self.pending.pop()
        return self.known[name]

    def meaning(self) -> Meaning:
        """Return what names mean in a value: parameters, no voltages.

        Returns
        -------
        Meaning
            Meaning of the names.
        """

        def no(name: str) -> str:
            raise ValueError(f"a value hangs on no voltage or current; use a B source for v({quote_card(name)})")

        return Meaning(self.get, no, no, self.scope.all_functions(), {}, self.left)  # type: ignore[arg-type]

    def number(self, text: str) -> float:
        """Read a value: a number, a parameter, or an expression.

        Parameters
        ----------
        text : str
            Text of the value.

        Returns
        -------
        float
            Value.

        Raises
        ------
        ValueError
            If it cannot be read.
        """
        inside = unwrapped(text)
        if inside == text and (text[:1].isdigit() or text[:1] in "+-."):
            try:
                return read_suffixed(text)
            except ValueError:
                if not re.search(r"[-+*/(]", text[1:]):
                    raise
        return float(parse_formula(inside, self.meaning()))

    def model(self, card: ForeignCard) -> CardModel:
        """Read a model card.

        Parameters
        ----------
        card : ForeignCard
            ForeignCard.

        Returns
        -------
        CardModel
            Model.

        Raises
        ------
        ValueError
            If it cannot be read.
        """
        match = _MODEL.fullmatch(card.text)
        if match is None:
            raise ValueError(f"{quote_card(card.text)}: write .model <name> <type>(<key>=<number> ...)")
        if match[2] not in MODEL_KINDS:
            raise ValueError(
                f"a model of type {quote_card(match[2])} is not read; those of {', '.join(MODEL_KINDS)} are"
            )
        pairs = read_assignments(match[3].replace(",", " "))
        numbers = tuple((key, self.number(value)) for key, value in pairs if key not in FOR_PEOPLE)
        unknown = unknown_key(match[2], dict(numbers))
        if unknown is not None:
            raise ValueError(f"{quote_card(unknown)} is no parameter of a model of type {match[2]}; leave it out")
        return CardModel(re.sub(r"[^a-z0-9_]", "_", match[1]), match[2], numbers)
