"""Session of recall: rates of integrate-and-fire neurons beside their ODE, from the same cues."""

from __future__ import annotations

import numpy as np

from ..problems import Recall
from ..rng import RNG, seed_sequence
from ..spiking.brian.simulator import Backend, FractionProgress
from ..spiking.rate_network import SpikingHopfield
from ..spiking.rate_wiring import Wiring
from .spiking import Told, collect, require_fit, require_length, run_batches, summarize, width
from .spiking_result import Batch, Session

MAX_SPIKING_PATTERNS = 100  # patterns recalled when there is no cue
CUE_S, READ_S, _LEAST_S = 0.1, 0.2, 0.3

_BIN = 25e-3  # bin in s of the overlap against time


def recall(
    problem: Recall,
    *,
    wiring: Wiring = "direct",
    swing_v: float = 30e-3,
    duration_s: float = 0.6,
    backend: Backend = "numpy",
    rng: RNG = None,
    progress: Told | None = None,
) -> Session:
    """Store patterns by Hebb's rule, show each cue for .1 s, and read the last rates.

    The cue is that of ``problem``, or each of the first 100 patterns, damaged, in turn: one trial each.

    Parameters
    ----------
    problem : Recall
        The problem.
    wiring, swing_v
        As in :class:`.SpikingHopfield`.
    duration_s : float
        Duration of a trial in s.
    backend : Backend
        Back end of Brian2.
    rng : RNG
        Source of the random numbers.
    progress : callable or None
        Called with the trials done and their total.

    Returns
    -------
    Session
        The session.

    Raises
    ------
    ValueError
        If ``duration_s`` or ``swing_v`` is out of range.
    """
    if not _LEAST_S <= duration_s < np.inf:
        raise ValueError(f"duration is {duration_s:g} s; recall needs {_LEAST_S:g} s, for the cue and to read")
    if not 1e-3 <= swing_v <= 0.1:
        raise ValueError(f"swing is {1e3 * swing_v:g} mV; give 1 to 100, of which 15 to 30 serve best")
    n, factor = problem.size, {"direct": 1, "push-pull": 4}.get(wiring, 2)
    require_fit(problem.name, factor * n * n, f"scale the picture, of {n} pixels, or take the direct wiring")
    network = SpikingHopfield.from_patterns(problem.patterns, wiring=wiring, swing_v=swing_v, backend=backend)
    trials, sequence = (
        1 if problem.cue is not None else min(len(problem.patterns), MAX_SPIKING_PATTERNS),
        seed_sequence(rng),
    )
    require_length(duration_s, trials, 100.0 * network.neurons)
    cues = np.ascontiguousarray(problem.task(trials, sequence).cues(trials, n))
    meant = problem.meant(cues)
    targets = problem.patterns[meant]
    size = min(trials, width(network.neurons, factor * n * n))
    bin_s = duration_s / round(duration_s / _BIN)

    def run(first: int, stream: np.random.SeedSequence, told: FractionProgress | None) -> Batch:
        mine = np.arange(first, first + size) % trials
        found = network.recall(
            cues[mine], duration_s=duration_s, cue_s=CUE_S, read_s=READ_S, bin_s=bin_s, rng=stream, progress=told
        )
        ode, ends = network.integrate(cues[mine], duration_s=duration_s, cue_s=CUE_S, bin_s=bin_s)
        meant = targets[mine]
        courses = {
            "overlap": found.overlap_course(meant),
            "overlap_ode": (np.where(ode >= 0, 1.0, -1.0) * meant[:, None]).mean(axis=-1),
            "final": found.overlaps(meant),
            "final_ode": (ends * meant).mean(axis=-1),
            "spins": found.spins,
            "edges": found.edges_s,
        }
        times, neurons = found.spike_times_s, found.spike_neurons
        return Batch(times, found.spike_trials, neurons, found.activity, courses, found.manifest)

    batches, status = run_batches(run, trials, size, sequence, progress)
    about = summarize(batches, size, trials, network.neurons, duration_s)
    done = about["trials"]
    part = {
        name: np.concatenate([b.found[name] for b in batches])[:done] for name in batches[0].found if name != "edges"
    }
    before = (cues * targets).mean(axis=-1)[:done]
    reads = [
        {"pattern": int(k) + 1, "overlap_of_cue": b, "overlap": a, "overlap_ode": o}
        for k, b, a, o in zip(meant, before, part["final"], part["final_ode"], strict=False)
    ]
    session = {
        "task": "recall",
        "status": status,
        "problem": {"name": problem.name, "kind": "recall", "size": n, "patterns": len(problem.patterns)},
        "options": {"wiring": wiring, "swing_v": swing_v, "noise": None if problem.cue is not None else problem.noise,
                    "duration_s": duration_s, "cue_s": CUE_S, "read_s": READ_S},
        "result": {
            "overlap_of_cue": before.mean(), "overlap": part["final"].mean(), "overlap_ode": part["final_ode"].mean(),
            "reads": reads,
        },
        "courses": {"times_s": batches[0].found["edges"][1:], **{k: part[k] for k in ("overlap", "overlap_ode")}},
        **about,
    }  # fmt: skip
    return collect(session, batches, part["spins"], problem=problem, cues=cues, target=targets[0])
