r"""What the ranges of the coupling law do to couplings by position.

.. math:: \epsilon(\lambda) = \min_{\sigma \ge 0} \frac{\|\sigma J_\lambda(\mathbf r) - J\|}{\|J\|}, \qquad
          \lambda = (J_0, k_x, k_y, \xi) \ \text{drawn from their ranges}

Two questions. *Blind*: the positions r were chosen by the values of the table and the surface follows another law of
the range; the scale is refitted, as it is where the effective temperature is measured. *Known*: the law was measured
first and the atoms were placed by it. J_0 is one factor and the scale takes it up; wave numbers do not forgive: a
phase of k r turns signs around. Constants are drawn as prices are, see ``neuromorph.pricing``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from neuromorph.datum import Datum
from neuromorph.ising import Float
from neuromorph.pricing.draws import draw_constants

from .placement import CouplingLaw
from .site_search import coupling_error, place_on_sites, placement_at
from .surface import Surface

_NAMES = ("coupling_strength", "wave_number_x", "wave_number_y", "decay_length")


def draw_laws(data: Mapping[str, Datum], draws: int, seed: int = 0) -> list[CouplingLaw]:
    """Draw coupling laws from the ranges of their constants.

    Parameters
    ----------
    data : dict of str to Datum
        Constants by name.
    draws : int
        Number of laws.
    seed : int
        Seed, 0 or above.

    Returns
    -------
    list of CouplingLaw
        Laws; the least separation stays at its value.
    """
    drawn = draw_constants((data[name] for name in _NAMES), draws, seed)
    columns = [drawn[data[name].name, data[name]] for name in _NAMES]
    return [
        CouplingLaw(float(j), float(x), float(y), float(decay), data["least_separation"].value)
        for j, x, y, decay in zip(*columns, strict=True)
    ]


def blind_errors(wanted: Float, positions: Float, laws: list[CouplingLaw]) -> Float:
    """Compute the error of placed atoms on surfaces that follow other laws.

    Parameters
    ----------
    wanted : (n, n) float
        Requested couplings, not all zero.
    positions : (n, 2) float
        Positions, nm.
    laws : list of CouplingLaw
        Laws of the surface.

    Returns
    -------
    (laws,) float
        Relative error of the couplings at their best scale; 1 where they point away from the requested ones.
    """
    return np.array([coupling_error(wanted, placement_at(wanted, law, positions)) for law in laws])


def known_errors(
    wanted: Float, laws: list[CouplingLaw], surface: Surface, rng: np.random.Generator, starts: int = 4
) -> Float:
    """Compute the error of atoms placed by the law of the surface, for several laws.

    Parameters
    ----------
    wanted : (n, n) float
        Requested couplings, not all zero.
    laws : list of CouplingLaw
        Laws of the surface.
    surface : Surface
        Lattice of the sites.
    rng : numpy.random.Generator
        The stream of random starts.
    starts : int
        Descents of each placement.

    Returns
    -------
    (laws,) float
        Relative error of the couplings at their best scale.
    """
    return np.array([coupling_error(wanted, place_on_sites(wanted, law, surface, rng, starts)) for law in laws])
