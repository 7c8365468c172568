"""A netlist as the file of a command, and the package that reads it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files.printable import printable
from .arguments import BadInput, Parser, read_source, user_errors, warn, writing

NETLISTS = (".cir", ".ckt", ".net", ".sp", ".spi", ".spice")
TIMEOUT_S = 600.0


def circuit_package() -> Any:
    """Import the package ``circuits``.

    Returns
    -------
    module
        Package.

    Raises
    ------
    BadInput
        If another package has that name; the message has the remedy.
    """
    from ..runtime.package_ownership import circuits_missing

    missing = circuits_missing()
    if missing:
        raise BadInput(missing)
    import circuits

    return circuits


def add_include(parser: Parser) -> None:
    """Add the option that allows files of ``.include`` and ``.lib``.

    Parameters
    ----------
    parser : Parser
        Parser of a command.
    """
    about = "a file that .include or .lib of the netlist, or of --opamp-lib, may open; once for each"
    parser.add_argument("--include", action="append", default=[], type=Path, metavar="FILE", help=about)


def write_netlists(out: Path | None, text: str, beside: Mapping[str, str] | None = None) -> None:
    """Write a netlist to a file, and others beside it; without a file to standard output.

    Parameters
    ----------
    out : Path or None
        File.
    text : str
        Netlist.
    beside : dict of str to str, optional
        {what stands behind the name of the file, as ``corner.cir``: netlist}.

    Raises
    ------
    BadInput
        If a file cannot be written.
    """
    from ..files.atomic_write import write_file

    if out is None:
        sys.stdout.write(text)
        return
    with writing(out):
        write_file(out, text)
        for name, other in (beside or {}).items():
            write_file(out.with_name(f"{out.stem}.{name}"), other)


def is_netlist(name: str) -> bool:
    """Return whether a file is a netlist by its name.

    Parameters
    ----------
    name : str
        Name of the file.

    Returns
    -------
    bool
        Whether it ends as netlists do.
    """
    return name.lower().endswith(NETLISTS)


def load_netlist(arguments: argparse.Namespace) -> Any:
    """Read the netlist of ``arguments.file``, and tell what is left out.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of a command.

    Returns
    -------
    ForeignNetlist
        The netlist.

    Raises
    ------
    BadInput
        If it cannot be read.
    """
    circuit_package()
    from circuits.spice.reader import read_deck_file

    with user_errors(ValueError, OSError):
        if arguments.file != "-":
            read_source(arguments)  # its hash
        deck = read_deck_file(arguments.file, include=arguments.include)
    warn(printable(Path(arguments.file).name), *deck.notes)
    return deck
