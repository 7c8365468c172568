"""Session of sampling: shares of states beside exact ones, or energies beside those of Gibbs sampling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from .. import exact
from ..ising import Float, Ising
from ..rng import RNG, seed_sequence
from ..sampling.samples import Samples
from ..spiking.boltzmann_sampler import BoltzmannSampler
from ..spiking.brian.simulator import Backend, FractionProgress
from ..spiking.lif_sampler import LifSamplerNeurons
from ..spiking.spike_states import SpikeStates, exponential_neuron_divergence, relative_entropy
from ..spiking.stochastic_neurons import CROWDED, AbstractNeurons
from .sampling import sample_model
from .spiking import Told, collect, require_fit, require_length, run_batches, summarize, width
from .spiking_result import Batch, Session

NEURONS = ("abstract", "lif")
EXACT = 16  # spins up to which shares of states are compared
FLOOR = 10  # spins up to which their exact floor is known

_BURN_IN = 0.2
_SETTLED = 1e6  # beta times the strongest field, beyond which no neuron changes
_POINTS = 1 << 25  # spins of the draws from which energies against time are taken


def sample(
    name: str,
    ising: Ising,
    beta: float = 1.0,
    *,
    neurons: str = "abstract",
    chains: int | None = None,
    duration_s: float = 5.0,
    clamp: Mapping[int, int] | None = None,
    backend: Backend = "numpy",
    rng: RNG = None,
    progress: Told | None = None,
) -> Session:
    """Sample a model by spiking chains after a burn-in of .2 s.

    To 16 free spins the session has the divergence of the shares of time from the exact ones against the time of all
    chains together, beyond that the energy against time beside Gibbs sampling.

    Parameters
    ----------
    name : str
        Name of the model in messages.
    ising : Ising
        The problem.
    beta : float
        Inverse temperature in 1 / energy.
    neurons : str
        Model of the neurons, one of ``NEURONS``.
    chains : int or None
        Number of chains; None is 32 to 16 free spins and 8 beyond.
    duration_s : float
        Duration of each chain in s.
    clamp : dict of int to int or None
        Fixed spins {spin: -1 or +1}; the others are sampled.
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
        If an argument is unknown or out of range.
    """
    if neurons not in NEURONS:
        raise ValueError(f"neurons is {neurons!r}; choose one of {', '.join(NEURONS)}")
    rest, free = _clamped(ising, clamp or {})
    n = rest.size
    trials = (32 if n <= EXACT else 8) if chains is None else chains
    strongest = float((abs(rest.sparse_couplings()).sum(axis=1) + abs(rest.biases)).max())
    if not 0 <= beta * strongest <= _SETTLED:
        raise ValueError(
            f"beta is {beta:g} where fields reach {strongest:g}; nothing moves that cold: give "
            f"{_SETTLED / strongest:.3g} at most"
        )
    sampler = BoltzmannSampler(rest, beta, LifSamplerNeurons() if neurons == "lif" else None, backend)
    cells = sampler.cells
    if not cells.tau_s <= duration_s < np.inf:
        raise ValueError(f"duration is {duration_s:g} s; a spike lasts {cells.tau_s:g} s: give at least that")
    weights, biases = sampler.network()
    require_fit(name, weights.nnz + n, "give a smaller or sparser model")
    require_length(_BURN_IN + duration_s, trials, n / cells.tau_s)
    size, sequence = width(n, weights.nnz), seed_sequence(rng)
    fan, steps = np.diff(weights.tocsc().indptr), round((_BURN_IN + duration_s) / cells.dt_s)

    def run(first: int, stream: np.random.SeedSequence, told: FractionProgress | None) -> Batch:
        found = sampler.run(duration_s, chains=size, burn_in_s=_BURN_IN, rng=stream, progress=told)
        activity = {
            "spikes": np.bincount(found.chains, minlength=size).astype(float),
            "synaptic_operations": np.bincount(found.chains, fan[found.neurons], minlength=size),
            "membrane_updates": np.full(size, float(steps * n)),
        }
        times = np.asarray(found.steps * cells.dt_s)
        return Batch(times, found.chains, found.neurons, activity, found, found.manifest)

    gibbs = None if n <= EXACT else sample_model(rest, beta, rng=sequence.spawn(1)[0]).whole()
    batches, status = run_batches(run, trials, size, sequence, progress)
    about = summarize(batches, size, trials, n, _BURN_IN + duration_s)
    done = about["trials"]
    states = replace(
        batches[0].found,
        steps=np.rint(np.concatenate([b.times_s for b in batches]) / cells.dt_s).astype(np.int64),
        chains=np.concatenate([b.trials for b in batches]),
        neurons=np.concatenate([b.neurons for b in batches]),
        shape=(done, n),
        held=np.zeros((done, n), np.int8),
    )
    if gibbs is None:
        settling = exponential_neuron_divergence(biases, weights.toarray(), cells.tau_s) if n <= FLOOR else np.nan
        result, courses, shown = _beside_exact(rest, states, exact.boltzmann(rest, beta), settling)
    else:
        result, courses, shown = _beside_gibbs(rest, states, gibbs)
    if isinstance(cells, AbstractNeurons) and not cells.suit(weights, biases):
        result = {**result, "caution": CROWDED}
    turns = max(cells.turns) + 1 if isinstance(cells, AbstractNeurons) and cells.turns else None
    session = {
        "task": "sample",
        "status": status,
        "problem": {"name": name, "kind": "ising", "size": ising.size},
        "options": {"beta": beta, "neurons": neurons, "turns": turns, "duration_s": duration_s, "burn_in_s": _BURN_IN,
                    "clamp": {str(k): v for k, v in sorted((clamp or {}).items())}},
        "result": result,
        "courses": courses,
        **about,
    }  # fmt: skip
    last = states.spins(every_s=states.end_s - states.start_s)[:, 0]
    found = collect(
        session, batches, _with_clamped(last, ising.size, free, clamp or {}), tau_s=cells.tau_s, pairs=shown
    )
    return replace(found, neurons=free[found.neurons])


_Outcome: TypeAlias = tuple[dict[str, Any], dict[str, Any], list[Float]]  # result, courses, means of pairs


def _beside_exact(ising: Ising, states: SpikeStates, q: Float, settling: float) -> _Outcome:
    """Compare shares of time with exact ones q (2^n,); ``settling``, from which the floor is known, may be NaN."""
    n, dt, tau = ising.size, states.dt_s, states.tau_s
    p, table = states.occupancy(), exact.all_energies(ising)
    spins = exact.spins_of(np.arange(1 << n), n)
    duration = states.end_s - states.start_s
    until = np.unique(np.rint(np.geomspace(min(tau, duration), duration, 24) / dt)) * dt
    times = states.shape[0] * until
    reads = ((1 << n) - 1) * tau / (2.0 * times)  # formula for many reads a state
    floor = settling / times if np.isfinite(settling) else None
    courses: dict[str, Any] = {
        "times_s": times,
        "divergence": [relative_entropy(states.occupancy(states.start_s + t), q) for t in until],
        "divergence_floor": floor,
        "divergence_of_reads": np.where(reads < 1.0, reads, np.nan),
    }
    result = {
        "divergence": courses["divergence"][-1],
        "divergence_floor": None if floor is None else floor[-1],
        "mean_energy": p @ table,
        "mean_energy_exact": q @ table,
        "mean_spins": p @ spins,
        "mean_spins_exact": q @ spins,
    }
    return result, courses, _pairs(ising, (spins, p), (spins, q))


def _beside_gibbs(ising: Ising, states: SpikeStates, gibbs: Samples) -> _Outcome:
    """Compare energies against time, from the start of the burn-in, with those of Gibbs sampling."""
    done, n = states.shape
    steps = round(states.end_s / states.dt_s)
    most = max(1, min(400, _POINTS // (done * n)))
    every = max(1, -(-steps // most)) * states.dt_s
    draws = replace(states, start_s=0.0).spins(every)
    energies = np.asarray(ising.energy(draws.reshape(-1, n))).reshape(done, -1)
    moments = every * np.arange(1, draws.shape[1] + 1)
    late = moments > states.start_s
    settled = draws[:, late].reshape(-1, n)
    courses = {"times_s": moments, "energy": energies.mean(axis=0), "lowest": energies.min(axis=0)}
    result = {
        "mean_energy": energies[:, late].mean(),
        "mean_energy_gibbs": gibbs.energies.mean(),
        "lowest_energy": energies.min(),
        "mean_spins": settled.mean(axis=0),
        "mean_spins_gibbs": gibbs.flat().mean(axis=0),
    }
    return result, courses, _pairs(ising, (settled, None), (gibbs.flat(), None))


def _clamped(ising: Ising, clamp: Mapping[int, int]) -> tuple[Ising, Any]:
    """Build the problem of the spins that are left free, given the others; return it with their numbers."""
    held = np.zeros(ising.size, dtype=np.int8)
    for spin, value in clamp.items():
        if not 0 <= spin < ising.size or value not in (-1, 1):
            raise ValueError(f"clamp is {spin}={value}; give spins 0 .. {ising.size - 1} and -1 or +1")
        held[spin] = value
    free = np.flatnonzero(held == 0)
    if not free.size:
        raise ValueError(f"clamp holds all {ising.size} spins; leave one free at least")
    if not clamp:
        return ising, free
    j, fixed = ising.sparse_couplings(), held.astype(float)
    offset = ising.offset - 0.5 * float(fixed @ (j @ fixed)) - float(fixed @ ising.biases)
    return Ising(j[free][:, free], (ising.biases + j @ fixed)[free], offset), free


def _pairs(ising: Ising, *ensembles: tuple[Any, Float | None]) -> list[Float]:
    """Average s_i s_j over each of some states (k, n) with shares (k,), for at most 400 coupled pairs."""
    upper = sparse.coo_array(sparse.triu(ising.sparse_couplings(), 1))
    some = np.unique(np.linspace(0, upper.nnz - 1, min(upper.nnz, 400)).astype(int))
    i, j = (ends[some] for ends in upper.coords)
    return [np.average((spins[:, i] * spins[:, j]).astype(float), axis=0, weights=p) for spins, p in ensembles]


def _with_clamped(states: Any, n: int, free: Any, clamp: Mapping[int, int]) -> Any:
    whole = np.zeros((len(states), n), np.int8)
    whole[:, free] = states
    for spin, value in clamp.items():
        whole[:, spin] = value
    return whole
