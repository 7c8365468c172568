r"""Recognition by the times of spikes: a pattern of analog values whatever its strength.

.. math:: t_i = t_0 - \tau_c \ln x_i, \qquad \Delta_{ki} = \Delta_0 + \tau_c \ln y_{ki}

where

* t_i is the time of the one spike of input i, which codes the value x_i > 0;
* Delta_ki is the delay of its connection to the detectors of template y_k;
* t_0 is the time of x = 1, tau_c the delay between values that differ e-fold.

If x = s y_k, all spikes arrive together, at t_0 + Delta_0 - tau_c ln s: the strength s only moves the moment. A
detector is a leaky integrator that fires if enough spikes come within its time constant,

.. math:: \tau_m \dot v = -v, \qquad v \leftarrow v + 1/n, \qquad v \ge \theta_l: \text{ a spike, once}

and each template has detectors of rising thresholds theta_l = l / (levels + 1), whose number of spikes measures the
match.
Source: Hopfield, Nature 376, 33 (1995); the ladder of thresholds is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float
from .brian.simulator import Backend, FractionProgress, Simulator, build_simulator


@dataclass(frozen=True, eq=False)
class DelayCodeResult:
    """Responses of the detectors.

    Attributes
    ----------
    scores : (trials, k) int
        Detectors of each template that fired.
    times_s : (trials, k) float
        First spike of each template's detectors in s; infinite if there is none.
    activity : dict of str to (trials,) float
        Counts of spikes, synaptic_operations and membrane_updates.
    manifest : dict
        Record of the run, see :class:`.Recording`.
    """

    scores: NDArray[np.int64]
    times_s: Float
    activity: Mapping[str, Float]
    manifest: Mapping[str, Any]

    @property
    def labels(self) -> NDArray[np.int64]:
        """Template with most detectors, -1 where none fired or two are equal, (trials,)."""
        order = np.sort(self.scores, axis=1)
        second = order[:, -2] if order.shape[1] > 1 else np.zeros(len(order))
        return np.where(order[:, -1] > second, self.scores.argmax(axis=1), -1).astype(np.int64)

    @property
    def margins(self) -> NDArray[np.int64]:
        """Number of detectors by which the first template is ahead of the second, (trials,)."""
        order = np.sort(self.scores, axis=1)
        return np.asarray(order[:, -1] - (order[:, -2] if order.shape[1] > 1 else 0))


@dataclass(frozen=True, eq=False)
class DelayCodeMemory:
    """Recognizer of templates by delay-coded spikes.

    Attributes
    ----------
    templates : (k, n) array_like
        y, positive.
    code_s : float
        tau_c in s, the delay between values that differ e-fold.
    detector_s : float
        tau_m in s; a shorter one forgives less noise and has fewer chance hits.
    levels : int
        Detectors of a template.
    latest_s : float
        t_0 in s, the time of x = 1; values above exp(t_0 / tau_c) come too early to be coded.
    step_s : float
        Step in s; delays are whole steps, so that a perfect match misses some dt / tau_m of 1.
    backend, folder : Backend or Path or None
        As in :func:`.build_simulator`.
    """

    templates: Any
    code_s: float = 10e-3
    detector_s: float = 5e-3
    levels: int = 24
    latest_s: float = 50e-3
    step_s: float = 0.1e-3
    backend: Backend = "numpy"
    folder: Path | None = None
    _simulators: dict[int, Simulator] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        y = np.array(self.templates, dtype=float)
        if y.ndim != 2 or not y.size or not (np.isfinite(y).all() and (y > 0).all()):
            raise ValueError(f"templates have shape {y.shape}; expected (k, n) of finite positive numbers")
        y.setflags(write=False)
        object.__setattr__(self, "templates", y)
        for name in ("code_s", "detector_s", "latest_s", "step_s"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and positive")
        if self.levels < 1:
            raise ValueError(f"levels is {self.levels}; expected at least 1")

    @property
    def delays_s(self) -> Float:
        """Delays Delta in s, (k, n), of which the shortest is 0."""
        log = np.log(self.templates)
        return np.asarray(self.code_s * (log - log.min()))

    def spike_times(self, values: ArrayLike) -> Float:
        """Code values (trials, n) as spike times.

        Returns
        -------
        (trials, n) float
            t_i in s.

        Raises
        ------
        ValueError
            If values have the wrong shape, are not positive, or are too large.
        """
        x = np.atleast_2d(np.asarray(values, dtype=float))
        if x.ndim != 2 or x.shape[1] != self.templates.shape[1] or not (np.isfinite(x).all() and (x > 0).all()):
            raise ValueError(
                f"values have shape {x.shape}; expected (trials, {self.templates.shape[1]}) of finite positive numbers"
            )
        t = self.latest_s - self.code_s * np.log(x)
        if (t < 0).any():
            raise ValueError(
                f"values reach {x.max():g}, above exp(latest_s / code_s) = {np.exp(self.latest_s / self.code_s):g}; "
                "raise latest_s"
            )
        return np.asarray(t)

    def coincidence(self, values: ArrayLike) -> Float:
        """Compute the highest v of each template's detectors without a threshold.

        Returns
        -------
        (trials, k) float
            The largest v.
        """
        arrive = np.sort(self.spike_times(values)[:, None, :] + self.delays_s, axis=-1)
        gap = np.exp(-(arrive[..., None] - arrive[..., None, :]) / self.detector_s)
        return np.asarray((np.tril(np.minimum(gap, 1.0)).sum(axis=-1)).max(axis=-1) / arrive.shape[-1])

    def recognize(self, values: ArrayLike, *, progress: FractionProgress | None = None) -> DelayCodeResult:
        """Code and recognize values by spikes, without randomness.

        Parameters
        ----------
        values : (trials, n) array_like
            Positive values.
        progress : callable or None
            Called with the fraction done.

        Returns
        -------
        DelayCodeResult
            The responses.
        """
        times = self.spike_times(values)
        (trials, n), k = times.shape, len(self.templates)
        if trials not in self._simulators:
            self._simulators[trials] = build_simulator(
                lambda b2: self._model(b2, trials), dt_s=self.step_s, backend=self.backend, folder=self.folder
            )
        duration = float(times.max() + self.delays_s.max() + 4.0 * self.step_s)
        thresholds = np.arange(1, self.levels + 1) / (self.levels + 1.0)
        start = {"inputs.at": times.ravel(), "detectors.limit": np.tile(thresholds, trials * k)}
        record = self._simulators[trials].run(duration, start, rng=0, progress=progress)
        template, t = record["spikes.i"] // self.levels, record["spikes.t"]
        scores = np.bincount(template, minlength=trials * k).reshape(trials, k)
        first = np.full(trials * k, np.inf)
        np.minimum.at(first, template, t)
        steps = round(duration / self.step_s)
        activity = {
            "spikes": n + scores.sum(axis=1).astype(float),
            "synaptic_operations": np.full(trials, float(n * k * self.levels)),
            "membrane_updates": np.full(trials, float(k * self.levels * steps)),
        }
        return DelayCodeResult(scores, first.reshape(trials, k), activity, record.manifest)

    def _model(self, b2: Any, trials: int) -> list[Any]:
        k, n = self.templates.shape
        second = b2.second
        # Delays are whole steps: an input fires at the last step not after its time, once.
        inputs = b2.NeuronGroup(
            trials * n, "at : second\nfired : 1", threshold="t + dt > at and fired < 0.5", reset="fired = 1",
            namespace={"second": second}, name="inputs",
        )  # fmt: skip
        detectors = b2.NeuronGroup(
            trials * k * self.levels, "dv/dt = -v/tau_m : 1\nlimit : 1\nfired : 1", method="exact",
            threshold="v >= limit and fired < 0.5", reset="fired = 1",
            namespace={"tau_m": self.detector_s * second}, name="detectors",
        )  # fmt: skip
        synapses = b2.Synapses(inputs, detectors, on_pre=f"v_post += {1.0 / n!r}", name="synapses")
        trial, template, level, unit = np.indices((trials, k, self.levels, n)).reshape(4, -1)
        synapses.connect(i=trial * n + unit, j=(trial * k + template) * self.levels + level)
        synapses.delay = self.delays_s[template, unit] * second
        return [inputs, detectors, synapses, b2.SpikeMonitor(detectors, name="spikes")]
