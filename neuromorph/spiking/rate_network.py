r"""Hopfield's analog network of rates: leaky integrate-and-fire neurons whose firing rate is the neuron's output.

.. math:: \tau_s \frac{du}{dt} = -u + T g(u + I(t)), \qquad g(u) = \frac{2 f(I_0 + J u)}{r} - 1

where f is the measured rate of a neuron against its bias, r its rate that stands for x = 1, with f(I_0) = r / 2 and
f(I_0 + J) = r. Spikes of unit j (x_j = 2 r_j / r - 1) move an exponential synaptic current of unit i:

.. math:: \tau_s \dot I_{s,i} = -I_{s,i}, \quad I_{s,i} \leftarrow I_{s,i} + w_{ij}, \qquad
          w_{ij} = \frac{2 J T_{ij}}{r \tau_s}, \qquad I_{b,i} = I_0 - J \sum_j T_{ij}

so that I_s + I_b = I_0 + J u on average. The ODE leaves out that spikes are few (shot noise), and tau_m.

Three wirings exist. "direct": a neuron a unit, its synapses of both signs. "push-pull": two neurons a unit, :math:`x =
(r_+ - r_-) / (r - f(I_0 - J))`, driven by +u and -u; g is odd and no bias depends on T. "dale": two neurons a unit that
are fed the same; all synapses of one are excitatory (T_ij > 0), all of the other inhibitory (T_ij < 0).

Sources: Hopfield, PNAS 81, 3088 (1984); rates from populations: Gerstner et al., Neuronal Dynamics (2014), chapter 15.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..analog import AnalogNetwork
from ..associative_memory import hebb
from ..ising import Float, Ising
from ..rng import RNG
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .brian.simulator import Backend, FractionProgress, Simulator, build_simulator
from .brian.state_monitor import with_state_monitor
from .lif_neuron import LifNeuron, RateCurve, measure_curve
from .rate_recall import SpikingRecall, check_cues, recall_from_spikes
from .rate_wiring import Wiring, rate_model, wired_synapses

_LARGEST = 1e200  # largest weight or bias, beyond which currents may overflow


@dataclass(frozen=True, eq=False)
class SpikingHopfield:
    """Analog Hopfield network of firing rates; its time constant is tau_s of the neuron.

    Attributes
    ----------
    weights : (n, n) array_like
        T, dimensionless; row i feeds unit i; may be asymmetric.
    biases : (n,) array_like or float
        I, constant, in units of u.
    swing_v : float
        J in V, the current of u = 1; 15 to 30 mV make g from soft to nearly binary.
    neuron : LifNeuron
        Parameters of every neuron.
    wiring : str
        "direct", "push-pull" or "dale".
    backend, folder : Backend or Path or None
        As in :func:`.build_simulator`.
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
        r"""Build the network of rates of an analog network.

        .. math:: T = \lambda a R_i T_{ij}, \quad I = \lambda (R_i (I_i + m \sum_j T_{ij}) - u_0), \quad V = m + a x

        where g(u0) = m and lambda = g'(u0) / (a g_s'(0)): u is in units of the voltage at which both slopes at rest
        agree. The shape of g becomes that of f; Hopfield's theory needs it monotone and bounded only. Time constants R
        C become the neuron's tau_s.

        Parameters
        ----------
        network : AnalogNetwork
            The analog network.
        **options : Any
            Further fields of the class.

        Returns
        -------
        SpikingHopfield
            The network.
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
        """Build a network with T = scale J and I = scale h.

        Parameters
        ----------
        ising : Ising
            The problem.
        scale : float or None
            Factor; None is one over the largest eigenvalue of J, at which modes rise e-fold in tau_s.
        **options : Any
            Further fields of the class.

        Returns
        -------
        SpikingHopfield
            The network.

        Raises
        ------
        ValueError
            If ``scale`` is not finite and positive.
        """
        j = ising.dense_couplings()
        if scale is None:
            largest = float(np.linalg.eigvalsh(j)[-1])
            scale = 1.0 / (largest or float(np.abs(ising.biases).max()) or 1.0)
        if not (np.isfinite(scale) and scale > 0):
            raise ValueError(f"scale is {scale}; it must be finite and positive")
        return cls(scale * j, scale * ising.biases, **options)

    @classmethod
    def from_patterns(cls, patterns: ArrayLike, **options: Any) -> SpikingHopfield:
        """Store patterns by Hebb's rule, T = X'X / n without its diagonal.

        Parameters
        ----------
        patterns : (k, n) array_like
            Patterns of -1 and +1.
        **options : Any
            Further fields of the class.

        Returns
        -------
        SpikingHopfield
            The network.
        """
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
        """Rate curve f, measured or from the cache."""
        return measure_curve(self.neuron, folder=self.folder)

    @cached_property
    def working_point(self) -> tuple[float, float]:
        """Working point: I_0 in V and r in Hz."""
        return self.curve.working_point(self.swing_v)

    @property
    def unit_hz(self) -> float:
        """Rate that is x = 1, in Hz: that of a pair in push-pull, otherwise r."""
        bias, rate = self.working_point
        return rate - float(self.curve.rate(bias - self.swing_v)) if self.wiring == "push-pull" else rate

    def output(self, u: ArrayLike) -> Float:
        """Evaluate the output x = g(u) from the measured curve.

        Returns
        -------
        ndarray of float
            x in the shape of ``u``.
        """
        (bias, _), x = self.working_point, np.asarray(u, dtype=float)
        up = self.curve.rate(bias + self.swing_v * x)
        if self.wiring == "push-pull":
            return np.asarray((up - self.curve.rate(bias - self.swing_v * x)) / self.unit_hz)
        return np.asarray(2.0 * up / self.unit_hz - 1.0)

    def gain(self) -> float:
        """Evaluate the slope g'(0) of the output at rest.

        Returns
        -------
        float
            The slope.
        """
        return 2.0 * self.swing_v * self.curve.slope(self.working_point[0]) / self.unit_hz

    @single_threaded_blas()
    def integrate(
        self, cues: ArrayLike, *, duration_s: float = 0.6, cue_s: float = 0.1, bin_s: float = 0.05
    ) -> tuple[Float, NDArray[np.int8]]:
        """Integrate the ODE from u = 0 with the same cues, by exponential Euler steps.

        Steps are exact for constant g, of first order in dt otherwise.

        Parameters
        ----------
        cues, duration_s, cue_s, bin_s
            As in :meth:`recall`.

        Returns
        -------
        tuple of (trials, bins, n) float, (trials, n) int8
            Outputs at the ends of the bins, and final spins.
        """
        c, edges = check_cues(cues, self.size, duration_s, cue_s, bin_s, self.neuron.step_s)
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
        """Show a cue to each trial, remove it, and read the rates at the end.

        Trials start from the resting state u = 0, with v spread evenly between V_r and V_th.

        Parameters
        ----------
        cues : (n,) or (trials, n) array_like
            Spins, or 0 where they are unknown: a current of J cue while t < cue_s.
        duration_s, cue_s, read_s : float
            Duration of the trial, of the cue, and of the reading time at the end, in s.
        bin_s : float
            Width in s of the bins of the outputs.
        record : sequence of int
            Neurons whose potentials are recorded, trial after trial; the spikes stay the same.
        rng : RNG
            Source of one stream for all trials together, which are one simulation.
        progress : callable or None
            Called with the fraction done.

        Returns
        -------
        SpikingRecall
            The spikes and outputs.

        Raises
        ------
        ValueError
            If a time or the shape of the cues is wrong.
        """
        c, edges = check_cues(cues, self.size, duration_s, cue_s, bin_s, self.neuron.step_s)
        if not 0 < read_s <= duration_s:
            raise ValueError(f"read_s is {read_s}; expected above 0 and at most duration_s = {duration_s}")
        trials = len(c)
        key = (trials, *record)
        if key not in self._simulators:
            model = with_state_monitor(lambda b2: self._model(b2, trials), "units", "v", record)
            self._simulators[key] = build_simulator(
                model, dt_s=self.neuron.step_s, backend=self.backend, folder=self.folder
            )
        recording = self._simulators[key].run(float(edges[-1]), self.start_values(c, cue_s), rng=rng, progress=progress)
        spikes = recording["spikes.t"], *np.divmod(recording["spikes.i"].astype(np.int64), self.neurons)
        found = recall_from_spikes(self, spikes, trials, edges, read_s, recording.manifest)
        return replace(found, potentials=(recording["inside.t"], recording["inside.v"].T)) if record else found

    @cached_property
    def synapses(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Float]:
        """Source, sink and w in V of the synapses of one trial."""
        factor = (1.0 if self.wiring == "push-pull" else 2.0) * self.swing_v
        jump_v = factor / (self.unit_hz * self.neuron.synapse_s)
        return wired_synapses(self.weights, self.wiring, jump_v, compiled=self.backend == "cpp_standalone")

    def _model(self, b2: Any, trials: int) -> list[Any]:
        source, sink, _ = self.synapses
        return rate_model(b2, self.neuron, trials, self.neurons, source, sink)

    def start_values(self, cues: Float, cue_s: float) -> dict[str, Any]:
        """Compute what neurons start with, trial after trial.

        Parameters
        ----------
        cues, cue_s
            As in :meth:`recall`, checked.

        Returns
        -------
        dict of str to array or float
            Values of the variables of :func:`.rate_model` by name.
        """
        trials, (bias, _) = len(cues), self.working_point
        signs = {"direct": [1.0], "push-pull": [1.0, -1.0], "dale": [1.0, 1.0]}[self.wiring]
        # At rest units fire at r / 2 and feed each other: I_s starts there, the bias cancels it, and u starts at 0.
        fed = np.zeros(self.size) if self.wiring == "push-pull" else self.swing_v * self.weights.sum(axis=1)
        # v starts evenly between V_r and V_th, in an irregular order (multiples of the golden ratio).
        phases = np.argsort(np.argsort(np.arange(self.neurons) * 0.6180339887498949 % 1.0)) / self.neurons
        values: dict[str, Any] = {
            "units.v": np.tile(self.neuron.reset_v + (self.neuron.threshold_v - self.neuron.reset_v) * phases, trials),
            "units.I_s": np.tile(fed, len(signs) * trials),
            "units.I_b": np.tile(np.concatenate([bias + k * self.swing_v * self.biases - fed for k in signs]), trials),
            "units.I_cue": np.concatenate([cues * k * self.swing_v for k in signs], axis=1).ravel(),
            "units.cue_end": cue_s,
        }
        if (w := self.synapses[2]).size:
            values["synapses.w"] = np.tile(w, trials)
        return values
