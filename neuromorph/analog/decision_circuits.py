r"""Tank and Hopfield's decision circuits of 1986: signal decomposition, A/D conversion and linear programming.

A signal x is written as a sum of basis vectors e_k with coefficients V_k of 0 or 1:

.. math:: E = \tfrac12 \Bigl\| x - \sum_k V_k e_k \Bigr\|^2 - \tfrac12 \sum_k \|e_k\|^2 V_k (V_k - 1)
          \quad\Rightarrow\quad T_{kl} = -e_k \cdot e_l \ (k \ne l), \quad I_k = x \cdot e_k - \tfrac12 \|e_k\|^2

where the second term takes away the diagonal of T and drives V_k to 0 or 1. With the numbers 1, 2, 4, 8 as basis it is
an A/D converter, whose answer depends on the state that it starts in: local minima hold the last answer while x moves
on, unless the amplifiers are set to zero before each conversion.

The linear programme min a.V with D V >= b has amplifiers V, and amplifiers for the constraints, of slope K where one is
broken:

.. math:: C \frac{dV}{dt} = -a + K D^\top \max(b - D V, 0)

which rests at the minimum of a.V + K/2 sum max(b - D V, 0)^2: each constraint j that binds is broken by lambda_j / K,
lambda being the dual solution, and the value is short of the optimum by sum lambda_j^2 / K to first order.
Source: Tank and Hopfield, IEEE Trans. Circuits Syst. 33, 533 (1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Float
from ..runtime.limits import checkpoint
from .activations import Logistic
from .network import AnalogNetwork


def decomposition_network(
    basis: ArrayLike,
    signal: ArrayLike,
    *,
    gain: float = 100.0,
    conductance_s: float = 1e-5,
    capacitance_f: float = 1e-9,
    leak_s: float = 1e-6,
) -> AnalogNetwork:
    """Build the network that writes a signal as a sum of basis vectors.

    Parameters
    ----------
    basis : (k, d) array_like
        e_k, one a row.
    signal : (d,) array_like
        x.
    gain : float
        Gain of the amplifiers, whose rails are 0 and 1 V, in 1/V.
    conductance_s : float
        Largest synaptic conductance in S.
    capacitance_f : float
        Capacitance of every neuron in F.
    leak_s : float
        Conductance to ground beside the synapses, in S.

    Returns
    -------
    AnalogNetwork
        The network; coefficient k is 1 where V_k is near 1 V.

    Raises
    ------
    ValueError
        If the shapes do not fit, a value is not finite, or a component value is not positive.
    """
    e, x = np.atleast_2d(np.asarray(basis, dtype=float)), np.atleast_1d(np.asarray(signal, dtype=float))
    if e.ndim != 2 or x.shape != (e.shape[1],) or e.size == 0:
        raise ValueError(f"basis has shape {e.shape} and signal {x.shape}; expected (k, d) and (d,)")
    if not (np.isfinite(e).all() and np.isfinite(x).all()):
        raise ValueError("basis or signal holds NaN or infinity; every value must be finite")
    for name, value in (("conductance_s", conductance_s), ("leak_s", leak_s)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value}; it must be finite and positive")
    gram = e @ e.T
    t = -(gram - np.diag(np.diag(gram)))
    currents = e @ x - np.diag(gram) / 2.0
    scale = conductance_s / (float(np.abs(t).max()) or float(np.abs(currents).max()) or 1.0)
    resistances = 1.0 / (leak_s + scale * np.abs(t).sum(axis=1))
    return AnalogNetwork(scale * t, resistances, capacitance_f, scale * currents, Logistic(gain=gain))


def converter_network(value: float, bits: int = 4, *, gain: float = 100.0) -> AnalogNetwork:
    """Build Tank and Hopfield's A/D converter for one analog value.

    Parameters
    ----------
    value : float
        x, from -0.5 to 2^bits - 0.5, to be rounded.
    bits : int
        Number of amplifiers, the first of which is the lowest bit.
    gain : float
        Gain of the amplifiers in 1/V.

    Returns
    -------
    AnalogNetwork
        The network.

    Raises
    ------
    ValueError
        If ``bits`` is not 1 to 16, or ``value`` not finite.
    """
    if not 1 <= bits <= 16:
        raise ValueError(f"bits is {bits}; give 1 to 16")
    return decomposition_network(2.0 ** np.arange(bits)[:, None], [value], gain=gain)


@dataclass(frozen=True, eq=False)
class LinearProgramState:
    """Resting state of the circuit for a linear programme.

    Attributes
    ----------
    variables : (n,) float
        V.
    value : float
        a.V.
    violations : (m,) float
        max(b - D V, 0).
    times : (k,) float
        Times of the trajectory, in units of C over a conductance of 1.
    trajectory : (k, n) float
        V at them.
    status : str
        "ok", or "not at rest": the programme is unbounded, or needs more time.
    """

    variables: Float
    value: float
    violations: Float
    times: Float
    trajectory: Float
    status: str


def linear_program_circuit(
    cost: ArrayLike, constraints: ArrayLike, bounds: ArrayLike, *, slope: float = 1000.0, duration: float = 1000.0
) -> LinearProgramState:
    """Integrate the circuit that minimizes a.V with D V >= b, from V = 0.

    Parameters
    ----------
    cost : (n,) array_like
        a.
    constraints : (m, n) array_like
        D.
    bounds : (m,) array_like
        b.
    slope : float
        K, of the amplifiers of the constraints.
    duration : float
        End of the transient, in units of C over a conductance of 1.

    Returns
    -------
    LinearProgramState
        The state at the end.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a value is not finite, or not positive where it must be.
    """
    from scipy.integrate import solve_ivp

    a, d, b = (np.asarray(each, dtype=float) for each in (cost, constraints, bounds))
    if a.ndim != 1 or d.shape != (b.size, a.size) or b.ndim != 1 or not d.size:
        raise ValueError(f"cost, constraints and bounds have shapes {a.shape}, {d.shape}, {b.shape}; "
                         "expected (n,), (m, n) and (m,)")  # fmt: skip
    if not (np.isfinite(a).all() and np.isfinite(d).all() and np.isfinite(b).all()):
        raise ValueError("cost, constraints or bounds hold NaN or infinity; every value must be finite")
    for name, value in (("slope", slope), ("duration", duration)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value}; it must be finite and positive")

    def rate(_: float, v: Float) -> Float:
        checkpoint()
        return -a + slope * d.T @ np.maximum(b - d @ v, 0.0)

    def jacobian(_: float, v: Float) -> Float:
        broken = d[b - d @ v > 0.0]
        return -slope * broken.T @ broken

    run = solve_ivp(rate, (0.0, duration), np.zeros(a.size), "BDF", rtol=1e-8, atol=1e-10, jac=jacobian)
    v = run.y[:, -1]
    resting = run.success and float(np.abs(rate(0.0, v)).max()) <= 1e-4 * max(1e-300, float(np.abs(a).max()))
    status = "ok" if resting else "not at rest"
    return LinearProgramState(v, float(a @ v), np.maximum(b - d @ v, 0.0), run.t, run.y.T, status)
