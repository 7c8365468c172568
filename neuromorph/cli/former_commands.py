"""``sample``, ``recall`` and ``spike``, which go with the next release: each is another way to say ``solve``.

The words of a former command are translated to those of today, which are shown and run.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout

from ..files.printable import printable
from ..sampling.methods import METHODS, RENAMED_METHODS
from .arguments import (
    BAD_INPUT,
    BadInput,
    Parser,
    add_time_limit,
    count,
    finite,
    fraction,
    positive,
    seed,
    user_errors,
    warn,
)

_Run = Callable[[list[str]], int]

_MAX_PATTERNS = 100  # recalled where there is no cue
_SPIKING_READS = 16  # of a search
_CHAINED = {  # target; {k}: k times the sweeps between draws
    "gibbs": "cpu-gibbs(sweeps={100},chains=4,thin={1})",
    "swendsen-wang": "cpu-swendsen-wang(sweeps={20},chains=4,thin={1})",
    "tempering": "cpu-tempering(sweeps={20},chains=4,thin={1})",
    "population-annealing": "cpu-population-annealing(populations=4,step_sweeps={1})",
    "quantum-annealing": "cpu-quantum-annealing(sweeps={100},slices=16)",
}
_ELSEWHERE = {  # options of spike that no chip has
    "wiring": "a chip has one wiring; in Python neuromorph.spiking.SpikingHopfield(..., wiring=...) has the others",
    "swing_mv": "a chip sets it; in Python neuromorph.spiking.SpikingHopfield(..., swing_v=...) takes it",
    "strength": "a chip sets it; in Python neuromorph.spiking.WinnerTakeAll(strength=...) takes it",
}


def add_former_commands(command: Callable[..., Parser], run: _Run) -> None:
    """Add the commands ``sample``, ``recall`` and ``spike``.

    Parameters
    ----------
    command : callable
        Function of name, function and text that adds a parser.
    run : callable
        Function of the words of a command that runs it.
    """
    gone = "former name, until the next release"
    sample = command("sample", lambda arguments: _sample(arguments, run), f"{gone}: now solve --task sample")
    sample.add_argument("--beta", type=fraction, required=True, metavar="B")
    known = ", ".join(method.name for method in METHODS if method.command)
    sample.add_argument("--method", type=current_method, default="gibbs", metavar="M", help=f"{known}; default: gibbs")
    sample.add_argument("--reads", type=count, default=1000, metavar="N")
    sample.add_argument("--sweeps", type=count, default=10, metavar="N")
    sample.add_argument("--seed", type=seed, metavar="N")

    recall = command("recall", lambda arguments: _recall(arguments, run), f"{gone}: now solve --task recall")
    recall.add_argument("--rule", default="hebb", metavar="R")
    recall.add_argument("--power", default="3", metavar="P")
    recall.add_argument("--beta", type=positive, metavar="B")
    recall.add_argument("--synchronous", action="store_true")
    recall.add_argument("--seed", type=seed, default=0, metavar="N")

    spike = command(
        "spike", lambda arguments: _spike(arguments, run), f"{gone}: now solve and trace --target spiking-*"
    )
    spike.add_argument("--as", dest="task", choices=("recall", "sample", "search"))
    spike.add_argument("--backend", choices=("numpy", "cython", "cpp_standalone"), default="numpy")
    spike.add_argument("--duration", type=positive, metavar="S")
    spike.add_argument("--seed", type=seed, metavar="N")
    spike.add_argument("--wiring", metavar="W")
    spike.add_argument("--swing-mv", metavar="J")
    spike.add_argument("--beta", type=fraction, metavar="B")
    spike.add_argument("--neurons", choices=("abstract", "lif"), metavar="K")
    spike.add_argument("--clamp", metavar="SPINS")
    spike.add_argument("--chains", type=count, metavar="N")
    spike.add_argument("--strength", metavar="X")
    spike.add_argument("--best-known", type=finite, metavar="X")

    for parser in (sample, spike):
        add_time_limit(parser, "seconds")
    for parser in (recall, spike):
        parser.add_argument("--noise", type=fraction, metavar="F")
        parser.add_argument("--cue", metavar="FILE")
    for parser in (sample, recall, spike):
        parser.add_argument("--out", metavar="DIR", help="as of solve, into a folder")
        parser.add_argument("--json", action="store_true", help="as of solve")


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

    Raises
    ------
    argparse.ArgumentTypeError
        If there is no such method.
    """
    if name in RENAMED_METHODS:
        warn("--method", f"{name} is now {RENAMED_METHODS[name]}; the old name goes with the next release")
    today = RENAMED_METHODS.get(name, name)
    if today not in _CHAINED:
        raise argparse.ArgumentTypeError(f"is {name!r}; choose one of {', '.join(_CHAINED)}")
    return today


def _sample(arguments: argparse.Namespace, run: _Run) -> int:
    target = re.sub(r"{(\d+)}", lambda found: str(int(found[1]) * arguments.sweeps), _CHAINED[arguments.method])
    words = ["solve", arguments.file, "--task", "sample", "--no-reference", "--target", target]
    return _as_of_today(arguments, run, [*words, *_given(arguments, "kind", "beta", "reads", "seed", "time_limit")])


def _recall(arguments: argparse.Namespace, run: _Run) -> int:
    rule, parameters = arguments.rule, []
    if rule == "dense":
        rule = f"dense(power={arguments.power})"
    elif rule == "modern" and arguments.beta is not None:
        rule = f"modern(beta={arguments.beta:g})"
    elif arguments.beta is not None:
        parameters.append(f"beta={arguments.beta:g}")
    if rule.startswith("dense") and arguments.beta is not None:
        parameters.append(f"beta={arguments.beta:g}")
    if arguments.synchronous:
        parameters.append("order=synchronous")
    target = f"cpu-relaxation({','.join(parameters)})" if parameters else "cpu-relaxation"
    about = ["--task", "recall", "--rule", rule, "--target", target]
    about += _given(arguments, "kind", "noise", "cue", "seed")
    words = ["solve", arguments.file, *about, "--reads", str(_cues(arguments))]
    return _with_trace(arguments, run, words, about, "; its energies against time: trace")


def _spike(arguments: argparse.Namespace, run: _Run) -> int:
    import secrets

    from ..problems import load

    for name, where in _ELSEWHERE.items():
        if getattr(arguments, name) is not None:
            raise BadInput(f"--{name.replace('_', '-')} goes with the command spike: {where}")
    arguments.seed = secrets.randbits(32) if arguments.seed is None else arguments.seed
    with user_errors(ValueError, OSError):
        kind = load(arguments.file, kind=arguments.kind).kind
    found = {"recall": "recall", "ising": "sample"}.get(kind, "search" if arguments.beta is None else "sample")
    task = arguments.task or found
    named = {"recall": "relax_s", "sample": "sample_s", "search": "search_s"}[task]
    parameters = [f"{named}={arguments.duration:g}"] if arguments.duration is not None else []
    parameters += [f"backend={arguments.backend}"] if arguments.backend != "numpy" else []
    name = "spiking-generic"
    if arguments.neurons == "lif":
        name, parameters = "spiking-brainscales", [*(["sample=on"] if task == "sample" else []), *parameters]
    target = f"{name}({','.join(parameters)})" if parameters else name
    about = ["--target", target, "--task", "minimize" if task == "search" else task]
    if task == "sample":
        about += ["--beta", f"{1.0 if arguments.beta is None else arguments.beta:g}"]
    elif arguments.beta is not None:
        raise BadInput(f"--beta is to sample, and --as is {task}; leave one of them out")
    about += _given(arguments, "kind", "noise", "cue", "clamp", "seed", "time_limit")
    reads = {"recall": _cues(arguments) if task == "recall" else 0, "sample": None, "search": _SPIKING_READS}[task]
    chosen = arguments.chains or reads
    words = ["solve", arguments.file, *about, *([] if chosen is None else ["--reads", str(chosen)])]
    words += _given(arguments, "best_known")
    return _with_trace(arguments, run, words, about, "; its spikes: trace")


def _with_trace(arguments: argparse.Namespace, run: _Run, words: list[str], about: list[str], more: str) -> int:
    """Run what is said today; into a folder also the course of the first read, which the former commands drew."""
    code = _as_of_today(arguments, run, words, more)
    if code or arguments.out is None:
        return code
    with redirect_stdout(sys.stderr) if arguments.json else nullcontext():
        return run(["trace", arguments.file, *about, "--out", arguments.out])


def _cues(arguments: argparse.Namespace) -> int:
    """Count the reads of a recall: one of a cue, else one a pattern, up to a hundred."""
    from ..problems import Recall, load

    with user_errors(ValueError, OSError):
        problem = load(arguments.file, kind=arguments.kind)
    if not isinstance(problem, Recall):
        article = "an" if problem.kind[0] in "aeiou" else "a"
        raise BadInput(f"{arguments.file} is no picture but {article} {problem.kind}; give patterns (.npz, .png, text)")
    has_cue = arguments.cue is not None or (problem.cue is not None and arguments.noise is None)
    return 1 if has_cue else min(len(problem.patterns), _MAX_PATTERNS)


def _given(arguments: argparse.Namespace, *names: str) -> list[str]:
    """Return the words of the options that were given."""
    words = []
    for name in names:
        value = getattr(arguments, name, None)
        if value is not None:
            words += [f"--{name.replace('_', '-')}", f"{value:.15g}" if isinstance(value, float) else str(value)]
    return words


def _as_of_today(arguments: argparse.Namespace, run: _Run, words: list[str], more: str = "") -> int:
    """Run the command of today, and say how it is called."""
    if arguments.out is not None:
        words = [*words, "--out", arguments.out if arguments.out.endswith("/") else f"{arguments.out}/"]
    words = [*words, *(["--json"] if arguments.json else [])]
    code = run(words)
    if code != BAD_INPUT:  # which has its own line
        today = shlex.join(["neuromorph", *words])
        print(
            printable(f"note: {arguments.words[0]} goes with the next release{more}; today: {today}"), file=sys.stderr
        )
    return code
