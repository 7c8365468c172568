r"""Mean-field annealing: minimization by a rising gain of the analog network.

.. math:: \tau_i \dot u_i = R_i (T V + I)_i - u_i + \text{noise}, \qquad V = g(k(t)\, u)

where T, I, R and tau = R C are those of :mod:`.network`, and k is the factor on the gain.

At low gain the network has one state; where k reaches k_c = 1 / (g'(0) lambda_max(R^1/2 T R^1/2)) this state becomes
unstable, and as k rises further the outputs go to the rails. k rises geometrically from 0.9 k_c to 1, the network's own
gain. The noise falls as 1 / k and is off in the last tenth of the time, during which k is constant.

Source: Hopfield, PNAS 81, 3088 (1984) on gain; Hopfield, Tank, Biol. Cybern. 52, 141 (1985) on raising it; Peterson,
Anderson, Complex Syst. 1, 995 (1987) on mean-field annealing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..ising import Float, Ising
from ..runtime.limits import checkpoint
from ..runtime.pieces import run_aside
from ..runtime.threads import single_threaded_blas
from .activations import Tanh
from .network import AnalogNetwork

_HOT = 0.9  # start of the ramp in units of the critical factor
_FINAL = 20.0  # gain of the network of an Ising problem, in units of the critical gain
_HOLD = 0.1  # fraction of the time at the end that has constant gain and no noise
_SCATTER = 1e-3  # deviation of u at the start, in units of the swing
_IN_FLIGHT = 1 << 20  # normal numbers drawn at once
_UNLOOKED = 1 << 13  # products of couplings between two looks at the clock


@dataclass(frozen=True)
class GainRamp:
    """Geometric ramp of the factor on the gain from ``start`` to 1.

    An instance is a function of time in s, made for ``simulate(..., gain=ramp)`` and any other solver.

    Attributes
    ----------
    start : float
        Factor at t = 0.
    rise_s : float
        Time in s at which the factor reaches 1, where it stays.
    """

    start: float
    rise_s: float

    def __call__(self, t: float) -> float:
        """Evaluate the factor on the gain at time t in s.

        Returns
        -------
        float
            The factor.
        """
        return float(self.start ** max(0.0, 1.0 - t / self.rise_s))


@dataclass(frozen=True, eq=False)
class AnnealingResult:
    """Final states of a batch of reads of mean-field annealing.

    Attributes
    ----------
    network : AnalogNetwork
        The network that was annealed.
    potentials : (reads, n)
        u in V.
    spins : (reads, n) int8
        Side of the middle of the rails that each output is on.
    converged : (reads,) bool
        True where the mean-field residual is below 1 % of the largest potential.
    duration_s : float
        Time that each read took on the network, in s.
    ramp : GainRamp
        The schedule, with which another solver can repeat the run.
    steps : int
        Number of integration steps.
    """

    network: AnalogNetwork
    potentials: Float
    spins: NDArray[np.int8]
    converged: NDArray[np.bool_]
    duration_s: float
    ramp: GainRamp
    steps: int


@single_threaded_blas()
def mean_field_anneal(
    problem: AnalogNetwork | Ising,
    seeds: Sequence[np.random.SeedSequence],
    *,
    duration_tau: float = 400.0,
    step_tau: float | None = None,
    noise: float = 0.7,
    observe: Callable[[float, Float, Float], None] | None = None,
) -> AnnealingResult:
    r"""Minimize the energy by mean-field annealing, all reads in one batch.

    .. math:: u \leftarrow u + (1 - e^{-dt / \tau}) (R (T V + I) - u)

    Each step solves the leak exactly (exponential Euler). The method is of first order and keeps the stationary states
    exactly, so that a large step costs no accuracy in them.

    Parameters
    ----------
    problem : AnalogNetwork or Ising
        The network; an Ising problem becomes a tanh network with 20 times the critical gain.
    seeds : sequence of SeedSequence
        One seed for each read.
    duration_tau : float
        Duration in units of the median R C.
    step_tau : float
        Step in units of the median R C; None takes the largest of 0.5 and the bound that the most negative mode sets.
    noise : float
        sigma: the argument of f receives kicks of sigma sqrt(2 dt / tau). The kicks make the reads differ; without them
        biases lead every read to the same state.
    observe : callable or None
        Called with t in s, u and V, both (reads, n), at the start of every step; it must not change them.

    Returns
    -------
    AnnealingResult
        The final states.

    Raises
    ------
    ValueError
        If ``seeds`` are empty, or a duration, step or noise is out of range.
    """
    if len(seeds) == 0:
        raise ValueError("seeds are empty; give one a read")
    if isinstance(problem, Ising):
        unit = AnalogNetwork.from_ising(problem, Tanh())
        critical = critical_gain(unit)
        network = replace(unit, activation=Tanh(gain=_FINAL * (critical if np.isfinite(critical) else 1.0)))
    else:
        network = problem
    if not (np.isfinite(duration_tau) and duration_tau > 0 and np.isfinite(noise) and noise >= 0):
        raise ValueError(f"duration_tau is {duration_tau} and noise {noise}; expected > 0 and >= 0, finite")
    lowest, highest = _extreme_modes(network)
    if step_tau is None:
        step_tau = _interval(lowest, highest)
    if not 0 < step_tau <= duration_tau:
        raise ValueError(f"step_tau is {step_tau}; expected 0 < step_tau <= duration_tau = {duration_tau}")

    tau = network.time_constants_s
    duration_s = duration_tau * float(np.median(tau))
    steps = int(np.ceil(duration_tau / step_tau))
    dt = duration_s / steps
    ramp = GainRamp(min(1.0, _HOT * _critical(network, highest)), (1.0 - _HOLD) * duration_s)
    approach = -np.expm1(-dt / tau)
    kick = noise * np.sqrt(2.0 * dt / tau) / network.activation.gain
    noisy = int((1.0 - _HOLD) * steps) if noise > 0 else 0
    streams = [np.random.default_rng(seed) for seed in seeds]
    scale = _SCATTER * network.activation.swing
    block = max(1, _IN_FLIGHT // (len(seeds) * network.size))
    u = np.array([scale * stream.standard_normal(network.size) for stream in streams])
    # A step of a small network takes as long as a few calls: what each one would find again is found before.
    output, resistances, drive = network.activation.value, network.resistances, _drive(network)
    looks = max(1, _UNLOOKED // (u.size * network.size))
    for step in range(steps):
        if step % looks == 0:
            checkpoint("rising gain", step, steps)
        factor = ramp(step * dt)
        v = output(factor * u)
        if observe is not None:
            observe(step * dt, u, v)
        u += approach * (resistances * drive(v) - u)
        if step < noisy:
            if step % block == 0:
                shape = (min(block, noisy - step), network.size)
                kicks = np.stack([stream.standard_normal(shape) for stream in streams], axis=1)
            u += kicks[step % block] * (kick / factor)
    residual = network.mean_field_residual(u)
    converged = residual <= 0.01 * np.abs(u).max(axis=1)
    return AnnealingResult(network, u, network.spins(u), converged, duration_s, ramp, steps)


def _drive(network: AnalogNetwork) -> Callable[[Float], Float]:
    """Return T V + I as a function of V (reads, n)."""
    if network.product is not None or sparse.issparse(network.conductances):
        return network.drive
    columns, currents = network.conductances.T, network.currents
    return lambda v: np.asarray(v @ columns + currents)


@single_threaded_blas()
def critical_gain(network: AnalogNetwork) -> float:
    """Compute the critical factor k_c on the gain, where u = 0 becomes unstable.

    Returns
    -------
    float
        k_c; it is infinite if u = 0 stays stable at any gain.
    """
    return _critical(network, _extreme_modes(network)[1])


@single_threaded_blas()
def sampling_interval(network: AnalogNetwork) -> float:
    """Compute the largest step that damps the most negative mode of a network.

    Parameters
    ----------
    network : AnalogNetwork
        The network.

    Returns
    -------
    float
        Step in units of the median R C.
    """
    return _interval(*_extreme_modes(network))


def _interval(lowest: float, highest: float) -> float:
    return min(0.5, 1.0 / (1.0 + max(0.0, -lowest) / highest)) if highest > 0 else 0.1


def _critical(network: AnalogNetwork, highest: float) -> float:
    return float(1.0 / (network.activation.slope(0.0) * highest)) if highest > 0 else np.inf


def _extreme_modes(network: AnalogNetwork) -> tuple[float, float]:
    """Compute the lowest and highest eigenvalue of the symmetric part of R^1/2 T R^1/2."""
    root, t = np.sqrt(network.resistances), network.conductances
    if abs(t).max() == 0.0:
        return 0.0, 0.0
    if network.size <= 500 or not sparse.issparse(t):
        dense = root[:, None] * (t.toarray() if sparse.issparse(t) else t) * root
        values = run_aside(lambda: np.linalg.eigvalsh((dense + dense.T) / 2.0))
        return float(values[0]), float(values[-1])
    from scipy.sparse.linalg import eigsh

    scaled: Any = sparse.diags_array(root) @ t @ sparse.diags_array(root)
    start = np.random.default_rng(0).standard_normal(network.size)
    values = eigsh((scaled + scaled.T) / 2.0, k=2, which="BE", v0=start, tol=1e-3, return_eigenvectors=False)
    return float(values.min()), float(values.max())
