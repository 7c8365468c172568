"""Numbers of one deck in ngspice that a transient does not give: operating point, small signal, noise.

The deck is text of this package (``spice.writer``), never of a stranger: the commands stand in a control section.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .ngspice import NAME, error_lines, version
from .process import TIMEOUT_S, brief, run_program
from .process_limits import ProcessLimits
from .waveforms import EngineError

_PRINTED = re.compile(r"^\S+ = ([-+]?\d\S*)$", re.MULTILINE)


def print_in_ngspice(lines: Sequence[str], commands: Sequence[str], *, timeout_s: float = TIMEOUT_S) -> list[float]:
    """Run commands on a deck in ngspice and return the numbers that they print.

    Parameters
    ----------
    lines : sequence of str
        Cards of our own, without title and ``.end``.
    commands : sequence of str
        Commands such as ``op`` and ``print v(out)``.
    timeout_s : float, optional
        Time limit, s.

    Returns
    -------
    list of float
        Numbers in the order of the ``print`` commands.

    Raises
    ------
    EngineError
        If ngspice is absent, fails, or does not print each number.
    """
    version()
    deck = ["* deck", *lines, ".control", *commands, ".endc", ".end", ""]
    with tempfile.TemporaryDirectory(prefix="neuromorph-") as folder:
        (Path(folder) / "deck.cir").write_text("\n".join(deck))
        command = [str(shutil.which("ngspice")), "-n", "-b", "deck.cir"]
        _, said = run_program(NAME, command, Path(folder), ProcessLimits(timeout_s))
    found = [float(number) for number in _PRINTED.findall(said)]
    wanted = sum(command.startswith("print ") for command in commands)
    errors = error_lines(said)
    if errors or len(found) != wanted:
        raise EngineError(f"ngspice failed: {brief(' | '.join(errors[:3])) or f'{len(found)} of {wanted} numbers'}")
    return found
