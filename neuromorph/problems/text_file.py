"""A problem file: its lines, its numbers, and errors that say where, which rule and what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..files.printable import printable
from ..ising import Float

MAX_BYTES = 256 << 20
MAX_LINES = 3_000_000  # of text: Python keeps some 60 bytes a line, however short it is
LARGEST = 1e15  # integers below it, their sums along a tour and their squares stay exact or finite in float64

_BLOCK = 4096  # lines whose numbers exist as strings at one time
_BLANK, _WORD = re.compile(r"\s"), re.compile(r"\S+")
_LONG = 1 << 16  # characters: a longer line is cut, between its numbers


class ProblemFileError(ValueError):
    """A problem file breaks a rule; the message reads ``file, line N: rule; remedy``."""


@dataclass(frozen=True, eq=False)
class TextFile:
    """The bytes of a file, the name it has in errors, and where it was read from."""

    name: str
    data: bytes
    path: Path | None = None

    @classmethod
    def read(cls, path: str | os.PathLike[str] | TextFile) -> TextFile:
        """Read a whole file of at most MAX_BYTES, once: a source comes back as it is."""
        if isinstance(path, TextFile):
            return path
        path = Path(path)
        source = cls(path.name or str(path), b"")
        try:
            if not path.exists():
                raise source.error("there is no such file; check the path")
            if not path.is_file():
                raise source.error("is not a regular file; give the path of a problem file")
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > MAX_BYTES:
                    raise source.error(f"is larger than {MAX_BYTES >> 20} MB; give a smaller instance")
                data = file.read(size + 1)
            if len(data) != size:
                raise source.error("changed while it was read; try again when it is whole")
            return cls(path.name, data, path)
        except OSError as error:
            raise source.error(f"cannot be read ({error.strerror or type(error).__name__}); check the path") from None

    @property
    def stem(self) -> str:
        """Name of the file without its ending."""
        return Path(self.name).stem

    @cached_property
    def lines(self) -> list[str]:
        """Return the lines of text; bytes that are not UTF-8 can only be in comments and names."""
        if b"\0" in self.data:
            line = self.data.count(b"\n", 0, self.data.index(b"\0")) + 1
            raise self.error("has a zero byte; problem files are TSPLIB, rudy or picture text, .npz or .png", line)
        data = self.data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if (count := data.count(b"\n")) > MAX_LINES:
            raise self.error(f"has {count} lines; text is read up to {MAX_LINES}: remove blank lines, or give less")
        return data.decode("utf-8-sig", errors="replace").split("\n")

    def error(self, rule: str, line: int | None = None) -> ProblemFileError:
        """Return the error for a broken ``rule``, which ends with its remedy, on 1-based ``line``."""
        return ProblemFileError(f"{printable(self.name)}{'' if line is None else f', line {line}'}: {rule}")


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive lines of a source that hold numbers; ``first`` is the 1-based number of the first of them."""

    source: TextFile
    first: int
    lines: Sequence[str]

    def numbers(self, remedy: str = "rescale") -> Float:
        """Read all numbers in order, however they are split over lines; each must be finite and below LARGEST.

        ``remedy`` is for numbers that are not.
        """
        parts = []
        for start, text in self._pieces():
            tokens = text.split()
            try:
                values = np.fromiter(map(float, tokens), float, len(tokens))
            except ValueError:
                raise self._not_a_number(start, remedy) from None
            if "_" in text or not (np.abs(values) <= LARGEST).all():  # float() reads 1_000; people do not
                raise self._not_a_number(start, remedy)
            parts.append(values)
        return np.concatenate(parts) if parts else np.empty(0)

    def _pieces(self) -> Iterator[tuple[int, str]]:
        """Text whose numbers may all be strings at one time, and the 0-based line it begins in."""
        for start in range(0, len(self.lines), _BLOCK):
            text = " ".join(self.lines[start : start + _BLOCK])
            at = 0
            while at < len(text):
                blank = _BLANK.search(text, at + _LONG)
                end = blank.start() if blank else len(text)
                yield start, text[at:end]
                at = end

    def line_of(self, k: int) -> int:
        """Return the 1-based line of the k-th number (the last line if there are fewer)."""
        seen = 0
        for number, line in enumerate(self.lines, self.first):
            seen += sum(1 for _ in _WORD.finditer(line))
            if seen > k:
                return number
        return self.first + max(0, len(self.lines) - 1)

    def error(self, rule: str, k: int) -> ProblemFileError:
        """Return the error for a rule that the k-th number breaks."""
        return self.source.error(rule, self.line_of(k))

    def _not_a_number(self, start: int, remedy: str) -> ProblemFileError:
        for number, line in enumerate(self.lines[start:], self.first + start):
            for word in _WORD.finditer(line):
                token = word[0]
                value = parse_number(token)
                if value is None:
                    return self.source.error(
                        f"{quote_text(token)} is not a number; write digits, as in 12 or 1.5e3", number
                    )
                if not abs(value) <= LARGEST:
                    return self.source.error(f"{quote_text(token)} is not between -1e15 and 1e15; {remedy}", number)
        return self.source.error("holds what is not a number; write digits, as in 12 or 1.5e3", self.first + start)


def parse_number(token: str) -> float | None:
    """Parse a token as a float; return None if it is none."""
    try:
        return None if "_" in token else float(token)
    except ValueError:
        return None


def quote_text(text: str) -> str:
    """Quote text for an error message, on one line and short."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


def printable_name(text: str, otherwise: str) -> str:
    """Return a name of printable characters in single spaces, at most 80, without the ending .tsp."""
    name = " ".join(printable(text[:400]).split())[:80]
    return (name[:-4] if name.lower().endswith(".tsp") else name) or otherwise
