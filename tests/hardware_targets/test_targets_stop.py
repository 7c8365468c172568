"""Targets look at the clock, and what is whole when it stops them is what they would have made."""

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.runtime.limits import TimeLimit, time_limit

RING = nm.MaxCut.from_edges(6, [(k, (k + 1) % 6) for k in range(6)])
TOUR = nm.Tsp.from_coordinates(np.random.default_rng(0).random((7, 2)))
PICTURES = nm.Recall("two", np.random.default_rng(1).choice([-1, 1], (2, 12)), noise=0.2)
CASES = [
    ("analog-circuit", PICTURES), ("memristor-crossbar", PICTURES), ("dopant-neurons", PICTURES),
    ("atomic-spins-ideal", RING), ("cpu-anneal", TOUR), ("cpu-swendsen-wang", RING), ("spiking-generic", RING),
    ("dopant-neurons", TOUR), ("p-bits", RING), ("oscillators", RING), ("brim", PICTURES),
]  # fmt: skip
READS = 5
BY_ONE = {
    "analog-circuit",
    "memristor-crossbar",
    "atomic-spins-ideal",
    "cpu-anneal",
    "p-bits",
    "brim",
}  # one read after the other


@pytest.mark.parametrize(("name", "problem"), CASES, ids=[f"{name} {problem.kind}" for name, problem in CASES])
def test_reads_that_are_whole_are_kept(name, problem, monkeypatch):
    target = nm.get_target(name)
    program, task = target.program(problem, rng=2), problem.task(READS, 3)
    left, check = [0], TimeLimit.check

    def counted(limit, step, done, total):
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        check(limit, step, done, total)

    def run(looks):
        left[0] = looks
        with time_limit():
            return target.run(program, task, READS, 4)

    monkeypatch.setattr(TimeLimit, "check", counted)
    whole = run(0)
    looks = -left[0]
    assert looks >= 1, "it never looks at the clock"
    kept = set()
    for stop in sorted({1, *np.linspace(1, looks, 6).astype(int).tolist()}):
        try:
            part = run(stop)
        except KeyboardInterrupt:
            kept.add(0)
            continue
        kept.add(part.reads)
        assert part.status == ("ok" if part.reads == READS else "interrupted")
        assert np.array_equal(part.spins, whole.spins[: part.reads])
        assert np.array_equal(part.energies, whole.energies[: part.reads])
        assert part.converged.shape == (part.reads,)
        assert {count.shape for count in part.activity.values()} == {(part.reads,)}
    assert 0 in kept
    assert name not in BY_ONE or kept & set(range(1, READS))
