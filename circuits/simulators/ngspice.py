"""ngspice in batch mode, a process a run: ``ngspice -n -b deck.cir``.

Its start-up file is not read (-n); a control section of ours has it write the samples and list its devices. What it
prints is searched for errors only: notes and warnings, such as those of gmin stepping, appear in good runs too.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

from ..netlist.circuit import Circuit
from ..netlist.hierarchy import device_count, device_paths
from .process import brief, run_program, write_deck
from .process_limits import ProcessLimits
from .rawfile import read_raw
from .waveforms import EngineError, Waveforms, validate_waveforms

NAME = "ngspice"
LISTING = "show r c i g b d m v e f h l k q j s : name"
# No "quit": at it ngspice 44.2 crashes. Without it ngspice 39 ends with code 1, as no simulation follows the section.
_CONTROL = (".control", "run", "write deck.raw", f"{LISTING} > devices.txt", ".endc")
_GOOD_CODES = (0, 1)
_VERSION_S = 10.0  # time limit of ``ngspice --version``, s
_SHOWN = 20  # characters of a device's name that ``show`` prints
_LISTED = 200  # characters of the listing that are read for each device
_ERROR = re.compile(
    r"^\s*(fatal |syntax )?error\b|doAnalyses:|aborted|could not find a valid|timestep too small|singular matrix|"
    r"unknown (device|subckt|parameter)|can'?t (find|open)|no such (vector|function)|undefined",
    re.IGNORECASE,
)


def version() -> str:
    """Return the installed version, such as ``ngspice-39``.

    Returns
    -------
    str
        Name and version.

    Raises
    ------
    EngineError
        If ngspice is not installed.
    """
    program = shutil.which("ngspice")
    if program is None:
        raise EngineError("not installed; apt-get install ngspice, brew install ngspice, or ngspice.sourceforge.io")
    return _version(program)


@cache
def _version(program: str) -> str:
    with tempfile.TemporaryDirectory(prefix="neuromorph-") as name:
        try:
            _, said = run_program(f"{program} --version", [program, "--version"], Path(name), ProcessLimits(_VERSION_S))
        except EngineError as error:
            raise EngineError(f"{str(error).partition(';')[0]}; is it ngspice?") from None
    found = re.search(r"ngspice-[\w.+~-]{1,40}", said)
    if not found:
        raise EngineError(f"{program} --version names no version; is it ngspice?")
    return found[0]


def run(circuit: Circuit, limits: ProcessLimits) -> Waveforms:
    """Simulate the transient of a circuit in ngspice.

    Parameters
    ----------
    circuit : Circuit
        Circuit that is simulated.
    limits : ProcessLimits
        Limits of its process.

    Returns
    -------
    Waveforms
        Node voltages over time.

    Raises
    ------
    EngineError
        If ngspice is absent, fails, or builds other devices.
    """
    known = version()
    with tempfile.TemporaryDirectory(prefix="neuromorph-") as name:
        folder = Path(name)
        write_deck(circuit, folder / "deck.cir", _CONTROL)
        command = [str(shutil.which("ngspice")), "-n", "-b", "deck.cir"]
        code, said = run_program(NAME, command, folder, limits.of(circuit))
        errors = error_lines(said)
        if errors or code not in _GOOD_CODES or not (folder / "deck.raw").is_file():
            ended = f"it ended with code {code}{'' if (folder / 'deck.raw').is_file() else ' and no result'}"
            raise EngineError(f"ngspice failed: {brief(' | '.join(errors[:3])) or ended}")
        try:
            plots = read_raw(folder / "deck.raw")
        except ValueError as error:
            raise EngineError(f"ngspice failed: {error}") from None
        plot = next((plot for plot in plots if "time" in plot), None)
        if plot is None:
            raise EngineError("ngspice returned no transient")
        check_devices(circuit, NAME, _listing(folder / "devices.txt", circuit))
    signals = {node: plot[f"v({node})"] for node in circuit.saved if f"v({node})" in plot}
    return validate_waveforms(circuit, NAME, known, plot["time"], signals)


def _listing(path: Path, circuit: Circuit) -> str:
    """Read the listing of devices; of a damaged file no more than the circuit's devices would take."""
    if not path.is_file():
        return ""
    with path.open(errors="replace") as file:
        return file.read(_LISTED * (device_count(circuit) + 100))


def check_devices(circuit: Circuit, engine: str, listing: str) -> None:
    """Check that an engine built the devices of a circuit, each once.

    Parameters
    ----------
    circuit : Circuit
        Circuit that was asked for.
    engine : str
        Name of the engine.
    listing : str
        Output of ``LISTING``, which cuts long names off.

    Raises
    ------
    EngineError
        If a device is missing or there is another one.
    """
    lines = [line.split() for line in listing.splitlines()]
    listed = Counter(name[:_SHOWN] for words in lines if words[:1] == ["device"] for name in words[1:])
    asked = Counter(path[:_SHOWN] for path in device_paths(circuit.elements))
    lost = (asked - listed) + (listed - asked)
    if lost:
        raise EngineError(f"{engine} built other devices than asked: {min(lost)!r}, {lost.total()} in all")


def error_lines(said: str) -> list[str]:
    """Return the lines by which ngspice says that it failed.

    Parameters
    ----------
    said : str
        Output of ngspice.

    Returns
    -------
    list of str
        Lines without notes, warnings and the title of the circuit.
    """
    return [
        line.strip()
        for line in said.splitlines()
        if _ERROR.search(line) and not re.match(r"\s*(note\b|warning\b|circuit:)", line, re.IGNORECASE)
    ]
