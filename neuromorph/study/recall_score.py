r"""What the reads of a recall ended in: overlaps with the patterns, and whether the state is one that the memory keeps.

.. math:: m = \frac{x \cdot s}{n}, \qquad s \text{ is a fixed point if no flip of one spin lowers } E

where x is the pattern nearest to the cue, s the final state and E the energy of the memory asked for, not of the
device. A modern memory keeps a state whose signs survive a step of attention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..associative_memory.modern_hopfield import ModernHopfield
from ..associative_memory.relaxation import field_round_off
from ..ising import Float
from ..problems import Recall
from ..runtime.limits import unlimited
from ..runtime.threads import single_threaded_blas
from .recall_verdict import recall_verdict

_LISTED = 100  # reads whose numbers are in JSON
_ROUND_OFF = 1e-9  # of an energy of a memory without couplings
_MAX_CHECKED = 10_000  # pixels of such a memory whose flips are tried


@dataclass(frozen=True, eq=False)
class RecallScore:
    """Ends of the reads of a recall.

    Attributes
    ----------
    patterns : (reads,) int
        Pattern that each cue is nearest to, from 0.
    overlaps_of_cues, overlaps : (reads,) float
        Overlap with it, of the cue and of the final state.
    nearest : (reads,) int
        Pattern that the final state is nearest to.
    settled : (reads,) bool
        Whether the device came to rest.
    fixed : (reads,) bool, or None
        Whether the final state is a fixed point of the memory; None where that was not tried.
    fixed_points : int or None
        Number of different fixed points among them.
    learning : str
        How iterated learning ended; empty for rules in closed form.
    stored : int or None
        Stored patterns that are fixed points; None where that was not tried.
    verdict : str
        Reason and remedy where patterns are no attractors, as :func:`.recall_verdict`; else empty.
    """

    patterns: NDArray[np.int64]
    overlaps_of_cues: Float
    overlaps: Float
    nearest: NDArray[np.int64]
    settled: NDArray[np.bool_]
    fixed: NDArray[np.bool_] | None = None
    fixed_points: int | None = None
    learning: str = ""
    stored: int | None = None
    verdict: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data.

        Returns
        -------
        dict of str to object
            Means over reads, and the numbers of the first 100 reads, patterns from 1.
        """
        some = slice(0, _LISTED)
        return {
            "overlap_of_cue": float(self.overlaps_of_cues.mean()),
            "overlap": float(self.overlaps.mean()),
            "fixed_fraction": None if self.fixed is None else float(self.fixed.mean()),
            "fixed_points": self.fixed_points,
            "learning": self.learning or None,
            "stored": self.stored,
            "verdict": self.verdict,
            "reads": {
                "pattern": (self.patterns[some] + 1).tolist(),
                "overlap_of_cue": self.overlaps_of_cues[some].tolist(),
                "overlap": self.overlaps[some].tolist(),
                "nearest": (self.nearest[some] + 1).tolist(),
                "settled": self.settled[some].tolist(),
                "fixed": None if self.fixed is None else self.fixed[some].tolist(),
            },
        }


def score_recall(
    problem: Recall, cues: NDArray[np.int8], spins: NDArray[np.int8], settled: NDArray[np.bool_]
) -> RecallScore:
    """Compare final states with the patterns, and try whether the memory keeps them.

    Parameters
    ----------
    problem : Recall
        Problem.
    cues, spins : (reads, n) int8
        Start and end of each read.
    settled : (reads,) bool
        Whether the device came to rest.

    Returns
    -------
    RecallScore
        Ends of the reads.
    """
    with unlimited():
        reads = np.arange(len(spins))
        before, after = problem.overlaps(cues), problem.overlaps(spins)
        meant = problem.meant(cues)
        states, which = np.unique(spins, axis=0, return_inverse=True)
        kept, patterns = _fixed(problem, states), _fixed(problem, problem.patterns)
        stored = None if patterns is None else int(patterns.sum())
        return RecallScore(
            meant,
            before[reads, meant],
            after[reads, meant],
            after.argmax(axis=1),
            np.asarray(settled),
            None if kept is None else kept[which.ravel()],
            None if kept is None else int(kept.sum()),
            problem.learning,
            stored,
            recall_verdict(problem.rule, problem.patterns, meant, spins, stored),
        )


@single_threaded_blas()
def _fixed(problem: Recall, states: NDArray[np.int8]) -> NDArray[np.bool_] | None:
    """Whether each state is a fixed point; None where that takes too long."""
    memory = problem.memory
    if memory is None:
        ising = problem.ising()
        j = ising.dense_couplings()
        tiny = field_round_off(j, ising.biases)
        return np.asarray((states * (states @ j + ising.biases) >= -tiny).all(axis=1))
    if isinstance(memory, ModernHopfield):
        return np.asarray((np.where(memory.update(states) >= 0.0, 1, -1) == states).all(axis=1))
    if problem.size > _MAX_CHECKED:
        return None
    tiny = _ROUND_OFF * float(np.abs(memory.energy(states)).max())
    return np.array([bool(memory.rises(state).min() >= -tiny) for state in states])
