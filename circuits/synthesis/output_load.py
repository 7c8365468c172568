r"""Checks of load and swing: what each output delivers when all that it drives stands against it.

.. math:: I_j = \sum_i |T_{ij}|\,(V_{swing} + |u_i|_{max}) + \frac{V_{swing}}{R_{feedback}}, \qquad
    |u_i|_{max} = R_i \Big(V_{swing} \sum_k |T_{ik}| + |I_i|\Big)

of the synapses on v_j, or on w_j; a resistor of the inverter and those of the feedback are taken as one each. An output
that delivers I_j still reaches V_rail - V_headroom - R_sat I_j.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from neuromorph.analog import AnalogNetwork

from .board_network import inverted_neurons
from .opamp import DATA, OpAmp

_SHARE = 0.5  # of the short-circuit current that an output is asked for at most
_SAID = 8  # nodes that are named


@dataclass(frozen=True)
class OutputLoad:
    """The worst that an output has to do.

    Attributes
    ----------
    node : str
        Node of the output.
    ampere : float
        Current at full swing, A.
    reach_v : float
        Voltage that the op-amp reaches at that current, V.
    """

    node: str
    ampere: float
    reach_v: float


def output_loads(network: AnalogNetwork, part: OpAmp) -> list[OutputLoad]:
    """Return the worst load of every output, the heaviest first.

    Parameters
    ----------
    network : AnalogNetwork
        Network of component values.
    part : OpAmp
        Op-amp of its neurons.

    Returns
    -------
    list of OutputLoad
        One for each node v and, of neurons with an inverter, w.
    """
    t, feedback = sparse.csr_array(network.conductances), DATA["feedback"].value
    swing, rail = network.activation.swing, part.rail_v
    worst = network.resistances * (swing * np.asarray(abs(t).sum(axis=1)).ravel() + np.abs(network.currents))
    against = swing + np.minimum(worst, rail)
    positive, negative = t.maximum(0.0), -t.minimum(0.0)
    driven, inverted = positive.T @ against, negative.T @ against
    with_inverter = set(inverted_neurons(network).tolist())
    found = [(f"v{i}", x + swing / feedback * (1 + (i in with_inverter))) for i, x in enumerate(driven.tolist())]
    found += [(f"w{i}", inverted[i] + swing / feedback) for i in sorted(with_inverter)]
    loads = [OutputLoad(node, float(x), part.reach_v - float(x) * (part.saturation_ohm or 0.0)) for node, x in found]
    return sorted(loads, key=lambda load: -load.ampere)


def load_notes(network: AnalogNetwork, part: OpAmp) -> Iterator[str]:
    """Return the heaviest load as a sentence, and a warning for each output that cannot do it.

    Parameters
    ----------
    network : AnalogNetwork
        Network of component values.
    part : OpAmp
        Op-amp of its neurons.

    Yields
    ------
    str
        One line after the other.
    """
    loads, most = output_loads(network, part), min(part.source_a, part.sink_a)
    swing = network.activation.swing
    first = loads[0]
    yield (
        f"heaviest load: {first.node} delivers {1e3 * first.ampere:.3g} mA at full swing of {swing:g} V, where "
        f"{part.name} reaches {first.reach_v:.3g} V and gives {1e3 * most:.3g} mA at most"
    )
    over = [load for load in loads if load.ampere > _SHARE * most or load.reach_v < swing]
    for load in over[:_SAID]:
        why = (
            f"{part.name} then reaches {load.reach_v:.3g} V only"
            if load.reach_v < swing
            else f"more than half of what {part.name} gives"
        )
        yield (
            f"warning: {load.node} must deliver {1e3 * load.ampere:.3g} mA at full swing, {why}: take larger "
            "resistors, or an op-amp of more current"
        )
    if len(over) > _SAID:
        yield f"warning: so must {len(over) - _SAID} more outputs"
