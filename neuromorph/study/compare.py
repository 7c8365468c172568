"""One problem on many targets: the quality, time and energy of each, side by side.

Random streams: every target has its own, drawn from the seed and its name, so that leaving one out does not change the
others; the cues of a recall are the same for all of them.
"""

from __future__ import annotations

import json
import math
import os
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from .. import protocol
from ..problems.problem import Problem
from ..protocol import DoesNotFit, Program, Target, Task, task_name
from ..rng import RNG, seed_sequence
from .provenance import provenance
from .reading import read_in_batches
from .result import Result, beaten, evaluate
from .store import fingerprint, kept_seed, safe_name

Progress: TypeAlias = Callable[[str, str, int, int], None]

READS = 100  # a success rate is then known within +-10 %; berlin52 takes 1 to 2 minutes on all targets


@dataclass(frozen=True, eq=False)
class Comparison:
    """One problem, a result for each target, and where the numbers are from."""

    problem: Problem
    results: tuple[Result, ...]
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it early."""
        return any(result.status == "interrupted" for result in self.results)

    @property
    def best(self) -> Result | None:
        """The result with the best feasible answer, None if there is none."""
        found = [result for result in self.results if result.best is not None]
        sign = 1.0 if self.problem.sense == "min" else -1.0
        return min(found, key=lambda result: sign * (result.best or 0.0), default=None)

    @property
    def beaten(self) -> tuple[str, ...]:
        """What is to be said where the best answer is better than the best value known; else nothing."""
        best = self.best
        said = beaten(self.problem, None if best is None else best.best)
        return (said,) if said else ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data of ``results.json``; docs/results-schema.md says what each field is."""
        from ..report.results import to_dict

        return to_dict(self)

    def to_json(self) -> str:
        """The text of ``results.json``."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n"

    def write(self, directory: str | os.PathLike[str]) -> list[Path]:
        """Write results.json, report.html, figures, the best tour and what targets hand over; returns the paths."""
        from ..report.folder import write_folder

        return write_folder(self, Path(directory))


def compare(
    problem: Problem,
    targets: Sequence[str | Target] | str | Target | None = None,
    reads: int = READS,
    rng: RNG = None,
    *,
    time_limit: float | None = None,
    success_gap: float = 0.0,
    progress: Progress | None = None,
    directory: str | os.PathLike[str] | None = None,
) -> Comparison:
    """Run ``problem`` on each target and say what came out.

    Parameters
    ----------
    problem : Problem           as ``nm.load`` gives it
    targets : names or Targets  all that are installed if None
    reads : int                 independent reads on each target
    rng : seed                  or SeedSequence or Generator; None takes the seed of the reads in ``directory``, or
                                draws one; ``provenance`` keeps it
    time_limit : float          seconds of computing of the whole study, what is left being shared equally by the
                                targets still to run; each that fits makes one read at least
    success_gap : float         a read succeeds within this fraction of the best value known
    progress : callable         called as ``progress(target, status, reads done, reads)``
    directory : path            reads are kept in its folder ``runs``; the same call, or one with more reads, goes on
                                from there

    A target that cannot hold the problem, or fails, says so in its row, and the others go on. Ctrl-C ends the study
    and keeps its reads.
    """
    _check(problem, reads, time_limit, success_gap)
    devices = _labelled(targets)
    stream = _stream(kept_seed(Path(directory), problem) if rng is None and directory is not None else rng)
    task = problem.task(reads, _child(stream, "task"))
    able = [name for name, each in devices if task_name(task) in each.claims and not isinstance(each, _Unloadable)]
    study = _Study(problem, task, reads, stream, success_gap, able)
    end = None if time_limit is None else time.monotonic() + time_limit
    results: list[Result] = []
    for k, (label, device) in enumerate(devices):
        if any(result.status == "interrupted" for result in results):
            results.append(Result(label, "interrupted", "not begun when Ctrl-C came", device.summary))
            continue
        now = time.monotonic()
        deadline = None if end is None else now + max(0.0, end - now) / (len(devices) - k)
        path = None if directory is None else Path(directory) / "runs" / f"{safe_name(label)}.npz"

        def tell(status: str, done: int, label: str = label) -> None:
            if progress is not None:
                progress(label, status, done, reads)

        results.append(replace(_run_target(study, device, deadline, path, tell), target=label))
        tell(results[-1].status, results[-1].reads)
    names = ", ".join(repr(label) for label, _ in devices)
    call = f"neuromorph.compare(load({problem.name!r}), [{names}], reads={reads}, rng={stream.entropy})"
    about = {"command": call, "reads": reads, "time_limit_s": time_limit, "success_gap": success_gap}
    return Comparison(problem, tuple(results), provenance(problem, stream, about))


@dataclass(frozen=True, eq=False)
class _Study:
    """What all targets share."""

    problem: Problem
    task: Task
    reads: int
    stream: np.random.SeedSequence
    success_gap: float
    able: list[str]


def _run_target(
    study: _Study, device: Target, deadline: float | None, path: Path | None, tell: Callable[[str, int], None]
) -> Result:
    about: dict[str, Any] = {"target": device.name, "summary": device.summary}
    own = _child(study.stream, device.name)
    try:
        if task_name(study.task) not in device.claims:
            raise DoesNotFit(_unclaimed(study, device))
        tell("programming", 0)
        program = device.program(study.problem, rng=_child(own, "program"))
        about |= {"mapping_error": float(program.mapping_error), "notes": tuple(program.notes)}
        seed = [own.entropy, *own.spawn_key]
        reading = read_in_batches(
            device,
            program,
            study.task,
            study.reads,
            _child(own, "reads"),
            deadline=deadline,
            path=path,
            mark=fingerprint(study.problem, device, seed, task_name(study.task)) if path else None,
            tell=lambda done: tell("running", done),
        )
        about |= {"status": reading.status, "reason": reading.reason}
        if reading.run is None:
            return Result(**about)
        about["resumed"] = reading.resumed
        result = evaluate(study.problem, device, reading.run, success_gap=study.success_gap, **about)
        return _with_files(result, device, program)
    except DoesNotFit as error:
        return Result(**{**about, "status": "does not fit", "reason": str(error)})
    except KeyboardInterrupt:
        return Result(**{**about, "status": "interrupted", "reason": "Ctrl-C came before its first result"})
    except Exception as error:  # a target of somebody else: its failure is a row, not the end of the study
        return Result(**{**about, "status": "failed", "reason": f"{type(error).__name__}: {error}"})


def _unclaimed(study: _Study, device: Target) -> str:
    """What the device does instead, who can, and what else stands in the way."""
    others = f", which {', '.join(study.able)} can" if study.able else ""
    claims = " and ".join(sorted(device.claims))
    reason = f"claims to {claims} only; the problem asks to {task_name(study.task)}{others}"
    try:
        device.program(study.problem, rng=0)
    except DoesNotFit as error:
        reason += f". Nor does it fit: {error}"
    return reason


def _with_files(result: Result, device: Target, program: Program) -> Result:
    """The result with what the target hands over, as a netlist; that it cannot, costs no numbers."""
    offer = getattr(device, "files", None)
    if not callable(offer):
        return result
    try:
        return replace(result, files=dict(offer(program)))
    except KeyboardInterrupt:
        return replace(result, status="interrupted", reason="Ctrl-C came while its files were made")
    except Exception as error:
        return replace(result, notes=(*result.notes, f"hands over no files: {error}"))


def _labelled(targets: Sequence[str | Target] | str | Target | None) -> list[tuple[str, Target]]:
    """Each target under a name of its own: two of one name become ``name`` and ``name #2``."""
    if isinstance(targets, (str, Target)):
        targets = [targets]
    chosen = protocol.targets() if targets is None else list(targets)
    if not chosen:
        raise ValueError("targets is empty; name one at least, or install some")
    labelled: dict[str, Target] = {}
    for each in chosen:
        device = _installed(each) if isinstance(each, str) else each
        if not isinstance(device, Target):
            raise TypeError(f"targets holds a {type(each).__name__}; expected names or objects as of neuromorph.target")
        same = sum(known.name == device.name for known in labelled.values())
        labelled[f"{device.name} #{same + 1}" if same else device.name] = device
    return list(labelled.items())


def _installed(name: str) -> Target:
    try:
        return protocol.target(name)
    except Exception as error:
        if name not in protocol.targets():
            raise
        return _Unloadable(name, error)


@dataclass(frozen=True, eq=False)
class _Unloadable:
    """Stands for an installed target that does not load: its row says why."""

    name: str
    error: Exception
    summary: str = "does not load"
    claims: frozenset[str] = frozenset({"minimise", "sample", "relax"})

    def program(self, problem: Any, rng: RNG = None) -> Any:
        raise self.error

    def run(self, program: Any, task: Any, reads: int = 1, rng: RNG = None) -> Any:
        raise self.error

    def costs(self) -> tuple[()]:
        return ()


def _stream(rng: RNG) -> np.random.SeedSequence:
    """The stream of this study; a seed that nobody gave is short enough to be typed again."""
    if rng is None:
        return np.random.SeedSequence(int(np.random.SeedSequence().generate_state(1)[0]))
    if isinstance(rng, (int, np.integer)):
        return seed_sequence(int(rng))
    return seed_sequence(rng).spawn(1)[0]


def _child(stream: np.random.SeedSequence, name: str) -> np.random.SeedSequence:
    """The stream of ``name``, the same whatever else was drawn."""
    return np.random.SeedSequence(stream.entropy, spawn_key=(*stream.spawn_key, zlib.crc32(name.encode())))


def _check(problem: Problem, reads: int, time_limit: float | None, success_gap: float) -> None:
    if not isinstance(problem, Problem):
        raise TypeError(f"problem is {type(problem).__name__}; expected a Problem, as neuromorph.load gives it")
    if isinstance(reads, bool) or not isinstance(reads, (int, np.integer)) or reads < 1:
        raise ValueError(f"reads is {reads!r}; ask for a whole number of reads, at least one")
    if time_limit is not None and not (math.isfinite(time_limit) and time_limit > 0):
        raise ValueError(f"time_limit is {time_limit}; give seconds above 0, or None for no limit")
    if not (math.isfinite(success_gap) and success_gap >= 0):
        raise ValueError(f"success_gap is {success_gap}; give a fraction of the best value, 0 or above")
