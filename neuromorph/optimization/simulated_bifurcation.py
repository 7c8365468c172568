r"""Simulated bifurcation, ballistic and discrete: nonlinear oscillators that are pumped until each has chosen a side.

.. math:: \dot y_i = -(a_0 - a(t)) x_i + c_0 \Bigl(h_i + \sum_j J_{ij} \phi(x_j)\Bigr), \qquad
          \dot x_i = a_0 y_i, \qquad \phi(x) = x \;\text{(ballistic)} \;\text{or}\; \mathrm{sgn}\, x \;\text{(discrete)}

with a_0 = 1, a rising linearly from 0 to 1, walls at x = +-1 where y is set to 0, and c_0 = 1/2 (n - 1)^{1/2} /
(sum_ij J_ij^2)^{1/2}. Symplectic Euler: y first, x with the new y.

Source: Goto et al., Sci. Adv. 7, eabe7953 (2021); adiabatic bifurcation: Goto, Tatsumura and Dixon, Sci. Adv. 5,
eaav2372 (2019).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Ising
from ..rng import RNG
from ..runtime.limits import checkpoint
from ..sampling.replicas.sparse import F32
from ..sampling.samples import Samples, SweepObserver
from ..sampling.validation import at_least
from .relaxation import Relaxation, relax_reads

_FORCE = 0.5  # c_0 in units of 1 / (J_rms (n - 1)^1/2), as the source has it


def simulated_bifurcation(
    ising: Ising,
    steps: int = 1000,
    reads: int = 16,
    *,
    variant: str = "discrete",
    dt: float = 0.5,
    descend: bool = True,
    initial: ArrayLike | None = None,
    workers: int = 1,
    rng: RNG = None,
    observe: SweepObserver | None = None,
) -> Samples:
    """Minimize by simulated bifurcation.

    Parameters
    ----------
    ising : Ising
        The problem.
    steps : int
        Number of time steps.
    reads : int
        Number of independent runs; 16 are computed together.
    variant : str
        "ballistic" (continuous x in the coupling) or "discrete" (its sign).
    dt : float
        Time step; above 1 the oscillators are unstable.
    descend : bool
        Whether each run ends at a state in which no single flip lowers E.
    initial : (n,) or (reads, n) array_like, or None
        Initial states; None is random.
    workers : int
        Number of threads, on which the spins do not depend.
    rng : RNG
        Source of one stream for each read.
    observe : callable, optional
        Called as ``observe(a, spins)`` after each step.

    Returns
    -------
    Samples
        The final states.

    Raises
    ------
    ValueError
        If ``variant`` is unknown or ``dt`` is out of range.
    """
    at_least(1, steps=steps)
    if variant not in ("ballistic", "discrete"):
        raise ValueError(f"variant is {variant!r}; expected ballistic or discrete")
    if not 0.0 < dt <= 1.0:
        raise ValueError(f"dt is {dt}; it must be above 0 and at most 1")
    step = np.float32(dt)

    def evolve(block: Relaxation) -> F32:
        x = block.start
        y = np.float32(0.1) * block.normal()
        force = np.float32(_FORCE * block.strength)
        for t in range(steps):
            checkpoint("bifurcation", t, steps)
            pump = (t + 1) / steps
            seen = np.sign(x) if variant == "discrete" else x
            y += step * (np.float32(pump - 1.0) * x + force * block.field(seen))
            x += step * y
            y[np.abs(x) > 1.0] = 0.0
            np.clip(x, -1.0, 1.0, out=x)
            block.observe(pump, x)
        return x

    return relax_reads(
        ising, reads, evolve, f"{variant} simulated bifurcation", spread=0.1, descend=descend, initial=initial,
        workers=workers, rng=rng, observe=observe,
    )  # fmt: skip
