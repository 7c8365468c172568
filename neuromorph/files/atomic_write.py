"""Reading and writing of files: read whole and bounded, written beside their final name and renamed (atomic)."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def read_file(path: str | os.PathLike[str], limit: int) -> bytes:
    """Read a regular file whole.

    Parameters
    ----------
    path : path-like
        Path of the file.
    limit : int
        Largest size in bytes.

    Returns
    -------
    bytes
        The content.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If it is no regular file (a pipe waits for ever, a device has no end), is larger than ``limit``, or cannot be
        read. The message leaves the name out.
    """
    about = os.stat(path)
    if not stat.S_ISREG(about.st_mode):
        raise OSError("is not a regular file; give the path of one")
    if about.st_size > limit:
        raise OSError(f"is larger than {limit >> 20} MB; give a smaller one")
    with open(path, "rb") as file:
        data = file.read(about.st_size + 1)
    if len(data) > about.st_size:  # the file grows, or the system generates it, perhaps without end
        raise OSError("has more bytes than it states; give a copy of it")
    return data


def write_file(path: str | os.PathLike[str], content: str | bytes | Callable[[BinaryIO], object]) -> Path:
    """Write a file atomically and make its folder; an interruption leaves the old file whole.

    A link is followed, and a device or a pipe is written to: neither is replaced by a file.

    Parameters
    ----------
    path : path-like
        Path of the file.
    content : str, bytes or callable
        Content, or a function that writes it to the given binary file.

    Returns
    -------
    Path
        The path.
    """
    path = Path(path)
    if path.is_symlink():
        path = path.resolve()

    def fill(file: BinaryIO) -> None:
        if callable(content):
            content(file)
        else:
            file.write(content.encode() if isinstance(content, str) else content)

    if path.exists() and not path.is_file():
        with open(path, "wb") as file:
            fill(file)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            fill(file)
        os.chmod(aside, 0o666 & ~_umask())
        os.replace(aside, path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)  # the file is gone if Ctrl-C came after the renaming
        raise
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
