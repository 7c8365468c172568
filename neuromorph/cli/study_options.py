"""The options of a study, which ``compare`` and ``solve`` share."""

from __future__ import annotations

import argparse

from .arguments import add_time_limit, count, finite, fraction, positive, seed

READS = 100  # as in study, which --help must not import
TASKS = ("minimize", "sample", "recall")  # as in task


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


def add_study_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``compare`` and ``solve`` share.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of a command.
    """
    tasks = "minimize, sample (at --beta) or recall; default: recall of patterns, minimize of all else"
    parser.add_argument("--task", choices=TASKS, metavar="T", help=tasks)
    parser.add_argument("--beta", type=fraction, metavar="B", help="sample at this inverse temperature, 1 / energy")
    rules = "learning rule of patterns: hebb, pseudo-inverse, storkey or perceptron; default: hebb"
    parser.add_argument("--rule", metavar="R", help=rules)
    parser.add_argument(
        "--reads", type=count, default=READS, metavar="N", help=f"independent reads a target; default: {READS}"
    )
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
    length = "sweeps, attempts of a read: default, best (least time to solution, on training reads) or a number"
    parser.add_argument("--read-length", type=read_length, default="default", metavar="L", help=length)
    add_time_limit(parser, "seconds for all targets together")
    costs = "TOML of constants in place of those of the targets: joules and seconds follow, spins do not change"
    parser.add_argument("--cost", metavar="FILE", help=costs)
