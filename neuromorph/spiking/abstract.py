r"""Abstract stochastic neurons whose refractory state is the sample.

.. math:: u_k = b_k + \sum_j W_{kj} z_j, \qquad
          P(\text{spike in } dt \mid \text{not refractory}) = \frac{1}{1 + e^{-(u_k - \ln(\tau / dt))}}

z is 1 for tau after a spike and the neuron is refractory as long; a spike adds W to the potentials it reaches and takes
it away after tau. Then p(z) ~ exp(z'Wz / 2 + b'z). It is exact for single neurons at any dt. Of several, two may fire in
one step without knowing of each other: where they inhibit each other strongly this is how they come to be on together,
far too often. Such neurons take turns: those of one colour of the graph of W fire in one step, those of the next colour
in the next, each at P for the time from turn to turn. These are the operators of the paper one after another, each of
which leaves p alone, so that it is exact at any dt.
Source: Buesing, Bill, Nessler and Maass, PLoS Comput. Biol. 7, e1002211 (2011).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..ising import Float
from ..kernels.colours import greedy_colours

TOGETHER = 0.02  # bound on the part of its time that a neuron may owe to that where nobody takes turns
FINEST = 16  # times as many steps as without turns


@dataclass(frozen=True)
class AbstractNeurons:
    """tau_s: how long a spike lasts; dt_s: step, a whole part of tau.

    turns : (n,) int, from 0    the step of each cycle in which each neuron of a network may fire, no two that are
                                connected in one; stacked networks repeat it. Without, all may fire in every step
    """

    tau_s: float = 10e-3
    dt_s: float = 0.2e-3
    turns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        require_steps(self.tau_s, self.dt_s * self.cycle)

    @property
    def cycle(self) -> int:
        """Steps from turn to turn of a neuron."""
        return max(self.turns, default=0) + 1

    def together(self, weights: Any, biases: Float) -> float:
        """Bound on the part of any neuron's time that it owes to firing at once with neurons that inhibit it.

        Parameters
        ----------
        weights : (n, n) CSR, symmetric     W
        biases : (n,)                       b
        """
        w = sparse.coo_array(weights)
        inhibits = w.data < 0.0
        if self.turns or not inhibits.any():
            return 0.0
        highest = biases + sparse.csr_array(weights).maximum(0.0).sum(axis=1)
        (i, j), u = (ends[inhibits] for ends in w.coords), np.clip(highest, -300.0, 300.0)
        # Rate of both at once over the weight of all four states, P(off, off) being one of them, in units of 1 / tau.
        rates = 1.0 / (np.exp(-u[i] - u[j]) + np.exp(-u[i]) + np.exp(-u[j]) + np.exp(w.data[inhibits]))
        return float(self.dt_s / self.tau_s * np.bincount(i, rates).max())

    def suited(self, weights: Any, biases: Float) -> AbstractNeurons:
        """These neurons, or such as take turns where W and b are too strong for them.

        With turns a cycle is a whole part of tau, two of them at least, and there are up to ``FINEST`` times as many
        steps as before; networks of more colours than that stay as they are, and ``together`` says by how much they are
        off.
        """
        if self.together(weights, biases) <= TOGETHER:
            return self
        graph, order = sparse.csr_array(weights), np.argsort(-np.diff(sparse.csr_array(weights).indptr), kind="stable")
        colours, steps = np.empty(biases.size, np.int64), self.tau_s / self.dt_s
        count = greedy_colours(graph.indptr, graph.indices, order, colours)
        cycles = max(2, ceil(steps / count - 1e-9))
        if count * cycles > FINEST * steps:
            return self
        return replace(self, dt_s=self.tau_s / (count * cycles), turns=tuple(colours.tolist()))

    def model(self, size: int, pre: NDArray[Any], post: NDArray[Any]) -> Callable[[Any], Sequence[Any]]:
        """Brian2 objects ``cells``, ``synapses``, ``spikes`` of ``size`` neurons, synapse k from pre[k] to post[k]."""

        def objects(b2: Any) -> list[Any]:
            cells = b2.NeuronGroup(
                size,
                "b : 1 (constant)\nstart : second (constant)\nh : 1" + ("\nturn : integer (constant)" if self.turns else ""),
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
        """The variables of a run for b (size,) and the W (synapses,) of each synapse."""
        return {"cells.b": biases, **({"synapses.w": weights} if weights.size else {})}


def require_steps(tau_s: float, dt_s: float) -> None:
    """ValueError unless tau is a whole number of steps, two or more."""
    ratio = tau_s / dt_s if dt_s > 0 and np.isfinite([tau_s, dt_s]).all() else 0.0
    if ratio < 1.5 or abs(ratio - round(ratio)) > 1e-6 * ratio:
        raise ValueError(f"tau_s is {tau_s}, dt_s {dt_s}; tau must be a whole number of steps, two or more")
