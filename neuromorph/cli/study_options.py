"""Options that several commands share: the task, the reads, the memory, the spins that are held."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import (
    BadInput,
    add_time_limit,
    count,
    finite,
    folder_or_file,
    fraction,
    positive,
    seed,
    user_errors,
    warn,
)

if TYPE_CHECKING:
    from ..problems import Problem
    from ..study import Comparison
    from ..task import Task

READS = 100  # as in study, which --help must not import
TASKS = ("minimize", "sample", "recall")  # as in task
_BOUNDARIES = ("core", "chip", "system", "system+host")  # as in pricing
_ALSO = "else core, chip, system"


def read_length(text: str) -> str | float:
    """Parse the length of a read.

    Parameters
    ----------
    text : str
        "default", "best" or a number above 0.

    Returns
    -------
    str or float
        Length.
    """
    rule = "default, best or a number above 0"
    if text in ("default", "best"):
        return text
    try:
        return positive(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"is {text!r}; give {rule}") from None


def add_study_options(parser: argparse.ArgumentParser, fewer: str = "") -> None:
    """Add the options that ``compare`` and ``solve`` share.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of a command.
    fewer : str
        When there are fewer reads than the default, for the help.
    """
    tasks = "minimize, sample (at --beta) or recall; default: recall of patterns, minimize of all else"
    parser.add_argument("--task", choices=TASKS, metavar="T", help=tasks)
    parser.add_argument("--beta", type=fraction, metavar="B", help="sample at this inverse temperature, 1 / energy")
    alone = "sample without a reference run, which takes as long as a target: no errors of energy and magnetization"
    parser.add_argument("--no-reference", action="store_true", help=alone)
    add_memory_options(parser)
    parser.add_argument("--reads", type=count, metavar="N", help=f"independent reads a target; default: {READS}{fewer}")
    parser.add_argument(
        "--seed",
        type=seed,
        metavar="N",
        help="the same seed gives the same reads; default: drawn, or that of the reads in DIR",
    )
    parser.add_argument("--best-known", type=finite, metavar="X", help="else from beside the file, or the table")
    chips = "devices that the reads are spread over, where a target draws its device; default: 10, or as many as reads"
    parser.add_argument("--chips", type=count, metavar="N", help=chips)
    once = "problems that are solved with one programming, each bearing a part of its time and energy; default: 1"
    parser.add_argument("--problems-per-programming", type=count, default=1, metavar="M", help=once)
    macros = "macros that work at the same time, where a target does not hold the whole problem; default: 1"
    parser.add_argument("--parallel", type=count, default=1, metavar="N", help=macros)
    length = "sweeps, attempts of a read: default, best (least time to solution, on training reads) or a number"
    parser.add_argument("--read-length", type=read_length, default="default", metavar="L", help=length)
    within = (
        "what the joules of every row include; default: system+host, all that an answer takes, with one host for all"
    )
    parser.add_argument(
        "--boundary", choices=_BOUNDARIES, default=_BOUNDARIES[-1], metavar="B", help=f"{within}; {_ALSO}"
    )
    add_time_limit(parser, "seconds for all targets together")
    costs = "TOML of constants in place of those of the targets: joules and seconds follow, spins do not change"
    parser.add_argument("--cost", metavar="FILE", help=costs)


def add_memory_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of patterns to recall, and of models whose spins are held.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of a command.
    """
    rules = "learning rule of patterns: hebb, pseudo-inverse, storkey, perceptron; dense(power=4), modern(beta=1) for "
    parser.add_argument("--rule", metavar="R", help=f"{rules}the target cpu-relaxation; default: hebb")
    parser.add_argument("--noise", type=fraction, metavar="F", help="fraction of the pixels flipped; default: 0.25")
    hidden = "part of every cue that is hidden: a fraction at the lower end, as 0.33, or rows,columns as 10:22,0:8"
    parser.add_argument("--mask", metavar="PART", help=f"{hidden}; then without noise unless --noise is given")
    parser.add_argument("--size", type=picture_size, metavar="RxC", help="scale pictures to rows x columns, or N x N")
    otsu = "grey below which a pixel is +1, 0 (black) to 255; default: Otsu's of each picture, which is said"
    parser.add_argument("--threshold", type=finite, metavar="G", help=otsu)
    parser.add_argument(
        "--cue",
        type=folder_or_file,
        metavar="FILE",
        help="a damaged picture to start from instead; of a memory of words, a word",
    )
    held = "hold spins of a model, from 0: 0=+1,7=-1; the others are renumbered"
    parser.add_argument("--clamp", type=held_spins, metavar="SPINS", help=held)


def picture_size(text: str) -> tuple[int, int]:
    """Parse the size of a picture, as ``32`` or ``24x32``.

    Parameters
    ----------
    text : str
        Text of the option.

    Returns
    -------
    tuple of int
        Rows and columns.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is of another form.
    """
    sides = text.lower().split("x")
    if not (len(sides) in (1, 2) and all(side.isdecimal() and int(side[:9]) > 0 for side in sides)):
        raise argparse.ArgumentTypeError(f"is {text!r}; give rows x columns, as 24x32, or 32 for a square")
    return int(sides[0][:9]), int(sides[-1][:9])


def held_spins(text: str) -> dict[int, int]:
    """Parse spins that are held, as ``0=+1,7=-1``.

    Parameters
    ----------
    text : str
        Text of the option.

    Returns
    -------
    dict of int to int
        -1 or +1 of each held spin.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is of another form.
    """
    held: dict[int, int] = {}
    for part in text.split(","):
        spin, _, value = part.partition("=")
        try:
            key, sign = int(spin), int(value)
        except ValueError:
            key, sign = -1, 0
        if key < 0 or sign not in (-1, 1) or key in held:
            raise argparse.ArgumentTypeError(f"has {part!r}; give each spin once, as 0=+1,7=-1")
        held[key] = sign
    return held


def asked_task(arguments: argparse.Namespace, problem: Problem) -> Task | None:
    """Return the task of ``--task`` and ``--beta``.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of a command.
    problem : Problem
        Problem.

    Returns
    -------
    Task or None
        Task; None for the problem's own.

    Raises
    ------
    BadInput
        If the options contradict each other or the problem.
    """
    from ..task import Minimize, Sample

    name: str | None = arguments.task or ("sample" if arguments.beta is not None else None)
    if name == "sample":
        if arguments.beta is None:
            raise BadInput("--task sample needs an inverse temperature; add --beta B, in 1 / energy")
        return Sample(arguments.beta)
    if arguments.beta is not None:
        raise BadInput(f"--beta is to sample, and --task is {name}; leave one of them out")
    if name == "recall" and problem.kind != "recall":
        raise BadInput(
            f"{Path(arguments.file).name} is no memory but of kind {problem.kind}, which has nothing to recall; take "
            "--task minimize or sample"
        )
    return Minimize() if name == "minimize" else None


def asked_study(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what a study takes from the options of :func:`add_study_options`.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of a command.

    Returns
    -------
    dict of str to object
        Arguments of ``study.compare``.
    """
    return {
        "reads": arguments.reads,
        "costs": arguments.cost,
        "reference": not arguments.no_reference,
        "chips": arguments.chips,
        "problems_per_programming": arguments.problems_per_programming,
        "read_length": arguments.read_length,
        "boundary": arguments.boundary,
        "parallel": arguments.parallel,
    }


def check_targets(names: Sequence[str]) -> None:
    """Require installed targets.

    Parameters
    ----------
    names : sequence of str
        Names, with parameters or without.

    Raises
    ------
    BadInput
        If a target is not installed or its text cannot be read.
    """
    from ..installed_targets import split_target_text

    with user_errors(ValueError):
        for name in names:
            split_target_text(name)


def warn_learning(comparison: Comparison) -> None:
    """Warn that the learning rule of a memory did not converge.

    Parameters
    ----------
    comparison : Comparison
        Results.
    """
    if comparison.learning:
        rule = getattr(comparison.problem, "rule", "")
        warn(comparison.problem.name, f"learning by {rule} did not converge ({comparison.learning}): not every pattern "
                                      "is a fixed point; store fewer, or take another rule")  # fmt: skip
