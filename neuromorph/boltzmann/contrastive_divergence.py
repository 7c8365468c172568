r"""Learning of a restricted machine from batches: contrastive divergence, persistent chains, tempered chains.

.. math:: \Delta W \propto \langle h v^\top \rangle_{data} - \langle h v^\top \rangle_{model}

h enters as its mean given v. The model average comes from chains that start at the data and take k steps ("cd"), from
chains that persist from update to update ("pcd"), or from the coldest rung of tempered chains that persist
("tempering"). Both averages are one matrix product, [p; -p']' [v; v'], added to W in place.
Source: Hinton, Neural Comput. 14, 1771 (2002); Tieleman, ICML (2008); Desjardins et al., AISTATS (2010).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import sgemm

from .block_gibbs import AnnealingPath, RandomLanes, Single, mean_units, sample_units, tempering_sweep
from .rbm_model import Units

LearningMethod: TypeAlias = Literal["cd", "pcd", "tempering"]


@dataclass(frozen=True)
class TrainingOptions:
    """Options of the learning of a layer.

    Attributes
    ----------
    method : {"cd", "pcd", "tempering"}
        Source of the model average.
    steps : int
        Gibbs steps (sweeps of the ladder) of the negative phase an update.
    chains : int
        Persistent chains (ladders, if tempered); cd has as many as the batch has rows.
    rungs : int
        Inverse temperatures of a ladder, evenly from 0 (units with the means of the data) to 1.
    momentum : float
        Momentum, 0 <= momentum < 1.
    weight_decay : float
        Decay rate: W shrinks by rate * weight_decay an update.
    """

    method: LearningMethod = "pcd"
    steps: int = 1
    chains: int = 100
    rungs: int = 10
    momentum: float = 0.0
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        if self.method not in ("cd", "pcd", "tempering"):
            raise ValueError(f"method is {self.method!r}; choose cd, pcd or tempering")
        for name, least in (("steps", 1), ("chains", 1), ("rungs", 2)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least {least}")
        if not 0.0 <= self.momentum < 1.0:
            raise ValueError(f"momentum is {self.momentum}; it must be at least 0 and below 1")
        if not (np.isfinite(self.weight_decay) and self.weight_decay >= 0.0):
            raise ValueError(f"weight_decay is {self.weight_decay}; it must be finite and not negative")


@dataclass(frozen=True, eq=False)
class RbmTrainer:
    """Parameters, chains and buffers of one layer, which :meth:`learn` changes in place.

    Attributes
    ----------
    weights : (n, m) float32
        W, C-contiguous.
    visible_biases, hidden_biases : (m,) float32, (n,) float32
        b and c.
    base : (m,) float32
        Biases of the hottest rung.
    rule : TrainingOptions
        Options of the learning.
    stream : RandomLanes
        Random numbers.
    visible, hidden : Units
        Types of the units; tempering takes Bernoulli hidden units only.
    draw_data : bool
        Whether data are probabilities, of which a state is drawn each time.
    state : dict of str to Any
        Chains and buffers that persist between updates.
    """

    weights: Single
    visible_biases: Single
    hidden_biases: Single
    base: Single
    rule: TrainingOptions
    stream: RandomLanes
    visible: Units = "bernoulli"
    hidden: Units = "bernoulli"
    draw_data: bool = False
    state: dict[str, Any] = field(default_factory=dict, repr=False)

    def learn(self, data: Single, rate: float, chosen: NDArray[np.intp] | None = None) -> None:
        """Update the parameters from a batch.

        Parameters
        ----------
        data : (samples, m) float32
            Data.
        rate : float
            Learning rate.
        chosen : ndarray of int or None
            Rows of the batch; None is all.
        """
        chosen = np.arange(len(data)) if chosen is None else chosen
        rows, method = len(chosen), self.rule.method
        chains = rows if method == "cd" else self.rule.chains
        v, p = (self._buffer(name, rows + chains, b) for name, b in zip("vp", self._parameters[1:], strict=True))
        np.take(data, chosen, axis=0, out=v[:rows], mode="clip")  # clip: the mode that writes without a buffer
        if self.draw_data:
            v[:rows] = self.stream.generator.random(v[:rows].shape, np.float32) < v[:rows]
        sign = -rows / chains  # both averages are divided by rows
        if method == "tempering":
            v[rows:] = self._tempered(chains)
        else:
            h = self._chains(chains)
            if method == "cd":
                np.matmul(v[:rows], self.weights.T, out=p[:rows])
                sample_units(p[:rows], self.hidden, self.hidden_biases, self.stream, h)
            for step in range(self.rule.steps):
                if step:
                    np.matmul(v[rows:], self.weights.T, out=h)
                    sample_units(h, self.hidden, self.hidden_biases, self.stream)
                np.matmul(h, self.weights, out=v[rows:])
                sample_units(v[rows:], self.visible, self.visible_biases, self.stream)
        if method == "cd":
            np.matmul(v[rows:], self.weights.T, out=p[rows:])
        else:  # persistent chains share one product with the data
            np.matmul(v, self.weights.T, out=p)
            mean_units(p[:rows], self.hidden, self.hidden_biases)
        if method == "pcd":
            sample_units(p[rows:], self.hidden, self.hidden_biases, self.stream, h, sign=sign)
        else:
            mean_units(p[rows:], self.hidden, self.hidden_biases, sign=sign)
        self._update(v, p, rate, rows, sign)

    def _update(self, v: Single, p: Single, rate: float, rows: int, sign: float) -> None:
        """Ascend along p' v / rows, of data and chains; the rows of p of the chains bear ``sign``."""
        rule, weights, signs = self.rule, self.weights, np.full(len(v), sign, np.float32)
        signs[:rows] = 1.0
        keep = 1.0 - rate * rule.weight_decay
        by = self.state.setdefault("velocity", [np.zeros_like(a) for a in self._parameters]) if rule.momentum else None
        target, scale, held = (by[0], 1.0 / rows, rule.momentum) if by else (weights, rate / rows, keep)
        # In place, since BLAS reads C-contiguous (n, m) as Fortran's (m, n): W = held W + scale p' v.
        sgemm(scale, v.T, p.T, held, target.T, trans_b=1, overwrite_c=1)
        if by:
            weights *= np.float32(keep)
            weights += np.float32(rate) * by[0]
        steps = (signs @ v / np.float32(rows), p.sum(axis=0) / np.float32(rows))
        for k, (biases, step) in enumerate(zip(self._parameters[1:], steps, strict=True), start=1):
            if by:
                by[k] *= np.float32(rule.momentum)
                by[k] += step
                step = by[k]
            biases += np.float32(rate) * step

    def _tempered(self, ladders: int) -> Single:
        """Sweep the ladders ``rule.steps`` times and return v (ladders, m) of the coldest rungs."""
        betas = np.linspace(0.0, 1.0, self.rule.rungs, dtype=np.float32)
        path = AnnealingPath(self.weights, self.visible_biases, self.hidden_biases, self.base, self.visible)
        state = self.state
        if "v" not in state.get("ladder", {}):
            level = np.repeat(np.arange(betas.size)[:, None], ladders, axis=1)
            state["ladder"] = {"v": path.start(betas.size * ladders, self.stream), "level": level}
        ladder = state["ladder"]
        for _ in range(self.rule.steps):
            ladder["v"], ladder["level"], _ = tempering_sweep(path, ladder["v"], ladder["level"], betas, self.stream)
        return np.asarray(ladder["v"][(ladder["level"] == betas.size - 1).ravel()])

    def _chains(self, rows: int) -> Single:
        """Return the hidden states of the chains (rows, n); those of pcd start at 0 and persist."""
        return self._buffer("h", rows, self.hidden_biases)

    def _buffer(self, name: str, rows: int, like: Single) -> Single:
        """Return a (rows, n) array that is kept from one update to the next."""
        if name not in self.state or len(self.state[name]) < rows:
            self.state[name] = np.zeros((rows, like.size), np.float32)
        return np.asarray(self.state[name][:rows])

    @property
    def _parameters(self) -> tuple[Single, Single, Single]:
        return self.weights, self.visible_biases, self.hidden_biases
