r"""Hopfield's analog network of rates: leaky integrate-and-fire neurons whose firing rate is the neuron's output.

.. math:: \tau_s \frac{du}{dt} = -u + T g(u + I(t)), \qquad g(u) = \frac{2 f(I_0 + J u)}{r} - 1

f is the measured rate of a neuron against its bias, r its rate that stands for x = 1, with f(I_0) = r / 2 and
f(I_0 + J) = r. Spikes of unit j (x_j = 2 r_j / r - 1) move an exponential synaptic current of unit i:

.. math:: \tau_s \dot I_{s,i} = -I_{s,i}, \quad I_{s,i} \leftarrow I_{s,i} + w_{ij}, \qquad
          w_{ij} = \frac{2 J T_{ij}}{r \tau_s}, \qquad I_{b,i} = I_0 - J \sum_j T_{ij}

so that I_s + I_b = I_0 + J u on average. What the ODE leaves out: spikes are few (shot noise), and tau_m.

Three wirings. "direct": a neuron a unit, its synapses of both signs. "push-pull": two neurons a unit,
x = (r_+ - r_-) / (r - f(I_0 - J)), driven by +u and -u; g is odd and no bias depends on T. "dale": two neurons a unit
that are fed the same; all synapses of one are excitatory (T_ij > 0), all of the other inhibitory (T_ij < 0). Dale's
law could also be kept by T_ij + c and a common inhibitory pool that takes -c away; but the pool lags by its synapse and
membrane, tau_p, and the common mode runs away unless (c n g'(0) - 1) tau_p < tau_s, which few patterns break.

Sources: Hopfield, PNAS 81, 3088 (1984); rates from populations: Gerstner et al., Neuronal Dynamics (2014), chapter 15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..analog import AnalogNetwork
from ..associative_memory import hebb
from ..ising import Float, Ising
from ..rng import RNG
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .brian.simulator import Backend, FractionProgress, Recording, Simulator, build_simulator, with_state_monitor
from .lif_neuron import LifNeuron, RateCurve, measure_curve

Wiring: TypeAlias = Literal["direct", "push-pull", "dale"]

_LARGEST = 1e200  # of weights and biases; beyond it currents may overflow


@dataclass(frozen=True, eq=False)
class SpikingRecall:
    """Spikes of many trials and what they say.

    spike_times_s, spike_trials, spike_neurons : (spikes,)     neuron i < n is unit i; n + i is its opposite
                                                               (push-pull) or its inhibitory twin (dale)
    outputs : (trials, bins, n) float       x in each bin: rates as they stand for the outputs of the analog network
    edges_s : (bins + 1,) float             of the bins, s
    rates_hz : (trials, neurons) float      over the reading time at the end
    spins : (trials, n) int8                the sign of x over the reading time; +1 where it is 0
    activity : {event: (trials,)}           spikes, synaptic_operations, membrane_updates
    manifest : dict                         see Recording
    potentials : (times (m,), v (m, k))     s and V, of the neurons that were to be recorded, or None
    """

    spike_times_s: Float
    spike_trials: NDArray[np.int64]
    spike_neurons: NDArray[np.int64]
    outputs: Float
    edges_s: Float
    rates_hz: Float
    spins: NDArray[np.int8]
    activity: Mapping[str, Float]
    manifest: Mapping[str, Any]
    potentials: tuple[Float, Float] | None = None

    def overlaps(self, patterns: ArrayLike) -> Float:
        """m = sum_i spin_i pattern_i / n of each trial with its pattern: (n,) or (trials, n) -> (trials,)."""
        return np.asarray((self.spins * np.asarray(patterns, dtype=float)).mean(axis=-1))

    def overlap_course(self, patterns: ArrayLike) -> Float:
        """The overlap of the signs of the outputs in every bin, (trials, bins)."""
        p = np.asarray(patterns, dtype=float)
        return np.asarray((np.where(self.outputs >= 0, 1.0, -1.0) * p.reshape(-1, 1, p.shape[-1])).mean(axis=-1))


@dataclass(frozen=True, eq=False)
class SpikingHopfield:
    """A network of rates; time is in the neuron's tau_s.

    weights : (n, n) float        T, dimensionless; row i feeds unit i; may be asymmetric
    biases : (n,) or float        I, constant, in units of u
    swing_v : float               J, V: how far u = 1 moves the current; 15..30 mV make g from soft to nearly binary
    neuron : LifNeuron            every neuron's parameters
    wiring : str                  "direct", "push-pull" or "dale"
    backend, folder               see build
    """

    weights: Any
    biases: Any = 0.0
    swing_v: float = 30e-3
    neuron: LifNeuron = field(default_factory=LifNeuron)
    wiring: Wiring = "direct"
    backend: Backend = "numpy"
    folder: Path | None = None
    _simulators: dict[tuple[int, ...], Simulator] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        t: Any = self.weights.toarray() if sparse.issparse(self.weights) else self.weights
        t = np.array(t, dtype=float)
        if t.ndim != 2 or t.shape[0] != t.shape[1] or not t.size or not np.isfinite(t).all():
            raise ValueError(f"weights have shape {t.shape}; expected a finite (n, n) with n >= 1")
        h = np.array(np.broadcast_to(np.asarray(self.biases, dtype=float), len(t)))
        if not (np.isfinite(h).all() and max(np.abs(t).max(), np.abs(h).max()) <= _LARGEST):
            raise ValueError(f"biases hold NaN or infinity, or they or weights exceed {_LARGEST:g}; scale them")
        if not (np.isfinite(self.swing_v) and self.swing_v > 0):
            raise ValueError(f"swing_v is {self.swing_v}; it must be finite and positive")
        if self.wiring not in get_args(Wiring):
            raise ValueError(f"wiring is {self.wiring!r}; choose one of {', '.join(get_args(Wiring))}")
        for name, value in (("weights", t), ("biases", h)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @classmethod
    def from_analog(cls, network: AnalogNetwork, **options: Any) -> SpikingHopfield:
        """The rates of ``network``: V = m + a x, and u in units of the voltage at which both slopes at rest agree.

        With g(u0) = m and lambda = g'(u0) / (a g_s'(0)), T = lambda a R_i T_ij and
        I = lambda (R_i (I_i + m sum_j T_ij) - u0). g's shape becomes that of f: Hopfield's theory needs it monotone and
        bounded only. Time constants R C become the neuron's tau_s. ``options`` are those of the class.
        """
        g, r = network.activation, network.resistances
        middle, half = (g.high + g.low) / 2.0, (g.high - g.low) / 2.0
        t = network.conductances.toarray() if sparse.issparse(network.conductances) else network.conductances
        own = cls(np.zeros_like(t), **options)
        center = float(g.inverse(middle))
        unit = float(g.slope(center)) / (half * float(own.gain()))
        weights = unit * half * r[:, None] * t
        return cls(weights, unit * (r * (network.currents + middle * t.sum(axis=1)) - center), **options)

    @classmethod
    @single_threaded_blas()
    def from_ising(cls, ising: Ising, *, scale: float | None = None, **options: Any) -> SpikingHopfield:
        """T = scale J, I = scale h; None: one over the largest eigenvalue of J, at which modes rise e-fold in tau_s."""
        j = ising.dense_couplings()
        if scale is None:
            largest = float(np.linalg.eigvalsh(j)[-1])
            scale = 1.0 / (largest or float(np.abs(ising.biases).max()) or 1.0)
        if not (np.isfinite(scale) and scale > 0):
            raise ValueError(f"scale is {scale}; it must be finite and positive")
        return cls(scale * j, scale * ising.biases, **options)

    @classmethod
    def from_patterns(cls, patterns: ArrayLike, **options: Any) -> SpikingHopfield:
        """Hebb's rule, T = X'X / n without its diagonal: a stored pattern is fed with u = 1. Others: give weights."""
        return cls(hebb(patterns), **options)

    @property
    def size(self) -> int:
        """Number of units n."""
        return len(self.weights)

    @property
    def neurons(self) -> int:
        """Number of neurons of one trial."""
        return (1 if self.wiring == "direct" else 2) * self.size

    @cached_property
    def curve(self) -> RateCurve:
        """f, measured or from the cache."""
        return measure_curve(self.neuron, folder=self.folder)

    @cached_property
    def working_point(self) -> tuple[float, float]:
        """I_0 in V and r in Hz."""
        return self.curve.working_point(self.swing_v)

    @property
    def unit_hz(self) -> float:
        """The rate that is x = 1 of a pair in push-pull, r otherwise, Hz."""
        bias, rate = self.working_point
        return rate - float(self.curve.rate(bias - self.swing_v)) if self.wiring == "push-pull" else rate

    def output(self, u: ArrayLike) -> Float:
        """x = g(u), as measured."""
        (bias, _), x = self.working_point, np.asarray(u, dtype=float)
        up = self.curve.rate(bias + self.swing_v * x)
        if self.wiring == "push-pull":
            return np.asarray((up - self.curve.rate(bias - self.swing_v * x)) / self.unit_hz)
        return np.asarray(2.0 * up / self.unit_hz - 1.0)

    def gain(self) -> float:
        """g'(0)."""
        return 2.0 * self.swing_v * self.curve.slope(self.working_point[0]) / self.unit_hz

    @single_threaded_blas()
    def integrate(
        self, cues: ArrayLike, *, duration_s: float = 0.6, cue_s: float = 0.1, bin_s: float = 0.05
    ) -> tuple[Float, NDArray[np.int8]]:
        """The ODE with the same cues, from u = 0: outputs (trials, bins, n) at the ends of the bins, final spins.

        Exponential Euler steps of dt: exact for constant g, of first order in dt otherwise.
        """
        c, edges = self._checked(cues, duration_s, cue_s, bin_s)
        dt = self.neuron.step_s
        keep = np.exp(-dt / self.neuron.synapse_s)
        u, courses = np.zeros_like(c), []
        steps, ends = round(edges[-1] / dt), {round(edge / dt) for edge in edges[1:]}
        for step in range(1, steps + 1):
            checkpoint("integrating the ODE", step, steps)
            given = self.biases + (c if (step - 0.5) * dt < cue_s else 0.0)
            x = self.output(u + given)
            u = keep * u + (1.0 - keep) * (x @ self.weights.T)
            if step in ends:
                courses.append(self.output(u + given))
        return np.stack(courses, axis=1), np.where(u + self.biases >= 0, 1, -1).astype(np.int8)

    def recall(
        self,
        cues: ArrayLike,
        *,
        duration_s: float = 0.6,
        cue_s: float = 0.1,
        read_s: float = 0.2,
        bin_s: float = 0.05,
        rng: RNG = None,
        progress: FractionProgress | None = None,
        record: Sequence[int] = (),
    ) -> SpikingRecall:
        """Show a cue to each trial, take it away, and read the rates at the end.

        Parameters
        ----------
        cues : (n,) or (trials, n) float    a current of J cue while t < cue_s: spins, or 0 where nothing is known
        duration_s, cue_s, read_s : float   length of all, of the cue, and of the time at the end that is read, s
        bin_s : float                       of the course of the outputs, s
        rng : RNG                           one stream for all trials together: they are one simulation
        record : sequence of int            neurons whose potentials are kept, trial after trial; the spikes stay

        From the resting state u = 0, with v spread evenly between V_r and V_th.
        """
        c, edges = self._checked(cues, duration_s, cue_s, bin_s)
        if not 0 < read_s <= duration_s:
            raise ValueError(f"read_s is {read_s}; expected above 0 and at most duration_s = {duration_s}")
        trials = len(c)
        key = (trials, *record)
        if key not in self._simulators:
            model = with_state_monitor(lambda b2: self._model(b2, trials), "units", "v", record)
            self._simulators[key] = build_simulator(
                model, dt_s=self.neuron.step_s, backend=self.backend, folder=self.folder
            )
        recording = self._simulators[key].run(float(edges[-1]), self._parameters(c, cue_s), rng=rng, progress=progress)
        found = self._read(recording, trials, edges, read_s)
        return replace(found, potentials=(recording["inside.t"], recording["inside.v"].T)) if record else found

    def _checked(self, cues: ArrayLike, duration_s: float, cue_s: float, bin_s: float) -> tuple[Float, Float]:
        c = np.atleast_2d(np.asarray(cues, dtype=float))
        if c.ndim != 2 or c.shape[1] != self.size or not len(c) or not np.isfinite(c).all():
            raise ValueError(f"cues have shape {c.shape}; expected finite ({self.size},) or (trials, {self.size})")
        if not (np.isfinite([duration_s, cue_s, bin_s]).all() and 0 <= cue_s <= duration_s):
            raise ValueError(f"duration_s is {duration_s} and cue_s {cue_s}; expected 0 <= cue_s <= duration_s")
        if not self.neuron.step_s <= bin_s <= duration_s:
            raise ValueError(f"bin_s is {bin_s}; expected step_s = {self.neuron.step_s} .. duration_s = {duration_s}")
        bins = round(duration_s / bin_s)
        if abs(duration_s / bin_s - bins) > 1e-6:
            raise ValueError(f"duration_s is {duration_s}; give a whole multiple of bin_s = {bin_s}")
        return c, np.linspace(0.0, duration_s, bins + 1)

    @cached_property
    def _synapses(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Float]:
        """Of one trial: source, sink, w in V; nearly full ones with their zeros if there is a program to compile."""
        t = self.weights
        if self.wiring == "push-pull":
            t = np.block([[t, -t], [-t, t]])
        elif self.wiring == "dale":
            t = np.tile(np.hstack([np.maximum(t, 0.0), np.minimum(t, 0.0)]), (2, 1))
        there = t != 0
        if self.backend == "cpp_standalone" and 2 * np.count_nonzero(t) > t.size:
            there = ~np.eye(len(t), dtype=bool) | there.diagonal().any()  # one topology, and program, for many patterns
        sink, source = np.nonzero(there)
        factor = (1.0 if self.wiring == "push-pull" else 2.0) * self.swing_v
        w = np.asarray(factor / (self.unit_hz * self.neuron.synapse_s) * t[sink, source])
        return source.astype(np.int64), sink.astype(np.int64), w

    def _model(self, b2: Any, trials: int) -> list[Any]:
        namespace = self.neuron.namespace(b2)
        units = b2.NeuronGroup(
            trials * self.neurons,
            self.neuron.equations + "drive = I_s + I_b + I_cue*int(t < cue_end) : volt\ndI_s/dt = -I_s/tau_s : volt\n"
            "I_b : volt\nI_cue : volt\ncue_end : second (shared)",
            threshold="v > V_th", reset="v = V_r", refractory="tau_ref", method="euler", namespace=namespace,
            name="units",
        )  # fmt: skip
        made = [units, b2.SpikeMonitor(units, name="spikes")]
        source, sink, _ = self._synapses
        if source.size:
            synapses = b2.Synapses(
                units, units, "w : volt", on_pre="I_s_post += w", namespace=namespace, name="synapses"
            )
            shift = self.neurons * np.arange(trials)[:, None]
            synapses.connect(i=(shift + source).ravel(), j=(shift + sink).ravel())
            made.append(synapses)
        return made

    def _parameters(self, cues: Float, cue_s: float) -> dict[str, Any]:
        trials, (bias, _) = len(cues), self.working_point
        signs = {"direct": [1.0], "push-pull": [1.0, -1.0], "dale": [1.0, 1.0]}[self.wiring]
        # At rest units fire at r / 2 and feed each other. I_s starts there, and the bias takes it away: u starts at 0.
        fed = np.zeros(self.size) if self.wiring == "push-pull" else self.swing_v * self.weights.sum(axis=1)
        # evenly between V_r and V_th, in an order without pattern (the golden ratio's multiples)
        phases = np.argsort(np.argsort(np.arange(self.neurons) * 0.6180339887498949 % 1.0)) / self.neurons
        values: dict[str, Any] = {
            "units.v": np.tile(self.neuron.reset_v + (self.neuron.threshold_v - self.neuron.reset_v) * phases, trials),
            "units.I_s": np.tile(fed, len(signs) * trials),
            "units.I_b": np.tile(np.concatenate([bias + k * self.swing_v * self.biases - fed for k in signs]), trials),
            "units.I_cue": np.concatenate([cues * k * self.swing_v for k in signs], axis=1).ravel(),
            "units.cue_end": cue_s,
        }
        if (w := self._synapses[2]).size:
            values["synapses.w"] = np.tile(w, trials)
        return values

    def _read(self, record: Recording, trials: int, edges: Float, read_s: float) -> SpikingRecall:
        t, (k, i) = record["spikes.t"], np.divmod(record["spikes.i"].astype(np.int64), self.neurons)

        def rates(cuts: Float) -> Float:
            """(trials, bins, neurons), Hz; half a step keeps spikes at the edge of a bin in it."""
            at = np.searchsorted(cuts - 0.5 * self.neuron.step_s, t, side="right") - 1
            inside = (at >= 0) & (at < len(cuts) - 1)
            shape = (trials, len(cuts) - 1, self.neurons)
            cell = np.ravel_multi_index((k[inside], at[inside], i[inside]), shape)
            return np.asarray(np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape) / np.diff(cuts)[:, None])

        def outputs(rate: Float) -> Float:
            first = rate[..., : self.size]
            if self.wiring == "push-pull":
                return np.asarray((first - rate[..., self.size :]) / self.unit_hz)
            return np.asarray(2.0 * first / self.unit_hz - 1.0)

        read = rates(np.array([edges[-1] - read_s, edges[-1]]))[:, 0]
        fan = np.bincount(self._synapses[0][self._synapses[2] != 0], minlength=self.neurons)
        activity = {
            "spikes": np.bincount(k, minlength=trials).astype(float),
            "synaptic_operations": np.bincount(k, weights=fan[i], minlength=trials),
            "membrane_updates": np.full(trials, float(round(edges[-1] / self.neuron.step_s) * self.neurons)),
        }
        spins = np.where(outputs(read) >= 0, 1, -1).astype(np.int8)
        return SpikingRecall(t, k, i, outputs(rates(edges)), edges, read, spins, activity, record.manifest)
