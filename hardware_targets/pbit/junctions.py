r"""The junctions of one chip: how fast each flips, how steep it is, and at which input it is even.

.. math:: \tau_i = \tau_0 e^{\Delta_i}, \qquad \ln \tau_{0,i} = \ln \tau_0 - \kappa (\Delta_i - \Delta)
          \quad\Rightarrow\quad \tau_i = \tau e^{(1 - \kappa)(\Delta_i - \Delta)}

where Delta_i is the barrier of junction i in kT, Delta the mean one, and kappa in [0, 1] the compensation of
Meyer and Neldel: the prefactor falls where the barrier rises. With input I_i in units of kT, slope a_i and offset o_i

.. math:: m_i \leftarrow \mathrm{sgn}(\tanh(a_i (I_i + o_i)) + U(-1, 1)) \quad\text{at rate}\quad 1 / \tau_i, \qquad
          r(m_i \to -m_i) = \frac{1}{\tau_i} \frac{e^{-m_i a_i (I_i + o_i)}}{2 \cosh(a_i (I_i + o_i))}

are one and the same process. Sources: Camsari et al., Phys. Rev. X 7, 031014 (2017); prefactors: arXiv 2402.03452.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Float


@dataclass(frozen=True, eq=False)
class Junctions:
    """Junctions as they are.

    Attributes
    ----------
    slopes : (n,) float
        a, 1 nominally.
    offsets : (n,) float
        o, in units of the input.
    dwells : (n,) float
        tau_i in units of the nominal dwell time.
    barriers : (n,) float
        Delta_i, kT.
    """

    slopes: Float
    offsets: Float
    dwells: Float
    barriers: Float

    @property
    def alike(self) -> bool:
        """Whether inputs act alike on all, so that an energy describes the states."""
        return bool((self.slopes == self.slopes[0]).all() and not self.offsets.any())


def draw_junctions(
    n: int,
    rng: np.random.Generator,
    *,
    barrier: float,
    barrier_spread: float,
    compensation: float,
    slope_spread: float,
    offset_spread: float,
) -> Junctions:
    """Draw the junctions of a chip.

    Parameters
    ----------
    n : int
        Number of junctions.
    rng : numpy.random.Generator
        The chip.
    barrier, barrier_spread : float
        Mean and standard deviation of the barriers, kT.
    compensation : float
        kappa, 0 to 1.
    slope_spread, offset_spread : float
        Standard deviations of ln a and of o.

    Returns
    -------
    Junctions
        The junctions.
    """
    away, steep, off = rng.standard_normal((n, 3)).T  # by junction: the first of a larger chip are those of a small one
    return Junctions(
        np.exp(slope_spread * steep),
        offset_spread * off,
        np.exp((1.0 - compensation) * barrier_spread * away),
        barrier + barrier_spread * away,
    )
