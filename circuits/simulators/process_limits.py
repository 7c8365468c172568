"""Limits of one run of a simulator: time, memory, and what it writes."""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..netlist.circuit import Circuit
from .waveforms import EngineError

_SHARE = 0.8  # part of the machine's memory that all simulators may take together
_LEAST = 256 << 20  # bytes that Python with numpy, or ngspice, needs to start
_WRITTEN = 1 << 30  # bytes that a run may write, if its samples do not need more
_SAMPLES = 50  # samples that a run may write for each step of the largest size
_NO_MEMORY = re.compile(
    r"can'?t allocate|out of memory|no more memory|MemoryError|bad_alloc|bad_cast|map segment", re.IGNORECASE
)


@dataclass(frozen=True)
class ProcessLimits:
    """Limits of one run of a simulator.

    Attributes
    ----------
    timeout_s : float
        Time limit, s.
    memory_bytes : int or None
        Address space of the simulator's process; None for that of the system.
    stop : threading.Event
        Event that is set when the run is no longer wanted.
    file_bytes : int
        Size of all files that the run may write.
    """

    timeout_s: float
    memory_bytes: int | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    file_bytes: int = _WRITTEN

    def __post_init__(self) -> None:
        if not self.timeout_s > 0.0:
            raise ValueError(f"timeout_s is {self.timeout_s}; it must be positive")
        if self.memory_bytes is not None and self.memory_bytes < _LEAST:
            raise ValueError(f"memory_bytes is {self.memory_bytes}; a simulator needs {_LEAST} to start")

    def too_long(self, engine: str) -> EngineError:
        """Return the error of a run that exceeded its time.

        Parameters
        ----------
        engine : str
            Name of the engine.

        Returns
        -------
        EngineError
            Error with the remedy.
        """
        return EngineError(
            f"{engine} took longer than timeout_s = {self.timeout_s:g}; raise it (--timeout), or take a larger step or "
            "smaller circuit"
        )

    def of(self, circuit: Circuit) -> ProcessLimits:
        """Return limits with room for the samples of a long transient.

        Parameters
        ----------
        circuit : Circuit
            Circuit that will be simulated.

        Returns
        -------
        ProcessLimits
            The same limits, with more of ``file_bytes`` if it takes that.
        """
        steps = circuit.analysis.stop_s / circuit.analysis.step_s
        samples = int(_SAMPLES * 8 * steps * (len(circuit.saved) + 1))
        return replace(self, file_bytes=max(self.file_bytes, samples))

    def check_files(self, engine: str, folder: Path) -> None:
        """Check the size of the files that a run has written.

        Parameters
        ----------
        engine : str
            Name of the engine.
        folder : Path
            Folder of the run.

        Raises
        ------
        EngineError
            If they are too large.
        """
        with suppress(FileNotFoundError):  # one that was there a moment ago
            if sum(entry.stat(follow_symlinks=False).st_size for entry in os.scandir(folder)) >= self.file_bytes:
                raise EngineError(
                    f"{engine} wrote more than {self.file_bytes / 1e9:.3g} GB; save fewer nodes or take a larger "
                    f"step, or see whether it is {engine}"
                )

    def check_memory(self, engine: str, said: str) -> None:
        """Check whether a simulator said that it got no more memory.

        Parameters
        ----------
        engine : str
            Name of the engine.
        said : str
            Text that it printed.

        Raises
        ------
        EngineError
            If it did.
        """
        if _NO_MEMORY.search(said):
            raise self.too_large(engine)

    def too_large(self, engine: str) -> EngineError:
        """Return the error of a run that exceeded its memory.

        Parameters
        ----------
        engine : str
            Name of the engine.

        Returns
        -------
        EngineError
            Error with the remedy.
        """
        allowed = "the machine has" if self.memory_bytes is None else f"memory_bytes = {self.memory_bytes}"
        return EngineError(
            f"{engine} needs more memory than {allowed}; raise it, save fewer nodes, or take a larger step or "
            "smaller circuit"
        )


def memory_share(workers: int) -> int | None:
    """Return the memory that one of several simulators may take, of 80 % of the machine.

    Parameters
    ----------
    workers : int
        Number of simulators that run at a time.

    Returns
    -------
    int or None
        Bytes, or None if the memory of the machine is not known.
    """
    try:
        return int(_SHARE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / workers)
    except (AttributeError, ValueError, OSError):  # not on every system
        return None


def limit_memory(pid: int, memory_bytes: int | None) -> None:
    """Limit the address space of a process where the system can (Linux).

    Parameters
    ----------
    pid : int
        Number of the process; 0 for this one.
    memory_bytes : int or None
        Limit; None for none.
    """
    with suppress(ImportError, AttributeError, OSError, ValueError):  # OSError also if the process has ended already
        import resource

        if memory_bytes is not None:
            resource.prlimit(pid, resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def limit_files(pid: int, most: int) -> None:
    """Limit the size of each file that a process writes, where the system can (Linux).

    The sum of all files is checked while the process runs.

    Parameters
    ----------
    pid : int
        Number of the process.
    most : int
        Limit, bytes.
    """
    with suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
