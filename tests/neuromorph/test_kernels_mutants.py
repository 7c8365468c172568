"""The kernels' own lines, each changed as it might be by mistake and compiled anew: the checks must see it."""

import importlib.util
from types import ModuleType

import pytest
import test_kernels_lattice
from test_replicas import READS, glass, kinds, require_boltzmann, require_odds

from neuromorph.sampling.replicas import bitpacked as bits
from neuromorph.sampling.replicas import bitpacked_kernel as packed
from neuromorph.sampling.replicas import dense as dense_home
from neuromorph.sampling.replicas import dense_kernel as dense
from neuromorph.sampling.replicas import int8 as int8_home
from neuromorph.sampling.replicas import int8_kernel as int8
from neuromorph.sampling.replicas import lattice as lattice_home
from neuromorph.sampling.replicas import lattice_kernel as lattice
from neuromorph.sampling.replicas import replicas
from neuromorph.sampling.replicas import sparse as sparse_home
from neuromorph.sampling.replicas import sparse_kernel as sparse

HOMES = {sparse: sparse_home, int8: int8_home, dense: dense_home, packed: bits, lattice: lattice_home}

MUTANTS = [
    (sparse, "two_beta * s * field", "two_beta * two_beta * s * field", "metropolis"),
    (sparse, "spread(two_beta, biases[i])", "spread(two_beta, F(0.0))", "metropolis"),
    (sparse, "weights[p], field)", "F(0.0) - weights[p], field)", "metropolis"),
    (sparse, "range(indptr[i], indptr[i + 1])", "range(indptr[i] + 1, indptr[i + 1])", "metropolis"),
    (int8, "cost ^ (bits_as(bits, types.int32) >> I32(31))", "cost", "heat-bath"),
    (int8, "least = I32(levels[0] - step)", "least = I32(levels[0])", "heat-bath"),
    (int8, "store(spins, n + i, 0, I8(0) - s)", "pass", "heat-bath"),
    (dense, "store(near, c, 0, fma(", "store(near, c, 0, F(0.0) * fma(", "metropolis"),
    (dense, "            _pass_on(couplings, first, changes, turned[:rows], fields)", "            pass", "metropolis"),
    (dense, "for c in range(b + 1, rows):", "for c in range(b + 1, b + 1):", "metropolis"),
    (packed, "(coin & b5 & ~level & ~paid)", "(coin & b5 & ~paid)", "heat-bath"),
    (packed, "open_ = open_ & ~(bits ^ threshold)", "open_ = open_ & ~bits", "metropolis"),
    (packed, "(b0 & (x | y)) | (x & y)", "(x & y)", "metropolis"),
    (lattice, "load(words[0], x, 0, 8), 1)", "load(words[0], x, 0, 8), 7)", "metropolis"),
    (lattice, "open_ = open_ & ~(bits ^ threshold)", "open_ = open_ & ~bits", "metropolis"),
]


def mutant(module: ModuleType, right: str, wrong: str) -> ModuleType:
    """``module`` with one piece of its text replaced; nothing is cached."""
    with open(module.__file__, encoding="utf-8") as file:
        text = file.read()
    assert right in text, f"{module.__name__} no longer says {right!r}; say here what it says now"
    spec = importlib.util.spec_from_loader(module.__name__ + "_mutant", loader=None)
    changed = importlib.util.module_from_spec(spec)
    changed.__package__ = module.__package__
    exec(text.replace(right, wrong).replace("cache=True", "cache=False"), changed.__dict__)
    return changed


@pytest.mark.slow
@pytest.mark.parametrize(("module", "right", "wrong", "update"), MUTANTS)
def test_mutants_are_seen(module, right, wrong, update, monkeypatch):
    name = module.__name__.rpartition(".")[2]
    monkeypatch.setattr(HOMES[module], name, mutant(module, right, wrong))
    with pytest.raises(AssertionError):
        check(name, update)


def check(kernel, update):
    if kernel == "lattice":
        test_kernels_lattice.test_layout_and_energy(40, 192)
        test_kernels_lattice.require_odds(update, 0.45)
        return
    require_odds(kernel, update)
    for kind in kinds(kernel):
        ising = glass(5, kind)
        require_boltzmann(ising, replicas(ising, READS, kernel=kernel, update=update, rng=3))
