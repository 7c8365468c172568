r"""Neurons made of silicon units at room temperature: the network of ``dopant_neurons`` with no cooler.

.. math:: \tau \dot u_i = \tfrac{1}{\Lambda} \Big(\sum_j W_{ij} (x_j + \eta_j) + b_i\Big) - u_i + \zeta_i, \qquad
          x_i = g(k(t)\, u_i), \qquad g = V(i) / V_{max}

Hopping is the physics of 77 K. At 300 K holes drift and diffuse between the electrodes against the fixed charge of
traps and donors, and space charge bends their currents. A unit is driven by a current and answers with a voltage, a
sigmoid.

- What is computed: the shape of the curves, their spread from unit to unit, shot noise (module ``space_charge_table``).
- What is fitted: the fixed charge, to the measured activation energy of 0.4 eV (here between opposite electrodes;
  neighbors have 0.15 eV); the share of free holes, to the measured 1.9 nW (``space_charge.toml``). With all holes free
  the same layer would take 1.2 uW.
- minimize, recall: as at 77 K, at twenty times its time constants: the gigaohms of a unit have to charge its input.
- sample: threshold noise is the shot noise of some ten thousand holes in a window, normal and white. 1/f noise of the
  traps is not modelled: where it is larger, successive windows are correlated, and a chip has to take differences.

1.9 nW is a unit with random voltages at all its electrodes; as a neuron, with seven of them at 0 V, some 0.3 nW.
The published ~300 nJ of features an utterance is amplifiers and converters: a unit alone would need minutes for it.
Source: Zolfagharinejad et al., Nature 645, 886 (2025); Kareem et al., arXiv 2605.13477.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from neuromorph.datum import Datum

from ...memristor_crossbar.phase_change_cell import PhaseChange
from .dopant_neurons import DopantNeurons


def dopant_neurons_300k(
    couplings: Literal["crossbar", "memory"] = "crossbar",
    levels: int | None = PhaseChange.levels,
    programming_error: float | bool = 1.0,
    drift: float | bool = 1.0,
    read_noise: float | bool = 1.0,
    stuck: float = 0.0,
    age_s: float = PhaseChange.age_s,
    integrators: int = 1024,
    wafer: int = 0,
    *,
    constants: Mapping[str, Datum] | None = None,
) -> DopantNeurons:
    """Take silicon units at room temperature as neurons.

    Parameters
    ----------
    couplings : {"crossbar", "memory"}
        Where couplings are: in phase-change cells, or in a digital memory, exactly.
    levels : int or None
        Conductance levels of a cell in 0 .. G_max; none: continuous.
    programming_error : float or on/off
        Factor on the measured spread of programmed conductances; off: none.
    drift : float or on/off
        Factor on the measured drift exponents; off: none.
    read_noise : float or on/off
        Factor on the measured 1/f noise of each read; off: none.
    stuck : float
        Fraction of cells that do not move, half of them off, half at G_max.
    age_s : float
        Time between programming and the reads, s.
    integrators : int
        Cells of a tour (city and position) that there are units for.
    wafer : int
        Seed by which 12 of the 48 units that were computed are taken, over and over.
    constants : dict of Datum
        The table that it is priced by.

    Returns
    -------
    DopantNeurons
        Target.
    """
    cells = (couplings, levels, programming_error, drift, read_noise, stuck, age_s, integrators)
    return DopantNeurons(*cells, wafer=wafer, unit="space-charge", constants=dict(constants or {}))
