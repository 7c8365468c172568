"""Lint for the text of a netlist: what a simulator would drop without a word, or compute wrong.

>>> for finding in lint(text, NEOSPICE): print(finding)

The text may be anybody's, not only what ``writer`` writes: nothing is read into a circuit here, and what no rule
knows passes. The rules for ngspice and neospice come from running them (``test_dialects.py`` runs many again);
those for Xyce and LTspice, which cannot be run here, from the Xyce Reference Guide and Analog Devices' reference.
Rules for elements and for expressions stand in files of their own; here are those for the cards around them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..cards import NetlistError, cards, quote_card
from ..dialect import Dialect
from ..dialects import NEOSPICE, NGSPICE
from . import element_rules as elements
from . import expression_rules as expressions
from .deck import VALUE, Deck, Findings, Rule


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a line breaks, and the remedy.

    Attributes
    ----------
    line : int
        Number of the line.
    rule : str
        Rule and remedy.
    """

    line: int
    rule: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.rule}"


def lint(text: str, dialect: Dialect = NGSPICE) -> tuple[Finding, ...]:
    """Find all known traps in the text of a netlist.

    Parameters
    ----------
    text : str
        Text of the netlist.
    dialect : Dialect, default NGSPICE
        Dialect of the simulator that shall run it.

    Returns
    -------
    tuple of Finding
        Findings in the order of lines; none means that no known trap is in the text.
    """
    deck = Deck(tuple(cards(text)))
    rules = (*_EVERYWHERE, *_RULES[dialect.name])
    found = {Finding(line, said) for rule in rules for line, said in rule(deck, dialect)}
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.rule)))


def require_clean(text: str, dialect: Dialect = NGSPICE, name: str = "netlist") -> None:
    """Check that no known trap is in the text of a netlist.

    Parameters
    ----------
    text : str
        Text of the netlist.
    dialect : Dialect, default NGSPICE
        Dialect of the simulator that shall run it.
    name : str, default "netlist"
        Name of the file, for errors.

    Raises
    ------
    NetlistError
        If there is a trap; the message holds the first one and how many more there are.
    """
    findings = lint(text, dialect)
    if findings:
        more = f" ({len(findings) - 1} more)" if findings[1:] else ""
        raise NetlistError(f"{name}, {findings[0]}{more}")


_CARDS = {
    "ngspice": "ac dc op tran noise tf pz sens disto four meas measure print plot probe save ic nodeset options "
    "option model subckt ends param func global lib endl include inc temp width csparam if elseif else endif control "
    "endc title",
    "neospice": "ac dc op tran save ic options option model subckt ends param",
    "xyce": "ac data dc dcvolt endl ends fft four func global global_param hb ic inc include lib lin meas measure "
    "model nodeset noise op options param print result sampling save sens step subckt tran",
    "ltspice": "ac backanno dc ends endl four fra func global ic inc include lib loadbias loadstate machine meas "
    "measure model net nodeset noise op options option param params save savebias savestate step subckt temp tf tran "
    "wave",
}


def _title(deck: Deck, dialect: Dialect) -> Findings:
    if deck.all and not deck.all[0].is_comment:
        yield deck.all[0].line, "the first line is the title, which simulators skip; start the file with '* <title>'"


def _behind_the_end(deck: Deck, dialect: Dialect) -> Findings:
    for card in deck.behind_the_end[:1]:
        yield card.line, "simulators skip what follows .end; move it before or remove it"


def _unknown_cards(deck: Deck, dialect: Dialect) -> Findings:
    for card in deck.cards:
        word = card.text.split()[0].lower()
        if word.startswith(".") and word[1:] not in _CARDS[dialect.name].split():
            yield (
                card.line,
                f"{quote_card(word)} is no card of {dialect.name}, which may skip it without a word; remove it",
            )


def _initial(deck: Deck, dialect: Dialect) -> Findings:
    for card, words in deck.dots("tran"):
        if any(deck.dots("ic")) and "uic" not in words:
            yield card.line, "neospice does not hold .ic during the operating point; add uic"


def _largest_step(deck: Deck, dialect: Dialect) -> Findings:
    for card, words in deck.dots("tran"):
        numbers = [word for word in words[1:] if VALUE.fullmatch(word)]
        if dialect is NEOSPICE:
            if len(numbers) > 3 and numbers[3] != numbers[0]:
                yield card.line, "neospice ignores the largest step; write it as the first number"
        elif len(numbers) < 4:
            yield card.line, f"the first number of .tran does not bound {dialect.name}'s step; add '0 <largest step>'"


def _spaced_options(deck: Deck, dialect: Dialect) -> Findings:
    for card, _ in deck.dots("options", "option"):
        if re.search(r"\s=|=\s", card.text):
            yield card.line, "neospice ignores options with spaces around '='; remove them"


def _option_package(deck: Deck, dialect: Dialect) -> Findings:
    for card, words in deck.dots("options"):
        if len(words) < 2 or "=" in card.text.split(maxsplit=2)[1] or words[2:3] == ["="]:
            yield card.line, "Xyce's .options names a package first; write .options timeint reltol=..."


def _xyce_output(deck: Deck, dialect: Dialect) -> Findings:
    for card, words in deck.dots("save"):
        if any(word.startswith("v(") for word in words[1:]):
            yield card.line, "Xyce's .save stores an operating point, not signals; write .print tran v(...)"
    if not any(words[1:2] == ["tran"] for _, words in deck.dots("print")):
        for card, _ in deck.dots("tran"):
            yield card.line, "Xyce writes nothing without .print tran; add '.print tran v(<node>)'"


def _ltspice_samples(deck: Deck, dialect: Dialect) -> Findings:
    given = " ".join(card.text.lower() for card, _ in deck.dots("options", "option"))
    options = dict(re.findall(r"\b(\w++)\s*+=\s*+(\S++)", given))
    digits = options.get("numdgt", "6")
    if options.get("plotwinsize") != "0" or not digits.isdigit() or int(digits) <= 6:
        for card, _ in deck.dots("tran"):
            yield card.line, "LTspice compresses and rounds its samples; add '.options plotwinsize=0 numdgt=15'"


def _dollar_comments(deck: Deck, dialect: Dialect) -> Findings:
    for card in deck.cards:
        if "$" in card.text:
            yield card.line, f"{dialect.name} does not take $ for a comment; put it on a line of its own behind '*'"


_EVERYWHERE: tuple[Rule, ...] = (
    _title,
    _behind_the_end,
    _unknown_cards,
    elements.duplicates,
    elements.values,
    elements.instances,
    elements.variables,
    elements.areas,
    expressions.unknown_functions,
    expressions.logarithms,
    elements.random_noise,
    expressions.find_powers,
)
_RULES: dict[str, tuple[Rule, ...]] = {
    "ngspice": (),
    "neospice": (
        expressions.conditional,
        elements.quotes,
        elements.value_keywords,
        elements.multipliers,
        expressions.long_expressions,
        expressions.parameters,
        elements.node_names,
        _initial,
        _largest_step,
        _spaced_options,
        _dollar_comments,
    ),
    "xyce": (
        elements.quotes,
        elements.value_keywords,
        expressions.braces,
        elements.node_names,
        _largest_step,
        _option_package,
        _xyce_output,
        expressions.random_limit,
        _dollar_comments,
    ),
    "ltspice": (
        expressions.conditional,
        elements.quotes,
        elements.value_keywords,
        expressions.braces,
        elements.node_names,
        _largest_step,
        _ltspice_samples,
        _dollar_comments,
    ),
}
