"""Compiled steps of ``tour_dynamics``: servos of rows and columns, look-ups in the units' curves, and a step of U."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

PASSES = 4  # number of servo passes within a step
_STIFF = 0.1  # least slope of a row's sum that its servo follows; below, all units are at the ends of their curves
_SLEW = 0.03  # largest change by a servo in one pass, in units of U


@njit(cache=True, nogil=True)
def _look_up(table, unit, range_v, volts):
    """Interpolate as :meth:`.TrimmedUnits.look_up`."""
    m = table.shape[1]
    at = (min(max(volts / range_v, -1.0), 1.0) + 1.0) * (0.5 * (m - 1))
    low = min(int(at), m - 2)
    left = table[unit, low]
    return left + (at - low) * (table[unit, low + 1] - left)


@njit(cache=True, nogil=True)
def balance(u, v, servos, device, scale, rest, t, volts):
    """Compute V and the units' voltages after a few turns of the servos, all in place.

    Parameters
    ----------
    u, v, volts : (n, n) float
        Potentials, outputs and voltages.
    servos : (2, n) float
        Offsets of the rows and of the columns.
    device : tuple
        Unit of each cell, range in V, and the curves of the outputs.
    scale, rest, t : float
        Volts of one unit of U, the voltage of U = 0, and the temperature.
    """
    which, range_v, outputs = device
    n = len(u)
    rows, columns = servos[0], servos[1]
    sums, slopes = np.empty(n), np.empty(n)
    for _ in range(PASSES):
        for axis in range(2):
            sums[:], slopes[:] = 0.0, 0.0
            for x in range(n):
                for i in range(n):
                    out = 0.5 * (
                        1.0 + _look_up(outputs, which[x, i], range_v, rest + scale * (u[x, i] + rows[x] + columns[i]))
                    )
                    line = x if axis == 0 else i
                    sums[line] += out
                    # an exponential would have the slope V / T; at the ends of a curve there is none
                    slopes[line] += max(out * (1.0 - out), 0.0)
            offsets = servos[axis]
            for k in range(n):
                offsets[k] += min(max(t * (1.0 - sums[k]) / (slopes[k] + _STIFF), -_SLEW), _SLEW)
        level = columns.mean()
        columns -= level
        rows += level
    for x in range(n):
        for i in range(n):
            volts[x, i] = rest + scale * (u[x, i] + rows[x] + columns[i])
            v[x, i] = 0.5 * (1.0 + _look_up(outputs, which[x, i], range_v, volts[x, i]))


@njit(cache=True, nogil=True)
def advance_tour(u, v, servos, matrix, device, temperatures, couplings, kicks, rest, growth, dt, blur, sigma):
    """Advance one read by a step for each temperature, in place.

    Parameters
    ----------
    u, v : (n, n) float
        Potentials and outputs; the latter end as they were before the last step.
    servos : (2, n) float
        Offsets of the rows and of the columns.
    matrix : (n, n) float
        Distances, scaled.
    device : tuple
        Unit of each cell, range in V, and the curves of the outputs, of their noise, and of the powers in W.
    temperatures, couplings : (steps,) float
        Temperature and self-coupling of each step.
    kicks : (steps, 2, n, n) float
        Normal variates of the outputs and of the potentials.
    rest, growth : float
        Voltage of U = 0, and volts of one unit of U times the temperature.
    dt, blur, sigma : float
        Step in time constants, and sizes of both noises.

    Returns
    -------
    float
        Sum over the steps of the power of the units, W.
    """
    which, range_v, outputs, noise, powers_w = device
    n = len(u)
    volts, noisy, beside = np.empty((n, n)), np.empty((n, n)), np.empty((n, n))
    total = 0.0
    for step in range(len(temperatures)):
        t = temperatures[step]
        balance(u, v, servos, (which, range_v, outputs), growth / t, rest, t, volts)
        for x in range(n):
            for i in range(n):
                unit = which[x, i]
                total += _look_up(powers_w, unit, range_v, volts[x, i])
                spread = math.sqrt(_look_up(noise, unit, range_v, volts[x, i]))
                noisy[x, i] = v[x, i] + blur * spread * kicks[step, 0, x, i]
            for i in range(n):
                beside[x, i] = noisy[x, i - 1] + noisy[x, i + 1 if i + 1 < n else 0]
        force = np.dot(matrix, beside)
        width = sigma * t * math.sqrt(dt)
        for x in range(n):
            for i in range(n):
                u[x, i] += -dt * (u[x, i] + force[x, i] - couplings[step] * noisy[x, i]) + width * kicks[step, 1, x, i]
    return total
