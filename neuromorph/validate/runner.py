"""Checks that are installed, and their runs one after another: what is done is kept, whatever comes then."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from inspect import getdoc

import numpy as np

from ..rng import RNG, child, seed_sequence
from ..runtime.limits import time_limit
from ..runtime.signals import Interrupts, interrupts
from ..target_names import nearest
from .check import AGREES, DIFFERS, FAILED, MISSING, WITHIN, CannotRun, CheckFunction, PublishedCheck

CHECK_GROUP = "neuromorph.checks"
_ORDER = {"neuromorph": 0, "circuits": 1, "hardware_targets": 2}
VERDICTS = (AGREES, WITHIN, DIFFERS, MISSING, FAILED)


@dataclass(frozen=True)
class CheckRun:
    """One check as it went.

    Attributes
    ----------
    name, title : str
        Name of the check and what it is about.
    checks : tuple of PublishedCheck
        Rows that it made.
    cpu_s : float
        CPU seconds that it took, those of engines included.
    status : str
        "ok", "could not run", "failed" or "interrupted".
    reason : str
        Reason if it is not "ok".
    """

    name: str
    title: str
    checks: tuple[PublishedCheck, ...]
    cpu_s: float
    status: str = "ok"
    reason: str = ""

    @property
    def verdicts(self) -> tuple[str, ...]:
        """Verdict of each row, and of what ended it early."""
        early = (self.status,) if self.status in (MISSING, FAILED) else ()
        return (*(check.verdict for check in self.checks), *early)


def find_checks(names: Iterable[str] | None = None) -> dict[str, CheckFunction]:
    """Find the installed checks, ours first.

    Parameters
    ----------
    names : iterable of str or None
        Names of those that are wanted; None: all.

    Returns
    -------
    dict of str to CheckFunction
        Functions by name, in the order of the packages.

    Raises
    ------
    ValueError
        If there is no check of a name, or none at all.
    """
    found: dict[str, CheckFunction] = {}
    points = entry_points(group=CHECK_GROUP)
    for point in sorted(
        points, key=lambda p: (p.dist is None or p.dist.name != "neuromorph", _ORDER.get(p.name, 9), p.name)
    ):
        for function in point.load():
            found.setdefault(function.__name__.replace("_", "-"), function)
    if not found:
        raise ValueError("no checks are installed; install neuromorph again, so that its entry points are known")
    if names is None:
        return found
    for name in names:
        if name not in found:
            raise ValueError(f"check is {name[:60]!r}; {nearest(name, found)}installed are {', '.join(found)}")
    return {name: found[name] for name in dict.fromkeys(names)}


def check_summary(function: CheckFunction) -> str:
    """Return the first line of what a check says about itself.

    Parameters
    ----------
    function : CheckFunction
        PublishedCheck.

    Returns
    -------
    str
        Line without its full stop.
    """
    return (getdoc(function) or "").split("\n")[0].rstrip(".")


def run_checks(
    checks: Mapping[str, CheckFunction],
    *,
    quick: bool = False,
    rng: RNG = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[CheckRun]:
    """Run checks, each from a seed of its own, so that it does not matter which others run.

    A check that fails is a result. Ctrl-C ends the iteration after what the check had made until then.

    Parameters
    ----------
    checks : dict of str to CheckFunction
        Checks by name.
    quick : bool
        Whether sizes are small: minutes for all.
    rng : RNG
        Source of all seeds.
    progress : callable or None
        Called with the name of a check, how many are done, and how many there are.

    Yields
    ------
    CheckRun
        Result of each check.
    """
    seed = seed_sequence(rng)
    for k, (name, function) in enumerate(checks.items()):
        if progress is not None:
            progress(name, k, len(checks))
        run = _run(name, function, quick, child(seed, name))
        yield run
        if run.status == "interrupted":
            return


def _run(name: str, function: CheckFunction, quick: bool, seed: np.random.SeedSequence) -> CheckRun:
    began, rows = _cpu_s(), []
    status, reason = "ok", ""
    try:
        with _ended_for_good() as seen:
            for row in function(quick, seed):
                if seen.number:  # of less than was asked for
                    raise KeyboardInterrupt
                rows.append(row)
    except CannotRun as error:
        status, reason = MISSING, str(error)
    except ImportError as error:
        status, reason = MISSING, f"{error}; install it"
    except KeyboardInterrupt:
        status, reason = "interrupted", "interrupted"
    except Exception as error:  # of whatever package: the other checks are not to be lost
        status, reason = FAILED, f"{type(error).__name__}: {error}"
    return CheckRun(name, check_summary(function), tuple(rows), _cpu_s() - began, status, reason)


@contextmanager
def _ended_for_good() -> Iterator[Interrupts]:
    """Raise again at the next checkpoint after Ctrl-C, on which a sampler keeps what it has and returns."""
    with time_limit() as outer, interrupts() as seen:

        def told(step: str, done: float, total: float) -> None:
            if seen.number:
                raise KeyboardInterrupt
            outer.tell(step, done, total)

        with time_limit(report=told):
            yield seen


def _cpu_s() -> float:
    """CPU seconds of this process and of those that it has started and that ended."""
    return float(sum(os.times()[:4]))
