"""Transients of a batch of analog networks by SciPy's solvers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..ising import Float
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .network import AnalogNetwork, Gain

_IMPLICIT = ("Radau", "BDF", "LSODA")
_METHODS = ("RK23", "RK45", "DOP853", *_IMPLICIT)


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Potentials of a batch of networks at the sampled times.

    Attributes
    ----------
    network : AnalogNetwork
        The network.
    times : (m,) float
        Times of the samples in s.
    potentials : (m, batch, n) float
        u in V.
    gains : (m,) float
        Factor on the gain at each time.
    status : str
        "ok" or "failed"; later samples are missing after a failure.
    message : str
        Cause of a failure; otherwise empty.
    rtol : float
        Relative tolerance of the solver; 0 for a stochastic trajectory.
    evaluations : int
        Number of evaluations of the right-hand side, each of the whole batch.
    """

    network: AnalogNetwork
    times: Float
    potentials: Float
    gains: Float
    status: str
    message: str
    rtol: float
    evaluations: int

    @property
    def final(self) -> Float:
        """Potentials at the last sample in V, (batch, n)."""
        return np.asarray(self.potentials[-1])

    @cached_property
    def voltages(self) -> Float:
        """Output voltages g(u) in V, (m, batch, n)."""
        return self.network.activation.value(self.gains[:, None, None] * self.potentials)

    @cached_property
    def energies(self) -> Float:
        """Energies E in W, (m, batch); a ValueError is raised if T is not symmetric."""
        return np.array([self.network.energy(v, k) for v, k in zip(self.voltages, self.gains, strict=True)])

    @property
    def residuals(self) -> Float:
        """Mean-field residuals of the last potentials in V, (batch,)."""
        return self.network.mean_field_residual(self.final, float(self.gains[-1]))

    def descends(self) -> NDArray[np.bool_]:
        """Test whether the energy falls from sample to sample, within the solver's error.

        The solver may cause a rise of up to 10 rtol (and 1e-13 for round-off) of the largest energy met. E is a
        Lyapunov function at constant gain only.

        Returns
        -------
        (batch,) bool
            True where the energy never rises.

        Raises
        ------
        ValueError
            If the gain changes with time.
        """
        if np.ptp(self.gains) > 0:
            raise ValueError("gain changes with time, so the energy need not fall; simulate at constant gain")
        e = self.energies
        tolerance = (10.0 * self.rtol + 1e-13) * np.abs(e).max(axis=0)
        return np.asarray((np.diff(e, axis=0) <= tolerance).all(axis=0))


def simulate(
    network: AnalogNetwork,
    initial: ArrayLike,
    t_end_s: float,
    *,
    samples: int = 201,
    method: str = "DOP853",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    gain: Gain | None = None,
) -> Trajectory:
    """Integrate a batch of initial states with one of SciPy's solvers.

    Parameters
    ----------
    network : AnalogNetwork
        The network.
    initial : (n,) or (batch, n) array_like
        u at t = 0 in V.
    t_end_s : float
        End of the transient in s.
    samples : int
        Number of equidistant times, the two ends included.
    method : str
        RK23, RK45, DOP853, Radau, BDF or LSODA.
    rtol, atol : float
        Error per step; atol is in V. They hold for the RMS over the neurons of each state of the batch, so that a state
        is as accurate in company as alone.
    gain : callable or None
        Factor on the activation's gain as a function of t in s, for annealing.

    Returns
    -------
    Trajectory
        The sampled potentials.

    Raises
    ------
    ValueError
        If the method is unknown, or a tolerance, time or state is out of range.
    """
    u0 = check_initial(network, initial)
    times = sample_times(t_end_s, samples)
    if method not in _METHODS:
        raise ValueError(f"method is {method!r}; choose one of {', '.join(_METHODS)}")
    check_tolerances(rtol, atol)
    from scipy.integrate import solve_ivp

    batch, n = u0.shape

    def slope(t: float, y: Float) -> Float:
        checkpoint("transient", t, t_end_s)
        return network.rhs(t, y.reshape(batch, n), gain).ravel()

    def jacobian(t: float, y: Float) -> Any:
        factor = 1.0 if gain is None else gain(t)
        blocks = [network.jacobian(u, factor) for u in y.reshape(batch, n)]
        if batch == 1 and method != "LSODA":
            return blocks[0]
        whole = sparse.block_diag([sparse.csc_array(block) for block in blocks], format="csc")
        return whole.toarray() if method == "LSODA" else whole

    # SciPy takes the RMS over all batch * n components: the root of the batch makes up for quiet states that hide one.
    share = np.sqrt(batch)
    options: dict[str, Any] = {"jac": jacobian} if method in _IMPLICIT else {}
    with single_threaded_blas(batch * n**2):
        solved = solve_ivp(
            slope,
            (0.0, t_end_s),
            u0.ravel(),
            method=method,
            t_eval=times,
            rtol=max(rtol / share, 3e-14),
            atol=atol / share,
            **options,
        )
    potentials = solved.y.T.reshape(-1, batch, n) if solved.success or len(solved.t) else u0[None]
    return make_trajectory(
        network, times, potentials, gain, "" if solved.success else str(solved.message), rtol, int(solved.nfev)
    )


def make_trajectory(
    network: AnalogNetwork,
    times: Float,
    potentials: Float,
    gain: Gain | None,
    message: str,
    rtol: float,
    evaluations: int,
) -> Trajectory:
    """Assemble a trajectory and cut it where the state is no longer finite.

    Parameters
    ----------
    network : AnalogNetwork
        The network.
    times : (m,) float
        Times of the samples in s.
    potentials : (m, batch, n) float
        u in V.
    gain : callable or None
        Factor on the activation's gain as a function of t in s.
    message : str
        Cause of a failure; otherwise empty.
    rtol : float
        Relative tolerance of the solver.
    evaluations : int
        Number of evaluations of the right-hand side.

    Returns
    -------
    Trajectory
        The trajectory, with status "failed" if there is a message.
    """
    finite = np.isfinite(potentials).all(axis=(1, 2))
    if not finite.all():
        potentials = potentials[: max(1, int(np.argmin(finite)))]
        message = message or "the state is no longer finite; take smaller tolerances"
    times = times[: len(potentials)]
    gains = np.ones(len(times)) if gain is None else np.array([gain(t) for t in times], dtype=float)
    status = "failed" if message else "ok"
    return Trajectory(network, times, potentials, gains, status, message, rtol, evaluations)


def check_initial(network: AnalogNetwork, initial: ArrayLike) -> Float:
    """Validate initial potentials.

    Parameters
    ----------
    network : AnalogNetwork
        The network.
    initial : (n,) or (batch, n) array_like
        u at t = 0 in V.

    Returns
    -------
    (batch, n) float
        A copy.

    Raises
    ------
    ValueError
        If the shape is wrong or a potential is not finite.
    """
    u = np.atleast_2d(np.array(initial, dtype=float))
    if u.ndim != 2 or u.shape[1] != network.size or len(u) == 0:
        raise ValueError(
            f"initial has shape {np.shape(initial)}; expected ({network.size},) or (batch, {network.size})"
        )
    if not np.isfinite(u).all():
        raise ValueError("initial holds NaN or infinity; every potential must be finite")
    return u


def check_tolerances(rtol: float, atol: float) -> None:
    """Validate the tolerances of a solver.

    Parameters
    ----------
    rtol, atol : float
        Relative and absolute tolerance.

    Raises
    ------
    ValueError
        If one is not finite and positive.
    """
    for name, value in (("rtol", rtol), ("atol", atol)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value}; it must be finite and positive")


def sample_times(t_end_s: float, samples: int) -> Float:
    """Compute equidistant sampling times from 0 to ``t_end_s``.

    Parameters
    ----------
    t_end_s : float
        End of the transient in s.
    samples : int
        Number of times, the two ends included.

    Returns
    -------
    (samples,) float
        Times in s.

    Raises
    ------
    ValueError
        If ``t_end_s`` is not finite and positive or ``samples`` is below 2.
    """
    if not (np.isfinite(t_end_s) and t_end_s > 0):
        raise ValueError(f"t_end_s is {t_end_s}; it must be finite and positive")
    if samples < 2:
        raise ValueError(f"samples is {samples}; the two ends are the least")
    return np.linspace(0.0, t_end_s, samples)
