"""Verdict on a recall: what an overloaded or correlated memory did to its patterns, and the rule that recalls them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_REMEDIES = {
    "modern": "raise its beta, as --rule 'modern(beta=16)'",
    "pseudo-inverse": "they are too many or too much alike: take --rule dense or modern",
}


def recall_verdict(
    rule: str, patterns: NDArray[np.int8], meant: NDArray[np.int64], states: NDArray[np.int8], stored: int | None
) -> str:
    """Say whether stored patterns are no attractors, or cues of several ended in one state.

    Parameters
    ----------
    rule : str
        Learning rule.
    patterns : (k, n) int8
        Stored patterns.
    meant : (reads,) int
        Pattern of each cue.
    states : (reads, n) int8
        Final states.
    stored : int or None
        Patterns at rest; None where that is not known.

    Returns
    -------
    str
        Reason and remedy; "" where all is well.
    """
    asked, ends = np.unique(meant), len(np.unique(states, axis=0))
    collapsed = asked.size > 1 and ends <= len(np.unique(patterns[asked], axis=0)) // 2
    if not collapsed and (stored is None or stored == len(patterns)):
        return ""
    why = [] if stored is None else [f"{stored} of {len(patterns)} stored patterns are at rest"]
    if collapsed:
        why.append(f"cues of {asked.size} patterns ended in {ends} state{'s' * (ends > 1)}")
    usual = "patterns that are much alike, or many, are recalled by --rule pseudo-inverse"
    remedy = _REMEDIES.get(rule.partition("(")[0], usual)
    return f"rule {rule}: {' and '.join(why)}; {remedy}"
