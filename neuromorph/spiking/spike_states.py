r"""States of a sampling network, read from its spikes.

.. math:: z_k(t) = 1 \quad\text{if neuron } k \text{ fired in } [t - \tau, t), \qquad s_k = 2 z_k - 1

where tau is the duration of a spike, so that spikes alone determine at every moment which of the 2^n states holds.
Source: Buesing, Bill, Nessler and Maass, PLoS Comput. Biol. 7, e1002211 (2011).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import exact
from ..exact import MAX_SPINS
from ..ising import Float
from ..runtime.threads import single_threaded_blas
from ..sampling.diagnostics import effective_sample_size, mixing_verdict, split_rhat


@dataclass(frozen=True, eq=False)
class SpikeStates:
    """Spikes of independent chains of n neurons each.

    Attributes
    ----------
    steps, chains, neurons : (spikes,) int
        Time in units of dt_s, chain and neuron of each spike.
    shape : tuple of int
        Chains and n.
    dt_s, tau_s : float
        Step in s; time that a spike holds z at 1, a multiple of the step.
    start_s, end_s : float
        Range that is read in s, from the end of the burn-in.
    held : (chains, n) int8
        -1 or +1 where a neuron is clamped, else 0.
    manifest : dict
        Back end, seed and versions.
    """

    steps: NDArray[np.int64]
    chains: NDArray[np.int64]
    neurons: NDArray[np.int64]
    shape: tuple[int, int]
    dt_s: float
    tau_s: float
    start_s: float
    end_s: float
    held: NDArray[np.int8]
    manifest: Mapping[str, Any] = field(default_factory=dict)

    def spins(self, every_s: float | None = None) -> NDArray[np.int8]:
        """Read states at start + every, start + 2 every, ...; by default one each tau.

        Returns
        -------
        (chain, draw, n) int8
            The states.

        Raises
        ------
        ValueError
            If ``every_s`` is out of range.
        """
        spacing = self.tau_s if every_s is None else every_s
        first, last = self._step(self.start_s), self._step(self.end_s)
        stride = self._step(spacing) if np.isfinite(spacing) else 0
        if not 1 <= stride <= last - first:
            raise ValueError(f"every_s is {every_s}; give {self.dt_s:g} .. {self.end_s - self.start_s:g} s")
        draws = (last - first) // stride
        # z is 1 at steps s + 1 .. s + tau / dt; draw d, 0-based, is at step first + (d + 1) stride.
        change = np.zeros((*self.shape, draws + 1), np.int32)
        for step, sign in ((self.steps + 1, 1), (self.steps + 1 + self._step(self.tau_s), -1)):
            draw = np.clip(-((first - step) // stride) - 1, 0, draws)
            np.add.at(change, (self.chains, self.neurons, draw), sign)
        on = np.cumsum(change[..., :draws], axis=-1) > 0
        spins = np.where(on, 1, -1).astype(np.int8).transpose(0, 2, 1)
        return np.where(self.held[:, None] != 0, self.held[:, None], spins)

    def occupancy(self, until_s: float | None = None) -> Float:
        """Compute the share of time that all chains together spent in each state, n <= 24.

        Returns
        -------
        (2^n,) float
            The shares after the burn-in, until ``until_s`` if given.
        """
        return np.asarray(self.occupancies(until_s).mean(axis=0))

    def occupancies(self, until_s: float | None = None) -> Float:
        """Compute the share of time that each chain spent in each state, n <= 24.

        Returns
        -------
        (chains, 2^n) float
            The shares after the burn-in, until ``until_s`` if given.

        Raises
        ------
        ValueError
            If there are too many neurons or ``until_s`` is out of range.
        """
        count, n = self.shape
        if n > MAX_SPINS:
            raise ValueError(f"the network has {n} neurons; shares of 2^n states stop at {MAX_SPINS}: use spins()")
        first, last = self._step(self.start_s), self._step(self.end_s if until_s is None else until_s)
        if not first < last <= self._step(self.end_s):
            raise ValueError(f"until_s is {until_s}; give a time after {self.start_s:g} s, at most {self.end_s:g} s")
        length = last - first
        fixed = exact.states_of(self.held)
        # One time axis, the chains one after another; a state's number changes by +-2^k at both ends of each pulse.
        on = np.clip(self.steps + 1 - first, 0, length)
        off = np.clip(self.steps + 1 + self._step(self.tau_s) - first, 0, length)
        origin, bit = self.chains * length, np.left_shift(1, self.neurons)
        begin = np.arange(count + 1) * length
        times = np.concatenate([begin, origin + on, origin + off])
        jumps = np.concatenate([np.zeros(count + 1, np.int64), bit, -bit])
        order = np.argsort(times, kind="stable")
        widths = np.diff(times[order])
        lasting = widths > 0  # the sum is no state between two events at the same moment
        states = np.cumsum(jumps[order])[:-1][lasting]
        chain = times[order][:-1][lasting] // length
        size = 1 << n
        at = chain * size + fixed[chain] + states
        shares = np.bincount(at, weights=widths[lasting], minlength=count * size)
        return np.asarray(shares.reshape(count, size) / length)

    def verdict(self) -> str:
        """Judge by R-hat and effective draws of every neuron whether the chains have mixed.

        States are read every tau, four times at least.

        Returns
        -------
        str
            "not mixed" with the reason and the remedy; "" for mixed chains, and for those too short to be judged.
        """
        spins = self.spins()
        if spins.shape[1] < 4:
            return ""
        rhat, size = split_rhat(spins), effective_sample_size(spins)
        moving = np.isfinite(size)  # a neuron that never changes, because it is held say, tells nothing
        return mixing_verdict(rhat[moving].max(), size[moving].min()) if moving.any() else ""

    def _step(self, time_s: float) -> int:
        return round(time_s / self.dt_s)


def relative_entropy(shares: ArrayLike, exact_shares: ArrayLike) -> Any:
    """Compute the relative entropy D(p || q) = sum p ln(p / q) in nats.

    Parameters
    ----------
    shares : (..., states) array_like
        Shares of time p.
    exact_shares : (states,) array_like
        Exact probabilities q.

    Returns
    -------
    float or ndarray
        D of each distribution p.

    Raises
    ------
    ValueError
        If the shapes do not match.
    """
    p, q = np.asarray(shares, dtype=float), np.asarray(exact_shares, dtype=float)
    if p.shape[-1:] != q.shape:
        raise ValueError(f"shares have shape {p.shape}, exact ones {q.shape}; give (..., states) and (states,)")
    with np.errstate(divide="ignore"):  # D is infinite if a state without probability was visited
        ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    total = (p * np.log(ratio)).sum(axis=-1)
    return float(total) if total.ndim == 0 else total


@single_threaded_blas()
def exponential_neuron_divergence(biases: ArrayLike, weights: ArrayLike, tau_s: float) -> float:
    r"""Compute the divergence T <D> of an exact sampler of neurons without memory.

    .. math:: \langle D \rangle = \frac1T \sum_{k \ge 2} \frac1{\lambda_k}

    where T is a long time, and -lambda_k are the nonzero eigenvalues of the generator of neurons that switch on at rate
    exp(u) / tau and off at rate 1 / tau; they obey detailed balance for every b and W. Neurons whose spikes all last
    tau vary less, by half where they are alone: they can come below this floor.

    Parameters
    ----------
    biases : (n,) array_like
        b, n <= 10.
    weights : (n, n) array_like
        W.
    tau_s : float
        tau in s.

    Returns
    -------
    float
        T <D> in s. NaN where the slowest mode is too slow beside the fastest to be told from 0 in double precision: at
        low temperatures.

    Raises
    ------
    ValueError
        If there are more than 10 neurons.
    """
    b, w = np.asarray(biases, dtype=float), np.asarray(weights, dtype=float)
    n = b.size
    if n > 10:
        raise ValueError(f"biases are of {n} neurons; 2^n eigenvalues are found to n = 10")
    z = (exact.spins_of(np.arange(1 << n), n) + 1) / 2.0
    u = z @ w + b
    if u.max() > 600.0:
        return np.nan
    generator = np.zeros((1 << n, 1 << n))
    for k in range(n):
        off = np.flatnonzero(z[:, k] == 0)
        on = off + (1 << k)
        # Symmetric form: sqrt(p_off / p_on) * rate, p_on / p_off = exp(u).
        generator[off, on] = generator[on, off] = np.exp(u[off, k] / 2.0) / tau_s
        generator[off, off] -= np.exp(u[off, k]) / tau_s
        generator[on, on] -= 1.0 / tau_s
    rates = -np.linalg.eigvalsh(generator)
    return float((1.0 / rates[:-1]).sum()) if rates[-2] > 1e-12 * rates[0] else np.nan
