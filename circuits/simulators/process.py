"""Run a simulator as a process of its own: it may crash, hang, print or write what it likes, and only it is lost.

It leads a process group, which is killed as a whole when the run is over, whatever ended it. A small shell beside it
waits for the end of this process: should that be killed too, it kills the group and removes the folder.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import parent_process
from pathlib import Path
from typing import IO

from neuromorph.runtime.limits import checkpoint

from ..netlist.circuit import Circuit
from ..spice.writer import netlist_lines
from .process_limits import ProcessLimits, limit_files, limit_memory
from .waveforms import EngineError

# One thread each: circuits of this size are slower on many, and a pool of runs may share the machine.
_ENVIRONMENT = {"LC_ALL": "C", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
TIMEOUT_S = 600.0  # default time limit of a run
LOOK_S = 0.1  # interval at which a wait checks whether the run is still wanted
_PRINTED = 4 << 20  # bytes that a run may print
_SHOWN = 300  # characters of a simulator's message that an error shows
_GRACE_S = 2.0  # wait for the rest of the output of a killed group
_KEEPER = 'read -r line; kill -s KILL -- "-$1"; rm -rf -- "$2"'


def end_with_parent() -> None:
    """End this process of ``multiprocessing`` as soon as its parent has ended.

    Raises
    ------
    RuntimeError
        If multiprocessing did not start this process.
    """
    parent = parent_process()
    if parent is None:
        raise RuntimeError("this process was not started by multiprocessing")

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def write_deck(circuit: Circuit, path: Path, control: Sequence[str] = ()) -> None:
    """Write a netlist line by line, with lines of the engine's own before ``.end``.

    Parameters
    ----------
    circuit : Circuit
        Circuit that is written.
    path : Path
        File that is written.
    control : sequence of str, optional
        Lines for the engine.
    """
    with path.open("w") as file:
        for line in netlist_lines(circuit):
            checkpoint("writing the netlist")
            if line == ".end":
                file.writelines(own + "\n" for own in control)
            file.write(line + "\n")


def run_program(engine: str, command: Sequence[str], folder: Path, limits: ProcessLimits) -> tuple[int, str]:
    """Run a program in a temporary folder, within limits.

    However this call ends, it ends the process and all that it has started.

    Parameters
    ----------
    engine : str
        Name of the engine, for errors.
    command : sequence of str
        Program and arguments.
    folder : Path
        Folder in which it runs.
    limits : ProcessLimits
        Limits of time, memory and files.

    Returns
    -------
    code : int
        Exit code.
    said : str
        Text that it printed.

    Raises
    ------
    EngineError
        If it does not start, or exceeds a limit.
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
        limit_files(process.pid, limits.file_bytes)
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
    """Shorten what a simulator said to a part of one line that a terminal can show.

    Parameters
    ----------
    said : str
        Output of the simulator.

    Returns
    -------
    str
        Printable text.
    """
    return "".join(c if c.isprintable() else "?" for c in " ".join(said.split()))[:_SHOWN]


@contextmanager
def _ended(process: subprocess.Popen[bytes], folder: Path) -> Iterator[None]:
    """End the group of a process with the ``with`` block; if this process is killed, remove the folder too."""
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
    """Wait until a process has ended, or has printed too much to be read on."""
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
            with suppress(subprocess.TimeoutExpired):  # usually the process has ended already
                process.wait(min(LOOK_S, left))


def _read(stream: IO[bytes], printed: bytearray) -> None:
    """Read all that a process prints, until it is too much.

    Then the stream is closed, at which most programs end.
    """
    with stream:
        while len(printed) <= _PRINTED and (chunk := stream.read(1 << 16)):
            printed += chunk
