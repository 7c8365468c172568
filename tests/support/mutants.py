"""A small correct target in plain NumPy, and one mistake each: what the conformance checks must catch."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import cycle
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import expit

from neuromorph import Cost, Datum, DoesNotFit, Ising, Minimize, Program, RecallFrom, Sample, Tsp, exact, testing
from neuromorph.protocol import as_ising, require_support
from neuromorph.rng import read_seeds
from neuromorph.run import SamplingBound, complete_run
from neuromorph.sampling.schedules import beta_range, geometric_ramp

WATT = Datum(1.0, "W", 0.5, 2.0, "assumed", "usual for a test")


def same(*values):
    return values if len(values) > 1 else values[0]


def one_stream_a_read(rng, reads):
    return [np.random.default_rng(seed) for seed in read_seeds(rng, reads)]


def uniforms(generators, shape):
    return np.array([generator.random(shape) for generator in generators])


def one_after_another(spins, couplings, biases, beta, draws):
    """Heat bath; beta = inf: along the field, and no change where there is none."""
    for i in range(spins.shape[1]):
        force = spins @ couplings[i] + biases[i]
        cold = np.where(force == 0, spins[:, i], np.sign(force))
        spins[:, i] = cold if np.isinf(beta) else np.where(draws[:, i] < expit(2 * beta * force), 1, -1)
    return spins


@dataclass(frozen=True)
class Honest:
    """Annealed heat bath; every field is a place for a mistake."""

    name: str = "honest"
    summary: str = "annealed heat bath in NumPy"
    supported_tasks: Any = frozenset({"minimize", "sample", "recall"})
    used: Callable = same  # couplings, biases as they enter the dynamics
    temperature: Callable = same  # beta asked for -> beta used
    schedule: Callable = beta_range
    mixing: int = 40
    start: Callable = same  # start states
    sweep: Callable = one_after_another
    streams: Callable = one_stream_a_read
    draw: Callable = uniforms
    programmed: Callable = same
    claimed: Callable = require_support
    finished: Callable = same  # spins (reads, n) before the run is made
    returned: Callable = same  # the run
    activity: Any = field(default_factory=lambda: {"device_s": 1e-6})
    constants: Any = field(default_factory=lambda: {"watt": WATT})
    priced: Any = frozenset({"watt"})
    prices: Any = (Cost("device_s", "core", energy=WATT), Cost("device_s", "host", energy=WATT, scope="system"))

    def program(self, problem, rng=None):
        return self.programmed(Program(self.name, problem, as_ising(problem)))

    def run(self, program, task, reads=1, rng=None):
        self.claimed(self, task)
        asked = as_ising(program.requested)
        n = asked.size
        couplings, biases = self.used(asked.dense_couplings(), asked.biases)
        if isinstance(task, RecallFrom):
            betas = np.full(12, np.inf)
        elif isinstance(task, Sample):
            beta = self.temperature(task.beta)
            betas = np.r_[np.linspace(0, beta, self.mixing // 2), np.full(self.mixing, beta)]
        else:
            betas = np.r_[geometric_ramp(*self.schedule(asked), self.mixing), np.inf]
        draws = self.draw(self.streams(rng, reads), (len(betas) + 1, n))
        spins = np.where(draws[:, 0] < 0.5, 1, -1)
        spins = self.start(task.cues(reads, n).astype(int) if isinstance(task, RecallFrom) else spins)
        for k, beta in enumerate(betas):
            spins = self.sweep(spins, couplings, biases, beta, draws[:, k + 1])
        return self.returned(complete_run(program, task, self.finished(spins), self.activity))

    def costs(self):
        return self.prices


HONEST = Honest()


def simultaneously(spins, couplings, biases, beta, draws):
    if np.isinf(beta):
        return one_after_another(spins, couplings, biases, beta, draws)
    return np.where(draws < expit(2 * beta * (spins @ couplings + biases)), 1, -1)


def in_fixed_order(spins, couplings, biases, beta, draws):
    """Metropolis, one spin after the other: what costs nothing is turned for certain, and walls go round a ring."""
    for i in range(spins.shape[1]):
        cost = 2.0 * spins[:, i] * (spins @ couplings[i] + biases[i])
        turns = cost < 0 if np.isinf(beta) else draws[:, i] < np.exp(-beta * np.maximum(cost, 0.0))
        spins[:, i] = np.where(turns, -spins[:, i], spins[:, i])
    return spins


def uniform_where_alike(couplings, biases):
    """As a kernel that knew no second level of fields did it: no beta for couplings that are all equal."""
    alike = np.unique(np.abs(couplings[couplings != 0])).size < 2
    return (0 * couplings, 0 * biases) if alike else (couplings, biases)


def stuck(spins, *rest):
    spins = one_after_another(spins, *rest)
    spins[:, 1] = 1
    return spins


def one_chain(spins, couplings, biases, beta, draws):
    """Each read is a sweep from the read before it."""
    for k in range(len(spins)):
        spins[k] = one_after_another(spins[max(0, k - 1)][None].copy(), couplings, biases, beta, draws[k][None])[0]
    return spins


def shared_generator(rng, reads):
    return [np.random.default_rng(seed) for seed in [read_seeds(rng, reads)[0]] * reads]


def reused_streams(rng, reads):
    seeds = read_seeds(rng, reads)
    return [np.random.default_rng(seeds[k % 50]) for k in range(reads)]


def forgets_what_it_gave(rng, reads):
    return one_stream_a_read(rng.entropy if isinstance(rng, np.random.SeedSequence) else rng, reads)


def all_at_once(generators, shape):
    return np.moveaxis(generators[0].random((*shape, len(generators))), -1, 0)


def changes_problem(program):
    biases = program.requested.biases
    biases.setflags(write=True)
    biases += 1.0
    biases.setflags(write=False)
    return program


def changes_cue(device, task):
    require_support(device, task)
    if isinstance(task, RecallFrom):
        task.cue[:] = -task.cue


def blurred(program):
    held = program.requested
    return replace(program, programmed=Ising(1.2 * held.couplings, held.biases))


def refuse(program):
    raise DoesNotFit("nothing fits")


def fickle() -> Callable:
    turns = cycle([True, False])

    def programmed(program):
        return refuse(program) if next(turns) else program

    return programmed


def no_lone_spin(program):
    if program.requested.size == 1:
        raise IndexError("a lone spin")
    return program


def accepts_no_reads(rng, reads):
    return one_stream_a_read(rng, max(1, reads))


def changed(**fields):
    """A mutant's ``returned``: the run with some fields computed anew."""
    return lambda run: replace(run, **{name: compute(run) for name, compute in fields.items()})


def tours(answers, spins=None, dtype=np.int32, energies=None):
    """A mutant's ``returned``: of four cities it hands over these tours, with the spins of others if given."""

    def returned(run):
        if not (isinstance(run.task, Minimize) and run.spins.shape[1] == 16):
            return run
        cities = Tsp.from_coordinates([[0.0, 0.0], [3.0, 1.0], [1.0, 2.0], [4.0, 5.0]])
        beside = run.spins[:, :0] if spins is None else np.array([cities.spins(spins)] * run.reads)
        feasible = [tour if sorted(tour) == [0, 1, 2, 3] else [0, 1, 2, 3] for tour in answers]
        lengths = cities.answer_energies(feasible) if energies is None else np.full(run.reads, energies)
        return replace(run, spins=beside, energies=lengths, answers=np.array(answers, dtype))

    return returned


def mutant(check, **mistake):
    return check, replace(HONEST, **mistake)


ONLY = {claim: frozenset({claim}) for claim in ("minimize", "sample", "recall")}
C = SimpleNamespace(**{check.__name__.removeprefix("check_"): check for check in testing.CHECKS})


def states(distribution, check=C.sampling, **mistake):
    """A mutant that states to sample ``distribution(held, beta)``."""
    return mutant(
        check, programmed=lambda p: replace(p, sampled=partial(distribution, p.programmed)),
        supported_tasks=ONLY["sample"], **mistake,
    )  # fmt: skip


def bounded(kl, **mistake):
    """A mutant that states to be within ``kl`` nats of exp(-beta E)."""
    bound = SamplingBound(kl, "for a test")
    return mutant(C.sampling, programmed=lambda p: replace(p, sampling_bound=bound), **mistake)


MUTANTS = {
    "no claims": mutant(C.members, supported_tasks=frozenset()),
    "an unknown claim": mutant(C.members, supported_tasks=frozenset({"anneal"})),
    "claims in a list": mutant(C.members, supported_tasks=["sample"]),
    "nothing to call it": mutant(C.members, name=""),
    "a rambling summary": mutant(C.members, summary="one line\nand another"),
    "refuses everything": mutant(C.program, programmed=refuse),
    "refuses now and then": mutant(C.program, programmed=fickle()),
    "hides its mapping error": mutant(C.program, programmed=blurred),
    "mapping error is NaN": mutant(C.program, programmed=lambda p: replace(p, mapping_error=np.nan)),
    "does not say what it holds": mutant(C.program, programmed=lambda p: replace(p, programmed=None)),
    "swaps the problem": mutant(C.program, programmed=lambda p: replace(p, requested=Ising(p.requested.couplings))),
    "counts programming below zero": mutant(C.program, programmed=lambda p: replace(p, setup={"pulses": -1})),
    "device energies": mutant(C.run, returned=changed(energies=lambda run: np.round(run.energies))),
    "spins as floats": mutant(C.run, returned=changed(spins=lambda run: run.spins.astype(float))),
    "spins 0 and 1": mutant(C.run, returned=changed(spins=lambda run: (run.spins > 0).astype(np.int8))),
    "spins transposed": mutant(C.run, returned=changed(spins=lambda run: run.spins.T)),
    "a read too few": mutant(C.run, returned=changed(spins=lambda run: run.spins[1:])),
    "does not say what converged": mutant(C.run, returned=changed(converged=lambda run: np.empty(0, bool))),
    "fails quietly": mutant(C.run, returned=changed(status=lambda run: "failed")),
    "prices what it does not count": mutant(C.costs, activity={"device_s": 1.0}, prices=(
        *HONEST.prices, Cost("updates", "an unknown event", energy=WATT))),
    "a bare number": mutant(C.costs, prices=(*HONEST.prices, Cost("device_s", "bare", energy=1.0))),
    "a bare constant": mutant(C.costs, constants={"watt": 1.0}),
    "prices by what it does not tell": mutant(C.costs, priced=frozenset({"volt"})),
    "core only": mutant(C.costs, prices=HONEST.prices[:1]),
    "no costs": mutant(C.costs, prices=()),
    "costs nothing": mutant(C.costs, activity={"device_s": 0.0}),
    "takes no time": mutant(C.costs, activity={"updates": 4.0}, prices=tuple(
        replace(cost, event="updates") for cost in HONEST.prices)),
    "counts NaN": mutant(C.costs, activity={"device_s": 1.0, "updates": np.nan}),
    "counts below zero": mutant(C.costs, activity={"device_s": 1.0, "updates": -1.0}),
    "counts the whole run": mutant(C.costs, returned=changed(activity=lambda run: {"device_s": np.array(1.0)})),
    "does what it does not claim": mutant(C.refusals, supported_tasks=ONLY["sample"], claimed=same),
    "no reads are some": mutant(C.refusals, streams=accepts_no_reads),
    "changes the problem": mutant(C.nothing_is_changed, programmed=changes_problem),
    "changes the cue": mutant(C.nothing_is_changed, claimed=changes_cue),
    "falls over a lone spin": mutant(C.smallest_problems, programmed=no_lone_spin),
    "turned biases, small": mutant(C.smallest_problems, used=lambda j, h: (j, -h)),
    "ignores rng": mutant(C.seeds, streams=lambda rng, reads: one_stream_a_read(None, reads)),
    "one seed for ever": mutant(C.seeds, streams=lambda rng, reads: one_stream_a_read(0, reads)),
    "one generator for all reads": mutant(C.reads_continue, draw=all_at_once),
    "forgets which streams it gave": mutant(C.reads_continue, streams=forgets_what_it_gave),
    "shared generator": mutant(C.reads_are_independent, streams=shared_generator),
    "shared generator, minimize": mutant(
        C.reads_are_independent, supported_tasks=ONLY["minimize"], streams=shared_generator),
    "streams come round again": mutant(C.reads_are_independent, streams=reused_streams),
    "sorted reads": mutant(C.reads_are_independent, finished=lambda s: s[np.lexsort(s.T)]),
    "sorted reads, minimize": mutant(
        C.reads_are_independent, supported_tasks=ONLY["minimize"], finished=lambda s: s[np.lexsort(s.T)]),
    "one chain": mutant(C.reads_are_independent, supported_tasks=ONLY["sample"], sweep=one_chain, mixing=1),
    "null sampler": mutant(C.sampling, finished=np.ones_like),
    "random sampler": mutant(C.sampling, used=lambda j, h: (0 * j, 0 * h)),
    "wrong sign": mutant(C.sampling, used=lambda j, h: (-j, h)),
    "turned biases": mutant(C.sampling, used=lambda j, h: (j, -h)),
    "missing biases": mutant(C.sampling, used=lambda j, h: (j, 0 * h)),
    "missing couplings": mutant(C.sampling, used=lambda j, h: (0 * j, h)),
    "doubled couplings": mutant(C.sampling, used=lambda j, h: (2 * j, h)),
    "couplings 10 % off": mutant(C.sampling, used=lambda j, h: (1.1 * j, h)),
    "half of every field": mutant(C.sampling, temperature=lambda beta: beta / 2),
    "beta squared": mutant(C.sampling, temperature=lambda beta: beta**2),
    "ignores beta": mutant(C.sampling, temperature=lambda beta: 1.0),
    "breaks at beta = 0": mutant(C.sampling, temperature=lambda beta: beta or 0.1),
    "simultaneous updates": mutant(C.sampling, sweep=simultaneously),
    "stuck spin": mutant(C.sampling, sweep=stuck),
    "under-mixed": mutant(C.sampling, mixing=1),
    "states another distribution": states(lambda held, beta: exact.boltzmann(held, 2.0 * beta)),
    "states one, samples another": states(exact.boltzmann, used=lambda j, h: (1.1 * j, h)),
    "states weights, not probabilities": states(lambda held, beta: np.exp(-beta * exact.all_energies(held))),
    "states too few states": states(lambda held, beta: exact.boltzmann(held, beta)[:-1] * 1.0),
    "coins that say so": states(
        lambda held, beta: np.full(2**held.size, 2.0**-held.size), used=lambda j, h: (0 * j, 0 * h)),
    "further off than its bound": bounded(0.01, used=lambda j, h: (1.6 * j, h)),
    "a bound that coins keep": bounded(5.0, used=lambda j, h: (0 * j, 0 * h)),
    "states both": mutant(C.sampling, programmed=lambda p: replace(
        p, sampled=partial(exact.boltzmann, p.programmed), sampling_bound=SamplingBound(0.1, "a test"))),
    "states another distribution, textbook": states(
        lambda held, beta: exact.boltzmann(held, 1.5 * beta), check=C.textbook_models),
    "uniform where couplings are equal": mutant(C.textbook_models, used=uniform_where_alike),
    "uniform where couplings are equal, minimize": mutant(
        C.textbook_models, supported_tasks=ONLY["minimize"], used=uniform_where_alike, schedule=lambda ising: (1, 1)),
    "Metropolis in a fixed order": mutant(C.textbook_models, supported_tasks=ONLY["sample"], sweep=in_fixed_order),
    "null sampler, minimize": mutant(C.minimize, finished=np.ones_like),
    "random sampler, minimize": mutant(C.minimize, used=lambda j, h: (0 * j, 0 * h), schedule=lambda ising: (1, 1)),
    "wrong sign, minimize": mutant(C.minimize, used=lambda j, h: (-j, h)),
    "turned biases, minimize": mutant(C.minimize, used=lambda j, h: (j, -h)),
    "missing biases, minimize": mutant(C.minimize, used=lambda j, h: (j, 0 * h)),
    "missing couplings, minimize": mutant(C.minimize, used=lambda j, h: (0 * j, h)),
    "doubled couplings, minimize": mutant(C.minimize, used=lambda j, h: (2 * j, h)),
    "stuck spin, minimize": mutant(C.minimize, sweep=stuck),
    "ignores the cue": mutant(C.recall, start=lambda s: np.where(np.arange(s.size).reshape(s.shape) % 7 < 3, 1, -1)),
    "stays at the cue": mutant(C.recall, sweep=lambda s, *_: s),
    "negated recall": mutant(C.recall, finished=lambda s: -s),
    "wrong sign, recall": mutant(C.recall, used=lambda j, h: (-j, h)),
    "null sampler, recall": mutant(C.recall, finished=np.ones_like),
    "missing biases, recall": mutant(C.recall_follows_biases, used=lambda j, h: (j, 0 * h)),
    "turned biases, recall": mutant(C.recall_follows_biases, used=lambda j, h: (j, -h)),
    "visits a city twice": mutant(C.answers, returned=tours([[0, 1, 2, 3], [0, 1, 1, 3], [3, 1, 2, 0]])),
    "numbers cities from 1": mutant(C.answers, returned=tours([[1, 2, 3, 4]] * 3)),
    "a tour too few": mutant(C.answers, returned=tours([[0, 1, 2, 3]] * 2)),
    "tours as floats": mutant(C.answers, returned=tours([[0, 1, 2, 3]] * 3, dtype=float)),
    "spins of another tour": mutant(C.answers, returned=tours([[0, 1, 2, 3]] * 3, spins=[1, 0, 2, 3])),
    "lengths of its own": mutant(C.answers, returned=tours([[0, 1, 2, 3]] * 3, energies=1.0)),
}  # fmt: skip
