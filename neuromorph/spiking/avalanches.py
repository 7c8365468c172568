r"""Synchrony and avalanches of integrate-and-fire units that excite each other without delay.

.. math:: \dot u_i = I - \lambda u_i; \qquad u_i \ge 1: \; u_i \to u_i - 1 \text{ or } 0, \;
          u_j \to u_j + \alpha \text{ for each neighbor } j

where u_i is the potential of unit i, I the drive, lambda the leak, and alpha the weight of a pulse. A unit whose pulse
carries others over the threshold starts an avalanche: they fire in synchrony. Without leak, and with u_i - 1 after a
spike, an energy falls, and within a few cycles every unit fires once in the period (1 - A) / I, A = alpha times the
number of neighbors (< 1), in groups that stay together: Hopfield and Herz, PNAS 92, 6655 (1995); Herz and Hopfield,
Phys. Rev. Lett. 75, 1222 (1995). At open borders units have fewer neighbors and other periods, so that groups re-form
for ever; their sizes spread over a range that grows as A approaches 1, as in models of earthquakes: Olami, Feder and
Christensen, Phys. Rev. Lett. 68, 1244 (1992). The reset u -> 0 favors large groups.

If every unit excites all n with alpha / n, and random units are kicked up one at a time, sizes are known exactly:

.. math:: P(s) = s^{s-2} \binom{n-1}{s-1} \Big(\frac{\alpha}{n}\Big)^{s-1} \Big(1 - \frac{s\alpha}{n}\Big)^{n-s-1}
          \frac{n (1 - \alpha)}{n - (n - 1)\alpha}

Source: Eurich, Herrmann and Ernst, Phys. Rev. E 66, 066137 (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from ..ising import Float
from ..rng import RNG, kernel_states, read_seeds
from ..runtime.pieces import pieces
from .brian.simulator import Backend, FractionProgress, build_simulator


@dataclass(frozen=True, eq=False)
class Avalanches:
    """Sequence of avalanches with the final state of the units.

    Attributes
    ----------
    sizes, durations : (m,) int
        Firings, and generations of them, in each avalanche.
    times_s : (m,) float
        Time of each avalanche since the start (number of kicks if units were kicked).
    potentials : (n,) float
        u at the end.
    last : (n,) int
        Number of the avalanche in which each unit fired last, from 0; -1 if it never did.
    """

    sizes: NDArray[np.int64]
    durations: NDArray[np.int64]
    times_s: Float
    potentials: Float
    last: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PulseNetwork:
    """Pulse-coupled integrate-and-fire units with their connections.

    Attributes
    ----------
    offsets, targets : (n + 1,) int, (edges,) int
        Unit i excites targets[offsets[i] : offsets[i + 1]].
    weight : float
        alpha of each connection, above 0; the sum over a unit's targets is below 1.
    drive_hz, leak_hz : float
        I and lambda in 1/s; I > lambda, else no unit ever fires.
    after : {"subtract", "zero"}
        Reset of u at a spike.
    """

    offsets: Any
    targets: Any
    weight: float
    drive_hz: float = 10.0
    leak_hz: float = 0.0
    after: Literal["subtract", "zero"] = "subtract"

    def __post_init__(self) -> None:
        offsets, targets = np.array(self.offsets, dtype=np.int64), np.array(self.targets, dtype=np.int64)
        n = offsets.size - 1
        if n < 1 or offsets[0] != 0 or (np.diff(offsets) < 0).any() or offsets[-1] != targets.size:
            raise ValueError("offsets must rise from 0 to the number of targets, one more of them than units")
        if targets.size and (targets.min() < 0 or targets.max() >= n):
            raise ValueError(f"targets hold {targets.min()} .. {targets.max()}; expected units 0 .. {n - 1}")
        fan = int(np.diff(offsets).max())
        if not (np.isfinite(self.weight) and self.weight > 0 and self.weight * fan < 1):
            raise ValueError(
                f"weight is {self.weight} and a unit has {fan} targets; expected 0 < weight * targets < 1, else "
                "avalanches need not end"
            )
        if not (np.isfinite([self.drive_hz, self.leak_hz]).all() and self.drive_hz > self.leak_hz >= 0):
            raise ValueError(f"drive_hz is {self.drive_hz} and leak_hz {self.leak_hz}; expected drive > leak >= 0")
        if self.after not in ("subtract", "zero"):
            raise ValueError(f"after is {self.after!r}; choose subtract or zero")
        for name, value in (("offsets", offsets), ("targets", targets)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @classmethod
    def lattice(cls, side: int, strength: float, *, periodic: bool = True, **options: Any) -> PulseNetwork:
        """Build a square lattice of side^2 units with four neighbors each (fewer at open borders).

        Parameters
        ----------
        side : int
            Units on a side, at least 3.
        strength : float
            4 alpha.
        periodic : bool
            Whether the borders are periodic.
        **options : Any
            Further fields of the class.

        Returns
        -------
        PulseNetwork
            The network.

        Raises
        ------
        ValueError
            If ``side`` is below 3.
        """
        if side < 3:
            raise ValueError(f"side is {side}; expected at least 3")
        row, column = np.divmod(np.arange(side * side), side)
        near = [(row + dy, column + dx) for dy, dx in ((-1, 0), (0, -1), (0, 1), (1, 0))]
        y, x = np.stack([each[0] for each in near], axis=1), np.stack([each[1] for each in near], axis=1)
        inside = np.full(y.shape, True) if periodic else (y >= 0) & (y < side) & (x >= 0) & (x < side)
        targets = (y % side * side + x % side)[inside]
        return cls(np.concatenate([[0], np.cumsum(inside.sum(axis=1))]), targets, strength / 4.0, **options)

    @classmethod
    def complete(cls, n: int, strength: float, **options: Any) -> PulseNetwork:
        """Build a complete network, in which every unit excites all n, itself too.

        Parameters
        ----------
        n : int
            Number of units.
        strength : float
            n alpha.
        **options : Any
            Further fields of the class.

        Returns
        -------
        PulseNetwork
            The network.

        Raises
        ------
        ValueError
            If ``n`` is below 1.
        """
        if n < 1:
            raise ValueError(f"n is {n}; expected at least 1")
        return cls(np.arange(n + 1) * n, np.tile(np.arange(n), n), strength / n, **options)

    @property
    def size(self) -> int:
        """Number of units n."""
        return len(self.offsets) - 1

    def run(
        self, avalanches: int, *, warm_up: int = 0, kick: float = 0.0, start: ArrayLike | None = None, rng: RNG = None
    ) -> Avalanches:
        """Simulate avalanches, with jumps of time from one to the next.

        Parameters
        ----------
        avalanches : int
            Number of recorded avalanches.
        warm_up : int
            Number of avalanches before them.
        kick : float
            Amount by which randomly drawn units are raised, one at a time; 0 is the common drive.
        start : (n,) array_like or None
            u at the start, below 1; None is uniform in [0, 1).
        rng : RNG
            Source of the random numbers.

        Returns
        -------
        Avalanches
            The recorded avalanches.

        Raises
        ------
        ValueError
            If a number is out of range.
        """
        from .avalanches_kernel import run_avalanches

        if avalanches < 1 or warm_up < 0:
            raise ValueError(f"avalanches is {avalanches} and warm_up {warm_up}; expected at least 1 and 0")
        if not 0 <= kick < 1:
            raise ValueError(f"kick is {kick}; expected 0 <= kick < 1")
        seeds = read_seeds(rng, 2)
        u = self._start(start, seeds[0])
        total = avalanches + warm_up
        sizes, durations, times = np.zeros(total, np.int64), np.zeros(total, np.int64), np.zeros(total)
        last = np.full(self.size, -1, np.int64)
        fixed = (self.offsets, self.targets, self.weight, self.drive_hz, self.leak_hz, kick, self.after == "subtract")
        changing = (u, sizes, durations, times, last, kernel_states(seeds[1:])[0])
        for _, part in pieces(1, total, "avalanches"):
            if run_avalanches(*fixed, *changing, part.start, part.stop) < part.stop:
                break
        return Avalanches(sizes[warm_up:], durations[warm_up:], times[warm_up:], u, np.maximum(last - warm_up, -1))

    def spikes(
        self,
        duration_s: float,
        *,
        step_s: float = 1e-4,
        start: ArrayLike | None = None,
        rng: RNG = None,
        backend: Backend = "numpy",
        folder: Path | None = None,
        progress: FractionProgress | None = None,
    ) -> tuple[Float, NDArray[np.int64]]:
        """Simulate the network in Brian2, where a generation takes a step.

        Parameters
        ----------
        duration_s : float
            Duration in s.
        step_s : float
            Step in s.
        start : (n,) array_like or None
            u at the start, below 1; None is uniform in [0, 1).
        rng : RNG
            Source of the random numbers.
        backend, folder, progress
            As in :func:`.build_simulator` and :meth:`.Simulator.run`.

        Returns
        -------
        tuple of (spikes,) float, (spikes,) int64
            Times in s and units.
        """

        def model(b2: Any) -> list[Any]:
            namespace = {"second": b2.second, "I": self.drive_hz / b2.second, "leak": self.leak_hz / b2.second}
            units = b2.NeuronGroup(
                self.size, "du/dt = I - leak*u : 1", threshold="u >= 1 - 1e-9", method="euler", name="units",
                reset="u -= 1" if self.after == "subtract" else "u = 0", namespace=namespace,
            )  # fmt: skip
            made = [units, b2.SpikeMonitor(units, name="spikes")]
            if self.targets.size:
                on_pre = f"u_post += {self.weight!r}"
                pulses = b2.Synapses(units, units, on_pre=on_pre, namespace=namespace, name="pulses")
                pulses.connect(i=np.repeat(np.arange(self.size), np.diff(self.offsets)), j=self.targets)
                made.append(pulses)
            return made

        u = self._start(start, read_seeds(rng, 2)[0])
        simulator = build_simulator(model, dt_s=step_s, backend=backend, folder=folder)
        record = simulator.run(duration_s, {"units.u": u}, rng=0, progress=progress)
        return record["spikes.t"], record["spikes.i"].astype(np.int64)

    def synchrony(self, last: ArrayLike) -> float:
        """Compute the share of connections whose two units fired last in the same avalanche.

        Returns
        -------
        float
            The share, without connections of a unit to itself; NaN if there is none.
        """
        source, label = np.repeat(np.arange(self.size), np.diff(self.offsets)), np.asarray(last)
        other = source != self.targets
        same = (label[source] == label[self.targets]) & (label[source] >= 0)
        return float(same[other].mean()) if other.any() else np.nan

    def _start(self, start: ArrayLike | None, seed: np.random.SeedSequence) -> Float:
        if start is None:
            return np.random.default_rng(seed).random(self.size)
        u = np.array(start, dtype=float)
        if u.shape != (self.size,) or not (np.isfinite(u).all() and (u < 1).all()):
            raise ValueError(f"start has shape {u.shape}; expected ({self.size},) finite values below 1")
        return u


def complete_size_distribution(n: int, strength: float) -> Float:
    """Compute the distribution P(s) of avalanche sizes of the complete network.

    Parameters
    ----------
    n : int
        Number of units.
    strength : float
        n alpha, between 0 and 1.

    Returns
    -------
    (n,) float
        P(s) for s = 1 .. n.

    Raises
    ------
    ValueError
        If ``n`` or ``strength`` is out of range.
    """
    if n < 1 or not 0 < strength < 1:
        raise ValueError(f"n is {n} and strength {strength}; expected n >= 1 and 0 < strength < 1")
    s = np.arange(1, n + 1)
    log = (s - 2) * np.log(s) + gammaln(n) - gammaln(s) - gammaln(n - s + 1) + (s - 1) * np.log(strength / n)
    log += (n - s - 1) * np.log1p(-s * strength / n) + np.log(n * (1 - strength) / (n - (n - 1) * strength))
    return np.asarray(np.exp(log))
