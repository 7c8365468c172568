"""The solution of a circuit's differential equation, by which SPICE is measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from ..netlist.circuit import Circuit

_TOLERANCE = 1e-10


@single_threaded_blas()
def solve_ode(rhs: Callable[[float, Float], Float], start: Float, circuit: Circuit, scale_v: float, method: str) -> Any:
    """Return the solution as a function of time, which gives (state,) or (state, times).

    Parameters
    ----------
    rhs : callable
        Right-hand side of time and state.
    start : ndarray of float
        State at t = 0.
    circuit : Circuit
        Circuit whose transient gives the length.
    scale_v : float
        Scale of the state, V.
    method : str
        Method of SciPy.

    Returns
    -------
    callable
        The solution.

    Raises
    ------
    ValueError
        If the equation cannot be integrated.
    """
    from scipy.integrate import solve_ivp

    span = (0.0, circuit.analysis.stop_s)
    tolerances = {"rtol": _TOLERANCE, "atol": _TOLERANCE * scale_v}

    def watched(t: float, state: Float) -> Float:
        checkpoint("differential equation", t, span[1])
        return rhs(t, state)

    solved = solve_ivp(watched, span, start, method=method, dense_output=True, **tolerances)
    if not solved.success:
        raise ValueError(f"the differential equation cannot be integrated: {solved.message}")
    return solved.sol
