"""Reads kept on disk, so that a study that was stopped goes on where it was.

``runs/<target>.npz`` holds the reads of one target and the fingerprint of all they depend on: problem, target and its
parameters, seed, versions and program code. Another fingerprint means other reads: the study starts again. A file that
cannot be what was written there is set aside under another name, for people to look at.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..files.atomic_write import read_file, write_file
from ..files.npz import read_npz
from ..problems.problem import Problem
from ..protocol import Target, TargetError
from ..run import Program, Run, part_of
from ..runtime.limits import checkpoint
from ..task import Task
from .contract import checked_run
from .fingerprint import problem_digest

_MOST_BYTES = 128 << 20  # of the reads of one target, packed
_MOST_ABOUT = 16 << 20  # of all else in their file: four bytes a letter
_CHECKED = 64  # reads whose energies are computed at one time


def safe_name(text: str) -> str:
    """Turn text into the name of a file.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Name without separators, leading dot and anything special to a shell or browser.
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:80] or "unnamed"


def own_name(text: str) -> str:
    """Turn text into the name of a file that differs where texts differ.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        :func:`safe_name`, with some digits of the hash where that changes the text.
    """
    safe = safe_name(text)
    digits = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:10]
    return safe if safe == text else f"{safe[:60]}-{digits}"


@dataclass(frozen=True, eq=False)
class ChipProgram:
    """Mapping error and setup of the program of one chip.

    Attributes
    ----------
    mapping_error : float
        As of ``Program``.
    setup : dict of str to float
        As of ``Program``.
    """

    mapping_error: float
    setup: Mapping[str, float]

    @classmethod
    def of(cls, program: Program) -> ChipProgram:
        """Return what is kept of a program.

        Parameters
        ----------
        program : Program
            Program.

        Returns
        -------
        ChipProgram
            Its mapping error and setup.
        """
        setup = {str(name): float(count) for name, count in program.setup.items()}
        return cls(float(program.mapping_error), setup)


@dataclass(frozen=True, eq=False)
class Kept:
    """Reads of a target on disk.

    Attributes
    ----------
    run : Run or None
        Reads, with chip and batch of each; None without.
    programs : dict of int to ChipProgram
        What each chip holds.
    """

    run: Run | None = None
    programs: Mapping[int, ChipProgram] = field(default_factory=dict)


def save_reads(path: Path, kept: Kept, mark: Mapping[str, Any]) -> None:
    """Write the reads of a run: one bit a spin, and native answers.

    Parameters
    ----------
    path : Path
        File.
    kept : Kept
        Reads.
    mark : dict of str to object
        Fingerprint of the study.

    Raises
    ------
    OSError
        If they do not fit.
    ValueError
        If there are none, or they do not say of which chip and batch.
    """
    run = kept.run
    if run is None or run.chip is None or run.batch is None:
        raise ValueError("there are no reads, or they do not say of which chip and batch; nothing to keep")
    about = {"fingerprint": mark, "n": run.spins.shape[1], "status": run.status, "message": run.message}
    about |= {"setup": dict(run.setup), "provenance": dict(run.provenance), "activity": sorted(run.activity)}
    about["programs"] = {str(chip): [each.mapping_error, dict(each.setup)] for chip, each in kept.programs.items()}
    arrays: dict[str, Any] = {f"activity {name}": count for name, count in run.activity.items()}
    arrays |= {"spins": np.packbits(run.spins > 0, axis=1), "energies": run.energies, "converged": run.converged}
    arrays |= {"chip": run.chip, "batch": run.batch}
    arrays |= {} if run.answers is None else {"answers": run.answers.astype(np.int32)}
    arrays["about"] = np.array(json.dumps(about, default=str))
    if arrays["about"].nbytes > _MOST_ABOUT or sum(array.nbytes for array in arrays.values()) > _MOST_BYTES:
        raise OSError(f"they are more than the {_MOST_BYTES >> 20} MB that a file may have")
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    write_file(path, file.getvalue())


def resume(path: Path, mark: Mapping[str, Any], device: Target, task: Task, problem: Problem) -> tuple[Kept, str]:
    """Take up reads that an earlier study left.

    Parameters
    ----------
    path : Path
        File.
    mark : dict of str to object
        Fingerprint of this study.
    device : Target
        Target.
    task : Task
        Task.
    problem : Problem
        Problem.

    Returns
    -------
    Kept
        All reads; none if they are of another study.
    str
        Message for the user; else empty.

    Raises
    ------
    OSError
        If the file can neither be used nor set aside: nothing can be kept there.
    """
    if not os.path.lexists(path):
        return Kept(), ""
    try:
        data = read_file(path, _MOST_BYTES)
        about = _about(data)
        if about["fingerprint"] != json.loads(json.dumps(mark)):
            return Kept(), _of_another(path, about["fingerprint"], mark)
        return _kept(data, about, device, task, problem), ""
    except (ValueError, TargetError) as error:
        return Kept(), set_aside(path, str(error).removeprefix("run() "))
    except OSError as error:
        return Kept(), set_aside(path, f"cannot be read: {error.strerror}" if error.strerror else str(error))
    except Exception as error:  # whatever JSON or the problem raise over bytes that nobody wrote so
        return Kept(), set_aside(path, f"is damaged ({type(error).__name__})")


def _of_another(path: Path, found: Mapping[str, Any], mark: Mapping[str, Any]) -> str:
    """Set reads of another version or task aside, and say so; those of another seed, problem or target are replaced."""
    if any(found.get(name) != mark[name] for name in ("format", "versions", "code")):
        known = found.get("versions", {}).get("neuromorph", "unknown")
        other = "" if known == mark["versions"]["neuromorph"] else f" ({known})"
        return set_aside(path, f"was made by another version of the program{other}", "old")
    if found.get("task") != mark["task"]:
        return set_aside(path, f"is of the task {found.get('task')}, not {mark['task']}", "old")
    if found.get("chips") != mark.get("chips"):
        return set_aside(path, f"is of {found.get('chips')} chips, not {mark.get('chips')}", "old")
    return ""


def set_aside(path: Path, reason: str, ending: str = "damaged") -> str:
    """Rename a file of reads that cannot be used.

    Parameters
    ----------
    path : Path
        File.
    reason : str
        Reason.
    ending : str
        Ending of the new name.

    Returns
    -------
    str
        Message for the user.

    Raises
    ------
    OSError
        If the file cannot be renamed.
    """
    reason = f"{path.name} {reason.partition('; ')[0].partition(chr(10))[0][:120]}"
    aside, number = path.with_name(f"{path.name}.{ending}"), 2
    while os.path.lexists(aside):
        aside, number = path.with_name(f"{path.name}.{ending}-{number}"), number + 1
    try:
        os.replace(path, aside)
    except OSError as error:
        raise OSError(f"{reason} and cannot be set aside: {error.strerror}") from None
    return f"{reason}; it is set aside as {aside.name}, and its reads are made again"


def kept_seed(directory: Path, problem: Any) -> int | None:
    """Return the seed of the reads of a problem that a folder holds.

    Parameters
    ----------
    directory : Path
        Folder of a study.
    problem : object
        Problem.

    Returns
    -------
    int or None
        Seed; None if there are none.
    """
    for path in sorted((directory / "runs").glob("*.npz")):
        try:
            mark = _about(read_file(path, _MOST_BYTES))["fingerprint"]
            seed = mark["seed"][0]
            whole = type(seed) is int and seed >= 0 and len(mark["seed"]) == 2  # of a seed, not a Generator
            if whole and mark["problem"] == problem_digest(problem):
                return int(seed)
        except Exception:  # ``resume`` will say it, if it is the file of a target that is asked for
            continue
    return None


def _about(data: bytes) -> dict[str, Any]:
    """Read the data beside the reads, of which nothing is unpacked yet."""
    found: dict[str, Any] = json.loads(str(read_npz(data, ("about",), text=("about",), limit=_MOST_ABOUT)["about"]))
    return found


def _kept(data: bytes, about: dict[str, Any], device: Target, task: Task, problem: Problem) -> Kept:
    """Return the reads of a file whose fingerprint is right; ValueError or TypeError if they do not fit."""
    arrays = read_npz(data, text=("about",), limit=_MOST_BYTES)
    activity = {name.removeprefix("activity "): each for name, each in arrays.items() if name.startswith("activity ")}
    packed, n = arrays["spins"], about["n"]
    if sorted(activity) != about["activity"] or packed.dtype != np.uint8 or arrays["converged"].dtype != bool:
        raise ValueError("holds other arrays than it says")
    if packed.ndim != 2 or not len(packed) or not isinstance(n, int) or packed.shape[1] != (n + 7) // 8:
        raise ValueError(f"has spins of shape {packed.shape} for {n!r}")
    answers = arrays.get("answers")
    if answers is not None and (answers.ndim != 2 or answers.dtype != np.int32 or len(answers) != len(packed)):
        raise ValueError(f"has answers of shape {answers.shape}, {answers.dtype}")
    if any(each.shape != (len(packed),) for each in (arrays["energies"], arrays["converged"], *activity.values())):
        raise ValueError("has arrays that are not of one length")
    for name in ("chip", "batch"):
        numbers = arrays[name]
        if numbers.shape != (len(packed),) or numbers.dtype != np.int32 or not (numbers >= 0).all():
            raise ValueError(f"has a {name} of shape {numbers.shape}, {numbers.dtype}, for each read")
    if arrays["chip"].max() >= about["fingerprint"].get("chips", 1):
        raise ValueError(f"has reads of chip {arrays['chip'].max()}, which there is not")
    if missing := _priced(device) - activity.keys() - about["setup"].keys():
        raise ValueError(f"does not count {', '.join(sorted(missing))}")
    if not (isinstance(about["provenance"], dict) and isinstance(about["message"], str)):
        raise ValueError("has no message or no provenance")
    spins = np.unpackbits(packed, axis=1, count=n).view(np.int8)
    spins *= 2
    spins -= 1
    run = Run(
        target=device.name,
        task=task,
        spins=spins,
        energies=arrays["energies"],
        activity={name: count for name, count in activity.items()},
        setup=about["setup"],
        converged=arrays["converged"],
        status=about["status"],
        message=about["message"],
        provenance=about["provenance"],
        answers=answers,
        chip=arrays["chip"],
        batch=arrays["batch"],
    )
    for first in range(0, run.reads, _CHECKED):
        checkpoint("checking kept reads", first, run.reads)
        part = part_of(run, first, first + _CHECKED)
        checked_run(part, problem, part.reads)
    programs = {}
    for chip, (error, setup) in about["programs"].items():
        each = ChipProgram(float(error), {str(name): float(count) for name, count in setup.items()})
        if not all(np.isfinite(number) and number >= 0 for number in (each.mapping_error, *each.setup.values())):
            raise ValueError(f"has a program of chip {chip} that is not finite")
        programs[int(chip)] = each
    return Kept(run, programs)


def _priced(device: Target) -> set[str]:
    """Return the events that ``device`` has prices for."""
    with suppress(Exception):  # of a target of somebody else: not the fault of the file
        return {cost.event for cost in device.costs()}
    return set()
