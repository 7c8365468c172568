r"""SimCIM: noisy gradient steps of the mean amplitudes of a coherent Ising machine, with momentum and hard walls.

.. math:: g_i = p(t) x_i + \zeta \Bigl(h_i + \sum_j J_{ij} x_j\Bigr) + \sigma \xi_i, \qquad
          v_i \leftarrow \mu v_i + (1 - \mu) g_i, \qquad x_i \leftarrow x_i + v_i \;\text{while}\; |x_i + v_i| \le 1

with normal numbers xi and a pump p that rises as tanh from loss to just below the threshold of the largest eigenvalue:
amplitudes that have reached a wall stay where they are until they are driven back.

Source: Tiunov, Ulanov and Lvovsky, Opt. Express 27, 10288 (2019). Parameters chosen for this project.
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


def sim_cim(
    ising: Ising,
    steps: int = 1000,
    reads: int = 16,
    *,
    coupling: float = 0.3,
    noise: float = 0.1,
    momentum: float = 0.9,
    loss: float = 0.6,
    descend: bool = True,
    initial: ArrayLike | None = None,
    workers: int = 1,
    rng: RNG = None,
    observe: SweepObserver | None = None,
) -> Samples:
    """Minimize by SimCIM.

    Parameters
    ----------
    ising : Ising
        The problem.
    steps : int
        Number of steps.
    reads : int
        Number of independent runs; 16 are computed together.
    coupling : float
        zeta in units of 1 / (J_rms (n - 1)^1/2).
    noise : float
        sigma.
    momentum : float
        mu, from 0 to below 1.
    loss : float
        -p at the start; it ends at 0.
    descend : bool
        Whether each run ends at a state in which no single flip lowers E.
    initial : (n,) or (reads, n) array_like, or None
        Initial states; None is random.
    workers : int
        Number of threads, on which the spins do not depend.
    rng : RNG
        Source of one stream for each read.
    observe : callable, optional
        Called as ``observe(p, spins)`` after each step.

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
    for name, value in {"coupling": coupling, "noise": noise, "loss": loss}.items():
        if not (np.isfinite(value) and value >= 0.0):
            raise ValueError(f"{name} is {value}; it must be finite and not negative")
    if not 0.0 <= momentum < 1.0:
        raise ValueError(f"momentum is {momentum}; it must be from 0 to below 1")

    def evolve(block: Relaxation) -> F32:
        x = block.start
        v = np.zeros_like(x)
        gain = np.float32(coupling * block.strength)
        for t in range(steps):
            checkpoint("SimCIM", t, steps)
            pump = loss * 0.5 * (np.tanh(6.0 * (t + 1) / steps - 3.0) - 1.0)
            g = np.float32(pump) * x + gain * block.field(x) + np.float32(noise) * block.normal()
            v = np.float32(momentum) * v + np.float32(1.0 - momentum) * g
            inside = np.abs(x + v) <= 1.0
            x += np.where(inside, v, np.float32(0.0))
            block.observe(float(pump), x)
        return x

    return relax_reads(
        ising, reads, evolve, "SimCIM", spread=1e-2, descend=descend, initial=initial, workers=workers, rng=rng,
        observe=observe,
    )  # fmt: skip
