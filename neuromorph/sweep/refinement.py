"""Rounds of an adaptive design: new values go where the looked-at number changes most between two neighbors.

Each round halves as many intervals as the range has points at first, the largest changes first. A round begins when
all tasks before it have ended, and depends on their results alone: an interrupted study refines the same intervals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .parameter_points import ParameterRange, parameter_points
from .study_file import TargetSettings
from .study_summary import StudySummary, mean_over_devices, read_summary
from .study_tasks import canonical_json

if TYPE_CHECKING:
    from .study_folder import OpenStudy


def next_round(open_: OpenStudy) -> bool:
    """Add the settings of the next round.

    Parameters
    ----------
    open_ : OpenStudy
        Study whose tasks have all ended.

    Returns
    -------
    bool
        Whether there was one.
    """
    number = int(open_.table.get("round") or 0) + 1
    adaptive = [each for each in open_.study.targets if each.design == "adaptive" and each.rounds >= number]
    if not adaptive or open_.study.search is not None:
        return False
    open_.finish()
    summary = read_summary(open_.folder, by_beta=False)
    with open_.table.transaction():
        for settings in adaptive:
            for point in refined_points(settings, summary):
                open_.add(settings.target, canonical_json(point), number)
        open_.table.put("round", str(number))
    return True


def refined_points(settings: TargetSettings, summary: StudySummary) -> list[dict[str, Any]]:
    """Choose new values of the refined parameter.

    Parameters
    ----------
    settings : TargetSettings
        Settings of an adaptive design.
    summary : StudySummary
        Results so far.

    Returns
    -------
    list of dict
        New settings: each new value with all values of the other parameters.
    """
    name, range_ = next((key, each) for key, each in settings.parameters.items() if isinstance(each, ParameterRange))
    numbers = mean_over_devices(summary.over_work(settings.of))
    means: dict[float, list[float]] = {}
    for (target, parameters), value in zip(summary.settings, numbers, strict=True):
        if target == settings.target and name in parameters and np.isfinite(value):
            means.setdefault(float(parameters[name]), []).append(float(value))
    values = sorted(means)
    y = [float(np.mean(means[value])) for value in values]
    if settings.of in ("energy", "latency"):
        y = [float(np.log(each)) for each in y]
    changes = sorted(range(len(values) - 1), key=lambda k: (-abs(y[k + 1] - y[k]), k))[: range_.points - 1]
    middles = [range_.between(values[k], values[k + 1]) for k in sorted(changes)]
    new = [value for value in dict.fromkeys(middles) if value not in means]
    others = {key: each for key, each in settings.parameters.items() if key != name}
    return [{**point, name: value} for value in new for point in parameter_points(others, "grid")]
