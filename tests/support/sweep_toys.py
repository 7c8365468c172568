"""A target and studies for the tests of sweeps; ``install_toys`` installs it for worker processes too."""

import os
import time
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from neuromorph import Cost, Datum, DoesNotFit, Program
from neuromorph.protocol import require_support
from neuromorph.rng import read_seeds
from neuromorph.run import complete_run

JOULE = Datum(2e-12, "J", 1e-12, 4e-12, "modelled", "a toy of the tests")
SECOND = Datum(1.0, "s/s", 1.0, 1.0, "modelled", "a toy of the tests")


@dataclass(frozen=True)
class ToyChip:
    """Draw states at random and keep the best of ``levels``.

    Parameters
    ----------
    levels : int
        Draws of a read: quality and energy grow with them.
    noise : float
        Share of spins that a device flips in its answers.
    busy_s : float
        CPU time of a task, s.
    dies : str
        File; while it exists, the process ends without a word.
    fails : str
        File; while it exists, a run raises.
    """

    levels: int = 4
    noise: float = 0.0
    busy_s: float = 0.0
    dies: str = ""
    fails: str = ""

    name: ClassVar[str] = "toy-chip"
    summary: ClassVar[str] = "random states, the best of some"
    supported_tasks: ClassVar[frozenset] = frozenset({"minimize", "sample", "recall"})

    def __post_init__(self):
        if self.levels < 1:
            raise ValueError(f"levels is {self.levels}; draw one state at least")

    def program(self, problem, rng=None):
        if problem.size > 500:
            raise DoesNotFit("500 spins at most")
        flips = np.random.default_rng(rng).random() * self.noise
        return Program(self.name, problem, problem.ising(), flips, 0.1, (), {"set": 4}, one_chip=self.noise > 0)

    def run(self, program, task, reads=1, rng=None):
        require_support(self, task)
        if self.dies and Path(self.dies).exists():
            os._exit(9)
        if self.fails and Path(self.fails).exists():
            raise RuntimeError("the toy is broken")
        until = time.process_time() + self.busy_s
        n, spins = program.programmed.size, []
        for seed in read_seeds(rng, reads):
            stream = np.random.default_rng(seed)
            drawn = stream.choice([-1, 1], (self.levels, n))
            best = drawn[np.argmin(program.programmed.energy(drawn))]
            spins.append(np.where(stream.random(n) < program.state, -best, best))
        while time.process_time() < until:
            pass
        return complete_run(program, task, spins, {"draws": self.levels, "device_s": 1e-6})

    def costs(self):
        return (
            Cost("draws", "draws", energy=JOULE),
            Cost("device_s", "a read", time=SECOND),
            Cost("set", "programming", energy=JOULE, scope="system"),
        )


class Inline(Executor):
    """Run everything at once, in this process."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def install_toys(folder: Path) -> Path:
    """Write the metadata of a package that offers the target; the folder belongs on the path."""
    about = folder / "sweep_toys-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: sweep-toys\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[neuromorph.targets]\ntoy-chip = sweep_toys:ToyChip\n")
    return folder


def toy_study(tasks: int = 96, **parameters) -> dict:
    """A study of about so many tasks: 2 problems, 4 settings, 2 seeds, 2 chips and repeats."""
    return {
        "study": {"name": "toys", "reads": 3, "chips": 2, "seeds": [1, 2], "repeats": max(1, tasks // 32)},
        "problems": [
            {"generate": "maxcut-regular", "size": 12, "seed": 0, "best_known": 16.0},
            {"generate": "sk", "size": 10, "seed": 1},
        ],
        "targets": [{"target": "toy-chip", "parameters": {"levels": [1, 2, 4, 8], "noise": 0.2, **parameters}}],
    }
