"""What may stand behind an option of the command line, and the one line that says so where it does not."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ..files.printable import printable

if TYPE_CHECKING:
    from ..problems.text_file import TextFile

NO_ANSWER = 1
INTERRUPTED = 130  # exit code after Ctrl-C; other signals have their own
_LONGEST = 600  # characters of an error


class BadInput(Exception):
    """What the user can mend; shown as one line, without a traceback."""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{message}; see {self.prog} --help")


def names(text: str) -> list[str]:
    return _some([name.strip() for name in text.split(",") if name.strip()])


def target_names(text: str) -> list[str]:
    """Targets, each with its parameters or without."""
    from ..target_names import split_targets

    try:
        return _some(split_targets(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _some(names: list[str]) -> list[str]:
    if not names:
        raise argparse.ArgumentTypeError("name one at least")
    return list(dict.fromkeys(names))


def count(text: str) -> int:
    return int(_checked(text, int, "a whole number from 1", lambda value: value >= 1))


def seed(text: str) -> int:
    return int(_checked(text, int, "a whole number from 0", lambda value: value >= 0))


def power_of_two_or_none(text: str) -> int | None:
    """None: the exponential."""
    rule = "a whole number from 2, or 'exp'"
    return None if text == "exp" else int(_checked(text, int, rule, lambda value: value >= 2))


def positive(text: str) -> float:
    return _checked(text, float, "a number above 0", lambda value: 0 < value < float("inf"))


def fraction(text: str) -> float:
    return _checked(text, float, "a number, 0 or above", lambda value: 0 <= value < float("inf"))


def finite(text: str) -> float:
    return _checked(text, float, "a finite number", isfinite)


def folder_or_file(text: str) -> Path:
    if not text.strip():  # Path("") is the current folder, which nobody asked to fill
        raise argparse.ArgumentTypeError("is empty; name a place")
    return Path(text)


def _checked(text: str, kind: Callable[[str], float], rule: str, holds: Callable[[float], bool]) -> float:
    try:
        value = kind(text)
    except ValueError:
        value = float("nan")
    if not holds(value):
        raise argparse.ArgumentTypeError(f"is {text!r}; give {rule}")
    return value


def add_time_limit(parser: argparse.ArgumentParser, about: str) -> None:
    parser.add_argument("--time-limit", type=positive, metavar="S", help=about)


@contextmanager
def user_errors(*kinds: type[Exception]) -> Iterator[None]:
    """Errors that say what to mend become one line."""
    try:
        yield
    except kinds as error:
        raise BadInput(too_much(error) if isinstance(error, TOO_MUCH) else str(error)) from error


TOO_MUCH = (MemoryError, RecursionError, OverflowError)


def too_much(error: BaseException) -> str:
    """One line for what the machine, not the input's form, does not hold."""
    said = f" ({error})" if str(error) else ""
    if isinstance(error, MemoryError):
        return f"not enough memory{said}; take a smaller problem or fewer reads"
    if isinstance(error, RecursionError):
        return f"something is nested too deeply{said}; write it flatter"
    return f"a number is too large{said}; rescale"


def read_source(arguments: argparse.Namespace) -> TextFile:
    """FILE, read once: its hash, kept for the provenance, is of the bytes that are computed with."""
    from hashlib import sha256

    from ..problems.text_file import TextFile

    source = TextFile.read(arguments.file)
    arguments.sha256 = sha256(source.data).hexdigest()
    return source


def one_line(text: str) -> str:
    """An error as it is shown: whatever stands in names and numbers of the user, on one line of bounded length."""
    line = " ".join(printable(text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def warn(name: str, *notes: str) -> None:
    """What can hardly be meant, or was taken for granted, on standard error."""
    for note in notes:
        print(f"warning: {printable(name)}: {printable(note)}", file=sys.stderr)


@contextmanager
def writing(path: Path, option: str = "--out") -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror or error}; choose another place with {option}") from error
