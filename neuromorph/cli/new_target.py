"""The command ``new-target``: a package of one device, which installs, passes its own test and waits to be changed."""

from __future__ import annotations

import argparse
import importlib.util
import keyword
import os
import re
import shutil
import sys
from importlib.resources import files
from pathlib import Path
from string import Template

from .arguments import BadInput, Parser, writing

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40  # letters of a name
_FILES = {  # where each file of the template goes
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "__init__.py.txt": "$module/__init__.py",
    "target.py.txt": "$module/target.py",
    "constants.toml.txt": "$module/constants.toml",
    "test_target.py.txt": "tests/test_$module.py",
}


def add_new_target_options(new: Parser) -> None:
    """Add the options of ``new-target``.

    Parameters
    ----------
    new : Parser
        Parser of the command.
    """
    new.add_argument("name", metavar="NAME", help="name of the target: small letters, digits and hyphens")
    new.add_argument("--out", metavar="DIR", help="folder of the package, which must not be there yet; default: NAME")


def new_target_command(arguments: argparse.Namespace) -> int:
    """Run the command ``new-target``.

    Parameters
    ----------
    arguments : argparse.Namespace
        Its arguments.

    Returns
    -------
    int
        Exit code.
    """
    words = _words(arguments.name)
    folder = Path(arguments.name if arguments.out is None else arguments.out)
    if arguments.out is not None and not arguments.out.strip():
        raise BadInput("--out is empty; name a folder")
    if os.path.lexists(folder):
        raise BadInput(f"{folder} is there already; give another place with --out")
    with writing(folder):
        _write_package(folder, words)
    print(f"written to {folder}; next: pip install -e {folder}, neuromorph targets {words['name']}, pytest {folder}")
    return 0


def _words(name: str) -> dict[str, str]:
    """Return the words of the template, or say what is wrong with the name."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        rule = f"small letters, digits and single hyphens, a letter first, {_LONGEST} at most: my-device"
        raise BadInput(f"name is {name[:60]!r}; a target has {rule}")
    from ..installed_targets import available_targets

    if name in available_targets():
        raise BadInput(f"target {name} is installed already; take another name")
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module in sys.stdlib_module_names or _importable(module):
        raise BadInput(f"name {name} would hide the Python module {module}; take another name, as my-{name}")
    return {"name": name, "module": module, "class_name": "".join(map(str.capitalize, name.split("-")))}


def _importable(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _write_package(folder: Path, words: dict[str, str]) -> None:
    """Write all files beside their place, then rename: there is a whole package or none."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    source = files(__package__).joinpath("target_template")
    aside = folder.with_name(f".{words['name']}-{os.getpid()}")
    aside.mkdir()
    try:
        for name, place in _FILES.items():
            path = aside / Template(place).substitute(words)
            path.parent.mkdir(exist_ok=True)
            text = Template(source.joinpath(name).read_text(encoding="utf-8")).substitute(words)
            path.write_text(text, encoding="utf-8")
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
