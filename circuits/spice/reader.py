"""A reader of netlists: what ``writer`` wrote, in any of its dialects, comes back exactly, all else by ``foreign``.

A text that ``netlist_text`` wrote comes back exactly: ``netlist_text(read_netlist(text), detect_dialect(text)) ==
text``. A text beyond that subset is read with the meaning that SPICE gives it. In either, nothing is run: control
sections, shell escapes and files that the caller does not allow by name are refused, and so is every card that is not
understood, each with its line and the remedy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from neuromorph.files.printable import printable

from ..netlist.circuit import Circuit
from .cards import MAX_CHARACTERS, NetlistError
from .dialect import Dialect
from .dialects import NGSPICE
from .foreign.deck import ForeignNetlist, read_foreign
from .foreign.encodings import decode_netlist
from .strict_reader import detect_dialect, is_run_comment, read_strictly


def read_netlist(text: str, dialect: Dialect | None = None, *, name: str = "netlist") -> Circuit:
    """Read a netlist into a circuit, ours to the letter, others by their meaning.

    Parameters
    ----------
    text : str
        Text of the netlist.
    dialect : Dialect, optional
        Dialect of a text of ours, which then is read strictly; whatever people write by default.
    name : str, default "netlist"
        Name of the file, for errors.

    Returns
    -------
    Circuit
        The circuit.

    Raises
    ------
    NetlistError
        If a card breaks a rule; the message is ``name, line N: rule; remedy``.
    """
    if dialect is None:
        return read_deck(text, name=name).circuit
    return read_strictly(text, dialect, name)


def read_deck(
    text: str, *, name: str = "netlist", folder: Path | None = None, include: Sequence[Path] = ()
) -> ForeignNetlist:
    """Read a netlist of ours or of others, with the names that its nodes have there.

    Parameters
    ----------
    text : str
        Text of the netlist.
    name : str, default "netlist"
        Name of the file, for errors.
    folder : Path, optional
        Folder from which the files of ``.include`` are named.
    include : sequence of Path, optional
        Files that ``.include`` and ``.lib`` may open; none by default.

    Returns
    -------
    ForeignNetlist
        The circuit, the names of its nodes, and notes on what was left out.

    Raises
    ------
    NetlistError
        If a card breaks a rule; the message is ``name, line N: rule; remedy``.
    """
    dialect = detect_dialect(text)
    try:
        circuit = read_strictly(text, dialect, name)
    except NetlistError as error:
        if dialect is not NGSPICE and text.split("\n", 2)[1:2] and is_run_comment(text.split("\n", 2)[1], dialect):
            # Its simulator reads some cards in its own way.
            raise NetlistError(
                f"{error}; such a deck is read whole as written for ngspice, not for {dialect.name}"
            ) from None
        return read_foreign(text, name=name, folder=folder, include=include)
    names = {node: node for node in sorted(circuit.nodes() - {"0"})}
    beside = re.findall(r"^(\.(?:op|ac|noise|dc|meas))\b", text, re.MULTILINE)
    return ForeignNetlist(
        circuit, names, tuple(f"{word} is left out: only the transient is run" for word in dict.fromkeys(beside))
    )


def read_netlist_file(
    path: str | os.PathLike[str], dialect: Dialect | None = None, *, include: Sequence[str | os.PathLike[str]] = ()
) -> Circuit:
    """Read a file of at most 64 MB into a circuit; only comments may hold bytes beyond UTF-8.

    Parameters
    ----------
    path : str or PathLike
        File that is read.
    dialect : Dialect, optional
        Dialect of the file; whatever people write by default.
    include : sequence of str or PathLike, optional
        Files that ``.include`` and ``.lib`` may open; none by default.

    Returns
    -------
    Circuit
        The circuit.

    Raises
    ------
    NetlistError
        If the file cannot be read, or a card breaks a rule.
    """
    if dialect is None:
        return read_deck_file(path, include=include).circuit
    return read_strictly(_file_text(Path(path)), dialect, printable(Path(path).name))


def read_deck_file(path: str | os.PathLike[str], *, include: Sequence[str | os.PathLike[str]] = ()) -> ForeignNetlist:
    """Read a file as :func:`read_deck` reads a text.

    Parameters
    ----------
    path : str or PathLike
        File that is read.
    include : sequence of str or PathLike, optional
        Files that ``.include`` and ``.lib`` may open; none by default.

    Returns
    -------
    ForeignNetlist
        The circuit, the names of its nodes, and notes on what was left out.

    Raises
    ------
    NetlistError
        If the file cannot be read, or a card breaks a rule.
    """
    path = Path(path)
    files = [Path(each) for each in include]
    return read_deck(_file_text(path), name=printable(path.name), folder=path.parent, include=files)


def _file_text(path: Path) -> str:
    name = printable(path.name)
    try:
        if not path.is_file():
            raise NetlistError(f"{name}: there is no such regular file; check the path")
        if path.stat().st_size > MAX_CHARACTERS:
            raise NetlistError(f"{name}: is larger than {MAX_CHARACTERS >> 20} MB; take a smaller circuit")
        return decode_netlist(path.read_bytes())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NetlistError(f"{name}: cannot be read ({reason}); check the path") from None
