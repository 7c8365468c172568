"""Energies of chips against what was measured, or what their own simulator says.

SANA-FE: Boyle et al., IEEE TCAD 44 (8), 3165 (2025), its Loihi run here on two neurons. NeuRRAM: Wan et al., Nature
608, 504 (2022), as digitised in CiMLoop's tests. The 64-core chip of phase-change memory: Le Gallo et al., Nat.
Electron. 6, 680 (2023), abstract: products of 8 bits in and out at 9.76 (one phase) or 2.48 (four phases) TOPS/W, a
multiply-accumulate being two operations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy import sparse

from neuromorph import Ising, Minimize, Program, RecallFrom
from neuromorph.cost import price
from neuromorph.datum import Datum
from neuromorph.pricing import at_boundary
from neuromorph.run import complete_run
from neuromorph.validate.check import PublishedCheck

from ..memristor_crossbar import MemristorCrossbar, product_energy
from ..memristor_crossbar.converters import CONVERTERS
from ..spiking_chip.chip_tables import chip_costs, loihi_table
from ..spiking_chip.core_traffic import CoreTraffic

# Parts of a ledger by SANA-FE's classes.
SOMA = ("neurons read from memory", "updates of neurons", "neurons that fire")
NETWORK = ("spikes sent to cores", "steps east or west in the mesh", "steps north or south in the mesh")
SANA_FE_PJ = {"soma": 2127.4, "network": 1152.0, "synapse": 355.0}
# (output, input bits): TOPS/W.
NEURRAM_TOPS = {
    (3, 1): 43.07875866, (4, 2): 40.33412834, (5, 3): 23.09069279, (6, 4): 15.95409517, (8, 6): 8.257196816,
    (10, 8): 6.437388185,
}  # fmt: skip
PCM_TOPS, PCM_TOPS_FOUR_PHASES = 9.76, 2.48


def loihi_prices(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Compare the energy of two neurons on Loihi, by class, with SANA-FE.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    steps = 10
    weights = sparse.csr_array(np.array([[0.0, 0.0], [0.4, 0.0]]))  # the first excites the second, which never fires
    table = loihi_table()
    traffic = CoreTraffic.of(weights, 1, 5, table, [0, 4])
    fired = np.arange(steps), np.zeros(steps, np.int64)
    joules, _ = spike_energies(traffic, table, fired, steps, 2 * steps - 1)  # one visit finds nothing to do
    for name, published in SANA_FE_PJ.items():
        yield PublishedCheck(
            f"Loihi, {name}: a neuron fires at 10 steps into one on the next tile", "SANA-FE (wheel 2.2.9), run",
            published * 1e-12, joules[name], "J", how="counts and prices of the target",
        )  # fmt: skip


def spike_energies(
    traffic: CoreTraffic, table: dict[str, Datum], spikes: tuple[np.ndarray, np.ndarray], steps: int, updates: int
) -> tuple[dict[str, float], float]:
    """Count and price the spikes of one run on Loihi as the target does.

    Parameters
    ----------
    traffic : CoreTraffic
        Network on its cores.
    table : dict of str to Datum
        Numbers of the chip.
    spikes : (steps, neurons)
        Step and neuron of each spike.
    steps, updates : int
        Steps of the run, and updates of neurons.

    Returns
    -------
    energies : dict of str to float
        Energy by SANA-FE's classes, J.
    seconds : float
        Time of the run.
    """
    step, neuron = spikes
    chain = np.zeros_like(step)
    n = len(traffic.placement)
    fan_out = np.asarray(traffic.synapses.sum(axis=1)).ravel()
    counts = {
        **traffic.count(chain, neuron, 1),
        "spikes": len(step), "synaptic_operations": fan_out[neuron].sum(),
        "membrane_accesses": steps * n, "membrane_updates": updates,
        "device_s": traffic.seconds(chain, step, neuron, (1, steps), table), "words_read": 0, "words_written": 0,
    }  # fmt: skip
    run = complete_run(
        Program("spiking-loihi", Ising(np.zeros((2, 2))), None), Minimize(), np.ones((1, 2)),
        {name: np.reshape(count, 1) for name, count in counts.items()},
    )  # fmt: skip
    ledger = price(run, chip_costs(table))
    joules = {entry.what: float(entry.total.value or 0.0) for entry in ledger.entries}
    found = {name: sum(joules[what] for what in parts) for name, parts in (("soma", SOMA), ("network", NETWORK))}
    return found | {"synapse": joules["synaptic operations"]}, float(ledger.time_per_read.value or 0.0)


def neurram_products(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Compare the energy of NeuRRAM's matrix products at six precisions.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    gain = CONVERTERS["node_gain"]
    data = {**CONVERTERS, "node_gain": replace(gain, low=gain.value)}  # its low end is of another node
    for (output, given), tops in NEURRAM_TOPS.items():
        array, neurons = product_energy(given, output, data)
        yield PublishedCheck(
            f"NeuRRAM, {given} bits in, {output} out: energy of a multiply-accumulate",
            "Wan et al., Nature 608, 504 (2022), as digitised in CiMLoop's tests",
            1e-12 / tops, array.value + neurons.value, "J",
            interval=(array.low + neurons.low, array.high + neurons.high),
            how="range of the constants, in the 130 nm of the chip",
        )  # fmt: skip


def pcm_chip_energy(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Compare the energy a product of a measured PCM chip, the whole chip counted.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    n = 256
    stream, made, run_seed = seed.spawn(3)
    rng = np.random.default_rng(stream)
    patterns = rng.choice([-1, 1], (8, n)).astype(np.int8)
    j = patterns.T.astype(float) @ patterns / n
    np.fill_diagonal(j, 0.0)
    target = MemristorCrossbar(digital_bits=8, ir_drop=False)
    run = target.run(target.program(Ising(j), made), RecallFrom(patterns[:4]), 4, run_seed)
    energy = at_boundary(price(run, target.costs()), "chip").energy_per_read()
    macs = float(np.mean(run.activity["macs"]))
    value, low, high = (float(each or 0.0) / macs for each in (energy.value, energy.low, energy.high))
    yield PublishedCheck(
        "64-core PCM chip, 8 bits in and out: energy of a multiply-accumulate, whole chip",
        "Le Gallo et al., Nat. Electron. 6, 680 (2023): 9.76 TOPS/W in one phase, 2.48 in four",
        2e-12 / PCM_TOPS, value, "J", 2e-12 / PCM_TOPS, 2e-12 / PCM_TOPS_FOUR_PHASES, interval=(low, high),
        how="memristor-crossbar(digital_bits=8) recalls with 256 neurons; range of the constants",
    )  # fmt: skip
