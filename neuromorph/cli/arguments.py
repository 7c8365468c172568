"""What may stand behind an option of the command line, and the one line that says so where it does not."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ..files.printable import printable

if TYPE_CHECKING:
    from ..problems.text_file import TextFile

NO_ANSWER, BAD_INPUT = 1, 2
INTERRUPTED = 130  # exit code after Ctrl-C; other signals have their own
_LONGEST = 600  # characters of an error


class BadInput(Exception):
    """Input error that the user can correct; shown as one line, without a traceback."""


class Parser(argparse.ArgumentParser):
    """Parser whose errors are raised as :class:`BadInput`."""

    def error(self, message: str) -> NoReturn:
        """Raise a usage error.

        Parameters
        ----------
        message : str
            Rule that is broken.

        Raises
        ------
        BadInput
            Always, with the message and the command that helps.
        """
        message = message.replace(", PICTURE", "").replace("arguments are required: FILE", "argument is required: FILE")
        found = re.match(r"(argument COMMAND: )invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if found:
            close = get_close_matches(found[2], re.findall(r"[\w-]+", found[3]), 1)
            near = f"; did you mean {close[0]}?" if close else ""
            message = f"argument COMMAND: invalid choice: {found[2]!r}{near}"
        raise BadInput(f"{message}; see {self.prog} --help")


def names(text: str) -> list[str]:
    """Parse names that are separated by commas.

    Parameters
    ----------
    text : str
        Text of the option.

    Returns
    -------
    list of str
        Names, at least one.
    """
    return _some([name.strip() for name in text.split(",") if name.strip()])


def target_names(text: str) -> list[str]:
    """Parse targets that are separated by commas, each with its parameters or without.

    Parameters
    ----------
    text : str
        Text of the option.

    Returns
    -------
    list of str
        Text form of each target, at least one.
    """
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
    """Parse a whole number from 1, small enough for products of several.

    Parameters
    ----------
    text : str
        Text of the option.

    Returns
    -------
    int
        Number.
    """
    return int(_checked(text, int, "a whole number from 1 to 10^15", lambda value: 1 <= value <= 10**15))


def seed(text: str) -> int:
    """Parse a whole number from 0.

    Parameters
    ----------
    text : str
        Text of the option.

    Returns
    -------
    int
        Number.
    """
    return int(_checked(text, int, "a whole number from 0", lambda value: value >= 0))


def positive(text: str) -> float:
    """Parse a number above 0.

    Parameters
    ----------
    text : str
        Text of the option.

    Returns
    -------
    float
        Number.
    """
    return _checked(text, float, "a number above 0", lambda value: 0 < value < float("inf"))


def fraction(text: str) -> float:
    """Parse a number that is 0 or above.

    Parameters
    ----------
    text : str
        Text of the option.

    Returns
    -------
    float
        Number.
    """
    return _checked(text, float, "a number, 0 or above", lambda value: 0 <= value < float("inf"))


def finite(text: str) -> float:
    """Parse a finite number.

    Parameters
    ----------
    text : str
        Text of the option.

    Returns
    -------
    float
        Number.
    """
    return _checked(text, float, "a finite number", isfinite)


def folder_or_file(text: str) -> Path:
    """Parse a path.

    Parameters
    ----------
    text : str
        Text of the option, not empty.

    Returns
    -------
    Path
        Path.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is empty.
    """
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
    """Add the option ``--time-limit``.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of a command.
    about : str
        Help of the option.
    """
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
    """Describe an error of the machine's limits, as of memory, on one line.

    Parameters
    ----------
    error : BaseException
        Exception.

    Returns
    -------
    str
        Message with its remedy.
    """
    said = f" ({error})" if str(error) else ""
    if isinstance(error, MemoryError):
        return f"not enough memory{said}; take a smaller problem or fewer reads"
    if isinstance(error, RecursionError):
        return f"something is nested too deeply{said}; write it flatter"
    return f"a number is too large{said}; rescale"


def read_source(arguments: argparse.Namespace) -> TextFile:
    """Read ``arguments.file`` once.

    Its hash, kept for the provenance, is of the file as it stands, packed or not.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of a command; the hash is added as ``sha256``.

    Returns
    -------
    TextFile
        Bytes of the file.
    """
    from hashlib import sha256

    from ..problems.pattern_files import pictures_together
    from ..problems.text_file import TextFile

    more = getattr(arguments, "more", None)
    source = pictures_together([arguments.file, *more]) if more else TextFile.read(arguments.file)
    arguments.sha256 = sha256(source.stored).hexdigest()
    return source


def one_line(text: str) -> str:
    """Put an error on one line of bounded length and printable characters.

    Parameters
    ----------
    text : str
        Message, with any names and numbers of the user.

    Returns
    -------
    str
        Line.
    """
    line = " ".join(printable(text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def warn(name: str, *notes: str) -> None:
    """Print warnings on standard error.

    Parameters
    ----------
    name : str
        Subject, as a file or an option.
    *notes : str
        Warnings, a line each.
    """
    for note in notes:
        print(f"warning: {printable(name)}: {printable(note)}", file=sys.stderr)


@contextmanager
def writing(path: Path, option: str = "--out") -> Iterator[None]:
    """Turn failures to write into :class:`BadInput`.

    Parameters
    ----------
    path : Path
        Place that is written to.
    option : str
        Option that names another place.

    Yields
    ------
    None
        Control to the block that writes.

    Raises
    ------
    BadInput
        If the place cannot be written.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror or error}; choose another place with {option}") from error
