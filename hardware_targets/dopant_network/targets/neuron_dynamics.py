"""Dynamics of dopant neurons: networks that settle or anneal, and neurons that fire one at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.analog.mean_field_annealing import GainRamp
from neuromorph.ising import Float, Ising
from neuromorph.rng import kernel_states
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.runtime.pieces import pieces
from neuromorph.sampling.schedules import beta_range, geometric_ramp
from neuromorph.sampling.single_spin_kernel import randomize_spins

from ...analog_circuit.readout import Stream
from .neuron_state import BATCH_COUPLINGS, NeuronReads, NeuronState, normal_kicks, single_sweeps
from .neuron_trace import FiringRecorder, SettlingRecorder
from .noise_thresholds import noise_thresholds, threshold_sweep
from .settling_kernel import settle_steps
from .trimmed_units import TrimmedUnits

_GAIN = 8.0  # the input range of a unit over the swing of u
_HOT, _HOLD = 0.9, 0.1  # first gain over the critical one; last part of an anneal, at full gain and without noise
_ANNEAL_TAU, _STEP_TAU = 200.0, 0.25
_NOISE = 0.7  # sigma of mean_field_annealing
_SCATTER = 1e-3
_SETTLED, _WINDOW, _WINDOWS = 0.05, 10.0, 20  # RMS of R T V - u over the swing; window in tau; most windows
_WARM, _EQUILIBRATE = 32, 64  # sweeps from hot to beta and at beta
_BITS = 10  # bits of the converters of a firing neuron


def settle_neurons(
    units: TrimmedUnits,
    state: NeuronState,
    seeds: list[Stream],
    cues: NDArray[np.int8] | None,
    before: int,
    reads: int,
    observe: SettlingRecorder | None = None,
) -> NeuronReads:
    """Relax or anneal a network of dopant neurons.

    Parameters
    ----------
    units : TrimmedUnits
        Curves of the units.
    state : NeuronState
        The programmed network.
    seeds : list of SeedSequence
        Streams of the reads.
    cues : (reads, n) int8 or None
        Start states; None anneals.
    before, reads : int
        Reads that are done and reads in all, for progress.
    observe : SettlingRecorder or None
        Is shown a single read.

    Returns
    -------
    NeuronReads
        The reads.
    """
    network = _Settling(units, state, seeds, before, reads, observe)
    joules, seconds, n = np.zeros(len(seeds)), np.zeros(len(seeds)), state.biases.size
    u, settled = network.anneal(joules, seconds) if cues is None else network.recall(cues, joules, seconds)
    spins = np.where(u > 0.0, 1, -1).astype(np.int8)
    activity = state.activity(seconds, joules, neurons=n, units=n if cues is not None else 2 * n)  # noise units, too
    activity["da_conversions"] = np.count_nonzero(state.biases) + (0.0 if cues is None else float(n))
    activity["updates"] = n * seconds / units.tau_s
    return NeuronReads(spins, settled, activity)


class _Settling:
    """Reads of a network that settle together; what each takes is added to ``joules`` and ``seconds``."""

    def __init__(
        self,
        units: TrimmedUnits,
        state: NeuronState,
        seeds: list[Stream],
        before: int,
        reads: int,
        observe: SettlingRecorder | None,
    ) -> None:
        self.units, self.state, self.before, self.reads, self.observe = units, state, before, reads, observe
        self.streams = [np.random.default_rng(seed) for seed in seeds]
        self.n, tau = state.biases.size, units.tau_s
        columns = np.array(state.couplings.of_reads(seeds).swapaxes(1, 2), order="C")
        self.bound = units.range_v * _GAIN
        lowest, highest = state.extreme_modes
        # a longer step would let the most negative mode overshoot
        self.tick = min(_STEP_TAU, 1.0 / (1.0 + max(0.0, -lowest) / highest)) if highest > 0.0 else _STEP_TAU
        blur = np.sqrt(1.0 / (2.0 * max(self.tick * tau, units.window_s)))
        approach = -np.expm1(-self.tick)
        self.network = columns, state.biases.copy(), state.which.copy()
        self.curves = units.outputs, units.noise, units.powers_w
        self.numbers = self.bound, units.range_v, float(blur), state.load, float(approach), self.tick * tau

    def anneal(self, joules: Float, seconds: Float) -> tuple[Float, NDArray[np.bool_]]:
        """Let the gain rise from below the critical one, with noise that ends before it does."""
        units, tick, (_, highest) = self.units, self.tick, self.state.extreme_modes
        slope = self.bound * units.slope()
        critical = 1.0 / (slope * highest) if highest > 0.0 else 1.0
        steps = int(np.ceil(_ANNEAL_TAU / tick))
        course = GainRamp(min(1.0, _HOT * critical), (1.0 - _HOLD) * _ANNEAL_TAU)
        u = _SCATTER * np.array([stream.standard_normal(self.n) for stream in self.streams])
        factors = np.array([course(k * tick) for k in range(steps)])
        noisy_steps = np.arange(steps) < (1.0 - _HOLD) * steps
        shakes = noisy_steps * (_NOISE * np.sqrt(2.0 * tick) / (slope * factors))
        rest, reads = np.zeros_like(u), len(u)
        each = u, rest, u > 0.0, np.ones(reads, np.int64), joules, np.ones(reads)
        self._advance("annealing", each, factors, shakes)
        seconds[:] = _ANNEAL_TAU * units.tau_s
        self._look(_ANNEAL_TAU, u, 1.0)
        joules += seconds * units.powers_w[self.state.which, -1].sum()  # noise units, at the end of their range
        return u, np.sqrt((rest**2).mean(axis=1)) < _SETTLED

    def recall(self, cues: NDArray[np.int8], joules: Float, seconds: Float) -> tuple[Float, NDArray[np.bool_]]:
        """Relax from the cues at full gain, window after window, until each read stands still."""
        u = np.array(cues, dtype=float, order="C") / _GAIN  # cues may be broadcast, which would be compiled apart
        rest, reads = np.zeros_like(u), len(u)
        settled, still, active = np.zeros(reads, bool), np.ones(reads, np.int64), np.ones(reads)
        length = int(np.ceil(_WINDOW / self.tick))
        for window in range(_WINDOWS):
            still[:] = 1
            each = u, rest, u > 0.0, still, joules, active
            self._advance("settling", each, np.ones(length), np.zeros(length), window, _WINDOWS)
            seconds += active * (_WINDOW * self.units.tau_s)
            settled |= (still == 1) & (np.sqrt((rest**2).mean(axis=1)) < _SETTLED)
            active = (~settled).astype(float)
            if settled.all():
                break
        self._look(float(seconds.max()) / self.units.tau_s, u, 1.0)
        return u, settled

    def _advance(
        self, step: str, each: tuple[Any, ...], factors: Float, shakes: Float, part: int = 0, parts: int = 1
    ) -> None:
        """Take a step for each factor of the gain, with a shake of that size."""
        once = 1 if self.observe is not None else None  # steps at once
        for k, kicks in normal_kicks(self.streams, len(factors), self.n, once):
            share = (part + k / len(factors)) / parts
            checkpoint(step, self.before + len(self.streams) * share, self.reads)
            self._look(part * _WINDOW + k * self.tick, each[0], factors[k])
            now = slice(k, k + len(kicks))
            settle_steps(
                each, self.network, self.curves, self.numbers, kicks, factors[now], shakes[now], np.empty(self.n)
            )

    def _look(self, t_tau: float, u: Float, factor: float) -> None:
        if self.observe is not None:
            outputs = self.units.look_up(self.units.outputs, self.state.which, self.bound * factor * u)
            self.observe(t_tau * self.units.tau_s, u, outputs, factor)


def sample_neurons(
    units: TrimmedUnits,
    state: NeuronState,
    held: Ising,
    beta: float,
    seeds: list[Stream],
    observe: FiringRecorder | None = None,
) -> NeuronReads:
    """Sample by firing neurons one at a time at noisy thresholds, as beta rises.

    Parameters
    ----------
    units : TrimmedUnits
        Curves of the units.
    state : NeuronState
        The programmed network.
    held : Ising
        The couplings that it really has.
    beta : float
        Inverse temperature.
    seeds : list of SeedSequence
        Streams of the reads.
    observe : FiringRecorder or None
        Is shown a single read.

    Returns
    -------
    NeuronReads
        The reads.
    """
    n, window = state.biases.size, units.window_s
    hot = min(beta_range(held)[0], beta) or beta
    betas = (
        state.scale
        * np.r_[geometric_ramp(hot, beta, _WARM) if beta > 0.0 else np.zeros(_WARM), np.full(_EQUILIBRATE, beta)]
    )
    streams = kernel_states(seeds)
    spins = np.empty((len(seeds), n), np.int8)
    randomize_spins(spins, streams)
    table = noise_thresholds(betas, state.load, _BITS)
    step = max(1, BATCH_COUPLINGS // n**2) if state.couplings.noisy else len(seeds)

    if observe is not None:
        observe(0.0, float(betas[0] / state.scale), spins)

    def fired(k: int) -> int:
        w = state.couplings.of_reads(seeds[k : k + step])
        w = (w + w.swapaxes(1, 2)) / 2.0
        mine, own = spins[k : k + step], streams[k : k + step]
        before, total = k * len(table), len(seeds) * len(table)
        for rows, sweeps in pieces(len(mine), len(table), "firing", before=before, total=total):
            each = w[rows] if len(w) > 1 else w
            for part in single_sweeps(sweeps) if observe is not None else (sweeps,):
                threshold_sweep(each, state.biases, table[part], state.load, mine[rows], own[rows])
                if observe is not None:
                    observe(part.stop * n * window, float(betas[part.start] / state.scale), spins)
        return len(mine)

    parts, status = whole_parts(map(fired, range(0, len(seeds), step)))
    spins = spins[: sum(parts)]
    firings = float(len(betas) * n)
    # one neuron at a time: its noise unit conducts for a window
    joules = firings * window * float(units.powers_w[state.which, -1].mean())
    activity = state.activity(np.full(len(spins), firings * window), joules, neurons=1, units=1)
    activity |= {
        "siemens_s": 2.0 * activity["siemens_s"] / n,  # a row and a column at a time
        "comparisons": firings,
        "ad_conversions": 2.0 * firings,
        "da_conversions": firings + np.count_nonzero(state.biases),
        "table_accesses": activity["table_accesses"] + firings,
        "updates": firings,
    }
    return NeuronReads(spins, np.ones(len(spins), bool), activity, status)
