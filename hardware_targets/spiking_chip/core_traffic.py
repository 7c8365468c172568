r"""Messages between the cores of a digital chip, their steps in the mesh, and the time of each time step.

.. math::

    N_{spk} = \sum_s |C(i_s)|, \qquad
    t_{step} = t_{sync}(tiles) + \max_c \max\Bigl(
        n_c t_{neuron} + \sum_{s \in c} (t_{fire} + |C(i_s)|\, t_{out}),\;
        \sum_{s : c \in C(i_s)} (t_{in} + k_c(i_s)\, t_{SOP}) \Bigr)

where s counts the spikes of one step, i_s is the neuron that fires, C(i) the cores that hold synapses of neuron i, its
own among them, k_c(i) its synapses there, n_c the neurons of core c, t_neuron the time to read and to update one. A
spike is sent once to each core of C(i). Cores work beside each other, a core fires beside what it receives, and the
barrier t_sync waits for the last. Neurons fill the cores evenly and in order, tiles follow each other down the columns
of the mesh.

Source: SANA-FE (Boyle et al., IEEE TCAD 44 (8), 3165 (2025)): its energy model and its timing model "simple", read in
``src/chip.cpp`` and ``src/schedule.cpp`` of version 2.2.9; ``tests`` hold both to 1e-9. Queues and blocked links of the
mesh, which its model "detailed" adds, are not here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from neuromorph.ising import Float

from .chip_tables import Table

_CELLS = 1 << 21  # numbers of a block of steps x cores
_BARRIER = re.compile(r"tiles_(\d+)_step_time")


def barrier_s(table: Table, tiles: int) -> float:
    """Return the least time of a step for the tiles in use, s.

    Parameters
    ----------
    table : dict of str to Datum
        Numbers of the chip: ``step_time``, and ``tiles_2_step_time`` and such where tiles wait for each other.
    tiles : int
        Tiles in use.

    Returns
    -------
    float
        Time of a step in which nothing is done.
    """
    found = [(int(name[1]), each) for each in table if (name := _BARRIER.fullmatch(each)) and int(name[1]) <= tiles]
    return table[max(found)[1] if found else "step_time"].value


@dataclass(frozen=True, eq=False)
class CoreTraffic:
    """The network of a task on its cores.

    Attributes
    ----------
    placement : (n,) int
        Core of each neuron.
    tiles : int
        Tiles that have neurons.
    synapses : (n, cores) sparse array, CSR
        k_c(i), the synapses of each neuron in each core.
    packets, row_hops, column_hops : (n,) float
        Messages of one spike of each neuron, and their steps along rows and along columns of the mesh.
    """

    placement: NDArray[np.int64]
    tiles: int
    synapses: Any
    packets: Float
    row_hops: Float
    column_hops: Float

    @classmethod
    def of(cls, weights: Any, each: int, cores: int, table: Table, placement: ArrayLike | None = None) -> CoreTraffic:
        """Place a network.

        Parameters
        ----------
        weights : (n, n) sparse array
            Weights from column to row.
        each : int
            Synapses of a weight.
        cores : int
            Number of cores.
        table : dict of str to Datum
            Numbers of the chip.
        placement : (n,) int, optional
            Core of each neuron; the default fills them evenly.

        Returns
        -------
        CoreTraffic
            Network on its cores.
        """
        coo = sparse.coo_array(weights)
        n = coo.shape[0]
        core = np.arange(n) * cores // n if placement is None else np.asarray(placement, dtype=np.int64)
        post, pre = coo.coords
        synapses = sparse.csr_array(
            sparse.coo_array((np.full(coo.nnz, float(each)), (pre, core[post])), shape=(n, cores))
        )
        synapses.sum_duplicates()
        reached = sparse.coo_array(synapses)
        source, target = reached.coords
        tile = np.arange(cores) // int(table["tile_cores"].value if "tile_cores" in table else 1)
        row, column = _mesh(tile, table)
        there = core[source]

        def of_spike(steps: NDArray[np.int64]) -> Float:
            return np.asarray(np.bincount(source, np.abs(steps[there] - steps[target]), minlength=n), dtype=float)

        packets = np.bincount(source, minlength=n).astype(float)
        return cls(core, len(np.unique(tile[core])), synapses, packets, of_spike(row), of_spike(column))

    def count(self, chain: NDArray[np.int64], neuron: NDArray[np.int64], chains: int) -> dict[str, Float]:
        """Count messages and their steps.

        Parameters
        ----------
        chain, neuron : (spikes,) int
            Read and neuron of each spike.
        chains : int
            Number of reads.

        Returns
        -------
        dict of str to (chains,) float
            packets, mesh_hops, row_hops and column_hops of each read.
        """

        def total(of_spike: Float) -> Float:
            return np.asarray(np.bincount(chain, of_spike[neuron], minlength=chains), dtype=float)

        along, across = total(self.row_hops), total(self.column_hops)
        return {"packets": total(self.packets), "mesh_hops": along + across, "row_hops": along, "column_hops": across}

    def seconds(
        self,
        chain: NDArray[np.int64],
        step: NDArray[np.int64],
        neuron: NDArray[np.int64],
        shape: tuple[int, int],
        table: Table,
    ) -> Float:
        """Add up the times of all steps of each read.

        Parameters
        ----------
        chain, step, neuron : (spikes,) int
            Read, step and neuron of each spike.
        shape : (int, int)
            Numbers of reads and of steps.
        table : dict of str to Datum
            Numbers of the chip; times that it does not have are 0.

        Returns
        -------
        (reads,) float
            Time of each read, s.
        """
        chains, steps = shape

        def of(name: str) -> float:
            return table[name].value if name in table else 0.0

        cores = self.synapses.shape[1]
        idle = np.bincount(self.placement, minlength=cores) * (of("access_time") + of("update_time"))
        least = barrier_s(table, self.tiles) + float(idle.max(initial=0.0))
        found = np.full(chains, steps * least)
        own = of("spike_time") + self.packets * of("axon_out_time")
        fires = sparse.csr_array((own, (np.arange(len(own)), self.placement)), shape=self.synapses.shape)
        enters = self.synapses.copy()
        enters.data = of("axon_in_time") + of("synapse_time") * enters.data
        if not fires.data.any() and not enters.data.any():
            return found
        key, group = np.unique(chain * steps + step, return_inverse=True)
        spikes = sparse.csr_array((np.ones(len(group)), (group, neuron)), shape=(len(key), len(own)))
        block = max(1, _CELLS // cores)
        for start in range(0, len(key), block):
            some = spikes[start : start + block]
            busy = np.maximum((some @ fires).toarray() + idle, (some @ enters).toarray()).max(axis=1)
            where = key[start : start + block] // steps
            found += np.bincount(where, busy - idle.max(initial=0.0), minlength=chains)
        return found


def _mesh(tile: NDArray[np.int64], table: Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of tiles along rows and along columns of the mesh; zeros where the table has no mesh."""
    if "mesh_height" not in table:
        return np.zeros_like(tile), np.zeros_like(tile)
    along, across = np.divmod(tile, int(table["mesh_height"].value))
    return along, across
