"""Netlists of a problem in SKY130 for ngspice: one corner, and draws of mismatch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.rng import RNG, read_seeds

from ..spice.dialects import NGSPICE
from ..spice.people_numbers import people_number
from ..spice.writer import netlist_text
from ..synthesis.opamp import VDD, VSS
from .cases import sky130_case

MOST_DRAWS = 10_000


def sky130_netlists(
    problem: Problem | Ising, *, cell: str = "neuron", corner: str = "tt", mismatch: int = 0, rng: RNG = 0
) -> list[str]:
    """Return the netlist of a problem in SKY130, and one for each draw of mismatch behind it.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    cell : str, default "neuron"
        Kind of the cells: "neuron" or "bistable".
    corner : str, default "tt"
        Corner of the process.
    mismatch : int, default 0
        Number of draws of mismatch.
    rng : Generator, SeedSequence or int, default 0
        Seed of the start, of a cue and of mismatch: the draws of :func:`certify_sky130`.

    Returns
    -------
    list of str
        Texts for ngspice.

    Raises
    ------
    DoesNotFit
        If the problem is too large.
    ModuleNotFoundError
        If the models are not installed.
    """
    case = sky130_case(problem, cell, rng)
    name = "Ising problem" if isinstance(problem, Ising) else f"{problem.name} ({problem.kind}, {problem.size})"
    written = replace(NGSPICE, number=people_number)
    texts = []
    for k, seed in enumerate([None, *mismatch_seeds(rng, mismatch)]):
        draw = None if seed is None else np.random.default_rng(seed)
        comments = () if draw is None else (f"mismatch: draw {k} of {mismatch}",)
        circuit = case.circuit(corner, draw, title=f"neuromorph: {name}", comments=comments)
        end = people_number(circuit.analysis.stop_s)
        measured = [f".meas tran supply_{node}_ua find v(i_{node}) at={end}\n" for node in (VDD, VSS)]
        texts.append("".join([netlist_text(circuit, written).removesuffix(".end\n"), *measured, ".end\n"]))
    return texts


def mismatch_seeds(rng: RNG, draws: int) -> list[np.random.SeedSequence]:
    """Return the seed of each draw of mismatch.

    Parameters
    ----------
    rng : Generator, SeedSequence or int
        Seed of all.
    draws : int
        Number of draws.

    Returns
    -------
    list of SeedSequence
        Seeds.

    Raises
    ------
    ValueError
        If there are more than 10,000 draws, or less than 0.
    """
    if not 0 <= draws <= MOST_DRAWS:
        raise ValueError(f"mismatch is {draws}; give 0 to {MOST_DRAWS} draws")
    return read_seeds(rng, 3 + draws)[3:]  # the first are those of start, offsets and cue
