"""One coordinator a folder: a lock of the system, with the process and host that hold it written in it.

The system frees the lock when its process ends, however that happens. A name of this host that is left in a free lock
is stale; one of another host may be that of a process which this system cannot see, on a shared disk. Beside the name
stands how many tasks the workers have, for whoever follows the study.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .task_table import StudyError

_LONGEST = 1000
_LENGTH = 320  # of what is written; longer than any name of a host with two numbers


@dataclass(frozen=True)
class HeldLock:
    """Lock that this process holds.

    Attributes
    ----------
    handle : int
        Open file.
    unclean : bool
        Whether the last coordinator ended without freeing it.
    """

    handle: int
    unclean: bool

    def tell(self, tasks: int) -> None:
        """Write down how many tasks the workers have.

        Parameters
        ----------
        tasks : int
            Number of tasks.
        """
        with suppress(OSError):  # it only informs
            os.lseek(self.handle, 0, os.SEEK_SET)
            os.write(self.handle, _about(tasks))


@dataclass(frozen=True)
class StudyRunner:
    """Process that runs a study.

    Attributes
    ----------
    pid : int
        Its number.
    host : str
        Its machine.
    tasks : int
        Tasks that its workers have.
    """

    pid: int
    host: str
    tasks: int


def study_runner(folder: Path) -> StudyRunner | None:
    """Tell which process runs a study, without touching its lock.

    Parameters
    ----------
    folder : Path
        Folder of a study.

    Returns
    -------
    StudyRunner or None
        Process; None if there is none. One of another machine is believed to run.
    """
    try:
        handle = os.open(folder / "lock", os.O_RDONLY)
    except OSError:
        return None
    try:
        found = _holder(handle)
    finally:
        os.close(handle)
    pid, host, tasks = found.get("pid"), found.get("host"), found.get("tasks", 0)
    if not (isinstance(pid, int) and isinstance(host, str) and isinstance(tasks, int)):
        return None
    return StudyRunner(pid, host, tasks) if host != socket.gethostname() or _runs(pid) else None


def _runs(pid: int) -> bool:
    """Tell whether this machine has such a process."""
    if os.name != "posix":  # elsewhere a signal of number 0 would end it
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        return True
    return True


@contextmanager
def study_lock(folder: Path) -> Iterator[HeldLock]:
    """Hold the lock of a folder.

    Parameters
    ----------
    folder : Path
        Folder of a study.

    Yields
    ------
    HeldLock
        Lock.

    Raises
    ------
    StudyError
        If another process holds it, or the folder cannot be written.
    """
    path = folder / "lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StudyError(f"cannot write {path}: {error.strerror}; choose another folder with --out") from error
    try:
        held = _acquire(handle)
        holder = _holder(handle)
        if not held:
            raise StudyError(f"{folder} is in use by {_said(holder)}; wait for it, or choose another folder with --out")
        if holder and holder.get("host") != socket.gethostname():
            raise StudyError(f"{folder} is in use by {_said(holder)}; if that has ended, remove {path}")
        try:
            _write(handle, _about(0))
        except OSError as error:
            raise StudyError(f"cannot write {path}: {error.strerror}; make room, or choose another --out") from error
        try:
            yield HeldLock(handle, bool(holder))
        finally:
            _write(handle, b"")
    finally:
        os.close(handle)


def _acquire(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise StudyError(
            f"the disk of the folder has no locks ({error.strerror}); choose a local one with --out"
        ) from error
    return True


def _holder(handle: int) -> dict[str, object]:
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        found = json.loads(os.read(handle, _LONGEST) or b"{}")
    except (OSError, ValueError):
        found = {}
    return found if isinstance(found, dict) else {}


def _said(holder: dict[str, object]) -> str:
    pid, host = holder.get("pid", "?"), str(holder.get("host", "?"))[:80]
    return f"process {pid} on {host}"


def _about(tasks: int) -> bytes:
    """Return what stands in a lock; its length does not depend on the number of tasks, so that it is never half old."""
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "tasks": tasks}).encode().ljust(_LENGTH)


def _write(handle: int, text: bytes) -> None:
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, text)
    os.fsync(handle)
