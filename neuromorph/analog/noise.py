r"""Analog networks with white current noise: Euler-Maruyama and Heun at a fixed step.

.. math:: C\,du = (T V - u/R + I)\,dt + (S/\sqrt2)\,dW

Source: Kloeden and Platen, Numerical Solution of Stochastic Differential Equations (1992), chapters 10 and 14.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Float
from ..rng import RNG, read_seeds
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .network import AnalogNetwork, Gain, per_neuron
from .transient import Trajectory, check_initial, make_trajectory, sample_times

_IN_FLIGHT = 1 << 20  # normal numbers drawn at once


@single_threaded_blas()
def simulate_noisy(
    network: AnalogNetwork,
    initial: ArrayLike,
    t_end_s: float,
    *,
    dt_s: float,
    noise: ArrayLike,
    rng: RNG = None,
    method: str = "heun",
    samples: int = 201,
    gain: Gain | None = None,
) -> Trajectory:
    """Integrate the network with white current noise at every input.

    The one-sided density S^2 = 4 k Theta / R gives u of an RC element the variance k Theta / C.

    Parameters
    ----------
    network : AnalogNetwork
        The network.
    initial : (n,) or (batch, n) array_like
        u at t = 0 in V.
    t_end_s : float
        End of the transient in s.
    dt_s : float
        Largest step in s; it is shortened so that whole steps meet the samples.
    noise : (n,) or float
        S in A/sqrt(Hz).
    rng : RNG
        Source of one stream for each state of the batch.
    method : str
        "heun" or "euler-maruyama"; both have strong order 1 for this additive noise, heun has weak order 2.
    samples : int
        Number of equidistant times, the two ends included.
    gain : callable or None
        Factor on the activation's gain as a function of t in s.

    Returns
    -------
    Trajectory
        The sampled potentials.

    Raises
    ------
    ValueError
        If the method is unknown or the step is not finite and positive.
    """
    u0 = check_initial(network, initial)
    times = sample_times(t_end_s, samples)
    if method not in ("heun", "euler-maruyama"):
        raise ValueError(f"method is {method!r}; choose heun or euler-maruyama")
    if not (np.isfinite(dt_s) and dt_s > 0):
        raise ValueError(f"dt_s is {dt_s}; it must be finite and positive")
    amplitude = per_neuron("noise", noise, network.size, positive=False) / (np.sqrt(2.0) * network.capacitances)
    streams = [np.random.default_rng(seed) for seed in read_seeds(rng, len(u0))]
    span = t_end_s / (samples - 1)
    steps = int(np.ceil(span / dt_s * (1.0 - 1e-12)))
    dt = span / steps
    block = max(1, _IN_FLIGHT // u0.size)
    potentials = np.empty((samples, *u0.shape))
    potentials[0] = u = u0
    message = ""
    for k in range(1, samples):
        for done in range(0, steps, block):
            checkpoint("transient", (k - 1) * steps + done, (samples - 1) * steps)
            shape = (min(block, steps - done), network.size)
            kicks = np.stack([stream.standard_normal(shape) for stream in streams], axis=1)
            with np.errstate(over="ignore", invalid="ignore"):  # the result reports a step that is too long
                u = _steps(network, u, times[k - 1] + done * dt, dt, kicks * (amplitude * np.sqrt(dt)), method, gain)
        potentials[k] = u
        if not np.isfinite(u).all():
            potentials = potentials[:k]
            message = f"the state is not finite after t = {times[k - 1]:g} s; take a shorter dt_s than {dt:g} s"
            break
    evaluations = (len(potentials) - 1) * steps * (2 if method == "heun" else 1)
    return make_trajectory(network, times, potentials, gain, message, 0.0, evaluations)


def _steps(
    network: AnalogNetwork, u: Float, t: float, dt: float, kicks: Float, method: str, gain: Gain | None
) -> Float:
    """Advance by one step for each of ``kicks`` (steps, batch, n), the noise increments in V."""
    for kick in kicks:
        checkpoint()
        drift = network.rhs(t, u, gain)
        t = t + dt
        if method == "heun":
            drift = 0.5 * (drift + network.rhs(t, u + drift * dt + kick, gain))
        u = u + drift * dt + kick
    return u
