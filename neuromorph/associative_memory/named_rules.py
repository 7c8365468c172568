"""Learning rules by name: what makes couplings of the patterns of a memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from numpy.typing import ArrayLike

from ..ising import Float
from .learning_rules import hebb, pseudo_inverse, storkey

_CLOSED_FORM: dict[str, Callable[[ArrayLike], Float]] = {
    "hebb": hebb,
    "pseudo-inverse": pseudo_inverse,
    "storkey": storkey,
}

COUPLING_RULES = (*_CLOSED_FORM, "perceptron")
UNCOUPLED_RULES = ("dense", "modern")
"""Rules whose energy is no sum over pairs of spins."""

RULES = (*COUPLING_RULES, *UNCOUPLED_RULES)


@dataclass(frozen=True, eq=False)
class LearnedCouplings:
    """Couplings that a learning rule makes of patterns.

    Attributes
    ----------
    couplings : (n, n) float
        Symmetric, with zero diagonal.
    status : str
        How iterated learning ended; "" for a closed form.
    """

    couplings: Float
    status: str = ""


def learn_couplings(patterns: ArrayLike, rule: str = "hebb") -> LearnedCouplings:
    """Learn symmetric couplings by a named rule.

    Parameters
    ----------
    patterns : (k, n)
        -1 and +1.
    rule : str
        One of ``COUPLING_RULES``; "perceptron" learns symmetric couplings, so that there is an energy.

    Returns
    -------
    LearnedCouplings
        Couplings, and how iterated learning ended.

    Raises
    ------
    ValueError
        The rule is unknown, or makes no couplings.
    """
    if check_rule(rule) in UNCOUPLED_RULES:
        raise ValueError(
            f"rule {rule} makes no couplings that a target could hold; take {', '.join(COUPLING_RULES[:-1])} or "
            f"{COUPLING_RULES[-1]}, or `neuromorph recall --rule {rule}`, which needs no target"
        )
    if rule in _CLOSED_FORM:
        return LearnedCouplings(_CLOSED_FORM[rule](patterns))
    from .iterated_learning import perceptron

    learned = perceptron(patterns, symmetric=True)
    return LearnedCouplings(learned.couplings, learned.status)


def check_rule(rule: str) -> str:
    """Require the name of a learning rule.

    Parameters
    ----------
    rule : str
        Name.

    Returns
    -------
    str
        ``rule`` itself.

    Raises
    ------
    ValueError
        If it is not one of ``RULES``.
    """
    if rule not in RULES:
        raise ValueError(f"rule is {rule!r}; it must be one of {', '.join(RULES)}")
    return rule
