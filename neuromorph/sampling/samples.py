"""What every sampler returns, and the loop of all that record chains.

As xarray and ArviZ data, (chain, draw, site), with ``pip install neuromorph[arviz]``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..ising import Float, Ising
from ..runtime.limits import TimeLimitReached, checkpoint
from .validation import at_least

SamplingProgress: TypeAlias = Callable[[int, int], None]  # (done, in all)

SweepObserver: TypeAlias = Callable[..., None]  # (beta or field of the sweep, states, more)

_TOGETHER, _SPINS = 16, 1 << 20  # states that are evaluated at once, and spins of more small ones


@dataclass(frozen=True, eq=False)
class Samples:
    """States drawn, their energies, and how they came about.

    spins : (reads, n) or (chain, draw, n) int8     independent reads, or chains
    energies : (reads,) or (chain, draw)            E of each in the problem asked for
    betas : (k,)                                    schedule, ladder, or the one beta, hot to cold
    method : str                                    the function that drew them
    diagnostics : {name: value}                     what that function says of itself; its docstring lists it
    status : str                                    "ok", or with what there was "interrupted" or "time limit";
                                                    ``message`` says more
    """

    spins: NDArray[np.int8]
    energies: Float
    betas: Float
    method: str
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    status: str = "ok"
    message: str = ""

    @property
    def size(self) -> int:
        """Number of spins n."""
        return int(self.spins.shape[-1])

    def flat(self) -> NDArray[np.int8]:
        """All states as (reads, n), chains one after another."""
        return self.spins.reshape(-1, self.size)

    def whole(self) -> Samples:
        """These, or what cut them short: for those who cannot do with less."""
        if self.status == "time limit":
            raise TimeLimitReached(self.message, 0, 0, 0.0)
        if self.status == "interrupted":
            raise KeyboardInterrupt
        return self

    def best(self) -> tuple[NDArray[np.int8], float]:
        """(state (n,), energy) of the lowest."""
        k = int(np.argmin(self.energies))
        return self.flat()[k], float(self.energies.flat[k])

    def to_xarray(self) -> Any:
        """An xarray Dataset over (chain, draw, site): ``spins`` and ``energy``; independent reads are chains of one."""
        pass

        return to_xarray(self)

    def to_datatree(self) -> Any:
        """An ArviZ DataTree with the group ``posterior`` (spins, energy)."""
        pass

        return to_datatree(self)


def record_chains(
    ising: Ising,
    advance: Callable[[Float, str], None],
    read: Callable[[], NDArray[np.int8]],
    *,
    chains: int,
    draws: int,
    warm: Float,
    thin: Float,
    progress: SamplingProgress | None = None,
) -> tuple[NDArray[np.int8], Float, str, str]:
    """(spins (chain, draw, n), energies, status, message): sweeps at each of ``warm``, then for each draw of ``thin``.

    ``advance(betas, step)`` sweeps, which is ``step`` of the work. Ctrl-C and a time limit keep the draws that are
    whole; without any they go through.
    """
    at_least(1, chains=chains, draws=draws, thin=thin.size)
    spins = np.empty((chains, draws, ising.size), np.int8)
    energies = _Energies(ising, spins)
    done, status, message = 0, "ok", ""
    try:
        if warm.size:
            advance(warm, "burn-in")
        while done < draws:
            checkpoint("draws", done, draws)
            advance(thin, "")
            spins[:, done] = read()
            done += 1
            energies.evaluate(done)
            if progress:
                progress(done, draws)
    except KeyboardInterrupt as stop:
        if not done:
            raise
        status, message = ending(stop)
    return np.ascontiguousarray(spins[:, :done]), energies.of(done), status, message


def one_sweep_at_a_time(
    advance: Callable[[Float, str], None], read: Callable[[], NDArray[np.int8]], observe: SweepObserver | None
) -> Callable[[Float, str], None]:
    """``advance`` that calls ``observe(beta, spins)`` at the start and after every sweep; as it is without one."""
    if observe is None:
        return advance
    begun = False

    def watched(betas: Float, step: str = "") -> None:
        nonlocal begun
        if not begun and betas.size:
            observe(float(betas[0]), read())
            begun = True
        for k in range(betas.size):
            checkpoint(step, k, betas.size)
            advance(betas[k : k + 1], "")
            observe(float(betas[k]), read())

    return watched


def ending(stop: KeyboardInterrupt) -> tuple[str, str]:
    """(status, message) of work that ``stop`` ended."""
    return ("time limit", str(stop)) if isinstance(stop, TimeLimitReached) else ("interrupted", "")


class _Energies:
    """E of every draw, evaluated while draws are made, so that an interruption does not wait for all of them."""

    def __init__(self, ising: Ising, spins: NDArray[np.int8]) -> None:
        self._ising, self._spins = ising, spins
        self._found = np.full(spins.shape[:2], np.nan)
        parts = ising.energy_parts(self._found.size, max(_TOGETHER, _SPINS // ising.size))
        first, last = np.array([(part.start, part.stop - 1) for part in parts]).T
        draws = spins.shape[1]
        # A part that reaches into the next chain can be evaluated only when all is drawn.
        self._due = np.where(first // draws == last // draws, last % draws + 1, draws)
        self._parts, self._at = [parts[k] for k in np.argsort(self._due, kind="stable")], 0
        self._due.sort()

    def evaluate(self, done: int) -> None:
        """Those that can be after ``done`` draws of each chain."""
        rows, found = self._spins.reshape(-1, self._ising.size), self._found.reshape(-1)
        while self._at < len(self._parts) and self._due[self._at] <= done:
            part = self._parts[self._at]
            found[part] = self._ising.energy(rows[part])
            self._at += 1

    def of(self, done: int) -> Float:
        """(chain, draw) of the first ``done`` draws."""
        chain, draw = np.nonzero(np.isnan(self._found[:, :done]))
        self._found[chain, draw] = self._ising.energy(self._spins[chain, draw])
        return np.ascontiguousarray(self._found[:, :done])


def to_xarray(samples: Samples) -> Any:
    """Dataset of ``spins`` (chain, draw, site) and ``energy`` (chain, draw); reads are chains of one draw."""
    xarray = _needed("xarray")
    spins, energies = _chains(samples)
    coordinates = {
        "chain": np.arange(spins.shape[0]),
        "draw": np.arange(spins.shape[1]),
        "site": np.arange(spins.shape[2]),
    }
    return xarray.Dataset(
        {"spins": (("chain", "draw", "site"), spins), "energy": (("chain", "draw"), energies)},
        coords=coordinates,
        attrs={"method": samples.method, "betas": samples.betas, "status": samples.status},
    )


def to_datatree(samples: Samples) -> Any:
    """ArviZ's DataTree with group ``posterior`` (spins, energy), and the sampler's own words as attributes."""
    base = _needed("arviz_base")
    spins, energies = _chains(samples)
    tree = base.from_dict(
        {"posterior": {"spins": spins, "energy": energies}},
        dims={"spins": ["site"]},
        coords={"site": np.arange(spins.shape[2])},
    )
    tree["posterior"].attrs.update({"method": samples.method, "betas": samples.betas, "status": samples.status})
    return tree


def _chains(samples: Samples) -> tuple[Any, Any]:
    if samples.spins.ndim == 3:
        return samples.spins, samples.energies
    return samples.spins[:, None], samples.energies[:, None]


def _needed(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        package = name.replace("_", "-")
        raise ImportError(
            f"{package} is not installed; pip install neuromorph[arviz], or pip install {package}"
        ) from None
