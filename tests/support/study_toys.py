"""A small problem and small targets, for the tests of study, report and command line."""

import signal
import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from neuromorph import Cost, Datum, DoesNotFit, Ising, Minimize, Program, RecallFrom, Solution
from neuromorph.protocol import require_support
from neuromorph.rng import read_seeds
from neuromorph.run import complete_run
from neuromorph.runtime.limits import checkpoint


def press_ctrl_c():
    signal.raise_signal(signal.SIGINT)
    for _ in range(100):  # Python hears of it between two instructions
        time.sleep(0)


def clock_of_sleep(monkeypatch):
    """Let nothing but ``time.sleep`` move the clock, and that at once: no test waits, or depends on other processes."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))


@dataclass(frozen=True, eq=False)
class Ring:
    """n spins in a ring that want to differ from their neighbors; feasible where spin 0 is up; score: edges cut."""

    name: str = "ring"
    size: int = 8
    best_known: float | None = 8.0
    relax: bool = False
    kind: ClassVar[str] = "ring"
    sense: ClassVar[str] = "max"

    def ising(self):
        i = np.arange(self.size)
        couplings = np.zeros((self.size, self.size))
        couplings[i, (i + 1) % self.size] = couplings[(i + 1) % self.size, i] = -1.0
        return Ising(couplings)

    def energy(self, spins):
        return self.ising().energy(spins)

    def decode(self, spins, *, repair=False):
        return Solution(np.asarray(spins), feasible=bool(np.asarray(spins)[0] == 1))

    def score(self, solution):
        value = solution.value if isinstance(solution, Solution) else np.asarray(solution)
        return float((value != np.roll(value, 1)).sum())

    def task(self, reads, rng=None):
        if not self.relax:
            return Minimize()
        cues = [np.random.default_rng(seed).choice([-1, 1], self.size) for seed in read_seeds(rng, reads)]
        return RecallFrom(np.array(cues))


JOULE = Datum(2e-12, "J", 1e-12, 4e-12, "modelled", "a circuit simulation <of> a test & its 'toys'")
WATT = Datum(1e-3, "W", 5e-4, 2e-3, "assumed", "usual for a test")


@dataclass(frozen=True)
class Descent:
    """Single flips from a random state (or the cue) until none helps: a true solver, if a poor one."""

    name: str = "descent"
    summary: str = "greedy flips"
    supported_tasks: frozenset = frozenset({"minimize", "recall"})
    flips: int = 200
    largest: int = 64
    parallel_reads: int = 1
    events: Any = field(default=None, compare=False)  # a callable: told of every batch

    def program(self, problem, rng=None):
        ising = problem.ising()
        if ising.size > self.largest:
            raise DoesNotFit(f"{self.name} has {self.largest} spins, the problem {ising.size}; take a larger array")
        noise = np.random.default_rng(rng).normal()
        notes = ("a note with <b>markup</b> & [red]more[/red]",)
        return Program(self.name, problem, ising, noise, 0.125, notes, {"set": 4}, self.parallel_reads)

    def run(self, program, task, reads=1, rng=None):
        require_support(self, task)
        if self.events is not None:
            self.events(reads)
        spins, flips = [], []
        for k, seed in enumerate(read_seeds(rng, reads)):
            stream = np.random.default_rng(seed)
            s = stream.choice([-1, 1], program.programmed.size)
            if isinstance(task, RecallFrom):
                s = np.array(task.cues(reads, program.programmed.size)[k])
            count = 0
            for i in stream.integers(0, s.size, self.flips):
                if s[i] * program.programmed.field(s)[i] < 0:
                    s[i], count = -s[i], count + 1
            spins.append(s)
            flips.append(count)
        return complete_run(program, task, spins, {"flips": flips, "device_s": 1e-6})

    def costs(self):
        return (
            Cost("flips", "flips of <i>spins</i>", energy=JOULE),
            Cost("device_s", "supply", energy=WATT, scope="system"),
            Cost("set", "programming", energy=JOULE, scope="system"),
        )


class Netlisted(Descent):
    def files(self, program):
        return {"netlist.cir": "* a circuit\nr1 a 0 1k\n.end\n"}


@dataclass(frozen=True)
class Slow(Descent):
    """Looks at the clock every 10 ms: ``wiring_s`` to program, ``read_s`` a read."""

    name: str = "slow"
    wiring_s: float = 0.0
    read_s: float = 0.0

    def program(self, problem, rng=None):
        self._work("wires", self.wiring_s)
        return super().program(problem, rng)

    def run(self, program, task, reads=1, rng=None):
        self._work("settling", reads * self.read_s)
        return super().run(program, task, reads, rng)

    def _work(self, step, seconds):
        steps = round(100 * seconds)
        for k in range(steps):
            checkpoint(step, k, steps)
            time.sleep(0.01)


class Broken(Descent):
    def run(self, program, task, reads=1, rng=None):
        raise ZeroDivisionError("dead <array>")
