r"""Boards as they are made: every resistor, capacitor and amplifier a little off, at some temperature.

.. math:: r \to r (1 + \delta_r)(1 + \alpha_r\,\Delta T), \quad I \propto 1/r, \quad c \to c (1 + \delta_c), \quad
          V = g\big(a (u - o)\big), \quad a = \tfrac{T_0}{T} e^{\sigma z}, \quad W = -e^{\sigma z'} V

delta and alpha are uniform within their bounds, as parts are sorted when they are sold; z is standard normal, for each
amplifier its own. Offsets o are normal, and drift. The gain of a differential pair falls as 1 / T. With x = a (u - o)

.. math:: \frac{C_i}{a_i} \dot x_i = \sum_j T'_{ij} g(x_j) - \frac{G_i}{a_i} x_i + I_i - o_i G_i, \qquad
          G_i = \frac1{\rho_i} + \sum_j \frac1{r_{ij}}

so that a board is again an :class:`AnalogNetwork`. ``circuit`` makes it of elements instead, for SPICE. The same seed
draws the same deviates at every tolerance: a board gets worse as its tolerances grow, and is not another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from neuromorph.analog import AnalogNetwork
from neuromorph.datum import read_data
from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds

from ..netlist.circuit import (
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Element,
    Resistor,
    Transconductor,
    device_name,
)
from ..netlist.expressions import Expression, Number, Voltage, call
from ..synthesis.component_values import passive_leaks
from ..synthesis.hopfield_circuit import amplifier, build_hopfield_circuit
from ..synthesis.tour_circuit import CEILING, TourCircuit

DATA = read_data(files(__package__).joinpath("tolerances.toml").read_text())

NOMINAL_K = 300.0


@dataclass(frozen=True)
class Tolerances:
    """How far parts are off; everything is exact unless given.

    resistor, capacitor : float      largest relative deviation, of transconductors and set currents as of resistors
    mismatch : float                 standard deviation of the logarithm of each amplifier's gain and inverter's ratio
    offset_v : float                 standard deviation of each amplifier's offset at its input, V
    temperature_k : (low, high)      of a board, drawn uniformly; 300 K is nominal
    resistor_per_k : float           largest temperature coefficient, 1/K, of each resistor its own
    offset_per_k : float             standard deviation of the drift of each offset, V/K
    opamp_gain, opamp_bandwidth      standard deviations of the logarithms of each op-amp's A_0, and of its GBW and slew
                                     rate together
    threshold_v_m : float            A_VT of a pair of transistors, V m
    beta_m : float                   A_beta of a pair, m

    The last four are of amplifiers that are not ideal: see ``mismatch``.
    """

    resistor: float = 0.0
    capacitor: float = 0.0
    mismatch: float = 0.0
    offset_v: float = 0.0
    temperature_k: tuple[float, float] = (NOMINAL_K, NOMINAL_K)
    resistor_per_k: float = 0.0
    offset_per_k: float = 0.0
    opamp_gain: float = 0.0
    opamp_bandwidth: float = 0.0
    threshold_v_m: float = 0.0
    beta_m: float = 0.0

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self) if field.name != "temperature_k"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0.0):
                raise ValueError(f"{name} is {value}; it must be finite and not negative")
        low, high = self.temperature_k
        if not 0.0 < low <= high < np.inf:
            raise ValueError(f"temperature_k is {self.temperature_k}; need 0 < low <= high, kelvin")
        away = max(NOMINAL_K - low, high - NOMINAL_K, 0.0)
        for name, value in (
            ("resistor", self.resistor),
            ("capacitor", self.capacitor),
            ("resistor_per_k", self.resistor_per_k * away),
        ):
            if value >= 1.0:
                raise ValueError(f"{name} moves a part by {value:.0%}; it must leave it positive: below 100 %")


def typical_tolerances(temperature_k: tuple[float, float] | None = None) -> Tolerances:
    """Those of parts as they are usually bought (``tolerances.toml``), at 0 .. 70 C unless said otherwise."""
    value = {name: datum.value for name, datum in DATA.items()}
    return Tolerances(
        value["resistor"],
        value["capacitor"],
        value["mismatch"],
        value["offset"],
        (value["coldest"], value["hottest"]) if temperature_k is None else temperature_k,
        value["resistor_per_k"],
        value["offset_per_k"],
        value["opamp_gain"],
        value["opamp_bandwidth"],
        value["threshold"],
        value["beta"],
    )


class ToleranceDraws:
    """What one board draws, part by part in a fixed order."""

    def __init__(self, tolerances: Tolerances, rng: RNG) -> None:
        self.of = tolerances
        self.stream = np.random.default_rng(read_seeds(rng, 1)[0])
        low, high = tolerances.temperature_k
        self.temperature_k = float(low + (high - low) * self.stream.random())

    def resistors(self, *shape: int) -> Float:
        """Factors on resistances."""
        deviation, drift = self.stream.uniform(-1.0, 1.0, (2, *shape))
        away = self.temperature_k - NOMINAL_K
        return np.asarray((1.0 + self.of.resistor * deviation) * (1.0 + self.of.resistor_per_k * away * drift))

    def capacitors(self, *shape: int) -> Float:
        return np.asarray(1.0 + self.of.capacitor * self.stream.uniform(-1.0, 1.0, shape))

    def ratios(self, *shape: int) -> Float:
        return self.lognormal(self.of.mismatch, *shape)

    def lognormal(self, deviation: float, *shape: int) -> Float:
        return np.asarray(np.exp(deviation * self.stream.standard_normal(shape)))

    def gains(self, *shape: int) -> Float:
        return np.asarray(NOMINAL_K / self.temperature_k * self.ratios(*shape))

    def offsets(self, *shape: int) -> Float:
        offset, drift = self.stream.standard_normal((2, *shape))
        return np.asarray(self.of.offset_v * offset + self.of.offset_per_k * (self.temperature_k - NOMINAL_K) * drift)


@dataclass(frozen=True, eq=False)
class SampledBoard:
    """A Hopfield network as it was made.

    nominal : AnalogNetwork              as it was meant
    synapses : (n, n) CSR                conductance of each synapse, S, positive
    leaks, capacitances : (n,)           S, F
    gains, ratios, offsets_v : (n,)      a, that of the inverter, o
    currents : (n,)                      I, A
    """

    nominal: AnalogNetwork
    synapses: sparse.csr_array
    leaks: Float
    capacitances: Float
    gains: Float
    ratios: Float
    offsets_v: Float
    currents: Float
    temperature_k: float

    @property
    def network(self) -> AnalogNetwork:
        """The board in x = a (u - o), whose outputs are those of the amplifiers."""
        t = sparse.csr_array(self.nominal.conductances)
        signed = self.synapses.copy()
        signed.data = np.where(t.data < 0.0, -self.ratios[t.indices], 1.0) * self.synapses.data
        total = self.leaks + np.asarray(self.synapses.sum(axis=1)).ravel()
        return AnalogNetwork(
            signed if sparse.issparse(self.nominal.conductances) else signed.toarray(),
            self.gains / total,
            self.capacitances / self.gains,
            self.currents - self.offsets_v * total,
            self.nominal.activation,
        )

    def start(self, potentials: ArrayLike) -> Float:
        """x of potentials u, (..., n)."""
        return np.asarray(self.gains * (np.asarray(potentials, dtype=float) - self.offsets_v))

    def circuit(self, initial: ArrayLike, *, duration_s: float | None = None) -> Circuit:
        """Its elements, started at u (n,), V, with the nodes of :func:`circuits.build_hopfield_circuit`."""
        circuit = build_hopfield_circuit(self.nominal, initial, duration_s=duration_s)
        n, g = self.nominal.size, self.nominal.activation
        rows = np.repeat(np.arange(n), np.diff(self.synapses.indptr)).tolist()
        siemens = zip(rows, self.synapses.indices.tolist(), self.synapses.data.tolist(), strict=True)
        values: dict[str, float | Expression] = {f"r{i}_{j}": 1.0 / s for i, j, s in siemens if s}
        for i in range(n):
            values[f"c{i}"] = float(self.capacitances[i])
            if self.leaks[i]:
                values[f"rleak{i}"] = 1.0 / float(self.leaks[i])
            values[f"i{i}"] = float(self.currents[i])
            x = float(self.gains[i]) * (Voltage(f"u{i}") - float(self.offsets_v[i]))
            values[f"bv{i}"] = amplifier(g, x)
            values[f"bw{i}"] = Number(0.0) - float(self.ratios[i]) * Voltage(f"v{i}")
        return _remade(circuit, values)


def sample_board(network: AnalogNetwork, tolerances: Tolerances, rng: RNG = 0) -> SampledBoard:
    """One board of ``network``, drawn by ``rng``."""
    draw, n = ToleranceDraws(tolerances, rng), network.size
    synapses = abs(sparse.csr_array(network.conductances))
    synapses.data = synapses.data / draw.resistors(synapses.nnz)
    leaks = passive_leaks(network) / draw.resistors(n)
    capacitances = network.capacitances * draw.capacitors(n)
    gains, ratios, offsets = draw.gains(n), draw.ratios(n), draw.offsets(n)
    currents = network.currents / draw.resistors(n)
    return SampledBoard(network, synapses, leaks, capacitances, gains, ratios, offsets, currents, draw.temperature_k)


@dataclass(frozen=True, eq=False)
class SampledTourBoard:
    r"""A circuit that anneals tours as it was made; equations of ``synthesis.tour_circuit``, parts of their own.

    nominal : TourCircuit                      as it was meant
    left, right : (n, n, n)                    [x, i, y]: conductance from position i - 1, or i + 1, of city y, S
    feedback, rows, columns, leaks : (n, n)    of gamma V, of V into P and into Q, 1 / R; S
    capacitances : (n, n)                      F
    servo_f, servo_a : (2, n)                  capacitors and unit currents of P and Q
    gains, offsets_v : (n, n)                  V = exp(a (U + P + Q - o) / T)
    """

    nominal: TourCircuit
    left: Float
    right: Float
    feedback: Float
    rows: Float
    columns: Float
    leaks: Float
    capacitances: Float
    servo_f: Float
    servo_a: Float
    gains: Float
    offsets_v: Float
    temperature_k: float

    def outputs(self, t_s: float, state: ArrayLike) -> Float:
        """V of a state (n^2 + 2 n,), (n, n), V."""
        n, y = self.nominal.size, np.asarray(state, dtype=float)
        x = y[: n * n].reshape(n, n) + y[n * n : n * n + n, None] + y[n * n + n :] - self.offsets_v
        return np.exp(np.minimum(self.gains * x / self.nominal.system.temperature(t_s / self.nominal.tau_s), CEILING))

    def rhs(self, t_s: float, state: ArrayLike) -> Float:
        """d(U, P, Q)/dt, V/s."""
        n, y = self.nominal.size, np.asarray(state, dtype=float)
        v = self.outputs(t_s, y)
        into = -self.leaks * y[: n * n].reshape(n, n)
        into -= np.einsum("xiy,yi->xi", self.left, np.roll(v, 1, axis=1))
        into -= np.einsum("xiy,yi->xi", self.right, np.roll(v, -1, axis=1))
        into += self.feedback * self.nominal.system.coupling(t_s / self.nominal.tau_s) * v
        servo = self.servo_a - np.array([(self.rows * v).sum(axis=1), (self.columns * v).sum(axis=0)])
        return np.concatenate([(into / self.capacitances).ravel(), (servo / self.servo_f).ravel()])

    def circuit(self, start: ArrayLike) -> Circuit:
        """Its elements, started at ``start`` (n^2 + 2 n,), V."""
        n = self.nominal.size
        values: dict[str, float | Expression] = {}
        for k in range(n):
            for letter, farad, ampere in zip("pq", self.servo_f[:, k], self.servo_a[:, k], strict=True):
                values |= {f"c{letter}{k}": float(farad), f"i{letter}{k}": float(ampere)}
        for x, i in np.ndindex(n, n):
            cell = f"{x}_{i}"
            values |= {f"c{cell}": float(self.capacitances[x, i]), f"r{cell}": 1.0 / float(self.leaks[x, i])}
            values |= {f"gp{cell}": float(self.rows[x, i]), f"gq{cell}": float(self.columns[x, i])}
            values[f"bf{cell}"] = float(self.feedback[x, i]) * (Voltage("feedback") * Voltage(f"v{cell}"))
            inputs = Voltage(f"u{cell}") + Voltage(f"p{x}") + Voltage(f"q{i}") - float(self.offsets_v[x, i])
            exponent = float(self.gains[x, i]) * inputs / Voltage("temperature")
            values[f"bv{cell}"] = call("exp", call("min", exponent, CEILING))
            for side, each in (("a", self.left), ("b", self.right)):
                values |= {f"g{side}{cell}_{y}": float(each[x, i, y]) for y in range(n)}
        return _remade(self.nominal.circuit(start), values)


def sample_tour_board(tour: TourCircuit, tolerances: Tolerances, rng: RNG = 0) -> SampledTourBoard:
    """One board of ``tour``, drawn by ``rng``; the ramps of temperature and feedback are exact."""
    draw, n = ToleranceDraws(tolerances, rng), tour.size
    siemens = 1.0 / tour.resistance_ohm
    distances = siemens * tour.system.scaled()[:, None, :]
    return SampledTourBoard(
        tour,
        distances / draw.resistors(n, n, n),
        distances / draw.resistors(n, n, n),
        siemens / draw.resistors(n, n),
        siemens / draw.resistors(n, n),
        siemens / draw.resistors(n, n),
        siemens / draw.resistors(n, n),
        tour.capacitance_f * draw.capacitors(n, n),
        tour.servo_f * draw.capacitors(2, n),
        siemens / draw.resistors(2, n),
        draw.gains(n, n),
        draw.offsets(n, n),
        draw.temperature_k,
    )


def _remade(circuit: Circuit, values: Mapping[str, float | Expression]) -> Circuit:
    """``circuit`` with other values for the devices named."""

    def remake(element: Element) -> Element:
        value = values.get(device_name(element))
        if value is None:
            return element
        name = _VALUE[type(element)]
        return replace(element, **{name: value})  # type: ignore[arg-type]

    return replace(circuit, elements=tuple(map(remake, circuit.elements)))


_VALUE: Mapping[Callable[..., Element], str] = {
    Resistor: "ohm",
    Capacitor: "farad",
    CurrentSource: "ampere",
    Transconductor: "siemens",
    BehavioralVoltage: "expression",
    BehavioralCurrent: "expression",
}
