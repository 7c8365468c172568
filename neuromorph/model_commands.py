"""``neuromorph recall`` and ``neuromorph sample``: memories and models, without a device."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from .options import (
    INTERRUPTED,
    BadInput,
    Parser,
    count,
    folder_or_file,
    fraction,
    positive,
    power,
    read_source,
    seed,
    user_errors,
    warn,
    writing,
)
from .printable import printable

_Origin = Callable[[argparse.Namespace], dict[str, str]]


def add_model_commands(command: Callable[..., Parser], origin: _Origin) -> None:
    """Append both to the parser; ``origin`` gives the command and the file, for the provenance."""
    recall = command("recall", _recall, "store pictures, damage them, and recall them: pictures and energy trace")
    rules = "hebb, pseudo-inverse, storkey, perceptron, dense or modern; default: hebb"
    recall.add_argument("--rule", default="hebb", metavar="R", help=rules)
    recall.add_argument("--power", type=power, default=3, metavar="P", help="of dense, or 'exp'; default: 3")
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
    methods = "gibbs, tempering, cluster, population or quantum; default: gibbs"
    sample.add_argument("--method", default="gibbs", metavar="M", help=methods)
    sample.add_argument("--reads", type=count, default=1000, metavar="N", help="states to draw; default: 1000")
    apart = "between draws, or at each step of an anneal; default: 10"
    sample.add_argument("--sweeps", type=count, default=10, metavar="N", help=apart)
    sample.add_argument("--seed", type=seed, metavar="N", help="the same seed gives the same states; default: drawn")
    folder = "write samples.npz, diagnostics.json and energies.png"
    sample.add_argument("--out", type=folder_or_file, metavar="DIR", help=folder)
    sample.add_argument("--json", action="store_true", help="print diagnostics.json instead of the table")


def _recall(arguments: argparse.Namespace) -> int:
    import json
    from dataclasses import replace

    from . import Recall, load
    from .memory.picture import picture_text, recollect, with_cue
    from .report.progress import progress_bars

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
    if arguments.out is not None:
        with writing(arguments.out):
            found.write(arguments.out)
    if arguments.json:
        print(json.dumps(found.to_dict(), indent=1, allow_nan=False))
        return 0
    if arguments.out is None:
        sys.stdout.write(picture_text(found.states, problem.shape or (1, problem.size)))
    for line in found.lines():
        print(printable(line), file=sys.stderr)
    return 0


def _sample(arguments: argparse.Namespace, origin: _Origin) -> int:
    import json
    import secrets

    from .report.progress import progress_bars
    from .report.table import print_rows
    from .sampling.models import read_model
    from .sampling.session import judge, sample_model, write

    drawn = secrets.randbits(32) if arguments.seed is None else arguments.seed
    with user_errors(ValueError, OSError, MemoryError):
        model = read_model(read_source(arguments), kind=arguments.kind)
        ising = model.ising
        with progress_bars(show=not arguments.json) as tell:
            name = arguments.method
            samples = sample_model(
                ising, arguments.beta, name, arguments.reads, sweeps=arguments.sweeps, rng=drawn,
                progress=tell and (lambda done, of: tell(name, "running", done, of)),
            )  # fmt: skip
    warn(Path(arguments.file).name, *model.notes)
    about = {"energy": f"E = {model.energy}", **judge(samples, ising, arguments.beta), "seed": drawn}
    about |= origin(arguments)
    written: list[Path] = []
    if arguments.out is not None:
        with writing(arguments.out):
            written = write(samples, about, arguments.out)
    if arguments.json:
        print(json.dumps(about, indent=2, allow_nan=False))
    else:
        shown = {key: value for key, value in about.items() if isinstance(value, (int, float, str)) and value != ""}
        print_rows(("of the samples", "value"), [(k, f"{v:.6g}" if isinstance(v, float) else str(v))
                                                 for k, v in shown.items()])  # fmt: skip
        if written:
            print(printable(f"written to {arguments.out}: {', '.join(path.name for path in written)}"))
    if samples.status == "interrupted":
        print("interrupted; what was drawn so far is kept", file=sys.stderr)
        return INTERRUPTED
    return 0
