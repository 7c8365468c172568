"""What both targets of atoms share: their parameters, and what an array of atoms holds of a problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from scipy import sparse

from neuromorph.datum import Datum
from neuromorph.ising import Float, Ising
from neuromorph.problems.problem import Problem
from neuromorph.protocol import check_length, mapping_error
from neuromorph.run import Program
from neuromorph.sampling.schedules import beta_range
from neuromorph.target_constants import refuse_both

from .atom_costs import DATA
from .placement import Placement
from .stationary import MAX_ATOMS, stationary_distribution
from .switching_reads import AtomArray
from .telegraph import skewed


class SwitchingAtoms(Protocol):
    """Parameters of a target whose atoms switch at random.

    They are documented at ``AtomicSpins``.
    """

    @property
    def name(self) -> str:
        """Name of the target."""
        ...

    @property
    def attempts(self) -> float:
        """Duration in attempt times."""
        ...

    @property
    def theta(self) -> float:
        """Position of the barrier."""
        ...

    @property
    def asymmetry(self) -> float:
        """Spread of w_ij - w_ji."""
        ...

    @property
    def attempt_rate_hz(self) -> float | None:
        """Attempt rate, 1/s."""
        ...

    @property
    def constants(self) -> Mapping[str, Datum]:
        """Table of constants."""
        ...


def check_atoms(device: SwitchingAtoms) -> None:
    """Check the parameters of a target.

    Parameters
    ----------
    device : SwitchingAtoms
        Target.

    Raises
    ------
    ValueError
        If one of them is out of its range.
    """
    check_length("attempts", device.attempts)
    if not 0.0 <= device.theta <= 1.0:
        raise ValueError(f"theta is {device.theta}; the barrier stands between the two states: 0 to 1")
    if not (np.isfinite(device.asymmetry) and device.asymmetry >= 0):
        raise ValueError(f"asymmetry is {device.asymmetry}; it must be finite and not negative")
    rate = device.attempt_rate_hz
    if rate is not None and not (np.isfinite(rate) and rate > 0):
        raise ValueError(f"attempt_rate_hz is {rate}; it must be finite and positive")
    refuse_both(device.constants, DATA, "attempt_rate_hz", "attempt_rate_hz", rate)


def programmed_atoms(
    device: SwitchingAtoms,
    problem: Ising | Problem,
    asked: Ising,
    held: Ising,
    rng: np.random.Generator,
    placement: Placement | None,
    notes: list[str],
    setup: Mapping[str, float],
) -> Program:
    """Program one array of atoms.

    Parameters
    ----------
    device : SwitchingAtoms
        Target.
    problem : Ising or Problem
        Requested problem.
    asked, held : Ising
        The problem, and the symmetric model that the atoms hold of it.
    rng : numpy.random.Generator
        The stream of the asymmetry.
    placement : Placement or None
        Positions of the atoms.
    notes : list of str
        Losses so far.
    setup : dict of str to float
        Number of each event of programming.

    Returns
    -------
    Program
        Program.
    """
    w = skewed(held.sparse_couplings(), device.asymmetry, rng)
    error, more = skewed_error(asked, held, w)

    def sampled(beta: float) -> Float:
        return stationary_distribution(w, held.biases, beta, device.theta)

    own = sampled if device.asymmetry and held.size <= MAX_ATOMS else None
    state = AtomArray(w, held.biases.copy(), *beta_range(held), placement)
    drawn = placement is not None or device.asymmetry > 0.0
    about = {"atoms": held.size} if placement is None else {"atoms": held.size, "full_scale": placement.scale}
    return Program(
        device.name, problem, held, state, error, (*notes, *more), setup, one_chip=drawn, sampled=own, provenance=about
    )


def skewed_error(asked: Ising, held: Ising, w: sparse.csc_array) -> tuple[float, tuple[str, ...]]:
    """Compute the mapping error of atoms whose couplings may be asymmetric.

    Parameters
    ----------
    asked, held : Ising
        The problem, and the symmetric model that the atoms hold of it.
    w : (n, n) sparse array
        Couplings as the atoms have them, whose symmetric part is held.

    Returns
    -------
    error : float
        RMS(w - J) / RMS(J) over couplings and biases.
    notes : tuple of str
        What no energy describes.
    """
    error = mapping_error(asked, held)
    lost = float(abs(w - held.sparse_couplings()).power(2).sum()) / 2.0
    if not lost:
        return error, ()
    # The part of w that no energy describes is orthogonal to the rest: squares add.
    scale = float(asked.sparse_couplings().power(2).sum()) / 2.0 + float((asked.biases**2).sum())
    told = "w is not symmetric: its states follow no Boltzmann distribution; held is its symmetric part"
    return (float(np.hypot(error, np.sqrt(lost / scale))) if scale else error), (told,)
