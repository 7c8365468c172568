"""Loihi against SANA-FE, the authors' own simulator, on the same spikes and cores; and its published two-neuron run.

The runs need the wheel ``sanafe`` (extra ``test``); the numbers written out do not.
"""

from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from scipy import sparse

from hardware_targets.checks.chip_checks import spike_energies
from hardware_targets.spiking_chip import spiking_loihi
from hardware_targets.spiking_chip.chip_tables import loihi_table
from hardware_targets.spiking_chip.core_traffic import CoreTraffic, barrier_s
from neuromorph import Ising, Sample

MEMORIES = {"dense": "loihi_dense_synapse", "sparse": "loihi_sparse_synapse", "convolution": "loihi_conv_synapse"}


def simulated(weights, biases, placement, steps, memory, timing):
    """Run SANA-FE: leaky neurons of threshold 1 that are reset to 0."""
    sanafe = pytest.importorskip("sanafe")
    chip = sanafe.load_loihi()
    network = sanafe.Network()
    group = network.create_neuron_group("cells", len(biases))
    for k, bias in enumerate(biases):
        group[k].set_attributes(
            soma_hw_name="loihi_lif", default_synapse_hw_name=MEMORIES[memory], dendrite_hw_name="loihi_dendrites",
            log_spikes=True, model_attributes={"threshold": 1.0, "bias": float(bias), "reset": 0.0},
        )  # fmt: skip
    for post, pre in zip(*np.nonzero(weights), strict=True):
        group[int(pre)].connect_to_neuron(group[int(post)], {"weight": float(weights[post, pre])})
    for core in np.unique(placement):
        for k in np.flatnonzero(placement == core):
            tile, within = divmod(int(core), 4)
            group[int(k)].map_to_core(chip.tiles[tile].cores[within])
    machine = sanafe.SpikingChip(chip)
    machine.load(network)
    found = machine.sim(steps, timing_model=timing, spike_trace=True)
    spikes = [(t, address.neuron_offset) for t, fired in enumerate(found["spike_trace"]) for address in fired]
    step, neuron = np.array(spikes, dtype=np.int64).reshape(-1, 2).T
    return found, (step, neuron)


TWO = np.array([[0.0, 0.0], [0.4, 0.0]])  # the first excites the second, which never fires


@pytest.mark.parametrize(("core", "network_pj"), [(4, 1152.0), (16, 1140.0), (1, 1110.0), (0, 1110.0)])
def test_two_neurons_cost_what_sana_fe_says(core, network_pj):
    """A neuron fires at each of 10 steps into a second one: on the next tile to the south, to the east, on another core
    of the same tile, on the same core. One of the 20 visits finds nothing to do."""
    table = loihi_table()
    traffic = CoreTraffic.of(sparse.csr_array(TWO), 1, max(core + 1, 1), table, [0, core])
    found, seconds = spike_energies(traffic, table, (np.arange(10), np.zeros(10, np.int64)), 10, 19)
    pj = {name: 1e12 * joules for name, joules in found.items()}
    assert pj == pytest.approx({"soma": 2127.4, "network": network_pj, "synapse": 355.0}, rel=1e-12)
    if core:
        assert seconds == pytest.approx(10 * ((1.0e-6 if core > 3 else 0.6e-6) + 44.8e-9), rel=1e-12)


def test_two_neurons_in_sana_fe_itself():
    found, (step, neuron) = simulated(TWO / 1000.0, [2.0, 0.0], np.array([0, 4]), 10, "dense", "simple")
    assert step.tolist() == list(range(10))
    assert not neuron.any()
    assert found["neurons_updated"] == 19
    energy = {name: 1e12 * found["energy"][name] for name in ("soma", "network", "synapse")}
    assert energy == pytest.approx({"soma": 2127.4, "network": 1152.0, "synapse": 355.0}, rel=1e-9)
    assert found["sim_time"] == pytest.approx(1.0448e-5, rel=1e-9)


@pytest.mark.parametrize(
    ("memory", "seed", "n", "filled", "cores"),
    [("dense", 1, 12, 0.5, 3), ("sparse", 2, 40, 0.2, 9), ("convolution", 3, 60, 0.05, 128)],
)
def test_random_networks_cost_what_sana_fe_says(memory, seed, n, filled, cores):
    """Energy by class and time of SANA-FE's simple model, to 1e-9; its detailed model waits for queues and links."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(n, n)) * (rng.random((n, n)) < filled) * 0.3
    biases = rng.uniform(0.05, 0.6, n)  # of none 0: every neuron is updated at every step
    placement = np.sort(rng.integers(0, cores, n))
    table = loihi_table(memory)
    traffic = CoreTraffic.of(sparse.csr_array(weights), 1, cores, table, placement)
    steps = 50
    for timing, slack in (("simple", 1e-9), ("detailed", 0.25)):
        theirs, spikes = simulated(weights, biases, placement, steps, memory, timing)
        assert theirs["neurons_fired"] == len(spikes[0]) > 100
        assert theirs["spikes"] == traffic.synapses.sum(axis=1)[spikes[1]].sum()  # what it calls so
        assert theirs["neurons_updated"] == steps * n
        ours, seconds = spike_energies(traffic, table, spikes, steps, steps * n)
        for name, joules in ours.items():
            assert joules == pytest.approx(theirs["energy"][name], rel=1e-9), name
        assert sum(ours.values()) == pytest.approx(theirs["energy"]["total"], rel=1e-9)
        assert seconds == pytest.approx(theirs["sim_time"], rel=slack)
        assert theirs["packets_sent"] == traffic.packets[spikes[1]].sum()


def test_the_table_is_that_of_the_wheel():
    """A later wheel that says something else is to be seen here."""
    pytest.importorskip("sanafe")
    text = files("sanafe.examples").joinpath("loihi.yaml").read_text()
    table = loihi_table()
    for name, key in (
        ("access_energy", "energy_access_neuron"), ("update_energy", "energy_update_neuron"),
        ("fire_energy", "energy_spike_out"), ("spike_energy", "energy_message_out"),
        ("column_hop_energy", "energy_north_hop"), ("row_hop_energy", "energy_east_hop"),
        ("synapse_energy", "energy_process_spike"), ("access_time", "latency_access_neuron"),
        ("update_time", "latency_update_neuron"), ("spike_time", "latency_spike_out"),
        ("axon_out_time", "latency_message_out"), ("axon_in_time", "latency_message_in"),
        ("synapse_time", "latency_process_spike"),
    ):  # fmt: skip
        first = next(line for line in text.splitlines() if line.strip().startswith(f"{key}:"))
        assert float(first.split(":")[1]) == pytest.approx(table[name].value, rel=1e-12), name
    assert "{ 1: 0.6e-6, 2: 1.0e-6, 4: 1.4e-6, 29: 1.8e-6 }" in text
    assert [barrier_s(table, tiles) for tiles in (1, 2, 3, 4, 28, 29, 32)] == [
        0.6e-6, 1.0e-6, 1.0e-6, 1.4e-6, 1.4e-6, 1.8e-6, 1.8e-6,
    ]  # fmt: skip


def test_the_targets_own_reads_are_counted_spike_by_spike():
    """A ring on one core: each spike is one message, to its own core; and steps as long as the busiest core takes."""
    j = np.roll(np.eye(8), 1, axis=1)
    chip = spiking_loihi(sample_s=0.02)
    program = chip.program(Ising(j + j.T), 0)
    run = chip.run(program, Sample(0.3), 5, 0)
    np.testing.assert_array_equal(run.activity["packets"], run.activity["spikes"])
    assert not run.activity["mesh_hops"].any()
    steps = run.activity["membrane_updates"] / 8
    idle = 0.6e-6 + 8 * 9.7e-9
    extra = run.activity["device_s"] - steps * idle
    # a step with k spikes: 35.1 ns each to fire beside the neurons, or 16 ns and 4 synapses of 3.8 ns each to receive
    assert (extra <= run.activity["spikes"] * 35.1e-9 * (1 + 1e-9)).all()
    assert (extra > 0.0).all()


def test_cheaper_memories_cost_less():
    """Dense, sparse, shared: 35.5, 33.6, 24.0 pJ; other words are refused."""
    found = [loihi_table(memory)["synapse_energy"].value for memory in MEMORIES]
    assert found == [35.5e-12, 33.6e-12, 24.0e-12]
    assert spiking_loihi(synapse_memory="sparse").constants["synapse_time"].value == 4.7e-9
    with pytest.raises(ValueError, match="synapse_memory is 'rows'; it is one of dense, sparse, convolution"):
        spiking_loihi(synapse_memory="rows")


def test_a_chip_without_times_of_events_steps_at_its_own_pace():
    table = {name: loihi_table()[name] for name in ("step_time",)}
    traffic = CoreTraffic.of(sparse.csr_array(TWO), 1, 2, table, [0, 1])
    assert traffic.tiles == 2
    slow = {"step_time": replace(table["step_time"], value=1e-3, high=1e-3)}
    none = np.zeros(0, np.int64)
    assert traffic.seconds(none, none, none, (3, 7), slow) == pytest.approx(np.full(3, 7e-3))
