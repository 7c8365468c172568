r"""A classifier of dopant units: its output, its noise, and its energy.

.. math:: y = \arg\max_c \Big( \sum_u \frac{I_u + \eta_u - \bar I_u}{\sigma_u} A_{uc} + b_c \Big), \qquad
          \eta_u \sim N(0, S_{I,u} / 2 t), \qquad E = t \sum_u \Big( {-\sum_k} V_k I_k \Big)_u + \text{interfaces}

where

- I_u is the current of unit u with mean I-bar_u and deviation sigma_u over the training data,
- eta_u is its hopping noise over the collection time t, S_I the one-sided noise density,
- A and b are the digital linear readout, y the class,
- V_k and I_k are voltages and currents of the electrodes of a unit, E the energy.

Data are voltages at the input electrodes of every unit. A logic gate is one unit and a threshold. The classifier is not
a target of Ising problems: it takes data and gives classes, so it stands beside the protocol with the same ledger of
joules and seconds.
Source: Chen et al., Nature 577, 341 (2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from neuromorph.cost import Entry, Ledger, Scope
from neuromorph.datum import Datum, multiply_data
from neuromorph.estimate import Estimate
from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds
from neuromorph.runtime.threads import single_threaded_blas

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork
from ..learning.logic_gates import GATES, Terminals, separation
from ..learning.training import ElectrodeRoles
from ..transport.kinetic_monte_carlo import measure_currents
from ..transport.telegraph_noise import current_trace
from .interface_data import DATA
from .transfer_curves import current_noise

MAX_EXACT_ACCEPTORS = 9  # Units of more acceptors are simulated by kinetic Monte Carlo.
_WINDOWS = 64  # number of windows in which the noise of kinetic Monte Carlo is measured, to 18 %


@dataclass(frozen=True, eq=False)
class ClassifierOutput:
    """Answers of a classifier.

    Attributes
    ----------
    classes : (m,) int
        Classes.
    scores : (m, classes) float
        Scores.
    currents_a, errors_a : (m, units) float
        Noiseless currents, and the noise of one collection, A.
    ledger : Ledger
        Joules and seconds.
    """

    classes: NDArray[np.int64]
    scores: Float
    currents_a: Float
    errors_a: Float
    ledger: Ledger


@dataclass(frozen=True, eq=False)
class DopantClassifier:
    """Units side by side and a linear readout.

    Attributes
    ----------
    networks : tuple of HoppingNetwork
        The units.
    wiring : ElectrodeRoles
        The electrodes of each unit.
    controls_v : (units, controls) float
        Control voltages, V.
    readout : (units, classes) float
        A.
    offset : (classes,) float
        b.
    mean_a, deviation_a : (units,) float
        I-bar and sigma, A.
    collect_s : float
        Collection time t, s.
    """

    networks: tuple[HoppingNetwork, ...]
    wiring: ElectrodeRoles
    controls_v: Float
    readout: Float
    offset: Float
    mean_a: Float
    deviation_a: Float
    collect_s: float = DATA["unit_integration_time"].value

    def answer(self, data_v: ArrayLike, *, rng: RNG = None) -> ClassifierOutput:
        """Classify data with the hopping noise of one collection each.

        Parameters
        ----------
        data_v : (m, inputs) float
            Data, V.
        rng : RNG
            Seed or generator.

        Returns
        -------
        ClassifierOutput
            Classes, with joules and seconds.
        """
        measured, noise = read_seeds(rng, 2)
        currents, density, powers = features(self.networks, self.wiring, self.controls_v, data_v, rng=measured)
        errors = np.sqrt(density / (2.0 * self.collect_s))
        seen = currents + errors * np.random.default_rng(noise).standard_normal(currents.shape)
        scores = (seen - self.mean_a) / self.deviation_a @ self.readout + self.offset
        joules = float(powers.sum()) * self.collect_s
        ledger = _ledger(len(scores), joules, self.collect_s, self.wiring, *self.readout.shape)
        return ClassifierOutput(np.asarray(scores.argmax(axis=1)), scores, currents, errors, ledger)


@single_threaded_blas()
def train_readout(
    networks: tuple[HoppingNetwork, ...],
    wiring: ElectrodeRoles,
    controls_v: ArrayLike,
    data_v: ArrayLike,
    labels: ArrayLike,
    *,
    ridge: float = 1e-3,
    collect_s: float = DATA["unit_integration_time"].value,
    rng: RNG = None,
) -> DopantClassifier:
    """Fit the readout to one-hot labels by least squares; the units stay.

    The fit takes the mean over the hopping noise, which is one more ridge for each unit: noisy units count little.

    Parameters
    ----------
    networks : tuple of HoppingNetwork
        The units.
    wiring : ElectrodeRoles
        The electrodes of each unit.
    controls_v : (units, controls) float
        Control voltages, V.
    data_v, labels : (m, inputs) float, (m,) int
        Data, V, and classes from 0.
    ridge : float
        Ridge of each datum.
    collect_s : float
        Collection time, s.
    rng : RNG
        Seed or generator.

    Returns
    -------
    DopantClassifier
        The classifier.
    """
    y = np.asarray(labels, dtype=np.int64)
    if y.ndim != 1 or len(y) != len(np.asarray(data_v)) or y.min() < 0 or not ridge >= 0.0:
        raise ValueError(f"labels have shape {y.shape}, ridge is {ridge}; one label from 0 a datum, and not negative")
    controls = np.atleast_2d(np.asarray(controls_v, dtype=float))
    currents, density, _ = features(networks, wiring, controls, data_v, rng=rng)
    mean, deviation = currents.mean(axis=0), np.maximum(currents.std(axis=0), 1e-18)
    z = np.c_[(currents - mean) / deviation, np.ones(len(y))]
    noise = density.mean(axis=0) / (2.0 * collect_s) / deviation**2
    penalty = len(y) * np.diag(np.r_[ridge + noise, 0.0])
    weights = np.linalg.solve(z.T @ z + penalty + 1e-12 * np.eye(z.shape[1]), z.T @ np.eye(int(y.max()) + 1)[y])
    return DopantClassifier(tuple(networks), wiring, controls, weights[:-1], weights[-1], mean, deviation, collect_s)


@single_threaded_blas()
def features(
    networks: tuple[HoppingNetwork, ...],
    wiring: ElectrodeRoles,
    controls_v: ArrayLike,
    data_v: ArrayLike,
    *,
    temperature_k: float = LIQUID_NITROGEN_K,
    rng: RNG = None,
) -> tuple[Float, Float, Float]:
    """Compute the features of data: currents, their noise and power.

    Parameters
    ----------
    networks : tuple of HoppingNetwork
        The units.
    wiring : ElectrodeRoles
        The electrodes of each unit.
    controls_v : (units, controls) float
        Control voltages, V.
    data_v : (m, inputs) float
        Data, V.
    temperature_k : float
        Temperature, K.
    rng : RNG
        Seed or generator.

    Returns
    -------
    currents_a, noise_a2_hz, powers_w : (m, units) float
        Currents, A; their noise, A^2/Hz, one-sided; powers, W.
    """
    controls = np.atleast_2d(np.asarray(controls_v, dtype=float))
    if len(controls) != len(networks):
        raise ValueError(f"controls_v has {len(controls)} rows for {len(networks)} units; give one row a unit")
    data = np.asarray(data_v, dtype=float)
    seeds = iter(read_seeds(rng, len(data) * len(networks)))
    found = np.empty((3, len(data), len(networks)))
    for u, (network, row) in enumerate(zip(networks, controls, strict=True)):
        for k, v in enumerate(wiring.voltages(data, row)):
            found[:, k, u] = _read(network, v, wiring.output, temperature_k, next(seeds))
    return found[0], found[1], found[2]


@dataclass(frozen=True, eq=False)
class TruthTable:
    """A gate with the noise of its readout.

    Attributes
    ----------
    gate : str
        Name of the gate.
    currents_a, errors_a : (4,) float
        Currents for 00, 01, 10, 11 and errors of one collection, A.
    threshold_a : float
        Middle between the two groups, A.
    wrong : float
        Probability that a random input is answered wrongly.
    quality : float
        Q of ``logic_gates``.
    ledger : Ledger
        Joules and seconds of one answer, mean over the four inputs.
    """

    gate: str
    currents_a: Float
    errors_a: Float
    threshold_a: float
    wrong: float
    quality: float
    ledger: Ledger


def truth_table(
    network: HoppingNetwork,
    terminals: Terminals,
    controls_v: ArrayLike,
    gate: str,
    *,
    collect_s: float = DATA["unit_integration_time"].value,
    temperature_k: float = LIQUID_NITROGEN_K,
    rng: RNG = None,
) -> TruthTable:
    """Compute the truth table of a gate.

    Currents are exact up to 9 acceptors, else from kinetic Monte Carlo.

    Parameters
    ----------
    network : HoppingNetwork
        The unit.
    terminals : Terminals
        Inputs and output.
    controls_v : (controls,) float
        Control voltages, V.
    gate : str
        Name of the gate.
    collect_s : float
        Collection time, s.
    temperature_k : float
        Temperature, K.
    rng : RNG
        Seed or generator.

    Returns
    -------
    TruthTable
        The gate.
    """
    wiring = ElectrodeRoles(terminals.inputs, terminals.output, network.electrodes)
    table = terminals.voltages(controls_v)
    rows = [
        _read(network, v, terminals.output, temperature_k, s) for v, s in zip(table, read_seeds(rng, 4), strict=True)
    ]
    currents, density, powers = np.array(rows).T
    quality = float(separation(currents, gate))
    high = np.array(GATES[gate])
    threshold = 0.5 * float(currents[high].min() + currents[~high].max())
    errors = np.sqrt(density / (2.0 * collect_s))
    away = np.where(high, currents - threshold, threshold - currents) / np.maximum(errors, 1e-30)
    ledger = _ledger(1, float(powers.mean()) * collect_s, collect_s, wiring, 1, 0)
    return TruthTable(gate, currents, errors, threshold, float(ndtr(-away).mean()), quality, ledger)


def _read(
    network: HoppingNetwork, v: Float, output: int, temperature_k: float, seed: np.random.SeedSequence
) -> tuple[float, float, float]:
    if network.sites <= MAX_EXACT_ACCEPTORS:
        return current_noise(network, v, output, temperature_k=temperature_k)
    measured, traced = seed.spawn(2)
    found = measure_currents(network, v, temperature_k=temperature_k, rng=measured)
    # errors_a is that of mean dwell times; a real current has their randomness too
    interval = found.time_s / _WINDOWS
    trace = current_trace(
        network, v, output, interval_s=interval, intervals=_WINDOWS, temperature_k=temperature_k, segments=1, rng=traced
    )
    density = 2.0 * interval * float(trace.currents_a.var(ddof=1))
    return float(found.currents_a[output]), density, max(-float(v @ found.currents_a), 0.0)


def _ledger(answers: int, joules: float, collect_s: float, wiring: ElectrodeRoles, units: int, classes: int) -> Ledger:
    """Price ``answers`` data, units side by side, in joules and seconds."""
    collect = Datum(collect_s, "s", collect_s, collect_s, "assumed", "time over which a unit's current is collected")
    inputs = len(wiring.inputs)
    joule, seconds = DATA["hopping_joule"], float(answers)
    receivers, drivers = (multiply_data(DATA[name], collect, "J") for name in ("transimpedance_power", "driver_power"))
    lines: tuple[tuple[str, Scope, float, Datum], ...] = (
        ("dopant units, sum of V_k I_k", "core", joules, joule),
        ("amplifiers that collect currents", "core", seconds * units, receivers),
        ("amplifiers that drive inputs", "core", seconds * inputs, drivers),
        ("DACs for inputs", "chip", seconds * inputs, DATA["dac_conversion"]),
        ("ADCs for features" if classes else "comparator", "chip" if classes else "core", seconds * units,
         DATA["adc_conversion"] if classes else DATA["comparison"]),
        ("readout, a word from memory for each weight", "chip", seconds * units * classes, DATA["table_access"]),
        ("cooler for 77 K", "system", seconds, multiply_data(DATA["cryostat_power"], collect, "J")),
    )  # fmt: skip
    entries = tuple(
        Entry(what, scope, count, unit, Estimate(count * unit.value, count * unit.low, count * unit.high), unit.kind)
        for what, scope, count, unit in lines
        if count
    )
    total = Estimate(*[answers * collect_s] * 3)
    return Ledger(
        "dopant-classifier", answers, entries, (Entry("collecting", "core", seconds, collect, total, "assumed"),)
    )
