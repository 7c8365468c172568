r"""Transients of many initial states of one network, each with a step size of its own.

.. math:: C_i \dot u_i = \sum_j T_{ij} g(u_j) - u_i / R_i + I_i

is integrated by DOP853, the pair of orders 8(5,3) of Dormand and Prince with Hairer's error estimate, the coefficients
being SciPy's. A step of all lanes needs one matrix product a stage, ``V T'`` with V (lanes, n); the time, the size of
the step and its error are each lane's own, so that a state is integrated alike in company and alone, and one that
lingers at a saddle keeps nobody waiting: its neighbours end and make room for the next.

The dynamics is not stiff at gains up to 50: an explicit pair beats implicit ones that factor a matrix for every state.
Sources: Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I, 2nd ed. (1993), II.5 and II.10;
Hopfield, PNAS 81, 3088 (1984).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..ising import Float
from ..runtime.limits import checkpoint
from ..runtime.pieces import PIECE_S
from ..runtime.threads import single_threaded_blas
from .activations import Activation, Algebraic, Arctan, Logistic, Tanh
from .network import AnalogNetwork
from .transient import Trajectory, check_initial, make_trajectory, sample_times

_LONGEST = 1e12  # shortest time constants that are integrated: years of steps
_LANES = 64  # states that share a product
_KINDS: dict[type[Activation], int] = {Tanh: 0, Logistic: 1, Arctan: 2, Algebraic: 3}
_GROWTH = 8  # largest growth of a piece of steps


@dataclass(frozen=True, eq=False)
class RestingStates:
    """States at which a batch of initial states came to rest.

    Attributes
    ----------
    potentials : (batch, n) float
        u at rest, or at the end of the time, in V.
    seconds : (batch,) float
        Time from which on the state rests in s; NaN if it does not rest, or failed.
    status : tuple of str
        "rested", "moving" at the end of the time, or "failed", of each state.
    steps, evaluations : int
        Steps that were accepted, and evaluations of the right-hand side, over all states.
    """

    potentials: Float
    seconds: Float
    status: tuple[str, ...]
    steps: int
    evaluations: int


def can_batch(network: AnalogNetwork) -> bool:
    """Return whether a network has the form that the batch integrator compiles.

    It does unless its synapses are a function of their own or its activation is a class of the user's; those are for
    :func:`neuromorph.analog.simulate`.

    Parameters
    ----------
    network : AnalogNetwork
        Network.

    Returns
    -------
    bool
        True if :func:`simulate_batch` and :func:`relax_batch` take it.
    """
    return network.product is None and type(network.activation) in _KINDS


def simulate_batch(
    network: AnalogNetwork,
    initial: ArrayLike,
    t_end_s: float,
    *,
    samples: int = 201,
    rtol: float = 1e-6,
    atol: float = 1e-9,
) -> Trajectory:
    """Integrate a batch of initial states, each with its own steps.

    Parameters
    ----------
    network : AnalogNetwork
        The network.
    initial : (n,) or (batch, n) array_like
        u at t = 0 in V.
    t_end_s : float
        End of the transient in s.
    samples : int
        Number of equidistant times, the two ends included; two cost nothing beyond the steps.
    rtol, atol : float
        Error per step, of the RMS over the neurons of each state; atol is in V.

    Returns
    -------
    Trajectory
        The sampled potentials; ``evaluations`` counts single states.

    Raises
    ------
    ValueError
        If :func:`can_batch` is False, or a tolerance, time or state is out of range.
    """
    times = sample_times(t_end_s, samples)
    tau = float(network.time_constants_s.min())
    if t_end_s > _LONGEST * tau:
        raise ValueError(
            f"t_end_s is {t_end_s:g}, more than {_LONGEST:g} times the shortest time constant, {tau:g} s; it would not "
            "end; shorten it, or take relax_batch, which ends at rest"
        )
    run = _integrate(network, check_initial(network, initial), times, rtol, atol, 0.0, 0.0)
    failed = int((run.states == 3).sum())
    message = f"the steps of {failed} of {len(run.states)} states became too small" if failed else ""
    return make_trajectory(network, times, run.out, None, message, rtol, int(run.counts[3]))


def relax_batch(
    network: AnalogNetwork,
    initial: ArrayLike,
    t_end_s: float,
    *,
    rest_v: float,
    hold_s: float | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-9,
) -> RestingStates:
    r"""Integrate a batch of initial states until each rests.

    A state rests from the first step after which

    .. math:: \max_i R_i C_i |\dot u_i| = \max_i |u_i - R_i (T V + I)_i| \le \text{rest}

    for the time ``hold_s``: near a saddle the residual is small for a while, and then grows again.

    Parameters
    ----------
    network : AnalogNetwork
        The network.
    initial : (n,) or (batch, n) array_like
        u at t = 0 in V.
    t_end_s : float
        Time after which a state that still moves is given up, in s.
    rest_v : float
        Largest residual at rest in V; below some 10 rtol max(abs(u)) the error of the steps itself exceeds it.
    hold_s : float or None
        Time for which the residual must stay below it in s; None is the longest R C.
    rtol, atol : float
        Error per step, of the RMS over the neurons of each state; atol is in V.

    Returns
    -------
    RestingStates
        Potentials, times and status of all states.

    Raises
    ------
    ValueError
        If :func:`can_batch` is False, or a tolerance, time or state is out of range.
    """
    hold = float(network.time_constants_s.max()) if hold_s is None else hold_s
    for name, value, least in (("rest_v", rest_v, "positive"), ("hold_s", hold, "not negative")):
        if not (np.isfinite(value) and (value > 0 or (value == 0 and least == "not negative"))):
            raise ValueError(f"{name} is {value}; it must be finite and {least}")
    ends = sample_times(t_end_s, 2)
    run = _integrate(network, check_initial(network, initial), ends, rtol, atol, rest_v, hold)
    words = ("moving", "moving", "rested", "failed")
    seconds = np.where(run.states == 2, run.rested_s, np.nan)
    status = tuple(words[state] for state in run.states.tolist())
    return RestingStates(run.ends, seconds, status, int(run.counts[2]), int(run.counts[3]))


@dataclass(frozen=True, eq=False)
class _Run:
    """The arrays that the kernel fills, a row or an entry for each initial state."""

    out: Float
    ends: Float
    rested_s: Float
    states: NDArray[np.int64]
    counts: NDArray[np.int64]


def _integrate(
    network: AnalogNetwork, starts: Float, times: Float, rtol: float, atol: float, rest_v: float, hold_s: float
) -> _Run:
    if not can_batch(network):
        raise ValueError(
            f"activation {type(network.activation).__name__} or a product of its own is not compiled; take simulate, "
            "or one of Tanh, Logistic, Arctan, Algebraic with conductances alone"
        )
    for name, value in (("rtol", rtol), ("atol", atol)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value}; it must be finite and positive")
    from .batch_transient_kernel import ROWS, advance

    many, n = starts.shape
    width = min(_LANES, many)
    end = float(times[-1])
    run = _Run(
        np.full((len(times), many, n), np.nan),
        starts.copy(),
        np.full(many, np.nan),
        np.zeros(many, dtype=np.int64),
        np.zeros(4, dtype=np.int64),
    )
    lanes, place = np.zeros((width, 4)), np.zeros((width, 2), dtype=np.int64)
    u, y, v, f = (np.zeros((width, n)) for _ in range(4))
    work = (u, np.zeros((width, ROWS, n)), y, v, f, np.zeros(width, dtype=np.int64))
    activation = (_KINDS[type(network.activation)], float(network.activation.gain), float(network.activation.swing))
    limits = (max(float(rtol), 3e-14), float(atol), end, float(rest_v), float(hold_s))
    equation, table = _equation(network), _table()
    rounds, done = 1, False
    with single_threaded_blas(width * n**2):
        while not done:
            began = time.perf_counter()
            done = advance(
                equation, activation, table, limits, starts, times, run.out, run.ends, run.rested_s, run.states,
                lanes, place, work, run.counts, rounds,
            )  # fmt: skip
            busy = int(run.counts[1])
            checkpoint("transient", int(run.counts[0]) - busy + float(lanes[:busy, 0].sum()) / end, many)
            elapsed = max(time.perf_counter() - began, 1e-9)
            rounds = max(1, int(rounds * min(_GROWTH, PIECE_S / elapsed)))
    return run


def _equation(network: AnalogNetwork) -> tuple[Any, ...]:
    """Return W', or the arrays of W in the form of CSR, and c and d of du/dt = W g(u) + c - d u."""
    rate = 1.0 / network.capacitances
    c, d = network.currents * rate, rate / network.resistances
    t = network.conductances
    if sparse.issparse(t):
        w = sparse.csr_array(t.multiply(rate[:, None]))
        return w.data[None].copy(), w.indices.astype(np.int64), w.indptr.astype(np.int64), c, d
    none = np.zeros(0, dtype=np.int64)
    return np.ascontiguousarray((t * rate[:, None]).T), none, none, c, d


def _table() -> tuple[Float, ...]:
    """Return the stages of DOP853 (16, 16), its weights, two error estimates (12,), and its polynomial (4, 16)."""
    from scipy.integrate import DOP853

    a = np.zeros((16, 16))
    a[:12, :12] = DOP853.A
    a[13:, :] = DOP853.A_EXTRA
    return a, np.array(DOP853.B), np.array(DOP853.E3), np.array(DOP853.E5), np.array(DOP853.D)
