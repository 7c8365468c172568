"""Checks of the keys and values of a STUDY.toml; each error names the table, the rule and the value seen."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from ..target_names import nearest


def check_keys(where: str, table: Any, known: tuple[str, ...]) -> None:
    """Require known keys.

    Parameters
    ----------
    where : str
        Name of the table, for the message.
    table : object
        Table.
    known : tuple of str
        Its keys.

    Raises
    ------
    ValueError
        If it is no table or has another key; the message has the nearest right one.
    """
    if not isinstance(table, Mapping):
        raise ValueError(f"{where} is no table; write [name] above its lines")
    for key in table:
        if key not in known:
            raise ValueError(f"{where} has {str(key)[:40]!r}; {nearest(str(key), known)}known are {', '.join(known)}")


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and anything else as a list of one.

    Parameters
    ----------
    value : object
        Value.

    Returns
    -------
    list
        List.
    """
    return value if isinstance(value, list) else [value]


def whole_number(where: str, key: str, value: Any, least: int = 1) -> int:
    """Require a whole number.

    Parameters
    ----------
    where, key : str
        Names of the table and of the key, for the message.
    value : object
        Value.
    least : int
        Smallest number.

    Returns
    -------
    int
        Number.

    Raises
    ------
    ValueError
        If the value is another one.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 1 << 63:
        raise ValueError(f"{where}: {key} is {value!r}; give a whole number from {least}")
    return value


def finite_number(where: str, key: str, value: Any, least: float = float("-inf")) -> float:
    """Require a finite number.

    Parameters
    ----------
    where, key : str
        Names of the table and of the key, for the message.
    value : object
        Value.
    least : number
        Smallest number.

    Returns
    -------
    float
        Number.

    Raises
    ------
    ValueError
        If the value is another one.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value) or value < least:
        rule = "a finite number" if least == float("-inf") else f"a finite number from {least:g}"
        raise ValueError(f"{where}: {key} is {value!r}; give {rule}")
    return float(value)


def truth_value(where: str, key: str, value: Any) -> bool:
    """Require true or false.

    Parameters
    ----------
    where, key : str
        Names of the table and of the key, for the message.
    value : object
        Value.

    Returns
    -------
    bool
        Value.

    Raises
    ------
    ValueError
        If the value is another one.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{where}: {key} is {value!r}; write true or false")
    return value
