"""Programs of Brian2's cpp_standalone: compiled once a topology; durations, seeds and parameters belong to a run.

Brian2 would compile the seed and the length of a run into the program, and every run would repeat its noise: here both
are read from the environment at the start. Programs are kept in a folder under the hash of their generated source.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...runtime.limits import checkpoint

_LOOK_S = 0.1  # time between two checks of a running program


@dataclass(frozen=True)
class StandaloneProgram:
    """Compiled program of a network.

    Attributes
    ----------
    path : Path
        Path of the executable.
    files : dict of str to tuple
        File, type, and columns (or 0) of the values of each "object.variable".
    """

    path: Path
    files: Mapping[str, tuple[str, np.dtype[Any], int]] = field(repr=False)

    def run(
        self, duration_s: float, values: Mapping[str, NDArray[Any]], seed: int, names: Sequence[str], progress: Any
    ) -> dict[str, NDArray[Any]]:
        """Run the program in a process of its own.

        Parameters
        ----------
        duration_s : float
            Duration in s.
        values : dict of str to ndarray
            Parameters.
        seed : int
            Seed of the random numbers.
        names : sequence of str
            Variables to return.
        progress : callable or None
            Called with the fraction done.

        Returns
        -------
        dict of str to ndarray
            The variables at the end.

        Raises
        ------
        ValueError
            If the program fails.
        """
        with tempfile.TemporaryDirectory(prefix="neuromorph-") as place:
            arguments = []
            for name, value in values.items():
                text = str(Path(place) / f"{name}.in") if value.ndim else repr(value.item())
                if value.ndim:
                    value.tofile(text)
                arguments.append(f"{name}={text}")
            command = [str(self.path), "--results_dir", os.path.join(place, ""), *arguments]
            environment = {**os.environ, "SPIKING_SEED": str(seed), "SPIKING_DURATION_S": repr(duration_s)}
            errors = Path(place) / "errors"
            code = _follow(command, self.path.parent, errors, _Told(progress), environment)
            said = errors.read_text(errors="replace").strip()
            if code or said:
                raise ValueError(f"the program of this model answered (code {code}): {said[:300]}; check the sizes")
            found = {}
            for name in names:
                file, dtype, width = self.files[name]
                x = np.fromfile(Path(place) / file, dtype=dtype)
                found[name] = x.reshape(-1, width).T.copy() if width else x
            return found


@dataclass
class _Told:
    """Receiver of the output of a program: lines with the fraction that is done."""

    progress: Callable[[float], None] | None
    done: float = 0.0
    rest: str = ""

    def __call__(self, text: str) -> None:
        *lines, self.rest = (self.rest + text).split("\n")
        news = [float(line[5:]) for line in lines if line.startswith("done ")]
        self.done = news[-1] if news else self.done
        checkpoint("simulating the spikes", self.done, 1.0)
        if news and self.progress is not None:
            self.progress(self.done)


def _follow(
    command: Sequence[str], folder: Path, errors: Path, look: Callable[[str], None], environment: Any = None
) -> int:
    """Run a program with its errors in a file and return its exit code; ``look`` gets new output ten times a second.

    Whatever ends the caller, Ctrl-C too, ends the program and all that it has started: they are a group of their own.
    """
    printed = errors.with_name("printed")
    with (
        open(errors, "wb") as stderr,
        open(printed, "wb") as stdout,
        open(printed, errors="replace") as text,
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        ) as process,
    ):
        try:
            while True:
                code = process.poll()  # polled before reading, so that the last output is not missed
                look(text.read())
                if code is not None:
                    return code
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK_S)
        except BaseException:
            if hasattr(os, "killpg"):
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            raise


def build_standalone(network: Any, dt_s: float, folder: Path) -> StandaloneProgram:
    """Compile the program of a Brian2 network, under a new standalone device.

    Parameters
    ----------
    network : Any
        Brian2's network.
    dt_s : float
        Step of the default clock in s.
    folder : Path
        Folder of the programs.

    Returns
    -------
    StandaloneProgram
        The program.
    """
    import brian2 as b2

    device = b2.device
    device.apply_run_args()
    device.insert_code(
        "before_network_run",
        'for (auto& each : _random_generators) each.seed(std::strtoul(std::getenv("SPIKING_SEED"), NULL, 10));',
    )
    network.run(dt_s * b2.second, report='std::cout << "done " << completed << std::endl;', namespace={},
                report_period=0.5 * b2.second)  # fmt: skip
    _take_duration_from_environment(device, network.name, dt_s)
    path = _compiled(device, folder)
    files = {}
    for variable in device.arrays:
        width = int(variable.owner.n_indices) if getattr(variable, "ndim", 1) == 2 else 0
        name = f"{variable.owner.name}.{variable.name}"
        files[name] = (device.get_array_filename(variable), variable.dtype, width)
    return StandaloneProgram(path, files)


def _take_duration_from_environment(device: Any, network: str, dt_s: float) -> None:
    """Replace the length of a run, which Brian2 writes into the source, so that one program serves for all lengths."""
    lines = next(arguments[1] for kind, arguments in device.main_queue if kind == "run_network")
    old, new = f"{network}.run({dt_s!r}, ", f'{network}.run(std::atof(std::getenv("SPIKING_DURATION_S")), '
    if sum(line.startswith(old) for line in lines) != 1:
        raise RuntimeError(f"Brian2 {version('brian2')} writes runs in another way than expected; use numpy or cython")
    lines[:] = [line.replace(old, new) for line in lines]


def _compiled(device: Any, folder: Path) -> Path:
    """Compile the executable, or find it in ``folder`` if the same source was compiled there before."""
    aside = Path(tempfile.mkdtemp(prefix=".build-", dir=folder))
    try:
        device.build(directory=str(aside), compile=False, run=False)
        sources = sorted(path for path in aside.rglob("*") if path.is_file())
        told = [version("brian2"), platform.node(), platform.machine()]  # it is compiled for this processor
        told += [f"{path.relative_to(aside)} {short_hash(path.read_bytes())}" for path in sources]
        final = folder / f"program-{short_hash(chr(10).join(told).encode())}"
        program = final / ("main.exe" if sys.platform == "win32" else "main")
        if not program.exists():
            if shutil.which("make") is None:
                raise RuntimeError("cpp_standalone needs make and a C++ compiler; install them or use numpy")
            jobs = str(min(2, os.cpu_count() or 1))
            with tempfile.TemporaryDirectory(prefix="neuromorph-") as place:
                errors = Path(place) / "errors"
                environment = {**os.environ, "TMPDIR": place}  # a killed compiler leaves its files there
                if _follow(["make", "-j", jobs], aside, errors, _compiling, environment):
                    said = errors.read_text(errors="replace").strip()
                    raise RuntimeError(f"the C++ program of this model did not compile: {said[-300:]}")
            for path in aside.rglob("*.o"):
                path.unlink()
            try:
                os.replace(aside, final)
            except OSError:  # another process compiled the same source first
                if not program.exists():
                    raise
        return program
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _compiling(_: str) -> None:
    checkpoint("compiling the C++ program")


def short_hash(content: bytes) -> str:
    """Compute sixteen hexadecimal digits of SHA-256.

    Returns
    -------
    str
        The digits.
    """
    return hashlib.sha256(content).hexdigest()[:16]
