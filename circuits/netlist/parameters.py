r"""A circuit with other values of its parameters: chosen, or drawn within their tolerances.

.. math:: p \to p (1 + \delta), \quad \delta \text{ uniform in } \pm\text{tolerance}

as parts are sorted when they are sold. A parameter that many elements refer to moves them all together: it stands for
what they have in common (a reel, a wafer). ``tolerances`` draws each element on its own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neuromorph.rng import RNG, read_seeds

from .circuit import Circuit


def with_parameters(circuit: Circuit, **values: float) -> Circuit:
    """Return the circuit with other values of its parameters.

    Parameters
    ----------
    circuit : Circuit
        Circuit with parameters.
    **values : float
        New values by the names of parameters.

    Returns
    -------
    Circuit
        The circuit with these values.

    Raises
    ------
    ValueError
        If a name is no parameter of the circuit.
    """
    known = [parameter.name for parameter in circuit.parameters]
    for name in values:
        if name not in known:
            raise ValueError(f"{name!r} is no parameter of the circuit; it has {', '.join(known) or 'none'}")
    parameters = tuple(replace(p, value=float(values.get(p.name, p.value))) for p in circuit.parameters)
    return replace(circuit, parameters=parameters)


def draw_parameters(circuit: Circuit, rng: RNG = 0) -> Circuit:
    """Draw one circuit as it is made, every parameter within its tolerance.

    Parameters
    ----------
    circuit : Circuit
        Circuit with parameters.
    rng : Generator, SeedSequence or int, default 0
        Seed of the draw.

    Returns
    -------
    Circuit
        The circuit with the drawn values.
    """
    draws = np.random.default_rng(read_seeds(rng, 1)[0]).uniform(-1.0, 1.0, len(circuit.parameters)).tolist()
    values = {p.name: p.value * (1.0 + p.tolerance * draw) for p, draw in zip(circuit.parameters, draws, strict=True)}
    return with_parameters(circuit, **values)
