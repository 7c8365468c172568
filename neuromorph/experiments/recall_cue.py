"""Cue of a recall from a file of its own."""

from __future__ import annotations

from dataclasses import replace

from ..problems import Problem, Recall


def with_cue(problem: Recall, cue: Problem) -> Recall:
    """Replace the cue of a problem by the only pattern of another.

    Parameters
    ----------
    problem : Recall
        The problem.
    cue : Problem
        A problem that holds one pattern.

    Returns
    -------
    Recall
        The problem with the cue.

    Raises
    ------
    ValueError
        If ``cue`` does not hold one pattern.
    """
    if not isinstance(cue, Recall) or len(cue.patterns) != 1:
        raise ValueError(f"{cue.name} does not hold one picture; a cue is one")
    return replace(problem, cue=cue.patterns[0])
