r"""What every target must do, as checks that anyone can run on a target of their own.

.. code-block:: python

    @pytest.mark.parametrize("check", neuromorph.testing.CHECKS, ids=lambda check: check.__name__)
    def test_my_device(check):
        check(MyDevice())

A check returns None or raises AssertionError with what it found. What a target does not claim is not asked of it (but
it must say so), and a device that holds a problem inexactly is measured against what it says that it holds.

Samples are compared with enumeration by G = 2 N KL(empirical || exact), which is chi^2 with (cells - 1) degrees of
freedom for a correct sampler. Statistical checks fail a correct target once in 10^6; each says what it detects.

What is tested is the truth of a target's model, not its idealness. A target whose samples do not follow exp(-beta E) of
what it holds says so in its program: ``sampled`` gives the distribution that they do follow, or ``sampling_bound`` how
far they are from it, with a reason. Either statement is then what the samples are held to: G is noncentral chi^2 with
2 N KL where a bound is stated.
Sources: Wilks, Ann. Math. Stat. 9, 60 (1938); a shipped suite: dimod.testing, scikit-learn's parametrize_with_checks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.linalg import hadamard
from scipy.stats import binom, chi2, ncx2, norm

from . import exact
from .cost import Cost, price
from .datum import Datum
from .ising import Float, Ising
from .problems import Tsp
from .protocol import DoesNotFit, Target, TargetError, mapping_error
from .run import Program
from .target_constants import constants_of, priced_of
from .task import TASK_NAMES, Minimize, RecallFrom, Sample, Task, task_name

TargetCheck: TypeAlias = Callable[[Target], None]

FALSE_FAILURE = 1e-6
_TASKS = frozenset(TASK_NAMES)
_SIZES = (8, 6, 4)  # spins of the problems to minimize: the largest that fits
_PATTERN_SIZES = (32, 16, 8)  # spins of the patterns to recall


# What a target says.


def check_members(target: Target) -> None:
    """Name, summary, tasks and methods are those of the protocol."""
    _require(isinstance(target, Target), f"{target!r} lacks a member of neuromorph.Target")
    _require(isinstance(target.name, str) and bool(target.name), f"name is {target.name!r}; expected some text")
    _require(target.summary.strip() != "" and "\n" not in target.summary, "summary is not one line of text")
    _require(
        isinstance(target.supported_tasks, frozenset),
        f"supported_tasks are a {type(target.supported_tasks).__name__}, not a frozenset",
    )
    _require(
        bool(target.supported_tasks) and target.supported_tasks <= _TASKS,
        f"supported_tasks are {set(target.supported_tasks)}; known: {set(_TASKS)}",
    )


def check_program(target: Target) -> None:
    """The program keeps what was asked for and owns to what it holds instead, for dense and for sparse couplings."""
    dense = _glass(1, 4)
    for ising in (dense, Ising(sparse.csr_array(dense.couplings), dense.biases, dense.offset)):
        _, program, held = _program(target, ising)
        _require(program.target == target.name, f"program.target is {program.target!r}, expected {target.name!r}")
        _require(program.asked is ising, "program.asked is not the problem that was asked for")
        _require(held.size == ising.size, f"program.held has {held.size} spins, asked were {ising.size}")
        error, least = program.mapping_error, mapping_error(ising, held)
        _require(
            math.isfinite(error) and error >= least - 1e-6 * (1.0 + least),
            f"program.mapping_error is {error:.3g}, but program.held is {least:.3g} away from what was asked for",
        )
        _require(all(math.isfinite(c) and c >= 0 for c in program.setup.values()), f"setup counts {program.setup}")


def check_run(target: Target) -> None:
    """Shapes, types and values; energies are those of the problem asked for, whatever the device itself reports."""
    ising, program, _ = _program(target, _glass(2, 4))
    for name, task in _tasks(target, ising):
        run = target.run(program, task, 5, 0)
        _require(
            run.target == target.name and run.task is task, f"{name}: run.target or run.task is not what was asked"
        )
        _require(run.spins.shape == (5, 4), f"{name}: spins have shape {run.spins.shape}, expected (5, 4)")
        _require(run.spins.dtype == np.int8, f"{name}: spins are {run.spins.dtype}, expected int8")
        _require(set(np.unique(run.spins)) <= {-1, 1}, f"{name}: spins hold {np.unique(run.spins)}, expected -1 and +1")
        _require(
            np.shape(run.energies) == (5,) and np.allclose(run.energies, ising.energy(run.spins), rtol=1e-9, atol=1e-9),
            f"{name}: energies are not those of the problem asked for",
        )
        _require(run.converged.shape == (5,) and run.converged.dtype == bool, f"{name}: converged is not (reads,) bool")
        _require(run.status == "ok", f"{name}: status is {run.status!r} ({run.message})")


def check_costs(target: Target) -> None:
    """Every event that is priced is counted, every count finite, every number has its source, the sum is finite.

    Constants that it tells are data, and those that only price are among them.
    """
    try:
        table, only = constants_of(target), priced_of(target)
    except TargetError as error:
        raise AssertionError(str(error)) from error
    _require(only <= table.keys(), f"priced names {set(only) - table.keys()}, which are not among the constants")
    costs = target.costs()
    _require(isinstance(costs, tuple) and all(isinstance(c, Cost) for c in costs), "costs() is not a tuple of Cost")
    for cost in costs:
        data = [datum for datum in (cost.energy, cost.time) if datum is not None]
        _require(bool(data), f"cost {cost.what!r} has neither energy nor time")
        _require(all(isinstance(d, Datum) for d in data), f"cost {cost.what!r} is a bare number; make it a Datum")
        _require(all(d.low >= 0 and d.source.strip() for d in data), f"cost {cost.what!r} is negative or has no source")
    scopes = {cost.scope for cost in costs if cost.energy is not None}
    _require(scopes == {"core", "system"}, f"energy is priced for {scopes or 'nothing'}; expected core and system")
    ising, program, _ = _program(target, _glass(2, 4))
    for name, task in _tasks(target, ising):
        run = target.run(program, task, 3, 0)
        for event, count in run.activity.items():
            _require(np.shape(count) == (3,), f"{name}: activity {event!r} has shape {np.shape(count)}, expected (3,)")
            _require(bool((np.isfinite(count) & (count >= 0)).all()), f"{name}: activity {event!r} is {count}")
        missing = {cost.event for cost in costs} - {*run.activity, *run.setup}
        _require(not missing, f"{name}: costs() price {missing}, which the run does not count")
        ledger = price(run, costs)
        for what, sum_ in (("energy", ledger.energy()), ("time", ledger.time_per_read)):
            _require(math.isfinite(sum_.value or 0.0), f"{name}: the {what} is {sum_.value}")
            _require(bool(sum_.value), f"{name}: no {what} is counted")


def check_refusals(target: Target) -> None:
    """A task not claimed raises DoesNotFit; no reads, a bad seed or a cue of the wrong size raises ValueError."""
    ising, program, _ = _program(target, _glass(3, 4))
    cue = np.ones(4, np.int8)
    for task in (Minimize(), Sample(0.7), RecallFrom(cue)):
        if task_name(task) not in target.supported_tasks:
            _expect(DoesNotFit, f"{task_name(task)}, not claimed,", target, program, task, 1, 0)
    for name, task in _tasks(target, ising):
        _expect(ValueError, f"{name} with reads=0", target, program, task, 0, 0)
        _expect(ValueError, f"{name} with reads=-1", target, program, task, -1, 0)
        _expect(ValueError, f"{name} with rng=-1", target, program, task, 1, -1)
    if "recall" in target.supported_tasks:
        _expect(ValueError, "a cue of 3 for 4 spins", target, program, RecallFrom(cue[:3]), 1, 0)
        _expect(ValueError, "2 cues for 3 reads", target, program, RecallFrom(np.stack([cue, cue])), 3, 0)


def check_nothing_is_changed(target: Target) -> None:
    """Problem, program and cue are after a run what they were before."""
    glass, cue = _glass(4, 4), np.array([[1, -1, 1, 1], [-1, -1, 1, -1]], np.int8)
    asked = [glass.dense_couplings().copy(), glass.biases.copy()]
    ising, program, held = _program(target, glass)
    kept = [*asked, held.dense_couplings().copy(), held.biases.copy(), cue.copy()]
    for name, task in _tasks(target, ising):
        target.run(program, RecallFrom(cue) if isinstance(task, RecallFrom) else task, 2, 0)
        now = (ising.dense_couplings(), ising.biases, held.dense_couplings(), held.biases, cue)
        same = [np.array_equal(a, b) for a, b in zip(kept, now, strict=True)]
        _require(all(same[:2]), f"{name} changed the problem")
        _require(all(same[2:4]), f"{name} changed program.held")
        _require(same[4], f"{name} changed the caller's cue")


def check_smallest_problems(target: Target) -> None:
    """One spin, spins without couplings, an energy that is constant: answered, or DoesNotFit; spins follow biases."""
    for ising in (
        Ising([[0.0]], [-2.0]),
        Ising(np.zeros((3, 3)), [3.0, -2.0, 2.5]),
        Ising(np.zeros((2, 2)), None, 4.0),
    ):
        program = _attempt(target, ising)
        if isinstance(program, DoesNotFit):
            continue
        for name, task in _tasks(target, ising, beta=1.0):
            spins = target.run(program, task, 20, 0).spins
            _require(spins.shape == (20, ising.size), f"{name}: spins have shape {spins.shape}")
            follows = spins[:, ising.biases != 0] * np.sign(ising.biases[ising.biases != 0]) > 0
            _require(
                bool((follows.mean(axis=0) > 0.5).all()),
                f"{name}: {ising.size} uncoupled spins are against their biases",
            )


# Random streams.


def check_seeds(target: Target) -> None:
    """The same rng gives the same reads, another rng others."""
    ising, program, _ = _program(target, *map(_pairs, _SIZES))
    for name, task in _tasks(target, ising):
        first, again, other = (target.run(program, task, 16, seed).spins for seed in (5, 5, 6))
        _require(np.array_equal(first, again), f"{name}: rng=5 gave different reads the second time")
        if name != "recall":  # from one cue all may go the same way
            _require(not np.array_equal(first, other), f"{name}: rng=6 gave the same 16 reads as rng=5")


def check_reads_continue(target: Target) -> None:
    """A longer run begins with the reads of a shorter one, and the same SeedSequence goes on where it stopped."""
    ising, program, _ = _program(target, *map(_pairs, _SIZES))
    for name, task in _tasks(target, ising):
        whole = target.run(program, task, 7, 5).spins
        _require(np.array_equal(target.run(program, task, 3, 5).spins, whole[:3]), f"{name}: 3 reads are not 7 begun")
        sequence = np.random.SeedSequence(5)
        parts = [target.run(program, task, reads, sequence).spins for reads in (3, 4)]
        _require(np.array_equal(np.concatenate(parts), whole), f"{name}: 3 and 4 reads of one stream are not 7 reads")


def check_reads_are_independent(target: Target) -> None:
    """No read knows another: shared generators, one chain, reused streams, sorted reads.

    Autocorrelation over the reads, at every lag to half of them; detects 0.12 at 3,000 samples, 0.45 at 200 minima.
    """
    ising, program, _ = _program(target, *map(_pairs, _SIZES))
    for name, task in _tasks(target, ising):
        if name == "recall":
            continue
        spins = target.run(program, task, 3000 if name == "sample" else 200, 7).spins.astype(float)
        reads = len(spins)
        deviation = spins - spins.mean(axis=0)
        varied = deviation.std(axis=0) > 0
        _require(bool(varied.any()), f"{name}: all {reads} reads are alike, of a problem with many equal states")
        power = np.abs(np.fft.rfft(deviation[:, varied], n=2 * reads, axis=0)) ** 2
        lagged = np.fft.irfft(power, axis=0)[: reads // 2]
        worst = np.abs(lagged[1:] / lagged[0])
        limit = norm.isf(FALSE_FAILURE / (2 * worst.size)) / math.sqrt(reads)
        lag = int(np.argmax(worst.max(axis=1))) + 1
        _require(
            bool(worst.max() < limit),
            f"{name}: reads {lag} apart are correlated by {worst.max():.2f} (chance: {limit:.2f})",
        )


# Physics.


def check_sampling(target: Target) -> None:
    """20,000 independent reads of 4 spins, irregular J, h != 0, beta != 1, against enumeration.

    Detects KL >= 0.002: a sign, doubled couplings, beta^2, a missing bias, under-mixing, simultaneous updates, a stuck
    spin. And 2,000 reads at beta = 0, where all states are alike. A statement of what is sampled instead must be nearer
    to exp(-beta E) than coins are.
    """
    if "sample" not in target.supported_tasks:
        return
    for beta, reads in ((0.6, 20_000), (0.0, 2_000)):
        _, program, held = _program(target, _glass(5, 4))
        run = target.run(program, Sample(beta), reads, 11)
        p, bound = _stated(program, held, beta)
        if beta:
            _require_knowledge(p, bound, exact.boltzmann(held, beta))
        require_distribution(run.spins, p, f"sample at beta = {beta}", bound=bound)


def check_textbook_models(target: Target) -> None:
    """Pair, triangle, ring, 2 x 2 torus, ferromagnet, +-J, fields alone, nothing, one spin: those that fit.

    Equal couplings put spins in no field and all fields on one level, which irregular ones never do. 2,000 independent
    reads of each against enumeration, at 1.2 / (the strongest field) as beta, detect KL >= 0.015, and 5 standard errors
    of the energy; to minimize, the two ground states of a ring are found far more often than by chance.
    """
    if "sample" in target.supported_tasks:
        seen = 0
        for name, ising in _textbook():
            program = _attempt(target, ising)
            if isinstance(program, DoesNotFit):
                continue
            held, seen = _held(program), seen + 1
            beta = 1.2 / (float(np.max(np.abs(ising.couplings).sum(axis=1) + np.abs(ising.biases))) or 1.0)
            spins, (p, bound) = target.run(program, Sample(beta), 2_000, 19).spins, _stated(program, held, beta)
            require_distribution(spins, p, f"sample {name}", bound=bound)
            if bound:  # of a divergence: it says nothing of the mean energy
                continue
            energies, mean = exact.all_energies(held), float(p @ exact.all_energies(held))
            error = math.sqrt(float(p @ (energies - mean) ** 2) / len(spins))
            away = abs(float(held.energy(spins).mean()) - mean)
            _require(
                away <= norm.isf(FALSE_FAILURE / 2.0) * error + 1e-9 * float(np.abs(energies).max()),
                f"sample {name}: the mean energy is {away / (error or 1.0):.1f} standard errors from the exact one",
            )
        _require(seen > 0, "refuses every textbook model, even one spin")
    if "minimize" in target.supported_tasks:
        ising, program, _ = _program(target, *map(_ring, _SIZES))
        spins = target.run(program, Minimize(), 60, 19).spins
        found, chance = int((np.abs(spins.sum(axis=1)) == ising.size).sum()), 2.0 / 2**ising.size
        needed = max(6.0, float(binom.isf(FALSE_FAILURE, 60, chance)))
        _require(
            found >= needed, f"minimize a ring: {found} of 60 reads are ground states; expected {needed:.0f} or more"
        )


def check_minimize(target: Target) -> None:
    """Ground states of small frustrated problems with biases, in units from milli to kilo, far more often than chance.

    The ground states do not even stand still without biases, with turned or with doubled couplings: those are detected,
    and so are temperatures that do not follow the units.
    """
    if "minimize" not in target.supported_tasks:
        return
    reads, hits, chance = 40, 0, 0.0
    for seed, unit in ((2, 1.0), (3, 1e-3), (4, 1e3)):
        ising, program, held = _program(target, *(_telling_glass(seed, n, unit) for n in _SIZES))
        ground = np.unique(np.concatenate([exact.states_of(exact.ground_states(i)[1]) for i in (ising, held)]))
        found = np.isin(exact.states_of(target.run(program, Minimize(), reads, 13).spins), ground)
        _require(bool(found.any()), f"minimize: no ground state in {reads} reads of {ising.size} spins, unit {unit:g}")
        hits, chance = hits + int(found.sum()), chance + ground.size / 2**ising.size / 3
    needed = max(0.1 * 3 * reads, float(binom.isf(FALSE_FAILURE, 3 * reads, chance)))
    _require(hits >= needed, f"minimize: {hits} of {3 * reads} reads are ground states; expected at least {needed:.0f}")


def check_recall(target: Target) -> None:
    """Each of 3 stored patterns (2 or 1 where few spins fit) comes back from cues with an eighth of the spins turned.

    At least 4 of 5 reads must end within 1 spin in 16 of their pattern: reads that ignore the cue, stay at it, or end
    at the negative are detected.
    """
    if "recall" not in target.supported_tasks:
        return
    ising, program, _ = _program(target, *(_memory(n)[0] for n in _PATTERN_SIZES))
    patterns = _memory(ising.size)[1]
    meant = np.repeat(patterns, 8, axis=0)
    generator, n = np.random.default_rng(17), patterns.shape[1]
    turned = np.argsort(generator.random(meant.shape), axis=1) < n // 8
    spins = target.run(program, RecallFrom(np.where(turned, -meant, meant)), len(meant), 0).spins
    right = ((spins * meant).mean(axis=1) >= 1.0 - 2.0 / 16.0).mean()
    _require(right >= 0.8, f"relax: {right:.0%} of the cues led to their pattern; expected at least 80 %")
    for pattern in patterns:
        stays = (target.run(program, RecallFrom(pattern), 8, 0).spins == pattern).mean()
        _require(stays >= 0.95, f"relax: started at a stored pattern, {1 - stays:.0%} of the spins left it")


def check_recall_follows_biases(target: Target) -> None:
    """With biases far above the couplings every spin ends along its bias, from the opposite cue."""
    if "recall" not in target.supported_tasks:
        return
    sign = np.array([1, -1, -1, 1, -1, 1], np.int8)
    weak = _glass(6, 6)
    _, program, _ = _program(target, Ising(0.05 * weak.couplings, 3.0 * sign))
    along = (target.run(program, RecallFrom(-sign), 8, 0).spins == sign).mean()
    _require(along >= 0.95, f"relax: {along:.0%} of the spins follow a bias far above their couplings")


def check_answers(target: Target) -> None:
    """What is handed over for a tour of 4 cities: n x n spins, or permutations with spins that say the same or none.

    A target need not hold tours; energies are the lengths of the answers.
    """
    if "minimize" not in target.supported_tasks:
        return
    problem = Tsp.from_coordinates([[0.0, 0.0], [3.0, 1.0], [1.0, 2.0], [4.0, 5.0]])
    try:
        run = target.run(target.program(problem, rng=0), Minimize(), 3, 0)
    except DoesNotFit:
        return
    n, tours = problem.size, run.answers
    if tours is None or run.spins.shape[1]:
        _require(run.spins.shape == (3, n * n), f"tours: spins have shape {run.spins.shape}, expected (3, {n * n})")
        expected = problem.energy(run.spins)
    if tours is not None:
        _require(tours.shape == (3, n), f"tours: answers have shape {tours.shape}, expected (3, {n})")
        _require(tours.dtype == np.int32, f"tours: answers are {tours.dtype}, expected int32")
        each_once = (np.sort(tours, axis=1) == np.arange(n)).all()
        _require(bool(each_once), f"tours: answers {tours.tolist()} are no permutations of the cities")
        _require(len(run.spins) == 3, f"tours: spins have shape {run.spins.shape}, expected (3, {n * n}) or (3, 0)")
        if run.spins.shape[1]:
            same = all(np.array_equal(problem.spins(tour), s) for tour, s in zip(tours, run.spins, strict=True))
            _require(same, "tours: the spins beside the answers are those of others; leave them out")
        expected = problem.answer_energies(tours)
    _require(
        np.shape(run.energies) == (3,) and np.allclose(run.energies, expected, rtol=1e-9, atol=1e-9),
        "tours: energies are not those of the problem asked for",
    )


CHECKS: tuple[TargetCheck, ...] = (
    check_members,
    check_program,
    check_run,
    check_costs,
    check_refusals,
    check_nothing_is_changed,
    check_smallest_problems,
    check_seeds,
    check_reads_continue,
    check_reads_are_independent,
    check_sampling,
    check_textbook_models,
    check_minimize,
    check_recall,
    check_recall_follows_biases,
    check_answers,
)


def check_target(target: Target) -> None:
    """All of :data:`CHECKS`."""
    for check in CHECKS:
        check(target)


# Problems for the checks.


def _glass(seed: int, n: int) -> Ising:
    """Irregular couplings and biases of both signs, and an offset."""
    rng = np.random.default_rng([seed, n])
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n), 1.5)


def _telling_glass(seed: int, n: int, unit: float) -> Ising:
    """A glass whose one ground state stands clearly below the rest and is not even metastable under usual mistakes."""
    for attempt in range(10_000):
        ising = _glass(10_000 * seed + attempt, n)
        j, h = ising.dense_couplings(), 2.0 * ising.biases
        table = exact.all_energies(Ising(j, h))
        order = np.argsort(table)
        ground, gap = exact.spins_of(order[0], n), table[order[1]] - table[order[0]]
        mistaken = ((j, -h), (2.0 * j, h), (-j, h), (j, 0.0 * h), (0.0 * j, h))
        pulls = [-(ground * (wrong_j @ ground + wrong_h)).min() for wrong_j, wrong_h in mistaken]
        if min(gap, *(3.0 * pull for pull in pulls)) > 0.03 * np.ptp(table):
            return Ising(unit * j, unit * h, unit)
    raise ValueError(f"no glass of {n} spins tells its mistakes apart for seed {seed}")


def _memory(n: int) -> tuple[Ising, NDArray[np.int8]]:
    """Hebb couplings, in large units, of orthogonal patterns (k, n): rows of a Hadamard matrix in a random gauge."""
    k = {32: 3, 16: 2}.get(n, 1)
    gauge = np.random.default_rng(n).choice([-1, 1], n)
    patterns = (hadamard(n)[1 : k + 1] * gauge).astype(np.int8)
    couplings = patterns.T.astype(float) @ patterns * (30.0 / n)
    np.fill_diagonal(couplings, 0.0)
    return Ising(couplings), patterns


def _ring(n: int) -> Ising:
    """Equal ferromagnetic couplings round a ring."""
    j = np.roll(np.eye(n), 1, axis=0)
    return Ising(j + j.T)


def _textbook() -> Iterator[tuple[str, Ising]]:
    """Small models of equal couplings or fields, by name."""
    pair, square = np.array([[0.0, 1.0], [1.0, 0.0]]), _ring(4).couplings
    frustrated = square * np.where(np.add.outer(np.arange(4), np.arange(4)) == 1, -1.0, 1.0)  # one bond of four
    yield "a pair", Ising(pair)
    yield "a pair in equal fields", Ising(pair, [1.0, 1.0])
    yield "an antiferromagnetic triangle", Ising(-_ring(3).couplings)
    yield "a ring of 5", _ring(5)
    yield "a 2 x 2 torus", Ising(2.0 * square)  # each bond twice
    yield "a +-J square", Ising(frustrated)
    yield "a ferromagnet", Ising(np.ones((4, 4)) - np.eye(4))
    yield "fields alone", Ising(np.zeros((4, 4)), [1.0, 1.0, -1.0, 1.0])
    yield "nothing", Ising(np.zeros((3, 3)))
    yield "one spin", Ising([[0.0]], [-1.0])


def _pairs(n: int) -> Ising:
    """Pairs of spins that want to agree and know nothing of other pairs: 2^(n/2) equal ground states."""
    return Ising(np.kron(np.eye(n // 2), [[0.0, 1.0], [1.0, 0.0]]))


def _tasks(target: Target, ising: Ising, beta: float = 0.6) -> Iterator[tuple[str, Task]]:
    """The tasks that the target supports, by name."""
    cue = np.where(np.arange(ising.size) % 3 == 0, -1, 1).astype(np.int8)
    for task in (Minimize(), Sample(beta), RecallFrom(cue)):
        if task_name(task) in target.supported_tasks:
            yield task_name(task), task


def _program(target: Target, *isings: Ising) -> tuple[Ising, Program, Ising]:
    """The first of ``isings`` that fits, its program, and what that holds."""
    refused = []
    for ising in isings:
        program = _attempt(target, ising)
        if isinstance(program, DoesNotFit):
            _require(isinstance(_attempt(target, ising), DoesNotFit), f"{ising.size} spins: refused, then accepted")
            refused.append(f"{ising.size} spins: {program}")
            continue
        return ising, program, _held(program)
    raise AssertionError(f"{target.name} refuses the problems of this check ({'; '.join(refused)})")


def _held(program: Program) -> Ising:
    if program.held is None:
        raise AssertionError("program.held is None for an Ising; say which couplings and biases the device holds")
    return program.held


def _attempt(target: Target, ising: Ising) -> Program | DoesNotFit:
    try:
        return target.program(ising, rng=0)
    except DoesNotFit as error:
        return error


# Verdicts.


def _require(condition: bool, found: str) -> None:
    if not condition:
        raise AssertionError(found)


def _expect(kind: type[Exception], what: str, target: Target, program: Program, *arguments: Any) -> None:
    try:
        target.run(program, *arguments)
    except kind:
        return
    raise AssertionError(f"{what} was accepted; it must raise {kind.__name__}")


def _stated(program: Program, held: Ising, beta: float) -> tuple[Float, float]:
    """(probabilities (2^n,), bound on the relative entropy) that samples at beta are held to."""
    bound = program.sampling_bound
    if program.sampled is None:
        return exact.boltzmann(held, beta), 0.0 if bound is None else bound.kl
    _require(bound is None, "the program states both what is sampled and a bound; state one of them")
    p = np.asarray(program.sampled(beta))
    _require(p.shape == (1 << held.size,), f"program.sampled({beta}) has shape {p.shape}, expected (2^{held.size},)")
    _require(bool((p >= 0.0).all()) and abs(float(p.sum()) - 1.0) < 1e-6, f"program.sampled({beta}) is no distribution")
    return p, 0.0


def _require_knowledge(p: Float, bound: float, boltzmann: Float) -> None:
    """A statement that any sampler keeps is none: it must be nearer to exp(-beta E) than tossed coins are."""
    coins = -float(np.mean(np.log(boltzmann * boltzmann.size)))
    told = bound + float(np.sum(np.where(p > 0.0, p, 0.0) * np.log(np.where(p > 0.0, p, 1.0) / boltzmann)))
    _require(told < coins, f"the program states samples {told:.3g} nats from exp(-beta E), where coins are {coins:.3g}")


def require_distribution(spins: ArrayLike, expected: Float, what: str = "spins", *, bound: float = 0.0) -> None:
    """AssertionError unless independent reads (reads, n) follow the probabilities ``expected`` (2^n,), by the G-test.

    Cells in which fewer than 5 reads are expected are pooled. ``bound``: relative entropy, nats, that the reads may be
    away from them; G then is noncentral chi^2.
    """
    counts = np.bincount(exact.states_of(spins), minlength=expected.size).astype(float)
    reads = counts.sum()
    rare = expected * reads < 5.0
    seen, wanted = counts[~rare], expected[~rare] * reads
    if rare.any():
        seen, wanted = np.append(seen, counts[rare].sum()), np.append(wanted, expected[rare].sum() * reads)
    g = 2.0 * float(np.sum(seen * np.log(np.where(seen > 0, seen, 1.0) / wanted)))
    away = 2.0 * reads * bound
    limit = float(ncx2.isf(FALSE_FAILURE, wanted.size - 1, away) if away else chi2.isf(FALSE_FAILURE, wanted.size - 1))
    _require(g < limit, f"{what}: states do not follow exp(-beta E) (G = {g:.0f}, chance stays below {limit:.0f})")
