"""Refuse an element that no Hopfield network has."""

from __future__ import annotations

from typing import NoReturn

from ..netlist.circuit import Element, device_name


def refuse(element: Element, what: str) -> NoReturn:
    """Refuse an element by its name.

    Parameters
    ----------
    element : Element
        Element of a circuit.
    what : str
        What is wrong with it.

    Raises
    ------
    ValueError
        Always.
    """
    raise ValueError(f"{device_name(element)} {what}: no Hopfield network of ideal amplifiers")
