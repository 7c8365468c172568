"""How far a study is, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StudyState:
    """How far a study is.

    Attributes
    ----------
    folder : Path
        Its folder.
    name : str
        Its name.
    total, done, failed : int
        Tasks of the study, and how many of them ended, with and without numbers.
    ran : int
        Tasks that this call ran.
    seconds : float
        Time of this call, s.
    notes : tuple of str
        Remarks for the user.
    failures : tuple of (str, str, str, int)
        Target, parameters and error of failed tasks, and how many there are.
    """

    folder: Path
    name: str
    total: int
    done: int
    failed: int
    ran: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    failures: tuple[tuple[str, str, str, int], ...] = ()

    @property
    def waiting(self) -> int:
        """Number of tasks that are neither done nor failed."""
        return self.total - self.done - self.failed
