r"""Energy of reads along their simulated trajectories, by class of element.

.. math:: E_k = \int_0^T P_k(u(t), V(t))\,dt

where P_k is the power of element class k (``circuits.energy.class_power``) at potentials u and outputs V, and T the
duration of the read. The integral is a trapezoidal sum over the samples of a relaxation and over some fifty samples of
an anneal. Its error is 0.5 % of a class, for V switches and output stages change rails between samples; in single reads
of an anneal, by its noise, 2 % of all (6 % of the leaks), which more reads average out.
The charge on the capacitors at the end is lost too: the next read loads them anew.
"""

from __future__ import annotations

import numpy as np

from .. import circuits_needed  # noqa: F401

# isort: split
from circuits.energy.class_power import ClassMeter, ClassPowers
from neuromorph.analog import AnalogNetwork, Trajectory
from neuromorph.ising import Float

EVENTS = tuple(f"{name}_j" for name in (*ClassPowers._fields, "charge", "drawn"))  # event names of ``Run.activity``
LOOK_TAU = 8.0  # time between samples of an anneal in median R C; without its noise, an anneal changes over hundreds


def energy_of_window(meter: ClassMeter, path: Trajectory, samples: int) -> Float:
    """Integrate the powers of ``path`` from its first sample to sample ``samples - 1``.

    Parameters
    ----------
    meter : ClassMeter
        Computes the powers.
    path : Trajectory
        One relaxation.
    samples : int
        Number of samples to integrate over.

    Returns
    -------
    (classes,) float
        Energy, J.
    """
    part = slice(0, samples)
    powers = meter.powers(path.potentials[part, 0], path.voltages[part, 0])
    return np.asarray(np.trapezoid(powers, path.times[part]))


class PowerProbe:
    """Observer of an anneal that samples the powers of every read.

    It samples more often while the noise sets in.

    Parameters
    ----------
    network : AnalogNetwork
        The annealed network.
    meter : ClassMeter
        Computes the powers.
    """

    def __init__(self, network: AnalogNetwork, meter: ClassMeter) -> None:
        self._network, self._meter = network, meter
        self._tau_s, self._due_s = float(np.median(network.time_constants_s)), 0.0
        self._times: list[float] = []
        self._powers: list[ClassPowers] = []

    def __call__(self, t_s: float, u: Float, v: Float) -> None:
        """Sample the powers of states ``u``, ``v`` (reads, n) at ``t_s`` if a sample is due."""
        if t_s >= self._due_s:
            self._due_s = t_s + min(LOOK_TAU * self._tau_s, max(self._tau_s, t_s))
            self._look(t_s, u, v)

    def joules(self, end_s: float, u: Float) -> dict[str, Float]:
        """Integrate the sampled powers of an anneal.

        Parameters
        ----------
        end_s : float
            End of the anneal, s.
        u : (reads, n) float
            Potentials there, V.

        Returns
        -------
        dict of str to (reads,) float
            Energy by event, J.
        """
        self._look(end_s, u, self._network.voltages(u))
        return energies_by_event(np.trapezoid(np.array(self._powers), self._times, axis=0), self._meter.stored(u))

    def _look(self, t_s: float, u: Float, v: Float) -> None:
        self._times.append(t_s)
        self._powers.append(self._meter.powers(u, v))


def energies_by_event(joules: Float, charge: Float) -> dict[str, Float]:
    """Name the energies by their events of ``Run.activity``.

    Parameters
    ----------
    joules : (classes, reads) float
        Energy by element class.
    charge : (reads,) float
        Energy on the capacitors at the end.

    Returns
    -------
    dict of str to (reads,) float
        Energy by event; ``drawn_j`` is their sum.
    """
    return dict(zip(EVENTS, (*joules, charge, joules.sum(axis=0) + charge), strict=True))
