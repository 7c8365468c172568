"""What a command writes into the folder of ``--out``: nothing that goes wrong there costs the numbers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from .arguments import INTERRUPTED, BadInput, writing


class OutFolder:
    """Folder of a command's output; failures to write are reported after the numbers.

    Attributes
    ----------
    folder : Path or None
        Folder; None: nothing is written.
    written : list of str
        Names of the written files.
    stopped : bool
        Whether Ctrl-C came.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder, self.stopped = folder, False
        self.written: list[str] = []
        self._lost: list[str] = []
        self._reason = ""

    @property
    def lost(self) -> bool:
        """Whether a file could not be written."""
        return bool(self._lost)

    def keep(self, name: str, write: Callable[[Path], object]) -> None:
        """Write a file into the folder; a full disk and Ctrl-C are remembered.

        Parameters
        ----------
        name : str
            Name of the file.
        write : callable
            Function that writes to a path.
        """
        if self.folder is None:
            return
        path, before = self.folder / name, _stamp(self.folder / name)
        try:
            write(path)
        except OSError as error:
            self._lost.append(name)
            self._reason = self._reason or str(error.strerror or error)
        except KeyboardInterrupt:
            self.stopped = True
        if _stamp(path) != before:
            self.written.append(name)

    def end(self, kept: str) -> int:
        """Report failures once the numbers are shown.

        Parameters
        ----------
        kept : str
            Description of the files that are kept, for the message after Ctrl-C.

        Returns
        -------
        int
            Exit code.

        Raises
        ------
        BadInput
            If a file could not be written.
        """
        if self.lost:
            lost = ", ".join(self._lost)
            raise BadInput(f"cannot write {lost} to {self.folder}: {self._reason}; choose another place with --out")
        if self.stopped:
            print(f"interrupted; {kept}", file=sys.stderr)
            return INTERRUPTED
        return 0


def made_folder(path: Path | None) -> OutFolder:
    """Make the folder of ``--out``, before work that takes minutes.

    Parameters
    ----------
    path : Path or None
        Folder; None: nothing is written.

    Returns
    -------
    OutFolder
        Folder that is there.

    Raises
    ------
    BadInput
        If it cannot be made.
    """
    if path is not None:
        with writing(path):
            path.mkdir(parents=True, exist_ok=True)
    return OutFolder(path)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return inode and time of a file, which change when it is written."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns
