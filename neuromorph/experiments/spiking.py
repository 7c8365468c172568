"""Spiking experiment on one file: ``neuromorph spike``.

A picture is recalled by a network of rates, a model is sampled, a tour or a cut is searched for. Trials (cues, chains)
run in batches whose size the problem alone decides, each with a stream of its own: trial k is the same whatever the
number of trials, and Ctrl-C keeps the complete batches.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..files.json_values import json_value
from ..problems import IsingModel, Recall, load
from ..problems.ising_files import read_ising
from ..problems.model_formats import is_model
from ..problems.text_file import TextFile
from ..rng import RNG, read_seeds
from ..sampling.samples import ending
from ..spiking.brian.simulator import FractionProgress
from .spiking_result import Batch, Session

SpikingTask: TypeAlias = Literal["recall", "sample", "search"]
Told: TypeAlias = Callable[[int, int], None]
"""Receiver of the number of trials done and their total."""

SCHEMA = 1
MAX_SYNAPSES = 1 << 22  # largest number of synapses of one trial, some 300 MB in Brian2
MAX_SPIKES = 1 << 25  # largest number of spikes of all trials, 1 GB

_AT_ONCE = 1 << 18  # synapses of a batch, unless one trial has more
_NEURONS = 1 << 12  # neurons of a batch, unless one trial has more
_WIDEST = 16  # largest number of trials of a batch
_BIN_S, _MOST_BINS = 25e-3, 400  # bin in s, and largest number of bins, of the rate against time


def read(
    path: str | os.PathLike[str] | TextFile,
    *,
    kind: str | None = None,
    task: SpikingTask | None = None,
    best_known: float | None = None,
) -> tuple[SpikingTask, Any]:
    """Read the problem of a file and choose its task, unless ``task`` says.

    Parameters
    ----------
    path : path-like or TextFile
        Path of the file.
    kind : str or None
        Format of the file; None detects it.
    task : SpikingTask or None
        Task; None is that of the problem.
    best_known : float or None
        Best known objective of the problem.

    Returns
    -------
    tuple of SpikingTask, problem
        Task and problem.

    Raises
    ------
    ProblemFileError
        If the file and the task do not fit.
    """
    source = TextFile.read(path)
    if task == "sample":
        return task, read_ising(source, kind=kind)
    if kind in ("ising", "qubo") or (kind is None and is_model(source)):
        if task == "recall":
            raise source.error("is a model, no picture; give patterns (.npz, .png, text), or sample it")
        if best_known is not None:
            raise source.error("is a model, whose best known energy is not asked for; leave best_known out")
        return task or "sample", read_ising(source, kind=kind)
    problem = load(source, kind=kind, best_known=best_known)
    assert not isinstance(problem, IsingModel)
    if task == "recall" and not isinstance(problem, Recall):
        raise source.error(f"is no picture but a {problem.kind}; give patterns (.npz, .png, text), or search")
    return task or ("recall" if isinstance(problem, Recall) else "search"), problem


def width(neurons: int, synapses: int) -> int:
    """Compute the trials of a batch of networks.

    Parameters
    ----------
    neurons, synapses : int
        Size of one network.

    Returns
    -------
    int
        The number of trials.
    """
    return max(1, min(_WIDEST, _NEURONS // max(1, neurons), _AT_ONCE // max(1, synapses)))


def require_fit(name: str, synapses: int, remedy: str) -> None:
    """Validate that a network is small enough to simulate.

    Parameters
    ----------
    name : str
        Name of the problem in the error message.
    synapses : int
        Synapses of one trial.
    remedy : str
        Advice that ends the message.

    Raises
    ------
    ValueError
        If there are too many synapses.
    """
    if synapses > MAX_SYNAPSES:
        raise ValueError(f"{name} would have {synapses} synapses; simulations stop at {MAX_SYNAPSES}: {remedy}")


def require_length(duration_s: float, trials: int, rate_hz: float) -> None:
    """Validate that the expected spikes fit into memory.

    Parameters
    ----------
    duration_s : float
        Duration in s.
    trials : int
        Number of trials.
    rate_hz : float
        Largest rate of the spikes of one trial in Hz.

    Raises
    ------
    ValueError
        If there may be too many spikes.
    """
    if not duration_s * trials * rate_hz <= MAX_SPIKES:
        raise ValueError(
            f"duration is {duration_s:g} s, in which {trials} trials may have {duration_s * trials * rate_hz:.3g} "
            f"spikes; memory is kept to {MAX_SPIKES}: give a shorter one, or fewer trials"
        )


def run_batches(
    run: Callable[[int, np.random.SeedSequence, FractionProgress | None], Batch],
    trials: int,
    size: int,
    rng: RNG,
    progress: Told | None,
) -> tuple[list[Batch], str]:
    """Run trials in batches; trials beyond ``trials`` are cut off.

    A batch is run whole, so that a program of C++ serves all of them.

    Parameters
    ----------
    run : callable
        Called with the first trial, stream and progress of each batch.
    trials : int
        Number of trials.
    size : int
        Trials of a batch.
    rng : RNG
        Source of the streams.
    progress : callable or None
        Called with the trials done and their total.

    Returns
    -------
    tuple of list of Batch, str
        The batches and the status.
    """
    done: list[Batch] = []

    def told(fraction: float) -> None:
        if progress:
            progress(min(trials, int((len(done) + fraction) * size)), trials)

    try:
        for k, stream in enumerate(read_seeds(rng, ceil(trials / size))):
            batch, left = run(k * size, stream, told if progress else None), trials - k * size
            kept = batch.trials < left
            done.append(
                Batch(
                    batch.times_s[kept],
                    batch.trials[kept] + k * size,
                    batch.neurons[kept],
                    {name: np.asarray(count)[:left] for name, count in batch.activity.items()},
                    batch.found,
                    batch.manifest,
                )
            )
            told(0.0)
    except KeyboardInterrupt as stop:
        if not done:
            raise
        return done, ending(stop)[0]
    return done, "ok"


def summarize(batches: Sequence[Batch], size: int, asked: int, neurons: int, duration_s: float) -> dict[str, Any]:
    """Count events of all trials together, and compute the mean rate against time.

    Parameters
    ----------
    batches : sequence of Batch
        The batches.
    size : int
        Trials of a batch.
    asked : int
        Trials that were asked for.
    neurons : int
        Neurons of a trial.
    duration_s : float
        Duration in s.

    Returns
    -------
    dict of str to Any
        Counts, rates, and the settings of Brian2.
    """
    trials = min(asked, size * len(batches))
    activity = {name: float(sum(b.activity[name].sum() for b in batches)) for name in batches[0].activity}
    edges = np.linspace(0.0, duration_s, max(1, min(_MOST_BINS, round(duration_s / _BIN_S))) + 1)
    counts = np.histogram(np.concatenate([b.times_s for b in batches]), edges)[0]
    common = {k: v for k, v in batches[0].manifest.items() if k not in ("seed", "parameters")}
    return {
        "trials": trials,
        "trials_asked": asked,
        "neurons": neurons,
        "simulated_s": duration_s,
        "activity": activity,
        "rate_hz": activity["spikes"] / (trials * neurons * duration_s),
        "rates": {"times_s": edges[1:], "rate_hz": counts / (trials * neurons * np.diff(edges))},
        "manifest": {
            **common,
            "trials_a_batch": size,
            "batches": [{k: b.manifest[k] for k in ("seed", "parameters")} for b in batches],
        },
    }


def collect(about: Mapping[str, Any], batches: Sequence[Batch], states: NDArray[Any], **shown: Any) -> Session:
    """Assemble a session from its batches.

    Parameters
    ----------
    about : dict of str to Any
        Content of spike.json.
    batches : sequence of Batch
        The batches.
    states : (trials, n) array
        States of the trials.
    **shown : Any
        Data that only the figure needs.

    Returns
    -------
    Session
        The session.
    """
    times, trials, neurons = (
        np.concatenate([getattr(b, name) for b in batches]) for name in ("times_s", "trials", "neurons")
    )
    whole = {"schema": SCHEMA, **about}
    return Session(json_value(whole), times, trials, neurons, np.asarray(states, dtype=np.int8), shown)


def spiking_files(session: Session, about: Mapping[str, Any]) -> dict[str, Callable[[], str | bytes]]:
    """Return the functions that make the files spike.json, spikes.npz and spikes.png.

    Parameters
    ----------
    session : Session
        The session.
    about : dict of str to Any
        Content of spike.json.

    Returns
    -------
    dict of str to callable
        The functions by file name.
    """

    def arrays() -> bytes:
        kept = io.BytesIO()
        trials, neurons = session.trials.astype(np.int32), session.neurons.astype(np.int32)
        np.savez_compressed(kept, times_s=session.times_s, trials=trials, neurons=neurons, states=session.states)
        return kept.getvalue()

    def picture() -> bytes:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        from .spiking_figures import draw_spiking

        drawn = io.BytesIO()
        FigureCanvasAgg(draw_spiking(session)).print_figure(drawn, dpi=150)
        return drawn.getvalue()

    return {
        "spike.json": lambda: json.dumps(about, indent=1, allow_nan=False) + "\n",
        "spikes.npz": arrays,
        "spikes.png": picture,
    }
