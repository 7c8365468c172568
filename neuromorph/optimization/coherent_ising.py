r"""Coherent Ising machines in the mean field, with chaotic amplitude control (CAC) or chaotic feedback control (CFC).

.. math:: \dot x_i = (p - 1) x_i - x_i^3 + z_i, \qquad z_i = \epsilon\, e_i \Bigl(h_i + \sum_j J_{ij} x_j\Bigr), \qquad
          \dot e_i = -\beta e_i (x_i^2 - \alpha) \;\text{(CAC)} \;\text{or}\; -\beta e_i (z_i^2 - \alpha) \;\text{(CFC)}

where x_i is the amplitude of an optical pulse, p its pump, and e_i an error signal that makes amplitudes (CAC) or
feedbacks (CFC) equal, so that the machine leaves local minima instead of resting in them: the lowest state that its
signs passed is the answer. Without control e_i = 1: the machine itself, whose pump rises linearly through threshold.
The bias acts on a pulse like a neighbor of amplitude alpha^1/2. Parameters chosen for this project on the G-set and
Sherrington-Kirkpatrick glasses.

Sources: Wang et al., Phys. Rev. A 88, 063853 (2013), the machine; Leleu et al., Phys. Rev. Lett. 122, 040607 (2019),
CAC; Reifenstein, Kako, Khoyratee, Leleu and Yamamoto, Adv. Quantum Technol. 4, 2100077 (2021), CFC.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Ising
from ..rng import RNG
from ..runtime.limits import checkpoint
from ..sampling.replicas.sparse import F32
from ..sampling.samples import Samples, SweepObserver
from ..sampling.validation import at_least
from .relaxation import SIDE_BY_SIDE, Relaxation, relax_reads

_PUMPS = {"none": 1.0, "amplitude": -1.0, "feedback": 0.0}
_COUPLINGS = {"none": 1.0, "amplitude": 2.0, "feedback": 1.4}
_LARGEST = 32.0  # of an error signal
_WIDEST = 3.0  # of an amplitude, where the cubic loss would be unstable at this time step


def coherent_ising_machine(
    ising: Ising,
    steps: int = 2000,
    reads: int = 16,
    *,
    control: str = "amplitude",
    dt: float = 0.1,
    pump: float | None = None,
    coupling: float | None = None,
    rate: float = 0.3,
    target: float = 1.0,
    descend: bool = True,
    initial: ArrayLike | None = None,
    workers: int = 1,
    rng: RNG = None,
    observe: SweepObserver | None = None,
) -> Samples:
    """Minimize by the equations of a coherent Ising machine.

    Parameters
    ----------
    ising : Ising
        The problem.
    steps : int
        Number of time steps.
    reads : int
        Number of independent runs; 16 are computed together.
    control : str
        "none", "amplitude" (CAC) or "feedback" (CFC).
    dt : float
        Time step in lifetimes of a photon.
    pump : float or None
        p; without control its last value. None is 1 without control, -1 (CAC), 0 (CFC).
    coupling : float or None
        epsilon in units of 1 / (J_rms (n - 1)^1/2); None is 1 without control, 2 (CAC), 1.4 (CFC).
    rate, target : float
        beta and alpha of the control.
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
        The lowest states that were passed; the final ones without control.

    Raises
    ------
    ValueError
        If ``control`` is unknown or a parameter is out of range.
    """
    at_least(1, steps=steps)
    if control not in _PUMPS:
        raise ValueError(f"control is {control!r}; expected {', '.join(_PUMPS)}")
    last = _PUMPS[control] if pump is None else pump
    strength = _COUPLINGS[control] if coupling is None else coupling
    for name, value in {"dt": dt, "coupling": strength, "rate": rate, "target": target}.items():
        if not (np.isfinite(value) and value > 0.0):
            raise ValueError(f"{name} is {value}; it must be finite and above 0")
    if not np.isfinite(last):
        raise ValueError(f"pump is {pump}; it must be finite")

    def evolve(block: Relaxation) -> F32:
        x, e = block.start, np.ones_like(block.start)
        gain = np.float32(strength * block.strength)
        level = np.float32(np.sqrt(target))
        lowest, best = np.full((block.parts, SIDE_BY_SIDE), np.inf), x.copy()
        for t in range(steps):
            checkpoint("coherent Ising machine", t, steps)
            p = last * (t + 1) / steps if control == "none" else last
            field = np.asarray(block.couplings @ x) + level * block.biases
            z = gain * e * field
            if control == "none":
                x += np.float32(dt) * (np.float32(p - 1.0) * x - x * x * x + z)
            else:
                _keep(block, x, best, lowest)
                x += np.float32(dt) * (np.float32(p - 1.0) * x - x * x * x + z)
                held = x if control == "amplitude" else z
                e *= np.exp(np.float32(dt * rate) * np.maximum(np.float32(target) - held * held, np.float32(-_LARGEST)))
                np.minimum(e, np.float32(_LARGEST), out=e)
            np.clip(x, -_WIDEST, _WIDEST, out=x)
            block.observe(p, x)
        if control == "none":
            return x
        _keep(block, x, best, lowest)
        block.observe(last, best)
        return best

    return relax_reads(
        ising, reads, evolve, f"coherent Ising machine, control {control}", spread=1e-2, descend=descend,
        initial=initial, workers=workers, rng=rng, observe=observe,
    )  # fmt: skip


def _keep(block: Relaxation, x: F32, best: F32, lowest: NDArray[np.float64]) -> None:
    """Keep the signs of lowest energy that each read passed, of each part of a direct sum its own."""
    shape = (block.parts, -1, SIDE_BY_SIDE)
    signs = np.where(x < 0.0, np.float32(-1.0), np.float32(1.0))
    field = block.field(signs) + block.biases
    energies = -0.5 * np.einsum("pnr,pnr->pr", signs.reshape(shape), field.reshape(shape)).astype(float)
    better = energies < lowest
    lowest[better] = energies[better]
    np.copyto(best.reshape(shape), signs.reshape(shape), where=better[:, None])
