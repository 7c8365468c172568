"""``neuromorph recall`` and ``neuromorph sample``: memories and models, without a device."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path

from ..files.atomic_write import write_file
from ..files.printable import printable
from ..runtime.limits import TimeLimitReached, time_limit
from ..sampling.methods import METHODS, RENAMED_METHODS
from .arguments import (
    NO_ANSWER,
    BadInput,
    Parser,
    add_time_limit,
    count,
    folder_or_file,
    fraction,
    positive,
    power_of_two_or_none,
    read_source,
    seed,
    user_errors,
    warn,
)
from .common import work_origin
from .output_folder import OutFolder

_Origin = Callable[[argparse.Namespace], dict[str, str]]

_LARGE = 5e8  # bytes of memory from which they are told before
_REST, _REST_S = 0.25, 2e-7  # of a time limit, for diagnosing and writing: this share at most, and seconds a value
_PATIENCE_S = 0.3  # for diagnostics after Ctrl-C


def add_model_commands(command: Callable[..., Parser], origin: _Origin) -> None:
    """Add the commands ``recall`` and ``sample``.

    Parameters
    ----------
    command : callable
        Function of name, function and text that adds a parser.
    origin : _Origin
        Function that gives the command and the file, for the provenance.
    """
    recall = command("recall", _recall, "store pictures, damage them, and recall them: pictures and energy trace")
    rules = "hebb, pseudo-inverse, storkey, perceptron, dense or modern; default: hebb"
    recall.add_argument("--rule", default="hebb", metavar="R", help=rules)
    recall.add_argument(
        "--power", type=power_of_two_or_none, default=3, metavar="P", help="of dense, or 'exp'; default: 3"
    )
    inverse = "inverse temperature in 1 / energy; default: none, the energy only falls; 1 for modern"
    recall.add_argument("--beta", type=positive, metavar="B", help=inverse)
    recall.add_argument("--noise", type=fraction, metavar="F", help="fraction of the pixels flipped; default: 0.25")
    recall.add_argument("--cue", type=folder_or_file, metavar="FILE", help="a damaged picture to start from instead")
    recall.add_argument("--synchronous", action="store_true", help="update all pixels at once")
    recall.add_argument("--seed", type=seed, default=0, metavar="N", help="draws noise and order; default: 0")
    folder = "write recalled.png, recalled.txt, recall.json and the energy trace, trace.png"
    recall.add_argument("--out", type=folder_or_file, metavar="DIR", help=folder)
    recall.add_argument("--json", action="store_true", help="print recall.json instead of the pictures")

    about = "draw states of a model at a temperature: samples and diagnostics"
    sample = command("sample", lambda arguments: _sample(arguments, origin), about)
    sample.epilog = "FILE may also be a model: .npz or JSON with couplings and biases, dimod's JSON or COO text."
    sample.add_argument("--beta", type=fraction, required=True, metavar="B", help="inverse temperature, 1 / energy")
    known = [method.name for method in METHODS if method.command]
    methods = f"{', '.join(known[:-1])} or {known[-1]}; default: gibbs"
    sample.add_argument("--method", type=current_method, default="gibbs", metavar="M", help=methods)
    sample.add_argument("--reads", type=count, default=1000, metavar="N", help="states to draw; default: 1000")
    apart = "between draws, or at each step of an anneal; default: 10"
    sample.add_argument("--sweeps", type=count, default=10, metavar="N", help=apart)
    sample.add_argument("--seed", type=seed, metavar="N", help="the same seed gives the same states; default: drawn")
    add_time_limit(sample, "seconds for drawing and diagnosing; what was drawn by then is kept")
    folder = "write samples.npz, diagnostics.json and energies.png"
    sample.add_argument("--out", type=folder_or_file, metavar="DIR", help=folder)
    sample.add_argument("--json", action="store_true", help="print diagnostics.json instead of the table")


def _recall(arguments: argparse.Namespace) -> int:
    import json
    from dataclasses import replace

    from ..experiments.recall import picture_text, recollect, with_cue
    from ..problems import Recall, load
    from .progress import progress_bars

    with user_errors(ValueError, OSError), progress_bars(show=not arguments.json) as progress:
        problem = load(read_source(arguments), kind=arguments.kind)
        if not isinstance(problem, Recall):
            raise BadInput(f"{arguments.file} is no picture but a {problem.kind}; give patterns (.npz, .png, text)")
        if arguments.noise is not None:
            problem = replace(problem, noise=arguments.noise, cue=None)
        if arguments.cue is not None:
            problem = with_cue(problem, load(arguments.cue, kind="recall"))
        found = recollect(
            problem,
            arguments.rule,
            power=arguments.power,
            beta=arguments.beta,
            synchronous=arguments.synchronous,
            rng=arguments.seed,
            progress=progress,
        )
    warn(Path(arguments.file).name, *problem.notes)
    files = OutFolder(arguments.out)
    about = {**found.to_dict(), **work_origin(arguments, arguments.seed)}
    text = {"recall.json": lambda: json.dumps(about, indent=1, allow_nan=False) + "\n"}
    for name, make in {**found.files(), **text}.items():
        if not (files.stopped and name == "trace.png"):  # matplotlib takes a second
            files.keep(name, partial(_write, make))
    if arguments.json:
        print(json.dumps(about, indent=1, allow_nan=False))
    else:
        if not files.written:
            sys.stdout.write(picture_text(found.states, problem.shape or (1, problem.size)))
        for line in found.lines():
            print(printable(line), file=sys.stderr)
    return files.end("what was recalled is shown")


def _sample(arguments: argparse.Namespace, origin: _Origin) -> int:
    import json
    import secrets

    from ..experiments.sampling import judge, memory_needed, sample_model, write_figure
    from ..problems.ising_files import read_ising_file
    from ..report.table import print_rows
    from ..sampling.samples_file import write_samples
    from .progress import progress_bars

    began, limit_s = time.monotonic(), inf if arguments.time_limit is None else arguments.time_limit
    drawn = secrets.randbits(32) if arguments.seed is None else arguments.seed
    files, name, reads, sweeps = OutFolder(arguments.out), arguments.method, arguments.reads, arguments.sweeps
    with user_errors(ValueError, OSError, MemoryError):
        model = read_ising_file(read_source(arguments), kind=arguments.kind)
        ising = model.ising
        needed, values = memory_needed(ising, name, reads, sweeps), float(reads * ising.size)
        if needed > _LARGE:
            disk = f", up to {values / 1e9:.1f} GB on disk" if files.folder else ""
            about_it = f"{reads} states of {ising.size} spins take about {needed / 1e9:.1f} GB of memory{disk}"
            print(about_it, file=sys.stderr)
        with (
            progress_bars(show=not arguments.json) as tell,
            time_limit(report=tell and (lambda step, done, of: tell(f"{name}: {step}", "running", int(done), int(of)))),
        ):
            try:
                with time_limit(began + limit_s - min(_REST * limit_s, _REST_S * values)):
                    samples = sample_model(ising, arguments.beta, name, reads, sweeps=sweeps, rng=drawn)
            except TimeLimitReached as stop:
                print(f"time limit: {stop}; nothing was drawn: give more than {limit_s:g} s", file=sys.stderr)
                return NO_ANSWER
            files.stopped = samples.status == "interrupted"
            files.keep("samples.npz", lambda path: write_samples(samples, path, model.labels))
            with time_limit(time.monotonic() + _PATIENCE_S if files.stopped else began + limit_s):
                about = {"energy": f"E = {model.energy}", **judge(samples, ising, arguments.beta), "seed": drawn}
                about |= {"labels": list(model.labels)} if model.labels else {}
                about |= {**origin(arguments), **work_origin(arguments, drawn)}
            files.stopped |= about["status"] == "interrupted"
    warn(Path(arguments.file).name, *model.notes)
    files.keep("diagnostics.json", partial(_write, lambda: json.dumps(about, indent=2, allow_nan=False) + "\n"))
    if not files.stopped:  # matplotlib takes a second
        files.keep("energies.png", partial(write_figure, samples))
    if arguments.json:
        print(json.dumps(about, indent=2, allow_nan=False))
    else:
        shown = {key: value for key, value in about.items() if isinstance(value, (int, float, str)) and value != ""}
        print_rows(("of the samples", "value"), [(k, f"{v:.6g}" if isinstance(v, float) else str(v))
                                                 for k, v in shown.items()])  # fmt: skip
        if files.written:
            print(printable(f"written to {files.folder}: {', '.join(files.written)}"))
    if samples.status == "time limit":
        print(f"time limit: {samples.message}; what was drawn is kept", file=sys.stderr)
    return files.end("what was drawn so far is kept" if "samples.npz" in files.written else "what was drawn is shown")


def _write(make: Callable[[], str | bytes], path: Path) -> None:
    write_file(path, make())


def current_method(name: str) -> str:
    """Replace the former name of a sampling method by today's, with a warning.

    Parameters
    ----------
    name : str
        Name of the method.

    Returns
    -------
    str
        Today's name.
    """
    if name in RENAMED_METHODS:
        warn("--method", f"{name} is now {RENAMED_METHODS[name]}; the old name goes with the next release")
    return RENAMED_METHODS.get(name, name)
