"""One coordinator a folder: a lock of the system, with the process and host that hold it written in it.

The system frees the lock when its process ends, however that happens. A name of this host that is left in a free lock
is stale; one of another host may be that of a process which this system cannot see, on a shared disk.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .task_table import StudyError

_LONGEST = 1000


@contextmanager
def study_lock(folder: Path) -> Iterator[bool]:
    """Hold the lock of a folder.

    Parameters
    ----------
    folder : Path
        Folder of a study.

    Yields
    ------
    bool
        Whether the last coordinator ended without freeing it.

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
            _write(handle, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        except OSError as error:
            raise StudyError(f"cannot write {path}: {error.strerror}; make room, or choose another --out") from error
        try:
            yield bool(holder)
        finally:
            _write(handle, "")
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


def _write(handle: int, text: str) -> None:
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, text.encode())
    os.fsync(handle)
