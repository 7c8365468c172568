"""A problem file: its lines, its numbers, and errors that say where, which rule and what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from ..files.printable import printable
from ..ising import Float
from .containers import ENDINGS, ContainerError, unpack_bytes

MAX_BYTES = 256 << 20
MAX_LINES = 3_000_000  # of text: Python keeps some 60 bytes a line, however short it is
LARGEST = 1e15  # integers below it, their sums along a tour and their squares stay exact or finite in float64

_BLOCK = 4096  # lines whose numbers exist as strings at one time
_BLANK, _WORD = re.compile(r"\s"), re.compile(r"\S+")
_LONG = 1 << 16  # characters: a longer line is cut, between its numbers
_PART = re.compile(r"(.+)#(\d{1,6})", re.DOTALL)  # one of several instances in a file
_MEMBERS = 10_000  # files of a folder


class ProblemFileError(ValueError):
    """A problem file breaks a rule; the message reads ``file, line N: rule; remedy``."""


@dataclass(frozen=True, eq=False)
class TextFile:
    """Bytes of a file.

    Attributes
    ----------
    name : str
        Name in errors.
    data : bytes
        Bytes.
    path : Path or None
        Place that it was read from; None: it was not.
    packed : bytes
        The file itself, if ``data`` were unpacked or recoded.
    part : int or None
        Number of the instance that is meant, from 1, in a file of several: ``FILE#2``.
    members : tuple of TextFile
        Files of a folder; ``data`` is all of them.
    """

    name: str
    data: bytes
    path: Path | None = None
    packed: bytes = b""
    part: int | None = None
    members: tuple[TextFile, ...] = ()

    @classmethod
    def read(cls, path: str | os.PathLike[str] | TextFile) -> TextFile:
        """Read a whole file of at most MAX_BYTES, once, and unpack it (module ``containers``).

        Parameters
        ----------
        path : path-like or TextFile
            File, or folder of files; ``FILE#2`` is its second instance; a TextFile comes back as it is.

        Returns
        -------
        TextFile
            File.

        Raises
        ------
        ProblemFileError
            If the file is larger.
        """
        if isinstance(path, TextFile):
            return path
        path, part = Path(path), None
        source = cls(path.name or str(path), b"")
        try:
            if not path.exists():
                found = _PART.fullmatch(str(path))
                if found is None or not Path(found[1]).is_file():
                    what = "there is no such file" if str(path) != "-" else "standard input is not read"
                    raise source.error(f"{what}; check the path")
                path, part = Path(found[1]), int(found[2])
                source = cls(path.name, b"")
            if path.is_dir():
                return cls._folder(path)
            if not path.is_file():
                raise source.error("is not a regular file; give the path of a problem file")
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > MAX_BYTES:
                    raise source.error(f"is larger than {MAX_BYTES >> 20} MB; give a smaller instance")
                data = file.read(size + 1)
            if len(data) != size:
                raise source.error("changed while it was read; try again when it is whole")
            plain = unpack_bytes(data, MAX_BYTES)
            return cls(path.name, plain, path, b"" if plain is data else data, part)
        except ContainerError as error:
            raise source.error(str(error)) from None
        except OSError as error:
            raise source.error(f"cannot be read ({error.strerror or type(error).__name__}); check the path") from None

    @classmethod
    def _folder(cls, path: Path) -> TextFile:
        """Read the files of a folder, by name, without hidden ones and folders."""
        name = path.name or str(path)
        files = [each for each in path.iterdir() if each.is_file() and not each.name.startswith(".")]
        if not files:
            raise cls(name, b"").error("is a folder without pictures; give a problem file, or a folder of pictures")
        if len(files) > _MEMBERS:
            raise cls(name, b"").error(f"is a folder of {len(files)} files; at most {_MEMBERS} are read: give fewer")
        if sum(each.stat().st_size for each in files) > MAX_BYTES:
            raise cls(name, b"").error(f"is a folder of more than {MAX_BYTES >> 20} MB; give fewer or smaller files")
        members = tuple(cls.read(each) for each in sorted(files, key=lambda each: _natural(each.name)))
        return cls(name, b"".join(each.data for each in members), path, members=members)

    @property
    def stem(self) -> str:
        """Name of the file without its ending, and without that of a container."""
        name = Path(self.name)
        return Path(name.stem).stem if name.suffix.lower() in ENDINGS else name.stem

    @property
    def ending(self) -> str:
        """Ending of the name in small letters, as ".qubo", without that of a container."""
        name = Path(self.name)
        return (Path(name.stem) if name.suffix.lower() in ENDINGS else name).suffix.lower()

    @property
    def stored(self) -> bytes:
        """Bytes as they stand in the file."""
        return self.packed or self.data

    def rewritten(self, lines: Sequence[str]) -> TextFile:
        """Return the file with other text in its lines, so that messages still name the right one.

        Parameters
        ----------
        lines : sequence of str
            Lines.

        Returns
        -------
        TextFile
            File.
        """
        return replace(self, data="\n".join(lines).encode(), packed=self.stored)

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
        """Build the error for a broken rule.

        Parameters
        ----------
        rule : str
            Rule, which ends with its remedy.
        line : int or None
            1-based line; None: no line in particular.

        Returns
        -------
        ProblemFileError
            Error that names file and line.
        """
        return ProblemFileError(f"{printable(self.name)}{'' if line is None else f', line {line}'}: {rule}")


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive lines of a source that hold numbers.

    Attributes
    ----------
    source : TextFile
        File.
    first : int
        1-based number of the first line.
    lines : sequence of str
        Lines.
    """

    source: TextFile
    first: int
    lines: Sequence[str]

    def numbers(self, remedy: str = "rescale") -> Float:
        """Read all numbers in order, however they are split over lines.

        Parameters
        ----------
        remedy : str
            Remedy in the error for a number that is not finite or not below LARGEST.

        Returns
        -------
        (k,) float
            Numbers.

        Raises
        ------
        ProblemFileError
            If a word is no such number.
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
        """Find the line of a number.

        Parameters
        ----------
        k : int
            Index of the number.

        Returns
        -------
        int
            1-based line; the last one if there are fewer numbers.
        """
        seen = 0
        for number, line in enumerate(self.lines, self.first):
            seen += sum(1 for _ in _WORD.finditer(line))
            if seen > k:
                return number
        return self.first + max(0, len(self.lines) - 1)

    def error(self, rule: str, k: int) -> ProblemFileError:
        """Build the error for a broken rule.

        Parameters
        ----------
        rule : str
            Rule, which ends with its remedy.
        k : int
            Index of the number that breaks it.

        Returns
        -------
        ProblemFileError
            Error that names file and line.
        """
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
    """Parse a token as a float.

    Parameters
    ----------
    token : str
        Word of a file.

    Returns
    -------
    float or None
        Number; None if it is none.
    """
    try:
        return None if "_" in token else float(token)
    except ValueError:
        return None


def _natural(name: str) -> list[tuple[int, str]]:
    """Order of names in which 2 stands before 10."""
    return [(int(part), "") if part.isdecimal() and part.isascii() else (-1, part) for part in re.split(r"(\d+)", name)]


def quote_text(text: str) -> str:
    """Quote text for an error message, on one line and short.

    Parameters
    ----------
    text : str
        Text of the user.

    Returns
    -------
    str
        Quoted text.
    """
    return repr(text if len(text) <= 40 else text[:37] + "...")


def printable_name(text: str, otherwise: str) -> str:
    """Make a name printable, at most 80 characters in single spaces, without the ending .tsp.

    Parameters
    ----------
    text : str
        Name.
    otherwise : str
        Name to take where nothing is left.

    Returns
    -------
    str
        Name.
    """
    name = " ".join(printable(text[:400]).split())[:80]
    return (name[:-4] if name.lower().endswith(".tsp") else name) or otherwise
