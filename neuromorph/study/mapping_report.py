r"""What became of a problem on its way onto a device, in plain numbers.

.. math:: \kappa = \frac{\sum_{i<j} \tilde J_{ij} J_{ij} + \tfrac12 \sum_i \tilde h_i h_i}
                        {\sum_{i<j} J_{ij}^2 + \tfrac12 \sum_i h_i^2}, \qquad
          \varepsilon_J = \sqrt{\frac{\sum (\tilde J - J)^2}{\sum J^2}}, \qquad
          \varepsilon_h = \sqrt{\frac{\sum (\tilde h - h)^2}{\sum h^2}}

with J, h as asked for and :math:`\tilde J, \tilde h` as held. kappa is the ratio of the effective to the nominal
inverse temperature for small beta: the pseudo-likelihood of ``sampling.effective_temperature`` at beta = 0, where
:math:`\langle f \tilde f \rangle = \sum_j J_{ij} \tilde J_{ij} + h_i \tilde h_i`. Where the states can be enumerated, q
being what the device samples at beta and :math:`p_\beta` what was asked for,

.. math:: D = \sum_s q_s \ln \frac{q_s}{p_{\beta,s}}, \qquad
          \langle E \rangle_{p_{\beta_{global}}} = \langle E \rangle_q

beside the local beta, at which every spin follows from its field by pseudo-likelihood. beta_global minimizes
D(q || p_beta). Local and global ones differ where errors change which states are likely, and not only how likely.
Source: Raymond, Yarkoni and Andriyash, Front. ICT 3, 23 (2016), of both temperatures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.optimize import brentq

from ..exact import all_energies, boltzmann
from ..ising import Float, Ising
from ..run import Program, Run
from ..sampling.effective_temperature import effective_beta_of_distribution

MOST_ENUMERATED = 16  # spins up to which the states of a program are enumerated

_MOST_BITS = 20  # of numbers that are multiples of one step
_VALUES = 4096  # different numbers among which a step is looked for
_COUNTED = 1 << 21  # couplings that are sorted to tell different ones
_SAME = 1e-8  # numbers nearer than this, of the largest, are one
_WIDEST = 60  # doublings of a bracket
_EVENT = "broken_chains"  # share of broken chains in the activity of a run


@dataclass(frozen=True)
class MappingReport:
    """Differences between the problem that was asked for and the one on the device.

    None stands for a number that is not defined: of a tour that is held as a permutation there are no couplings.

    Attributes
    ----------
    target : str
        Name of the target.
    error : float
        ``Program.mapping_error``: RMS of what is held minus what was asked, over couplings and biases, relative.
    spins, couplings, degree : int or None
        Spins, coupled pairs, and most couplings of one spin, as asked for.
    scale : float or None
        kappa: what is held is this many times what was asked, by least squares.
    scaled_error : float or None
        RMS error that is left when this scale is divided out, relative.
    coupling_error, bias_error : float or None
        RMS errors of J and of h, relative to the RMS of those that were asked for; None where none were.
    coupling_rms, bias_rms : float or None
        RMS errors of J over pairs that are coupled, asked or held, and of h over all spins, in units of the problem.
    bits_asked, bits_held : int or None
        Fewest bits, with sign, of couplings that are whole multiples of one step; None beyond 20 bits.
    levels_asked, levels_held : int or None
        Number of different couplings; None of very many.
    beta : float or None
        Inverse temperature of the next four, 1 / energy.
    beta_local, beta_global : float or None
        Effective inverse temperatures of what the device samples at ``beta``, by pseudo-likelihood and by mean energy.
    kl : float or None
        Divergence of what the device samples at ``beta`` from what was asked for, nats.
    kl_bound : float or None
        What samplers that follow no known distribution add to it at most, nats.
    chain_breaks : float or None
        Share of chains of qubits that were broken, over the reads of a run; None without chains.
    device : dict of str to float
        What the target tells besides: tiles, bits, qubits, longest_chain.
    """

    target: str
    error: float
    spins: int | None = None
    couplings: int | None = None
    degree: int | None = None
    scale: float | None = None
    scaled_error: float | None = None
    coupling_error: float | None = None
    bias_error: float | None = None
    coupling_rms: float | None = None
    bias_rms: float | None = None
    bits_asked: int | None = None
    bits_held: int | None = None
    levels_asked: int | None = None
    levels_held: int | None = None
    beta: float | None = None
    beta_local: float | None = None
    beta_global: float | None = None
    kl: float | None = None
    kl_bound: float | None = None
    chain_breaks: float | None = None
    device: Mapping[str, float] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether the device holds what was asked for and samples it, as far as it tells."""
        return not (self.error or self.kl or self.kl_bound or self.chain_breaks)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data for JSON.

        Returns
        -------
        dict of str to object
            Number by name.
        """
        return {**vars(self), "device": dict(self.device)}


def mapping_report(program: Program, run: Run | None = None, *, beta: float | None = None) -> MappingReport:
    """Compare what a device holds with what was asked for.

    Parameters
    ----------
    program : Program
        Problem on a device, of any target.
    run : Run or None
        Reads of it, which tell of broken chains.
    beta : float or None
        Inverse temperature of the distributions; None takes 1 over the RMS field on a spin.

    Returns
    -------
    MappingReport
        Plain numbers.

    Raises
    ------
    ValueError
        If ``beta`` is negative or not finite.
    """
    if beta is not None and not 0.0 <= beta < math.inf:
        raise ValueError(f"beta is {beta}; it must be finite and not negative")
    bound = program.sampling_bound
    found: dict[str, Any] = {"error": float(program.mapping_error), "kl_bound": None if bound is None else bound.kl}
    found["device"] = _numbers(program.provenance)
    held = program.programmed
    if held is not None:
        asked = program.requested if isinstance(program.requested, Ising) else program.requested.ising()
        found |= _couplings(asked, held)
        if asked.size <= MOST_ENUMERATED:
            found |= _distributions(program, asked, held, beta)
    report = MappingReport(program.target, **found)
    return report if run is None else with_reads(report, run)


def with_reads(report: MappingReport, run: Run) -> MappingReport:
    """Add what reads tell of the mapping: broken chains, and the numbers of an embedding.

    Parameters
    ----------
    report : MappingReport
        Report of the program.
    run : Run
        Reads of it.

    Returns
    -------
    MappingReport
        Report with both.
    """
    embedding = run.provenance.get("embedding", {})
    device = {**report.device, **(_numbers(embedding) if isinstance(embedding, Mapping) else {})}
    broken = float(np.mean(run.activity[_EVENT])) if _EVENT in run.activity and run.reads else None
    return replace(report, device=device, chain_breaks=broken)


def _couplings(asked: Ising, held: Ising) -> dict[str, Any]:
    """Compare couplings and biases."""
    j = asked.sparse_couplings()
    k = j if held is asked else held.sparse_couplings()
    h, g = asked.biases, held.biases
    j2, h2 = float(j.power(2).sum()) / 2.0, float(h @ h)
    d2, e2 = float((k - j).power(2).sum()) / 2.0, float((g - h) @ (g - h))
    pairs = int((abs(j) + abs(k)).count_nonzero()) // 2
    found: dict[str, Any] = {"spins": asked.size, "couplings": int(j.count_nonzero()) // 2}
    found["degree"] = int(np.diff(j.indptr).max(initial=0))
    found["coupling_error"] = math.sqrt(d2 / j2) if j2 else None
    found["bias_error"] = math.sqrt(e2 / h2) if h2 else None
    found["coupling_rms"] = math.sqrt(d2 / pairs) if pairs else 0.0
    found["bias_rms"] = math.sqrt(e2 / asked.size)
    weight = j2 + h2 / 2.0  # the field of a spin has each coupling of both its ends, and one bias
    if weight:
        scale = (float(j.multiply(k).sum()) / 2.0 + float(h @ g) / 2.0) / weight
        found["scale"] = scale
        if scale > 0.0:
            rest = float((k / scale - j).power(2).sum()) / 2.0 + float(((g / scale - h) ** 2).sum())
            found["scaled_error"] = math.sqrt(rest / (j2 + h2))
    for which, matrix in (("asked", j), ("held", k)):
        found[f"bits_{which}"], found[f"levels_{which}"] = _digits(matrix.data)
    return found


def _digits(values: Float) -> tuple[int | None, int | None]:
    """Fewest bits with sign by which all values are multiples of one step, and how many different ones there are."""
    largest = float(np.abs(values).max(initial=0.0))
    if not largest or len(values) > _COUNTED:
        return (None, None) if largest else (None, 0)
    different = np.unique(np.round(values[values != 0.0] / largest, 8))
    sizes = np.unique(np.abs(values[values != 0.0])) / largest
    step = 1.0 if len(sizes) <= _VALUES and sizes[0] >= 2.0**-_MOST_BITS else 0.0
    for value in sizes:
        if step < 2.0**-_MOST_BITS:
            return None, len(different)
        step = _common_step(step, float(value))
    steps = round(1.0 / step)  # to the largest value
    whole = np.allclose(sizes * steps, np.round(sizes * steps), rtol=0.0, atol=steps * _SAME)
    return steps.bit_length() + 1 if whole and steps < 1 << _MOST_BITS - 1 else None, len(different)


def _common_step(a: float, b: float) -> float:
    """Return the largest step of which both are multiples, up to rounding (Euclid)."""
    while b > _SAME:
        a, b = b, a % b
        b = 0.0 if a - b < _SAME else b  # a multiple, but for rounding
    return a


def _distributions(program: Program, asked: Ising, held: Ising, beta: float | None) -> dict[str, Any]:
    """Compare the states that the device samples with those that were asked for."""
    if beta is None:
        square = float(asked.sparse_couplings().power(2).sum() + asked.biases @ asked.biases) / asked.size
        if not square:
            return {}
        beta = 1.0 / math.sqrt(square)
    p = boltzmann(asked, beta)
    if program.sampled is not None:
        q = np.asarray(program.sampled(beta), dtype=float)
    elif held is asked or program.mapping_error == 0.0:
        return {"beta": beta, "beta_local": beta, "beta_global": beta, "kl": 0.0}
    else:
        q = boltzmann(held, beta)
    seen = q > 0.0
    with np.errstate(divide="ignore"):
        kl = float(q[seen] @ (np.log(q[seen]) - np.log(p[seen])))
    found = {"beta": beta, "kl": max(0.0, kl) if math.isfinite(kl) else None, "beta_global": _global_beta(asked, q)}
    try:
        found["beta_local"] = effective_beta_of_distribution(asked, q)
    except ValueError:  # no spin is in a field, or all stand on one side of theirs
        found["beta_local"] = None
    return found


def _global_beta(asked: Ising, q: Float) -> float | None:
    """Find the beta at which the mean energy is that of ``q``; None where no beta is."""
    energies = all_energies(asked)
    energies -= energies.min()
    spread = float(energies.max())
    if not spread:
        return None
    wanted = float(q @ energies)

    def above(beta: float) -> float:
        exponents = -beta * energies
        weights = np.exp(exponents - exponents.max())
        return float(weights @ energies / weights.sum()) - wanted

    width = 1.0 / spread
    for _ in range(_WIDEST):
        if above(-width) > 0.0 > above(width):
            return float(brentq(above, -width, width, xtol=1e-14 * width, rtol=1e-12))
        width *= 2.0
    return None


def _numbers(told: Mapping[str, Any]) -> dict[str, float]:
    """Return the finite numbers among what is told."""
    return {str(name): float(value) for name, value in told.items() if _is_number(value)}


def _is_number(value: Any) -> bool:
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    return number and math.isfinite(value)
