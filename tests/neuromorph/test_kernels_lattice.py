"""One big lattice on bits: its layout, the odds of every kind of flip, and Kaufman's exact energy of a finite torus."""

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import binom, norm

from neuromorph import Ising
from neuromorph.sampling.replicas import lattice_kernel as lattice
from neuromorph.sampling.replicas import replicas
from neuromorph.testing import FALSE_FAILURE

UPDATES = ("heat-bath", "metropolis")


def torus(rows, columns, bias=0.0, seed=0, strength=0.7):
    """+-J at random, or a ferromagnet for seed None."""
    site = np.arange(rows * columns).reshape(rows, columns)
    ends = np.concatenate([np.stack([site, np.roll(site, -1, axis)]).reshape(2, -1) for axis in (0, 1)], axis=1)
    signs = 1.0 if seed is None else np.random.default_rng(seed).choice([-1.0, 1.0], ends.shape[1])
    upper = sparse.csr_array((signs * np.full(ends.shape[1], strength), tuple(ends)), shape=(site.size, site.size))
    return Ising(upper + upper.T, np.full(site.size, bias), 2.0)


@pytest.mark.parametrize(("rows", "columns"), [(16, 128), (40, 192)])
def test_layout_and_energy(rows, columns):
    """Spins go in and out unchanged, and energies are those of the problem: each roll at each edge of a tile counts."""
    ising = torus(rows, columns, 0.3)
    lanes = replicas(ising, 3, kernel="lattice", rng=1)
    assert (lanes.count, lanes.size, lanes.kernel) == (3, rows * columns, "lattice")
    spins = np.random.default_rng(2).choice([-1, 1], (3, ising.size)).astype(np.int8)
    lanes.set_spins(spins)
    assert np.array_equal(lanes.spins(), spins)
    np.testing.assert_allclose(lanes.energies(), ising.energy(spins), rtol=1e-13)
    lanes.take([2, 0, 0])
    assert np.array_equal(lanes.spins(), spins[[2, 0, 0]])
    lanes.set_spins(spins[1])
    assert np.array_equal(lanes.spins(), spins[[1, 1, 1]])


def require_odds(update, bias, betas=(0.3, 0.8)):
    """Of a sweep from random spins the first site of each tile sees only those: its flips, by cost, are binomial."""
    rows, columns, count = 16, 128, 120
    ising = torus(rows, columns, bias)
    first = (np.arange(rows)[::2, None] * columns + np.arange(columns)[None, ::2]).ravel()  # tiles of 2 x 2
    lanes = replicas(ising, count, kernel="lattice", update=update, rng=3)
    before = np.random.default_rng(4).choice([-1, 1], (count, ising.size)).astype(np.int8)
    lanes.set_spins(before)
    lanes.sweep(np.tile(betas, (1, count // 2)))
    flipped = (lanes.spins() != before)[:, first]
    field = (before * ising.field(before))[:, first]
    for k, beta in enumerate(betas):
        cost = 2.0 * beta * field[k::2]
        for x in np.unique(cost.round(9)):
            here = np.isclose(cost, x)
            odds = 1.0 / (1.0 + np.exp(x)) if update == "heat-bath" else min(1.0, np.exp(-x))
            law, seen = binom(here.sum(), odds), flipped[k::2][here].sum()
            low, high = law.ppf(FALSE_FAILURE / 40), law.isf(FALSE_FAILURE / 40)
            assert low <= seen <= high, f"flips that cost {x:.2f}: {seen} of {here.sum()} where {odds:.4f} is right"


@pytest.mark.parametrize("bias", [0.0, 0.45])
@pytest.mark.parametrize("update", UPDATES)
def test_every_kind_of_flip_has_its_odds(update, bias):
    """Both signs of bond, both signs of spin, 0 to 4 unsatisfied bonds, two betas side by side."""
    require_odds(update, bias)


def kaufman_energy(rows, columns, k):
    """Mean of -sum s_i s_j on a torus at beta J = k: -d ln Z / dk. Source: Kaufman, Phys. Rev. 76, 1232 (1949)."""

    def log_z(k):
        angles = np.pi * np.arange(2 * rows) / rows
        gamma = np.arccosh(np.cosh(2 * k) / np.tanh(2 * k) - np.cos(angles))
        gamma[0] = 2 * k + np.log(np.tanh(k))
        half = columns * gamma / 2
        even, odd = half[0::2], half[1::2]
        terms = [np.sum(np.logaddexp(odd, -odd)), np.sum(np.log(np.abs(np.exp(odd) - np.exp(-odd))))]
        terms += [np.sum(np.logaddexp(even, -even)), np.sum(np.log(np.abs(np.exp(even) - np.exp(-even))))]
        signs = [1.0, 1.0, 1.0, np.sign(gamma[0])]
        top = max(terms)
        return (
            rows * columns / 2 * np.log(2 * np.sinh(2 * k))
            + top
            + np.log(sum(sign * np.exp(term - top) for sign, term in zip(signs, terms, strict=True)))
        )

    return -(log_z(k + 1e-5) - log_z(k - 1e-5)) / 2e-5


@pytest.mark.parametrize("update", UPDATES)
def test_energy_of_a_finite_torus_is_kaufmans(update):
    """400 independent lattices of 16 x 128 at beta J = .36: neighbors updated together, or a wrong one, fail.

    Detects .1 % of the energy. The lattice relaxes within some 10 sweeps here.
    """
    beta, ising = 0.36 / 0.7, torus(16, 128, seed=None)
    lanes = replicas(ising, 400, kernel="lattice", update=update, rng=5)
    lanes.sweep(np.full(300, beta))
    energies = (lanes.energies() - 2.0) / 0.7
    z = (energies.mean() - kaufman_energy(16, 128, 0.36)) / (energies.std(ddof=1) / 20.0)
    assert abs(z) < norm.isf(FALSE_FAILURE / 2)


def test_streams():
    """A lattice does not depend on the others, on threads, or on how the sweeps are split; no two are alike."""
    ising, betas = torus(16, 128), np.linspace(0.1, 1.5, 12)
    few = replicas(ising, 2, kernel="lattice", rng=6)
    many = replicas(ising, 7, kernel="lattice", rng=6, workers=2)
    few.sweep(betas)
    for part in np.split(np.tile(betas[:, None], 7), [1, 5]):
        many.sweep(part)
    assert np.array_equal(few.spins(), many.spins()[:2])
    assert len(np.unique(many.spins(), axis=0)) == 7


def test_what_is_no_such_lattice_is_refused():
    short, irregular = torus(8, 128), torus(16, 128)
    shuffled = np.random.default_rng(7).permutation(2048)
    weak = irregular.sparse_couplings().copy()
    weak.data[weak.indices + np.repeat(np.arange(2048), 4) == 1] *= 2.0
    for ising, says in (
        (short, "this one has 1024 spins"),
        (torus(24, 64), "rows of 64"),
        (Ising(irregular.couplings[shuffled][:, shuffled]), "kernel 'lattice' needs a square lattice"),
        (Ising(weak), "one |J_ij|"),
        (Ising(irregular.couplings, np.arange(2048.0)), "one |J_ij| and one h_i"),
    ):
        with pytest.raises(ValueError, match=says.replace("|", r"\|")):
            replicas(ising, 1, kernel="lattice")
    assert replicas(torus(16, 128, 0.3), 2, kernel="fastest").kernel == "lattice"


@pytest.mark.parametrize("mistake", ["beta squared", "no bias", "signs of bonds lost"])
def test_mistakes_are_seen(mistake, monkeypatch):
    right = lattice.sweep_lattice

    def wrong(across, down, beta_j, beta_h, *rest):
        if mistake == "beta squared":
            beta_j, beta_h = beta_j**2, beta_h * beta_j
        elif mistake == "no bias":
            beta_h = 0.0 * beta_h
        else:
            across = np.zeros_like(across)
        right(across, down, np.ascontiguousarray(beta_j), np.ascontiguousarray(beta_h), *rest)

    monkeypatch.setattr(lattice, "sweep_lattice", wrong)
    with pytest.raises(AssertionError, match="flips that cost"):
        require_odds("heat-bath", 0.45)
