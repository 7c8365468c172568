"""Session of search: winner-take-all networks, with Gibbs sampling and uniform random states as baselines."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import exact
from ..ising import Float, Ising
from ..problems import MaxCut, Recall, Solution, Tsp
from ..problems.one_hot import MAX_UNITS, OneHot
from ..rng import RNG, seed_sequence
from ..spiking.brian.simulator import Backend, FractionProgress
from ..spiking.search_baselines import sample_uniformly, solve_by_gibbs
from ..spiking.winner_take_all import WinnerTakeAll, count_hits, solve_by_spikes
from .spiking import Told, collect, require_fit, require_length, run_batches, summarize, width
from .spiking_result import Batch, Session

_LARGEST = 1e100  # largest coupling, whose sum of squares is still finite
_OF_TOURS = 0.2  # strength of the constraints of tours
_TOSSES = 1 << 33  # additions for the random states of a batch, which take some 5 s
_ENUMERATED = 20  # spins up to which the ground state is enumerated
_FEW = 512  # units up to which many chains are affordable
_POINTS = 1 << 25  # largest product of groups and steps of a chain


def search(
    problem: Tsp | MaxCut | Recall | Ising,
    name: str = "",
    *,
    chains: int | None = None,
    strength: float | None = None,
    duration_s: float = 4.0,
    backend: Backend = "numpy",
    rng: RNG = None,
    progress: Told | None = None,
) -> Session:
    """Search for the best state by winner-take-all networks, beside the baselines.

    A tour has a group of units at each position, any other problem two units a spin. Gibbs sampling gets as many
    decisions as a network has spikes, and so do uniform random states unless they took longer than all the rest.

    Parameters
    ----------
    problem : Tsp or MaxCut or Recall or Ising
        The problem.
    name : str
        Name of the problem in messages.
    chains : int or None
        Number of networks; None is 16 to 512 units, 4 beyond.
    strength : float or None
        Strength of the constraints, see :class:`.WinnerTakeAll`; None is .2 for tours by measurement, else 1.
    duration_s : float
        Duration of each network in s.
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
        If the problem is too large or an argument is out of range.
    """
    name = name if isinstance(problem, Ising) else problem.name
    is_tour = isinstance(problem, Tsp)
    units = problem.size**2 if is_tour else 2 * problem.size
    if units > MAX_UNITS:
        most = int(MAX_UNITS**0.5) if is_tour else MAX_UNITS // 2
        raise ValueError(
            f"{name} would need {units} units; a search by spikes stops at {MAX_UNITS}: give at most {most} "
            f"{'cities' if is_tour else 'spins'}, or use neuromorph solve"
        )
    if strength is not None and not 0.01 <= strength <= 100.0:
        raise ValueError(f"strength is {strength:g}; give 0.01 to 100, of which 0.1 to 1 serve best")
    ising = problem if isinstance(problem, Ising) else problem.ising()
    groups_of = getattr(problem, "groups", None)  # of an assignment, a coloring
    units = units if is_tour else ising.size * (1 if groups_of is not None else 2)
    if units > MAX_UNITS:
        raise ValueError(
            f"{name} would need {units} units; a search by spikes stops at {MAX_UNITS}: give a smaller one"
        )
    if not max(abs(ising.couplings).max(), abs(ising.biases).max()) < _LARGEST:
        raise ValueError(f"{name} has couplings of {_LARGEST:g} or more; rescale them")
    groups_of = np.arange(units) % problem.size if is_tour else groups_of
    one_hot = OneHot.from_spins(ising) if groups_of is None else OneHot.from_ising(ising, groups_of)
    trials, sequence = chains or (16 if units <= _FEW else 4), seed_sequence(rng)
    neurons = WinnerTakeAll(strength=(_OF_TOURS if is_tour else 1.0) if strength is None else strength)
    groups = one_hot.groups.max() + 1
    require_length(duration_s, trials, groups / neurons.interval_s)
    if duration_s / neurons.dt_s * groups > _POINTS:
        raise ValueError(f"duration is {duration_s:g} s; give {_POINTS * neurons.dt_s / groups:.3g} s at most")
    rivals = int((np.bincount(one_hot.groups) ** 2).sum()) - units
    synapses = int(np.count_nonzero(neurons.drives(one_hot)[0])) + rivals
    require_fit(name, synapses, "give a smaller problem, or use neuromorph solve")
    size = width(units, synapses)
    affordable = max(1, _TOSSES // (size * units * groups))

    def run(first: int, stream: np.random.SeedSequence, told: FractionProgress | None) -> Batch:
        streams = stream.spawn(3)
        spikes = solve_by_spikes(
            one_hot, duration_s, chains=size, neurons=neurons, backend=backend, rng=streams[0], progress=told
        )
        updates = max(1, round(spikes.updates))
        gibbs = solve_by_gibbs(one_hot, updates, chains=size, neurons=neurons, rng=streams[1])
        luck = sample_uniformly(one_hot, min(updates, affordable), chains=size, rng=streams[2])
        assert spikes.spikes is not None
        return Batch(*spikes.spikes, spikes.activity, (spikes, gibbs, luck), spikes.manifest)

    batches, status = run_batches(run, trials, size, sequence, progress)
    about = summarize(batches, size, trials, units, duration_s)
    done = about["trials"]
    energies, gibbs, luck = (np.concatenate([b.found[k].energies for b in batches])[:done] for k in range(3))
    winners, found = (np.concatenate([getattr(b.found[0], k) for b in batches])[:done] for k in ("winners", "found"))
    if not np.isfinite(energies).any():
        raise ValueError(f"duration is {duration_s:g} s, in which not every group had a spike; give .1 s or more")
    whole = np.where(winners >= 0, winners, 0)
    states = one_hot.spins(whole) if groups_of is not None else (2 * (whole % 2) - 1).astype(np.int8)
    optimum, known = _optimum(problem, ising)
    best, solution = _best(problem, states, energies)
    judged = {} if isinstance(problem, Ising) else _judged(problem, solution)
    courses = [course for b in batches for course in b.found[0].courses][:done]
    session = {
        "task": "search",
        "status": status,
        "problem": {"name": name, "kind": getattr(problem, "kind", "ising"), "size": problem.size},
        "options": {"duration_s": duration_s, "period_s": neurons.period_s, "strength": neurons.strength},
        "result": {
            "energy": energies[best],
            "found_s": found[best],
            "chain": best,
            **judged,
            "answer": solution.value,
            "optimum": optimum,
            "optimum_from": known,
            "energies": energies,
            "hits": None if optimum is None else count_hits(energies, optimum),
            "baselines": {
                label: {"energies": e, "lowest": e.min(), "median": np.median(e),
                        "updates": np.mean([b.found[k].updates for b in batches]),
                        "hits": None if optimum is None else count_hits(e, optimum)}
                for k, label, e in ((1, "gibbs", gibbs), (2, "random", luck))
            },
        },
        "courses": [{"times_s": course[:, 0], "energy": course[:, 1]} for course in courses],
        **about,
    }  # fmt: skip
    return collect(session, batches, states, problem=problem, solution=solution, groups=one_hot.groups)


def _optimum(problem: Any, ising: Ising) -> tuple[float | None, str | None]:
    """Find the lowest energy known, and its source."""
    value = None if isinstance(problem, (Ising, Recall)) else problem.best_known
    if value is not None:
        return (value if problem.sense == "min" else -value), "best known"
    return (exact.ground_states(ising)[0], "enumeration") if ising.size <= _ENUMERATED else (None, None)


def _best(problem: Any, states: Any, energies: Float) -> tuple[int, Solution]:
    """Choose the feasible state of lowest energy; if none is feasible, repair the lowest."""
    order = [int(k) for k in np.argsort(energies, kind="stable") if np.isfinite(energies[k])]
    if isinstance(problem, Ising):
        return order[0], Solution(states[order[0]], feasible=True)
    for k in order:
        solution = problem.decode(states[k])
        if solution.feasible:
            return k, solution
    return order[0], problem.decode(states[order[0]], repair=True)


def _judged(problem: Any, solution: Solution) -> dict[str, Any]:
    score, known = problem.score(solution), problem.best_known
    sign = 1.0 if problem.sense == "min" else -1.0
    gap = sign * (score - known) / abs(known) if known else None
    return {
        "feasible": solution.feasible, "repaired": solution.repaired, "score": score, "best_known": known, "gap": gap
    }  # fmt: skip
