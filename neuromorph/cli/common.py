"""Steps that several commands share: the problem of a file, its provenance, an output that targets cannot spoil."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import read_source, user_errors, warn

if TYPE_CHECKING:
    from ..problems import Problem


def load_problem(arguments: argparse.Namespace) -> Problem:
    """Read the problem of ``arguments.file``.

    Doubtful content gives a warning on standard error.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of a command.

    Returns
    -------
    Problem
        Problem.

    Raises
    ------
    BadInput
        If the file cannot be read.
    """
    from ..problems import load

    with user_errors(ValueError, OSError):
        source = read_source(arguments)
        given = {name: getattr(arguments, name, None) for name in ("best_known", "rule", "size", "threshold")}
        problem = _asked(load(source, kind=arguments.kind, **given), arguments)
    if not getattr(arguments, "quiet", False):
        warn(source.name, *getattr(problem, "notes", ()))
    return problem


def _asked(problem: Problem, arguments: argparse.Namespace) -> Problem:
    """Return the problem with the cue, the mask, the noise and the held spins that the options give."""
    from dataclasses import replace

    from ..problems import IsingModel, Recall, load, with_cue, with_mask, with_word
    from ..problems.ising_model import hold_spins

    given = {name: getattr(arguments, name, None) for name in ("noise", "cue", "mask", "clamp")}
    if any(given[name] is not None for name in ("noise", "cue", "mask")):
        if not isinstance(problem, Recall):
            raise ValueError(
                f"{arguments.file} is no memory but of kind {problem.kind}; leave --noise, --cue and --mask out"
            )
        if given["mask"] is not None:
            problem = with_mask(problem, given["mask"])
        if given["noise"] is not None:
            problem = replace(problem, noise=given["noise"], cue=None)
        if given["cue"] is not None:
            if problem.words:
                return with_word(problem, _cue_word(given["cue"]))
            options = {name: getattr(arguments, name, None) for name in ("size", "threshold")}
            problem = with_cue(problem, load(given["cue"], kind="recall", **options))
    if given["clamp"] is None:
        return problem
    if not isinstance(problem, IsingModel):
        raise ValueError(f"{arguments.file} is no model but of kind {problem.kind}; leave --clamp out")
    return hold_spins(problem, given["clamp"])


def _cue_word(given: str | os.PathLike[str]) -> str:
    """Return the word of a file, or what is no file as the word itself."""
    from ..problems.text_file import TextFile

    if not os.path.exists(given):
        return str(given)
    lines = [line.strip() for line in TextFile.read(given).lines if line.strip()]
    if len(lines) != 1:
        raise ValueError(f"{given} has {len(lines)} lines; a cue is one word")
    return lines[0]


def origin(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the command and the file, for the provenance.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of a command.

    Returns
    -------
    dict of str to str
        Command, name of the file and its hash.
    """
    return {
        "command": shlex.join(["neuromorph", *arguments.words]),
        "input": Path(arguments.file).name,
        "input_sha256": arguments.sha256,
    }


def work_origin(arguments: argparse.Namespace, seed: int) -> dict[str, dict[str, Any]]:
    """Return the provenance in the JSON of every command.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of a command.
    seed : int
        Seed of the command.

    Returns
    -------
    dict of str to dict of str to object
        Provenance under the key "provenance".
    """
    from ..study.provenance import work_provenance

    return {"provenance": work_provenance(seed, origin(arguments))}


@contextmanager
def output_kept_clean() -> Iterator[None]:
    """Send output of targets, in Python or in C, to standard error.

    Standard output is a table, or JSON, and nothing else.
    """
    sys.stdout.flush()
    kept = None
    try:
        with suppress(OSError):  # the caller closed one of them
            kept = os.dup(1)
            os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)
