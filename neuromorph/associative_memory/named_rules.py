"""Learning rules by name: what makes couplings of the patterns of a memory, or a memory without couplings.

``dense`` and ``modern`` may have a parameter: ``dense(power=4)``, ``dense(power=exp)``, ``modern(beta=0.5)``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Any, TypeAlias

from numpy.typing import ArrayLike

from ..ising import Float
from .dense import DenseMemory
from .learning_rules import hebb, pseudo_inverse, storkey
from .modern_hopfield import ModernHopfield

UncoupledMemory: TypeAlias = DenseMemory | ModernHopfield

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
    if rule_name(rule) in UNCOUPLED_RULES:
        raise ValueError(
            f"rule {rule} makes no couplings that a device could hold; take {', '.join(COUPLING_RULES[:-1])} or "
            f"{COUPLING_RULES[-1]}, or the target cpu-relaxation, which needs none"
        )
    if rule in _CLOSED_FORM:
        return LearnedCouplings(_CLOSED_FORM[rule](patterns))
    from .iterated_learning import perceptron

    learned = perceptron(patterns, symmetric=True)
    return LearnedCouplings(learned.couplings, learned.status)


def uncoupled_memory(patterns: ArrayLike, rule: str) -> UncoupledMemory:
    """Make the memory of a rule without couplings.

    Parameters
    ----------
    patterns : (k, n)
        -1 and +1.
    rule : str
        "dense" or "modern", with its parameter or without.

    Returns
    -------
    DenseMemory or ModernHopfield
        Memory.

    Raises
    ------
    ValueError
        If the rule makes couplings, or its parameter is out of range.
    """
    name, given = _parsed(rule)
    if name not in UNCOUPLED_RULES:
        raise ValueError(f"rule is {rule!r}, which makes couplings; {' and '.join(UNCOUPLED_RULES)} make none")
    made: Any = {"dense": partial(DenseMemory, patterns), "modern": partial(ModernHopfield, patterns)}[name]
    return made(**given)


def rule_name(rule: str) -> str:
    """Return the name of a learning rule without its parameter.

    Parameters
    ----------
    rule : str
        Rule, with its parameter or without.

    Returns
    -------
    str
        One of ``RULES``.

    Raises
    ------
    ValueError
        If there is no such rule or parameter.
    """
    return _parsed(rule)[0]


def check_rule(rule: str) -> str:
    """Require the name of a learning rule.

    Parameters
    ----------
    rule : str
        Name, with its parameter or without.

    Returns
    -------
    str
        ``rule`` itself.

    Raises
    ------
    ValueError
        If it is not one of ``RULES``, or its parameter is none of its own.
    """
    _parsed(rule)
    return rule


_FORM = re.compile(r"([^()=\s]+)(?:\(\s*(?:(\w+)\s*=\s*([^()=\s]+)\s*)?\))?")
_PARAMETERS = {"dense": "power", "modern": "beta"}


def _parsed(rule: str) -> tuple[str, dict[str, Any]]:
    """Name and parameters of a rule."""
    found = _FORM.fullmatch(rule.strip())
    name, parameter, text = found.groups() if found else (rule, None, None)
    if name not in RULES:
        raise ValueError(f"rule is {rule!r}; it must be one of {', '.join(RULES)}")
    if parameter is None or text is None:
        return name, {}
    if parameter != _PARAMETERS.get(name):
        known = f"its parameter is {_PARAMETERS[name]}" if name in _PARAMETERS else "it has no parameter"
        raise ValueError(f"rule {name} has no parameter {parameter!r}; {known}")
    return name, {parameter: _power(text) if name == "dense" else _beta(text)}


def _power(text: str) -> int | None:
    if text == "exp":
        return None
    if not (text.isdecimal() and len(text) < 4 and 2 <= int(text) <= 100):
        raise ValueError(f"power is {text}; it must be a whole number from 2 to 100, or exp")
    return int(text)


def _beta(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not (isfinite(value) and value > 0.0):
        raise ValueError(f"beta is {text}; it must be finite and positive")
    return value
