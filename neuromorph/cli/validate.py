"""The command ``validate``: published results and physical laws, run again."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .arguments import INTERRUPTED, NO_ANSWER, Parser, folder_or_file, names, seed, user_errors
from .common import output_kept_clean
from .output_folder import OutFolder, made_folder

if TYPE_CHECKING:
    from ..validate import CheckRun


def add_validate_command(command: Callable[..., Parser]) -> None:
    """Add the command ``validate``.

    Parameters
    ----------
    command : callable
        Function of name, function and text that adds a parser.
    """
    text = "run published results and physical laws again: ours beside theirs, as table, page and JSON"
    parser = command("validate", _validate, text, file=False)
    parser.epilog = "Exit code 1: a quantity differs, or a check failed (docs/validation.md says how to read it)."
    parser.add_argument("--quick", action="store_true", help="smaller sizes: all in less than 5 minutes of CPU")
    parser.add_argument("--only", type=names, metavar="A,B", help="some checks, as --list names them")
    parser.add_argument("--list", action="store_true", help="list the checks and run none")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="of all that is drawn; default: 0")
    parser.add_argument("--out", type=folder_or_file, metavar="DIR", help="write validation.html and validation.json")
    parser.add_argument("--json", action="store_true", help="print validation.json instead of the table")


def _validate(arguments: argparse.Namespace) -> int:
    import json

    from ..report.table import print_rows
    from ..validate import check_summary, find_checks, print_validation, run_checks, validation_dict
    from .progress import progress_bars

    with user_errors(ValueError), output_kept_clean():
        checks = find_checks(arguments.only)
    if arguments.list:
        print_rows(("check", "what it compares"), [(name, check_summary(each)) for name, each in checks.items()])
        return 0
    about, runs = _provenance(arguments), []
    folder = made_folder(arguments.out)
    with progress_bars(show=not arguments.json) as tell, output_kept_clean():

        def progress(name: str, done: int, of: int) -> None:
            if tell is not None:
                tell("validate", f"running {name}", done, of)

        try:
            for run in run_checks(checks, quick=arguments.quick, rng=arguments.seed, progress=progress):
                runs.append(run)
                _keep(OutFolder(arguments.out), runs, about, len(runs) < len(checks))  # a full disk is told at the end
        except KeyboardInterrupt:  # between two checks
            pass
    interrupted = len(runs) < len(checks) or any(run.status == "interrupted" for run in runs)
    _keep(folder, runs, about, interrupted)
    if arguments.json:
        print(json.dumps(validation_dict(runs, about), indent=2, allow_nan=False))
    else:
        from rich.console import Console

        print_validation(runs, Console())
        if folder.written:
            print(f"wrote {', '.join(folder.written)} to {arguments.out}")
    code = folder.end(f"{len(runs)} of {len(checks)} checks are kept")
    if interrupted:
        print(f"interrupted; {len(runs)} of {len(checks)} checks are kept", file=sys.stderr)
        return INTERRUPTED
    bad = any(verdict in ("differs", "failed") for run in runs for verdict in run.verdicts)
    return code or (NO_ANSWER if bad else 0)


def _keep(folder: OutFolder, runs: list[CheckRun], about: dict[str, Any], interrupted: bool) -> None:
    """Write page and JSON of what is done, so that a power cut leaves them."""
    import json

    from ..files.atomic_write import write_file
    from ..validate import render_validation_page, validation_dict

    text = json.dumps(validation_dict(runs, about), indent=2, allow_nan=False)
    folder.keep("validation.json", lambda path: write_file(path, f"{text}\n"))
    page = render_validation_page(runs, about, interrupted=interrupted)
    folder.keep("validation.html", lambda path: write_file(path, page))


def _provenance(arguments: argparse.Namespace) -> dict[str, Any]:
    from ..study.provenance import work_provenance

    asked = {"command": shlex.join(["neuromorph", *arguments.words]), "quick": arguments.quick}
    return work_provenance(arguments.seed, asked)
