"""Polynomials from files: rows of variables and a coefficient, or JSON of terms.

- text: ``# vartype=SPIN`` (or BINARY), then ``i j k ... value`` a line, variables from 0, as many as a term has;
- JSON: ``{"terms": [[[i, j, k], c], ...], "vartype": "SPIN"}``; variables are numbers from 0, or names.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .bqm_files import read_json
from .edge_list import is_comment
from .polynomial import MAX_ORDER, Polynomial
from .quadratic_model import MAX_FILE_SPINS
from .text_file import ProblemFileError, TextFile, parse_number, printable_name, quote_text

_DOMAINS = {"SPIN": "spin", "BINARY": "binary"}
_VARTYPE = re.compile(r"\s*#+\s*vartype\s*[=:]\s*(\w*)", re.IGNORECASE)


def is_polynomial(source: TextFile) -> bool:
    """Return whether a text of terms has one of other than two variables.

    Parameters
    ----------
    source : TextFile
        File that begins with ``# vartype=``.

    Returns
    -------
    bool
        False for a quadratic model.
    """
    rows = [line.split(None, MAX_ORDER + 2) for line in source.lines[:5000] if not is_comment(line)]
    whole = all(parse_number(word) is not None for row in rows for word in row[:-1])
    return whole and any(len(row) > 3 for row in rows)


def read_terms(source: TextFile) -> Polynomial:
    """Read rows ``i j k ... value`` below ``# vartype=``.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Polynomial
        Problem.

    Raises
    ------
    ProblemFileError
        If a row is damaged, or a term comes twice.
    """
    first = next((line for line in source.lines if not is_comment(line) or _VARTYPE.match(line)), "")
    said = _VARTYPE.match(first)
    domain = _DOMAINS.get(said[1].upper() if said else "")
    if domain is None:
        raise source.error("its first line says no vartype; write '# vartype=SPIN' or '# vartype=BINARY'", 1)
    terms: dict[tuple[int, ...], float] = {}
    for number, line in enumerate(source.lines, 1):
        if is_comment(line):
            continue
        words = line.split(None, MAX_ORDER + 2)
        value = parse_number(words[-1])
        if len(words) > MAX_ORDER + 1 or value is None or not abs(value) <= 1e15:
            raise source.error(
                f"is no term of {MAX_ORDER} variables at most and a number up to 1e15; correct it", number
            )
        if not all(word.isdecimal() and word.isascii() and len(word) < 10 for word in words[:-1]):
            raise source.error("a variable is no whole number from 0; write 'i j k value'", number)
        key = tuple(sorted(map(int, words[:-1])))
        if len(key) == 2 and key[0] == key[1]:
            key = key[:1]  # as quadratic models write a bias
        if key in terms:
            raise source.error("the term comes a second time; give each once", number)
        terms[key] = value
    return _made(source, terms, domain, ())


def read_json_terms(source: TextFile) -> Polynomial:
    """Read ``{"terms": [[[i, j, k], c], ...], "vartype": "SPIN"}``.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Polynomial
        Problem.

    Raises
    ------
    ProblemFileError
        If a term is damaged.
    """
    try:
        data = read_json(source)
        domain = _DOMAINS[str(data.get("vartype", "")).upper()]
        listed: Any = data["terms"]
        pairs = [(tuple(variables), float(value)) for variables, value in listed]
    except ProblemFileError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = quote_text(str(error).partition("\n")[0] or type(error).__name__)
        how = '{"terms": [[[0, 1, 2], -1.5], ...], "vartype": "SPIN"}'
        raise source.error(f"is damaged or not usable ({reason}); write {how}") from None
    names = list(dict.fromkeys(json.dumps(each) for variables, _ in pairs for each in variables))
    numbered = all(name.isdecimal() and len(name) < 10 for name in names)
    place = {name: int(name) if numbered else k for k, name in enumerate(names)}
    terms: dict[tuple[int, ...], float] = {}
    for variables, value in pairs:
        key = tuple(place[json.dumps(each)] for each in variables)
        if key in terms:
            raise source.error(f"the term of {quote_text(str(variables))} comes a second time; give each once")
        terms[key] = value
    return _made(source, terms, domain, () if numbered else tuple(str(json.loads(name)) for name in names))


def _made(source: TextFile, terms: dict[tuple[int, ...], float], domain: str, labels: tuple[str, ...]) -> Polynomial:
    size = len(labels) or 1 + max((each for key in terms for each in key), default=-1)
    if not 1 <= size <= MAX_FILE_SPINS or size > 10_000 + 16 * len(terms):
        raise source.error(f"has {size} variables in {len(terms)} terms; number only those that have some")
    try:
        return Polynomial(printable_name(source.stem, "polynomial"), size, terms, domain, labels=labels)
    except ValueError as error:
        raise source.error(str(error)) from None
