"""Run a simulator as a process of its own: it may crash, hang, print or write what it likes, and only it is lost.

It leads a process group, which is killed as a whole when the run is over, whatever ended it. A small shell beside it
waits for the end of this process: should that be killed too, it kills the group and removes the folder.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing import parent_process
from pathlib import Path
from typing import IO

from neuromorph.runtime.limits import checkpoint

from ..netlist.circuit import Circuit
from ..spice.writer import netlist_lines
from .waveforms import EngineError

# One thread each: circuits of this size are slower on many, and a pool of runs may share the machine.
_ENVIRONMENT = {"LC_ALL": "C", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
TIMEOUT_S = 600.0  # of a run, if not told otherwise
LOOK_S = 0.1  # between looks at whether a run is still wanted
_SHARE = 0.8  # of the machine's memory that simulators may take together
_LEAST = 256 << 20  # bytes that Python with numpy, or ngspice, starts in
_PRINTED = 4 << 20  # bytes that a run may print
_WRITTEN = 1 << 30  # bytes that it may write; of a long transient as many as
_SAMPLES = 50  # times its steps of the largest size
_SHOWN = 300  # characters of what a simulator said
_NO_MEMORY = re.compile(
    r"can'?t allocate|out of memory|no more memory|MemoryError|bad_alloc|bad_cast|map segment", re.IGNORECASE
)
_GRACE_S = 2.0  # for the end of what a killed group had printed
_KEEPER = 'read -r line; kill -s KILL -- "-$1"; rm -rf -- "$2"'


@dataclass(frozen=True)
class ProcessLimits:
    """What one run may take.

    timeout_s : float            s
    memory_bytes : int or None   address space of the simulator's process; None: as the system has it
    stop : threading.Event       set: the run is no longer wanted
    file_bytes : int             of all files that it writes
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
        return EngineError(
            f"{engine} took longer than timeout_s = {self.timeout_s:g}; raise it (--timeout), or take a larger step or "
            "smaller circuit"
        )

    def of(self, circuit: Circuit) -> ProcessLimits:
        """With room for the samples of a long transient."""
        steps = circuit.analysis.stop_s / circuit.analysis.step_s
        samples = int(_SAMPLES * 8 * steps * (len(circuit.saved) + 1))
        return replace(self, file_bytes=max(self.file_bytes, samples))

    def check_files(self, engine: str, folder: Path) -> None:
        """EngineError if the files in ``folder`` are too large."""
        with suppress(FileNotFoundError):  # one that was there a moment ago
            if sum(entry.stat(follow_symlinks=False).st_size for entry in os.scandir(folder)) >= self.file_bytes:
                raise EngineError(
                    f"{engine} wrote more than {self.file_bytes / 1e9:.3g} GB; save fewer nodes or take a larger "
                    f"step, or see whether it is {engine}"
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


def end_with_parent() -> None:
    """End this process of ``multiprocessing`` when the one that started it has ended, however that was."""
    parent = parent_process()
    if parent is None:
        raise RuntimeError("this process was not started by multiprocessing")

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def write_deck(circuit: Circuit, path: Path, control: Sequence[str] = ()) -> None:
    """Write the netlist line by line, and the engine's own ``control`` lines before ``.end``."""
    with path.open("w") as file:
        for line in netlist_lines(circuit):
            checkpoint("writing the netlist")
            if line == ".end":
                file.writelines(own + "\n" for own in control)
            file.write(line + "\n")


def run_program(engine: str, command: Sequence[str], folder: Path, limits: ProcessLimits) -> tuple[int, str]:
    """(exit code, all it printed) of ``command`` run in ``folder``, a temporary one; EngineError beyond ``limits``.

    Whatever ends this call ends the process and all that it has started.
    """
    try:
        process = subprocess.Popen(
            command,
            bufsize=0,
            cwd=folder,
            env={**os.environ, **_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(f"{engine} does not run: {error.strerror or error}; see what {command[0]} is") from None
    printed = bytearray()
    reader = threading.Thread(target=_read, args=(process.stdout, printed), daemon=True)
    with _ended(process, folder):
        limit_memory(process.pid, limits.memory_bytes)
        _limit_files(process.pid, limits.file_bytes)
        reader.start()
        _wait(engine, process, reader, printed, folder, limits)
    reader.join(_GRACE_S)
    limits.check_files(engine, folder)
    if len(printed) > _PRINTED:
        raise EngineError(f"{engine} printed more than {_PRINTED >> 20} MB; see whether it is {engine}")
    said = printed.decode("utf-8", "replace")
    if process.returncode:
        limits.check_memory(engine, said)
    return process.returncode, said


def brief(said: str) -> str:
    """What a simulator said, as a part of one line that a terminal can show."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(said.split()))[:_SHOWN]


@contextmanager
def _ended(process: subprocess.Popen[bytes], folder: Path) -> Iterator[None]:
    """The process's group ends with the ``with`` block; should this process be killed, the folder goes too."""
    keeper = None
    try:
        if Path("/bin/sh").exists():
            keeper = subprocess.Popen(
                ["/bin/sh", "-c", _KEEPER, "sh", str(process.pid), str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        yield
    finally:
        if os.name == "posix":
            with suppress(ProcessLookupError, PermissionError):  # macOS has no permission for a group of zombies
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
        if keeper is not None:
            keeper.kill()
            keeper.communicate()


def _wait(
    engine: str,
    process: subprocess.Popen[bytes],
    reader: threading.Thread,
    printed: bytearray,
    folder: Path,
    limits: ProcessLimits,
) -> None:
    """Until it has ended, or has printed too much to be read on."""
    end = time.monotonic() + limits.timeout_s
    while process.poll() is None:
        checkpoint(engine)
        if limits.stop.is_set():
            raise EngineError(f"{engine} was stopped")
        left = end - time.monotonic()
        if left <= 0.0:
            raise limits.too_long(engine)
        limits.check_files(engine, folder)
        reader.join(min(LOOK_S, left))
        if not reader.is_alive():
            if len(printed) > _PRINTED:
                return
            with suppress(subprocess.TimeoutExpired):  # as a rule it has ended
                process.wait(min(LOOK_S, left))


def _read(stream: IO[bytes], printed: bytearray) -> None:
    """All that a process prints, until it is too much: then the stream is closed, at which most programs end."""
    with stream:
        while len(printed) <= _PRINTED and (chunk := stream.read(1 << 16)):
            printed += chunk


def _limit_files(pid: int, most: int) -> None:
    """Bound each file that a process writes, where the system can (Linux); all together are looked at meanwhile."""
    with suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
