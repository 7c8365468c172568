"""The same seeds give the same spins in every version: hashes of integers, for couplings that are integers."""

import hashlib

import numpy as np
import pytest

from neuromorph import Ising, sampling
from neuromorph.sampling.replicas import replicas

HASHES = {
    ("plain", "heat-bath"): "20028508acad8e63",
    ("plain", "metropolis"): "471142c99effb583",
    ("sparse", "heat-bath"): "64254d8c857108ca",
    ("sparse", "metropolis"): "ed785194b22c355d",
    ("int8", "heat-bath"): "5cdf3712701109bc",
    ("int8", "metropolis"): "ed785194b22c355d",
    ("dense", "heat-bath"): "64254d8c857108ca",
    ("dense", "metropolis"): "ed785194b22c355d",
    ("packed", "heat-bath"): "024fbcda63d29e1d",
    ("packed", "metropolis"): "39e712214f3f511c",
    ("lattice", "heat-bath"): "778f89492852d0d5",
    ("lattice", "metropolis"): "ae51aa36b1d23c47",
}


def model(kernel: str) -> Ising:
    """24 spins of a glass, of few neighbors for the kernel on bits; a torus for that of lattices."""
    if kernel == "lattice":
        return sampling.square_lattice(16, 128)
    rng = np.random.default_rng(7)
    j = np.triu(rng.integers(-2, 3, (24, 24)), 1).astype(float)
    biases = rng.integers(-1, 2, 24).astype(float)
    if kernel == "packed":
        few = np.triu(rng.integers(0, 12, (24, 24)) == 0, 1) * rng.choice([-1.0, 1.0], (24, 24))
        return Ising(few + few.T)
    return Ising(j + j.T, biases)


@pytest.mark.parametrize(("kernel", "update"), HASHES)
def test_spins_are_those_of_every_version(kernel, update):
    lanes = replicas(model(kernel), 3 if kernel == "lattice" else 70, kernel=kernel, update=update, rng=5)
    lanes.sweep(np.linspace(0.1, 0.6, 12))
    spins = np.ascontiguousarray(lanes.spins(), dtype=np.int8)
    assert hashlib.sha256(spins.tobytes()).hexdigest()[:16] == HASHES[kernel, update]


def test_integer_couplings_give_one_answer_in_three_layouts():
    """Fields of integers are exact in float32 and in bytes: Metropolis accepts alike."""
    assert len({HASHES[kernel, "metropolis"] for kernel in ("sparse", "int8", "dense")}) == 1
