"""Recall of patterns from damaged ones by any of the memories, with the energy on the way: ``neuromorph recall``."""

from __future__ import annotations

import io
import json
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..associative_memory.dense import DenseMemory
from ..associative_memory.learning_rules import couplings_as_ising
from ..associative_memory.modern_hopfield import ModernHopfield
from ..associative_memory.named_rules import RULES, check_rule, learn_couplings
from ..associative_memory.relaxation import relax
from ..files.atomic_write import write_file
from ..ising import Float
from ..problems import Recall
from ..problems.recall import MAX_ISING_PIXELS
from ..rng import RNG, read_seeds
from ..runtime.pieces import run_aside
from .recall_verdict import recall_verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..study.compare import StudyProgress

RECALL_RULES = RULES
MAX_PATTERNS = 100
"""Patterns recalled when there is no cue: the first ones of the file."""

_POINTS = 20  # points of the energy a sweep


@dataclass(frozen=True, eq=False)
class Recollection:
    """Recalled states of all cues with their energies.

    Attributes
    ----------
    problem : Recall
        The problem.
    rule : str
        Learning rule.
    cues, states : (reads, n) int8
        Initial and final states.
    updates : (points,) int
        Single-spin updates (updates of all spins for ``modern``) at each energy.
    energies : (reads, points) float
        Energies as in :class:`.RelaxationResult` and :class:`.ModernRecall`.
    statuses : tuple of str
        "at rest", "cycle of 2", "not at rest" or "at temperature" for each read.
    learning : str
        Outcome of iterated learning; empty for the rules in closed form.
    stored : int or None
        Stored patterns that are at rest: no spin wants to flip; None where that is not known.
    """

    problem: Recall
    rule: str
    cues: NDArray[np.int8]
    states: NDArray[np.int8]
    updates: NDArray[np.int64]
    energies: Float
    statuses: tuple[str, ...]
    learning: str = ""
    stored: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data: traces, and overlaps with the stored pattern.

        Returns
        -------
        dict of str to Any
            The data.
        """
        before, after = self.overlaps()
        return {
            "problem": {"name": self.problem.name, "patterns": len(self.problem.patterns), "size": self.problem.size},
            "rule": self.rule,
            "learning": self.learning or None,
            "stored": self.stored,
            "verdict": self.verdict,
            "updates": self.updates.tolist(),
            "reads": [
                {
                    "pattern": int(meant) + 1,
                    "overlap_of_cue": float(b),
                    "overlap": float(a),
                    "status": status,
                    "energies": energies.tolist(),
                }
                for meant, b, a, status, energies in zip(
                    self.problem.meant(self.cues), before, after, self.statuses, self.energies, strict=True
                )
            ],
        }

    def overlaps(self) -> tuple[Float, Float]:
        """Compute the overlaps of cue and final state with the pattern nearest to the cue.

        Returns
        -------
        tuple of (reads,) float
            Overlaps of the cues and of the states.
        """
        meant = self.problem.patterns[self.problem.meant(self.cues)].astype(float)
        return tuple(np.einsum("ri,ri->r", meant, s) / self.problem.size for s in (self.cues, self.states))

    def lines(self) -> list[str]:
        """Describe each read in a line.

        Returns
        -------
        list of str
            The lines.
        """
        before, after = self.overlaps()
        meant, energies = self.problem.meant(self.cues) + 1, self.energies
        said = [
            f"pattern {k}: overlap {b:.3f} -> {a:.3f}, energy {e[0]:.4g} -> {e[-1]:.4g}, {status}"
            for k, b, a, e, status in zip(meant, before, after, energies, self.statuses, strict=True)
        ]
        return [
            *said,
            *([f"learning {self.learning}"] if self.learning else []),
            *([self.verdict] if self.verdict else []),
        ]

    @property
    def verdict(self) -> str:
        """Reason and remedy where patterns are not recalled, as :func:`.recall_verdict`; else ""."""
        return recall_verdict(self.rule, self.problem.patterns, self.problem.meant(self.cues), self.states, self.stored)

    def write(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write recalled.png (numbered if several), recalled.txt, recall.json, trace.png.

        Returns
        -------
        list of Path
            The files.
        """
        return [write_file(Path(folder) / name, make()) for name, make in self.files().items()]

    def files(self) -> dict[str, Callable[[], str | bytes]]:
        """Return the function that makes each file of :meth:`write`.

        Returns
        -------
        dict of str to callable
            The functions by file name.
        """
        shape, one = self.problem.shape or (1, self.problem.size), len(self.states) == 1
        pictures = {
            "recalled.png" if one else f"recalled-{number}.png": partial(_picture, state.reshape(shape))
            for number, state in enumerate(self.states, 1)
        }
        return {
            **pictures,
            "recalled.txt": lambda: picture_text(self.states, shape),
            "recall.json": lambda: json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n",
            "trace.png": lambda: _png(_figure(self)),
        }


def recollect(
    problem: Recall,
    rule: str = "hebb",
    *,
    power: int | None = 3,
    beta: float | None = None,
    synchronous: bool = False,
    sweeps: int = 100,
    rng: RNG = None,
    progress: StudyProgress | None = None,
) -> Recollection:
    """Store the patterns of a problem and recall its cue, or damaged patterns.

    Parameters
    ----------
    problem : Recall
        The problem.
    rule : str
        One of ``RECALL_RULES``; "perceptron" learns symmetric couplings, so that there is an energy.
    power : int or None
        Power of "dense"; None is the exponential interaction.
    beta : float or None
        Inverse temperature in 1 / energy; None is descent, or 1 for "modern".
    synchronous : bool
        Whether all spins are updated at once; not for "dense", and always for "modern".
    sweeps : int
        Largest number of sweeps.
    rng : RNG
        Source of the random numbers.
    progress : callable or None
        Called with (name, "programming" or "running", reads done, reads).

    Returns
    -------
    Recollection
        The recalled states.

    Raises
    ------
    ValueError
        If the rule or an argument does not suit, or the patterns are too large.
    """
    check_rule(rule)
    x, learning = problem.patterns, ""
    tell = progress or (lambda *_: None)
    (stream,) = read_seeds(rng, 1)
    reads = 1 if problem.cue is not None else min(len(x), MAX_PATTERNS)
    cues = np.ascontiguousarray(problem.task(reads, rng).cues(reads, problem.size))
    tell(problem.name, "programming" if rule not in ("dense", "modern") else "running", 0, reads)
    if rule == "modern":
        memory = ModernHopfield(x, 1.0 if beta is None else beta)
        with warnings.catch_warnings():  # the verdict says it
            warnings.simplefilter("ignore", UserWarning)
            found = memory.recall(cues, steps=sweeps)
        stored = int(memory.retrieved().sum()) if len(x) <= MAX_PATTERNS else None
        states = np.where(found.states >= 0.0, 1, -1).astype(np.int8)
        statuses = tuple("at rest" if rests else "not at rest" for rests in found.settled)
        points = np.arange(found.energies.shape[1])
        return Recollection(problem, rule, cues, states, points, found.energies, statuses, stored=stored)
    stored = None
    options: Any = {"beta": np.inf if beta is None else beta, "sweeps": sweeps, "rng": stream}
    if not synchronous:
        options["every"] = max(1, problem.size // _POINTS)
    if rule == "dense":
        if synchronous:
            raise ValueError("synchronous is not offered for rule 'dense'; leave it out")
        ends = DenseMemory(x, power).recall(cues, **options)
    else:
        if problem.size > MAX_ISING_PIXELS:
            raise ValueError(
                f"{problem.name} has {problem.size} pixels; couplings stop at {MAX_ISING_PIXELS}: scale the picture, "
                "or take rule dense or modern, which need none"
            )
        if rule == "perceptron":  # looks at the clock
            learned = learn_couplings(x, rule)
        else:
            learned = run_aside(lambda: learn_couplings(x, rule))
        couplings, learning = learned.couplings, learned.status
        stored = int(((x @ couplings) * x >= 0.0).all(axis=1).sum())
        tell(problem.name, "running", 0, reads)
        ends = relax(
            couplings_as_ising(couplings), cues, order="synchronous" if synchronous else "asynchronous", **options
        )
    names = {0: "not at rest" if beta is None else "at temperature", 1: "at rest"}
    statuses = tuple(names.get(int(period), f"cycle of {period}") for period in ends.period)
    points = ends.every * np.arange(ends.energies.shape[1])
    return Recollection(problem, rule, cues, ends.spins, points, ends.energies, statuses, learning, stored)


def picture_text(states: NDArray[Any], shape: tuple[int, int]) -> str:
    """Format states as rows of '#' and '.', which :func:`neuromorph.load` reads.

    Parameters
    ----------
    states : (reads, n) array
        States.
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    str
        The text.
    """
    letters = np.where(np.asarray(states) > 0, "#", ".").reshape(-1, *shape)
    return "\n\n".join("\n".join("".join(row) for row in picture) for picture in letters.tolist()) + "\n"


def draw_trace(found: Recollection, ax: Axes | None = None) -> Axes:
    """Draw the energy of each read against the updates.

    Parameters
    ----------
    found : Recollection
        The recalled states.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    from ..plotting.axes import new_axes, style_axes
    from ..plotting.style import SERIES_COLORS, series_color

    ax = new_axes() if ax is None else ax
    meant = found.problem.meant(found.cues) + 1
    for number, energies in enumerate(found.energies):
        style: Any = {"color": series_color(number), "linewidth": 1.4, "marker": ".", "markersize": 4}
        ax.plot(found.updates, energies, label=f"pattern {meant[number]}", **style)
    if 1 < len(meant) <= len(SERIES_COLORS):
        ax.legend(frameon=False, fontsize=9)
    unit = "steps" if found.rule == "modern" else "updates of single spins"
    ax.set(xlabel=unit, ylabel="energy")
    return style_axes(ax)


def _figure(found: Recollection) -> Any:
    """Draw the first cue, its state and its pattern beside the energies of all reads."""
    from matplotlib.figure import Figure

    from ..plotting.solutions import draw_recall

    figure = Figure(figsize=(9.0, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.3, 1.0))
    draw_recall(found.problem, found.states[0], found.cues[0], left)
    draw_trace(found, right)
    return lambda stream, format: figure.savefig(stream, format=format, dpi=150)


def _picture(state: NDArray[np.int8]) -> bytes:
    from PIL import Image

    return _png(Image.fromarray(np.where(state > 0, 0, 255).astype(np.uint8)).save)


def _png(save: Any) -> bytes:
    stream = io.BytesIO()
    save(stream, format="png")
    return stream.getvalue()
