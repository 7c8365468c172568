r"""Coupled oscillators by their phases, with a second harmonic that makes them binary.

.. math:: \dot\phi_i = \Delta\omega_i - K \sum_j J_{ij} \sin(\phi_i - \phi_j) - K h_i \sin \phi_i
          - K_s(t) \sin 2 \phi_i + \sqrt{2 D}\,\xi_i

.. math:: L(\phi) = -\frac{K}{2} \sum_{ij} J_{ij} \cos(\phi_i - \phi_j) - K \sum_i h_i \cos\phi_i
          - \frac{K_s}{2} \sum_i \cos 2 \phi_i

where phi_i is the phase against a reference at half the frequency of the injected signal of strength K_s, and h_i
couples to that reference. Without noise and detuning phi' = -dL/dphi, so that L descends at constant K_s; at phases 0
and pi it is K E(s) - n K_s / 2 with s_i = cos phi_i. The averaged equation holds for couplings well below 2 pi a cycle,
and for waveforms whose product with the phase response is odd, as those of LC tanks; ring oscillators have an even part
too, which no L describes (arXiv 2605.17243).
Sources: Wang and Roychowdhury, arXiv 1709.08102; Chou et al., Sci. Rep. 9, 14786 (2019).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neuromorph.ising import Float, Ising
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.runtime.pieces import pieces

from .phase_kernel import phase_kernel

PhaseObserver: TypeAlias = Callable[[float, Float], None]

_DEGREES = 0.1  # largest change of a phase in a step by its couplings, rad
_STEP = 0.1  # longest step, cycles


@dataclass(frozen=True, eq=False)
class PhaseNetwork:
    """Oscillators with their couplings; rates are in rad a cycle.

    Attributes
    ----------
    couplings : (n, n) sparse array
        K J.
    pulls : (n,) float
        K h, towards the reference.
    detuning : (n,) float
        Frequencies against the reference.
    """

    couplings: sparse.csr_array
    pulls: Float
    detuning: Float

    @classmethod
    def of_ising(cls, ising: Ising, strength: float, detuning: Float | None = None) -> PhaseNetwork:
        """Couple oscillators by K times the couplings and biases of a model.

        Parameters
        ----------
        ising : Ising
            Model.
        strength : float
            K, rad a cycle for a coupling of 1.
        detuning : (n,) float, optional
            Frequencies against the reference, rad a cycle; none by default.

        Returns
        -------
        PhaseNetwork
            Oscillators.
        """
        off = np.zeros(ising.size) if detuning is None else np.asarray(detuning, dtype=float)
        return cls(sparse.csr_array(strength * ising.sparse_couplings()), strength * ising.biases, off)

    def rate(self, phases: Float, harmonic: float) -> Float:
        """Compute phi' without noise.

        Parameters
        ----------
        phases : (reads, n) float
            Phases, rad.
        harmonic : float
            K_s, rad a cycle.

        Returns
        -------
        (reads, n) float
            Rates, rad a cycle.
        """
        c, s = np.cos(phases), np.sin(phases)
        drive = s * (self.couplings @ c.T).T - c * (self.couplings @ s.T).T
        return np.asarray(self.detuning - drive - self.pulls * s - 2.0 * harmonic * s * c)

    def lyapunov(self, phases: Float, harmonic: float) -> Float:
        """Compute L.

        Parameters
        ----------
        phases : (reads, n) float
            Phases, rad.
        harmonic : float
            K_s, rad a cycle.

        Returns
        -------
        (reads,) float
            L, rad a cycle.
        """
        c, s = np.cos(phases), np.sin(phases)
        pairs = (c * (self.couplings @ c.T).T + s * (self.couplings @ s.T).T).sum(axis=1)
        return np.asarray(-0.5 * pairs - c @ self.pulls - 0.5 * harmonic * np.cos(2.0 * phases).sum(axis=1))

    def longest_step(self, harmonic: float) -> float:
        """Return the step that resolves the fastest phase.

        Parameters
        ----------
        harmonic : float
            Largest K_s, rad a cycle.

        Returns
        -------
        float
            Step, cycles.
        """
        pull = np.asarray(abs(self.couplings).sum(axis=1)).ravel() + np.abs(self.pulls) + np.abs(self.detuning)
        return min(_STEP, _DEGREES / (float(pull.max()) / 2.0 + 2.0 * harmonic + 1e-12))


def simulate_phases(
    network: PhaseNetwork,
    phases: Float,
    streams: NDArray[np.uint64],
    cycles: float,
    *,
    harmonic: tuple[float, float],
    noise: float = 0.0,
    step: float | None = None,
    observe: PhaseObserver | None = None,
    every: int = 1,
) -> tuple[int, str]:
    """Integrate the phases of every read by the Euler-Maruyama method.

    Parameters
    ----------
    network : PhaseNetwork
        Oscillators.
    phases : (reads, n) float
        Phases at the start, rad, changed in place.
    streams : (reads, 4) uint64
        Random states of ``rng.kernel_states``, changed in place.
    cycles : float
        Duration.
    harmonic : tuple of float
        K_s at the start and at the end, linear between them, rad a cycle.
    noise : float
        D, rad^2 a cycle.
    step : float, optional
        Longest step, cycles; ``network.longest_step`` by default.
    observe : callable, optional
        Called with time in cycles and phases (n,) of the first read: at its start and after every ``every`` steps.
    every : int
        Number of steps from one call of ``observe`` to the next.

    Returns
    -------
    int
        Number of complete reads.
    str
        "ok" or "interrupted".
    """
    longest = network.longest_step(max(harmonic)) if step is None else step
    steps = max(1, int(np.ceil(cycles / longest)))
    dt = cycles / steps
    j = network.couplings
    wires = (j.indptr.astype(np.int64), j.indices.astype(np.int64), j.data.astype(float))
    kick = float(np.sqrt(2.0 * noise * dt))

    def one_read(read: int) -> int:
        done, watcher = 0, observe if read == 0 else None
        checkpoint("oscillators", read, len(phases))
        if watcher is not None:
            watcher(0.0, phases[0])
        parts: Any = (p.stop - p.start for _, p in pieces(1, steps)) if watcher is None else repeat(every)
        for part in parts:
            last = min(steps, done + part)
            phase_kernel(
                *wires, network.pulls, network.detuning, *harmonic, kick, dt, done, last, steps, phases[read],
                streams[read],
            )  # fmt: skip
            done = last
            if watcher is not None:
                watcher(done * dt, phases[0])
            if done == steps:
                break
            checkpoint("oscillators", read + done / steps, len(phases))
        return done

    found, status = whole_parts(one_read(read) for read in range(len(phases)))
    return len(found), status
