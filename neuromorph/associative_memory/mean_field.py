r"""Stationary states of the analog network, and of the binary network at the matching temperature.

.. math:: u_i = h_i + \sum_j J_{ij} \tanh(\beta u_j) \quad\Longleftrightarrow\quad
          m_i = \tanh \beta \Big( h_i + \sum_j J_{ij} m_j \Big), \quad m_i = \tanh(\beta u_i)

The left side describes amplifiers of gain beta at rest; the right side is the naive mean field of spins at inverse
temperature beta, m_i = <s_i>. The network of graded neurons therefore rests at the averages of the stochastic one, as
far as mean field holds: for Hebb's rule with k patterns in n neurons the two differ by terms of order k / n. Source:
Hopfield, PNAS 81, 3088 (1984).
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
    """Solution of the mean-field equations.

    Attributes
    ----------
    means : (n,) float
        m.
    residual : float
        Largest absolute value of m - tanh beta (h + J m).
    converged : bool
        True if the residual fell below the tolerance.
    steps : int
        Number of iterations.
    """

    means: Float
    residual: float
    converged: bool
    steps: int


def analog_equivalent(ising: Ising, beta: float) -> AnalogNetwork:
    """Build the analog network of gain beta that rests at the mean field of ``ising``.

    T = J in S, I = h in A, R = 1 ohm and C = 1 F give a time constant of 1 s. :meth:`AnalogNetwork.from_ising` chooses
    component values that can be bought for the same problem.

    Parameters
    ----------
    ising : Ising
        The problem.
    beta : float
        Inverse temperature in 1 / energy.

    Returns
    -------
    AnalogNetwork
        The network.
    """
    return AnalogNetwork(ising.couplings, 1.0, 1.0, ising.biases, Tanh(gain=_checked(beta)))


@single_threaded_blas()
def stationary_state(
    ising: Ising, beta: float, start: ArrayLike, *, steps: int = 10_000, tolerance: float = 1e-12
) -> MeanFieldState:
    """Solve the mean-field equations by iteration of m <- (m + tanh beta (h + J m)) / 2.

    Parameters
    ----------
    ising : Ising
        The problem.
    beta : float
        Inverse temperature in 1 / energy.
    start : (n,) array_like
        Initial m in [-1, 1]; the iteration goes to a solution nearby.
    steps : int
        Largest number of iterations.
    tolerance : float
        Residual at which the iteration stops.

    Returns
    -------
    MeanFieldState
        The solution.

    Raises
    ------
    ValueError
        If ``start`` has the wrong shape or values outside [-1, 1].
    """
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
    """Estimate the magnetization <s_i> of the valley around a cue by heat-bath sampling.

    The function averages tanh(beta f_i) in place of s_i, which has the same mean and less noise. The average belongs to
    one valley only as long as the chains stay in it, as they do at low temperature and large n.

    Parameters
    ----------
    ising : Ising
        The problem.
    beta : float
        Inverse temperature in 1 / energy.
    cue : (n,) array_like
        Initial spins.
    sweeps : int
        Sweeps that are averaged.
    burn : int
        Sweeps before them.
    reads : int
        Number of independent chains.
    rng : RNG
        Source of one stream for each chain.

    Returns
    -------
    (reads, n) float
        The averages of each chain.

    Raises
    ------
    ValueError
        If ``sweeps``, ``burn`` or ``reads`` is out of range.
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
