r"""How much of the spread of accuracy over settings each parameter explains.

.. math:: S_i = \mathrm{Var}_{x_i}(\mathrm{E}[y \mid x_i]) / \mathrm{Var}(y)

the first-order index of Sobol (Math. Comput. Simul. 55, 271 (2001)), exact on a grid; a parameter with more than eight
values is cut at its quantiles, and an index of few settings is too large by about (values - 1) / settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .study_summary import StudySummary, mean_over_devices

_BINS = 8


@dataclass(frozen=True)
class ParameterEffect:
    """Effect of a parameter of a target.

    Attributes
    ----------
    target, parameter : str
        Names.
    share : float
        Share of the variance over settings that it explains alone.
    low, high : float
        Smallest and largest mean over the settings that share a value.
    at_low, at_high : object
        Values of the parameter there.
    settings : int
        Number of settings.
    """

    target: str
    parameter: str
    share: float
    low: float
    high: float
    at_low: Any
    at_high: Any
    settings: int


def parameter_effects(summary: StudySummary, name: str = "accuracy") -> list[ParameterEffect]:
    """List the effects of all parameters that change, the largest first.

    Parameters
    ----------
    summary : StudySummary
        Numbers of a study.
    name : str
        Number that is looked at: "accuracy", "success", "energy", "latency".

    Returns
    -------
    list of ParameterEffect
        Effects, for each target.
    """
    means = mean_over_devices(summary.over_work(name))
    found = []
    for target in dict.fromkeys(target for target, _ in summary.settings):
        chosen = [k for k, (each, _) in enumerate(summary.settings) if each == target and np.isfinite(means[k])]
        for parameter in sorted({key for k in chosen for key in summary.settings[k][1]}):
            values = [summary.settings[k][1].get(parameter) for k in chosen]
            if len(set(map(repr, values))) > 1:
                found.append(_effect(target, parameter, values, means[chosen]))
    return sorted(found, key=lambda each: -each.share)


def _effect(target: str, parameter: str, values: Sequence[Any], y: ArrayLike) -> ParameterEffect:
    means = np.asarray(y, dtype=float)
    groups: dict[Any, list[int]] = {}
    if len(set(map(repr, values))) > _BINS and all(isinstance(value, (int, float)) for value in values):
        order = np.argsort(np.asarray(values, dtype=float), kind="stable")
        for number, part in enumerate(np.array_split(order, _BINS)):
            groups[number] = part.tolist()
    else:
        for k, value in enumerate(values):
            groups.setdefault(repr(value), []).append(k)
    inner = {key: float(means[part].mean()) for key, part in groups.items()}
    weights = np.array([len(part) for part in groups.values()], dtype=float)
    spread = float(np.average((np.array(list(inner.values())) - means.mean()) ** 2, weights=weights))
    low, high = min(inner, key=lambda key: inner[key]), max(inner, key=lambda key: inner[key])
    middle = {key: values[part[len(part) // 2]] for key, part in groups.items()}
    share = spread / float(means.var()) if means.var() > 0.0 else 0.0
    return ParameterEffect(target, parameter, share, inner[low], inner[high], middle[low], middle[high], len(means))
