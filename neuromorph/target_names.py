"""Targets with their parameters as text, as the command line and files name them.

.. code-block:: text

    memristor-crossbar(levels=16,read_noise=off),cpu-anneal(sweeps=300)

    list   = target {"," target}            target = name ["(" [parameter {"," parameter}] ")"]
    value  = number | on | off | true | false | none | word | "text" | 'text' | "[" [value {"," value}] "]"

The parameters are those of the callable behind the target's entry point, as ``inspect.signature`` gives them, and its
annotations are the rule for a value. Nothing here knows a target by name.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_WORDS = {"on": True, "true": True, "off": False, "false": False, "none": None}
_MOST_WHOLE = 10**15  # larger ones are no counts, and overflow what is made of them
_SAID = {int: "a whole number to 10^15", float: "a number", bool: "on or off", str: "text", type(None): "none"}
_TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|[^\"']", re.DOTALL)  # a quoted piece is one token
_OPEN, _CLOSE = "([", ")]"
_LONGEST = 2_000  # characters of one target


@dataclass(frozen=True)
class TargetParameter:
    """Parameter of a target.

    Attributes
    ----------
    name : str
        Name.
    default : object
        Default; ``inspect.Parameter.empty`` if none.
    annotation : object
        Annotation of the constructor.
    meaning : str
        Meaning, from the docstring.
    """

    name: str
    default: Any
    annotation: Any
    meaning: str


def split_targets(text: str) -> list[str]:
    """Split a list of targets at the commas outside parentheses and quotes.

    Parameters
    ----------
    text : str
        As behind ``--targets``.

    Returns
    -------
    list of str
        Each target with its parameters, without spaces around it; empty pieces are left out.

    Raises
    ------
    ValueError
        If a parenthesis or a quote has no partner.
    """
    return [piece for piece in _split(text, text) if piece]


def parse_target(text: str) -> tuple[str, dict[str, Any]]:
    """Read ``name(parameter=value, ...)``.

    Parameters
    ----------
    text : str
        One target; parentheses may be left out.

    Returns
    -------
    name : str
        Name of the target.
    parameters : dict
        Values are int, float, bool, None, str or lists of them.

    Raises
    ------
    ValueError
        If the text is of another form; the message shows what was expected.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"target has {len(text)} characters; {_LONGEST} at most")
    whole = text.strip()
    name, opened, rest = whole.partition("(")
    if not opened:
        return whole, {}
    if not rest.endswith(")"):
        raise ValueError(f"target {whole!r} does not end with ')'; write name(parameter=value,...)")
    parameters: dict[str, Any] = {}
    for piece in _split(rest[:-1], whole):
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not piece and len(rest) == 1:  # name()
            continue
        if not (equals and key.isidentifier() and value):
            raise ValueError(f"target {whole!r} has {piece!r}; write parameter=value")
        if key in parameters:
            raise ValueError(f"target {whole!r} gives {key} twice; give it once")
        parameters[key] = _value(value, whole)
    return name.strip(), parameters


def callable_parameters(make: Callable[..., Any]) -> tuple[TargetParameter, ...] | None:
    """Return the parameters of a callable in its order.

    ``constants`` are left out, as a table of their own.

    Parameters
    ----------
    make : callable
        A class or a function; meanings are read from the section Parameters of its docstring.

    Returns
    -------
    tuple of Parameter or None
        None where Python cannot tell, or where any name is taken (``**options``).
    """
    try:
        signature = inspect.signature(make)
    except (TypeError, ValueError):
        return None
    given = [each for each in signature.parameters.values() if each.name != "constants"]
    if any(each.kind is each.VAR_KEYWORD for each in given):
        return None
    hints = _hints(make)
    meanings = dict(_meanings(inspect.getdoc(make) or ""))
    return tuple(
        TargetParameter(each.name, each.default, hints.get(each.name, Any), meanings.get(each.name, ""))
        for each in given
        if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    )


def check_names(known: tuple[TargetParameter, ...] | None, given: Collection[str]) -> None:
    """Require that names are parameters of a target.

    Parameters
    ----------
    known : tuple of TargetParameter or None
        Parameters of the target; None accepts every name.
    given : collection of str
        Names.

    Raises
    ------
    ValueError
        For the first unknown name; the message has the nearest right one, and all.
    """
    names = [each.name for each in known or ()]
    for name in given if known is not None else ():
        if name not in names and name != "constants":
            listed = f"parameters are {', '.join(names)}" if names else "it has no parameters"
            raise ValueError(f"it has no parameter {name!r}; {nearest(name, names)}{listed}")


def converted(known: tuple[TargetParameter, ...] | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Convert values that came as text to the annotations of the parameters.

    Parameters
    ----------
    known : tuple of TargetParameter or None
        Parameters of the target.
    given : dict of str to object
        Value of each parameter by name.

    Returns
    -------
    dict of str to object
        Converted values by name.

    Raises
    ------
    ValueError
        If a value is of another kind; the message says which are right.
    """
    rules = {each.name: each.annotation for each in known or ()}
    return {name: _fit(name, rules.get(name, Any), value) for name, value in given.items()}


def nearest(word: str, known: Collection[str]) -> str:
    """Suggest the known word that is nearest to a misspelled one.

    Parameters
    ----------
    word : str
        Given word.
    known : collection of str
        Known words.

    Returns
    -------
    str
        ``did you mean x? ``; empty if none is near.
    """
    close = get_close_matches(word.lower(), list(known), 1, 0.5)
    return f"did you mean {close[0]}? " if close else ""


def _split(text: str, whole: str) -> list[str]:
    """Pieces between the commas that stand in no bracket and no quotes."""
    pieces = [""]
    stack: list[str] = []
    for token in _tokens(text, whole):
        if token == "," and not stack:
            pieces.append("")
            continue
        if token in _OPEN:
            stack.append(token)
        elif token in _CLOSE and (not stack or _OPEN.index(stack.pop()) != _CLOSE.index(token)):
            raise ValueError(f"target {whole!r} has a {token!r} without its partner; write name(parameter=value,...)")
        pieces[-1] += token
    if stack:
        partner = _CLOSE[_OPEN.index(stack[-1])]
        raise ValueError(f"target {whole!r} lacks a {partner!r}; write name(parameter=value,...)")
    return [piece.strip() for piece in pieces]


def _tokens(text: str, whole: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"target {whole!r} has a {text[at]} without its partner; close it")
        yield found[0]
        at = found.end()


def _value(text: str, whole: str) -> Any:
    if text[0] == "[" and text[-1] == "]":
        return [_value(piece, whole) for piece in _split(text[1:-1], whole) if piece]
    if text[0] in "\"'":
        if len(text) < 2 or text[-1] != text[0] or text[0] in text[1:-1]:
            raise ValueError(f"target {whole!r} has the value {text}; quote it as one piece")
        return text[1:-1]
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if not isfinite(number):
            raise ValueError(f"target {whole!r} has the value {text}; give a finite number")
        return number
    if re.search(r"[\s()\[\]=\"']", text):
        raise ValueError(
            f"target {whole!r} has the value {text!r}; give a number, on, off, none, a word or quoted text"
        )
    return text


def _hints(make: Callable[..., Any]) -> dict[str, Any]:
    """Annotations by name; those that do not resolve are no rule."""
    for each in (make, getattr(make, "__init__", None)):
        try:
            if found := get_type_hints(each):
                return found
        except Exception:  # of a package of somebody else
            continue
    return {}


def _meanings(doc: str) -> Iterator[tuple[str, str]]:
    """(name, meaning) of every ``name : type`` in the section Parameters of a NumPy docstring."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=\n\S[^\n]*\n-{3,}|\Z)", doc, re.MULTILINE | re.DOTALL)
    for entry in re.finditer(r"^(\w[\w, ]*?) :[^\n]*\n((?:[ \t]+[^\n]*\n?|\n)*)", section[1] if section else "", re.M):
        for name in entry[1].split(","):
            yield name.strip(), " ".join(entry[2].split())


def _fit(what: str, rule: Any, value: Any) -> Any:
    options = get_args(rule) if get_origin(rule) in (Union, types.UnionType) else (rule,)
    for option in options:
        fits, found = _as(option, value, options)
        if fits:
            return found
    raise ValueError(f"{what} is {_shown(value)}; give {' or '.join(dict.fromkeys(_said(each) for each in options))}")


def _as(option: Any, value: Any, options: tuple[Any, ...]) -> tuple[bool, Any]:
    """Whether ``value`` is one of ``option``, and as what."""
    origin, inner = get_origin(option), get_args(option)
    if origin is Literal:
        return value in inner, value
    if origin in (list, tuple) or option in (list, tuple):
        if not isinstance(value, list):
            return False, value
        kind = inner[0] if inner else Any
        each = [_as(kind, item, (kind,)) for item in value]
        return all(fits for fits, _ in each), (origin or option)(found for _, found in each)
    if option is bool:
        switch = float in options  # a factor that is on, 1, or off, 0
        return isinstance(value, bool), float(value) if switch and isinstance(value, bool) else value
    if option is float:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number, float(value) if number else value
    if option is int:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        whole = number and abs(value) <= _MOST_WHOLE and float(value).is_integer()
        return whole, int(value) if whole else value
    if option is str:
        return isinstance(value, str), value
    if option is type(None):
        return value is None, None
    return not isinstance(option, type) or isinstance(value, option), value


def _said(option: Any) -> str:
    if get_origin(option) is Literal:
        return " or ".join(map(str, get_args(option)))
    if get_origin(option) in (list, tuple):
        return "a list [...]"
    return _SAID.get(option, f"a {getattr(option, '__name__', option)}, which Python alone can give")


def _shown(value: Any) -> str:
    """As it was written."""
    words = {True: "on", False: "off", None: "none"}
    return words[value] if value is None or isinstance(value, bool) else repr(value)
