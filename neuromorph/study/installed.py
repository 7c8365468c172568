"""The targets of a study, each under a name of its own; one that does not load, or is none, is a row that says why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from .. import installed_targets
from ..protocol import Target, TargetError, left_out
from ..rng import RNG
from ..runtime.limits import time_limit
from ..runtime.signals import Interrupts, alarm
from ..runtime.work_clock import clock
from ..target_names import split_targets
from ..task import TASK_NAMES
from .contract import checked_target

_LOADING_S = 5.0  # an import may always take so long, and else half of the time that is left


def labeled(
    targets: Sequence[str | Target] | str | Target | None,
    signals: Interrupts,
    end: float = inf,
    every: bool = False,
) -> list[tuple[str, Target]]:
    """Return each target under the text that named it.

    Two targets of one label become ``label`` and ``label #2``.

    Parameters
    ----------
    targets : str, Target, sequence of them, or None
        Names, with parameters or without, as a list or in one text; or objects. None takes all that are installed.
    signals : Interrupts
        Ctrl-C and the like.
    end : float
        Time of ``work_clock.clock()`` at which the study ends.
    every : bool
        Whether None takes those too that are :func:`~neuromorph.protocol.left_out` otherwise.

    Returns
    -------
    list of (str, Target)
        Labels and targets.
    """
    given: Any = split_targets(targets) if isinstance(targets, str) else targets
    given = [given] if hasattr(given, "program") else given
    chosen = installed_targets.available_targets() if given is None else list(given)
    if not chosen:
        raise ValueError("targets is empty; name one at least, or install some")
    hidden = installed_targets.hidden_targets()
    found: dict[str, Target] = {}
    count: Counter[str] = Counter()

    def add(label: str, device: Target) -> None:
        count[label] += 1
        found[f"{label} #{count[label]}" if count[label] > 1 else label] = device

    for each in chosen:
        if isinstance(each, str):
            name, label = installed_targets.split_target_text(each)
            device = _installed(name, label, signals, end)
            if given is None and not every and left_out(device):
                continue
            add(label, device)
            for package in hidden.get(name, ()):
                add(name, Unusable(name, TargetError(hidden_reason(package, name))))
        elif not hasattr(each, "program"):
            raise TypeError(f"targets holds a {type(each).__name__}; expected names or objects as of neuromorph.target")
        else:
            device = _usable(each, type(each).__name__, signals)
            add(device.name, device)
    return list(found.items())


def hidden_reason(package: str, name: str) -> str:
    """Explain why the target of a package is not used.

    Parameters
    ----------
    package : str
        Package whose target is hidden.
    name : str
        Name of the target.

    Returns
    -------
    str
        Sentence with the remedy.
    """
    return f"the package {package} also offers a target {name!r}; the first one is taken: rename or uninstall the other"


@dataclass(frozen=True, eq=False)
class Unusable:
    """Stand-in for a target that does not load or is none: its row says why.

    Attributes
    ----------
    name : str
        Name of the target.
    error : BaseException
        Reason.
    summary : str
        Summary for tables.
    supported_tasks : frozenset of str
        All tasks, so that the row is in each study.
    """

    name: str
    error: BaseException
    summary: str = "does not load"
    supported_tasks: frozenset[str] = frozenset(TASK_NAMES)

    @property
    def reason(self) -> str:
        """The reason in one line."""
        return str(self.error) if isinstance(self.error, TargetError) else f"{type(self.error).__name__}: {self.error}"

    def program(self, problem: Any, rng: RNG = None) -> Any:
        """Raise the reason; :meth:`.Target.program` documents the arguments.

        Returns
        -------
        object
            Nothing: the reason is raised.
        """
        raise self.error

    def run(self, program: Any, task: Any, reads: int = 1, rng: RNG = None) -> Any:
        """Raise the reason; :meth:`.Target.run` documents the arguments.

        Returns
        -------
        object
            Nothing: the reason is raised.
        """
        raise self.error

    def costs(self) -> tuple[()]:
        """Return no prices.

        Returns
        -------
        tuple
            Empty.
        """
        return ()


def _installed(name: str, text: str, signals: Interrupts, end: float) -> Target:
    now = clock()
    try:
        with time_limit(now + max(_LOADING_S, (end - now) / 2.0)) as limit, alarm(limit, imports=True):
            return checked_target(installed_targets.get_target(text))
    except BaseException as error:
        mistyped = isinstance(error, ValueError) and text != name  # in its parameters
        if mistyped or name not in installed_targets.available_targets() or signals.caused(error):
            raise
        return Unusable(name, error)


def _usable(device: Any, name: str, signals: Interrupts) -> Target:
    try:
        return checked_target(device)
    except BaseException as error:
        if signals.caused(error):
            raise
        return Unusable(name, error)
