"""Run a simulator as a process of its own: it may crash, hang or print what it likes, and only it is lost."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..netlist.circuit import Circuit
from ..text.dialects import netlist_lines
from .waveforms import EngineError

# One thread each: circuits of this size are slower on many, and a pool of runs may share the machine.
_ENVIRONMENT = {"LC_ALL": "C", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_LOOK_S = 0.1  # between looks at whether a run is still wanted
_SHARE = 0.8  # of the machine's memory that simulators may take together
_LEAST = 256 << 20  # bytes that Python with numpy, or ngspice, starts in
_NO_MEMORY = re.compile(
    r"can'?t allocate|out of memory|no more memory|MemoryError|bad_alloc|bad_cast|map segment", re.IGNORECASE
)


@dataclass(frozen=True)
class Limits:
    """What one run may take.

    timeout_s : float            s
    memory_bytes : int or None   address space of the simulator's process; None: as the system has it
    stop : threading.Event       set: the run is no longer wanted
    """

    timeout_s: float
    memory_bytes: int | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        if not self.timeout_s > 0.0:
            raise ValueError(f"timeout_s is {self.timeout_s}; it must be positive")
        if self.memory_bytes is not None and self.memory_bytes < _LEAST:
            raise ValueError(f"memory_bytes is {self.memory_bytes}; a simulator needs {_LEAST} to start")

    def too_long(self, engine: str) -> EngineError:
        return EngineError(
            f"{engine} took longer than timeout_s = {self.timeout_s:g}; raise it, or take a larger step or "
            "smaller circuit"
        )

    def check_memory(self, engine: str, said: str) -> None:
        """EngineError if what a simulator said is that it got no more memory."""
        if _NO_MEMORY.search(said):
            raise self.too_large(engine)

    def too_large(self, engine: str) -> EngineError:
        allowed = "the machine has" if self.memory_bytes is None else f"memory_bytes = {self.memory_bytes}"
        return EngineError(
            f"{engine} needs more memory than {allowed}; raise it, save fewer nodes, or take a larger step or "
            "smaller circuit"
        )


def memory_share(workers: int) -> int | None:
    """Bytes that one of ``workers`` simulators may take: its part of 80 % of the machine, or None if unknown."""
    try:
        return int(_SHARE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / workers)
    except (AttributeError, ValueError, OSError):  # not on every system
        return None


def limit_memory(pid: int, memory_bytes: int | None) -> None:
    """Bound the address space of a process, 0 for this one, where the system can (Linux)."""
    with suppress(ImportError, AttributeError, OSError, ValueError):  # also: it has ended already
        import resource

        if memory_bytes is not None:
            resource.prlimit(pid, resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def write_deck(circuit: Circuit, path: Path, control: Sequence[str] = ()) -> None:
    """Write the netlist line by line, and the engine's own ``control`` lines before ``.end``."""
    with path.open("w") as file:
        for line in netlist_lines(circuit):
            if line == ".end":
                file.writelines(own + "\n" for own in control)
            file.write(line + "\n")


def run_program(engine: str, command: Sequence[str], folder: Path, limits: Limits) -> tuple[int, str]:
    """(exit code, all it printed) of ``command`` run in ``folder``; EngineError beyond ``limits``.

    Whatever ends this call ends the process too.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **_ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    with process:
        try:
            limit_memory(process.pid, limits.memory_bytes)
            said = _wait(engine, process, limits)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        limits.check_memory(engine, said)
    return process.returncode, said


def _wait(engine: str, process: subprocess.Popen[str], limits: Limits) -> str:
    end = time.monotonic() + limits.timeout_s
    while True:
        try:
            return process.communicate(timeout=min(_LOOK_S, max(0.0, end - time.monotonic())))[0]
        except subprocess.TimeoutExpired:
            if limits.stop.is_set():
                raise EngineError(f"{engine} was stopped") from None
            if time.monotonic() >= end:
                raise limits.too_long(engine) from None
