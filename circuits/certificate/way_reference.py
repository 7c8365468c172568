"""Reference trajectory of an engine where amplifiers are parts: that of the ODE, and a forecast of the difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float

from ..synthesis.board_network import BOARD
from ..synthesis.board_neuron import BoardNeurons
from ..synthesis.hopfield_circuit import settling_tau_s
from ..synthesis.neurons import Neurons
from .alignment import FAR_OFF, Aligned, Alignment, ExactPath, PartsForecast, bound_alignment, ends_alike
from .parts_equation import scale_offsets, solve_parts

_MORE = 1.25  # factor on offsets that stands for what the equation of the parts leaves out


@dataclass(frozen=True, eq=False)
class WayReference:
    """The path of an ODE, and how far parts may be off it.

    Attributes
    ----------
    path : ExactPath
        Path, of full scale.
    rest : float
        What outputs at rest may be off, of full scale.
    forecast : PartsForecast or None
        What the equation of the parts says; None of parts whose equation is not known.
    """

    path: ExactPath
    rest: float
    forecast: PartsForecast | None = None

    @classmethod
    def of(
        cls, network: AnalogNetwork, potentials: Any, start: Float, rest: float, neurons: Neurons | None = None
    ) -> WayReference:
        """Return the reference of a network.

        Parameters
        ----------
        network : AnalogNetwork
            Network.
        potentials : OdeSolution
            Solution of its ODE: function of times, with the solver's steps ``ts``.
        start : (n,) float
            Potentials at t = 0, V.
        rest : float
            What outputs at rest may be off, of full scale.
        neurons : Neurons, optional
            Amplifiers of the circuit, for a forecast.

        Returns
        -------
        WayReference
            The path, with a forecast if the equation of the parts is known.
        """
        g = network.activation
        path = ExactPath.of(
            potentials.ts, lambda times: g.value(potentials(times).T), g.high - g.low, settling_tau_s(network)
        )
        return cls(path, rest, None if neurons is None else _forecast(network, neurons, start, path))

    def measure(self, since_start_s: Float, voltages: Float, span_v: float, same_attractor: bool) -> Alignment:
        """Align the trajectory of an engine and bound it.

        Parameters
        ----------
        since_start_s : (m,) float
            Times since the start was let go, s.
        voltages : (m, n) float
            Outputs then, V.
        span_v : float
            Full scale, V.
        same_attractor : bool
            Whether they end in the attractor of the ODE.

        Returns
        -------
        Alignment
            Shift, differences, bound and verdict.
        """
        found = self.path.align(since_start_s, voltages / span_v)
        return bound_alignment(self.path, found, self.forecast, self.rest, same_attractor)


def release_s(neurons: Neurons) -> float:
    """Return the time at which the potentials are let go: on a board, switches hold them at first.

    Parameters
    ----------
    neurons : Neurons
        Amplifiers of a circuit.

    Returns
    -------
    float
        Time, s.
    """
    return float(BOARD["load_time"].value) if isinstance(neurons, BoardNeurons) else 0.0


def _forecast(network: AnalogNetwork, neurons: Neurons, start: Float, path: ExactPath) -> PartsForecast | None:
    g = network.activation
    span, middle = g.high - g.low, (g.high + g.low) / 2.0
    ends = path.outputs[-1] - middle / span

    def solve(parts: Neurons) -> tuple[Aligned, bool] | None:
        solved = solve_parts(network, parts, start, float(path.times[-1]))
        if solved is None:
            return None
        times, outputs = solved
        return path.align(times, outputs / span), ends_alike((outputs[-1] - middle) / span, ends)

    found = solve(neurons)
    if found is None:
        return None
    aligned, same = found
    decided: Literal["offsets", "amplifiers"] | None = None
    if not same or aligned.after > FAR_OFF:
        plain = solve(scale_offsets(neurons, 0.0))
        explained = plain is not None and plain[1] and (not same or plain[0].after <= FAR_OFF)
        decided = "offsets" if explained else "amplifiers"
    else:
        more = solve(scale_offsets(neurons, _MORE))
        decided = "offsets" if more is not None and not more[1] else None
    return PartsForecast(aligned.shift_s, aligned.before, aligned.after, same, decided)
