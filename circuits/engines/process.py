"""Run a simulator as a process of its own: it may crash, hang or print what it likes, and only it is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ..dialects import netlist_lines
from ..netlist import Circuit
from .waveforms import EngineError

# One thread each: circuits of this size are slower on many, and a pool of runs may share the machine.
_ENVIRONMENT = {"LC_ALL": "C", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def write_deck(circuit: Circuit, path: Path, control: Sequence[str] = ()) -> None:
    """Write the netlist line by line, and the engine's own ``control`` lines before ``.end``."""
    with path.open("w") as file:
        for line in netlist_lines(circuit):
            if line == ".end":
                file.writelines(own + "\n" for own in control)
            file.write(line + "\n")


def run_program(engine: str, command: Sequence[str], folder: Path, timeout_s: float) -> tuple[int, str]:
    """(exit code, all it printed) of ``command`` run in ``folder``; EngineError after ``timeout_s``."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineError(
            f"{engine} took longer than timeout_s = {timeout_s:g}; raise it, or take a larger step or smaller circuit"
        ) from None
    return done.returncode, done.stdout
