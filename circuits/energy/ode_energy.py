r"""The energy account of a circuit, element by element, along its ODE.

.. math:: \sum_{rails} V_r \int i_r\,dt + \sum_i I_i \int u_i\,dt
          = \sum_{amplifiers} \int (V_r - V)\,i\,dt + \sum_{resistors} \int \frac{(\Delta v)^2}{r}\,dt
          + \sum_{capacitors} \Delta\tfrac12 C u^2

which is Tellegen's theorem: what supplies deliver is dissipated or stored. A current i that flows out of an amplifier
comes from its upper rail, one that flows in goes to its lower rail; without rails an amplifier is ideal and its output
itself is the supply. The two sides share nothing but the elements: the stored energy comes from the states at the ends,
the rest from integrals, so ``Energy.imbalance`` shows a lost element, a wrong sign or a coarse step. Here is the ODE;
``spice_energy`` does the same for SPICE.
Source: Tellegen, Philips Res. Rep. 7, 259 (1952).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from neuromorph.analog import AnalogNetwork, Trajectory
from neuromorph.analog.transient import check_initial
from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from ..synthesis.component_values import passive_leaks

# Classes of elements: those that deliver, those that dissipate, those that store.
HIGH, LOW, OUTPUTS = "upper rail", "lower rail", "ideal outputs"
BIASES, CONTROLLED = "bias currents", "controlled currents"
AMPLIFIERS, SYNAPSES, LEAKS, RESISTORS = "amplifiers", "synapses", "leaks", "other resistors"
CAPACITORS = "capacitors"
DELIVERING = {HIGH, LOW, OUTPUTS, BIASES, CONTROLLED}

_TOLERANCE = 2.5e-14  # the smallest tolerance that SciPy's solvers take
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_FLOATS = 1 << 20  # powers that are held in memory at a time

Account = Mapping[str, Mapping[str, float]]
"""{class: {element: J}}; elements have the names that the simulators know them by."""


@dataclass(frozen=True)
class Rails:
    """The supply of every amplifier.

    Attributes
    ----------
    low_v, high_v : float
        Voltages of the rails against ground, V.
    quiescent_a : float
        Current through every amplifier, inverters included, from the upper to the lower rail, A.
    """

    low_v: float
    high_v: float
    quiescent_a: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite([self.low_v, self.high_v]).all() and self.low_v < self.high_v):
            raise ValueError(f"low_v is {self.low_v} and high_v {self.high_v}; need low_v < high_v, finite")
        if not (np.isfinite(self.quiescent_a) and self.quiescent_a >= 0.0):
            raise ValueError(f"quiescent_a is {self.quiescent_a}; it must be finite and not negative")


@dataclass(frozen=True)
class Energy:
    """Energy that was delivered, dissipated and stored in a circuit, by element, J.

    A value is negative where a source took energy up or a capacitor gave it back.

    Attributes
    ----------
    duration_s : float
        Time that the account covers, s.
    delivered : dict of class to dict of element to float
        Energy of the upper and the lower rail (each by amplifier, if the rails are of all amplifiers) and of bias
        currents, J; without rails, of ideal outputs.
    dissipated : dict of class to dict of element to float
        Energy of synapses and leaks, and with rails of the amplifiers, J.
    stored : dict of class to dict of element to float
        Energy of the capacitors, J.
    """

    duration_s: float
    delivered: Account
    dissipated: Account
    stored: Account

    def totals(self) -> dict[str, dict[str, float]]:
        """Return the energy of each class of element.

        Returns
        -------
        dict of str to dict of str to float
            {"delivered", "dissipated" or "stored": {class: J}}.
        """
        return {
            side: {name: float(sum(each.values())) for name, each in getattr(self, side).items()}
            for side in ("delivered", "dissipated", "stored")
        }

    @property
    def delivered_j(self) -> float:
        """Energy that the sources delivered, J."""
        return _sum(self.delivered)

    @property
    def dissipated_j(self) -> float:
        """Energy that was dissipated, J."""
        return _sum(self.dissipated)

    @property
    def stored_j(self) -> float:
        """Energy that was stored, J."""
        return _sum(self.stored)

    @property
    def imbalance(self) -> float:
        """Error of the balance over all energy dissipated, or moved into or out of capacitors."""
        classes = [*self.dissipated.values(), *self.stored.values()]
        moved = sum(abs(joule) for each in classes for joule in each.values())
        return abs(self.delivered_j - self.dissipated_j - self.stored_j) / (moved or 1.0)


@single_threaded_blas()
def energy_of_network(
    network: AnalogNetwork, initial: ArrayLike, duration_s: float, *, rails: Rails | None = None
) -> Energy:
    """Integrate the energies of a network along with its ODE; they balance to 1e-12.

    The resistors must be passive, as for :func:`circuits.build_hopfield_circuit`.

    Parameters
    ----------
    network : AnalogNetwork
        Network whose energies are integrated.
    initial : (n,) float
        Potentials at t = 0, V.
    duration_s : float
        Length of the transient, s.
    rails : Rails, optional
        Supply of the amplifiers; without it they are ideal sources.

    Returns
    -------
    Energy
        The account of every element.

    Raises
    ------
    ValueError
        If the duration is not positive, a leak would be negative, or the ODE cannot be integrated.
    """
    from scipy.integrate import solve_ivp

    if not (np.isfinite(duration_s) and duration_s > 0):
        raise ValueError(f"duration_s is {duration_s}; it must be finite and positive")
    start = check_initial(network, initial)
    if len(start) != 1:
        raise ValueError(f"initial has shape {start.shape}; energies are counted for one state ({network.size},)")
    meter, n = _Meter(network, rails), network.size

    def slope(t: float, y: Float) -> Float:
        checkpoint("energies of the differential equation", t, duration_s)
        u = y[:n]
        return np.concatenate([network.rhs(t, u), meter.powers(u[None], network.voltages(u)[None])[0]])

    # Infinite tolerance keeps the energies from steering the step; they only dilute the RMS that SciPy takes.
    g = network.activation
    tolerance = np.full(n + meter.size, np.inf)
    tolerance[:n] = _TOLERANCE * g.swing / g.gain
    y0 = np.concatenate([start[0], np.zeros(meter.size)])
    ends = [0.0, duration_s]
    solved = solve_ivp(slope, ends, y0, method="DOP853", rtol=_TOLERANCE, atol=tolerance, t_eval=ends[1:])
    if not solved.success:
        raise ValueError(f"the differential equation cannot be integrated: {solved.message}")
    return meter.energy(duration_s, start[0], solved.y[:n, -1], solved.y[n:, -1])


@single_threaded_blas()
def energy_of_trajectory(trajectory: Trajectory, *, rails: Rails | None = None, read: int = 0) -> Energy:
    """Integrate the energies of a simulated trajectory by cubics through its samples.

    The account is as good as the samples are dense; ``Energy.imbalance`` says how good.

    Parameters
    ----------
    trajectory : Trajectory
        Trajectory that was simulated before.
    rails : Rails, optional
        Supply of the amplifiers; without it they are ideal sources.
    read : int, default 0
        Which state of the batch is metered.

    Returns
    -------
    Energy
        The account of every element.

    Raises
    ------
    ValueError
        If the trajectory has fewer than two samples.
    """
    network, meter = trajectory.network, _Meter(trajectory.network, rails)
    times, u = trajectory.times, trajectory.potentials[:, read]
    if len(times) < 2:
        raise ValueError(f"the trajectory has {len(times)} samples ({trajectory.message or 'ok'}); two are the least")
    slopes = (network.drive(trajectory.voltages[:, read]) - u / network.resistances) / network.capacitances
    joules = np.zeros(meter.size)
    step = max(1, _FLOATS // (len(_NODES) * meter.size))
    for k in range(0, len(times) - 1, step):
        part = slice(k, min(k + step, len(times) - 1))
        after = slice(part.start + 1, part.stop + 1)
        h = (times[after] - times[part])[:, None]
        for node, weight in zip((1.0 + _NODES) / 2.0, _WEIGHTS / 2.0, strict=True):
            x, y = node, 1.0 - node
            at = y * y * ((1.0 + 2.0 * x) * u[part] + x * h * slopes[part])
            at += x * x * ((1.0 + 2.0 * y) * u[after] - y * h * slopes[after])
            gain = (y * trajectory.gains[part] + x * trajectory.gains[after])[:, None]
            joules += (weight * h * meter.powers(at, network.activation.value(gain * at))).sum(axis=0)
    return meter.energy(float(times[-1] - times[0]), u[0], u[-1], joules)


class _Meter:
    """Meter of the power of every element of a network, one after the other in a vector."""

    def __init__(self, network: AnalogNetwork, rails: Rails | None) -> None:
        t = sparse.coo_array(sparse.csr_array(network.conductances))
        keep = t.data != 0.0
        self.rows, self.cols, values = t.row[keep], t.col[keep], t.data[keep]
        self.siemens, self.signs = np.abs(values), np.sign(values)
        self.leaks, self.biases, self.farads = passive_leaks(network), network.currents, network.capacitances
        n = network.size
        sides = [(values > 0.0, 1.0, "bv"), (values < 0.0, -1.0, "bw")]
        # Output currents: V sum_i |T_ij| - sum_i |T_ij| u_i of what each output drives, v and its inverse w.
        self.driven = [
            sparse.csr_array((self.siemens[on], (self.rows[on], self.cols[on])), shape=(n, n)) for on, _, _ in sides
        ]
        self.used = [np.ones(n, dtype=bool), np.bincount(self.cols[sides[1][0]], minlength=n) > 0]
        self.outputs = [f"{letters}{j}" for used, (_, _, letters) in zip(self.used, sides, strict=True)
                        for j in np.flatnonzero(used)]  # fmt: skip
        self.rails = rails
        self.names: dict[str, list[str]] = {
            SYNAPSES: [f"r{i}_{j}" for i, j in zip(self.rows.tolist(), self.cols.tolist(), strict=True)],
            LEAKS: [f"rleak{i}" for i in range(n)],
            BIASES: [f"i{i}" for i in range(n)],
            **amplifier_names(self.outputs, rails),
        }
        self.size = sum(map(len, self.names.values()))

    def powers(self, u: Float, v: Float) -> Float:
        """Return the power of every element, (k, size), W, for u and V (k, n)."""
        across = self.signs * v[:, self.cols] - u[:, self.rows]
        volts, amperes = [], []
        for sign, driven, used in zip((1.0, -1.0), self.driven, self.used, strict=True):
            output = sign * v
            volts.append(output[:, used])
            amperes.append((output * np.asarray(driven.sum(axis=0)) - (driven.T @ u.T).T)[:, used])
        outputs = amplifier_powers(np.hstack(volts), np.hstack(amperes), self.rails)
        return np.hstack([self.siemens * across**2, self.leaks * u**2, self.biases * u, *outputs])

    def energy(self, duration_s: float, first: Float, last: Float, joules: Float) -> Energy:
        found: dict[str, dict[str, float]] = {}
        at = 0
        for name, each in self.names.items():
            found[name] = dict(zip(each, joules[at : at + len(each)].tolist(), strict=True))
            at += len(each)
        found[LEAKS] = {name: j for name, j in found[LEAKS].items() if self.leaks[int(name[5:])]}
        found[BIASES] = {name: j for name, j in found[BIASES].items() if self.biases[int(name[1:])]}
        stored = (self.farads * (last - first) * (last + first) / 2.0).tolist()
        found[CAPACITORS] = {f"c{i}": joule for i, joule in enumerate(stored)}
        return energy_by_class(duration_s, found)


def amplifier_names(outputs: Sequence[str], rails: Rails | None) -> dict[str, list[str]]:
    """Return the names of the elements in each class that ``amplifier_powers`` gives.

    Parameters
    ----------
    outputs : sequence of str
        Names of the amplifiers.
    rails : Rails or None
        Supply of the amplifiers, if there is one.

    Returns
    -------
    dict[str, list[str]]
        {class: names}, in the order of ``amplifier_powers``.
    """
    return {name: list(outputs) for name in ((OUTPUTS,) if rails is None else (HIGH, LOW, AMPLIFIERS))}


def amplifier_powers(volts: Float, amperes: Float, rails: Rails | None) -> list[Float]:
    """Return the power of amplifiers by class.

    Parameters
    ----------
    volts : ndarray of float
        Outputs, V.
    amperes : ndarray of float
        Currents out of the outputs, A.
    rails : Rails or None
        Supply of the amplifiers; without it they are ideal sources.

    Returns
    -------
    list of ndarray of float
        Without rails the power of the outputs; with rails what the upper and the lower rail deliver and what the
        amplifiers dissipate, W.
    """
    if rails is None:
        return [volts * amperes]
    upper, lower = np.maximum(amperes, 0.0), np.minimum(amperes, 0.0)
    high = rails.high_v * (upper + rails.quiescent_a)
    low = rails.low_v * (lower - rails.quiescent_a)
    return [high, low, high + low - volts * amperes]


def energy_by_class(duration_s: float, found: dict[str, dict[str, float]]) -> Energy:
    """Sort classes of elements to their sides of the account.

    Parameters
    ----------
    duration_s : float
        Time that the account covers, s.
    found : dict[str, dict[str, float]]
        {class: {element: J}}.

    Returns
    -------
    Energy
        The account.
    """
    return Energy(
        duration_s,
        {name: each for name, each in found.items() if name in DELIVERING},
        {name: each for name, each in found.items() if name not in DELIVERING | {CAPACITORS}},
        {CAPACITORS: found[CAPACITORS]},
    )


def _sum(account: Account) -> float:
    return float(sum(joule for each in account.values() for joule in each.values()))
