r"""Joules of reads along their simulated trajectories, by class of element.

.. math:: E_k = \int_0^T P_k(u(t), V(t))\,dt

by the trapezoidal rule over the looks at a relaxation and over some fifty looks at an anneal. That is 0.5 % of a class,
for V switches and output stages change rails between looks; in single reads of an anneal, by its noise, 2 % of
all (6 % of the leaks), and more reads average that out.
What the capacitors hold at the end is lost too: the next read loads them anew. Powers: ``circuits.energy.class_power``.
"""

from __future__ import annotations

import numpy as np

from .. import circuits_needed  # noqa: F401

# isort: split
from circuits.energy.class_power import ClassMeter, ClassPowers
from neuromorph.analog import AnalogNetwork, Trajectory
from neuromorph.ising import Float

EVENTS = tuple(f"{name}_j" for name in (*ClassPowers._fields, "charge", "drawn"))  # of ``Run.activity``
LOOK_TAU = 8.0  # between looks at an anneal, median R C: what it does, beside its noise, takes hundreds


def energy_of_window(meter: ClassMeter, path: Trajectory, samples: int) -> Float:
    """Of the first state of ``path`` until its sample ``samples - 1``, (classes,)."""
    part = slice(0, samples)
    powers = meter.powers(path.potentials[part, 0], path.voltages[part, 0])
    return np.asarray(np.trapezoid(powers, path.times[part]))


class PowerProbe:
    """What ``anneal`` is observed with: the powers of every read now and then, more often while the noise sets in."""

    def __init__(self, network: AnalogNetwork, meter: ClassMeter) -> None:
        self._network, self._meter = network, meter
        self._tau_s, self._due_s = float(np.median(network.time_constants_s)), 0.0
        self._times: list[float] = []
        self._powers: list[ClassPowers] = []

    def __call__(self, t_s: float, u: Float, v: Float) -> None:
        if t_s >= self._due_s:
            self._due_s = t_s + min(LOOK_TAU * self._tau_s, max(self._tau_s, t_s))
            self._look(t_s, u, v)

    def joules(self, end_s: float, u: Float) -> dict[str, Float]:
        """Until the end in potentials u (reads, n), at full gain."""
        self._look(end_s, u, self._network.voltages(u))
        return energies_by_event(np.trapezoid(np.array(self._powers), self._times, axis=0), self._meter.stored(u))

    def _look(self, t_s: float, u: Float, v: Float) -> None:
        self._times.append(t_s)
        self._powers.append(self._meter.powers(u, v))


def energies_by_event(joules: Float, charge: Float) -> dict[str, Float]:
    """{event of ``Run.activity``: (reads,)} of joules (classes, reads) and of what capacitors hold (reads,)."""
    return dict(zip(EVENTS, (*joules, charge, joules.sum(axis=0) + charge), strict=True))
