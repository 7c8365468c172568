r"""The tanks of an Ising problem: conductances, pump and length that make the phases descend to a low energy.

.. math:: G = \min\Bigl(\frac{\lambda g_1}{\max_i \sum_j |J_{ij}| + |h_i|},\;
          \frac{\delta g_1}{2 r F}\Bigr), \qquad g_s = 2 r F G, \qquad N = \frac{\Phi}{K F}

where F = max_i sqrt(sum_j J_ij^2 + h_i^2) is the strongest field over random phases, r the ratio of K_s at the end to
K F, Phi the angle K F t of the whole anneal, N its cycles, lambda and delta the load and depth of ``tank.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Ising
from neuromorph.protocol import DoesNotFit

from .tank import DATA, Tank

_MOST_PAIRS = 100_000  # of tanks, in a netlist
_CYCLES = (4.0, 1e5)  # of an anneal: tanks start in the second; ngspice takes minutes for the most
_ANGLE = 50.0
_RATIO = 0.5


@dataclass(frozen=True, eq=False)
class TankArray:
    """Tanks with the resistors between them, and the length of an anneal.

    Attributes
    ----------
    ising : Ising
        Problem.
    tank : Tank
        Parts of each tank.
    unit_s : float
        Conductance G of a coupling of 1.
    pump_s : float
        Change g_s of the negative conductance by the pump at the end.
    cycles : float
        Length of the anneal, cycles of the reference.
    """

    ising: Ising
    tank: Tank
    unit_s: float
    pump_s: float
    cycles: float

    @property
    def pull(self) -> float:
        """K, rad a cycle for a coupling of 1."""
        return self.tank.pull(self.unit_s)

    @property
    def harmonic(self) -> float:
        """K_s at the end, rad a cycle."""
        return self.tank.harmonic(self.pump_s)

    @property
    def notes(self) -> tuple[str, ...]:
        """Pulls of couplings and pump on the phases, one sentence each."""
        tank = self.tank
        return (
            f"{self.ising.size} tanks of {tank.frequency_hz:.6g} Hz, {tank.amplitude_v:g} V; {self.cycles:.4g} cycles",
            "dphi_i/dt = w_i - K sum_j J_ij sin(phi_i - phi_j) - K h_i sin phi_i - K_s(t) sin 2 phi_i",
            f"K = G/(2 C) is {self.pull:.4g} rad a cycle for a coupling of 1, G = {self.unit_s:.4g} S",
            f"K_s = g_s/(4 C) is {self.harmonic:.4g} rad a cycle at the end, g_s = {self.pump_s:.4g} S",
        )


def design_tank_array(
    ising: Ising,
    *,
    angle: float = _ANGLE,
    ratio: float = _RATIO,
    load: float = DATA["load"].value,
    tank: Tank | None = None,
) -> TankArray:
    """Design the tanks of a problem.

    Parameters
    ----------
    ising : Ising
        Problem.
    angle : float, default 50
        Phi, rad.
    ratio : float, default 0.5
        r, K_s at the end over the pull of the strongest field.
    load : float, default 0.3
        lambda; the phase equation is of first order in it.
    tank : Tank, optional
        Parts of each tank; those of ``tank.toml`` by default.

    Returns
    -------
    TankArray
        Array.

    Raises
    ------
    ValueError
        If a number is not finite, angle or load are not above 0, load is not below 1, or ratio is below 0.
    DoesNotFit
        If there are too many couplings for a netlist, or the anneal is too short or too long for one.
    """
    if not (np.isfinite(angle) and angle > 0.0 and np.isfinite(ratio) and ratio >= 0.0):
        raise ValueError(f"angle is {angle}, ratio {ratio}; give a finite angle above 0, a finite ratio of 0 or more")
    if not 0.0 < load < 1.0:
        raise ValueError(f"load is {load}; give more than 0 and less than 1, for resistors stop a tank at 1")
    tank = tank or Tank()
    j = ising.sparse_couplings()
    if j.nnz // 2 + ising.size > _MOST_PAIRS:
        raise DoesNotFit(
            f"a netlist of tanks holds {_MOST_PAIRS} tanks and couplings, not {j.nnz // 2 + ising.size}: take fewer"
        )
    biases = np.abs(ising.biases)
    most = float((np.asarray(abs(j).sum(axis=1)).ravel() + biases).max()) or 1.0
    field = float(np.sqrt((np.asarray(j.power(2).sum(axis=1)).ravel() + biases**2).max())) or 1.0
    unit = load * tank.negative_s / most
    if ratio > 0.0:
        unit = min(unit, DATA["depth"].value * tank.negative_s / (2.0 * ratio * field))
    cycles = angle / (tank.pull(unit) * field)
    if not _CYCLES[0] <= cycles <= _CYCLES[1]:
        raise DoesNotFit(
            f"an anneal of {angle:g} rad takes {cycles:.3g} cycles of the tanks, which is not {_CYCLES[0]:g} to "
            f"{_CYCLES[1]:g}: change its angle, ratio or load"
        )
    return TankArray(ising, tank, unit, 2.0 * ratio * field * unit, cycles)
