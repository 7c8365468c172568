"""Associative memory as a scikit-learn estimator: fit stores, transform recalls, score_samples gives -E."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..ising import Float
from .dense import DenseMemory
from .learning_rules import couplings_as_ising, hebb, pseudo_inverse, storkey
from .relaxation import relax

_RULES = {"hebb": hebb, "pseudo-inverse": pseudo_inverse, "storkey": storkey}


class HopfieldMemory(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Scikit-learn estimator that stores binary patterns and recalls them from cues.

    Values of X above ``threshold`` are +1, else -1; every row is a pattern to store, or a cue.

    Parameters
    ----------
    rule : str
        "hebb", "pseudo-inverse", "storkey" or "dense".
    power : int or None
        Power of "dense"; None is the exponential interaction.
    threshold : float
        Value of X above which a spin is +1.
    max_sweeps : int
        Largest number of sweeps of a recall.
    random_state : int, RandomState or None
        Seed of the order of the spins. The order is the same for every row, so that the recall of a row does not depend
        on the other rows.

    Attributes
    ----------
    patterns_ : (k, n) int8
        The stored patterns.
    couplings_ : (n, n) float
        J; absent for "dense".
    """

    def __init__(
        self,
        rule: str = "pseudo-inverse",
        *,
        power: int | None = 3,
        threshold: float = 0.0,
        max_sweeps: int = 100,
        random_state: Any = None,
    ) -> None:
        self.rule = rule
        self.power = power
        self.threshold = threshold
        self.max_sweeps = max_sweeps
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> HopfieldMemory:
        """Store the rows of X.

        A warning is given where all of X lies on one side of the threshold, and where recall corrects less than half of
        the errors in cues with a tenth of their spins flipped.

        Parameters
        ----------
        X : (k, n) array_like
            Patterns.
        y : None
            Ignored.

        Returns
        -------
        HopfieldMemory
            The fitted estimator.

        Raises
        ------
        ValueError
            If the rule is unknown.
        """
        if self.rule not in (*_RULES, "dense"):
            raise ValueError(f"rule is {self.rule!r}; it must be one of {', '.join(_RULES)}, dense")
        x = np.asarray(validate_data(self, X))
        self.patterns_ = self._spins(x)
        low, high = float(x.min()), float(x.max())
        if low < high and (self.patterns_ == self.patterns_[0, 0]).all():
            warnings.warn(
                f"HopfieldMemory stores one pattern, all {self.patterns_[0, 0]:+d}: X ranges from {low:g} to {high:g}, "
                f"on one side of threshold={self.threshold:g}; set threshold to a value that parts it",
                stacklevel=2,
            )
        self.seed_ = int(check_random_state(self.random_state).randint(2**31))
        if self.rule == "dense":
            DenseMemory(self.patterns_, self.power)  # raises if the power is out of range
        else:
            self.couplings_ = _RULES[self.rule](self.patterns_)  # type: ignore[operator]
        turned, wrong = self._errors()
        if wrong > 0.5 * turned:
            warnings.warn(
                f"HopfieldMemory recalls little: of patterns with {turned:.1%} of their spins turned, {wrong:.1%} are "
                f"wrong after recall; {len(self.patterns_)} patterns are too many or too alike for "
                f"{self.patterns_.shape[1]} spins and rule {self.rule!r}"
                + ("; take rule='pseudo-inverse'" if self.rule in ("hebb", "storkey") else ""),
                stacklevel=2,
            )
        return self

    def transform(self, X: Any) -> Float:
        """Recall the fixed point that each row of X leads to.

        Returns
        -------
        (reads, n) float
            Final states of -1.0 and +1.0.
        """
        check_is_fitted(self)
        return self._recalled(self._spins(validate_data(self, X, reset=False)))

    def score_samples(self, X: Any) -> Float:
        """Evaluate -E of each row of X, which is high for states near the patterns.

        Returns
        -------
        (reads,) float
            The negative energies.
        """
        check_is_fitted(self)
        spins = self._spins(validate_data(self, X, reset=False))
        memory = (
            DenseMemory(self.patterns_, self.power) if self.rule == "dense" else couplings_as_ising(self.couplings_)
        )
        return -np.asarray(memory.energy(spins))

    def _errors(self) -> tuple[float, float]:
        """Measure the wrong spins before and after recall, on ten patterns with a tenth of their spins flipped."""
        some = self.patterns_[:: -(-len(self.patterns_) // 10)]
        cues, n = some.copy(), some.shape[1]
        rng = np.random.default_rng(0)  # the verdict must not depend on the user's seed
        for cue in cues:
            cue[rng.choice(n, max(1, n // 10), replace=False)] *= -1
        return float((cues != some).mean()), float((self._recalled(cues) != some).mean())

    def _recalled(self, cues: Any) -> Float:
        recalled = np.empty(cues.shape)
        for row, cue in zip(recalled, cues, strict=True):
            options: Any = {"sweeps": self.max_sweeps, "rng": self.seed_}
            row[:] = (
                DenseMemory(self.patterns_, self.power).recall(cue, **options)
                if self.rule == "dense"
                else relax(self.couplings_, cue, **options)
            ).spins[0]
        return recalled

    def _spins(self, X: Any) -> Any:
        return np.where(np.asarray(X) > self.threshold, 1, -1).astype(np.int8)
