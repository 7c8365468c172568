r"""Abstract stochastic neurons whose refractory state is the sample.

.. math:: u_k = b_k + \sum_j W_{kj} z_j, \qquad
          P(\text{spike in } dt \mid \text{not refractory}) = \frac{1}{1 + e^{-(u_k - \ln(\tau / dt))}}

where z is 1 for tau after a spike and the neuron is refractory as long; a spike adds W to the potentials it reaches and
removes it after tau. Then p(z) ~ exp(z'Wz / 2 + b'z). The distribution is exact for single neurons at any dt. Strong
couplings meet two limits. Two neurons may fire in one step independently: those that inhibit each other are on together
far too often. And neurons that are nearly always on fire every tau, and keep the order in which they do for some
e^(2u) tau / 40.

Neurons of strongly coupled networks therefore take turns, those of one color of the graph of W after those of another,
once in every tau, when they fire with P = 1 / (1 + exp(-u)). These are the operators of the paper one after another at
tau = dt; each leaves p unchanged, so that this is Gibbs sampling by spikes, exact at any temperature.
Source: Buesing, Bill, Nessler and Maass, PLoS Comput. Biol. 7, e1002211 (2011).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..ising import Float
from ..sampling.block_gibbs_kernel import greedy_colors

TOGETHER = 0.02  # bound on the part of its time that a neuron may owe to firing at once with those that inhibit it
STRONG = 2.0  # highest u of a neuron that does not keep in step with others for longer than tau,
FAINT = 0.1  # unless its sum |W| is below this: then its order among them does not matter
FINEST = 16  # times as many steps where neurons take turns as where they do not
CROWDED = (
    "coupled neurons fire in one step or keep in step, and are too many to take turns: take a lower beta or a sparser "
    "problem"
)


@dataclass(frozen=True)
class AbstractNeurons:
    """Parameters of abstract stochastic neurons.

    Attributes
    ----------
    tau_s : float
        Duration of a spike in s.
    dt_s : float
        Step in s, of which tau is a whole multiple.
    turns : tuple of int
        Step of each tau, from 0, in which each neuron of a network may fire; no two that are connected share one, and
        stacked networks repeat it. Without turns all neurons may fire in every step.
    """

    tau_s: float = 10e-3
    dt_s: float = 0.2e-3
    turns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        require_steps(self.tau_s, self.dt_s)
        if self.turns and not 0 <= min(self.turns) <= max(self.turns) < round(self.tau_s / self.dt_s):
            raise ValueError(f"turns are {min(self.turns)} to {max(self.turns)}; give steps of tau, from 0")

    @property
    def cycle(self) -> int:
        """Steps from one in which a neuron may fire to the next."""
        return round(self.tau_s / self.dt_s) if self.turns else 1

    def suit(self, weights: Any, biases: Float) -> bool:
        """Tell whether couplings are weak enough for these neurons, or the neurons take turns.

        Parameters
        ----------
        weights : (n, n) csr_array
            W, symmetric.
        biases : (n,) float
            b.

        Returns
        -------
        bool
            Whether the network samples its distribution.
        """
        w, highest = sparse.coo_array(weights), biases + sparse.csr_array(weights).maximum(0.0).sum(axis=1)
        if self.turns or not w.data.any():
            return True
        (i, j), u, inhibits = w.coords, np.clip(highest, -300.0, 300.0), w.data < 0.0
        # Rate of both at once over the weight of all four states, P(off, off) being one of them, in units of 1 / tau.
        rates = 1.0 / (np.exp(-u[i] - u[j]) + np.exp(-u[i]) + np.exp(-u[j]) + np.exp(np.minimum(w.data, 0.0)))
        together = self.dt_s / self.tau_s * np.bincount(i, rates * inhibits).max()
        coupled = np.bincount(i, np.abs(w.data), u.size) > FAINT
        return bool(together <= TOGETHER and (u[coupled] <= STRONG).all())

    def suited(self, weights: Any, biases: Float) -> AbstractNeurons:
        """Return these neurons, or ones that take turns where couplings are too strong.

        Networks of more than ``FINEST`` colors for every step of tau stay as they are.

        Parameters
        ----------
        weights : (n, n) csr_array
            W, symmetric.
        biases : (n,) float
            b.

        Returns
        -------
        AbstractNeurons
            Neurons with ``turns`` where they are needed.
        """
        if self.suit(weights, biases):
            return self
        graph, colors = sparse.csr_array(weights), np.empty(biases.size, np.int64)
        order = np.argsort(-np.diff(graph.indptr), kind="stable")
        count = greedy_colors(graph.indptr, graph.indices, order, colors)
        if count > FINEST * self.tau_s / self.dt_s:
            return self
        return replace(self, dt_s=self.tau_s / count, turns=tuple(colors.tolist()))

    def model(self, size: int, pre: NDArray[Any], post: NDArray[Any]) -> Callable[[Any], Sequence[Any]]:
        """Define the Brian2 objects ``cells``, ``synapses`` and ``spikes`` of the network.

        Parameters
        ----------
        size : int
            Number of neurons.
        pre, post : (synapses,) int
            Synapse k goes from pre[k] to post[k].

        Returns
        -------
        callable
            A model for :func:`.build_simulator`.
        """

        def objects(b2: Any) -> list[Any]:
            cells = b2.NeuronGroup(
                size,
                "b : 1 (constant)\nstart : second (constant)\nh : 1"
                + ("\nturn : integer (constant)" if self.turns else ""),
                threshold=("t_in_timesteps % cycle == turn and " if self.turns else "")
                + "t >= start and rand() < 1 / (1 + exp(clip(log_tau - b - h, -500, 500)))",
                refractory=self.tau_s * b2.second,
                namespace={"log_tau": float(np.log(self.tau_s / (self.cycle * self.dt_s))), "cycle": self.cycle},
                name="cells",
            )
            if self.turns:
                cells.turn = np.resize(self.turns, size)
            spikes = b2.SpikeMonitor(cells, name="spikes")
            if not len(pre):
                return [cells, spikes]
            synapses = b2.Synapses(
                cells,
                cells,
                "w : 1 (constant)",
                on_pre={"up": "h_post += w", "down": "h_post -= w"},
                delay={"down": self.tau_s * b2.second},
                name="synapses",
            )
            synapses.connect(i=pre, j=post)
            return [cells, synapses, spikes]

        return objects

    def parameters(self, biases: Float, weights: Float) -> dict[str, Float]:
        """Compute the variables of a run.

        Parameters
        ----------
        biases : (size,) float
            b.
        weights : (synapses,) float
            W of each synapse.

        Returns
        -------
        dict of str to ndarray
            Parameters for :meth:`.Simulator.run`.
        """
        return {"cells.b": biases, **({"synapses.w": weights} if weights.size else {})}


def require_steps(tau_s: float, dt_s: float) -> None:
    """Validate that tau is a whole number of steps, two or more.

    Parameters
    ----------
    tau_s : float
        Duration of a spike in s.
    dt_s : float
        Step in s.

    Raises
    ------
    ValueError
        If it is not.
    """
    ratio = tau_s / dt_s if dt_s > 0 and np.isfinite([tau_s, dt_s]).all() else 0.0
    if ratio < 1.5 or abs(ratio - round(ratio)) > 1e-6 * ratio:
        raise ValueError(f"tau_s is {tau_s}, dt_s {dt_s}; tau must be a whole number of steps, two or more")
