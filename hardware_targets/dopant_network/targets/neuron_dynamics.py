"""Dynamics of dopant neurons: networks that settle or anneal, and neurons that fire one at a time."""

from __future__ import annotations

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
    tau, n = units.tau_s, state.biases.size
    streams = [np.random.default_rng(seed) for seed in seeds]
    columns = np.array(state.couplings.of_reads(seeds).swapaxes(1, 2), order="C")
    network, load = (columns, state.biases.copy(), state.which.copy()), state.load
    bound = units.range_v * _GAIN
    lowest, highest = state.extreme_modes
    # a longer step would let the most negative mode overshoot
    tick = min(_STEP_TAU, 1.0 / (1.0 + max(0.0, -lowest) / highest)) if highest > 0.0 else _STEP_TAU
    blur = np.sqrt(1.0 / (2.0 * max(tick * tau, units.window_s)))
    approach = -np.expm1(-tick)
    joules, time, active = np.zeros(len(seeds)), np.zeros(len(seeds)), np.ones(len(seeds))
    curves, still = (units.outputs, units.noise, units.powers_w), np.ones(len(seeds), np.int64)
    numbers = (bound, units.range_v, float(blur), load, float(approach), tick * tau)
    once = 1 if observe is not None else None  # steps at once

    def look(t_tau: float, u: Float, factor: float) -> None:
        if observe is not None:
            observe(t_tau * tau, u, units.look_up(units.outputs, state.which, bound * factor * u), factor)

    if cues is None:
        slope = bound * units.slope()
        critical = 1.0 / (slope * highest) if highest > 0.0 else 1.0
        steps = int(np.ceil(_ANNEAL_TAU / tick))
        course = GainRamp(min(1.0, _HOT * critical), (1.0 - _HOLD) * _ANNEAL_TAU)
        u = _SCATTER * np.array([stream.standard_normal(n) for stream in streams])
        factors = np.array([course(k * tick) for k in range(steps)])
        noisy_steps = np.arange(steps) < (1.0 - _HOLD) * steps
        shakes = noisy_steps * (_NOISE * np.sqrt(2.0 * tick) / (slope * factors))
        each = u, (rest := np.zeros_like(u)), u > 0.0, still, joules, active
        for k, kicks in normal_kicks(streams, steps, n, once):
            checkpoint("annealing", before + len(seeds) * k / steps, reads)
            look(k * tick, u, factors[k])
            now = slice(k, k + len(kicks))
            settle_steps(each, network, curves, numbers, kicks, factors[now], shakes[now], np.empty(n))
        time[:] = _ANNEAL_TAU * tau
        look(_ANNEAL_TAU, u, 1.0)
        joules += time * units.powers_w[state.which, -1].sum()  # noise units, at the end of their range
        settled = np.sqrt((rest**2).mean(axis=1)) < _SETTLED
        noisy = 2
    else:
        u = np.array(cues, dtype=float, order="C") / _GAIN  # cues may be broadcast, which would be compiled apart
        rest = np.zeros_like(u)
        settled, noisy = np.zeros(len(seeds), bool), 1
        length = int(np.ceil(_WINDOW / tick))
        for window in range(_WINDOWS):
            still[:] = 1
            each = u, rest, u > 0.0, still, joules, active
            for k, kicks in normal_kicks(streams, length, n, once):
                checkpoint("settling", before + len(seeds) * window / _WINDOWS, reads)
                look(window * _WINDOW + min(k * tick, _WINDOW), u, 1.0)
                level, calm = np.ones(len(kicks)), np.zeros(len(kicks))
                settle_steps(each, network, curves, numbers, kicks, level, calm, np.empty(n))
            time += active * (_WINDOW * tau)
            settled |= (still == 1) & (np.sqrt((rest**2).mean(axis=1)) < _SETTLED)
            active = (~settled).astype(float)
            if settled.all():
                break
        look(float(time.max()) / tau, u, 1.0)
    spins = np.where(u > 0.0, 1, -1).astype(np.int8)
    activity = state.activity(time, joules, neurons=n, units=noisy * n)
    activity["da_conversions"] = np.count_nonzero(state.biases) + (0.0 if cues is None else float(n))
    activity["updates"] = n * time / tau
    return NeuronReads(spins, settled, activity)


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
