r"""Stationary states of the analog network, and of the binary network at the matching temperature.

.. math:: u_i = h_i + \sum_j J_{ij} \tanh(\beta u_j) \quad\Longleftrightarrow\quad
          m_i = \tanh \beta \Big( h_i + \sum_j J_{ij} m_j \Big), \quad m_i = \tanh(\beta u_i)

Left, amplifiers of gain beta at rest; right, the naive mean field of spins at inverse temperature beta, <s_i> = m_i. So
the network of graded neurons stands where the stochastic one is on average, as far as mean field holds: for Hebb's rule
with k patterns in n neurons the two differ by terms of order k / n. Source: Hopfield, PNAS 81, 3088 (1984).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..analog import AnalogNetwork, Tanh
from ..ising import Float, Ising, check_spins
from ..rng import RNG, kernel_states, read_seeds
from ..runtime.limits import checkpoint
from ..runtime.pieces import pieces
from ..runtime.threads import single_threaded_blas


@dataclass(frozen=True, eq=False)
class MeanFieldState:
    """A solution of the mean-field equations.

    means : (n,) float     m
    residual : float       max |m - tanh beta (h + J m)|
    converged : bool       whether the residual fell below the tolerance
    steps : int
    """

    means: Float
    residual: float
    converged: bool
    steps: int


def analog_equivalent(ising: Ising, beta: float) -> AnalogNetwork:
    """The network of gain beta (1/V) that rests where ``ising`` at beta has its naive mean field.

    T = J in S, I = h in A, R = 1 ohm and C = 1 F: a time constant of 1 s. ``AnalogNetwork.from_ising`` makes buyable
    values of the same problem.
    """
    return AnalogNetwork(ising.couplings, 1.0, 1.0, ising.biases, Tanh(gain=_checked(beta)))


@single_threaded_blas()
def stationary_state(
    ising: Ising, beta: float, start: ArrayLike, *, steps: int = 10_000, tolerance: float = 1e-12
) -> MeanFieldState:
    """Follow m <- (m + tanh beta (h + J m)) / 2 from ``start`` (n,) in [-1, 1] to the solution nearby."""
    m = np.array(start, dtype=float)
    if m.shape != (ising.size,) or not (np.abs(m) <= 1.0).all():
        raise ValueError(f"start has shape {m.shape}; expected ({ising.size},), each from -1 to 1")
    beta, residual, done = _checked(beta), np.inf, 0
    while residual > tolerance and done < steps:
        checkpoint("mean field", done, steps)
        new = np.tanh(beta * (ising.couplings @ m + ising.biases))
        residual = float(np.abs(new - m).max())
        m = (m + new) / 2.0
        done += 1
    return MeanFieldState(m, residual, residual <= tolerance, done)


@single_threaded_blas()
def glauber_magnetization(
    ising: Ising, beta: float, cue: ArrayLike, *, sweeps: int = 1000, burn: int = 100, reads: int = 8, rng: RNG = None
) -> Float:
    """<s_i> of the valley around ``cue`` by heat bath, (reads, n), one independent chain a read.

    Averages tanh(beta f_i) in place of s_i: the same mean with less noise. The chains must stay in the valley for the
    average to be of it alone, as they do at low temperature and large n.
    """
    from . import kernels as memory

    start = check_spins(cue, ising.size).astype(np.int8)
    if min(sweeps, reads) < 1 or burn < 0:
        raise ValueError(f"sweeps is {sweeps}, burn {burn}, reads {reads}; give one at least, and burn >= 0")
    columns, biases, sums = ising.dense_couplings(), np.array(ising.biases), np.zeros((reads, ising.size))
    for row, state in zip(sums, kernel_states(read_seeds(rng, reads)), strict=True):
        spins, fields = start.copy(), np.empty(ising.size)
        memory.start_fields(columns, biases, spins, fields)
        for _, part in pieces(1, burn + sweeps, "means of a valley"):
            memory.accumulate_means(columns, _checked(beta), burn, part.start, part.stop, fields, spins, row, state)
    return sums / sweeps


def _checked(beta: float) -> float:
    if not (np.isfinite(beta) and beta > 0):
        raise ValueError(f"beta is {beta}; it must be finite and positive")
    return float(beta)
