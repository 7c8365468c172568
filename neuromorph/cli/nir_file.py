"""A NIR graph as the file of ``simulate``: what it holds, its spikes and rates, and its energy on spiking chips."""

from __future__ import annotations

import argparse
import csv
import io
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.printable import printable
from .arguments import BadInput, Parser, positive, read_source, seed, user_errors, warn, writing
from .common import output_kept_clean, work_origin
from .output_folder import OutFolder, made_folder

if TYPE_CHECKING:
    from ..spiking import NirNetwork, NirRun

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_CHIPS = ("spiking-loihi", "spiking-generic")
_SHOWN = 40  # populations in the table


def add_nir_options(simulate: Parser) -> None:
    """Add the options of a NIR graph.

    Parameters
    ----------
    simulate : Parser
        Parser of ``simulate``.
    """
    group = simulate.add_argument_group("of a NIR graph")
    about = "s; NIR knows none: that of the tool that wrote the file, as 1e-4 of snnTorch; our own files have it"
    group.add_argument("--step", type=positive, metavar="S", help=about)
    about = "what comes in, a row a step: .csv or .npy of one input, .npz of several by name; default: random spikes"
    group.add_argument("--input", type=Path, metavar="FILE", help=about)
    group.add_argument("--rate", type=positive, metavar="HZ", help="of random spikes of each input; default: 100")
    group.add_argument("--duration", type=positive, metavar="S", help="with random spikes; default: 1000 steps")
    group.add_argument("--seed", type=seed, default=0, metavar="N", help="of random spikes; default: 0")


def is_nir(path: str) -> bool:
    """Tell a NIR graph by its name or its first bytes.

    Parameters
    ----------
    path : str
        Path of the file.

    Returns
    -------
    bool
        Whether it is an HDF5 file, or is named so.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(len(_SIGNATURE)) == _SIGNATURE or path.lower().endswith(".nir")
    except OSError:
        return path.lower().endswith(".nir")


def simulate_nir(arguments: argparse.Namespace) -> int:
    """Run a NIR graph.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of ``simulate``.

    Returns
    -------
    int
        Exit code.
    """
    from ..spiking.nir_network import nir_network
    from ..spiking.nir_run import run_nir
    from ..spiking.nir_workload import count_nir_events

    with user_errors(ValueError, OSError, ImportError, MemoryError), output_kept_clean():
        network = _network(arguments, nir_network)
        inputs, said = _inputs(arguments, network)
        run = run_nir(network, inputs)
        counts = count_nir_events(network, run, inputs)
    energies = _energies(counts, arguments)
    steps = len(next(iter(inputs.values())))
    about = {
        "step_s": network.step_s,
        "steps": steps,
        "inputs": {name: list(shape) for name, shape in network.inputs.items()},
        "given": said,
        "populations": [_population(network, run, name) for name in network.populations],
        "output_means": {name: values.mean(axis=0).tolist() for name, values in run.outputs.items()},
        "events": counts,
        "core_energy_j": energies,
        **work_origin(arguments, arguments.seed),
    }
    folder = _write(arguments, network, run, about)
    if arguments.json:
        print(json.dumps(about, indent=2, allow_nan=False))
    else:
        _print(arguments, about)
        if folder.written:
            print(printable(f"written to {arguments.out}: {', '.join(folder.written)}"))
    return folder.end("the run is shown")


def _network(arguments: argparse.Namespace, convert: Any) -> NirNetwork:
    from ..spiking.nir_format import nir_graph

    source = read_source(arguments)
    graph = nir_graph(source)
    try:
        found: NirNetwork = convert(graph, step_s=arguments.step)
    except ValueError as error:
        if "step_s is None" in str(error):
            raise BadInput(
                f"{source.name} does not say its step, as NIR has none; give that of its writer with --step: "
                "1e-4 of snnTorch, the square of its dt of Norse, 1 of Sinabs"
            ) from None
        raise source.error(printable(str(error).partition("\n")[0][:300])) from None
    return found


def _inputs(arguments: argparse.Namespace, network: NirNetwork) -> tuple[dict[str, Any], str]:
    """Return what comes in, (steps, n) of each input, and say what it is."""
    from math import prod

    import numpy as np

    if arguments.input is not None:
        if arguments.rate is not None or arguments.duration is not None:
            raise BadInput("--input has its own rates and steps; leave --rate and --duration out")
        given = _read_inputs(arguments.input, list(network.inputs))
        if set(given) != set(network.inputs):
            raise BadInput(f"{arguments.input} has {sorted(given)}; the graph has the inputs {sorted(network.inputs)}")
        for name, shape in network.inputs.items():
            if given[name].size != len(given[name]) * prod(shape):
                seen, size = given[name].size // max(len(given[name]), 1), prod(shape)
                raise BadInput(
                    f"{arguments.input} has {seen} values a step, input {name!r} {size}; give rows of {size}"
                )
            given[name] = given[name].reshape(len(given[name]), prod(shape))
        return given, printable(arguments.input.name)
    rate = arguments.rate or 100.0
    steps = 1000 if arguments.duration is None else max(1, round(arguments.duration / network.step_s))
    chance = rate * network.step_s
    if chance > 1.0 and arguments.rate is not None:
        raise BadInput(
            f"--rate {rate:g} is above one spike a step of {network.step_s:g} s; give {1 / network.step_s:g}"
        )
    rng = np.random.default_rng(arguments.seed)
    drawn = {
        name: (rng.random((steps, prod(shape))) < min(chance, 0.5)).astype(float)
        for name, shape in network.inputs.items()
    }
    return drawn, f"random spikes, {min(chance, 0.5) / network.step_s:g} Hz each, seed {arguments.seed}"


def _read_inputs(path: Path, names: list[str]) -> dict[str, Any]:
    import numpy as np

    from ..files.npz import read_npy, read_npz
    from ..problems.text_file import TextFile

    data = TextFile.read(path).data
    if data.startswith(b"PK"):
        return {name: np.asarray(values, dtype=float) for name, values in read_npz(data).items()}
    if data.startswith(b"\x93NUMPY"):
        return {names[0]: np.asarray(read_npy(data), dtype=float)} if names else {}
    try:
        text = data.decode("utf-8").replace(",", " ").replace(";", " ")
        rows = np.loadtxt(io.StringIO(text), ndmin=2)
    except ValueError as error:
        raise BadInput(f"{path} holds no table of numbers ({str(error)[:120]}); give a row of values a step") from None
    return {names[0]: rows} if names else {}


def _population(network: NirNetwork, run: NirRun, name: str) -> dict[str, Any]:
    each = network.populations[name]
    told: dict[str, Any] = {"name": name, "kind": each.kind, "shape": list(each.shape), "neurons": each.size}
    if name in run.spikes:
        fired = run.spikes[name]
        told["spikes"] = int(fired.sum())
        told["mean_rate_hz"] = float(fired.mean() / network.step_s)
        told["rates_hz"] = (fired.mean(axis=0) / network.step_s).tolist()
        told["silent_neurons"] = int((~fired.any(axis=0)).sum())
    return told


def _energies(counts: dict[str, float], arguments: argparse.Namespace) -> dict[str, dict[str, float | None]]:
    """Price the events in the cores of each installed chip: traffic and static power hang on how it is laid out."""
    from ..estimate import Estimate, add_estimates, scale_estimate
    from ..installed_targets import available_targets, get_target

    found = {}
    with output_kept_clean():
        for chip in _CHIPS:
            if chip not in available_targets():
                continue
            parts = [
                scale_estimate(Estimate(cost.energy.value, cost.energy.low, cost.energy.high), counts[cost.event])
                for cost in get_target(chip).costs()
                if cost.energy is not None and cost.event in counts
            ]
            total = add_estimates(parts)
            found[chip] = {"value": total.value, "low": total.low, "high": total.high}
    if counts["multiplications"]:
        warn(
            printable(Path(arguments.file).name),
            f"{counts['multiplications']:g} multiplications by values that are no spikes are not priced",
        )
    return found


def _write(arguments: argparse.Namespace, network: NirNetwork, run: NirRun, about: dict[str, Any]) -> OutFolder:
    """Write spikes as .csv, arrays as .npz, or both with figure and result.json into a folder."""
    from ..files.atomic_write import write_file

    out = arguments.out
    kind = "" if out is None else out.suffix.lower()
    if kind in (".csv", ".npz"):
        with writing(out):
            write_file(out, _csv(network, run) if kind == ".csv" else _npz(network, run))
        if not arguments.json:
            print(printable(f"written to {out}"), flush=True)
        return OutFolder(None)
    folder = made_folder(out)

    def keep(name: str, make: Any) -> None:
        folder.keep(name, partial(_put, make))

    keep("result.json", lambda: json.dumps(about, indent=2, allow_nan=False) + "\n")
    keep("spikes.csv", lambda: _csv(network, run))
    keep("arrays.npz", lambda: _npz(network, run))
    if out is not None and not folder.stopped:
        keep("spikes.png", lambda: _figure(network, run, Path(arguments.file).name))
    return folder


def _put(make: Any, path: Path) -> None:
    from ..files.atomic_write import write_file

    write_file(path, make())


def _csv(network: NirNetwork, run: NirRun) -> str:
    import numpy as np

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("time_s", "population", "neuron"))
    for name, fired in run.spikes.items():
        at, neurons = np.nonzero(fired)
        table.writerows((f"{network.step_s * k:.9g}", name, i) for k, i in zip(at, neurons, strict=True))
    return text.getvalue()


def _npz(network: NirNetwork, run: NirRun) -> bytes:
    import numpy as np

    arrays = {f"spikes_{name}": each for name, each in run.spikes.items()}
    arrays |= {f"potentials_{name}": each for name, each in run.potentials.items()}
    arrays |= {f"output_{name}": each for name, each in run.outputs.items()}
    stored = io.BytesIO()
    np.savez_compressed(stored, step_s=network.step_s, **arrays)
    return stored.getvalue()


def _figure(network: NirNetwork, run: NirRun, name: str) -> bytes:
    from ..plotting.files import figure_bytes
    from ..report.nir_figure import draw_nir_run

    return figure_bytes(draw_nir_run(network, run, f"{name}: {network.size} neurons").axes[0], "png")


def _print(arguments: argparse.Namespace, about: dict[str, Any]) -> None:
    from ..estimate import Estimate
    from ..plotting.numbers import format_estimate, format_quantity
    from ..report.table import print_rows

    steps, step = about["steps"], about["step_s"]
    took = format_quantity(steps * step, "s")
    print(printable(f"{Path(arguments.file).name}: {steps:,} steps of {format_quantity(step, 's')}, {took}"))
    print(printable(f"input: {about['given']}"))
    rows = [
        (
            printable(each["name"]),
            each["kind"],
            " x ".join(map(str, each["shape"])) or "1",
            f"{each['spikes']:,}" if "spikes" in each else "-",
            format_quantity(each["mean_rate_hz"], "Hz") if "spikes" in each else "-",
            f"{each['silent_neurons']:,}" if "spikes" in each else "-",
        )
        for each in about["populations"]
    ]
    print_rows(("population", "kind", "neurons", "spikes", "mean rate", "silent"), rows[:_SHOWN])
    if rows[_SHOWN:]:
        print(f"and {len(rows) - _SHOWN} more; --json has all")
    for name, means in about["output_means"].items():
        best = f", largest at {max(range(len(means)), key=means.__getitem__)}" if len(means) > 1 else ""
        shown = ", ".join(f"{value:.4g}" for value in means[:10]) + (", ..." if means[10:] else "")
        print(printable(f"output {name}, mean of a step: {shown}{best}"))
    counts = about["events"]
    print(f"synaptic operations {counts['synaptic_operations']:,.0f}, updates {counts['membrane_updates']:,.0f}")
    for chip, energy in about["core_energy_j"].items():
        value, interval = format_estimate(Estimate(**energy), "J")
        print(f"in the cores of {chip}: {value} ({interval}), without traffic and static power")
