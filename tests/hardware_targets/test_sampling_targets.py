"""The samplers as targets on the CPU, beyond the conformance suite: quality, batches, what is counted."""

from dataclasses import replace

import numpy as np
import pytest

import neuromorph as nm
from hardware_targets.cpu import sampler_target
from neuromorph import Ising, Minimize, Sample, exact

NAMES = ["cpu-gibbs", "cpu-swendsen-wang", "cpu-tempering", "cpu-population-annealing", "cpu-quantum-annealing"]
each = pytest.mark.parametrize("name", NAMES)


def glass(n, seed):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1) / np.sqrt(n)
    return Ising(j + j.T, rng.normal(scale=0.2, size=n))


@each
def test_ground_states_of_a_glass_are_found(name):
    """18 spins in units of 1000, two deep basins 2 % apart: both are met, and each read ends where no flip improves."""
    ising = glass(18, 4)
    ising = Ising(1e3 * ising.couplings, 1e3 * ising.biases)
    device = nm.get_target(name)
    run = device.run(device.program(ising), Minimize(), 20, 1)
    ground = exact.ground_states(ising)[0]
    assert np.isclose(run.energies, ground).mean() >= 0.1
    assert run.energies.mean() < 0.97 * ground
    assert ((run.spins * ising.field(run.spins)) >= 0).all()


@each
@pytest.mark.parametrize("task", [Minimize(), Sample(0.8)], ids=["minimize", "sample"])
def test_batches_do_not_change_reads(name, task, monkeypatch):
    ising, device = glass(10, 3), nm.get_target(name)
    whole = device.run(device.program(ising), task, 9, 2)
    monkeypatch.setattr(sampler_target, "_SPINS", 500)
    parts = device.run(device.program(ising), task, 9, 2)
    assert np.array_equal(whole.spins, parts.spins)
    assert (whole.activity["updates"] == parts.activity["updates"]).all()
    assert (whole.activity["updates"] >= device.sweeps * 10).all()
    assert (whole.activity["device_s"] > 0).all()


@each
def test_parameters_are_checked_and_kept(name):
    with pytest.raises(ValueError, match="sweeps is 1"):
        nm.get_target(name, sweeps=1)
    with pytest.raises(ValueError, match="power_w"):
        nm.get_target(name, power_w=-3.0)
    device = nm.get_target(name, sweeps=20, power_w=7.0)
    assert [cost.energy.value for cost in device.costs() if cost.energy and cost.scope == "core"] == [7.0, 7.0]
    run = device.run(device.program(glass(5, 1)), Sample(1.0), 2, 0)
    assert run.provenance["parameters"]["sweeps"] == 20


def test_they_run_problems_of_users():
    problem = nm.MaxCut.from_edges(5, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)])
    for name in NAMES:
        device = nm.get_target(name)
        run = device.run(device.program(problem), Minimize(), 4, 0)
        assert run.energies.min() == -4.0


@each
def test_tours_that_would_take_minutes_are_refused(name):
    tour = nm.Tsp("ring", np.random.default_rng(0).random((21, 2)))
    with pytest.raises(nm.DoesNotFit, match="21 cities are 441 spins"):
        nm.get_target(name).program(tour)


@pytest.mark.parametrize("task", [Minimize(), Sample(0.4)], ids=["minimize", "sample"])
@pytest.mark.parametrize("options", [{}, {"chains": 2}], ids=["alone", "chains"])
def test_temperatures_are_found_once_and_not_in_a_read(options, task, monkeypatch):
    """A clock that only the plan and the reads move: the plan is programming, whatever the number of reads."""
    now = [0.0]
    device = nm.get_target("cpu-tempering", **options)
    monkeypatch.setattr(sampler_target, "perf_counter", lambda: now[0])

    def plan(ising, beta, minimize, sweeps):
        now[0] += 100.0
        draw, lanes = device.plan(ising, beta, minimize, sweeps)

        def timed(*given):
            now[0] += 64.0
            return draw(*given)

        return timed, lanes

    def together(*given):
        now[0] += 64.0
        return device.together(*given)

    slow = replace(device, plan=plan, together=together if options else None)
    model = nm.IsingModel("glass", glass(6, 2))
    row = nm.compare(model, [slow], 64, 1, task=task).results[0]
    assert (row.status, row.run.setup) == ("ok", {"prepare_s": 100.0})
    assert row.run.activity["latency_s"].max() == 64.0
    assert row.ledger.programming_time.value == 100.0
    watts = {entry.what: entry.unit.value for entry in row.ledger.entries if entry.once}
    assert row.ledger.programming_energy().value == pytest.approx(100.0 * sum(watts.values()))
    assert len(watts) == 2
