r"""Residence times of an atom whose voltage follows a sine.

.. math:: r_{\uparrow,\downarrow}(t) = r_{\uparrow,\downarrow} e^{g_{\uparrow,\downarrow} A \sin 2 \pi \nu t}, \qquad
          \dot p = r_\uparrow(t) (1 - p) - r_\downarrow(t) p, \qquad
          \langle \tau_\uparrow \rangle = \frac{\int p \, dt}{\int p \, r_\downarrow \, dt}

with p the probability to be up in the periodic state, r the rates at the DC voltage and g = kappa + theta alpha or
kappa - (1 - theta) alpha their slopes (module ``voltage``): a Poisson process whose rates are read without the sine,
as in van Weerdenburg et al., arXiv 2309.17000 (abstract). A slow sine passes through DC equilibria, p = r_up / (r_up
+ r_down); of a fast one only the mean rates r I_0(g A) are left. Between them a residence ends once a period,
synchronized. The favorability, the mean of p, depends on the frequency where |g_up| and |g_down| differ, as Fe does
and Co does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Float
from neuromorph.rng import RNG, kernel_states, read_seeds

from .sine_drive_kernel import driven_switches
from .voltage import VoltageResponse

_PHASES = 2048  # of a period, between which rates are constant
_STEEPEST = 50.0  # largest g A: exp(50) is beyond any rate that is read


@dataclass(frozen=True)
class Residence:
    """Mean residence of an atom in each of its states.

    Attributes
    ----------
    up_s, down_s : float
        Mean residence times, s.
    favorability : float
        Fraction of time up.
    """

    up_s: float
    down_s: float
    favorability: float


@dataclass(frozen=True)
class DrivenAtom:
    """An atom under a sine of the voltage.

    Attributes
    ----------
    up_hz, down_hz : float
        Rates at the DC voltage, 1/s.
    up_per_v, down_per_v : float
        g, slopes of the logarithms of the rates, 1/V.
    amplitude_v : float
        A, V.
    frequency_hz : float
        nu, Hz.
    """

    up_hz: float
    down_hz: float
    up_per_v: float
    down_per_v: float
    amplitude_v: float
    frequency_hz: float

    def __post_init__(self) -> None:
        for name in ("up_hz", "down_hz", "frequency_hz"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}; it must be finite and positive")
        steepest = max(abs(self.up_per_v), abs(self.down_per_v)) * abs(self.amplitude_v)
        if not steepest <= _STEEPEST:
            raise ValueError(f"the sine changes ln of a rate by {steepest:.3g}; take at most {_STEEPEST:g}")

    @classmethod
    def of(
        cls,
        response: VoltageResponse,
        field: float,
        *,
        attempt_rate_hz: float,
        offset_v: float,
        amplitude_v: float,
        frequency_hz: float,
        theta: float = 0.5,
    ) -> DrivenAtom:
        """Build a driven atom from its response to the voltage.

        Parameters
        ----------
        response : VoltageResponse
            Response of one atom.
        field : float
            f at the reference voltage.
        attempt_rate_hz : float
            gamma at the reference voltage, 1/s.
        offset_v, amplitude_v, frequency_hz : float
            Voltage offset + amplitude sin(2 pi nu t).
        theta : float
            Position of the barrier, 0 to 1.

        Returns
        -------
        DrivenAtom
            Atom.
        """
        up, down = response.rates_at(field, offset_v, attempt_rate_hz=attempt_rate_hz, theta=theta)
        alpha, kappa = float(response.alpha_per_v), float(response.kappa_per_v)
        return cls(
            float(up), float(down), kappa + theta * alpha, kappa - (1.0 - theta) * alpha, amplitude_v, frequency_hz
        )

    def rates_of_phase(self, phases: Float) -> tuple[Float, Float]:
        """Compute the rates at phases of the sine.

        Parameters
        ----------
        phases : (k,) float
            Phases in periods.

        Returns
        -------
        up, down : (k,) float
            Rates, 1/s.
        """
        voltage = self.amplitude_v * np.sin(2.0 * np.pi * np.asarray(phases, dtype=float))
        return self.up_hz * np.exp(self.up_per_v * voltage), self.down_hz * np.exp(self.down_per_v * voltage)

    def residence(self) -> Residence:
        """Compute mean residence times in the periodic state.

        Returns
        -------
        Residence
            Of the master equation; rates are constant within each of 2,048 phases.
        """
        up, down = self.rates_of_phase(_middles())
        p = self._periodic(up, down)
        step = 1.0 / (self.frequency_hz * _PHASES)
        total, level = up + down, up / (up + down)
        # The integral of p over a phase, exactly for its constant rates.
        inside = level * step - (p - level) * np.expm1(-total * step) / total
        switches = float(np.sum(inside * down))
        period = 1.0 / self.frequency_hz
        stay = float(inside.sum())
        return Residence(stay / switches, (period - stay) / switches, stay / period)

    def quasi_static_residence(self) -> Residence:
        """Compute mean residence times of a sine so slow that each phase is at rest.

        Returns
        -------
        Residence
            Limit of low frequency: every phase in its DC equilibrium.
        """
        up, down = self.rates_of_phase(_middles())
        level = up / (up + down)
        switches = float(np.mean(level * down))
        stay = float(level.mean())
        return Residence(stay / switches, (1.0 - stay) / switches, stay)

    def averaged_residence(self) -> Residence:
        """Compute mean residence times of a sine so fast that only mean rates are left.

        Returns
        -------
        Residence
            Limit of high frequency: rates r I_0(g A).
        """
        up = self.up_hz * float(np.i0(self.up_per_v * self.amplitude_v))
        down = self.down_hz * float(np.i0(self.down_per_v * self.amplitude_v))
        return Residence(1.0 / down, 1.0 / up, up / (up + down))

    def residence_density(self, times_s: Float) -> Float:
        """Compute the probability density of residence times in the upper state.

        Parameters
        ----------
        times_s : (k,) float
            Residence times, s.

        Returns
        -------
        (k,) float
            Density, 1/s: arrivals at each phase, each of which leaves at its own time.
        """
        up, down = self.rates_of_phase(_middles())
        step = 1.0 / (self.frequency_hz * _PHASES)
        arrivals = up * (1.0 - self._periodic(up, down))
        arrivals /= arrivals.sum()
        hazard = np.concatenate([[0.0], np.cumsum(down * step)])  # from the start of a period
        edges = np.linspace(0.0, 1.0, _PHASES + 1)
        begin = _middles()
        before = np.interp(begin, edges, hazard)
        density = np.empty(len(times_s))
        for k, time in enumerate(np.asarray(times_s, dtype=float)):
            periods, phase = np.divmod(begin + time * self.frequency_hz, 1.0)
            survived = np.exp(before - periods * hazard[-1] - np.interp(phase, edges, hazard))
            density[k] = arrivals @ (self.rates_of_phase(phase)[1] * survived)
        return density

    def _periodic(self, up: Float, down: Float) -> Float:
        """Compute p at the start of each phase of the periodic state."""
        level = up / (up + down)
        kept = np.exp(-(up + down) / (self.frequency_hz * _PHASES))
        # p -> level + (p - level) kept is affine: one period from 0 gives its fixed point.
        end = 0.0
        for k in range(_PHASES):
            end = level[k] + (end - level[k]) * kept[k]
        p = np.empty(_PHASES)
        decay = float(np.sum(up + down)) / (self.frequency_hz * _PHASES)
        now = end / -np.expm1(-decay)
        for k in range(_PHASES):
            p[k] = now
            now = level[k] + (now - level[k]) * kept[k]
        return p


def _middles() -> Float:
    return (np.arange(_PHASES) + 0.5) / _PHASES


def simulate_residences(atom: DrivenAtom, residences: int, rng: RNG = None) -> tuple[Float, Float]:
    """Simulate the residences of a driven atom.

    Parameters
    ----------
    atom : DrivenAtom
        Atom.
    residences : int
        Number of residences in each state.
    rng : RNG
        Seed or generator.

    Returns
    -------
    up_s, down_s : (residences,) float
        Residence times in the order in which they came, s.

    Raises
    ------
    ValueError
        If there are no residences.
    """
    if residences < 1:
        raise ValueError(f"residences is {residences}; take one at least")
    slopes = atom.up_per_v * atom.amplitude_v, atom.down_per_v * atom.amplitude_v
    streams = kernel_states(read_seeds(rng, 1))
    times = driven_switches(atom.up_hz, atom.down_hz, *slopes, atom.frequency_hz, streams[0], 2 * residences + 1)
    apart = np.diff(times)
    return apart[0::2], apart[1::2]
