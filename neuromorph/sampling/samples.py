"""What every sampler returns, and the loop of all that record chains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..ising import Float, Ising
from .checks import at_least

Progress: TypeAlias = Callable[[int, int], None]  # (done, in all)


@dataclass(frozen=True, eq=False)
class Samples:
    """States drawn, their energies, and how they came about.

    spins : (reads, n) or (chain, draw, n) int8     independent reads, or chains
    energies : (reads,) or (chain, draw)            E of each in the problem asked for
    betas : (k,)                                    schedule, ladder, or the one beta, hot to cold
    method : str                                    the function that drew them
    diagnostics : {name: value}                     what that function says of itself; its docstring lists it
    status : str                                    "ok" or "interrupted" (with what there was); ``message`` says more
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

    def best(self) -> tuple[NDArray[np.int8], float]:
        """(state (n,), energy) of the lowest."""
        k = int(np.argmin(self.energies))
        return self.flat()[k], float(self.energies.flat[k])

    def to_xarray(self) -> Any:
        """An xarray Dataset over (chain, draw, site): ``spins`` and ``energy``; independent reads are chains of one."""
        from .tables import to_xarray

        return to_xarray(self)

    def to_datatree(self) -> Any:
        """An ArviZ DataTree with the group ``posterior`` (spins, energy)."""
        from .tables import to_datatree

        return to_datatree(self)


def record(
    ising: Ising,
    advance: Callable[[Float], None],
    read: Callable[[], NDArray[np.int8]],
    *,
    chains: int,
    draws: int,
    warm: Float,
    thin: Float,
    progress: Progress | None = None,
) -> tuple[NDArray[np.int8], Float, str]:
    """(spins (chain, draw, n), energies, status): sweeps at each of ``warm``, then for each draw at each of ``thin``.

    Ctrl-C keeps the draws that are whole; without any it goes through.
    """
    at_least(1, chains=chains, draws=draws, thin=thin.size)
    spins = np.empty((chains, draws, ising.size), np.int8)
    done, status = 0, "ok"
    try:
        if warm.size:
            advance(warm)
        while done < draws:
            advance(thin)
            spins[:, done] = read()
            done += 1
            if progress:
                progress(done, draws)
    except KeyboardInterrupt:
        if not done:
            raise
        status = "interrupted"
    spins = np.ascontiguousarray(spins[:, :done])
    return spins, ising.energy(spins.reshape(-1, ising.size)).reshape(chains, done), status
