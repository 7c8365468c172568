"""The files of one call: a file, several, all of a folder, or those of a list."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..files.printable import printable
from .arguments import BadInput

_LARGEST = 1 << 20  # bytes of a list
_MOST = 100_000  # files
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
_BESIDE = (".tour", ".opt", ".best", ".md", ".toml")  # what stands beside instances and is none


def all_pictures(files: Sequence[str]) -> bool:
    """Return whether files are pictures by their names.

    Parameters
    ----------
    files : sequence of str
        Paths.

    Returns
    -------
    bool
        True if there are some, and all are.
    """
    return bool(files) and all(Path(one).suffix.lower() in _PICTURES for one in files)


def instance_files(given: Sequence[str], memory: bool = False) -> list[tuple[str, bool]]:
    """Return the files that were asked for.

    Parameters
    ----------
    given : sequence of str
        Files; folders, of which every file is taken that is a problem, but none of their folders and no hidden file; a
        folder of pictures alone is one memory, said by its reader;
        ``@LIST``, a text file with the path of a file a line, beside that list unless it is absolute, where ``#``
        begins a comment.
    memory : bool
        Whether patterns are asked for: then a folder with any picture is one memory, its other files left out.

    Returns
    -------
    list of (str, bool)
        Path of each, once, and whether it was named itself: what else is in a folder may be no problem.

    Raises
    ------
    BadInput
        If a list cannot be read, or a folder or list is empty.
    """
    found: dict[str, bool] = {}
    for each in given:
        path = Path(each)
        if each.startswith("@") and not path.exists():
            found |= dict.fromkeys(_listed(Path(each[1:])), True)
        elif path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
            chosen = [str(one) for one in inside if one.suffix.lower() not in _BESIDE]
            if not chosen:
                raise BadInput(f"{printable(each)} has no file; name a folder of problems")
            if all_pictures(chosen) or (memory and any(all_pictures([one]) for one in chosen)):
                found[each] = True
            else:
                found |= {one: found.get(one, False) for one in chosen}
        else:
            found[each] = True
        if len(found) > _MOST:
            raise BadInput(f"{printable(each)} brings the files to more than {_MOST:,}; split them over several calls")
    return list(found.items())


def _listed(path: Path) -> list[str]:
    from ..files.atomic_write import read_file

    try:
        lines = read_file(path, _LARGEST).decode().splitlines()
    except OSError as error:
        raise BadInput(f"cannot read the list {path}: {error.strerror or error}; give @FILE, a path a line") from error
    except ValueError as error:
        raise BadInput(f"{path} is no list of files: {error}; give text, a path a line") from error
    names = [line.partition("#")[0].strip() for line in lines]
    chosen = [str(path.parent / name) for name in names if name]
    if not chosen:
        raise BadInput(f"the list {path} names no file; give a path a line")
    return chosen


def folder_names(files: Sequence[str]) -> list[str]:
    """Name a folder for the report of each file: its stem, or one with a number.

    Parameters
    ----------
    files : sequence of str
        Paths.

    Returns
    -------
    list of str
        Names that are safe and differ, also where letters of both cases are one.
    """
    from ..study.checkpoint import safe_name

    chosen: list[str] = []
    for file in files:
        stem = safe_name(Path(file).stem)
        name, number = stem, 1
        taken = {each.lower() for each in (*chosen, "runs", "figures")}
        while name.lower() in taken:
            number += 1
            name = f"{stem}-{number}"
        chosen.append(name)
    return chosen


def of_file(arguments: argparse.Namespace, file: str) -> argparse.Namespace:
    """Return the arguments of a command for one of its files.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments with ``files``.
    file : str
        Path.

    Returns
    -------
    argparse.Namespace
        Copy with ``file``.
    """
    return argparse.Namespace(**{**vars(arguments), "file": file})


def check_files(files: Sequence[tuple[str, bool]], arguments: argparse.Namespace) -> None:
    """Require options that several files can share.

    Parameters
    ----------
    files : sequence of (str, bool)
        Files.
    arguments : argparse.Namespace
        Arguments of the command.

    Raises
    ------
    BadInput
        If one of them is of a single file.
    """
    for name in ("best_known", "cue", "clamp"):
        if getattr(arguments, name, None) is not None and len(files) > 1:
            option = f"--{name.replace('_', '-')}"
            raise BadInput(f"{option} is of one file, and there are {len(files)}; compare that file alone")
