"""Problems larger than one array: tiles visited in turn, against enumeration; what they cost."""

import numpy as np
import pytest

import neuromorph as nm
from hardware_targets.atomic_spins import AtomicSpins, AtomTiles, tiles_of
from hardware_targets.atomic_spins.target import MAX_TILED
from neuromorph import DoesNotFit, Ising, Sample, exact
from neuromorph.testing import require_distribution


def glass(seed: int, n: int, scale: float = 1.0) -> Ising:
    j = scale * np.triu(np.random.default_rng(seed).normal(size=(n, n)), 1)
    return Ising(j + j.T, scale * np.random.default_rng([seed, 1]).normal(size=n), 0.5)


def test_every_spin_is_in_one_tile_and_strong_pairs_share_theirs():
    ising = glass(0, 20)
    for most in (1, 2, 3, 7):
        tiles = tiles_of(ising.couplings, most)
        np.testing.assert_array_equal(np.sort(np.concatenate(tiles)), np.arange(20))
        assert max(tile.size for tile in tiles) <= most
    j = np.zeros((6, 6))
    for a, b in ((0, 5), (1, 3), (2, 4)):
        j[a, b] = j[b, a] = 5.0
    j[0, 1] = j[1, 0] = 0.1
    assert {tuple(tile) for tile in tiles_of(j, 2)} == {(0, 5), (1, 3), (2, 4)}
    assert [tile.size for tile in tiles_of(np.zeros((5, 5)), 3)] == [3, 2]


@pytest.mark.parametrize(("tile", "visit"), [(1, 0.5), (3, 0.7), (4, 5.0)])
def test_tiles_sample_the_model_that_they_hold_however_short_a_visit(tile, visit):
    """10,000 independent reads of 8 spins against enumeration; a frozen spin of the wrong time or a field fails."""
    target = AtomicSpins(attempts=25.0, tile=tile, visit=visit, starts=2, theta=0.3)
    program = target.program(glass(2, 8, 0.4), rng=0)
    assert isinstance(program.state, AtomTiles)
    run = target.run(program, Sample(0.7), 10_000, 1)
    assert run.converged.all()
    require_distribution(run.spins, exact.boltzmann(program.programmed, 0.7))


def test_couplings_between_tiles_are_exact_and_those_within_by_position():
    ising = glass(3, 9)
    program = AtomicSpins(tile=3, starts=4).program(ising, rng=0)
    asked, held = ising.dense_couplings(), program.programmed.dense_couplings()
    same = np.zeros((9, 9), bool)
    for tile in program.state.tiles:
        same[np.ix_(tile, tile)] = True
    np.testing.assert_array_equal(held[~same], asked[~same])
    assert 0.0 < np.abs(held - asked)[same].max() < 0.2 * np.abs(asked).max()
    assert program.mapping_error < 0.02
    assert "3 tiles of up to 3 atoms x 100 rounds" in program.notes[0]
    assert "assumed" in program.notes[0]
    assert AtomicSpins(tile=1).program(ising, rng=0).mapping_error == 0.0


def test_time_and_energy_of_tiles_add_up():
    """One tile is awake at a time: attempts of all visits, and the time to come to each."""
    target = AtomicSpins(attempts=200.0, visit=10.0, tile=3, starts=2)
    program = target.program(glass(1, 10), rng=0)
    tiles = len(program.state.tiles)
    run = target.run(program, Sample(1.0), 3, 0)
    assert tiles == 4
    assert run.activity["tile_visits"] == pytest.approx(tiles * 20)
    assert run.activity["attempts"] == pytest.approx(tiles * 200.0)
    assert run.activity["atom_attempts"] == pytest.approx(10 * 200.0)
    ledger = nm.price(run, target.costs())
    visit_s = target.constants["tile_visit_s"].value + target.constants["readout_time_s"].value
    assert ledger.time_per_read.value == pytest.approx(tiles * 200.0 / 1e3 + tiles * 20 * visit_s)
    moved = [entry for entry in ledger.times if entry.event == "atoms_placed"]
    assert [entry.once for entry in moved] == [True]
    assert moved[0].total.value == pytest.approx(10 * target.constants["placing_time_s"].value)
    # One array of 4 atoms visits no tile.
    small = target.run(target.program(glass(1, 4), rng=0), Sample(1.0), 2, 0)
    assert (small.activity["tile_visits"] == 0.0).all()


def test_tiles_refuse_what_does_not_fit_and_runs_that_are_too_long():
    with pytest.raises(DoesNotFit, match=f"at most {MAX_TILED}"):
        AtomicSpins().program(Ising(np.zeros((MAX_TILED + 1, MAX_TILED + 1))))
    with pytest.raises(DoesNotFit, match="settable_fields"):
        AtomicSpins(settable_fields=False).program(glass(1, 8))
    target = AtomicSpins(attempts=1e9, visit=1.0, tile=1)
    with pytest.raises(ValueError, match="take longer visits"):
        target.run(target.program(glass(1, 8), rng=0), Sample(1.0), 1, 0)


def test_asymmetry_stays_within_tiles_and_a_trace_ends_where_the_read_ends():
    target = AtomicSpins(attempts=50.0, asymmetry=0.5, starts=2)
    program = target.program(glass(4, 9), rng=0)
    assert program.mapping_error > 0.05
    assert any("no Boltzmann" in note for note in program.notes)
    held = program.programmed.dense_couplings()
    np.testing.assert_allclose(held, held.T)
    run, trace = target.run(program, Sample(0.8), 1, 6), target.trace(program, Sample(0.8), 6)
    np.testing.assert_array_equal(trace.spins, run.spins[0])
