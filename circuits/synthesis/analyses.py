r"""Cards beside the transient: what is measured of it, and the operating point, small signal, noise and temperature.

The settling time of an output is the last time at which it is a hundredth of the swing away from where the differential
equation ends. The energy of a rail is its voltage times the charge through it. Operating point, ``.ac`` and ``.noise``
are those of the attractor: ``.nodeset`` starts the search there. A current of 1 A for ``.ac`` feeds the first input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from neuromorph.analog import AnalogNetwork, simulate
from neuromorph.ising import Float

from ..spice.people_numbers import people_number
from .opamp import VDD, VSS

ANALYSES = ("op", "ac", "noise", "temp")
_SETTLED = 0.01  # of the swing
_SOURCE = "iacin"
_MOST_MEASURED = 64  # outputs whose settling is measured


def check_analyses(analyses: Sequence[str], dialect: str) -> None:
    """Check the names of analyses, and that the dialect has them.

    Parameters
    ----------
    analyses : sequence of str
        Names.
    dialect : str
        Name of the dialect.

    Raises
    ------
    ValueError
        If a name is not known, or the dialect is another than ngspice.
    """
    for name in analyses:
        if name not in ANALYSES:
            raise ValueError(f"analysis {name!r} is not known; known are {', '.join(ANALYSES)}")
    if analyses and dialect != "ngspice":
        raise ValueError(f"analyses are written for ngspice, not for {dialect}; leave them or the dialect out")


def bench_lines(
    network: AnalogNetwork,
    end: Float,
    at_rest: Mapping[str, float],
    level: str,
    analyses: Sequence[str],
    stop_s: float | None = None,
) -> Iterator[str]:
    """Return the cards that measure and analyse the circuit of a network, for ngspice.

    Parameters
    ----------
    network : AnalogNetwork
        Network of the circuit.
    end : (n,) float
        Potentials at the attractor, V.
    at_rest : dict of str to float
        Voltages of the circuit there, by the paths of nodes, V.
    level : str
        Level of the amplifiers.
    analyses : sequence of str
        Analyses, of ``ANALYSES``.
    stop_s : float, optional
        Time at which outputs are measured in place of their settling, s: of parts with other values, which may end
        elsewhere.

    Yields
    ------
    str
        One card after the other.
    """
    yield "* what follows is measured and analysed by: ngspice -b THIS_FILE"
    if "noise" in analyses:
        yield "* where there is .noise, ngspice evaluates no .meas of the transient; without it this deck has them"
    else:
        yield from _settling(network, end) if stop_s is None else _ends(network, stop_s)
    yield from _rail_energies(level, is_measured="noise" not in analyses)
    if not analyses:
        return
    for path, volt in at_rest.items():
        yield f".nodeset v({path})={volt:.6g}"
    if "op" in analyses and "noise" not in analyses:
        yield ".op"
    tau = float(network.time_constants_s.min())
    low, high = 1e-3 / (2.0 * np.pi * tau), 1e3 / (2.0 * np.pi * tau)
    if {"ac", "noise"} & set(analyses):
        yield f"{_SOURCE} 0 u0 dc 0 ac 1"
    if "ac" in analyses:
        yield f".ac dec 20 {low:.4g} {high:.4g}"
    if "noise" in analyses:
        yield ".print noise all"
        # The output of an ideal amplifier at its rail has no noise; its input has that of the resistors there.
        yield f".noise v({'u0' if level == 'ideal' else 'v0'}) {_SOURCE} dec 20 {low:.4g} {high:.4g}"
    if "temp" in analyses:
        yield ".dc temp 0 70 10"
    elif {"op", "noise"} <= set(analyses):  # ngspice 39 saves no noise where there is .op
        yield ".dc temp 27 27 1"


def _settling(network: AnalogNetwork, end: Float) -> Iterator[str]:
    v = network.activation.value(end)
    margin = _SETTLED * (network.activation.high - network.activation.low)
    middle = (network.activation.high + network.activation.low) / 2.0
    for i, volt in enumerate(v.tolist()[:_MOST_MEASURED]):
        level_v = volt - margin if volt > middle else volt + margin
        yield f".meas tran settle{i} when v(v{i})={level_v:.6g} cross=last"


def _ends(network: AnalogNetwork, stop_s: float) -> Iterator[str]:
    for i in range(min(network.size, _MOST_MEASURED)):
        yield f".meas tran end{i} find v(v{i}) at={people_number(stop_s)}"


def _rail_energies(level: str, *, is_measured: bool) -> Iterator[str]:
    for rail in (VDD, VSS) if level != "ideal" else ():
        source = f"{'v' if level == 'board' else 'b'}{rail}"
        yield f".save i({source})"
        if is_measured:
            yield f".meas tran charge_{rail} integ i({source})"
            yield f".meas tran energy_{rail} param='-charge_{rail}*supply_{'high' if rail == VDD else 'low'}'"


def attractor(network: AnalogNetwork, start: Float, duration_s: float) -> Float:
    """Return the potentials at the end of the transient of ideal amplifiers.

    Parameters
    ----------
    network : AnalogNetwork
        Network.
    start : (n,) float
        Potentials at t = 0, V.
    duration_s : float
        Length, s.

    Returns
    -------
    (n,) float
        Potentials, V.
    """
    return np.asarray(simulate(network, start, duration_s, samples=2).final[0])
