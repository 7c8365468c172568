r"""The best length of a read: how long a device works before it is read, found on training reads of their own.

.. math:: \mathrm{TTS} = \min_\tau\; t(\tau)\, R(p(\tau))

A time to solution is that of the best read length tau (Ronnow et al., Science 345, 420 (2014)); at any other it says as
much of the setting as of the device. A target names the parameter that is its read length by ``read_length``. From its
default, lengths a factor of ``FACTOR`` apart are tried down and up until two in a row are worse, within a factor of
``_WIDEST``; the best and its neighbors are tried again with ``_AGAIN`` times the reads, and the best of these is taken.
A length is judged by the success probability that it has with a chance of five in six: a few lucky reads of a short one
choose nothing.
The reads of the study are then made anew, with streams of their own, so that the choice does not flatter them. Training
reads cost as much as others: what they took stands beside the curve (stochastic-benchmark, arXiv 2402.10255).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, is_dataclass, replace
from math import inf
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ..estimate import Estimate
from ..files.atomic_write import read_file, write_file
from ..protocol import Target
from .length_curve import LengthCurve, LengthPoint
from .result import Result
from .time_to_solution import reads_to_solution

FACTOR = 10.0**0.5
_MOST = 9  # lengths that are tried
_WIDEST = 200.0  # ratio of a length to the default beyond which none is tried: the model was not made for it
_AGAIN = 5
_DOUBT = 0.16  # chance that reads succeed less often than a length is judged by
_LARGEST = 1 << 20  # bytes of a kept curve

ReadLength: TypeAlias = Literal["default", "best"] | float


def read_length_of(device: Target) -> tuple[str, float] | None:
    """Return the parameter of a target that is its read length, and its value.

    Parameters
    ----------
    device : Target
        Target.

    Returns
    -------
    (str, float) or None
        Name and value; None where the target names none.
    """
    name: Any = getattr(device, "read_length", "")
    made: Any = device
    if not isinstance(name, str) or not name or not is_dataclass(made) or not hasattr(made, name):
        return None
    return name, float(getattr(made, name))


def with_read_length(device: Target, length: float) -> Target:
    """Return the target with another read length.

    Parameters
    ----------
    device : Target
        Target that names its read length.
    length : float
        Length; rounded where the parameter is a whole number.

    Returns
    -------
    Target
        Target.

    Raises
    ------
    ValueError
        If it names none, or refuses the length.
    """
    found = read_length_of(device)
    if found is None:
        raise ValueError(f"{device.name} names no read length; leave it at its default")
    made: Any = device
    whole = isinstance(getattr(device, found[0]), int)
    changed: Target = replace(made, **{found[0]: max(1, round(length)) if whole else length})
    return changed


def best_read_length(device: Target, train: Callable[[Target, int, int], Result | None]) -> LengthCurve | None:
    """Find the read length of least time to solution.

    Parameters
    ----------
    device : Target
        Target.
    train : callable
        Map from (target, number of the trial, times as many reads) to the row of its training reads; None when the time
        is over.

    Returns
    -------
    LengthCurve or None
        Chosen length and the curve; None where the target names no read length.
    """
    found = read_length_of(device)
    if found is None:
        return None
    name, default = found
    rows: dict[float, Result] = {}
    trials: list[Result] = []
    over = False

    def needed(length: float, more: int = 1) -> float:
        nonlocal over
        if not over and (length not in rows or more > 1):
            try:
                row = train(with_read_length(device, length), len(trials), more)
            except ValueError:  # the device refuses the length
                return inf
            over = row is None or row.status not in ("ok", "time limit")
            if row is not None and row.reads:
                trials.append(row)
                rows[length] = row
        return _time_needed(rows[length]) if length in rows else inf

    whole = isinstance(getattr(device, name), int)
    best = (needed(default), default)
    for factor in (1.0 / FACTOR, FACTOR):
        worse, length = 0, default
        while worse < 2 and not over and len(rows) < _MOST:
            length *= factor
            tried = float(max(1, round(length))) if whole else length
            if tried in rows or tried < 2 * whole or max(tried / default, default / tried) > _WIDEST:
                break
            took = needed(tried)
            worse = worse + 1 if took >= best[0] else 0
            best = min(best, (took, tried))
    ladder = sorted(rows)
    place = ladder.index(best[1]) if best[1] in rows else 0
    near = [(needed(each, _AGAIN), each) for each in ladder[max(0, place - 1) : place + 2]]
    best = min(near, default=best)
    points = tuple(
        LengthPoint(length, row.reads, row.success, row.tts_s, row.ets_j) for length, row in sorted(rows.items())
    )
    times = [_spent(row.time_per_read_s, row.programming_time_s, row) for row in trials]
    energies = [_spent(row.energy_per_read_j, row.programming_energy_j, row) for row in trials]
    return LengthCurve(name, best[1], default, points, sum(times), sum(energies), sum(row.reads for row in trials))


def _time_needed(row: Result) -> float:
    """Time to solution where one in six chances is that reads succeed less often: a few lucky ones choose nothing."""
    from scipy.special import betaincinv

    if row.time_per_read_s is None or row.success is None or row.success.value is None:
        return inf
    won = round(row.success.value * row.reads)
    p = float(betaincinv(won + 0.5, row.reads - won + 0.5, _DOUBT))  # Jeffreys' posterior; above 0 without a success
    return (row.time_per_read_s.value or 0.0) * reads_to_solution(p)


def _spent(per_read: Estimate | None, once: Estimate | None, row: Result) -> float:
    """Sum what all training reads and the programming of their chips took."""
    reads = row.reads * ((per_read.value or 0.0) if per_read else 0.0)
    return reads + max(1, len(row.chips)) * ((once.value or 0.0) if once else 0.0)


def keep_length(path: Path, mark: Any, curve: LengthCurve) -> None:
    """Keep a curve on disk, for measured times choose another one tomorrow.

    Parameters
    ----------
    path : Path
        File; what cannot be written is found again.
    mark : object
        Plain data that the curve depends on.
    curve : LengthCurve
        Curve.
    """
    with suppress(OSError):
        write_file(path, json.dumps({"mark": mark, "curve": asdict(curve)}))


def kept_length(path: Path | None, mark: Any) -> LengthCurve | None:
    """Return the curve that an earlier study has kept.

    Parameters
    ----------
    path : Path or None
        File.
    mark : object
        Plain data that the curve depends on.

    Returns
    -------
    LengthCurve or None
        Curve; None if there is none of this mark.
    """
    if path is None:
        return None
    try:
        found = json.loads(read_file(path, _LARGEST))
        if found["mark"] != mark:
            return None
        curve = found["curve"]
        points = tuple(
            LengthPoint(
                float(each["length"]),
                int(each["reads"]),
                *(None if each[name] is None else Estimate(**each[name]) for name in ("success", "tts_s", "ets_j")),
            )
            for each in curve["points"]
        )
        spent = (float(curve["tuning_time_s"]), float(curve["tuning_energy_j"]))
        return LengthCurve(
            str(curve["parameter"]),
            float(curve["length"]),
            float(curve["default"]),
            points,
            *spent,
            int(curve["tuning_reads"]),
        )
    except Exception:  # a file that nobody wrote so: the length is found again
        return None
