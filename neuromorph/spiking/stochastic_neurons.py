r"""Abstract stochastic neurons whose refractory state is the sample.

.. math:: u_k = b_k + \sum_j W_{kj} z_j, \qquad
          P(\text{spike in } dt \mid \text{not refractory}) = \frac{1}{1 + e^{-(u_k - \ln(\tau / dt))}}

where z is 1 for tau after a spike and the neuron is refractory as long; a spike adds W to the potentials it reaches and
removes it after tau. Then p(z) ~ exp(z'Wz / 2 + b'z). The distribution is exact for single neurons at any dt; with
several the error is of order dt, since two may fire in one step independently.
Source: Buesing, Bill, Nessler and Maass, PLoS Comput. Biol. 7, e1002211 (2011).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float


@dataclass(frozen=True)
class AbstractNeurons:
    """Parameters of abstract stochastic neurons.

    Attributes
    ----------
    tau_s : float
        Duration of a spike in s.
    dt_s : float
        Step in s, of which tau is a whole multiple.
    """

    tau_s: float = 10e-3
    dt_s: float = 0.2e-3

    def __post_init__(self) -> None:
        require_steps(self.tau_s, self.dt_s)

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
                "b : 1 (constant)\nstart : second (constant)\nh : 1",
                threshold="t >= start and rand() < 1 / (1 + exp(clip(log_tau - b - h, -500, 500)))",
                refractory=self.tau_s * b2.second,
                namespace={"log_tau": float(np.log(self.tau_s / self.dt_s))},
                name="cells",
            )
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
