"""Samples, the result of every sampler, and the loop of all samplers that record chains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..ising import Float, Ising
from ..runtime.limits import TimeLimitReached, checkpoint
from .validation import at_least

SamplingProgress: TypeAlias = Callable[[int, int], None]  # arguments: done, total

SweepObserver: TypeAlias = Callable[..., None]  # arguments: beta or field of the sweep, states, more

_TOGETHER, _SPINS = 16, 1 << 20  # states, or spins of many small states, whose energies are evaluated at once


@dataclass(frozen=True, eq=False)
class Samples:
    """Sampled states with their energies and diagnostics.

    Attributes
    ----------
    spins : (reads, n) or (chain, draw, n) int8
        Independent reads, or chains.
    energies : (reads,) or (chain, draw) float
        E of each state in the given problem.
    betas : (k,) float
        Schedule, ladder, or the one beta, hot to cold.
    method : str
        Name of the function that drew the states.
    diagnostics : dict of str to Any
        Diagnostics of that function, which its docstring lists.
    status : str
        "ok", or for incomplete samples "interrupted" or "time limit".
    message : str
        Details of ``status``.
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
        """Flatten chains one after another.

        Returns
        -------
        (reads, n) int8
            All states.
        """
        return self.spins.reshape(-1, self.size)

    def whole(self) -> Samples:
        """Require complete samples.

        Returns
        -------
        Samples
            The samples themselves.

        Raises
        ------
        KeyboardInterrupt, TimeLimitReached
            If an interruption or a time limit cut the samples short.
        """
        if self.status == "time limit":
            raise TimeLimitReached(self.message, 0, 0, 0.0)
        if self.status == "interrupted":
            raise KeyboardInterrupt
        return self

    def best(self) -> tuple[NDArray[np.int8], float]:
        """Find the state of lowest energy.

        Returns
        -------
        tuple of (n,) int8, float
            The state and its energy.
        """
        k = int(np.argmin(self.energies))
        return self.flat()[k], float(self.energies.flat[k])

    def to_xarray(self) -> Any:
        """Convert to an xarray Dataset over (chain, draw, site).

        Returns
        -------
        xarray.Dataset
            ``spins`` and ``energy``; independent reads are chains of one draw.
        """
        from .samples_export import to_xarray

        return to_xarray(self)

    def to_datatree(self) -> Any:
        """Convert to an ArviZ DataTree with the group ``posterior`` (spins, energy).

        Returns
        -------
        xarray.DataTree
            The tree.
        """
        from .samples_export import to_datatree

        return to_datatree(self)

    def to_pandas(self) -> Any:
        """Convert to a pandas DataFrame with a row for each state.

        Returns
        -------
        pandas.DataFrame
            Columns ``energy`` and ``s0``, ``s1``, ...; the index is (chain, draw), or read for independent reads.
        """
        from .samples_export import to_pandas

        return to_pandas(self)

    def _repr_html_(self) -> str:
        """Summarize the samples as a table for notebooks.

        Returns
        -------
        str
            HTML.
        """
        from .samples_export import summary_table

        return summary_table(self)


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
    """Record chains: burn-in sweeps, then draws with sweeps between them.

    Ctrl-C and a time limit keep the complete draws; they propagate if there is none.

    Parameters
    ----------
    ising : Ising
        The problem.
    advance : callable
        Called as ``advance(betas, step)``; it sweeps once at each of ``betas`` under the name ``step``.
    read : callable
        Returns the spins (chains, n).
    chains, draws : int
        Number of chains, and of draws of each.
    warm : (k,) float
        Betas of the burn-in.
    thin : (k,) float
        Betas of the sweeps before each draw.
    progress : callable or None
        Called with the sweeps done and their total.

    Returns
    -------
    tuple of (chain, draw, n) int8, (chain, draw) float, str, str
        Spins, energies, status and message.
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
    """Wrap the sweeps of a sampler so that they are observed one by one.

    Parameters
    ----------
    advance : callable
        Sweeps at each of some betas, with a name of the work.
    read : callable
        Returns the spins.
    observe : callable or None
        Called as ``observe(beta, spins)`` at the start and after every sweep. None leaves ``advance`` as it is.

    Returns
    -------
    callable
        Called like ``advance``; it draws the same.
    """
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
    """Describe how an interruption or a time limit ended the work.

    Returns
    -------
    tuple of str
        Status and message.
    """
    return ("time limit", str(stop)) if isinstance(stop, TimeLimitReached) else ("interrupted", "")


class _Energies:
    """Energies of the draws, evaluated while draws are made, so that an interruption does not wait for all of them."""

    def __init__(self, ising: Ising, spins: NDArray[np.int8]) -> None:
        self._ising, self._spins = ising, spins
        self._found = np.full(spins.shape[:2], np.nan)
        parts = ising.energy_parts(self._found.size, max(_TOGETHER, _SPINS // ising.size))
        first, last = np.array([(part.start, part.stop - 1) for part in parts]).T
        draws = spins.shape[1]
        # A part that extends into the next chain can be evaluated only when all draws are made.
        self._due = np.where(first // draws == last // draws, last % draws + 1, draws)
        self._parts, self._at = [parts[k] for k in np.argsort(self._due, kind="stable")], 0
        self._due.sort()

    def evaluate(self, done: int) -> None:
        """Evaluate the energies that are complete after ``done`` draws of each chain."""
        rows, found = self._spins.reshape(-1, self._ising.size), self._found.reshape(-1)
        while self._at < len(self._parts) and self._due[self._at] <= done:
            part = self._parts[self._at]
            found[part] = self._ising.energy(rows[part])
            self._at += 1

    def of(self, done: int) -> Float:
        """Return the energies (chain, draw) of the first ``done`` draws."""
        chain, draw = np.nonzero(np.isnan(self._found[:, :done]))
        self._found[chain, draw] = self._ising.energy(self._spins[chain, draw])
        return np.ascontiguousarray(self._found[:, :done])
