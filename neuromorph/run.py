"""What a device holds of a problem, and what came out of it: states, their energies, and what is priced."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .ising import Float, Ising
from .runtime.limits import unlimited

if TYPE_CHECKING:
    from .problems.problem import Problem
    from .task import Task


@dataclass(frozen=True)
class SamplingBound:
    """Largest distance of samples from exp(-beta E) of the model that a device holds.

    Parameters
    ----------
    kl : float
        Relative entropy KL(sampled || exp(-beta E) / Z), nats.
    reason : str
        Why, and where the number is from.
    """

    kl: float
    reason: str

    def __post_init__(self) -> None:
        if not 0.0 <= self.kl < float("inf"):
            raise ValueError(f"kl is {self.kl}; a relative entropy is finite and not negative")
        if not self.reason.strip():
            raise ValueError("a sampling bound has no reason; say why the device does not sample exp(-beta E)")


@dataclass(frozen=True, eq=False)
class Program:
    """Problem as a device holds it, beside the problem that was asked for.

    Attributes
    ----------
    target : str
        Name of the target.
    requested : Ising or Problem
        Requested problem, from which energies are computed.
    programmed : Ising or None
        Couplings and biases that the device has, in the units of ``requested``; None where it holds a structure of the
        problem (one-hot rows and columns) instead of couplings.
    state : object
        The device's own account: conductances, positions, a distance matrix.
    mapping_error : float
        RMS(programmed - requested) / RMS(requested) over couplings and biases.
    notes : tuple of str
        Losses and changes on the way, for people.
    setup : dict of str to float
        Number of each event of programming: pulses, placements.
    parallel_reads : int
        Reads that the device makes in about the time of one.
    one_chip : bool
        Whether ``rng`` drew what this one device is like: all its reads share that.
    sampled : callable or None
        Map from beta to the distribution (2^n,) that the device samples exactly, where that is not exp(-beta E) of
        ``programmed``; state k has spin i up where bit i of k is set.
    sampling_bound : SamplingBound or None
        Otherwise, the largest distance of the samples from that distribution.
    provenance : dict of str to object
        How the problem was put there, as plain numbers by name: tiles, bits, qubits, longest_chain. They stand in the
        mapping report (``neuromorph.mapping_report``).
    """

    target: str
    requested: Ising | Problem
    programmed: Ising | None
    state: Any = None
    mapping_error: float = 0.0
    notes: tuple[str, ...] = ()
    setup: Mapping[str, float] = field(default_factory=dict)
    parallel_reads: int = 1
    one_chip: bool = False
    sampled: Callable[[float], Float] | None = None
    sampling_bound: SamplingBound | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Run:
    """Reads of one program.

    Attributes
    ----------
    target : str
        Name of the target.
    task : Task
        Task of all reads.
    spins : (reads, n) int8
        Final states, -1 or +1; (reads, 0) where ``answers`` stand alone.
    energies : (reads,) float
        Energies of the requested problem, never what the device reports.
    activity : dict of str to (reads,) float
        Number of each event in each read: updates, spikes, conversions; ``device_s`` is device time, s.
    setup : dict of str to float
        Number of each event that served all reads: programming pulses.
    converged : (reads,) bool
        False where the dynamics did not settle or the solver failed.
    status : str
        "ok", "interrupted" or "failed".
    message : str
        Reason of ``status``.
    provenance : dict of str to object
        Seed, versions, parameters of the target.
    answers : ndarray or None
        Native answers of a target that has no need of spins, one a read: tours (reads, cities) int32. None: the spins
        are the answers.
    chip, batch : (reads,) int32 or None
        Chip that made each read, from 0, and the call of ``Target.run`` that did: what reads have in common. None: all
        the same. A study fills them in.
    """

    target: str
    task: Task
    spins: NDArray[np.int8]
    energies: Float
    activity: Mapping[str, Float]
    setup: Mapping[str, float] = field(default_factory=dict)
    converged: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))
    status: str = "ok"
    message: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    answers: NDArray[Any] | None = None
    chip: NDArray[np.int32] | None = None
    batch: NDArray[np.int32] | None = None

    @property
    def reads(self) -> int:
        """Number of reads."""
        return len(self.spins)

    @property
    def chips(self) -> int:
        """Number of chips that made reads, at least one."""
        return 1 if self.chip is None else max(1, len(np.unique(self.chip)))


def complete_run(
    program: Program,
    task: Task,
    spins: ArrayLike | None,
    activity: Mapping[str, ArrayLike],
    *,
    answers: ArrayLike | None = None,
    converged: ArrayLike | None = None,
    status: str = "ok",
    message: str = "",
    provenance: Mapping[str, Any] | None = None,
) -> Run:
    """Complete a run with energies computed from the requested problem.

    Parameters
    ----------
    program, task
        What was run, and what was asked of it.
    spins : (reads, n), or None
        Final states; None where ``answers`` say it all.
    activity : {event: (reads,) or number}
        What each read did.
    answers : (reads, cities) integers, or None
        Tours, from a target that holds a ``Tsp`` as permutations: energies are their lengths.
    converged, status, message, provenance
        As of :class:`Run`.

    Returns
    -------
    Run
        Complete run.

    Raises
    ------
    ValueError
        The spins or answers are none of the problem, or both are missing.
    """
    native = None if answers is None else np.ascontiguousarray(answers, dtype=np.int32)
    if spins is None:
        if native is None:
            raise ValueError("spins are None and there are no answers; hand over one of them at least")
        spins = np.empty((len(native), 0))
    s = np.ascontiguousarray(spins, dtype=np.int8)
    reads = len(s)
    counts = {
        name: np.broadcast_to(np.asarray(count, dtype=float), (reads,)).copy() for name, count in activity.items()
    }
    with unlimited():
        energies = program.requested.energy(s) if native is None else energies_of_answers(program.requested, native)
    return Run(
        target=program.target,
        task=task,
        spins=s,
        energies=np.asarray(energies, dtype=float),
        activity=counts,
        setup=dict(program.setup),
        converged=np.ones(reads, bool) if converged is None else np.asarray(converged, dtype=bool),
        status=status,
        message=message,
        provenance={**versions(), **(provenance or {})},
        answers=native,
    )


def energies_of_answers(problem: Ising | Problem, answers: ArrayLike) -> Float:
    """Compute the energies of native answers.

    Parameters
    ----------
    problem : Ising or Problem
        Problem, or couplings and biases.
    answers : array_like
        Answers, one a row.

    Returns
    -------
    (reads,) float
        Energy of each answer.

    Raises
    ------
    ValueError
        If they are no answers of the problem.
    """
    energies: Any = getattr(problem, "answer_energies", None)
    if energies is None:
        kind = getattr(problem, "kind", "Ising")
        raise ValueError(f"a {kind} problem has no answers other than spins; leave answers out")
    return np.asarray(energies(answers), dtype=float)


def concatenate_runs(runs: Sequence[Run]) -> Run:
    """Join several batches of reads of the same program to one run.

    Parameters
    ----------
    runs : sequence of Run
        Batches in their order.

    Returns
    -------
    Run
        All reads; setup is counted once, the worst status is kept.

    Raises
    ------
    ValueError
        If only some batches have native answers.
    """
    first = runs[0]
    answers = [run.answers for run in runs if run.answers is not None]
    if len(answers) not in (0, len(runs)):
        raise ValueError("some batches of reads have answers beside their spins and others none; hand over the same")
    worst = max(runs, key=lambda run: ("ok", "interrupted", "failed").index(run.status))
    return Run(
        target=first.target,
        task=first.task,
        spins=np.concatenate([run.spins for run in runs]),
        energies=np.concatenate([run.energies for run in runs]),
        activity={name: np.concatenate([run.activity[name] for run in runs]) for name in first.activity},
        setup=first.setup,
        converged=np.concatenate([run.converged for run in runs]),
        status=worst.status,
        message=worst.message,
        provenance=first.provenance,
        answers=np.concatenate(answers) if answers else None,
        chip=_joined([run.chip for run in runs]),
        batch=_joined([run.batch for run in runs]),
    )


def _joined(parts: Sequence[NDArray[np.int32] | None]) -> NDArray[np.int32] | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None


def part_of(run: Run, start: int, stop: int) -> Run:
    """Return a part of the reads of a run, as if it had made no others.

    Parameters
    ----------
    run : Run
        Run.
    start, stop : int
        First read, and the read after the last one.

    Returns
    -------
    Run
        Reads ``start`` to ``stop``.
    """
    return reads_of(run, slice(start, stop))


def reads_of(run: Run, rows: slice | NDArray[Any]) -> Run:
    """Return some reads of a run, as if it had made no others.

    Parameters
    ----------
    run : Run
        Run.
    rows : slice or ndarray
        Reads, by number or by truth value.

    Returns
    -------
    Run
        Those reads, in that order.
    """
    return replace(
        run,
        spins=run.spins[rows],
        energies=run.energies[rows],
        activity={name: count[rows] for name, count in run.activity.items()},
        converged=run.converged[rows],
        answers=None if run.answers is None else run.answers[rows],
        chip=None if run.chip is None else run.chip[rows],
        batch=None if run.batch is None else run.batch[rows],
    )


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python, of this package and of its numerical libraries.

    Returns
    -------
    dict of str to str
        Version by name.
    """
    names = ("neuromorph", "numpy", "scipy", "numba")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
