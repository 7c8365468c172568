"""Problems of many spins on targets that hold few: blocks with fixed borders."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import sparse

import neuromorph as nm
from hardware_targets.annealer_graphs import QuantumAnnealer
from hardware_targets.cpu.annealer import CpuAnneal
from hardware_targets.thermodynamic_grid import ThermodynamicGrid
from neuromorph.cost import price
from neuromorph.optimization import minimize
from neuromorph.optimization.spin_blocks import SpinBlocks
from neuromorph.optimization.spins_by_macros import SpinsByMacros
from neuromorph.pricing.macro_rounds import waited_for
from neuromorph.protocol import DoesNotFit, as_ising
from neuromorph.runtime.limits import TimeLimitReached


def model(n: int, degree: float = 6.0, seed: int = 0) -> nm.Ising:
    rng = np.random.default_rng(seed)
    upper = sparse.random_array((n, n), density=degree / n, rng=rng, data_sampler=lambda size: rng.normal(size=size))
    upper = sparse.triu(upper, 1)
    return nm.Ising(sparse.csr_array(upper + upper.T), rng.normal(size=n))


@dataclass(frozen=True)
class Few(CpuAnneal):
    """An annealer that holds few spins, and of dense blocks fewer."""

    most: int = 20
    links: int = 10**9
    stop_after: int = 10**9

    def program(self, problem, rng=None):
        if problem.size > self.most:
            raise DoesNotFit(f"holds {self.most} spins")
        if as_ising(problem).sparse_couplings().nnz > self.links:
            raise DoesNotFit(f"holds {self.links} couplings")
        return super().program(problem, rng)

    def run(self, program, task, reads=1, rng=None):
        COUNT.append(1)
        if len(COUNT) > self.stop_after:
            raise TimeLimitReached("macros", 0, 0, 0.0)
        return super().run(program, task, reads, rng)


COUNT: list[int] = []


@pytest.mark.parametrize("degree", [0.0, 2.0, 12.0])
def test_blocks_hold_each_spin_once_and_differ_by_one(degree):
    ising = model(103, degree)
    blocks = SpinBlocks.of(ising, 20, 3, np.random.default_rng(1))
    for partition in blocks.partitions:
        assert sorted(np.concatenate(partition).tolist()) == list(range(103))
        assert {len(block) for block in partition} == {17, 18}
    assert len({partition[0].tobytes() for partition in blocks.partitions}) > 1


def test_blocks_cut_fewer_couplings_than_chance():
    grid = sparse.csr_array(abs(sparse.diags_array([np.ones(399), np.ones(380)], offsets=[1, 20], shape=(400, 400))))
    blocks = SpinBlocks.of(nm.Ising(grid + grid.T), 50, 1, np.random.default_rng(0)).partitions[0]
    inside = sum(grid[block][:, block].sum() for block in blocks)
    assert inside > 0.7 * grid.sum()  # an eighth by chance


def test_the_energy_of_a_block_falls_as_that_of_the_whole():
    ising, rng = model(60), np.random.default_rng(2)
    blocks = SpinBlocks.of(ising, 15, 1, rng)
    state = rng.choice(np.array([-1, 1], np.int8), 60)
    for block in blocks.partitions[0]:
        border, other = blocks.border(state, block), state.copy()
        other[block] = rng.choice(np.array([-1, 1], np.int8), len(block))
        rise = border.energy(other[block]) - border.energy(state[block])
        assert rise == pytest.approx(ising.energy(other) - ising.energy(state), abs=1e-9)


@pytest.mark.parametrize("kind", ["maxcut", "model"])
def test_a_target_that_cannot_hold_a_problem_answers_in_macros(kind):
    weights = sparse.csr_array(abs(model(120).couplings).ceil())
    problem = nm.MaxCut("cut", weights) if kind == "maxcut" else nm.IsingModel("model", model(120))
    (row,) = nm.compare(problem, [Few(sweeps=100)], reads=3, rng=1).results
    assert (row.status, row.run.reads, row.run.spins.shape) == ("ok", 3, (3, 120))
    assert np.allclose(row.run.energies, problem.energy(row.run.spins))
    assert any("macros of 20" in note and "taken" in note for note in row.notes)
    best = minimize(problem.ising(), rng=0).energy
    assert row.run.energies.min() <= 0.97 * best
    again = nm.compare(problem, [Few(sweeps=100)], reads=3, rng=1).results[0]
    assert (again.run.spins == row.run.spins).all()


class Late(Few):
    """Holds any problem, and says at the first read that it cannot search so large a one, as spiking chips do."""

    def program(self, problem, rng=None):
        return CpuAnneal.program(self, problem, rng)

    def run(self, program, task, reads=1, rng=None):
        if program.requested.size > self.most:
            raise DoesNotFit("searches 20 spins")
        return CpuAnneal.run(self, program, task, reads, rng)


def test_a_target_that_refuses_to_search_answers_in_macros():
    problem = nm.IsingModel("model", model(50))
    (row,) = nm.compare(problem, [Late(sweeps=50)], reads=2, rng=1).results
    assert (row.status, row.run.reads) == ("ok", 2)
    (row,) = nm.compare(problem, [Late(sweeps=50)], reads=2, rng=1, task=nm.Sample(1.0)).results
    assert row.status == "does not fit"


def test_rounds_lower_the_energy_and_never_raise_it():
    ising = model(150)
    found = []
    for rounds in (0, 1, 4):
        device = SpinsByMacros(Few(sweeps=50), rounds=rounds)
        found.append(device.run(device.program(ising, 0), nm.Minimize(), 4, 5).energies)
    assert (found[1] <= found[0] + 1e-9).all()
    assert (found[2] <= found[1] + 1e-9).all()
    assert found[2].mean() < found[0].mean()


def test_events_add_up_and_time_is_that_of_rounds():
    ising, inner = model(100), Few(sweeps=20)
    one, five = (SpinsByMacros(inner, spins=20, rounds=1, parallel=p) for p in (1, 5))
    runs = [device.run(device.program(ising, 0), nm.Minimize(), 1, 3) for device in (one, five)]
    assert [run.activity["macros"][0] for run in runs] == [10.0, 10.0]
    for run, parallel in zip(runs, (1, 5), strict=True):
        counted = [name for name in run.activity if waited_for(name) in run.activity and run.activity[name][0] > 0]
        assert counted
        for name in counted:
            assert run.activity[waited_for(name)][0] == pytest.approx(run.activity[name][0] / parallel)
    assert price(runs[0], one.costs()).time_per_read.value > 0.0


def test_a_block_that_does_not_fit_is_halved():
    dense, loose = model(20, 15.0, 1).couplings, model(20, 1.0, 2).couplings
    ising = nm.Ising(sparse.csr_array(sparse.block_diag([loose, dense])))
    device = SpinsByMacros(Few(sweeps=30, links=100), rounds=0)
    program = device.program(ising, 0)
    run = device.run(program, nm.Minimize(), 1, 0)
    assert run.activity["macros"][0] == 3.0
    assert run.spins.shape == (1, 40)


def test_a_stopped_state_is_a_read_once_macros_have_set_every_spin():
    ising = model(100)
    COUNT.clear()
    device = SpinsByMacros(Few(sweeps=20, stop_after=13), rounds=1)
    run = device.run(device.program(ising, 0), nm.Minimize(), 3, 0)
    assert (run.status, run.reads, run.activity["macros"].tolist()) == ("interrupted", 1, [10.0])
    for early in (0, 3):
        COUNT.clear()
        device = SpinsByMacros(Few(sweeps=20, stop_after=early))
        with pytest.raises(KeyboardInterrupt, match="not yet set every spin"):
            device.run(device.program(ising, 0), nm.Minimize(), 3, 0)
    COUNT.clear()
    device = SpinsByMacros(Few(sweeps=20, stop_after=7), rounds=1)
    run = device.run(device.program(ising, 0), nm.Minimize(), 1, 0)
    assert (run.status, run.converged.tolist(), run.activity["macros"][0]) == ("interrupted", [False], 7.0)


def test_what_is_not_for_macros_is_refused():
    cities = nm.Tsp.from_coordinates(np.random.default_rng(0).random((5, 2)))
    with pytest.raises(DoesNotFit, match="tsp problem"):
        SpinsByMacros(CpuAnneal()).program(cities)
    with pytest.raises(DoesNotFit, match="no two spins"):
        SpinsByMacros(Few(most=1)).program(model(9))
    device = SpinsByMacros(CpuAnneal(sweeps=10))
    with pytest.raises(DoesNotFit, match="only minimize"):
        device.run(device.program(model(9)), nm.Sample(1.0))
    for bad in ({"spins": 1}, {"rounds": -1}, {"parallel": 0}, {"partitions": 0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            SpinsByMacros(CpuAnneal(), **bad)
    with pytest.raises(ValueError, match="reads"):
        device.run(device.program(model(9)), nm.Minimize(), 0)


@pytest.mark.parametrize("inner", [QuantumAnnealer("chimera", 4, sweeps=50), ThermodynamicGrid()])
def test_annealer_graphs_hold_parts_as_complete_graphs(inner):
    """A search for each part would take minutes."""
    ising = model(48, 20.0)
    device = SpinsByMacros(inner, spins=12, rounds=1)
    program = device.program(ising, 0)
    run = device.run(program, nm.Minimize(), 1, 0)
    assert run.activity["macros"][0] == 8.0
    assert run.energies[0] <= 0.7 * minimize(ising, rng=0).energy
