r"""The network of an Ising problem, and the distances of a tour, as a board of op-amps and resistors holds them.

.. math:: T_{ij} = G\, J_{ij} / \max |J|, \qquad
          G_{leak} = 0.01\, G \max_i \textstyle\sum_j |J_{ij}| / \max |J|

where T are the conductances of the synapses and G is that of the largest coupling; the leak is 0.01 G at least and G
at most. 1 / G is a tenth of the largest resistor in stock if the amplifiers then see their light load, and never below
their heaviest load. The target ``analog-circuit`` runs and prices what ``neuromorph netlist`` writes: both build it
here.
Constants with their sources: ``board.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from neuromorph.analog import AnalogNetwork, Tanh
from neuromorph.datum import read_data
from neuromorph.ising import Float, Ising
from neuromorph.protocol import DoesNotFit

from .component_values import round_to_series

BOARD = read_data(files(__package__).joinpath("board.toml").read_text())
DEFAULT_SERIES = "E96"
EXACT = "exact"  # what people say for no series

_LEAK = 0.01  # conductance of a neuron's leak over that of its synapses


def network_from_ising(ising: Ising, conductance_s: float, gain: float, swing_v: float, tau_s: float) -> AnalogNetwork:
    """Build the analog network of ``ising``.

    Biases far above the couplings take u beyond the supply: a real input is clamped there, and the output, already at
    its rail, does not change.

    Parameters
    ----------
    ising : Ising
        The problem.
    conductance_s : float
        Conductance of the largest coupling, S.
    gain : float
        Slope of a neuron at rest.
    swing_v : float
        Largest output, V.
    tau_s : float
        R C of every neuron, s.

    Returns
    -------
    AnalogNetwork
        The network.
    """
    leak_s = conductance_s * float(np.clip(_LEAK * relative_load(ising).max(), _LEAK, 1.0))
    network = AnalogNetwork.from_ising(ising, Tanh(gain / swing_v, swing_v), conductance_s=conductance_s, leak_s=leak_s)
    return replace(network, capacitances=tau_s / network.resistances)


def relative_load(ising: Ising) -> Float:
    """Compute each neuron's load, ``sum_j |J_ij|`` over the largest coupling.

    Parameters
    ----------
    ising : Ising
        Model.

    Returns
    -------
    (n,) float
        Loads.
    """
    return np.asarray(abs(ising.couplings).sum(axis=1)).ravel() / largest_coupling(ising)


def largest_coupling(ising: Ising) -> float:
    """Return ``max |J_ij|``, the unit of a device's errors.

    Without couplings the function returns ``max |h_i|``, and 1 without biases either.

    Parameters
    ----------
    ising : Ising
        Model.

    Returns
    -------
    float
        Largest coupling, above 0.
    """
    return float(abs(ising.couplings).max()) or float(np.abs(ising.biases).max()) or 1.0


def strongest_resistor(ising: Ising) -> float:
    """Choose the resistor of the largest coupling.

    Parameters
    ----------
    ising : Ising
        Model.

    Returns
    -------
    float
        Resistor, ohm.

    Raises
    ------
    DoesNotFit
        If resistors that do not overload a neuron's amplifier are larger than one can buy.
    """
    load = float(relative_load(ising).max())
    light = min(BOARD["light_load"].value * load, BOARD["usual_resistor"].value)
    strongest = max(BOARD["smallest_resistor"].value, light, BOARD["heaviest_load"].value * load)
    if strongest >= BOARD["largest_resistor"].value:
        most = BOARD["largest_resistor"].value / BOARD["heaviest_load"].value
        raise DoesNotFit(
            f"the couplings of one neuron are {load:.0f} times the largest: resistors that do not overload its "
            f"amplifier are larger than one can buy; would fit: {most:.0f} times at most: split that spin into several "
            "that are strongly coupled"
        )
    return strongest


def board_network(ising: Ising, tau_s: float | None = None) -> tuple[AnalogNetwork, tuple[float, float]]:
    """Build the network of ``ising`` at the scale of a board, before its values are rounded.

    Parameters
    ----------
    ising : Ising
        Model.
    tau_s : float, optional
        R C of every neuron, s; that of ``board.toml`` by default.

    Returns
    -------
    network : AnalogNetwork
        The network.
    resistors_ohm : (low, high)
        Range of its resistors, ohm.

    Raises
    ------
    DoesNotFit
        If its resistors are larger than one can buy.
    """
    strongest = strongest_resistor(ising)
    tau = BOARD["time_constant"].value if tau_s is None else tau_s
    made = network_from_ising(ising, 1.0 / strongest, BOARD["gain"].value, BOARD["swing"].value, tau)
    return made, (strongest, BOARD["largest_resistor"].value)


def inverted_neurons(network: AnalogNetwork) -> NDArray[np.intp]:
    """Return the neurons whose inverted output some synapse takes: they have an inverter.

    Parameters
    ----------
    network : AnalogNetwork
        Network.

    Returns
    -------
    (m,) int
        Their numbers, ascending.
    """
    t = sparse.csr_array(network.conductances)
    return np.unique(t.indices[t.data < 0.0])


@dataclass(frozen=True, eq=False)
class TourBoard:
    """Distances of a tour as resistors hold them.

    Attributes
    ----------
    distances, held : (n, n) float
        Distances as asked for, and as held.
    conductances : (n, n) float
        Conductances at each driver, S.
    notes : tuple of str
        What was changed, one sentence each.
    """

    distances: Float
    held: Float
    conductances: Float
    notes: tuple[str, ...]

    @property
    def error(self) -> float:
        """RMS(held - asked) / RMS(asked)."""
        return float(np.linalg.norm(self.held - self.distances) / (np.linalg.norm(self.distances) or 1.0))


def fit_distances(distances: ArrayLike, series: str | None) -> TourBoard:
    """Hold distances as conductances of resistors on sale.

    Parameters
    ----------
    distances : (n, n) float
        Distances.
    series : str or None
        Series of the resistors; None for any value.

    Returns
    -------
    TourBoard
        The distances held, and their conductances.
    """
    d = np.asarray(distances, dtype=float)
    longest = float(d.max()) or 1.0
    load = float(d.sum(axis=1).max()) / longest
    shortest = max(BOARD["smallest_resistor"].value, BOARD["heaviest_load"].value * load)  # of the longest distance
    conductances = _bought(d / (longest * shortest), series)
    held = longest * shortest * conductances
    left, n = np.count_nonzero((d > 0.0) & (held == 0.0)) // 2, len(d)
    notes = [f"held as a permutation: {n * n} integrators, {n * np.count_nonzero(held)} resistors"]
    if left:
        least = longest * shortest / BOARD["largest_resistor"].value
        notes.append(f"{left} distances below {least:.4g} are held as 0: no resistor is that large")
    return TourBoard(d, held, conductances, tuple(notes))


def _bought(wanted_s: Float, series: str | None) -> Float:
    """Round conductances to those of parts on sale; 0 where none is small enough."""
    present = wanted_s >= 1.0 / BOARD["largest_resistor"].value
    made = np.where(present, wanted_s, 0.0)
    if series is not None:
        made[present] = 1.0 / round_to_series(1.0 / wanted_s[present], series)
    return made
