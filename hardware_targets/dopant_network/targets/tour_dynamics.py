r"""Tours from dopant units: softassign with the units' own curves in place of exponentials.

.. math:: \dot U = -U - \hat d\, V (S + S^\top) + \tfrac{\gamma(t)}{n} V + \sigma T \dot W, \qquad
          V_{xi} = \tfrac12 \big(1 + g_{xi}(v_0 + a (U_{xi} + r_x + c_i) / T)\big)

where

- U are the potentials and V the outputs of the units of city x and position i, g_xi the trimmed curve of a unit,
- d are scaled distances, S is the shift by one position, gamma the self-coupling, sigma T the noise, T the temperature,
- r and c are found by servo amplifiers, so that each row and column of V sums to 1,
- v_0 is where a mean curve passes 1/n, and a the voltage in which it grows by a factor e there.

With a pure exponential this would be ``neuromorph.analog.softassign``, whose schedule it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from neuromorph.analog import Softassign
from neuromorph.analog.assignments import Permutations
from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from .tour_kernel import PASSES, advance_tour, balance
from .trimmed_units import TrimmedUnits

_SCATTER = 1e-3
_STEP = 0.5  # step of the integration in tau
_KICKS = 1 << 19  # random numbers of a kind at once


@single_threaded_blas()
def anneal_tours(
    system: Softassign,
    seeds: Sequence[np.random.SeedSequence],
    held: Float,
    units: TrimmedUnits,
    which: NDArray[np.int64],
    tau_s: float,
    window_s: float,
    observe: Callable[[float, Float, Float], None] | None = None,
) -> tuple[Permutations, Float]:
    """Anneal one tour a stream with dopant units.

    Parameters
    ----------
    system : Softassign
        Distances and schedule.
    seeds : sequence of SeedSequence
        Streams of the reads.
    held : (n, n) or (reads, n, n) float
        Distances as the crossbar holds them.
    units : TrimmedUnits
        Curves of the units.
    which : (n, n) int
        The unit of each cell.
    tau_s : float
        Time constant, s.
    window_s : float
        Averaging time of a unit's current, s.
    observe : callable, optional
        Called with t in tau, U and V (reads, n, n), at the start of every step and at the end. It changes nothing.

    Returns
    -------
    tours : Permutations
        The tours.
    joules : (reads,) float
        Energy of the units, J.
    """
    n, reads = system.size, len(seeds)
    steps = int(np.ceil(system.duration_tau / _STEP))
    times = np.linspace(0.0, system.duration_tau, steps + 1)
    dt = system.duration_tau / steps
    temperatures, couplings = system.temperature(times), system.coupling(times)
    # The hopping's own noise in a step: the current is averaged over the window, the integrator over the step.
    blur = np.sqrt(1.0 / (2.0 * max(dt * tau_s, window_s))) / 2.0
    rest, growth = _operating_point(units, n)
    device = which.astype(np.int64), units.range_v, units.outputs, units.noise, units.powers_w
    matrices = [system.scaled(d) for d in np.broadcast_to(held, (reads, n, n))]
    streams = [np.random.default_rng(seed) for seed in seeds]
    u = np.array([_SCATTER * stream.standard_normal((n, n)) for stream in streams])
    v, servos, joules = np.empty((reads, n, n)), np.zeros((reads, 2, n)), np.zeros(reads)
    # An observer sees all reads at each step; without one each read goes to its end alone.
    groups = [range(reads)] if observe is not None else [range(r, r + 1) for r in range(reads)]
    block = 1 if observe is not None else max(1, _KICKS // (n * n))
    for done, group in enumerate(groups):
        for first in range(0, steps, block):
            checkpoint("annealing the tours", done * steps + first, len(groups) * steps)
            part = slice(first, min(first + block, steps))
            before = u.copy() if observe is not None else u
            for r in group:
                kicks = streams[r].standard_normal((part.stop - first, 2, n, n))
                joules[r] += dt * tau_s * advance_tour(
                    u[r], v[r], servos[r], matrices[r], device, temperatures[part], couplings[part], kicks, rest,
                    growth, dt, blur, system.sigma,
                )  # fmt: skip
            if observe is not None:
                observe(float(times[first]), before, v)
    for r in range(reads):
        t = float(temperatures[-1])
        balance(u[r], v[r], servos[r], device[:3], growth / t, rest, t, np.empty((n, n)))
    if observe is not None:
        observe(system.duration_tau, u, v)
    return Permutations(v, system.duration_tau, steps, np.full(reads, PASSES * (steps + 1))), joules


def _operating_point(units: TrimmedUnits, n: int) -> tuple[float, float]:
    """Find the voltage at which the mean curve passes 1/n, and in which it would grow by a factor e there."""
    grid = np.linspace(-units.range_v, units.range_v, units.outputs.shape[1])
    mean = 0.5 * (1.0 + units.outputs.mean(axis=0))
    rest = float(np.interp(1.0 / n, np.maximum.accumulate(mean), grid))
    slope = float(np.interp(rest, grid, np.gradient(mean, grid)))
    return rest, (1.0 / n) / slope
