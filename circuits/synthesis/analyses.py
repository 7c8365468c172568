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
    network: AnalogNetwork, end: Float, at_rest: Mapping[str, float], level: str, analyses: Sequence[str]
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

    Yields
    ------
    str
        One card after the other.
    """
    yield "* what follows is measured and analysed by: ngspice -b THIS_FILE"
    v = network.activation.value(end)
    margin = _SETTLED * (network.activation.high - network.activation.low)
    middle = (network.activation.high + network.activation.low) / 2.0
    for i, volt in enumerate(v.tolist()[:_MOST_MEASURED]):
        level_v = volt - margin if volt > middle else volt + margin
        yield f".meas tran settle{i} when v(v{i})={level_v:.6g} cross=last"
    if level != "ideal":
        for rail in (VDD, VSS):
            source = f"{'v' if level == 'board' else 'b'}{rail}"
            yield f".save i({source})"
            yield f".meas tran charge_{rail} integ i({source})"
            yield f".meas tran energy_{rail} param='-charge_{rail}*supply_{'high' if rail == VDD else 'low'}'"
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
        yield f".noise v(v0) {_SOURCE} dec 20 {low:.4g} {high:.4g}"
    if "temp" in analyses:
        yield ".dc temp 0 70 10"
    elif {"op", "noise"} <= set(analyses):  # ngspice 39 saves no noise where there is .op
        yield ".dc temp 27 27 1"


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
