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

from .trimmed_units import TrimmedUnits

_SCATTER = 1e-3
_STEP = 0.5  # step of the integration in tau
_PASSES = 4  # number of servo passes within a step
_STIFF = 0.1  # least slope of a row's sum that its servo follows; below, all units are at the ends of their curves
_SLEW = 0.03  # largest change by a servo in one pass, in units of U


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
    rest, growth = _operating_point(units, n)
    matrices = np.array([system.scaled(d) for d in np.broadcast_to(held, (reads, n, n))])
    streams = [np.random.default_rng(seed) for seed in seeds]
    u = np.array([_SCATTER * stream.standard_normal((n, n)) for stream in streams])
    rows, columns = np.zeros((reads, n, 1)), np.zeros((reads, 1, n))
    joules = np.zeros(reads)
    # The hopping's own noise in a step: the current is averaged over the window, the integrator over the step.
    blur = np.sqrt(1.0 / (2.0 * max(dt * tau_s, window_s))) / 2.0
    block = max(1, (1 << 20) // (reads * n * n))
    temperatures = system.temperature(times)
    for step in range(steps):
        checkpoint("annealing the tours", step, steps)
        if step % block == 0:
            shape = (min(block, steps - step), 2, n, n)
            kicks = np.stack([stream.standard_normal(shape) for stream in streams], axis=1)
        kick = kicks[step % block]
        t = float(temperatures[step])
        scale = growth / t
        v, volts = _balanced(units, which, u, rows, columns, scale, rest, t)
        if observe is not None:
            observe(float(times[step]), u, v)
        joules += units.look_up(units.powers_w, which, volts).sum(axis=(1, 2)) * dt * tau_s
        noisy = v + blur * np.sqrt(units.look_up(units.noise, which, volts)) * kick[:, 0]
        force = matrices @ (np.roll(noisy, 1, axis=-1) + np.roll(noisy, -1, axis=-1))
        force -= system.coupling(times[step]) * noisy
        u += -dt * (u + force) + system.sigma * t * np.sqrt(dt) * kick[:, 1]
    v, _ = _balanced(units, which, u, rows, columns, growth / float(temperatures[-1]), rest, float(temperatures[-1]))
    if observe is not None:
        observe(system.duration_tau, u, v)
    return Permutations(v, system.duration_tau, steps, np.full(reads, _PASSES * (steps + 1))), joules


def _balanced(
    units: TrimmedUnits,
    which: NDArray[np.int64],
    u: Float,
    rows: Float,
    columns: Float,
    scale: float,
    rest: float,
    t: float,
) -> tuple[Float, Float]:
    """Compute V and the units' voltages after a few turns of the servos, which update ``rows`` and ``columns``."""
    for _ in range(_PASSES):
        for offsets, axis in ((rows, 2), (columns, 1)):
            volts = rest + scale * (u + rows + columns)
            v = 0.5 * (1.0 + units.look_up(units.outputs, which, volts))
            # an exponential would have the slope V / T; at the ends of a curve there is none
            slope = np.maximum(v * (1.0 - v), 0.0).sum(axis=axis, keepdims=True) + _STIFF
            offsets += np.clip(t * (1.0 - v.sum(axis=axis, keepdims=True)) / slope, -_SLEW, _SLEW)
        level = columns.mean()
        columns -= level
        rows += level
    volts = rest + scale * (u + rows + columns)
    return 0.5 * (1.0 + units.look_up(units.outputs, which, volts)), volts


def _operating_point(units: TrimmedUnits, n: int) -> tuple[float, float]:
    """Find the voltage at which the mean curve passes 1/n, and in which it would grow by a factor e there."""
    grid = np.linspace(-units.range_v, units.range_v, units.outputs.shape[1])
    mean = 0.5 * (1.0 + units.outputs.mean(axis=0))
    rest = float(np.interp(1.0 / n, np.maximum.accumulate(mean), grid))
    slope = float(np.interp(rest, grid, np.gradient(mean, grid)))
    return rest, (1.0 / n) / slope
