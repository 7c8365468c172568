r"""Relaxation of a network whose products are digital: sampled and held.

.. math:: u \leftarrow u + (1 - e^{-h / \tau}) \bigl(R\, (\hat T(V) + I) - u\bigr)

Between two conversions, an interval h apart, the converted products are held, and the leak of a neuron is solved
exactly: this is no approximation of such a loop but what it does. h is that of ``mean_field_annealing``, whose steps
are the same: half an R C, or less where the most negative mode of the couplings would oscillate.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neuromorph.analog import AnalogNetwork
from neuromorph.analog.mean_field_annealing import sampling_interval
from neuromorph.ising import Float

_LONGEST, _STILL = 400.0, 4  # R C of a relaxation; intervals in a row for which a network at rest does not move


def relax_sampled(
    network: AnalogNetwork, start: Float, rest: float, observe: Callable[[float, Float, Float], None] | None = None
) -> tuple[Float, float, bool]:
    """Relax a network between converters from one start until it rests or 400 R C have passed.

    Parameters
    ----------
    network : AnalogNetwork
        Network with a product of its own.
    start : (n,) float
        Potentials u at the start, V.
    rest : float
        Largest ``|u - R (T V + I)|`` at rest, over the swing or the largest ``|u|``.
    observe : callable, optional
        Called with t in s, u and V, both (1, n), at every conversion.

    Returns
    -------
    u : (n,) float
        Potentials at the end, V.
    seconds : float
        Duration, s.
    rests : bool
        Whether the network rests.
    """
    interval = sampling_interval(network)
    dt = interval * float(np.median(network.time_constants_s))
    approach, u, still = -np.expm1(-dt / network.time_constants_s), np.array(start, dtype=float), 0
    most = int(np.ceil(_LONGEST / interval))
    for step in range(most + 1):
        v = network.voltages(u)
        if observe is not None:
            observe(step * dt, u[None], v[None])
        off = network.resistances * network.drive(v) - u
        still = still + 1 if np.abs(off).max() <= rest * max(network.activation.swing, np.abs(u).max()) else 0
        if still == _STILL or step == most:
            break
        u = u + approach * off
    return u, max(step, 1) * dt, still == _STILL
