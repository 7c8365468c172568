"""Temperature and tolerances of a run, from the ``.temp`` and ``.options`` cards of a netlist from outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ...netlist.circuit import ROOM_C, Transient
from ..cards import quote_card
from .lines import ForeignCard
from .scope import Values

_DEFAULTS = {"reltol": 1e-3, "vntol": 1e-6, "abstol": 1e-12}


def run_temperature(heat: Sequence[ForeignCard], options: Sequence[ForeignCard], values: Values) -> float:
    """Return the temperature of ``.temp`` and ``.options temp=``.

    Parameters
    ----------
    heat, options : sequence of ForeignCard
        Cards of ``.temp`` and of ``.options``.
    values : Values
        Parameters.

    Returns
    -------
    float
        Temperature, C; 27 without any.

    Raises
    ------
    NetlistError
        If there are several, or one cannot be read.
    """
    found: set[float] = set()
    for card in (*heat, *options):
        text = re.sub(r"\s*=\s*", "=", card.text)
        words = text.split()[1:] if card in heat else re.findall(r"\btemp=(\S+)", text)
        try:
            found.update(Transient(1.0, 1.0, temperature_c=values.number(word)).temperature_c for word in words)
            if len(found) > 1 or (card in heat and not words):
                raise ValueError("one temperature is run; write .temp <degrees Celsius>, once")
        except ValueError as error:
            raise card.error(error) from None
    return found.pop() if found else ROOM_C


def run_tolerances(
    options: Sequence[ForeignCard], values: Values, note: Callable[[ForeignCard, str], None]
) -> tuple[float, float, float]:
    """Return the tolerances of ``.options``; others are left out with a note, or refused.

    Parameters
    ----------
    options : sequence of ForeignCard
        Cards.
    values : Values
        Parameters.
    note : callable
        Function that keeps what is left out of a card.

    Returns
    -------
    reltol, vntol, abstol : float
        Relative tolerance, and those of voltages, V, and currents, A.

    Raises
    ------
    NetlistError
        If an option changes the circuit, or cannot be read.
    """
    found = dict(_DEFAULTS)
    for card in options:
        text = card.text.partition(" ")[2]
        for word in re.sub(r"\s*=\s*", "=", text).split():
            key, equals, value = word.partition("=")
            if key in found and equals:
                try:
                    found[key] = values.number(value)
                    Transient(1.0, 1.0, False, found["reltol"], found["vntol"], found["abstol"])
                except ValueError as error:
                    raise card.error(error) from None
            elif key == "temp" or (key == "tnom" and equals and value in ("27", "27.0")):
                continue  # the first is read by itself; models are for 27 C without the second, too
            elif key in ("tnom", "scale", "defw", "defl"):
                raise card.error(f"option {quote_card(word)} changes the circuit and is not read; remove it")
            else:
                note(card, f"option {quote_card(word)} is left out: each engine has its own way")
    return found["reltol"], found["vntol"], found["abstol"]
