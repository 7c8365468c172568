"""Macros that are simulated in place: exact dynamic programming, a swap Boltzmann machine, the softassign ODE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ..runtime.limits import checkpoint
from .imperfections import Imperfections
from .path_kernels import EXACT, ODE, SWAP, order_paths
from .paths import MOST_FREE, PathAnswers, PathBatch, kernel_macro_streams

Dynamics = Literal["exact", "swap", "softassign"]
_KINDS = {"exact": EXACT, "swap": SWAP, "softassign": ODE}
_EFFORT = {"exact": 0, "swap": 2500, "softassign": 200}
_ROUNDS = {"exact": 6, "swap": 10, "softassign": 10}  # asked again, dynamic programming answers the same
_PIECE = 256  # paths between two looks at the clock


@dataclass(frozen=True)
class PathMacro:
    """A macro that holds the weights of a path in cells and orders up to ``free`` cities.

    Parameters
    ----------
    dynamics : {"exact", "swap", "softassign"}
        Dynamic programming, the ceiling; swaps of two slots; the adiabatic softassign ODE.
    free : int
        Largest number of free cities, at most 12.
    effort : int or None
        Proposed swaps, or steps of half a time constant; None takes 2500 and 200.
    imperfections : Imperfections
        Bits and mismatch of the cells, and noise: of each comparison of a swap, of the potentials of the ODE, and of
        the read of the cells.
    """

    dynamics: Dynamics = "exact"
    free: int = 10
    effort: int | None = None
    imperfections: Imperfections = field(default_factory=Imperfections)

    def __post_init__(self) -> None:
        if self.dynamics not in _KINDS:
            raise ValueError(f"dynamics is {self.dynamics!r}; choose one of {', '.join(_KINDS)}")
        if not 2 <= self.free <= MOST_FREE:
            raise ValueError(f"free is {self.free}; a macro orders 2 to {MOST_FREE} cities")
        if self.effort is not None and self.effort < 2:
            raise ValueError(f"effort is {self.effort}; give two swaps or steps at least")

    @property
    def rounds(self) -> int:
        """Rounds of windows after which a tour hardly shortens any more, by measurement."""
        return _ROUNDS[self.dynamics]

    def answer(self, batch: PathBatch, seed: np.random.SeedSequence) -> PathAnswers:
        """Order the paths of a batch; :meth:`.Macro.answer` documents the arguments.

        Returns
        -------
        PathAnswers
            Orders.
        """
        orders, device = batch.orders.copy(), self.imperfections
        streams = kernel_macro_streams(seed, len(orders))
        effort = _EFFORT[self.dynamics] if self.effort is None else self.effort
        valid = 0
        for start in range(0, len(orders), _PIECE):
            try:
                checkpoint()
            except KeyboardInterrupt:
                return PathAnswers(orders, valid, asked=start)
            some = slice(start, start + _PIECE)
            valid += order_paths(
                batch.weights[some], batch.sizes[some], _KINDS[self.dynamics], effort, device.bits or 0,
                device.mismatch, device.noise, streams[some], orders[some],
            )  # fmt: skip
        return PathAnswers(orders, valid)
