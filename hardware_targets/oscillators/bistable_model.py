r"""Bistable nodes with resistors between them (BRIM): one nonlinear resistor more than an RC cell.

.. math:: C \dot V_i = \sum_j G_{ij} (\sigma_{ij} V_j - V_i) + |h_i| G (\sigma_i V_s - V_i)
          - g(t) V_i \Bigl(\frac{V_i^2}{V_s^2} - 1\Bigr)

where G_ij = G |J_ij| / max |J| and sigma the sign of J: a resistor in parallel or crossed between two differential
nodes; biases go to rails at +-V_s. The nonlinear resistor has a negative conductance -g around 0 and a positive one
beyond +-V_s. The voltages descend on

.. math:: L(V) = \frac12 \sum_{i<j} G_{ij} (V_i - \sigma_{ij} V_j)^2 + \frac12 \sum_i |h_i| G (V_i - \sigma_i V_s)^2
          + g \sum_i \Bigl(\frac{V_i^4}{4 V_s^2} - \frac{V_i^2}{2}\Bigr)

so that half the power in the couplings is the Ising energy of the signs at |V| = V_s. The gain g rises from 0, so that
the smoothest mode of the resistors grows first; forced flips, rarer and rarer, free it from poor minima.
Here V_s, G and C / G are the units. Source: Afoakwa, Zhang, Vengalam, Ignjatovic and Huang, HPCA 2021, 749;
arXiv 2007.06665. The cubic is the simplest such resistor and stands for the authors' ZIV diode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neuromorph.ising import Float, Ising
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.runtime.pieces import pieces

from .bistable_kernel import FLIPS, LOST, bistable_kernel

VoltageObserver: TypeAlias = Callable[[float, Float], None]

_CHANGE = 0.2  # largest relative change in a step


@dataclass(frozen=True, eq=False)
class BistableNetwork:
    """Nodes with their resistors, in units of the strongest coupling.

    Attributes
    ----------
    couplings : (n, n) sparse array
        sigma_ij G_ij / G.
    pulls : (n,) float
        sigma_i times the strength of h_i, conductances to the rails.
    """

    couplings: sparse.csr_array
    pulls: Float

    @classmethod
    def of_ising(cls, ising: Ising) -> BistableNetwork:
        """Couple nodes by the couplings and biases of a model.

        Parameters
        ----------
        ising : Ising
            Model.

        Returns
        -------
        BistableNetwork
            Nodes; the largest coupling or bias is a conductance of 1.
        """
        j = ising.sparse_couplings()
        largest = max(float(abs(j).max()) if j.nnz else 0.0, float(np.abs(ising.biases).max(initial=0.0))) or 1.0
        return cls(sparse.csr_array(j / largest), ising.biases / largest)

    @property
    def loads(self) -> Float:
        """Sum of the conductances of each node."""
        return np.asarray(abs(self.couplings).sum(axis=1)).ravel() + np.abs(self.pulls)

    def rate(self, volts: Float, gain: float) -> Float:
        """Compute V' without noise and flips.

        Parameters
        ----------
        volts : (reads, n) float
            Voltages, V_s.
        gain : float
            g / G.

        Returns
        -------
        (reads, n) float
            V_s in a time constant.
        """
        drive = (self.couplings @ volts.T).T + self.pulls
        return np.asarray(drive - self.loads * volts - gain * volts * (volts**2 - 1.0))

    def lyapunov(self, volts: Float, gain: float) -> Float:
        """Compute L.

        Parameters
        ----------
        volts : (reads, n) float
            Voltages, V_s.
        gain : float
            g / G.

        Returns
        -------
        (reads,) float
            L, G V_s^2.
        """
        pairs = 0.5 * (volts * (self.couplings @ volts.T).T).sum(axis=1)
        linear = 0.5 * volts**2 @ self.loads - volts @ self.pulls + 0.5 * np.abs(self.pulls).sum()
        return np.asarray(linear - pairs + gain * (volts**4 / 4.0 - volts**2 / 2.0).sum(axis=1))


class VoltageCounts(NamedTuple):
    """Counts of the events of reads.

    Attributes
    ----------
    flips : (reads,) float
        Forced flips.
    lost : (reads,) float
        Energy lost in the couplings, C V_s^2.
    status : str
        "ok" or "interrupted".
    """

    flips: Float
    lost: Float
    status: str


def simulate_voltages(
    network: BistableNetwork,
    volts: Float,
    streams: NDArray[np.uint64],
    duration: float,
    *,
    gain: tuple[float, float],
    heat: float = 0.0,
    flips: float = 0.0,
    step: float | None = None,
    observe: VoltageObserver | None = None,
    every: int = 1,
) -> VoltageCounts:
    """Integrate the voltages of every read by the Euler-Maruyama method.

    Parameters
    ----------
    network : BistableNetwork
        Nodes.
    volts : (reads, n) float
        Voltages at the start, V_s, changed in place.
    streams : (reads, 4) uint64
        Random states of ``rng.kernel_states``, changed in place.
    duration : float
        Duration, time constants R C of the strongest coupling.
    gain : tuple of float
        g / G at the start and at the end, linear between them.
    heat : float
        k T / (C V_s^2), of the noise of the resistors.
    flips : float
        Forced flips of a node in a time constant at the start; their rate falls to 0 at the end.
    step : float, optional
        Longest step, time constants; a fifth of the fastest change by default.
    observe : callable, optional
        Called with the time and voltages (n,) of the first read: at its start and after every ``every`` steps.
    every : int
        Number of steps from one call of ``observe`` to the next.

    Returns
    -------
    VoltageCounts
        Counts of the complete reads.
    """
    loads = network.loads
    longest = step or _CHANGE / (2.0 * float(loads.max()) + 2.0 * max(gain) + 1e-12)
    steps = max(1, int(np.ceil(duration / longest)))
    dt = duration / steps
    j = network.couplings
    wires = (j.indptr.astype(np.int64), j.indices.astype(np.int64), j.data.astype(float), network.pulls, loads)

    def one_read(read: int) -> Float:
        account, done, watcher = np.zeros(3), 0, observe if read == 0 else None
        checkpoint("bistable nodes", read, len(volts))
        if watcher is not None:
            watcher(0.0, volts[0])
        parts: Any = (p.stop - p.start for _, p in pieces(1, steps)) if watcher is None else repeat(every)
        for part in parts:
            last = min(steps, done + part)
            bistable_kernel(*wires, *gain, heat, flips, dt, done, last, steps, account, volts[read], streams[read])
            done = last
            if watcher is not None:
                watcher(done * dt, volts[0])
            if done == steps:
                break
            checkpoint("bistable nodes", read + done / steps, len(volts))
        return account

    found, status = whole_parts(one_read(read) for read in range(len(volts)))
    accounts = np.array(found)
    return VoltageCounts(accounts[:, FLIPS], accounts[:, LOST], status)
