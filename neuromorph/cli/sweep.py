"""The commands ``sweep``, ``merge`` and ``view``: studies of many settings."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.printable import printable
from .arguments import INTERRUPTED, NO_ANSWER, Parser, count, folder_or_file, positive, seed, user_errors
from .common import output_kept_clean

if TYPE_CHECKING:
    from ..sweep import StudyState

_PACE = 12  # batches


def add_sweep_commands(command: Callable[..., Parser]) -> None:
    """Add the commands ``sweep``, ``merge`` and ``view``.

    Parameters
    ----------
    command : callable
        Function of name, function and text that adds a parser.
    """
    about = "run a study: problems x tasks x targets x parameters, each task once, whatever happens on the way"
    sweep = command("sweep", _sweep, about, file=False)
    sweep.add_argument("file", metavar="STUDY.toml", help="study: see docs/studies.md")
    folder = "folder of the results; the same command goes on there; default: the name of the study beside it"
    sweep.add_argument("--out", type=folder_or_file, metavar="DIR", help=folder)
    sweep.add_argument("--dry-run", action="store_true", help="show the number of tasks and an estimate of the time")
    sweep.add_argument("--workers", type=count, metavar="N", help="batches at the same time; default: all cores")
    where = "processes (default), dask://HOST:PORT, slurm, submitit-local"
    sweep.add_argument("--executor", metavar="E", help=where)
    part = "run part I of N alone, in a folder of its own within DIR; 'merge DIR' joins them"
    sweep.add_argument("--shard", type=shard, metavar="I/N", help=part)
    sweep.add_argument(
        "--batch-seconds", type=positive, metavar="S", help="length of a batch; default: 30, of a job 600"
    )
    sweep.add_argument("--retry-failed", action="store_true", help="run tasks again that failed")
    sweep.add_argument("--rebuild", action="store_true", help="make a damaged table anew; no result is lost")
    sweep.add_argument("--mixed-versions", action="store_true", help="go on with results of other versions")
    drawn = "write figures (front with attainment over devices, sensitivity, each parameter) and report.html"
    sweep.add_argument("--figures", action="store_true", help=drawn)
    sweep.add_argument("--quiet", action="store_true", help="print nothing but errors")
    merge = command("merge", _merge, "join the shards of a study into one results.parquet", file=False)
    merge.add_argument(
        "folders", nargs="+", type=folder_or_file, metavar="DIR", help="folder of all shards, or each of them"
    )
    merge.add_argument("--out", type=folder_or_file, metavar="DIR", help="default: the folder that holds the shards")

    page = "follow a study on a local page: progress, best answers, front, failures"
    view = command("view", _view, page, file=False)
    view.add_argument("folder", type=folder_or_file, metavar="DIR", help="folder of a study, running or finished")
    view.add_argument("--port", type=seed, default=0, metavar="N", help="default: a free one")
    other = "default: 127.0.0.1, this machine alone; any other one needs the token that is printed"
    view.add_argument("--address", default="127.0.0.1", metavar="A", help=other)


def shard(text: str) -> tuple[int, int]:
    """Parse the part of a study.

    Parameters
    ----------
    text : str
        ``I/N``.

    Returns
    -------
    (int, int)
        Number of the part from 1, and of all.
    """
    first, _, last = text.partition("/")
    if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last)):
        raise argparse.ArgumentTypeError(f"is {text!r}; give I/N, part I of N, as 1/4")
    return int(first), int(last)


def _sweep(arguments: argparse.Namespace) -> int:
    from ..sweep import sweep, write_figures

    out = arguments.out if arguments.out is not None else Path(arguments.file).with_suffix("")
    last: list[StudyState] = []
    if arguments.dry_run:
        return _dry_run(arguments)
    with user_errors(ValueError, OSError), output_kept_clean():
        try:
            with _shown_progress(not arguments.quiet) as tell:

                def hear(state: StudyState) -> None:
                    last[:] = [state]
                    tell(state)

                found = sweep(
                    arguments.file,
                    out,
                    executor=arguments.executor,
                    workers=arguments.workers,
                    shard=arguments.shard,
                    retry_failed=arguments.retry_failed,
                    rebuild=arguments.rebuild,
                    mixed_versions=arguments.mixed_versions,
                    batch_s=arguments.batch_seconds,
                    progress=hear,
                )
        except KeyboardInterrupt:
            kept = (
                f"; {last[0].done} of {last[0].total} tasks are done and kept, the same command goes on" if last else ""
            )
            print(printable(f"interrupted{kept}"), file=sys.stderr)
            return INTERRUPTED
    if arguments.figures and arguments.shard is None and found.done:
        with user_errors(ValueError, OSError):
            from ..report import write_study_page

            write_figures(found.folder)
            write_study_page(found.folder)
    if not arguments.quiet:
        for note in found.notes:
            print(printable(f"note: {note}"), file=sys.stderr)
        print(printable(_summary(found)))
        _print_failures(found)
    return 0 if found.done == found.total else NO_ANSWER


def _dry_run(arguments: argparse.Namespace) -> int:
    from ..runtime.limits import readable_seconds
    from ..sweep import estimate_study
    from ..sweep.executors import require_executor

    with user_errors(ValueError, OSError), output_kept_clean():
        require_executor(arguments.executor)
        found = estimate_study(arguments.file)
    share = 1 if arguments.shard is None else arguments.shard[1]
    workers = arguments.workers or os.cpu_count() or 1
    settings = ", ".join(f"{name} {number}" for name, number in found.settings.items())
    print(printable(f"{found.tasks} tasks: {found.problems} problems and tasks, settings: {settings}"))
    if found.tried:
        each, all_ = found.task_s, found.task_s * found.tasks / (workers * share)
        whole = f"about {readable_seconds(all_)} on {workers} workers" + (
            f" a shard, {share} shards" if share > 1 else ""
        )
        print(f"{readable_seconds(each)} a task ({found.tried} tried): {whole}")
    for reason in found.failures:
        print(printable(f"warning: {reason}"), file=sys.stderr)
    return 0


def _merge(arguments: argparse.Namespace) -> int:
    from ..sweep import merge_shards

    with user_errors(ValueError, OSError):
        found = merge_shards(arguments.folders, arguments.out)
    for note in found.notes:
        print(printable(f"warning: {note}"), file=sys.stderr)
    failed = f", {found.failed} failed" if found.failed else ""
    print(
        printable(f"{found.name}: {found.done} of {found.total} tasks done{failed}; results.parquet in {found.folder}")
    )
    return 0 if found.done == found.total and not found.notes else NO_ANSWER


def _view(arguments: argparse.Namespace) -> int:
    from ..sweep import study_server

    with user_errors(ValueError, OSError, OverflowError):
        server, address = study_server(arguments.folder, arguments.address, arguments.port)
    try:
        print(f"{address}\nCtrl-C ends it", flush=True)
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        server.server_close()
    return 0


def _summary(found: StudyState) -> str:
    failed = f", {found.failed} failed" if found.failed else ""
    return f"{found.name}: {found.done} of {found.total} tasks done{failed}, {found.ran} of them now; in {found.folder}"


def _print_failures(found: StudyState) -> None:
    if not found.failed:
        return
    for target, parameters, reason, count_ in found.failures:
        print(printable(f"failed {count_} times: {target} {parameters}: {reason}"[:400]), file=sys.stderr)
    print("--retry-failed runs them again", file=sys.stderr)


@contextmanager
def _shown_progress(show: bool) -> Iterator[Callable[[StudyState], None]]:
    """Show how far a study is on standard error: one line that changes on a terminal, else a line now and then."""
    from .progress import LINE_S

    terminal = sys.stderr.isatty()
    before = [time.monotonic() if not terminal else float("-inf")]
    pace: deque[tuple[float, int]] = deque(maxlen=_PACE)

    def tell(state: StudyState) -> None:
        now = time.monotonic()
        pace.append((state.seconds, state.ran))  # the first batches compile: the pace is that of the last ones
        if now - before[0] >= (0.2 if terminal else LINE_S):
            before[0] = now
            print(
                ("\r\033[K" if terminal else "") + printable(progress_line(state, pace[0])),
                end="" if terminal else "\n",
                file=sys.stderr,
            )
            sys.stderr.flush()

    try:
        yield tell if show else lambda state: None
    finally:
        if show and terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def progress_line(state: StudyState, since: tuple[float, int] = (0.0, 0)) -> str:
    """Return one line on how far a study is.

    Parameters
    ----------
    state : StudyState
        State.
    since : (float, int)
        Seconds and tasks of the call at an earlier time, from which the pace is measured.

    Returns
    -------
    str
        Line.
    """
    from ..runtime.limits import readable_seconds

    ended = state.done + state.failed
    line = f"{state.name}: {ended} of {state.total} tasks ({100.0 * ended / max(1, state.total):.0f} %)"
    if state.failed:
        line += f", {state.failed} failed"
    if state.ran > since[1] and state.waiting:
        pace = (state.seconds - since[0]) / (state.ran - since[1])
        line += f", {readable_seconds(pace * state.waiting)} to go"
    return line
