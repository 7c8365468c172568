r"""An analog network under given noise currents: the differential equation of the circuit that carries the same ones.

.. math:: C\,\dot u = T V - u / R + I + i(t)

with i(t) of straight lines between knots. Runge and Kutta's method of order 4 takes whole steps within a line, where
the right-hand side is smooth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.analog import AnalogNetwork, Trajectory
from neuromorph.analog.network import Gain
from neuromorph.analog.transient import check_initial, make_trajectory
from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from .sequences import NoiseCurrents

SUBSTEPS = 8


@single_threaded_blas()
def simulate_driven(
    network: AnalogNetwork,
    initial: ArrayLike,
    currents: NoiseCurrents,
    *,
    substeps: int = SUBSTEPS,
    gain: Gain | None = None,
) -> Trajectory:
    """Integrate a network under noise currents, and return it at their knots.

    Parameters
    ----------
    network : AnalogNetwork
        The network.
    initial : (n,) float
        Potentials u at t = 0, V.
    currents : NoiseCurrents
        Currents into the inputs.
    substeps : int, default 8
        Steps from knot to knot.
    gain : callable, optional
        Factor on the activation's gain as a function of t in s.

    Returns
    -------
    Trajectory
        Potentials at the knots, one state.

    Raises
    ------
    ValueError
        If the currents are not those of as many neurons, or there are no steps.
    """
    u = check_initial(network, initial)
    x = currents.amperes
    if u.shape != (1, network.size) or x.shape[1] != network.size or substeps < 1:
        raise ValueError(
            f"currents are of {x.shape[1]} neurons, the states {len(u)} of {network.size}, substeps {substeps}; give "
            "one state, a current a neuron, one step at least"
        )
    h = currents.step_s / substeps
    potentials = np.empty((len(x), *u.shape))
    potentials[0] = u

    def slope(t: float, u: Float, ampere: Float) -> Float:
        return network.rhs(t, u, gain) + ampere / network.capacitances

    with np.errstate(over="ignore", invalid="ignore"):  # the result reports a step that is too long
        for k in range(len(x) - 1):
            checkpoint("transient", k, len(x) - 1)
            rise = (x[k + 1] - x[k]) / substeps
            for j in range(substeps):
                t, a = k * currents.step_s + j * h, x[k] + j * rise
                first = slope(t, u, a)
                second = slope(t + h / 2, u + (h / 2) * first, a + rise / 2)
                third = slope(t + h / 2, u + (h / 2) * second, a + rise / 2)
                last = slope(t + h, u + h * third, a + rise)
                u = u + (h / 6) * (first + 2 * second + 2 * third + last)
            potentials[k + 1] = u
    evaluations = 4 * substeps * (len(x) - 1)
    return make_trajectory(network, currents.times, potentials, gain, "", 0.0, evaluations)
