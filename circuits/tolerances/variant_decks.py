"""Decks beside that of a problem, on request: its corners, boards drawn within tolerances, and a file that plots.

- ``corners``: all resistors, all capacitors and the temperature at their ends together, eight decks. Resistors and
  capacitors inside the model of an op-amp are no parts and stay.
- ``tolerance``: boards as ``make_circuit`` draws them, flat, one seed each.
- ``plot``: a control section for ngspice, in a file of its own, as decks are data here.

Ranges: ``tolerances.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product

from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.rng import RNG, read_seeds

from ..netlist.circuit import Capacitor, Circuit, Element, Instance, Resistor, Subcircuit
from ..synthesis.board_network import DEFAULT_SERIES
from ..synthesis.hopfield_circuit import AmplifierLevel
from ..synthesis.opamp import OpAmp
from ..synthesis.problem_circuit import network_deck, problem_components
from ..synthesis.problem_network import MOST_CITIES, problem_tour_circuit
from ..synthesis.vendor_opamp import VendorOpAmp
from .circuit_sample import make_circuit
from .tolerances import typical_tolerances

VARIANTS = ("corners", "tolerance", "plot")
_DRAWS = 10  # boards
_PLOTTED = 16  # outputs
_ZERO_C = 273.15


def variant_decks(
    problem: Problem | Ising,
    kinds: Sequence[str],
    *,
    deck: str = "netlist.cir",
    rng: RNG = 0,
    series: str | None = DEFAULT_SERIES,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | VendorOpAmp | str | None = None,
) -> dict[str, str]:
    """Write the decks beside that of a problem, for ngspice.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    kinds : sequence of str
        Kinds, of ``VARIANTS``.
    deck : str, default "netlist.cir"
        Name of the problem's own deck, which the plot opens.
    rng : Generator, SeedSequence or int, default 0
        Seed of the start, as for ``problem_netlist``, and of the boards.
    series : str or None, default "E96"
        Series of the resistors.
    level : AmplifierLevel, default "ideal"
        Amplifiers.
    opamp : OpAmp, VendorOpAmp or str, optional
        Op-amp, or its name.

    Returns
    -------
    dict of str to str
        Text by what stands behind the name of the deck, such as ``corner-r+c-cold.cir``.

    Raises
    ------
    ValueError
        If a kind is not known, or the circuit is that of a tour.
    """
    for kind in kinds:
        if kind not in VARIANTS:
            raise ValueError(f"variant {kind!r} is not known; known are {', '.join(VARIANTS)}")
    if problem_tour_circuit(problem, most_cities=MOST_CITIES) is not None:
        raise ValueError("corners, tolerance and plot are of a Hopfield network, and the circuit of a tour anneals")
    made, start = problem_components(problem, rng=rng, series=series, level=level)

    def write(change: Callable[[Circuit], Circuit], cards: Sequence[str] = ()) -> str:
        return network_deck(
            problem, made.network, start, made.notes, rng=rng, level=level, opamp=opamp, change=change, cards=cards
        )

    found: dict[str, str] = {}
    if "corners" in kinds:
        for name, change, celsius in _corners():
            found[f"corner-{name}.cir"] = write(change, (f".temp {celsius:g}",))
    if "tolerance" in kinds:
        tolerances = typical_tolerances()
        for k, seed in enumerate(read_seeds(rng, _DRAWS)):

            def drawn(circuit: Circuit, seed: RNG = seed, k: int = k) -> Circuit:
                board = make_circuit(circuit, tolerances, seed)
                return replace(board, comments=(f"board {k} of {_DRAWS} within typical tolerances", *circuit.comments))

            found[f"tolerance-{k}.cir"] = write(drawn)
    if "plot" in kinds:
        found["plot.sp"] = plot_file(deck, made.network.size)
    return found


def plot_file(deck: str, neurons: int) -> str:
    """Write a file that runs a deck in ngspice and plots its outputs.

    Parameters
    ----------
    deck : str
        Name of the deck, in the same folder.
    neurons : int
        Number of outputs.

    Returns
    -------
    str
        Text.

    Raises
    ------
    ValueError
        If the name holds anything but letters, digits, dots, dashes and underscores.
    """
    if not deck or not all((c.isalnum() and c.isascii()) or c in "._-" for c in deck):
        raise ValueError(
            f"the deck is called {deck!r}; ngspice's source takes letters, digits, dots, dashes, underscores"
        )
    outputs = " ".join(f"v(v{i})" for i in range(min(neurons, _PLOTTED)))
    # The analysis that ran last has the current plot, and .noise runs behind the transient.
    commands = (f"source {deck}", "save onoise_spectrum inoise_spectrum", "run", "setplot tran1", f"plot {outputs}")
    return "\n".join(["* run with: ngspice THIS_FILE", ".control", *commands, ".endc", ".end", ""])


def _corners() -> Iterator[tuple[str, Callable[[Circuit], Circuit], float]]:
    parts = typical_tolerances()
    cold, hot = parts.temperature_k
    signs = (("-", -1.0), ("+", 1.0))
    for (r, ohms), (c, farads), (name, kelvin) in product(signs, signs, (("cold", cold), ("hot", hot))):
        resistor = (1.0 + ohms * parts.resistor) * (1.0 + ohms * parts.resistor_per_k * abs(kelvin - _ZERO_C - 25.0))
        said = f"corner: resistors x {resistor:.4g}, capacitors x {1.0 + farads * parts.capacitor:.4g}, "

        def change(
            circuit: Circuit, ohm: float = resistor, farad: float = 1.0 + farads * parts.capacitor, said: str = said,
            celsius: float = kelvin - _ZERO_C,
        ) -> Circuit:  # fmt: skip
            elements = tuple(_scaled(element, ohm, farad) for element in circuit.elements)
            return replace(circuit, elements=elements, comments=(f"{said}{celsius:g} C", *circuit.comments))

        yield f"r{r}c{c}{name}", change, kelvin - _ZERO_C


def _scaled(element: Element, ohm: float, farad: float) -> Element:
    """Return an element with its value scaled; in a neuron, its resistors."""
    match element:
        case Resistor() if not element.name.startswith("source"):
            return replace(element, ohm=float(element.ohm) * ohm)
        case Capacitor():
            return replace(element, farad=float(element.farad) * farad)
        case Instance() if _is_neuron(element.subcircuit):
            inside = tuple(
                each if isinstance(each, Instance) else _scaled(each, ohm, farad)
                for each in element.subcircuit.elements
            )
            return replace(element, subcircuit=replace(element.subcircuit, elements=inside))
    return element


def _is_neuron(cell: Subcircuit) -> bool:
    return any(isinstance(each, Instance) for each in cell.elements)
