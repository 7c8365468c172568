"""``neuromorph spike``: a memory, a model or a problem as a network of spiking neurons."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..files.atomic_write import write_file
from ..files.printable import printable
from .arguments import (
    BadInput,
    Parser,
    add_time_limit,
    count,
    finite,
    folder_or_file,
    fraction,
    positive,
    read_source,
    seed,
    user_errors,
    warn,
    writing,
)
from .common import work_origin
from .output_folder import OutFolder

_Origin = Callable[[argparse.Namespace], dict[str, str]]

BACKENDS = ("numpy", "cython", "cpp_standalone")  # as in spiking.backend, which --help must not import
_OWN = {  # options that only some tasks have
    "wiring": ("recall",), "swing_mv": ("recall",), "noise": ("recall",), "cue": ("recall",),
    "beta": ("sample",), "neurons": ("sample",), "clamp": ("sample",),
    "chains": ("sample", "search"), "strength": ("search",), "best_known": ("search",),
}  # fmt: skip


def add_spike_command(command: Callable[..., Parser], origin: _Origin) -> None:
    """Add the command ``spike``.

    Parameters
    ----------
    command : callable
        Function of name, function and text that adds a parser.
    origin : _Origin
        Function that gives the command and the file, for the provenance.
    """
    about = "recall, sample or search with spiking neurons: raster, rates, and overlap, divergence or energy over time"
    spike = command("spike", lambda arguments: _spike(arguments, origin), about)
    spike.epilog = (
        "Patterns are recalled, a model (.npz or JSON with couplings and biases, dimod's JSON, COO text) or anything "
        "with --beta is sampled, tours and cuts are searched for; --as says otherwise. 'neuromorph trace FILE --target "
        "spiking-loihi' shows one read of a spiking chip."
    )
    spike.add_argument("--as", dest="task", choices=("recall", "sample", "search"), help="default: by the file")
    spike.add_argument("--backend", choices=BACKENDS, default="numpy", help="of Brian2; default: numpy")
    seconds = "simulated, of each trial; default: recall 0.6, sample 5, search 4"
    spike.add_argument("--duration", type=positive, metavar="S", help=seconds)
    spike.add_argument("--seed", type=seed, metavar="N", help="the same seed gives the same spikes; default: drawn")
    add_time_limit(spike, "seconds of computing; trials that are whole by then are kept")
    spike.add_argument("--out", type=folder_or_file, metavar="DIR", help="write spike.json, spikes.npz and spikes.png")
    spike.add_argument("--json", action="store_true", help="print spike.json instead of the table")

    group = spike.add_argument_group("to recall")
    wirings = "direct, push-pull or dale: a neuron a pixel, or two; default: direct"
    group.add_argument("--wiring", choices=("direct", "push-pull", "dale"), metavar="W", help=wirings)
    swing = "how far an output of 1 moves the current of a neuron; 15 to 30 make it softer or sharper; default: 30"
    group.add_argument("--swing-mv", type=positive, metavar="J", help=swing)
    group.add_argument("--noise", type=fraction, metavar="F", help="fraction of the pixels flipped; default: 0.25")
    group.add_argument("--cue", type=folder_or_file, metavar="FILE", help="a damaged picture to start from instead")

    group = spike.add_argument_group("to sample, to search")
    group.add_argument("--beta", type=fraction, metavar="B", help="inverse temperature, 1 / energy; default: 1")
    kinds = "abstract (Buesing 2011) or lif, integrate-and-fire (Petrovici 2016); default: abstract"
    group.add_argument("--neurons", choices=("abstract", "lif"), metavar="K", help=kinds)
    held = "hold spins, from 0: '0=+1,7=-1'"
    group.add_argument("--clamp", type=_clamp, metavar="SPINS", help=held)
    chains = "independent networks; default: 32 (8 beyond 16 spins) to sample, 16 (4 beyond 512 units) to search"
    group.add_argument("--chains", type=count, metavar="N", help=chains)
    strength = "of the constraints, in the competition of the units; default: 0.2 of tours, else 1"
    group.add_argument("--strength", type=positive, metavar="X", help=strength)
    group.add_argument("--best-known", type=finite, metavar="X", help="else from beside the file, or the table")


def _clamp(text: str) -> dict[int, int]:
    held: dict[int, int] = {}
    for part in text.split(","):
        spin, _, value = part.partition("=")
        try:
            key, sign = int(spin), int(value)
        except ValueError:
            key, sign = -1, 0
        if key < 0 or sign not in (-1, 1) or key in held:
            raise argparse.ArgumentTypeError(f"has {part!r}; give each spin once, as 0=+1,7=-1")
        held[key] = sign
    return held


def _spike(arguments: argparse.Namespace, origin: _Origin) -> int:
    import json
    import secrets

    from ..experiments.spiking import read, spiking_files
    from ..problems.ising_files import read_ising_file
    from .progress import progress_bars, steps_of

    end = None if arguments.time_limit is None else time.monotonic() + arguments.time_limit
    drawn = secrets.randbits(32) if arguments.seed is None else arguments.seed
    asked: Any = arguments.task or ("sample" if arguments.beta is not None else None)
    with user_errors(ValueError, OSError, MemoryError, RuntimeError, ImportError):
        source = read_source(arguments)
        task, problem = read(source, kind=arguments.kind, task=asked, best_known=arguments.best_known)
        notes = problem.notes if hasattr(problem, "notes") else read_ising_file(source, kind=arguments.kind).notes
        warn(source.name, *notes)
        options = _options(arguments, task)
        if arguments.out is not None:
            with writing(arguments.out):  # before the work rather than after it
                arguments.out.mkdir(parents=True, exist_ok=True)
        with progress_bars(show=not arguments.json) as tell, steps_of(tell, task, end) as options["progress"]:
            try:
                session = _run(task, problem, Path(arguments.file).stem, arguments, {**options, "rng": drawn})
            except Exception as error:
                if any(type(each).__name__ == "CompileError" for each in (error, error.__cause__, error.__context__)):
                    raise BadInput("cython needs a C++ compiler; install one or take --backend numpy") from error
                raise
    about = {**session.about, "seed": drawn, **origin(arguments), **work_origin(arguments, drawn)}
    files = OutFolder(arguments.out)
    files.stopped = about["status"] == "interrupted"
    for name, make in spiking_files(session, about).items():
        if not (files.stopped and name.endswith(".png")):  # matplotlib takes a second
            files.keep(name, partial(_write, make))
    if arguments.json:
        print(json.dumps(about, indent=1, allow_nan=False))
    else:
        _print(session, about, pictures=not files.written)
        if files.written:
            print(printable(f"written to {arguments.out}: {', '.join(files.written)}"))
    if about["status"] == "time limit":
        print("time limit: the trials that were whole by then are kept", file=sys.stderr)
    return files.end("the trials that were whole are kept")


def _write(make: Callable[[], str | bytes], path: Path) -> None:
    write_file(path, make())


def _options(arguments: argparse.Namespace, task: str) -> dict[str, Any]:
    """Return the given options under the names of the functions; refuse those of another task."""
    given = {name: getattr(arguments, name) for name in _OWN if getattr(arguments, name) is not None}
    for name in given:
        if task not in _OWN[name]:
            raise BadInput(
                f"--{name.replace('_', '-')} is to {' or '.join(_OWN[name])}, and {Path(arguments.file).name} is to "
                f"{task}; leave it out, or say --as {_OWN[name][0]}"
            )
    if "swing_mv" in given:
        given["swing_v"] = 1e-3 * given.pop("swing_mv")
    if arguments.duration is not None:
        given["duration_s"] = arguments.duration
    for name in ("best_known", "noise", "cue"):
        given.pop(name, None)
    return {**given, "backend": arguments.backend}


def _run(task: str, problem: Any, name: str, arguments: argparse.Namespace, options: dict[str, Any]) -> Any:
    from dataclasses import replace

    from ..experiments.recall_cue import with_cue
    from ..problems import load

    if task == "sample":
        from ..experiments.spiking_sampling import sample

        return sample(name, problem, **options)
    if task == "search":
        from ..experiments.spiking_search import search

        return search(problem, name, **options)
    from ..experiments.spiking_recall import recall

    if arguments.noise is not None:
        problem = replace(problem, noise=arguments.noise, cue=None)
    if arguments.cue is not None:
        problem = with_cue(problem, load(arguments.cue, kind="recall"))
    return recall(problem, **options)


def _print(session: Any, about: dict[str, Any], pictures: bool) -> None:
    """One line a number, and without a folder the answer."""
    from ..plotting.numbers import format_quantity
    from ..report.table import print_rows

    result, activity = about["result"], about["activity"]
    rows: list[tuple[str, Any]] = [
        ("task", f"{about['task']}, {about['problem']['name']}"),
        ("seed", about["seed"]),
        ("status", about["status"]),
        (
            "trials",
            f"{about['trials']} of {about['neurons']} neurons, {format_quantity(about['simulated_s'], 's')} each",
        ),
        ("spikes", f"{activity['spikes']:,.0f}, {about['rate_hz']:.1f} Hz"),
        ("synaptic operations", f"{activity['synaptic_operations']:,.0f}"),
        ("membrane updates", f"{activity['membrane_updates']:,.0f}"),
    ]
    print_rows(("of the spikes", "value"), [*rows, *_outcome(result)])
    if not pictures:
        return
    if about["task"] == "recall":
        from ..experiments.recall import picture_text

        problem = session.shown["problem"]
        sys.stdout.write("\n" + picture_text(session.states, problem.shape or (1, problem.size)))
    elif about["task"] == "search":
        first = 1 if about["problem"]["kind"] == "tsp" else 0
        print("\n" + " ".join(str(k + first) for k in result["answer"]))


def _outcome(result: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for name, value in result.items():
        if name == "baselines":
            for label, of in value.items():
                hits = "" if of["hits"] is None else f", {of['hits']} at the optimum"
                rows.append((f"{label}, {of['updates']:,.0f} decisions",
                             f"lowest {of['lowest']:.7g}, median {of['median']:.7g}{hits}"))  # fmt: skip
        elif value is not None and not isinstance(value, list):
            rows.append((name.replace("_", " "), f"{value:.6g}" if isinstance(value, float) else str(value)))
    return rows
