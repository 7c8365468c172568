"""Runs of NIR networks in Brian2: populations are stepped one after the other, their spikes sent within the step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Float
from .brian.simulator import build_simulator
from .nir_maps import Inflow
from .nir_network import GRADED, SPIKING, NirNetwork, NirPopulation

_STEP = {  # Euler's step of the state, I before v
    "LIF": "v += leaky * (v_leak - v + r * x)",
    "LI": "v += leaky * (v_leak - v + r * x)",
    "IF": "v += step * r * x",
    "I": "v += step * r * x",
    "CubaLIF": "current += synaptic * (w_in * x - current)\nv += leaky * (v_leak - v + r * current)",
    "CubaLI": "current += synaptic * (w_in * x - current)\nv += leaky * (v_leak - v + r * current)",
    "Threshold": "v = x",
}
_PLACES = 10  # of one population in the order of a step: sums, state, threshold, reset, spikes sent
_MOST_VALUES = 50_000_000


@dataclass(frozen=True, eq=False)
class NirRun:
    """Outputs, spikes and potentials of a NIR network.

    Attributes
    ----------
    outputs : dict of str to (steps, n) float
        What the outputs show at each step.
    spikes : dict of str to (steps, n) bool
        Spikes of each spiking population.
    potentials : dict of str to (steps, n) float
        Potentials at the end of each step, those of LI, I, CubaLI, and of the others if asked for.
    """

    outputs: Mapping[str, Float]
    spikes: Mapping[str, Any]
    potentials: Mapping[str, Float]


def run_nir(network: NirNetwork, inputs: ArrayLike | Mapping[str, ArrayLike], *, potentials: bool = False) -> NirRun:
    """Run a NIR network from rest, all states 0.

    Parameters
    ----------
    network : NirNetwork
        Network.
    inputs : (steps, ...) array_like, or dict of str to array_like
        Values of the input at each step; of several, by name.
    potentials : bool
        Whether the potentials of spiking populations are recorded too.

    Returns
    -------
    NirRun
        Outputs, spikes and potentials.

    Raises
    ------
    ValueError
        If the inputs have other names, shapes or lengths, or are not finite.
    """
    given = _given(network, inputs)
    steps = len(next(iter(given.values())))
    if steps * (network.size + sum(prod(shape) for shape in network.inputs.values())) > _MOST_VALUES:
        raise ValueError(f"{steps} steps of {network.size} neurons are more than {_MOST_VALUES} values; give fewer")
    names = list(network.populations)
    watched = [name for name in names if potentials or network.populations[name].kind in GRADED]

    def model(b2: Any) -> list[Any]:
        made = [_group(b2, network, given, name, place) for place, name in enumerate(names)]
        groups = {name: group for name, group in zip(names, made, strict=True)}
        links = [each for place, name in enumerate(names) for each in _links(b2, network, groups, name, place)]
        seen = [b2.SpikeMonitor(groups[name], name=f"spikes_{k}") for k, name in enumerate(names)
                if network.populations[name].kind in SPIKING]  # fmt: skip
        seen += [b2.StateMonitor(groups[name], "v", record=True, when="end", name=f"potentials_{names.index(name)}")
                 for name in watched]  # fmt: skip
        return [*made, *links, *seen]

    record = build_simulator(model, dt_s=network.step_s, backend="numpy").run(steps * network.step_s, rng=0)
    shown: dict[str, Float] = {}
    spikes: dict[str, Any] = {}
    values: dict[str, Float] = {}
    for k, name in enumerate(names):
        each = network.populations[name]
        if each.kind in SPIKING:
            fired = np.zeros((steps, each.size), bool)
            at = np.rint(record[f"spikes_{k}.t"] / network.step_s).astype(int)
            fired[at, record[f"spikes_{k}.i"]] = True
            spikes[name], shown[name] = fired, fired.astype(float)
        if name in watched:
            values[name] = record[f"potentials_{k}.v"].T
            if each.kind in GRADED:
                shown[name] = values[name]
    outputs = {name: _received(inflow, shown | given, steps) for name, inflow in network.outputs.items()}
    return NirRun(outputs, spikes, values)


def _given(network: NirNetwork, inputs: ArrayLike | Mapping[str, ArrayLike]) -> dict[str, Float]:
    named = inputs if isinstance(inputs, Mapping) else {name: inputs for name in list(network.inputs)[:1]}
    if set(named) != set(network.inputs) or not named:
        raise ValueError(f"inputs are {sorted(named)}; give those of {sorted(network.inputs)}, by name")
    found: dict[str, Float] = {}
    for name, value in named.items():
        x = np.asarray(value, dtype=float)
        size = prod(network.inputs[name])
        if x.ndim < 1 or not len(x) or x.size != len(x) * size or not np.isfinite(x).all():
            raise ValueError(f"input {name!r} has shape {x.shape}; give finite values (steps, {size})")
        found[name] = x.reshape(len(x), size)
    if len({len(x) for x in found.values()}) > 1:
        raise ValueError(f"inputs have {sorted({len(x) for x in found.values()})} steps; make them alike")
    return found


def _received(inflow: Inflow, sources: Mapping[str, Float], steps: int) -> Float:
    """Return what the sources that are given make of an inflow, with its constants, (steps, n)."""
    total = np.zeros((steps, prod(inflow.shape)))
    for source, matrices in inflow.parts.items():
        for delay, matrix in matrices.items():
            if source in sources and delay < steps:
                total[delay:] += (matrix @ sources[source][: steps - delay].T).T
    for delay, constant in inflow.bias.items():
        total[delay:] += constant
    return total


def _group(b2: Any, network: NirNetwork, given: Mapping[str, Float], name: str, place: int) -> Any:
    """Build the neurons of a population, whose input from outside is an array over the steps."""
    each, step = network.populations[name], network.step_s
    outside = _received(each.inflow, given, len(next(iter(given.values()))))
    graded = [f"g{k}" for k in range(len(_graded(network, each)))]
    states = ["v", "current", "sent", *graded]
    constants = {key: value for key, value in each.parameters.items() if not key.startswith("tau")}
    tau, tau_syn = each.parameters.get("tau", each.parameters.get("tau_mem")), each.parameters.get("tau_syn")
    constants |= {} if tau is None else {"leaky": step / tau}
    constants |= {} if tau_syn is None else {"synaptic": step / tau_syn}
    level = {"Threshold": "v > threshold"}.get(each.kind, "v > v_threshold") if each.kind in SPIKING else None
    group = b2.NeuronGroup(
        each.size,
        "\n".join([*(f"{state} : 1" for state in states), *(f"{key} : 1 (constant)" for key in constants)]),
        threshold=level,
        reset=None if level is None else "" if each.kind == "Threshold" else "v = v_reset",
        namespace={"outside": b2.TimedArray(outside, dt=step * b2.second, name=f"outside_{place}"), "step": step},
        name=f"population_{place}",
    )
    for key, value in constants.items():
        setattr(group, f"{key}_", value)
    code = " + ".join(["x = outside(t, i)", "sent", *graded]) + f"\n{_STEP[each.kind]}\nsent = 0"
    group.run_regularly(code, when="groups", order=place * _PLACES + 1, name=f"steps_{place}")
    for k, parts in enumerate((group.thresholder, group.resetter)):
        for part in parts.values():
            part.when, part.order = "groups", place * _PLACES + 2 + k
    return group


def _graded(network: NirNetwork, each: NirPopulation) -> list[str]:
    return [source for source in each.inflow.parts
            if source in network.populations and network.populations[source].kind in GRADED]  # fmt: skip


def _links(b2: Any, network: NirNetwork, groups: Mapping[str, Any], name: str, place: int) -> list[Any]:
    """Build the synapses into a population: spikes add up until its step, potentials are summed before it."""
    each, made, names = network.populations[name], [], list(network.populations)
    graded = _graded(network, each)
    for source, matrices in each.inflow.parts.items():
        for delay, matrix in matrices.items():
            entries = matrix.tocoo()
            if source not in groups or not entries.nnz:
                continue
            of = names.index(source)
            label = f"from_{of}_to_{place}_after_{delay}"
            if source in graded:
                target = f"g{graded.index(source)}"
                model = f"w : 1\n{target}_post = w * v_pre : 1 (summed)"
                synapses = b2.Synapses(groups[source], groups[name], model, name=label)
                for part in synapses.summed_updaters.values():
                    part.when, part.order = "groups", place * _PLACES
            else:
                synapses = b2.Synapses(groups[source], groups[name], "w : 1", on_pre="sent_post += w", name=label)
                synapses.pre.when, synapses.pre.order = "groups", of * _PLACES + 4
            synapses.connect(i=entries.col.astype(int), j=entries.row.astype(int))
            synapses.w_ = entries.data
            if delay:
                synapses.pre.delay_ = delay * network.step_s
            made.append(synapses)
    return made
