"""The command ``simulate``: somebody's netlist in an engine, or spiking network in Brian2, as data."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable
from typing import Any

from ..files.printable import printable
from .arguments import BadInput, Parser, folder_or_file, positive, user_errors, writing
from .netlist_file import TIMEOUT_S, add_include, circuit_package, load_netlist
from .nir_file import add_nir_options, is_nir, simulate_nir

_SHOWN = 40  # nodes in the table


def add_simulate_command(command: Callable[..., Parser]) -> None:
    """Add the command ``simulate``.

    Parameters
    ----------
    command : callable
        Function of name, function and text that adds a parser.
    """
    about = (
        "run a netlist in SPICE as data: no control section, no shell, no file that is not allowed; or a NIR graph of "
        "spiking neurons in Brian2"
    )
    simulate = command("simulate", _simulate, about, file=False)
    simulate.add_argument("file", metavar="FILE", help="netlist as people write it for ngspice, or .nir")
    simulate.add_argument(
        "--engine", default="auto", metavar="NAME", help="ngspice or neospice; default: the first installed"
    )
    add_include(simulate)
    simulate.add_argument("--timeout", type=positive, default=TIMEOUT_S, metavar="S", help=f"default: {TIMEOUT_S:g}")
    where = "waveforms: .csv or .npz; of a NIR graph: spikes as .csv, arrays as .npz, or both and a figure in a folder"
    simulate.add_argument("--out", type=folder_or_file, metavar="PATH", help=where)
    simulate.add_argument("--json", action="store_true", help="print the last voltages and the network as JSON")
    add_nir_options(simulate)


def _simulate(arguments: argparse.Namespace) -> int:
    import numpy as np

    from ..files.atomic_write import write_file

    if is_nir(arguments.file):
        return simulate_nir(arguments)
    if arguments.step or arguments.input or arguments.rate or arguments.duration:
        raise BadInput(f"{arguments.file} is no NIR graph; leave --step, --input, --rate and --duration out")
    if arguments.out is not None and arguments.out.suffix.lower() not in (".csv", ".npz"):
        raise BadInput(f"--out {printable(str(arguments.out))}: waveforms are written as .csv or .npz; end the name so")
    deck = load_netlist(arguments)
    circuits = circuit_package()
    with user_errors(ValueError, RuntimeError):
        waves = circuits.simulate_circuit(deck.circuit, arguments.engine, timeout_s=arguments.timeout)
    given = {safe: name for name, safe in deck.names.items()}
    names = [given.get(node, node) for node in waves.nodes]
    if arguments.out is not None:
        with writing(arguments.out):
            if arguments.out.suffix.lower() == ".npz":
                stored = io.BytesIO()
                np.savez(stored, times=waves.times, voltages=waves.voltages, nodes=np.array(names))
                write_file(arguments.out, stored.getvalue())
            else:
                head = ",".join(["time", *(f"v({name})" for name in names)])
                rows = np.column_stack([waves.times, waves.voltages])
                lines = (",".join(map(repr, row)) for row in rows.tolist())
                write_file(arguments.out, "\n".join([head, *lines, ""]))
    found = _network(circuits, deck.circuit)
    if arguments.json:
        volts = dict(zip(names, waves.voltages[-1].tolist(), strict=True))
        told = {"engine": waves.version, "stop_s": float(waves.times[-1]), "samples": len(waves.times), "last_v": volts}
        print(json.dumps({**told, "network": found, "notes": list(deck.notes)}, indent=2, allow_nan=False))
        return 0
    from ..report.table import print_rows

    print(f"{waves.version}: {len(waves.times)} samples to {waves.times[-1]:g} s")
    last = [(printable(name), f"{volt:.6g}") for name, volt in zip(names, waves.voltages[-1].tolist(), strict=True)]
    print_rows(("node", "last V"), last[:_SHOWN])
    if last[_SHOWN:]:
        print(f"and {len(last) - _SHOWN} more; --out waves.csv has all")
    print(printable(found["said"]))
    if arguments.out is not None:
        print(printable(f"written to {arguments.out}"), file=sys.stderr)
    return 0


def _network(circuits: Any, circuit: Any) -> dict[str, Any]:
    """Return the Hopfield network in a circuit, in words and numbers, or why there is none."""
    try:
        found = circuits.extract_network(circuit)
    except ValueError as error:
        return {"said": f"no Hopfield network: {error}"}
    g = found.network.activation
    neuron = f"{type(g).__name__} of gain {g.gain:g} and swing {g.swing:g} V"
    said = f"a Hopfield network of {found.network.size} neurons, {neuron}"
    return {"said": f"{said}, amplifiers: {found.level}", "neurons": found.network.size, "level": found.level}
