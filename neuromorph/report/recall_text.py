"""What the reads of a recall ended in, as text: a line a pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..study.recall_score import RecallScore

_LINES = 20


def recall_lines(score: RecallScore, stored: int) -> list[str]:
    """Describe the reads of each pattern, and how many fixed points they reached.

    Parameters
    ----------
    score : RecallScore
        Ends of the reads.
    stored : int
        Number of stored patterns.

    Returns
    -------
    list of str
        Lines: mean overlap of cue and end, reads that ended at another pattern, reads at rest.
    """
    lines = []
    patterns = np.unique(score.patterns)
    for pattern in patterns[:_LINES]:
        mine = score.patterns == pattern
        reads = int(mine.sum())
        before, after = (float(each[mine].mean()) for each in (score.overlaps_of_cues, score.overlaps))
        lines.append(f"pattern {pattern + 1}: overlap {before:.3f} -> {after:.3f}, {_rest(reads, score, mine)}")
    if len(patterns) > _LINES:
        lines.append(f"and {len(patterns) - _LINES} more patterns")
    if stored > len(patterns) and len(score.patterns) >= stored:  # each had a cue of its own
        lines.append(
            f"{stored - len(patterns)} of {stored} patterns have no line: all cues are as near to an earlier one"
        )
    if score.fixed_points is not None and score.fixed is not None:
        states = "fixed point" if score.fixed_points == 1 else "fixed points"
        lines.append(f"{score.fixed_points} {states} of the memory, in {int(score.fixed.sum())} of {len(score.fixed)} "
                     f"read{'s' * (len(score.fixed) > 1)}")  # fmt: skip
    return [*lines, f"learning {score.learning}"] if score.learning else lines


def _rest(reads: int, score: RecallScore, mine: np.ndarray) -> str:
    """Say how many reads came to rest, and how many nearer to another pattern."""
    settled, strayed = int(score.settled[mine].sum()), int((score.nearest[mine] != score.patterns[mine]).sum())
    if reads == 1:
        other = f", nearer to pattern {int(score.nearest[mine][0]) + 1}" if strayed else ""
        return ("at rest" if settled else "not at rest") + other
    other = f", {strayed} nearer to another pattern" if strayed else ""
    return f"{settled} of {reads} reads at rest{other}"
