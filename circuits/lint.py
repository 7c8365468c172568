"""What a simulator would drop without a word, or compute wrong, in the text of a netlist.

>>> for finding in lint(text, NEOSPICE): print(finding)

The text may be anybody's, not only what ``dialects`` writes: nothing is read into a circuit here, and what no rule
knows passes. The rules for ngspice and neospice come from running them (``tests/test_dialects.py`` runs many again);
those for Xyce and LTspice, which cannot be run here, from the Xyce Reference Guide and Analog Devices' reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from .cards import Card, NetlistError, cards, shown
from .dialects import LARGEST_EXPRESSION, LTSPICE, NEOSPICE, NGSPICE, XYCE, Dialect


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that ``line`` breaks, and the remedy."""

    line: int
    rule: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.rule}"


def lint(text: str, dialect: Dialect = NGSPICE) -> tuple[Finding, ...]:
    """All findings in the order of lines; none means that no known trap is in the text."""
    deck = _Deck(tuple(cards(text)))
    rules = (*_EVERYWHERE, *_RULES[dialect.name])
    found = {Finding(line, said) for rule in rules for line, said in rule(deck, dialect)}
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.rule)))


def require_clean(text: str, dialect: Dialect = NGSPICE, name: str = "netlist") -> None:
    """Raise NetlistError with the first finding, and how many more there are."""
    findings = lint(text, dialect)
    if findings:
        more = f" ({len(findings) - 1} more)" if findings[1:] else ""
        raise NetlistError(f"{name}, {findings[0]}{more}")


_Findings: TypeAlias = Iterator[tuple[int, str]]
_Rule: TypeAlias = Callable[["_Deck", Dialect], _Findings]

# Possessive (++), for a failing match must not try again: words in a foreign text may be a million letters long.
_NUMBER = r"[+-]?(?:\d++(?:\.\d*+)?+|\.\d++)(?:e[+-]?\d++)?+"
_VALUE = re.compile(rf"({_NUMBER})([a-z]*+)", re.IGNORECASE)
_SCALES = {"", "t", "g", "meg", "k", "u", "n", "p"}  # suffixes that nobody takes for a unit
_ASSIGNED = re.compile(r"\b(v|i|value|vol|cur|r|c)\s*=\s*(.*)", re.IGNORECASE)
_CALLED = re.compile(r"\b([a-z_]\w*+)\s*+\(", re.IGNORECASE)
_NAME = re.compile(r"[a-z_]\w*", re.IGNORECASE)
_VOLTAGE = re.compile(r"\bv\s*\(([^()]*)\)", re.IGNORECASE)
_RANDOM = re.compile(r"\blimit\s*\([^(),]*,[^(),]*\)", re.IGNORECASE)
_TERM = re.compile(r"[\w.]+")
_NODES = {"r": 2, "c": 2, "l": 2, "v": 2, "i": 2, "b": 2, "d": 2, "e": 2, "g": 2, "f": 2, "h": 2, "m": 4, "q": 3}

_TRIGONOMETRY = {"sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"}
_SHARED = _TRIGONOMETRY | {"v", "i", "exp", "ln", "log10", "sqrt", "abs", "min", "max", "sgn", "floor", "ceil"}
# Not pow and pwr: ngspice gives pow(-0.5, 3) = 0.125, neospice pwr(-0.5, 2) = -0.25.
_FUNCTIONS = {
    "ngspice": _SHARED | {"u", "u2", "uramp", "nint", "ternary_fcn", "ddt", "pwl"},
    "neospice": _SHARED | {"u", "uramp", "nint", "ternary_fcn", "if", "limit"},
    "xyce": _SHARED
    | {"if", "int", "nint", "limit", "pow", "pwr", "pwrs", "stp", "uramp", "table", "ddt", "sdt", "atan2", "sign",
       "fmod"},
    "ltspice": _SHARED - {"asinh", "acosh", "atanh"}
    | {"if", "int", "round", "limit", "pow", "pwr", "pwrs", "u", "uramp", "buf", "inv", "table", "ddt", "idt", "sdt",
       "delay", "absdelay", "atan2", "hypot", "cbrt"},
}  # fmt: skip
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


@dataclass(frozen=True)
class _Deck:
    """The cards of a netlist up to ``.end``, title and comments apart."""

    all: tuple[Card, ...]

    @cached_property
    def _end(self) -> int:
        return next((k for k, card in enumerate(self.all) if card.text.lower() == ".end"), len(self.all))

    @property
    def behind_the_end(self) -> tuple[Card, ...]:
        return self.all[self._end + 1 :]

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """Without the first line, which is the title whatever it holds."""
        return tuple(card for card in self.all[1 : self._end] if not card.is_comment)

    @cached_property
    def elements(self) -> tuple[Card, ...]:
        return tuple(card for card in self.cards if not card.text.startswith("."))

    def dots(self, *names: str) -> Iterator[tuple[Card, list[str]]]:
        """Cards of these names, and their words."""
        for card in self.cards:
            words = card.text.lower().split()
            if words[0][1:] in names and words[0].startswith("."):
                yield card, words

    @cached_property
    def expressions(self) -> tuple[tuple[Card, str, str], ...]:
        """(card, the word before =, all that follows) of sources and of values that are no number."""
        found = []
        for card in self.elements:
            match = _ASSIGNED.search(card.text)
            if match and (card.text[0] in "bBeEgG" or (card.text[0] in "rRcC" and match[1].lower() in "rc")):
                found.append((card, match[1].lower(), match[2]))
        return tuple(found)


def _title(deck: _Deck, dialect: Dialect) -> _Findings:
    if deck.all and not deck.all[0].is_comment:
        yield deck.all[0].line, "the first line is the title, which simulators skip; start the file with '* <title>'"


def _behind_the_end(deck: _Deck, dialect: Dialect) -> _Findings:
    for card in deck.behind_the_end[:1]:
        yield card.line, "simulators skip what follows .end; move it before or remove it"


def _unknown_cards(deck: _Deck, dialect: Dialect) -> _Findings:
    for card in deck.cards:
        word = card.text.split()[0].lower()
        if word.startswith(".") and word[1:] not in _CARDS[dialect.name].split():
            yield card.line, f"{shown(word)} is no card of {dialect.name}, which may skip it without a word; remove it"


def _duplicates(deck: _Deck, dialect: Dialect) -> _Findings:
    seen: dict[str, int] = {}
    scope = 0
    for card in deck.cards:
        word = card.text.split()[0].lower()
        if word in (".subckt", ".ends"):
            scope = card.line if word == ".subckt" else 0  # names inside a subcircuit are its own
        elif not word.startswith(".") and seen.setdefault(f"{scope} {word}", card.line) != card.line:
            where = seen[f"{scope} {word}"]
            yield card.line, f"{shown(word)} occurs twice, first on line {where}; a simulator may keep one: rename it"


def _values(deck: _Deck, dialect: Dialect) -> _Findings:
    """Resistors and capacitors whose value is no number, or one with a tail that reads as something else."""
    for card in deck.elements:
        words = card.text.split()
        letter, place = card.text[0].lower(), _NODES.get(card.text[0].lower(), 0) + 1
        if letter not in "rciv" or "=" in " ".join(words[place : place + 2]) or words[place : place + 1] == []:
            continue
        value = words[place + 1] if words[place].lower() == "dc" and words[place + 1 :] else words[place]
        match = _VALUE.fullmatch(value)
        if match is None:
            if letter in "rc" and not value.startswith(("{", "'", '"')):
                yield card.line, f"{shown(value)} is no number, so the element may be skipped; write 1000.0"
        elif match[2].lower() not in _SCALES:
            yield card.line, f"{shown(value)}: f is 1e-15, m and M are 1e-3, units are dropped; write {_plain(match)}"


def _plain(match: re.Match[str]) -> str:
    scale = {"f": "e-15", "m": "e-3"}.get(match[2][0].lower(), "")
    return f"{match[1]}{scale} or {match[1]}" if scale and "e" not in match[1].lower() else "the plain number"


def _subcircuits(deck: _Deck, dialect: Dialect) -> _Findings:
    defined = {words[1] for _, words in deck.dots("subckt") if words[1:]}
    if any(deck.dots("include", "inc", "lib")):
        return
    for card in deck.elements:
        if card.text[0] in "xX":
            words = [word for word in card.text.lower().replace("params:", " ").split() if "=" not in word]
            if words[-1:] and words[-1] not in defined:
                yield card.line, f"subcircuit {shown(words[-1])} is not defined; add its .subckt"


def _unknown_functions(deck: _Deck, dialect: Dialect) -> _Findings:
    own = {match[1].lower() for card, _ in deck.dots("func") if (match := _CALLED.search(card.text))}
    known = _FUNCTIONS[dialect.name] | own | {"log"}
    for card, _, expression in deck.expressions:
        for name in dict.fromkeys(found.lower() for found in _CALLED.findall(expression)):
            if name not in known:
                yield card.line, f"{dialect.name} skips or miscomputes {shown(name)}; use {_INSTEAD.get(name, _PLAIN)}"


_PLAIN = "+ - * / and tanh, atan, exp, sqrt, abs, min, max"
_INSTEAD = {
    "pow": "products",
    "pwr": "products",
    "limit": "min(max(x, low), high)",
    "if": "ternary_fcn",
    "ternary_fcn": "if",
    "arctan": "atan",
}


def _logarithms(deck: _Deck, dialect: Dialect) -> _Findings:
    for card, _, expression in deck.expressions:
        if "log" in (name.lower() for name in _CALLED.findall(expression)):
            yield card.line, "log is natural in ngspice, neospice and LTspice, decimal in Xyce; write ln or log10"


def _random_noise(deck: _Deck, dialect: Dialect) -> _Findings:
    for card in deck.elements:
        if re.search(r"\btr(noise|random)\b", card.text, re.IGNORECASE):
            yield card.line, "TRNOISE cannot be repeated, and most simulators drop it; write the noise as PWL"


def _power(deck: _Deck, dialect: Dialect) -> _Findings:
    for card, _, expression in deck.expressions:
        if dialect.name in ("xyce", "ltspice"):
            if "^" in expression:
                yield card.line, f"^ is exclusive or in {dialect.name}; write ** or products"
        elif "^" in expression or "**" in expression:
            yield card.line, "(-x)^3 is |x|^3 in ngspice and neospice, -x^2 is x^2 in neospice; write products"


def _conditional(deck: _Deck, dialect: Dialect) -> _Findings:
    instead = "if(condition, a, b)" if dialect.name == "ltspice" else "ternary_fcn(condition, a, b)"
    for card, _, expression in deck.expressions:
        if "?" in expression:
            yield card.line, f"{dialect.name} does not know '? :' and may skip the source; write {instead}"


def _quotes(deck: _Deck, dialect: Dialect) -> _Findings:
    for card in deck.elements:
        if "'" in card.text or '"' in card.text:
            yield card.line, f"{dialect.name} may skip what has a quoted expression; write {...} or a number"


def _value_keywords(deck: _Deck, dialect: Dialect) -> _Findings:
    for card, keyword, _ in deck.expressions:
        if keyword in ("vol", "cur"):
            yield card.line, f"{dialect.name} may skip a source with {keyword}=; write B<name> with V= or I="
        if keyword in ("r", "c") and dialect is NEOSPICE:
            yield card.line, f"neospice skips an element with {keyword}=; write a number, or a B source"


def _braces(deck: _Deck, dialect: Dialect) -> _Findings:
    for card, keyword, expression in deck.expressions:
        if card.text[0] in "bB" and keyword in ("v", "i"):
            braced = expression.lstrip().startswith("{")
            if dialect is XYCE and not braced:
                yield card.line, "Xyce wants the expression of a B source in braces; write V={...}"
            if dialect is LTSPICE and braced:
                yield card.line, "LTspice wants the expression of a B source bare; write V=..., or E with value={...}"


def _long_expressions(deck: _Deck, dialect: Dialect) -> _Findings:
    for card, _, expression in deck.expressions:
        if len(_TERM.findall(_VOLTAGE.sub("v", expression))) > LARGEST_EXPRESSION:
            yield card.line, f"neospice crashes on long expressions; split this one below {LARGEST_EXPRESSION} terms"


def _parameters(deck: _Deck, dialect: Dialect) -> _Findings:
    defined = {word for card, _ in deck.dots("param") for word in re.findall(r"\b([a-z_]\w*+)\s*+=", card.text.lower())}
    for card, _, expression in deck.expressions:
        used = defined & {name.lower() for name in _NAME.findall(_VOLTAGE.sub("0", expression))}
        if used:
            yield card.line, f"neospice takes parameter {shown(min(used))} as 0 in an expression; write its number"


def _node_names(deck: _Deck, dialect: Dialect) -> _Findings:
    for card in deck.elements:
        nodes = card.text.split()[1 : 1 + _NODES.get(card.text[0].lower(), 0)]
        if dialect is NEOSPICE:
            bad = [node for node in nodes if node != node.lower() or re.search(r"[\[\]#:]", node)]
        else:
            bad = [node for node in nodes if ":" in node]  # a node within a subcircuit
        if bad:
            yield card.line, f"{dialect.name} misreads node {shown(bad[0])}; write names as [a-z][a-z0-9_]*"


def _initial(deck: _Deck, dialect: Dialect) -> _Findings:
    for card, words in deck.dots("tran"):
        if any(deck.dots("ic")) and "uic" not in words:
            yield card.line, "neospice does not hold .ic during the operating point; add uic"


def _largest_step(deck: _Deck, dialect: Dialect) -> _Findings:
    for card, words in deck.dots("tran"):
        numbers = [word for word in words[1:] if _VALUE.fullmatch(word)]
        if dialect is NEOSPICE:
            if len(numbers) > 3 and numbers[3] != numbers[0]:
                yield card.line, "neospice ignores the largest step; write it as the first number"
        elif len(numbers) < 4:
            yield card.line, f"the first number of .tran does not bound {dialect.name}'s step; add '0 <largest step>'"


def _spaced_options(deck: _Deck, dialect: Dialect) -> _Findings:
    for card, _ in deck.dots("options", "option"):
        if re.search(r"\s=|=\s", card.text):
            yield card.line, "neospice ignores options with spaces around '='; remove them"


def _option_package(deck: _Deck, dialect: Dialect) -> _Findings:
    for card, words in deck.dots("options"):
        if len(words) < 2 or "=" in card.text.split(maxsplit=2)[1] or words[2:3] == ["="]:
            yield card.line, "Xyce's .options names a package first; write .options timeint reltol=..."


def _xyce_output(deck: _Deck, dialect: Dialect) -> _Findings:
    for card, words in deck.dots("save"):
        if any(word.startswith("v(") for word in words[1:]):
            yield card.line, "Xyce's .save stores an operating point, not signals; write .print tran v(...)"
    if not any(words[1:2] == ["tran"] for _, words in deck.dots("print")):
        for card, _ in deck.dots("tran"):
            yield card.line, "Xyce writes nothing without .print tran; add '.print tran v(<node>)'"


def _ltspice_samples(deck: _Deck, dialect: Dialect) -> _Findings:
    given = " ".join(card.text.lower() for card, _ in deck.dots("options", "option"))
    options = dict(re.findall(r"\b(\w++)\s*+=\s*+(\S++)", given))
    digits = options.get("numdgt", "6")
    if options.get("plotwinsize") != "0" or not digits.isdigit() or int(digits) <= 6:
        for card, _ in deck.dots("tran"):
            yield card.line, "LTspice compresses and rounds its samples; add '.options plotwinsize=0 numdgt=15'"


def _random_limit(deck: _Deck, dialect: Dialect) -> _Findings:
    for card, _, expression in deck.expressions:
        if _RANDOM.search(_VOLTAGE.sub("0", expression)):
            yield card.line, "limit with two arguments is random in Xyce; write limit(x, low, high)"


def _dollar_comments(deck: _Deck, dialect: Dialect) -> _Findings:
    for card in deck.cards:
        if "$" in card.text:
            yield card.line, f"{dialect.name} does not take $ for a comment; put it on a line of its own behind '*'"


_EVERYWHERE: tuple[_Rule, ...] = (
    _title, _behind_the_end, _unknown_cards, _duplicates, _values, _subcircuits, _unknown_functions, _logarithms,
    _random_noise, _power,
)  # fmt: skip
_RULES: dict[str, tuple[_Rule, ...]] = {
    "ngspice": (),
    "neospice": (
        _conditional, _quotes, _value_keywords, _long_expressions, _parameters, _node_names, _initial, _largest_step,
        _spaced_options, _dollar_comments,
    ),
    "xyce": (
        _quotes, _value_keywords, _braces, _node_names, _largest_step, _option_package, _xyce_output, _random_limit,
        _dollar_comments,
    ),
    "ltspice": (
        _conditional, _quotes, _value_keywords, _braces, _node_names, _largest_step, _ltspice_samples, _dollar_comments,
    ),
}  # fmt: skip
