"""Which column of a measured table is what: by the user's word, else by name and unit, and asked where two would do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .measured_table import MeasuredColumn, MeasuredTable
from .measured_units import parse_unit

_ERRORS = {"err", "error", "errors", "std", "se", "sem", "stderr", "uncertainty", "unc", "±", "stdev", "fehler"}


@dataclass(frozen=True)
class ColumnRole:
    """Role that a column may have.

    Attributes
    ----------
    name : str
        Name of the role, as in ``--columns``.
    words : tuple of str
        Words of a header that say so.
    units : tuple of str
        SI units that it may have; empty: any. A column without a unit is taken at its word.
    needed : bool
        Whether there is nothing to fit without it.
    alone : bool
        Whether the only column that is left is taken for it, whatever its name.
    of : str
        Role whose error bars this is; empty for others.
    words_allowed : bool
        Whether its cells may be words, as of directions.
    """

    name: str
    words: tuple[str, ...]
    units: tuple[str, ...] = ()
    needed: bool = False
    alone: bool = False
    of: str = ""
    words_allowed: bool = False


def parse_columns(text: str) -> dict[str, str]:
    """Read ``--columns``: ``time=t,signal=I (nA)``, by header or 1-based number.

    Parameters
    ----------
    text : str
        Text of the option.

    Returns
    -------
    dict of str to str
        Column by role.

    Raises
    ------
    ValueError
        If it has another form, or gives a role twice.
    """
    found: dict[str, str] = {}
    for piece in re.split(r",(?=\s*\w+\s*=)", text):
        role, equals, column = (part.strip() for part in piece.partition("="))
        if not (equals and role and column):
            raise ValueError(f"--columns has {piece[:40]!r}; write role=column, as in time=1,signal=I")
        if role in found:
            raise ValueError(f"--columns gives {role[:20]!r} twice; give it once")
        found[role] = column
    return found


def assign_roles(
    table: MeasuredTable, roles: Sequence[ColumnRole], given: Mapping[str, str] | None = None
) -> dict[str, MeasuredColumn]:
    """Assign columns to roles.

    Parameters
    ----------
    table : MeasuredTable
        Table.
    roles : sequence of ColumnRole
        Roles, the more important ones first.
    given : dict of str to str, optional
        Column by role, by name or 1-based number, a unit behind a colon (``signal=2:nA``); "none" leaves a role out.

    Returns
    -------
    dict of str to MeasuredColumn
        Column by role; roles without one are missing.

    Raises
    ------
    ValueError
        If two columns would do, a needed one is missing, or what is given does not exist; names the columns.
    """
    try:
        return _assigned(table, roles, dict(given or {}))
    except ValueError as error:
        raise ValueError(f"{table.name}: {error}") from None


def _assigned(table: MeasuredTable, roles: Sequence[ColumnRole], given: dict[str, str]) -> dict[str, MeasuredColumn]:
    known = {role.name: role for role in roles}
    if unknown := [name for name in given if name not in known]:
        raise ValueError(f"--columns has the role {unknown[0][:20]!r}; roles are {', '.join(known)}")
    found: dict[str, MeasuredColumn] = {}
    free = list(table.columns)
    for name, text in given.items():
        if text.lower() == "none":
            continue
        found[name], own = _pick(table, name, text)
        free = [each for each in free if each is not own]
    errors = error_columns(table)
    for role in roles:
        if role.name in given:
            continue
        ranked = sorted(((_score(role, each, each.name in errors), each) for each in free), key=lambda pair: -pair[0])
        ranked = [(score, each) for score, each in ranked if score > 0]
        if not ranked:
            continue
        best = [each for score, each in ranked if score == ranked[0][0]]
        if len(best) > 1:  # one that never changes is a setting that was written down
            changing = [each for each in best if each.words or np.nanmin(each.values) < np.nanmax(each.values)]
            best = changing or best[:1]
        if len(best) > 1:
            names = " and ".join(repr(each.name) for each in best[:3])
            number = next(k for k, each in enumerate(table.columns, 1) if each is best[0])
            pick = best[0].name if len({each.name for each in best}) > 1 else str(number)
            raise ValueError(
                f"columns {names} can both be the {role.name}; say --columns {role.name}={pick}"
                + ("" if role.needed else f", or {role.name}=none")
            )
        found[role.name] = best[0]
        free = [each for each in free if each is not best[0]]
    for role in roles:
        if role.alone and role.name not in found and role.name not in given:
            left = [c for c in free if not c.words and c.name not in errors and _unit_fits(role, c)]
            if len(left) == 1:
                found[role.name] = left[0]
                free = [each for each in free if each is not left[0]]
    for role in roles:
        if role.needed and role.name not in found:
            names = ", ".join(repr(each.name) for each in table.columns[:12])
            raise ValueError(f"no column is the {role.name}; columns are {names}: say --columns {role.name}=NAME")
    return found


def _pick(table: MeasuredTable, role: str, text: str) -> tuple[MeasuredColumn, MeasuredColumn]:
    """Column in the unit that was said, and as it stands."""
    text, _, unit = text.partition(":")
    text = text.strip()
    matching = [each for each in table.columns if each.name.lower() == text.lower()]
    if not matching and text.isascii() and text.isdigit() and 1 <= int(text) <= len(table.columns):
        matching = [table.columns[int(text) - 1]]
    if len(matching) != 1:
        names = ", ".join(repr(each.name) for each in table.columns[:12])
        why = "no column is" if not matching else "several columns are"
        raise ValueError(f"{why} {text[:40]!r} ({role}); columns are {names}: give a name or a number from 1")
    column = matching[0]
    if not unit:
        return column, column
    parsed = parse_unit(unit)
    if parsed is None or column.unit:
        what = f"no known unit {unit[:20]!r}" if parsed is None else f"a unit already, {column.unit}"
        raise ValueError(f"column {column.name!r} has {what}; give it as in {role}=2:nA, or without")
    return MeasuredColumn(column.name, parsed.unit, column.values * parsed.factor + parsed.shift, column.words), column


def _tokens(name: str) -> list[str]:
    return [each for each in re.split(r"[^a-z0-9±µ]+", name.lower()) if each]


def error_columns(table: MeasuredTable) -> set[str]:
    """Find the columns that are errors of others.

    Parameters
    ----------
    table : MeasuredTable
        Table.

    Returns
    -------
    set of str
        Names. ``I sd`` is an error beside a column ``I``; alone it is a current from source to drain.
    """
    tokens = {column.name: _tokens(column.name) for column in table.columns}
    return {
        name
        for name, each in tokens.items()
        if _ERRORS & set(each)
        or any(token.startswith("sigma") for token in each)
        or ("sd" in each and [token for token in each if token != "sd"] in tokens.values())
    }


def _unit_fits(role: ColumnRole, column: MeasuredColumn) -> bool:
    return not (role.units and column.unit and column.unit not in role.units)


def _score(role: ColumnRole, column: MeasuredColumn, is_error: bool) -> int:
    if (column.words and not role.words_allowed) or not _unit_fits(role, column):
        return 0
    if bool(role.of) != is_error:
        return 0
    tokens = [token for token in _tokens(column.name) if not (role.of and token in _ERRORS | {"sd"})]
    if role.of and not tokens:
        return 1
    if column.name.lower() in role.words or tokens == [role.name]:
        return 4
    matched = [token for token in tokens if token in role.words or token.rstrip("0123456789") in role.words]
    return (2 if matched else 0) + (1 if matched and column.unit and column.unit in role.units else 0)
