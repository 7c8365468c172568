"""Overlaps of two replicas against enumeration and the identities of Gaussian glasses."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from neuromorph import Ising, exact
from neuromorph.sampling import overlap_fields, replica_overlaps


def glass(n: int, seed: int) -> Ising:
    j = np.triu(np.random.default_rng(seed).normal(size=(n, n)), 1) / np.sqrt(n)
    return Ising(j + j.T)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_moments_are_those_of_enumeration(make):
    """8 spins, 4,000 draws 5 sweeps apart at two temperatures: within 5 standard errors of independent draws."""
    ising = Ising(make(glass(8, 3).couplings))
    found = replica_overlaps(ising, [0.4, 1.2], 4000, burn_in=200, thin=5, rng=1)
    spins = exact.spins_of(np.arange(256), 8).astype(float)
    q = spins @ spins.T / 8
    pairs = [(i, j) for i in range(8) for j in range(i)]
    for k, beta in enumerate(found.betas):
        p = exact.boltzmann(ising, beta)
        for power in (2, 4):
            true = p @ q**power @ p
            error = np.sqrt((p @ q ** (2 * power) @ p - true**2) / 4000)
            assert (found.overlaps[:, k] ** power).mean() == pytest.approx(true, abs=5 * error)
        link = np.mean([(p @ (spins[:, i] * spins[:, j])) ** 2 for i, j in pairs])
        assert found.link_overlaps[:, k].mean() == pytest.approx(link, abs=0.02)
        energy = p @ exact.all_energies(ising)
        assert found.energies[:, k].mean() == pytest.approx(energy, abs=0.06)


def test_energy_and_overlap_belong_together():
    """[E] / n = -beta / 2 (1 - [q^2]) over 80 glasses, exact at any size; 5 standard errors over the glasses."""
    betas = [0.5, 1.0, 1.5, 2.0]
    off = []
    for seed in range(80):
        found = replica_overlaps(glass(16, seed), betas, 60, burn_in=60, rng=seed)
        off.append(found.energies.mean(axis=0) / 16 + found.betas / 2 * (1 - (found.overlaps**2).mean(axis=0)))
    off = np.array(off)
    assert (np.abs(off.mean(axis=0)) < 5 * off.std(axis=0) / np.sqrt(80)).all()
    assert (off.std(axis=0) / np.sqrt(80) < 0.04).all()


def test_same_seed_gives_the_same_overlaps():
    one, other = (replica_overlaps(glass(10, 1), [0.5, 1.0], 20, burn_in=5, rng=4) for _ in range(2))
    assert (one.overlaps == other.overlaps).all()
    assert one.swap_rates.shape == (1,)


def test_fields_of_overlaps_are_those_whose_means_are_the_overlaps():
    options = {"draws": 30, "burn_in": 20, "thin": 3, "rng": 4}
    fields = overlap_fields(glass(10, 1), [0.5, 1.0], **options)
    assert fields.shape == (30, 2, 10)
    assert set(np.unique(fields)) <= {-1, 1}
    assert fields.mean(axis=2) == pytest.approx(replica_overlaps(glass(10, 1), [0.5, 1.0], **options).overlaps)


def test_the_glass_in_three_dimensions_orders_near_the_published_temperature(tmp_path, capsys):
    """4^3 and 6^3 spins, few glasses: xi / L is larger in the cold, and moments are those of equilibrium draws."""
    out = tmp_path / "ea.png"
    path = Path(__file__).parents[2] / "examples" / "edwards_anderson.py"
    space = runpy.run_path(str(path))
    ours = space["main"](["--sides", "4", "6", "--instances", "0.08", "--out", str(out)])
    assert out.stat().st_size > 10_000
    assert np.isnan(ours["xi"]) or 0.9 <= ours["xi"] <= 1.7
    assert "1.1019" in capsys.readouterr().out.splitlines()[-1]
    hot = np.array([[[1 / 64], [3 / 64**2], [1 / 64], [0]]] * 5)  # free spins: no correlation, and g = 0
    assert space["curves"](hot, 4)[:, 0] == pytest.approx([0.0, 0.0], abs=1e-12)


def test_lone_spins_have_no_links():
    found = replica_overlaps(Ising(np.zeros((3, 3))), [0.1, 1.0], 5, burn_in=1, rng=1)
    assert (found.link_overlaps == 1.0).all()


def test_bad_options_are_refused():
    for options, says in (({"draws": 0}, "draws is 0"), ({"burn_in": -1}, "burn_in"), ({"thin": 0}, "thin is 0")):
        with pytest.raises(ValueError, match=says):
            replica_overlaps(glass(4, 1), [0.5, 1.0], **options)
    with pytest.raises(ValueError, match="betas"):
        replica_overlaps(glass(4, 1), [1.0, 0.5])


def test_example_sees_replica_symmetry_broken(tmp_path, capsys):
    out = tmp_path / "overlaps.png"
    path = Path(__file__).parents[2] / "examples" / "overlap_distributions.py"
    ours = runpy.run_path(str(path))["main"](
        ["--sizes", "24", "48", "--sides", "3", "--instances", "0.02", "--out", str(out)]
    )
    assert out.stat().st_size > 10_000
    assert 0.6 < ours["T_c"] < 1.6
    assert "published" in capsys.readouterr().out.splitlines()[-1]
