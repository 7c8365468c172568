r"""Transients of many initial states of one network, each with a step size of its own.

.. math:: C_i \dot u_i = \sum_j T_{ij} g(u_j) - u_i / R_i + I_i

is integrated by Taylor series. The activations are solutions of differential equations themselves, so that the series
of V follows from that of u, and an order costs one product with T: p of them make a step of order p, where DOP853
takes 12 for order 8, and a third to a half fewer in all at the same error; values within a step cost none. The k-th
term is some rtol^(k/p) of the state: from the term on at which single precision is far below the tolerance, products
are in it, at twice the speed.

All lanes share their products, ``V T'`` with V (lanes, n); the time, the size of the step and its error are each
lane's own, so that a state is integrated alike in company and alone, and one that lingers at a saddle keeps nobody
waiting: its neighbors end and make room for the next. The product of a sparse T gains nothing from company, and states
are integrated one by one.

The dynamics is not stiff at gains up to 50: explicit steps beat implicit ones that factor a matrix for every state.
Sources: Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I, 2nd ed. (1993), I.8; Jorba and Zou,
Exp. Math. 14, 99 (2005); Hopfield, PNAS 81, 3088 (1984).
"""

from __future__ import annotations

import time
from collections.abc import Callable
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
from .transient import Trajectory, check_initial, check_tolerances, make_trajectory, sample_times

_LONGEST = 1e12  # shortest time constants that are integrated: years of steps
_LANES = 64  # states that share a product
_ORDERS = (6, 26)  # lowest and highest order of the series
_NOISE = 2.4e-7  # RMS error of a product in single precision over its RMS, measured at n = 64 to 4096
_SHARE = 0.02  # of the tolerance that such errors may take
_LEAST = 1e-15  # absolute tolerance, over the width of the activation, whose square single precision still holds
_MOST = 1e30  # largest potential, likewise
_GROWTH = 8  # largest growth of a piece of steps


@dataclass(frozen=True)
class _Form:
    """V = middle + swing f(gain u) with an f of the kernel; power is alpha of its series."""

    kind: int
    gain: float
    swing: float
    middle: float = 0.0
    power: float = 0.0


_FORMS: dict[type[Activation], Callable[[Activation], _Form]] = {
    Tanh: lambda g: _Form(0, g.gain, g.swing),
    Logistic: lambda g: _Form(0, 0.5 * g.gain, 0.5 * g.swing, 0.5 * g.swing),
    Arctan: lambda g: _Form(1, 0.5 * np.pi * g.gain, 2.0 / np.pi * g.swing, power=-1.0),
    Algebraic: lambda g: _Form(2, g.gain, g.swing, power=-1.5),
}


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
        Steps that were accepted, and products with T, over all states.
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
    return network.product is None and type(network.activation) in _FORMS


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
        Number of equidistant times, the two ends included; those between cost no product.
    rtol, atol : float
        Error per step, of the RMS over the neurons of each state; atol is in V.

    Returns
    -------
    Trajectory
        The sampled potentials; ``evaluations`` counts products with T of single states.

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
    check_tolerances(rtol, atol)
    from .batch_transient_kernel import advance

    many, n = starts.shape
    form = _FORMS[type(network.activation)](network.activation)
    order, exact = _orders(rtol)
    if atol * form.gain < _LEAST or form.gain * _largest(network, starts) > _MOST:
        exact = order
    width = 1 if sparse.issparse(network.conductances) else min(_LANES, many)
    unit = float(network.time_constants_s.min())
    times = times / unit
    end = float(times[-1])
    run = _Run(
        np.full((len(times), many, n), np.nan),
        starts.copy(),
        np.full(many, np.nan),
        np.zeros(many, dtype=np.int64),
        np.zeros(4, dtype=np.int64),
    )
    equation = _equation(network, form, unit, exact < order)
    lanes, place = np.zeros((width, 4)), np.zeros((width, 2), dtype=np.int64)
    double = _series(exact, width, n, form, float)
    single = _series(order if exact < order else 0, width, n, form, np.float32)
    y, slopes, packed, f = (np.zeros((width, n)) for _ in range(4))
    work = (y, slopes, packed, f, np.zeros((width, n), dtype=np.float32), np.zeros(width, dtype=np.int64))
    limits = (max(float(rtol), 3e-14), atol * form.gain, end, rest_v * form.gain, hold_s / unit, order)
    tables = _factors(order, form.power, float), _factors(order, form.power, np.float32)
    scaled = starts * form.gain
    rounds, done = 1, False
    with single_threaded_blas(width * n**2):
        while not done:
            began = time.perf_counter()
            done = advance(
                equation, form.kind, limits, tables, scaled, times, run.out, run.ends, run.rested_s, run.states,
                lanes, place, double, single, work, run.counts, rounds,
            )  # fmt: skip
            busy = int(run.counts[1])
            checkpoint("transient", int(run.counts[0]) - busy + float(lanes[:busy, 0].sum()) / end, many)
            elapsed = max(time.perf_counter() - began, 1e-9)
            rounds = max(1, int(rounds * min(_GROWTH, PIECE_S / elapsed)))
    run.out[1:] /= form.gain
    run.out[0] = starts
    run.ends[:] /= form.gain
    run.rested_s[:] *= unit
    return run


def _orders(rtol: float) -> tuple[int, int]:
    """Return the order of the series, at which a step is most for its products, and how many of these are double."""
    digits = -np.log(np.clip(rtol, 3e-14, 0.1))
    order = int(np.clip(round(digits), *_ORDERS))
    exact = int(np.ceil(order * np.log(_NOISE / (_SHARE * rtol)) / digits)) - 1
    return order, int(np.clip(exact, 1, order))


def _equation(network: AnalogNetwork, form: _Form, unit: float, is_mixed: bool) -> tuple[Any, ...]:
    """Return the arrays of dz/dt = W f(z) + c - d z, z = gain u, in a unit of time, as the kernel takes them."""
    rate = form.gain * (unit / network.capacitances)
    t, d = network.conductances, unit / network.time_constants_s
    with np.errstate(over="ignore"):  # such states are reported to fail
        c = rate * (network.currents + form.middle * np.asarray(t.sum(axis=1)).ravel())
    none, single = np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.float32)
    if sparse.issparse(t):
        w = sparse.csr_array(t.multiply((form.swing * rate)[:, None]))
        data = w.data[None].copy()
        light = data.astype(np.float32) if is_mixed else single
        return data, w.indices.astype(np.int64), w.indptr.astype(np.int64), c, d, light
    w = np.ascontiguousarray((t * (form.swing * rate)[:, None]).T)
    return w, none, none, c, d, w.astype(np.float32) if is_mixed else single


def _largest(network: AnalogNetwork, starts: Float) -> float:
    """Bound abs(u): no potential leaves the range of the starts and of R (T V + I)."""
    g = network.activation
    into = np.abs(network.currents) + max(abs(g.low), abs(g.high)) * np.asarray(abs(network.conductances).sum(axis=1))
    return float(max(np.abs(starts).max(), (network.resistances * into.ravel()).max()))


def _series(terms: int, width: int, n: int, form: _Form, dtype: Any) -> tuple[Any, ...]:
    """Return zeros for the terms of z, and of v, w and s, which have one less; tanh has no s."""
    rows = (terms + 1 if terms else 0, terms, terms, 1 if form.power == 0 else terms)
    return tuple(np.zeros((k, width, n), dtype=dtype) for k in rows)


def _factors(order: int, power: float, dtype: Any) -> tuple[Any, Any]:
    """Return j / m and (power j - (m - j)) / m, (order, order) in m and j."""
    m, j = np.maximum(np.arange(order), 1)[:, None], np.arange(order)[None]
    return (j / m).astype(dtype), ((power * j - (m - j)) / m).astype(dtype)
