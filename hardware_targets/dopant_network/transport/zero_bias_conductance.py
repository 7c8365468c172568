r"""Conductance at zero bias by linear response, and whether a device conducts by activation.

.. math:: \sum_m c_{nm} \Big( u_n - u_m - \tfrac{s\, e V}{k T} \Big) = 0, \qquad
          c_{nm} = p_n k_{n \to m} = c_{mn}, \qquad
          I_e = e \sum_{n \to m} s\, c_{nm} \Big( u_n - u_m - \tfrac{s\, e V}{k T} \Big)

    E_a = - \frac{d \ln G}{d (1 / k T)}

where

- p_n is the Boltzmann weight of occupation n, k a hopping rate, c_nm their product, the same both ways,
- u_n is the change of p_n over p_n with respect to the equilibrium at the raised voltages, s = 1 for a hop into an
  electrode at V, -1 for one out of it and 0 for others,
- G is the conductance between two electrodes while all others float, E_a its activation energy.

Above 10 acceptors G is that of the resistors e^2 T_ab / kT between all places, T_ab the mean flow in mean field: the
network of Miller and Abrahams. A device has the geometric mean of its pairs of opposite electrodes.

A conductance sigma_0 exp(-(T*/T)^b) has E_a = b kT (T*/T)^b, which is positive at every temperature. Of silicon doped
with boron, from 0.75 of the critical density up, b is 1/3 for T*/T < 8 and 1/2 for T*/T > 10 (Dai, Zhang and Sarachik):
that makes G(300 K) / G(77 K) 1.44 to 21.8 (``published_rise``), from T* = 77 K, below which nothing is left to activate
at 77 K, to T* = 3000 K, from which b = 1/2 would hold up to 300 K. The energy of nearest-neighbor hopping in lightly
compensated Si:B is 1 to 2 times e^2 N^(1/3) / 4 pi eps (Gershenzon, Melnikov, Shestakov, JETP Lett., abstract, at
2e16 to 1e17 /cm3): 12 to 25 meV at 1e18 /cm3.

The mean field errs: of 9 acceptors its G is 0.75 to 6 times the exact one at 77 K, and G(300 K) / G(77 K) 0.34 to 1.34
times, 0.8 in the geometric mean (12 seeds).

Source: Miller and Abrahams, Phys. Rev. 120, 745 (1960); Dai, Zhang and Sarachik, One-parameter scaling of the
conductivity of Si:B: a temperature-independent variable-range hopping prefactor, arXiv (abstract).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.constants import elementary_charge
from scipy.sparse.linalg import splu

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork, thermal_voltage
from .master_equation import transitions
from .mean_field import mean_field_occupations

MAX_RESPONSE_ACCEPTORS = 10  # Linear response is exact up to this number of acceptors.
ROOM_K = 300.0
_LARGEST_T_STAR_K = 10.0 * ROOM_K  # T*, above which b = 1/2 would hold up to room temperature
_STEP = 0.02  # half the step of temperature of an activation energy, relative


def published_rise(temperature_k: float) -> tuple[float, float]:
    """Compute the range of G(T) / G(77 K) of silicon doped with boron.

    Parameters
    ----------
    temperature_k : float
        T, K.

    Returns
    -------
    (float, float)
        exp(1 - (77 K / T)^(1/3)), of T* = 77 K, and exp((T* / 77 K)^(1/2) - (T* / T)^(1/2)), of T* = 3000 K.

    References
    ----------
    Dai, Zhang and Sarachik, One-parameter scaling of the conductivity of Si:B, arXiv (abstract): the form.
    """
    thermal_voltage(temperature_k)
    low = 1.0 - (LIQUID_NITROGEN_K / temperature_k) ** (1.0 / 3.0)
    high = (_LARGEST_T_STAR_K / LIQUID_NITROGEN_K) ** 0.5 - (_LARGEST_T_STAR_K / temperature_k) ** 0.5
    return float(np.exp(low)), float(np.exp(high))


@dataclass(frozen=True)
class ConductionRegime:
    """How the conductance of a device at zero bias depends on temperature.

    Attributes
    ----------
    temperatures_k : (float, float)
        Two temperatures, K.
    conductances_s : (float, float)
        G at each, A/V.
    activations_v : (float, float)
        E_a / e at each, V.
    exact : bool
        Whether G is exact (up to 10 acceptors) or in mean field.
    """

    temperatures_k: tuple[float, float]
    conductances_s: tuple[float, float]
    activations_v: tuple[float, float]
    exact: bool

    @property
    def ratio(self) -> float:
        """G at the higher temperature over G at the lower one."""
        return self.conductances_s[1] / self.conductances_s[0]

    @property
    def activated(self) -> bool:
        """Whether G rises with temperature at both ends and from one to the other."""
        return self.ratio > 1.0 and min(self.activations_v) > 0.0

    def __str__(self) -> str:
        told = ", ".join(
            f"{1e3 * energy:.1f} meV at {kelvin:g} K"
            for energy, kelvin in zip(self.activations_v, self.temperatures_k, strict=True)
        )
        low, high = self.temperatures_k
        return (
            f"{'activated' if self.activated else 'metallic'}: activation energy {told}, G({high:g} K)/G({low:g} K) = "
            f"{self.ratio:.2f} ({'exact' if self.exact else 'mean field'})"
        )


def conduction_regime(
    network: HoppingNetwork,
    voltages_v: ArrayLike | None = None,
    *,
    temperatures_k: tuple[float, float] = (LIQUID_NITROGEN_K, ROOM_K),
) -> ConductionRegime:
    """Compute activation energies at two temperatures.

    Parameters
    ----------
    network : HoppingNetwork
        The network.
    voltages_v : (k,) float, optional
        Voltages at zero bias, V, as of :func:`zero_bias_conductance`.
    temperatures_k : (float, float)
        Temperatures, K, rising.

    Returns
    -------
    ConductionRegime
        Conductances, energies and what they are called.

    Raises
    ------
    ValueError
        If the temperatures do not rise, or as :func:`zero_bias_conductance`.
    """
    low, high = temperatures_k
    if not low < high:
        raise ValueError(f"temperatures_k are {temperatures_k}; the second must be above the first")
    conductances, energies = [], []
    for kelvin in temperatures_k:
        ends = [(1.0 - _STEP) * kelvin, (1.0 + _STEP) * kelvin]
        logs = [np.log(zero_bias_conductance(network, voltages_v, temperature_k=each)) for each in ends]
        inverse = [1.0 / thermal_voltage(each) for each in ends]
        energies.append(float((logs[0] - logs[1]) / (inverse[1] - inverse[0])))
        conductances.append(zero_bias_conductance(network, voltages_v, temperature_k=kelvin))
    exact = network.sites <= MAX_RESPONSE_ACCEPTORS
    return ConductionRegime(temperatures_k, (conductances[0], conductances[1]), (energies[0], energies[1]), exact)


def summarize_regimes(regimes: Sequence[ConductionRegime]) -> str:
    """Count the devices that are activated.

    Parameters
    ----------
    regimes : sequence of ConductionRegime
        Devices at the same temperatures, one at least.

    Returns
    -------
    str
        How many are activated, and the range of activation energies at the lower temperature.
    """
    low, high = regimes[0].temperatures_k
    energies = [1e3 * each.activations_v[0] for each in regimes]
    count = sum(each.activated for each in regimes)
    rest = "" if count == len(regimes) else f", {len(regimes) - count} metallic"
    return (
        f"{count} of {len(regimes)} units activated from {low:g} to {high:g} K{rest}; activation energies "
        f"{min(energies):.1f} to {max(energies):.1f} meV at {low:g} K"
    )


def zero_bias_conductance(
    network: HoppingNetwork, voltages_v: ArrayLike | None = None, *, temperature_k: float = LIQUID_NITROGEN_K
) -> float:
    """Compute the conductance between opposite electrodes at zero bias, the others floating.

    Parameters
    ----------
    network : HoppingNetwork
        The network.
    voltages_v : (k,) float, optional
        Voltages, V, equal at all electrodes that holes can enter; insulated gates may have others. None is 0 V.
    temperature_k : float
        Temperature, K.

    Returns
    -------
    float
        Geometric mean over the pairs of opposite electrodes that holes can enter, A/V.

    Raises
    ------
    ValueError
        If holes can enter fewer than two electrodes, voltages differ, or the mean field has no steady state.
    """
    matrix = conductance_matrix(network, voltages_v, temperature_k=temperature_k)
    contacts = _contacts(network)
    joined = matrix[np.ix_(contacts, contacts)]
    count = len(contacts)
    pairs = {tuple(sorted((i, (i + count // 2) % count))) for i in range(count)}
    logs = []
    for pair in sorted(pairs):
        others = [e for e in range(count) if e not in pair]
        links = _mesh(np.maximum(-0.5 * (joined + joined.T), 0.0)[np.ix_([*pair, *others], [*pair, *others])], 2)
        logs.append(np.log(max(links[0, 1], np.finfo(float).tiny)))
    return float(np.exp(np.mean(logs)))


@single_threaded_blas()
def conductance_matrix(
    network: HoppingNetwork, voltages_v: ArrayLike | None = None, *, temperature_k: float = LIQUID_NITROGEN_K
) -> Float:
    """Compute the conductances between all electrodes at zero bias.

    Parameters
    ----------
    network : HoppingNetwork
        The network; up to 10 acceptors it is exact, else in mean field.
    voltages_v, temperature_k
        As of :func:`zero_bias_conductance`.

    Returns
    -------
    (k, k) float
        G: -dI_e / dV_f at row e, where I_e flows out of the device; symmetric, rows sum to 0, A/V.
    """
    checkpoint()
    contacts = _contacts(network)
    v = network.voltages(np.zeros(network.electrodes) if voltages_v is None else voltages_v)
    if v.ndim != 1 or np.ptp(v[contacts]) > 0.0:
        raise ValueError(f"voltages are {v} V; at zero bias all electrodes that holes can enter have the same")
    exact = network.sites <= MAX_RESPONSE_ACCEPTORS
    return (_response if exact else _resistors)(network, v, float(v[contacts[0]]), temperature_k)


def _contacts(network: HoppingNetwork) -> list[int]:
    """List the electrodes that holes can enter."""
    found = np.flatnonzero(network.attempts_hz[: network.sites, network.sites :].any(axis=0))
    if len(found) < 2:
        raise ValueError(f"holes can enter {len(found)} electrodes; a conductance needs two")
    return [int(e) for e in found]


def _response(network: HoppingNetwork, v: Float, common_v: float, temperature_k: float) -> Float:
    """Compute G exactly: the resistors between all occupations, with a source in each hop at an electrode."""
    beta, k, count = 1.0 / thermal_voltage(temperature_k), network.electrodes, 1 << network.sites
    source, target, rates, electrode, sign = transitions(network, v, temperature_k)
    filled = (np.arange(count)[:, None] >> np.arange(network.sites)) & 1
    energy = network.energy(filled, v, common_v)
    p = np.exp(-beta * (energy - energy.min()))
    c = p[source] * rates / p.sum()
    at = electrode >= 0
    driven = np.zeros((count, k))
    np.add.at(driven, (source[at], electrode[at]), beta * c[at] * sign[at])
    total = np.bincount(source, c, count)
    others = np.flatnonzero(np.arange(count) != int(np.argmax(p)))
    scale = 1.0 / np.sqrt(total[others])  # so that weights of many orders of magnitude are solved alike
    links = sparse.csr_array((c, (source, target)), shape=(count, count))[others][:, others]
    inner = sparse.eye_array(count - 1) - sparse.diags_array(scale) @ links @ sparse.diags_array(scale)
    u = np.zeros((count, k))
    u[others] = scale[:, None] * splu(sparse.csc_array(inner)).solve(scale[:, None] * driven[others])
    into = at & (sign > 0.0)
    flow = u[source[into]] - u[target[into]]
    flow[np.arange(len(flow)), electrode[into]] -= beta
    matrix = np.zeros((k, k))
    np.add.at(matrix, electrode[into], -elementary_charge * c[into, None] * flow)
    return matrix


def _resistors(network: HoppingNetwork, v: Float, common_v: float, temperature_k: float) -> Float:
    """Compute G in mean field: resistors between all places, acceptors eliminated."""
    state = mean_field_occupations(network, v, temperature_k=temperature_k)
    if not state.converged:
        raise ValueError(f"the mean field at {temperature_k:g} K is not steady: {state.message}")
    n, k, s = network.sites, network.electrodes, state.occupation
    beta = 1.0 / thermal_voltage(temperature_k)
    energy = np.r_[network.site_energies(v) - network.interaction_v @ (1.0 - s), np.full(k, common_v)]
    coulomb = np.zeros((n + k, n + k))
    coulomb[:n, :n] = network.interaction_v
    inside = np.r_[s, np.zeros(k)]
    change = energy - energy[:, None] + coulomb * (inside - inside[:, None])
    flow = network.attempts_at(temperature_k) * np.exp(-beta * np.maximum(change, 0.0))
    flow *= np.r_[s, np.ones(k)][:, None] * np.r_[1.0 - s, np.ones(k)]
    order = np.r_[n : n + k, :n]
    links = _mesh(elementary_charge * beta * 0.5 * (flow + flow.T)[np.ix_(order, order)], k)
    return np.diag(links.sum(axis=1)) - links


def _mesh(links: Float, kept: int) -> Float:
    """Eliminate all nodes but the first ``kept`` of a network of conductances; nothing is subtracted."""
    links = links.copy()
    np.fill_diagonal(links, 0.0)
    for node in range(len(links) - 1, kept - 1, -1):
        row = links[node, :node]
        total = row.sum()
        links = links[:node, :node] + (np.outer(row, row) / total if total > 0.0 else 0.0)
        np.fill_diagonal(links, 0.0)
    return links
