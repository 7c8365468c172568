"""Names of nodes and devices as people give them, and those that every simulator reads alike in their place."""

from __future__ import annotations

import re

from ...netlist.circuit import GROUND, check_node
from ..cards import quote_card

GROUNDS = frozenset({GROUND, "gnd", "gnd!"})  # the last is that of HSPICE, everywhere the same node, and of CDL
_LONGEST = 100
_UNSAFE = re.compile(r"[^a-z0-9_]")


class SafeNames:
    """Names in a circuit for names in a netlist, each its own.

    Attributes
    ----------
    given : dict of str to str
        {name in the netlist: name in the circuit}.
    """

    def __init__(self) -> None:
        self.given: dict[str, str] = {}
        self._taken: set[str] = {GROUND}

    def node(self, name: str) -> str:
        """Return the name of a node in the circuit.

        Parameters
        ----------
        name : str
            Name or path in the netlist, in lower case.

        Returns
        -------
        str
            The same where every simulator reads it alike, else one like it; ``0`` for ground.

        Raises
        ------
        ValueError
            If the name is too long to be shown in an error.
        """
        if name in GROUNDS:
            return GROUND
        if name not in self.given:
            if len(name) > _LONGEST:
                raise ValueError(f"the name {quote_card(name)} has more than {_LONGEST} letters; shorten it")
            if not name or any(letter in "(){}=,;'\"" for letter in name):
                raise ValueError(f"{quote_card(name)} is no name of a node; correct it")
            self.given[name] = self._fresh(name)
        return self.given[name]

    def device(self, letter: str, label: str) -> str:
        """Return the label of a device, without its letter, in the circuit.

        Parameters
        ----------
        letter : str
            Letter of its type in the circuit.
        label : str
            Name in the netlist behind the letter.

        Returns
        -------
        str
            Label, unlike all others of this letter.

        Raises
        ------
        ValueError
            If the name is too long.
        """
        if len(label) > _LONGEST:
            raise ValueError(f"the name {quote_card(label)} has more than {_LONGEST} letters; shorten it")
        return self._fresh(label, f"{letter} ")

    def _fresh(self, name: str, prefix: str = "") -> str:
        plain = _UNSAFE.sub("_", name) or "_"
        if not prefix:
            if not plain[0].isalpha():
                plain = f"n{plain}"
            try:
                check_node(plain)
            except ValueError:
                plain = f"n_{plain}"
        found, k = plain, 1
        while prefix + found in self._taken:
            k += 1
            found = f"{plain}_{k}"
        self._taken.add(prefix + found)
        return found
