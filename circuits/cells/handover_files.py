"""The cells of a problem's network as files for other tools: Verilog-A, LTspice, xschem."""

from __future__ import annotations

from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.rng import RNG

from ..synthesis.board_network import DEFAULT_SERIES
from ..synthesis.opamp import OpAmp
from ..synthesis.problem_circuit import get_opamp, problem_components
from .library import library_cells
from .ltspice_schematic import ltspice_library, ltspice_schematic
from .verilog_a import verilog_a_module
from .xschem_schematic import ngspice_library, xschem_files

LTSPICE_LIBRARY, NGSPICE_LIBRARY = "opamps_ltspice.lib", "opamps_ngspice.lib"


def cell_files(
    problem: Problem | Ising,
    *,
    rng: RNG = 0,
    series: str | None = DEFAULT_SERIES,
    opamp: OpAmp | str | None = None,
) -> dict[str, str]:
    """Write the cells of a problem's network, with the values of its first neuron.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    rng : RNG, default 0
        Seed of a cue that the problem draws.
    series : str or None, default "E96"
        Series of the components.
    opamp : OpAmp or str, optional
        Op-amp, or its name; the LMV824 by default.

    Returns
    -------
    dict of str to str
        ``*.va``, ``neuron_opamp.asc``, ``neuron_opamp.sym``, ``neuron_opamp.sch`` and what they need, by name.
    """
    part = get_opamp(opamp, "opamp")
    assert isinstance(part, OpAmp)  # no macro-model of a vendor: its subcircuit is not ours to write
    made, _ = problem_components(problem, rng=rng, series=series, level="opamp")
    cells = library_cells(made.network, part)
    about = f"neuromorph: values of neuron 0 of {'an Ising problem' if isinstance(problem, Ising) else problem.name}"
    files = {f"{cell.name}.va": verilog_a_module(cell, about) for cell in cells}
    neuron = next(cell for cell in cells if cell.name == "neuron_opamp")
    return {
        **files,
        f"{neuron.name}.asc": ltspice_schematic(neuron, part, LTSPICE_LIBRARY),
        LTSPICE_LIBRARY: ltspice_library([part]),
        **xschem_files(neuron, part, NGSPICE_LIBRARY),
        NGSPICE_LIBRARY: ngspice_library([part]),
    }
