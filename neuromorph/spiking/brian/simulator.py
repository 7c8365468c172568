r"""Common interface of Brian2's back ends: numpy, cython (compiled modules), cpp_standalone (a program of its own).

A model is a function that is given the module ``brian2`` and returns its objects, each with a ``name`` of its own. It
is built once; values of its variables are parameters of a run, in SI units and without Brian2's quantities:

>>> def two(b2):
...     cells = b2.NeuronGroup(2, "dv/dt = (a - v) / (10*ms) : 1\na : 1", threshold="v > 1", reset="v = 0",
...                            method="euler", namespace={"ms": b2.ms}, name="cells")
...     return [cells, b2.SpikeMonitor(cells, name="spikes")]
>>> simulator = build_simulator(two, dt_s=1e-3, backend="numpy")
>>> record = simulator.run(0.1, {"cells.a": [0.5, 2.0]}, rng=7, outputs=["cells.v"])
>>> record["spikes.t"], record["spikes.i"], record["cells.v"], record.manifest["seed"]

The same seed gives the same spikes on the same back end, and statistically the same on another. Programs of
cpp_standalone are kept in a folder under the hash of their generated source, so that a topology compiles once; only
durations, seeds and parameters are handed to the program. cython keeps its modules in the same folder.

Brian2 holds its device, its preferences and (numpy, cython) its random state globally: they are set for the length of a
call, under one lock, and put back; programs of cpp_standalone may run side by side.
Source: Stimberg, Brette and Goodman, eLife 8, e47314 (2019).
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...rng import RNG, read_seeds
from ...run import versions
from ...runtime.limits import checkpoint
from .standalone import StandaloneProgram, build_standalone, short_hash

Backend: TypeAlias = Literal["numpy", "cython", "cpp_standalone"]
FractionProgress: TypeAlias = Callable[[float], None]
"""Receiver of the fraction of a run that is done, called at least twice a second."""

_LOCK = threading.RLock()
_LOOK_S = 0.25  # time between two checkpoints


@dataclass(frozen=True, eq=False)
class Recording:
    """Recorded variables of a run, such as ``record["spikes.t"]``.

    Attributes
    ----------
    values : dict of str to ndarray
        Arrays by "object.variable". SpikeMonitor: t, i; StateMonitor: t (samples,), others (indices, samples);
        requested outputs at the end of the run.
    manifest : dict
        Back end, seed, dt_s, duration_s, versions, hashes of program and parameters.
    """

    values: Mapping[str, NDArray[Any]]
    manifest: Mapping[str, Any]

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.values[name]


@dataclass(frozen=True, eq=False)
class Simulator:
    """Built model, made by :func:`build_simulator`.

    Attributes
    ----------
    backend : Backend
        Back end.
    dt_s : float
        Step of the default clock in s.
    network : Any
        Brian2's network.
    objects : dict of str to Any
        Its objects by name.
    folder : Path
        Folder of compiled code.
    program : StandaloneProgram or None
        Program of cpp_standalone.
    """

    backend: Backend
    dt_s: float
    network: Any = field(repr=False)
    objects: Mapping[str, Any] = field(repr=False)
    folder: Path
    program: StandaloneProgram | None = None

    def run(
        self,
        duration_s: float,
        parameters: Mapping[str, ArrayLike] | None = None,
        *,
        rng: RNG = None,
        outputs: Sequence[str] = (),
        progress: FractionProgress | None = None,
    ) -> Recording:
        """Run the model from its initial state.

        Parameters
        ----------
        duration_s : float
            Duration in s; a multiple of dt is simulated.
        parameters : dict of str to array_like, or None
            Numbers or arrays by "object.variable", in SI units, set before the start; a synapse's array is in the order
            in which the model connected it.
        rng : RNG
            Source of one stream for the whole network.
        outputs : sequence
            Further variables to return, "object.variable", at the end of the run.
        progress : callable or None
            Called with the fraction done.

        Returns
        -------
        Recording
            The recorded variables.

        Raises
        ------
        ValueError
            If a name is unknown, a size is wrong, or a value is not finite.
        """
        if not (np.isfinite(duration_s) and duration_s >= self.dt_s):
            raise ValueError(f"duration_s is {duration_s}; it must be finite and at least dt_s = {self.dt_s}")
        values = {name: self._checked(name, value) for name, value in (parameters or {}).items()}
        for name in outputs:
            self._variable(name)
        seed = int(read_seeds(rng, 1)[0].generate_state(1, np.uint32)[0])
        names = [*self._recorded(), *outputs]
        run = self._run_inside if self.program is None else self.program.run
        found = run(float(duration_s), values, seed, names, progress)
        manifest = {
            "backend": self.backend,
            "seed": seed,
            "dt_s": self.dt_s,
            "duration_s": float(duration_s),
            "program": self.program.path.parent.name if self.program else None,
            "parameters": {name: short_hash(value.tobytes()) for name, value in values.items()},
            "versions": {**versions(), "brian2": version("brian2")},
        }
        return Recording(found, manifest)

    def _variable(self, name: str) -> Any:
        owner, _, variable = name.partition(".")
        if owner not in self.objects or variable not in getattr(self.objects[owner], "variables", {}):
            known = sorted(owner for owner in self.objects if hasattr(self.objects[owner], "variables"))
            raise ValueError(f"{name!r} is no variable of this model; its objects are {', '.join(known)}")
        return self.objects[owner].variables[variable]

    def _checked(self, name: str, value: ArrayLike) -> NDArray[Any]:
        variable = self._variable(name)
        if variable.read_only:
            raise ValueError(f"{name} is read-only in the model; give another variable")
        if not np.isfinite(np.asarray(value, dtype=float)).all():
            raise ValueError(f"{name} holds NaN or infinity; every value must be finite")
        x = np.array(value, dtype=variable.dtype, order="C")  # programs read raw memory
        known = isinstance(variable.size, (int, np.integer)) and variable.size > 0 and self.program is None
        if x.ndim > 1 or (x.ndim == 1 and known and x.size != variable.size):
            raise ValueError(f"{name} has shape {x.shape}; expected one number or ({variable.size},)")
        return x

    def _recorded(self) -> list[str]:
        names = []
        for name, each in self.objects.items():
            kind = type(each).__name__
            if kind in ("SpikeMonitor", "EventMonitor", "StateMonitor"):
                names += [f"{name}.{variable}" for variable in dict.fromkeys([*each.record_variables, "t"])]
            elif kind == "PopulationRateMonitor":
                names += [f"{name}.t", f"{name}.rate"]
        return names

    def _run_inside(
        self,
        duration_s: float,
        values: Mapping[str, Any],
        seed: int,
        names: list[str],
        progress: FractionProgress | None,
    ) -> dict[str, Any]:
        import brian2 as b2

        with _LOCK, _brian(self.backend, self.dt_s, self.folder):
            self.network.restore()
            b2.seed(seed)
            for name, value in values.items():
                owner, _, variable = name.partition(".")
                setattr(self.objects[owner], variable + "_", value if value.ndim else value.item())

            def report(elapsed: Any, done: Any, start: Any, duration: Any) -> None:
                checkpoint("simulating the spikes", float(done), 1.0)
                if progress is not None:
                    progress(float(done))

            gc.freeze()  # exempts old objects from Brian2's garbage collection at the start, .2 s in a large process
            try:
                self.network.run(duration_s * b2.second, report=report, report_period=_LOOK_S * b2.second, namespace={})
            finally:
                gc.unfreeze()
            found = {}
            for name in names:
                owner, _, variable = name.partition(".")
                found[name] = np.array(getattr(self.objects[owner], variable + "_"))
            return found


def build_simulator(
    model: Callable[[Any], Sequence[Any]],
    *,
    dt_s: float,
    backend: Backend = "numpy",
    folder: str | os.PathLike[str] | None = None,
) -> Simulator:
    """Build a model for repeated runs.

    Everything in the model that is random or depends on ``backend`` must be a parameter of the run or an equation.

    Parameters
    ----------
    model : callable
        Given the module ``brian2``, it returns the objects of the network.
    dt_s : float
        Step of the default clock in s.
    backend : str
        "numpy" starts at once; "cython" compiles for a minute or more when its folder is empty; "cpp_standalone"
        compiles 10 to 20 s a topology, then runs 10 to 20 times as fast as numpy. Both need a C++ compiler.
    folder : path
        Folder of compiled code; None is neuromorph/spiking in the user's cache.

    Returns
    -------
    Simulator
        The built model.

    Raises
    ------
    ValueError
        If ``backend`` is unknown or ``dt_s`` is not finite and positive.
    OSError
        If the folder cannot be made.
    """
    if backend not in get_args(Backend):
        raise ValueError(f"backend is {backend!r}; choose one of {', '.join(get_args(Backend))}")
    if not (np.isfinite(dt_s) and dt_s > 0):
        raise ValueError(f"dt_s is {dt_s}; it must be finite and positive")
    place = cache_folder() if folder is None else Path(folder).absolute()
    if backend != "numpy":
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OSError(
                f"{place}, for compiled code, cannot be made ({error.strerror}); set XDG_CACHE_HOME to another place, "
                "or use numpy"
            ) from None
    checkpoint()
    with _LOCK:
        return _build(model, float(dt_s), backend, place)


def cache_folder() -> Path:
    """Find the folder of compiled models and calibrations in the user's cache.

    Returns
    -------
    Path
        The folder.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neuromorph" / "spiking"


def _build(model: Callable[[Any], Sequence[Any]], dt_s: float, backend: Backend, folder: Path) -> Simulator:
    hook = sys.excepthook
    import brian2 as b2

    sys.excepthook = hook  # Brian2's hook would report every error of the user as one of Brian2
    with _brian(backend, dt_s, folder):
        made = list(model(b2))
        network = b2.Network(*made)
        network._name = "network"  # a numbered name would change the hash of the source from build to build
        for each in network.sorted_objects:
            each._network = network.id  # as at the first run, since Brian2 warns of a model that is never run
        objects = {each.name: each for each in network.sorted_objects}
        if len(objects) < len(network.sorted_objects):
            raise ValueError("two objects of the model have the same name; give each its own by name=...")
        if backend != "cpp_standalone":
            network.store()
            return Simulator(backend, dt_s, network, objects, folder)
        return Simulator(backend, dt_s, network, objects, folder, build_standalone(network, dt_s, folder))


@contextmanager
def _brian(backend: Backend, dt_s: float, folder: Path) -> Iterator[None]:
    """Set Brian2's global state for ``backend``, and restore it at the end."""
    import brian2 as b2
    from brian2.core.tracking import InstanceFollower
    from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
    from brian2.devices.device import reset_device

    kept = {name: b2.prefs[name] for name in _PREFERENCES}
    random, clock = np.random.get_state(), b2.defaultclock.dt  # noqa: NPY002  Brian2 draws from the global generator
    living = InstanceFollower.instance_sets
    if backend == "cpp_standalone":
        # Brian2 numbers its code by the objects alive; without numbers equal models have equal source and hash.
        InstanceFollower.instance_sets = type(living)(living.default_factory)
        b2.set_device(CPPStandaloneDevice(), build_on_run=False)  # a new device, since a device remembers its builds
    else:
        b2.set_device("runtime")
        b2.prefs["codegen.target"] = backend
        b2.prefs["codegen.string_expression_target"] = "numpy"
    b2.prefs["core.stop_on_keyboard_interrupt"] = False  # Ctrl-C ends the run instead of returning half of it
    if backend == "cython":
        b2.prefs["codegen.runtime.cython.cache_dir"] = str(folder / "cython")
    b2.defaultclock.dt = dt_s * b2.second
    try:
        yield
    finally:
        InstanceFollower.instance_sets = living
        reset_device()
        b2.defaultclock.dt = clock
        for name, value in kept.items():
            b2.prefs[name] = value
        np.random.set_state(random)  # noqa: NPY002


_PREFERENCES = (
    "codegen.target",
    "codegen.string_expression_target",
    "core.stop_on_keyboard_interrupt",
    "codegen.runtime.cython.cache_dir",
)
