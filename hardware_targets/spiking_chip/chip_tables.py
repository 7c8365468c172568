r"""Numbers of chips, one table a chip, and the energy of a run by them.

.. math:: E = N_{SOP}\, e_{SOP} + N_{acc}\, e_{acc} + N_{upd}\, e_{upd} + N_{fire}\, e_{fire} + N_{spk}\, e_{spk}
              + N_{hop}\, e_{hop} + P_{chip}\, t + N_{word}\, e_{word} + P_{board}\, t

where N counts events, e is the energy of one, P a power and t the time of the run:

- SOP, synaptic operations; acc, neurons read from memory, at every step; upd, updates of neurons on which anything
  acts; fire, neurons that fire;
- spk, spikes sent to each core that has synapses of the neuron; hop, their steps in the mesh, east or west and north or
  south;
- word, words that enter or leave the chip.

The sums over events are those of the cores, static power and words of the chip, the board of the system. The host is
not here: it is the same one for all targets.

A number that a table does not have is not counted: nothing is known of single events of BrainScaleS-2, whose power is
that of the chip.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from math import exp, fsum, log
from pathlib import Path

from neuromorph.cost import Cost, Scope, lasting
from neuromorph.datum import Datum, read_data
from neuromorph.files.atomic_write import read_file
from neuromorph.target_names import nearest

Table = Mapping[str, Datum]

_PRICED: tuple[tuple[str, str, str, Scope], ...] = (
    ("synaptic_operations", "synaptic operations", "synapse_energy", "core"),
    ("membrane_accesses", "neurons read from memory", "access_energy", "core"),
    ("membrane_updates", "updates of neurons", "update_energy", "core"),
    ("spikes", "neurons that fire", "fire_energy", "core"),
    ("packets", "spikes sent to cores", "spike_energy", "core"),
    ("mesh_hops", "steps in the mesh", "hop_energy", "core"),
    ("row_hops", "steps east or west in the mesh", "row_hop_energy", "core"),
    ("column_hops", "steps north or south in the mesh", "column_hop_energy", "core"),
    ("device_s", "the chip's own power", "chip_power", "chip"),
    ("words_read", "reading spikes out", "word_energy", "chip"),
    ("words_written", "writing weights and biases, shared by all reads", "word_energy", "chip"),
    ("device_s", "board", "board_power", "system"),
)
_LEAST = {"weight_bits": 2, "bias_bits": 2, "state_bits": 0} | dict.fromkeys(
    ("cores", "core_neurons", "core_synapses", "fan_in", "tile_cores", "mesh_height"), 1
)  # of what is counted
_MEMORIES = ("dense", "sparse", "convolution")
_MOST_BYTES = 1 << 20  # of a table
PRICED_ENDINGS = ("_energy", "_power", "_time", "_second", "acceleration")  # names of time and energy end so
_POSITIVE = ("step_time", "acceleration", "device_second")


def read_table(chip: str) -> dict[str, Datum]:
    """Read the numbers of ``chip``.toml beside this module.

    Parameters
    ----------
    chip : str
        Name of the chip.

    Returns
    -------
    dict of str to Datum
        Numbers by name.
    """
    return read_data(files(__package__).joinpath(f"{chip}.toml").read_text())


def loihi_table(synapse_memory: str = "dense") -> dict[str, Datum]:
    """Return the numbers of Loihi for one form of its synaptic memory.

    Parameters
    ----------
    synapse_memory : {"dense", "sparse", "convolution"}
        Form.

    Returns
    -------
    dict of str to Datum
        Numbers by name; ``synapse_energy`` and ``synapse_time`` are those of the form.

    Raises
    ------
    ValueError
        If there is no such form.
    """
    table = read_table("loihi")
    if synapse_memory not in _MEMORIES:
        raise ValueError(f"synapse_memory is {str(synapse_memory)[:40]!r}; it is one of {', '.join(_MEMORIES)}")
    for what in ("energy", "time"):
        others = {form: table.pop(f"{form}_synapse_{what}") for form in _MEMORIES[1:]}
        name = f"synapse_{what}"
        table[name] = others.get(synapse_memory, table[name])
    return table


def join_chips(name: str, chips: tuple[str, ...]) -> Datum:
    """Join one number over several chips.

    Parameters
    ----------
    name : str
        The number.
    chips : tuple of str
        Names of the tables.

    Returns
    -------
    Datum
        The geometric mean with the union of all ranges, of kind ``assumed``.
    """
    data = [read_table(chip)[name] for chip in chips]
    mean = exp(fsum(log(datum.value) for datum in data) / len(data))
    listed = "; ".join(f"{chip} {datum.value:.3g}" for chip, datum in zip(chips, data, strict=True))
    source = f"geometric mean of {listed} {data[0].unit}, the range is that of all: see their tables for the sources"
    return Datum(mean, data[0].unit, min(d.low for d in data), max(d.high for d in data), "assumed", source, name)


def generic_table(own: str | Path | Table | None = None) -> dict[str, Datum]:
    """Return the generic chip's numbers.

    Parameters
    ----------
    own : path of a .toml file, or dict of str to Datum, optional
        Replacements of some numbers.

    Returns
    -------
    dict of str to Datum
        The table.

    Raises
    ------
    ValueError
        For unknown names, units other than SI, and numbers that no chip can have.
    """
    table = read_table("generic") | {
        "synapse_energy": join_chips("synapse_energy", ("loihi", "truenorth", "spinnaker"))
    }
    if own is None:
        return table
    where = f"table {own}" if isinstance(own, (str, Path)) else "table"
    if isinstance(own, (str, Path)):
        try:
            given: Table = read_data(read_file(own, _MOST_BYTES).decode())
        except (OSError, ValueError) as error:
            raise ValueError(f"{where}: {error}; give a .toml of value, unit, kind and source by name") from error
    else:
        given = own
    known = read_table("brainscales") | loihi_table() | table
    known["hop_energy"] = known["row_hop_energy"]  # for a table that does not distinguish directions
    unknown = sorted(set(given) - set(known))
    if unknown:
        near = nearest(unknown[0][:40], known)
        raise ValueError(
            f"{where} has {unknown[0][:40]!r}, which nothing reads; {near}see 'neuromorph targets spiking-generic'"
        )
    for name, datum in given.items():
        _require(f"{where}: {name}", name, datum, known[name].unit)
    return with_own(table, given)


def with_own(table: Table, given: Table) -> dict[str, Datum]:
    """Replace numbers of a table.

    A step that is given makes a second as well known as itself.

    Parameters
    ----------
    table : Table
        Numbers by name.
    given : Table
        Numbers that replace some of them.

    Returns
    -------
    dict of str to Datum
        Joined table.
    """
    found = dict(table)
    if "step_time" in given and "device_second" not in given:
        step = given["step_time"]
        found["device_second"] = Datum(
            1.0,
            "s/s",
            step.low / step.value,
            step.high / step.value,
            step.kind,
            f"the range of step_time: {step.source}",
            "device_second",
        )
    return found | dict(given)


def _require(what: str, name: str, datum: Datum, unit: str) -> None:
    """Raise TypeError or ValueError unless ``datum`` is a number of ``unit`` that a chip can have."""
    if not isinstance(datum, Datum):
        raise TypeError(f"{what} is {datum!r}; give a Datum")
    if datum.unit != unit:
        raise ValueError(f"{what} is in {datum.unit[:20]!r}; give it in {unit!r}")
    if name in _LEAST:
        least, most = _LEAST[name], 512 if unit == "bit" else 1 << 31
        fits, rule = float(datum.value).is_integer() and least <= datum.value <= most, f"whole, {least} to {most}"
    elif name in _POSITIVE:
        fits, rule = datum.low > 0, "positive"
    else:
        fits, rule = datum.low >= 0, "0 or above"
    if not fits:
        raise ValueError(f"{what} is {datum.value:g}, {datum.low:g} at least; it must be {rule}")


def chip_costs(table: Table) -> tuple[Cost, ...]:
    """List the prices of ``table``; where seconds have a price, their range counts as well.

    Parameters
    ----------
    table : Table
        Numbers by name.

    Returns
    -------
    tuple of Cost
        A price for each kind of event.
    """
    second = table["device_second"]
    costs = [Cost("device_s", "a read", time=second)]
    for event, what, name, scope in _PRICED:
        if name in table:
            # Where no events are priced, on an analog chip, its power is that of what computes.
            scope = "core" if name == "chip_power" and "acceleration" in table else scope
            if event == "device_s":
                power = lasting(table[name], second)
                costs.append(Cost(event, what, power, scope=scope, counted=second.kind, idle=True))
            else:
                costs.append(Cost(event, what, table[name], scope=scope))
    return tuple(costs)
