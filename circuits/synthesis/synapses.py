r"""Synapses that do not load their neuron: transconductors in place of resistors, and an overlap bus for few patterns.

.. math:: m_\mu = \frac{1}{N} \sum_j \xi_{\mu j} V_j, \quad \sum_j T_{ij} V_j = k N \sum_\mu \xi_{\mu i} m_\mu + d_i V_i

where

- xi_mu is one of P patterns of N values, k the strength of the Hebbian matrix T = k Xi' Xi + diag(d), Xi (P, N),
- m_mu is the voltage of a bus node, the overlap with pattern mu, there to be measured,
- d takes the self-coupling away.

A transconductor g_ij feeds T_ij V_j into u_i, of either sign, and draws nothing from it. So R_i is one resistor, may be
larger than 1 / sum_j |T_ij|, and no inverted outputs are needed. N^2 synapses become P bus nodes and 2 N P
transconductors: N of them sum their currents in the resistor of each bus, N lead its voltage back.
Sources: Hopfield, PNAS 79, 2554 (1982); the overlaps as fields: Amit, Gutfreund and Sompolinsky, PRA 32, 1007 (1985).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float

from ..netlist.circuit import (
    GROUND,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Element,
    Resistor,
    Transconductor,
    Transient,
)
from ..netlist.expressions import Voltage
from .hopfield_circuit import amplifier, ideal_transient, steps_account

BUS_OHM = 1e3
# Of each output, which nothing else loads: without it KLU, whose pivots stay where they were first, has none at v and
# fails as the slope of an amplifier changes.
LOAD_OHM = 1e3
_EXACT = 1e-9  # largest difference from Hebb's rule, of the largest synapse


@dataclass(frozen=True, eq=False)
class Overlaps:
    r"""The factors of a Hebbian matrix.

    .. math:: T = k\, \Xi^\top \Xi + \mathrm{diag}(d)

    Attributes
    ----------
    patterns : (P, N) float
        Patterns Xi.
    strength_s : float
        Strength k, S.
    diagonal_s : (N,) float
        Diagonal d, S.
    """

    patterns: Float
    strength_s: float
    diagonal_s: Float


def find_overlaps(network: AnalogNetwork, patterns: ArrayLike) -> Overlaps:
    """Factorize the Hebbian matrix of a network, of any scale and diagonal.

    Parameters
    ----------
    network : AnalogNetwork
        Network of the matrix T.
    patterns : (P, N) float
        Patterns that it stores.

    Returns
    -------
    Overlaps
        The factors.

    Raises
    ------
    ValueError
        If T is not Hebb's of these patterns.
    """
    xi = np.atleast_2d(np.asarray(patterns, dtype=float))
    n = network.size
    if xi.ndim != 2 or xi.shape[1] != n or not np.isfinite(xi).all():
        raise ValueError(f"patterns have shape {xi.shape}; expected (P, {n}), finite, one value a neuron")
    t = network.conductances.toarray() if sparse.issparse(network.conductances) else network.conductances
    hebb = xi.T @ xi
    off = ~np.eye(n, dtype=bool)
    strength = float((t * hebb).sum(where=off) / ((hebb**2).sum(where=off) or 1.0))
    differ = np.abs(t - strength * hebb).max(where=off, initial=0.0)
    if differ > _EXACT * np.abs(t).max():
        raise ValueError(
            f"conductances differ by up to {differ:.3g} S from those of Hebb's rule for these {len(xi)} patterns; give "
            "all patterns, unrounded, or take transconductor_circuit"
        )
    return Overlaps(xi, strength, t.diagonal() - strength * hebb.diagonal())


def transconductor_circuit(
    network: AnalogNetwork,
    initial: ArrayLike | None = None,
    *,
    duration_s: float | None = None,
    step_s: float | None = None,
    reltol: float | None = None,
    title: str = "Hopfield network of transconductors",
    comments: tuple[str, ...] = (),
) -> Circuit:
    """Build a Hopfield network with a transconductor for each synapse.

    Its nodes are those of ``build_hopfield_circuit``, without inverted outputs.

    Parameters
    ----------
    network : AnalogNetwork
        Network that is built.
    initial : (n,) float, optional
        Potentials u at t = 0, V; zeros by default.
    duration_s : float, optional
        Length of the transient, s; 10 of the longest time constants by default.
    step_s : float, optional
        Largest step, s; that of ``build_hopfield_circuit`` by default.
    reltol : float, optional
        Relative error that the simulator allows in one step; 1e-8 by default.
    title : str, default "Hopfield network of transconductors"
        Title of the circuit.
    comments : tuple of str, optional
        Comments of the circuit.

    Returns
    -------
    Circuit
        The circuit, ready to run.
    """
    t = sparse.coo_array(network.conductances)
    synapses = (
        Transconductor(f"{i}_{j}", GROUND, f"u{i}", f"v{j}", GROUND, siemens)
        for i, j, siemens in zip(t.row.tolist(), t.col.tolist(), t.data.tolist(), strict=True)
        if siemens
    )
    analysis = _analysis(network, duration_s, step_s, reltol)
    elements = (*_neurons(network), *synapses)
    notes = (*comments, *steps_account(analysis))
    return Circuit(title, elements, analysis, _saved(network), _initial(network, initial), notes)


def overlap_circuit(
    network: AnalogNetwork,
    patterns: ArrayLike,
    initial: ArrayLike | None = None,
    *,
    duration_s: float | None = None,
    step_s: float | None = None,
    reltol: float | None = None,
    title: str = "Hopfield network with an overlap bus",
    comments: tuple[str, ...] = (),
) -> Circuit:
    """Build a Hebbian network with an overlap bus, of 2 N P + N sources for P patterns.

    It saves the buses m0, m1, ... beside the nodes of ``build_hopfield_circuit``.

    Parameters
    ----------
    network : AnalogNetwork
        Network that is built.
    patterns : (P, N) float
        Patterns that it stores.
    initial : (n,) float, optional
        Potentials u at t = 0, V; zeros by default.
    duration_s : float, optional
        Length of the transient, s; 10 of the longest time constants by default.
    step_s : float, optional
        Largest step, s; that of ``build_hopfield_circuit`` by default.
    reltol : float, optional
        Relative error that the simulator allows in one step; 1e-8 by default.
    title : str, default "Hopfield network with an overlap bus"
        Title of the circuit.
    comments : tuple of str, optional
        Comments of the circuit.

    Returns
    -------
    Circuit
        The circuit, ready to run.

    Raises
    ------
    ValueError
        If T is not Hebb's of these patterns, with any scale and diagonal.
    """
    overlaps = find_overlaps(network, patterns)
    analysis = _analysis(network, duration_s, step_s, reltol)
    elements = (*_neurons(network), *_buses(overlaps))
    saved = (*_saved(network), *(f"m{k}" for k in range(len(overlaps.patterns))))
    notes = (*comments, *steps_account(analysis))
    return Circuit(title, elements, analysis, saved, _initial(network, initial), notes)


def _neurons(network: AnalogNetwork) -> Iterator[Element]:
    for i in range(network.size):
        u, v = f"u{i}", f"v{i}"
        yield Capacitor(f"{i}", u, GROUND, float(network.capacitances[i]))
        yield Resistor(f"{i}", u, GROUND, float(network.resistances[i]))
        if network.currents[i]:
            yield CurrentSource(f"{i}", GROUND, u, float(network.currents[i]))
        yield BehavioralVoltage(v, v, GROUND, amplifier(network.activation, Voltage(u)))
        yield Resistor(f"load{i}", v, GROUND, LOAD_OHM)


def _buses(overlaps: Overlaps) -> Iterator[Element]:
    n = overlaps.patterns.shape[1]
    for k, pattern in enumerate(overlaps.patterns.tolist()):
        yield Resistor(f"m{k}", f"m{k}", GROUND, BUS_OHM)
        for i, xi in enumerate(pattern):
            if xi:
                yield Transconductor(f"to{k}_{i}", GROUND, f"m{k}", f"v{i}", GROUND, xi / (n * BUS_OHM))
                yield Transconductor(f"from{k}_{i}", GROUND, f"u{i}", f"m{k}", GROUND, overlaps.strength_s * n * xi)
    for i, siemens in enumerate(overlaps.diagonal_s.tolist()):
        if siemens:
            yield Transconductor(f"self{i}", GROUND, f"u{i}", f"v{i}", GROUND, siemens)


def _saved(network: AnalogNetwork) -> tuple[str, ...]:
    n = network.size
    return (*(f"u{i}" for i in range(n)), *(f"v{i}" for i in range(n)))


def _initial(network: AnalogNetwork, initial: ArrayLike | None) -> dict[str, float]:
    n = network.size
    start = np.zeros(n) if initial is None else np.asarray(initial, dtype=float)
    if start.shape != (n,):
        raise ValueError(f"initial has shape {start.shape}; expected ({n},), one potential a neuron")
    return {f"u{i}": volt for i, volt in enumerate(start.tolist())}


def _analysis(
    network: AnalogNetwork, duration_s: float | None, step_s: float | None, reltol: float | None
) -> Transient:
    duration = 10.0 * float(network.time_constants_s.max()) if duration_s is None else duration_s
    return ideal_transient(network, duration, step_s, reltol)
