r"""Memory in the phase of spikes: resonate-and-fire neurons at one frequency, coupled by complex weights.

.. math:: \dot z = (-1/\tau + i\omega) z + \kappa \bar z e^{2 i \omega t}, \qquad
          z_i \leftarrow z_i + W_{ij} \text{ at a spike of } j, \qquad W = \tfrac1n \sum_\mu \xi^\mu \xi^{\mu *}

where

* z_i is the state of neuron i, omega its frequency and tau its decay;
* W are Hebb's weights of the patterns xi;
* kappa is the strength of a pump, a rhythm of twice the frequency that all neurons feel.

A neuron fires where Im z crosses 0 upwards with Re z > theta, at most once in half a cycle. With z = a exp(i omega t)
that is the time at which exp(-i omega t) is s_j, the phase factor of a_j, so that a cycle adds sum_j W_ij s_j to a_i:
the phasor network, in which s becomes F = W s over its modulus (Noest, Europhys. Lett. 6, 469 (1988)), with a memory of
exp(-T / tau). With the pump Re a decays with 1 / tau - kappa, Im a with 1 / tau + kappa, which holds phases at 0 or pi,
where patterns of -1 and +1 are.

Sources: Izhikevich, Neural Networks 14, 883 (2001), resonate-and-fire; computing with the times of spikes in a rhythm:
Hopfield, Nature 376, 33 (1995). The parameters are ours, chosen by measurement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float
from ..runtime.threads import single_threaded_blas
from .brian.simulator import Backend, FractionProgress, Simulator, build_simulator
from .rate_recall import patterns_for

Complex = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class PhaseRecall:
    """Final phasors of each trial, with its spikes.

    Attributes
    ----------
    spike_times_s, spike_trials, spike_neurons : (spikes,) arrays
        Time in s, trial and neuron of each spike.
    phasors : (trials, n) complex
        s of the last spike of each neuron in the last two cycles; 0 if it was silent there.
    course : (trials, cycles, n) complex
        s of the last spike in each cycle so far; the cue before the first spike.
    activity : dict of str to (trials,) float
        Counts of spikes, synaptic_operations and membrane_updates.
    manifest : dict
        Record of the run, see :class:`.Recording`.
    """

    spike_times_s: Float
    spike_trials: NDArray[np.int64]
    spike_neurons: NDArray[np.int64]
    phasors: Complex
    course: Complex
    activity: Mapping[str, Float]
    manifest: Mapping[str, Any]

    @property
    def spins(self) -> NDArray[np.int8]:
        """Signs of Re s, (trials, n)."""
        return np.where(self.phasors.real >= 0, 1, -1).astype(np.int8)

    def overlaps(self, patterns: ArrayLike) -> Float:
        """Compute the overlap of the final phasors with patterns (n,) or (trials, n).

        Returns
        -------
        (trials,) float
            The modulus of sum_i conj(pattern_i) s_i / n.
        """
        return phase_overlaps(self.phasors, patterns_for(patterns, self.phasors.shape, complex))

    def overlap_course(self, patterns: ArrayLike) -> Float:
        """Compute the overlap after every cycle.

        Returns
        -------
        (trials, cycles) float
            The overlaps as in :meth:`overlaps`.
        """
        p = patterns_for(patterns, self.phasors.shape, complex)
        return phase_overlaps(self.course, p.reshape(-1, 1, p.shape[-1]))


@dataclass(frozen=True, eq=False)
class PhaseMemory:
    """Network of resonate-and-fire neurons that stores phase patterns.

    Attributes
    ----------
    weights : (n, n) array_like
        W, complex; its diagonal is not used.
    locking : float
        kappa tau, 0 <= kappa tau < 1: 0 leaves phases free, 0.5 holds them at 0 or pi.
    frequency_hz, decay_s : float
        omega / 2 pi in Hz, tau in s.
    threshold : float
        theta.
    step_s : float
        Step in s; a spike is timed to a step, 2 pi f dt of a phase.
    backend, folder : Backend or Path or None
        As in :func:`.build_simulator`.
    """

    weights: Any
    locking: float = 0.0
    frequency_hz: float = 40.0
    decay_s: float = 25e-3
    threshold: float = 0.1
    step_s: float = 0.5e-3
    backend: Backend = "numpy"
    folder: Path | None = None
    _simulators: dict[int, Simulator] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        w = np.array(self.weights, dtype=complex)
        if w.ndim != 2 or w.shape[0] != w.shape[1] or len(w) < 2 or not np.isfinite(w).all():
            raise ValueError(f"weights have shape {w.shape}; expected a finite (n, n) with n >= 2")
        np.fill_diagonal(w, 0.0)
        w.setflags(write=False)
        object.__setattr__(self, "weights", w)
        if not 0 <= self.locking < 1:
            raise ValueError(f"locking is {self.locking}; expected 0 <= locking < 1, for at 1 nothing decays")
        for name in ("frequency_hz", "decay_s", "threshold", "step_s"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and positive")
        if self.step_s * self.frequency_hz > 0.05:
            raise ValueError(f"step_s is {self.step_s}; give at most a twentieth of 1 / {self.frequency_hz:g} Hz")

    @classmethod
    def from_patterns(cls, patterns: ArrayLike, locking: float | None = None, **options: Any) -> PhaseMemory:
        """Store patterns by Hebb's rule.

        Parameters
        ----------
        patterns : (k, n) array_like
            Patterns of modulus 1.
        locking : float or None
            kappa tau; None is 0.5 for real patterns, 0 for others.
        **options : Any
            Further fields of the class.

        Returns
        -------
        PhaseMemory
            The network.

        Raises
        ------
        ValueError
            If the patterns have another shape or modulus.
        """
        x = np.atleast_2d(np.asarray(patterns, dtype=complex))
        if x.ndim != 2 or not x.size or not np.allclose(np.abs(x), 1.0, atol=1e-9):
            raise ValueError("patterns must be (k, n) of -1 and +1, or complex numbers of modulus 1")
        if locking is None:
            locking = 0.0 if np.abs(x.imag).max() > 1e-9 else 0.5
        return cls(x.T @ x.conj() / x.shape[1], locking=locking, **options)

    @property
    def size(self) -> int:
        """Number of neurons n."""
        return len(self.weights)

    @property
    def period_s(self) -> float:
        """Period T in s."""
        return 1.0 / self.frequency_hz

    @single_threaded_blas()
    def phasor_network(self, cues: ArrayLike, cycles: int = 25) -> Complex:
        r"""Iterate the discrete phasor network that the spiking one stands for.

        .. math:: A(c + 1) = r A(c) + F(c), \quad F = W s, \quad s = A / |A|

        where r is exp(-T (1 - kappa tau) / tau) for Re A and exp(-T (1 + kappa tau) / tau) for Im A. It lacks only
        spikes that act within the cycle in which they come.

        Parameters
        ----------
        cues : (trials, n) array_like
            Initial A.
        cycles : int
            Number of cycles.

        Returns
        -------
        (trials, n) complex
            s at the end.
        """
        keep = np.exp(-self.period_s / self.decay_s * (1.0 - self.locking * np.array([1.0, -1.0])))
        a = self._cues(cues)
        for _ in range(cycles):
            f = _unit(a) @ self.weights.T
            a = (keep[0] * a.real + f.real) + 1j * (keep[1] * a.imag + f.imag)
        return _unit(a)

    def recall(self, cues: ArrayLike, *, cycles: int = 25, progress: FractionProgress | None = None) -> PhaseRecall:
        """Start every neuron at the phase of its cue and simulate the spikes, without randomness.

        Parameters
        ----------
        cues : (n,) or (trials, n) array_like
            a(0), complex: moduli near 1, or 0 where the phase is unknown (the neuron is silent until driven).
        cycles : int
            Number of cycles, at least 2.
        progress : callable or None
            Called with the fraction done.

        Returns
        -------
        PhaseRecall
            The final phasors.

        Raises
        ------
        ValueError
            If ``cycles`` is below 2.
        """
        a = self._cues(cues)
        if cycles < 2:
            raise ValueError(f"cycles is {cycles}; expected at least 2, which are read")
        trials = len(a)
        if trials not in self._simulators:
            self._simulators[trials] = build_simulator(
                lambda b2: self._model(b2, trials), dt_s=self.step_s, backend=self.backend, folder=self.folder
            )
        w = self.weights[self._pairs()]
        values = {
            "units.a": a.real.ravel(),
            "units.b": a.imag.ravel(),
            "synapses.w": np.tile(w.real, trials),
            "synapses.w_i": np.tile(w.imag, trials),
        }
        record = self._simulators[trials].run(cycles * self.period_s, values, rng=0, progress=progress)
        t, (k, i) = record["spikes.t"], np.divmod(record["spikes.i"].astype(np.int64), self.size)
        s, cycle = np.exp(-2j * np.pi * self.frequency_hz * t), (t * self.frequency_hz).astype(np.int64)
        course, last = np.empty((trials, cycles, self.size), complex), a.copy()
        for c in range(cycles):
            now = cycle == c
            last[k[now], i[now]] = s[now]  # assigned in the order of time, so that the last spike stays
            course[:, c] = last
        recent = np.zeros((trials, self.size), bool)
        recent[k[cycle >= cycles - 2], i[cycle >= cycles - 2]] = True
        fan = np.count_nonzero(self.weights, axis=0)
        activity = {
            "spikes": np.bincount(k, minlength=trials).astype(float),
            "synaptic_operations": np.bincount(k, weights=fan[i], minlength=trials),
            "membrane_updates": np.full(trials, float(self.size * round(cycles * self.period_s / self.step_s))),
        }
        return PhaseRecall(t, k, i, np.where(recent, last, 0.0), course, activity, record.manifest)

    def _cues(self, cues: ArrayLike) -> Complex:
        a = np.atleast_2d(np.asarray(cues, dtype=complex))
        if a.ndim != 2 or a.shape[1] != self.size or not np.isfinite(a).all():
            raise ValueError(f"cues have shape {a.shape}; expected finite ({self.size},) or (trials, {self.size})")
        return a

    def _pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """List sink and source of every pair of neurons: one topology for all patterns of a size."""
        sink, source = np.nonzero(~np.eye(self.size, dtype=bool))
        return sink.astype(np.int64), source.astype(np.int64)

    def _model(self, b2: Any, trials: int) -> list[Any]:
        second = b2.second
        namespace = {
            "omega": 2 * np.pi * self.frequency_hz / second,
            "decay": (1.0 - self.locking) / (self.decay_s * second),
            "decay_i": (1.0 + self.locking) / (self.decay_s * second),
            "theta": self.threshold,
            "half": self.period_s / 2 * second,
            "second": second,
        }
        units = b2.NeuronGroup(
            trials * self.size,
            """da/dt = -decay*a : 1
            db/dt = -decay_i*b : 1
            x = a*cos(omega*t) - b*sin(omega*t) : 1
            y = a*sin(omega*t) + b*cos(omega*t) : 1
            before : 1""",
            threshold="y > 0 and before <= 0 and x > theta", refractory="half", reset="", method="exact",
            namespace=namespace, name="units",
        )  # fmt: skip
        units.run_regularly("before = y", when="after_thresholds", name="remember")
        synapses = b2.Synapses(
            units, units, "w : 1\nw_i : 1",
            on_pre="a_post += w*cos(omega*t) + w_i*sin(omega*t); b_post += w_i*cos(omega*t) - w*sin(omega*t)",
            namespace=namespace, name="synapses",
        )  # fmt: skip
        sink, source = self._pairs()
        shift = self.size * np.arange(trials)[:, None]
        synapses.connect(i=(shift + source).ravel(), j=(shift + sink).ravel())
        return [units, synapses, b2.SpikeMonitor(units, name="spikes")]


def phase_overlaps(phasors: ArrayLike, patterns: ArrayLike) -> Float:
    """Compute the modulus of sum_i conj(pattern_i) s_i / n over the last axis.

    Parameters
    ----------
    phasors : (..., n) array_like
        s.
    patterns : (..., n) array_like
        Patterns.

    Returns
    -------
    (...,) float
        The overlaps.
    """
    return np.abs((np.asarray(phasors) * np.conj(np.asarray(patterns))).mean(axis=-1))


def _unit(a: Complex) -> Complex:
    size = np.abs(a)
    return np.asarray(np.divide(a, size, out=np.zeros_like(a), where=size > 0))
