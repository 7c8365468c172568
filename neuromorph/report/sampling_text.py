"""The scores of a sampling task as text: what they are called, their digits, and what they are measured against."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..estimate import Estimate

if TYPE_CHECKING:
    from ..study import Comparison

SCORES = {
    "kl": ("KL, nats", "divergence of the reads from what was asked for"),
    "kl_held": ("KL held", "divergence of the reads from what the device holds of it"),
    "effective_beta": ("effective beta", "inverse temperature at which the reads are most likely"),
    "energy_error": ("energy error", "mean energy a spin, minus that of the reference"),
    "magnetization_error": ("|m| error", "mean |magnetization| a spin, minus that of the reference"),
}
"""{field of a sampling score: (heading, what it is)}."""


def counts_states(comparison: Comparison) -> bool:
    """Return whether there is a divergence: states of small models are counted.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    bool
        True if states are counted.
    """
    return comparison.reference is None or comparison.reference.probabilities is not None


def shown_scores(comparison: Comparison) -> list[str]:
    """Return the fields that a comparison of this size has.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    list of str
        Names of fields of a sampling score.
    """
    return [name for name in SCORES if counts_states(comparison) or not name.startswith("kl")]


def format_score(value: Estimate | None) -> tuple[str, str]:
    """Format a divergence, a temperature or an error with its interval, to significant digits.

    Parameters
    ----------
    value : Estimate or None
        Score.

    Returns
    -------
    (str, str)
        Value and interval.
    """
    if value is None:
        return "–", ""
    ends = [end for end in _ends(value) if end is not None]
    width = max(ends) - min(ends) or max(map(abs, ends)) or 1.0
    digits = min(8, max(0, 1 - math.floor(math.log10(width))))
    shown = ["–" if end is None else f"{round(end, digits) + 0.0:.{digits}f}" for end in _ends(value)]
    between = "–" if value.low is not None and value.low >= 0.0 else " to "
    return shown[0], f"{shown[1]}{between}{shown[2]}" if value.low is not None else ""


def _ends(value: Estimate) -> tuple[float | None, float | None, float | None]:
    return value.value, value.low, value.high


def sampling_note(comparison: Comparison) -> str:
    """Describe the reference that the reads are compared with.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    str
        Sentence.
    """
    reference = comparison.reference
    if reference is None:
        return "no target samples"
    if reference.probabilities is not None:
        return (
            "KL: divergence of the reads from exp(-beta E) of the model asked for, and of that held, by enumeration; "
            "errors are a spin; ranges are 95 % intervals"
        )
    if reference.energy is None:
        return (
            f"{reference.reason}: effective beta alone, which does not tell whether independent reads are in "
            "equilibrium; ranges are 95 % intervals"
        )
    rhat = "" if reference.rhat is None else f", R-hat {reference.rhat:.3f}"
    return (
        f"errors are a spin, against {reference.draws:,} draws of parallel tempering{rhat}, whose own error is in the "
        f"ranges: 95 % intervals{f'; {reference.reason}' if reference.reason else ''}"
    )


def diagnostic_rows(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Format the diagnostics of chains, a row a number that is known.

    Parameters
    ----------
    told : dict of str to object
        Diagnostics of a result.

    Returns
    -------
    list of (str, str)
        Heading and value.
    """
    rows = []
    for name, heading in _DIAGNOSTICS.items():
        value = told.get(name)
        if isinstance(value, Mapping):
            rows.append((heading, f"{value['value']:.6g} ({value['low']:.6g} to {value['high']:.6g})"))
        elif value is not None:
            rows.append((heading, f"{value:.6g}"))
    return rows


_DIAGNOSTICS = {
    "energy_error": "error of the mean",
    "chains": "chains",
    "worst_rhat": "worst R-hat",
    "least_ess": "least ESS",
    "energy_ess": "ESS of the energy",
    "energy_tau": "tau of the energy, draws",
    "log_partition": "ln Z",
    "log_partition_exact": "ln Z, exact",
    "free_energy": "free energy",
    "free_energy_exact": "free energy, exact",
}
