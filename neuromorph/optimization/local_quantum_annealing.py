r"""Local quantum annealing (LQA): gradient descent of the energy of a product state while the field is turned down.

.. math:: C(t) = -(1 - t) \sum_i \cos\theta_i - t \gamma \Bigl(\tfrac12 z^\top J z + h^\top z\Bigr), \qquad
          z_i = \sin\theta_i, \quad \theta_i = \tfrac{\pi}{2} \tanh w_i

where every spin is a qubit in the plane, in a transverse field of strength 1 - t, and t rises linearly from 0 to 1. The
w_i follow v <- mu v - eta dC/dw, w <- w + v.

Source: Bowles, Dauphin, Huembeli, Martinez and Acin, Phys. Rev. Appl. 18, 034016 (2022). gamma, eta and mu chosen for
this project.
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


def local_quantum_annealing(
    ising: Ising,
    steps: int = 1000,
    reads: int = 16,
    *,
    strength: float = 1.0,
    step: float = 0.05,
    momentum: float = 0.95,
    descend: bool = True,
    initial: ArrayLike | None = None,
    workers: int = 1,
    rng: RNG = None,
    observe: SweepObserver | None = None,
) -> Samples:
    """Minimize by local quantum annealing.

    Parameters
    ----------
    ising : Ising
        The problem.
    steps : int
        Number of steps.
    reads : int
        Number of independent runs; 16 are computed together.
    strength : float
        gamma in units of 1 / (J_rms (n - 1)^1/2).
    step, momentum : float
        eta and mu.
    descend : bool
        Whether each run ends at a state in which no single flip lowers E.
    initial : (n,) or (reads, n) array_like, or None
        Initial states; None is random.
    workers : int
        Number of threads, on which the spins do not depend.
    rng : RNG
        Source of one stream for each read.
    observe : callable, optional
        Called as ``observe(1 - t, spins)`` after each step.

    Returns
    -------
    Samples
        The final states.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    at_least(1, steps=steps)
    for name, value in {"strength": strength, "step": step}.items():
        if not (np.isfinite(value) and value > 0.0):
            raise ValueError(f"{name} is {value}; it must be finite and above 0")
    if not 0.0 <= momentum < 1.0:
        raise ValueError(f"momentum is {momentum}; it must be from 0 to below 1")
    quarter = np.float32(np.pi / 2.0)

    def evolve(block: Relaxation) -> F32:
        w = block.start
        v = np.zeros_like(w)
        gain = strength * block.strength
        for k in range(steps):
            checkpoint("local quantum annealing", k, steps)
            t = (k + 1) / steps
            squashed = np.tanh(w)
            angle = quarter * squashed
            z = np.sin(angle)
            slope = np.float32(1.0 - t) * z - np.float32(t * gain) * block.field(z) * np.cos(angle)
            v = np.float32(momentum) * v - np.float32(step) * slope * quarter * (np.float32(1.0) - squashed**2)
            w += v
            block.observe(1.0 - t, w)
        return w

    return relax_reads(
        ising, reads, evolve, "local quantum annealing", spread=0.1, descend=descend, initial=initial,
        workers=workers, rng=rng, observe=observe,
    )  # fmt: skip
