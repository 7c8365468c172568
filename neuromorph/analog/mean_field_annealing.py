r"""Minimizing by a rising gain: mean-field annealing on the analog network.

.. math:: \tau_i \dot u_i = R_i (T V + I)_i - u_i + \text{noise}, \qquad V = g(k(t)\, u)

At low gain the network has one state; where k reaches k_c = 1 / (g'(0) lambda_max(R^1/2 T R^1/2)) it must choose, and
as k rises further the outputs go to the rails. k rises geometrically from 0.9 k_c to 1, the network's own gain; the
noise falls as 1 / k and is gone in the last tenth, in which k stays.

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

_HOT = 0.9  # where the ramp starts, in units of the critical factor
_FINAL = 20.0  # the gain that an Ising problem is given, in units of the critical gain
_HOLD = 0.1  # last part of the time, at constant gain and without noise
_SCATTER = 1e-3  # of u at the start, in units of the swing
_IN_FLIGHT = 1 << 20  # normal numbers drawn at once


@dataclass(frozen=True)
class GainRamp:
    """Factor on the gain as a function of time: geometric from ``start`` to 1 at ``rise_s``, then 1.

    For ``analog.simulate(..., gain=ramp)`` and any other solver.
    """

    start: float
    rise_s: float

    def __call__(self, t: float) -> float:
        return float(self.start ** max(0.0, 1.0 - t / self.rise_s))


@dataclass(frozen=True, eq=False)
class AnnealingResult:
    """The final states of some reads.

    potentials : (reads, n)     u, V
    spins : (reads, n) int8     the side of the rails
    converged : (reads,) bool   the mean-field residual is below 1 % of the largest potential
    duration_s : float          time each read took on the network, s
    ramp : GainRamp             the schedule, to repeat it with another solver
    steps : int                 integration steps
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
    r"""Raise the gain once for each of ``seeds``, all reads in one batch.

    Parameters
    ----------
    problem : AnalogNetwork or Ising    an Ising problem becomes a tanh network with 20 times the critical gain
    duration_tau : float                in units of the median R C
    step_tau : float                    None: the largest of 0.5 and what the most negative mode allows
    noise : float                       sigma: kicks of sigma sqrt(2 dt / tau) in the argument of f. They make reads
                                        differ: without them biases lead every read to the same state.
    observe : callable                  of t in s, u and V (reads, n): called at the start of every step, and not to
                                        change them

    Each step solves the leak exactly (exponential Euler): u += (1 - exp(-dt / tau)) (R (T V + I) - u). It is of first
    order, keeps the stationary states exactly, and a large step costs no accuracy in them.
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
        step_tau = min(0.5, 1.0 / (1.0 + max(0.0, -lowest) / highest)) if highest > 0 else 0.1
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
    for step in range(steps):
        checkpoint("rising gain", step, steps)
        factor = ramp(step * dt)
        v = network.voltages(u, factor)
        if observe is not None:
            observe(step * dt, u, v)
        u += approach * (network.resistances * network.drive(v) - u)
        if step < noisy:
            if step % block == 0:
                shape = (min(block, noisy - step), network.size)
                kicks = np.stack([stream.standard_normal(shape) for stream in streams], axis=1)
            u += kicks[step % block] * (kick / factor)
    residual = network.mean_field_residual(u)
    converged = residual <= 0.01 * np.abs(u).max(axis=1)
    return AnnealingResult(network, u, network.spins(u), converged, duration_s, ramp, steps)


@single_threaded_blas()
def critical_gain(network: AnalogNetwork) -> float:
    """k_c: the factor on the gain at which u = 0, were there no currents, becomes unstable; infinite if never."""
    return _critical(network, _extreme_modes(network)[1])


def _critical(network: AnalogNetwork, highest: float) -> float:
    return float(1.0 / (network.activation.slope(0.0) * highest)) if highest > 0 else np.inf


def _extreme_modes(network: AnalogNetwork) -> tuple[float, float]:
    """Lowest and highest eigenvalue of the symmetric part of R^1/2 T R^1/2."""
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
