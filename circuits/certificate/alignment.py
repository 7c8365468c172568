r"""Trajectories that leave a saddle at different times, aligned before they are compared.

.. math:: \epsilon_{aligned} = \max_{t,i} \frac{|V_i(t) - V_i^{ODE}(\theta_s(t))|}{V_{high} - V_{low}}, \qquad
    s = \arg\min_{|s| \le 5 R C} \int \sum_i |V_i(t) - V_i^{ODE}(\theta_s(t))|^2 dt

where

- theta_s lets the ODE rest for s where it is slowest before its last fast move: theta = t up to t_0, then t_0, then
  t - s; with s < 0 it skips as much around t_0,
- t_0 is that slowest moment. A network that starts near a symmetric point lingers there, at a saddle; parts with
  offsets and a bandwidth leave it earlier or later.

.. math:: \epsilon_{aligned} \le \min\big(2 P + B / 10 + F, \tfrac12\big)

where P is how far the equation of the parts (``parts_equation``) is from the ideal one, aligned in the same way, and
B before it is; 2 and B / 10 are for what it leaves out, a tenth of its lags, and F is what outputs at rest may be
off. From half of full scale on, an output is on another side than in the ODE whatever the shift: the circuit takes
another way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from neuromorph.ising import Float

RANGE = 5.0  # largest shift, of the longest R C of coupled neurons
_HALF = 0.5  # of full scale
FAR_OFF = 0.25  # forecast, of full scale, that brings the bound to the half
_MARGIN = 2.0  # on the difference that the parts' equation predicts after alignment
_LEFT_OUT = 0.1  # of the difference that it predicts before
_SHARE = 1 / 3  # of the run that a shift may take at most
_TRIALS = 161  # shifts that are tried, closest to one another near 0
_SUBDIVISION = 10  # points of the grid in one step of the solver
_FLATTENING = 4.0
_FINE = 1e-6  # accuracy of the shift, of its range
_FAST = 0.1  # speed that counts as fast, of the fastest
_LINGERING = 0.5  # speed below which the outputs linger, of the fastest that follows
_NO_SIDE = 1e-3  # distance from the middle below which an output rests there, of full scale

Way = Literal["same", "another", "another attractor", "unbounded"]


@dataclass(frozen=True)
class Aligned:
    """A trajectory beside the ODE, before and after alignment.

    Attributes
    ----------
    shift_s : float
        How much later than the ODE it leaves where the ODE is slowest, s.
    before, after : float
        Largest difference of any output at any time, of full scale.
    """

    shift_s: float
    before: float
    after: float


@dataclass(frozen=True)
class Alignment:
    """Time shift that aligns the trajectory of an engine with the ODE, and the bound on their difference.

    Attributes
    ----------
    shift_s, before, after : float
        As in :class:`Aligned`.
    shift_tau : float
        The shift in units of the longest R C of coupled neurons.
    range_s : float
        Largest shift that was tried, either way, s.
    slowest_s : float
        Time at which the ODE waits, s.
    predicted : float or None
        P, as ``PartsForecast.after``; None of parts whose equation is not known.
    bound : float or None
        Largest difference after alignment that passes, of full scale; None where ``predicted`` is.
    way : Way
        "same", "another" to the same attractor, "another attractor", or "unbounded".
    """

    shift_s: float
    shift_tau: float
    before: float
    after: float
    range_s: float
    slowest_s: float
    predicted: float | None
    bound: float | None
    way: Way


@dataclass(frozen=True)
class PartsForecast:
    """Way of a network by the equation of its parts, before any engine runs.

    Attributes
    ----------
    shift_s, before, after : float
        As in :class:`Aligned`.
    same_attractor : bool
        Whether its outputs end as those of the ODE.
    decided_by : {"offsets", "amplifiers"} or None
        What makes them end elsewhere, or the ways differ by more than a quarter: "offsets" if it is not so without
        offsets, else "amplifiers": bandwidth, slew, limits, or the shape of their curve. "offsets" also if they end
        elsewhere with a quarter more of them.
    """

    shift_s: float
    before: float
    after: float
    same_attractor: bool
    decided_by: Literal["offsets", "amplifiers"] | None = None


@dataclass(frozen=True, eq=False)
class ExactPath:
    """The outputs of an ODE over a grid, as a path to align with.

    Attributes
    ----------
    times : (m,) float
        Grid, s.
    outputs : (m, n) float
        Outputs there, of full scale.
    longest_tau_s : float
        Longest R C of coupled neurons, s.
    """

    times: Float
    outputs: Float
    longest_tau_s: float

    @classmethod
    def of(cls, steps: Float, exact: Callable[[Float], Float], span_v: float, longest_tau_s: float) -> ExactPath:
        """Return the path of an ODE.

        Parameters
        ----------
        steps : (k,) float
            Times at which its solver stood, s.
        exact : callable
            Function from times (m,), s, to outputs (m, n), V.
        span_v : float
            Full scale, V.
        longest_tau_s : float
            Longest R C of coupled neurons, s.

        Returns
        -------
        ExactPath
            The path.
        """
        fine = divide_steps(steps)
        return cls(fine, exact(fine) / span_v, longest_tau_s)

    @property
    def range_s(self) -> float:
        """Largest shift that is tried, either way, s."""
        return float(min(RANGE * self.longest_tau_s, _SHARE * self.times[-1]))

    @property
    def slowest_s(self) -> float:
        """Time at which the outputs are slowest before their last fast move, s; 0 if they only slow down."""
        speed = np.abs(np.diff(self.outputs, axis=0)).max(axis=1, initial=0.0) / np.diff(self.times)
        last = int(np.flatnonzero(speed >= _FAST * speed.max())[-1])
        slow = int(speed[: last + 1].argmin())
        lingers = speed[slow] < _LINGERING * speed[slow : last + 1].max()
        return float(self.times[slow]) if lingers else 0.0

    def at(self, times: Float, shift_s: float = 0.0) -> Float:
        """Return the outputs of the path that waits for a shift where it is slowest.

        Parameters
        ----------
        times : (m,) float
            Times, s.
        shift_s : float, default 0
            How long it waits, s; how much it skips, if negative.

        Returns
        -------
        (m, n) float
            Outputs, of full scale.
        """
        slow = self.slowest_s
        if shift_s >= 0.0:
            warped = np.where(times <= slow, times, np.maximum(slow, times - shift_s))
        else:
            warped = np.where(times < max(slow + shift_s / 2.0, 0.0), times, times - shift_s)
        # One search for all outputs; the grid is finer than anything that moves.
        right = np.searchsorted(self.times, warped).clip(1, len(self.times) - 1)
        t0, t1 = self.times[right - 1], self.times[right]
        share = ((warped - t0) / (t1 - t0)).clip(0.0, 1.0)[:, None]
        return np.asarray((1.0 - share) * self.outputs[right - 1] + share * self.outputs[right])

    def align(self, times: Float, outputs: Float) -> Aligned:
        """Find the shift that brings a trajectory closest to the path.

        Parameters
        ----------
        times : (m,) float
            Times, s.
        outputs : (m, n) float
            Outputs then, of full scale.

        Returns
        -------
        Aligned
            The shift, and the differences before and after it.
        """
        from scipy.optimize import minimize_scalar

        weights = np.gradient(times)

        def squares(shift_s: float) -> float:
            return float(weights @ ((outputs - self.at(times, shift_s)) ** 2).sum(axis=1))

        trials = self.range_s * np.sinh(np.linspace(-_FLATTENING, _FLATTENING, _TRIALS)) / np.sinh(_FLATTENING)
        found = [squares(shift) for shift in trials]
        best = int(np.argmin(found))
        around = (trials[max(best - 1, 0)], trials[min(best + 1, _TRIALS - 1)])
        fine = {"xatol": _FINE * self.range_s}
        finer: Any = minimize_scalar(squares, bounds=around, method="bounded", options=fine)
        shift = float(finer.x) if finer.fun < found[best] else float(trials[best])
        before, after = (float(np.abs(outputs - self.at(times, s)).max()) for s in (0.0, shift))
        return Aligned(shift, before, after) if after < before else Aligned(0.0, before, before)


def divide_steps(steps: Float) -> Float:
    """Divide the steps of a solver, so that straight lines between them are as good as its solution.

    Parameters
    ----------
    steps : (k,) float
        Times at which it stood, s.

    Returns
    -------
    (m,) float
        Times, ten to a step.
    """
    at = np.arange((len(steps) - 1) * _SUBDIVISION + 1) / _SUBDIVISION
    return np.asarray(np.interp(at, np.arange(len(steps)), steps))


def ends_alike(found: Float, expected: Float) -> bool:
    """Return whether outputs end on the sides that the ODE takes.

    An output that the ODE leaves in the middle, as of a vertex whose neighbors cancel, takes neither side.

    Parameters
    ----------
    found : (n,) float
        Outputs at the end, from the middle, of full scale.
    expected : (n,) float
        Those of the ODE.

    Returns
    -------
    bool
        Whether they agree.
    """
    sided = np.abs(expected) > _NO_SIDE
    return bool(np.array_equal(found[sided] >= 0.0, expected[sided] >= 0.0))


def bound_alignment(
    path: ExactPath, found: Aligned, forecast: Aligned | PartsForecast | None, rest: float, same_end: bool
) -> Alignment:
    """Return the alignment of a trajectory with its bound and its verdict.

    Parameters
    ----------
    path : ExactPath
        Path of the ODE.
    found : Aligned
        The trajectory beside it.
    forecast : Aligned, PartsForecast or None
        What the equation of the parts says, if there is one.
    rest : float
        What outputs at rest may be off, of full scale.
    same_end : bool
        Whether the trajectory ends in the attractor of the ODE.

    Returns
    -------
    Alignment
        The alignment.
    """
    predicted = bound = None
    if forecast is not None:
        predicted = forecast.after
        bound = min(_MARGIN * predicted + _LEFT_OUT * forecast.before + rest, _HALF)
    way: Way = "same" if bound is not None and found.after <= bound else "unbounded" if bound is None else "another"
    way = way if same_end else "another attractor"
    tau = path.longest_tau_s
    return Alignment(found.shift_s, found.shift_s / tau, found.before, found.after, path.range_s, path.slowest_s,
                     predicted, bound, way)  # fmt: skip
