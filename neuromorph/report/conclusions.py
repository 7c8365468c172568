"""The conclusions of a comparison, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..estimate import Estimate
from ..plotting.numbers import format_estimate, format_number, format_percent, significant
from ..pricing import ratio_of
from ..study.proven_bound import bound_sentence, meets_bound
from .sampling_text import counts_states

if TYPE_CHECKING:
    from ..study import Comparison, Result

_DEVICES = 5  # that are compared with the best processor, in words
_NAMED = 6  # targets of the best answer; of more, their number
_SMALL = 1e-3  # factors below are written as powers of ten, whatever their digits


def conclusions(comparison: Comparison) -> list[str]:
    """List the conclusions of a comparison.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    list of str
        Sentences: the best answer, the targets that find one with least energy and time, or who samples right.
    """
    if comparison.beta is not None:
        return _of_sampling(comparison)
    problem, best = comparison.problem, comparison.best
    if best is None:
        return ["No target found a feasible answer."]
    by = [named(result) for result in comparison.results if result.best == best.best]
    names = _names(by) if len(by) <= _NAMED else f"{len(by)} of {len(comparison.results)} targets"
    known = format_number(problem.best_known)
    if best.gap is None or problem.best_known is None:
        distance = "" if problem.best_known is None else f" (best known {known})"
    elif abs(best.gap) < 1e-9:
        distance = ", the best known value"
    elif best.gap > 0:
        distance = f", {format_percent(best.gap)} from the best known {known}"
    else:
        distance = f", better by {format_percent(-best.gap)} than the value given as best known, {known}"
    sentences = [f"Best answer: {format_number(best.best)}{distance}, by {names}."]
    if comparison.proven_bound is not None:
        said = bound_sentence(problem, comparison.proven_bound, comparison.best_of_study)
        sentences.append(f"{said[0].upper()}{said[1:]}.")
    if problem.best_known is None and not meets_bound(comparison.best_of_study, comparison.proven_bound):
        sentences.append("No best value is known: success is that of finding the best answer of this study again.")
    solved = sum(bool(result.ets_j and result.ets_j.value) for result in comparison.results)
    sentences += energy_sentences(comparison)
    return sentences if solved > 1 else sentences + _at_common_quality(comparison)


def energy_sentences(comparison: Comparison) -> list[str]:
    """List who needs least energy and time to solution, and how sure that is.

    Devices that solve the problem are compared with the best processor too.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    list of str
        Sentences.
    """
    if comparison.known is None or comparison.beta is not None:
        return []
    energies = [(result, result.ets_j) for result in comparison.results]
    times = [(result, result.tts_s) for result in comparison.results]
    sentences = []
    if not any(energy and energy.value for _, energy in energies):
        sentences.append("No read of any target succeeded: energy to solution has only bounds.")
    boundary = comparison.boundary
    sentences += _least(f"Least energy to solution ({boundary})", energies, "J", "energy_draws")
    if boundary != "core":
        cores = [(result, result.core_ets_j) for result in comparison.results]
        sentences += _least("Least energy to solution (core)", cores, "J", "core_draws")
    sentences += _least("Least time to solution", times, "s", "time_draws")
    return [*sentences, *_against_the_host(comparison)]


def _against_the_host(comparison: Comparison) -> list[str]:
    """Compare each device that solves the problem with the best processor, at the boundary and core against core."""
    solved = [row for row in comparison.by_energy if row.ets_j is not None and row.ets_j.value]
    hosts = [row for row in solved if row.prices is not None and "is a host" in row.prices.needs]
    devices = [row for row in solved if row.prices is not None and "host" in row.prices.needs]
    sentences = []
    for row in devices[:_DEVICES] if hosts else []:
        whole = _ratio(row, hosts[0], "energy_draws")
        core = f"; core against core {_ratio(row, hosts[0], 'core_draws')}" if comparison.boundary != "core" else ""
        told = f"{named(row)} against {named(hosts[0])}, energy to solution: {comparison.boundary} {whole}{core}."
        sentences.append(told)
    return sentences


def _ratio(first: Result, second: Result, draws: str) -> str:
    a, b = first.solution_prices, second.solution_prices
    if a is None or b is None:
        return "not known"
    found = ratio_of(getattr(a, draws), getattr(b, draws))
    low, median, high = (_factor(each) for each in (found.band.low, found.band.median, found.band.high))
    return f"{median}\u00a0times ({low}–{high}), less in {_share(found.below)} of the draws"


def _factor(value: float) -> str:
    if 0.0 < value < _SMALL:
        number, exponent = f"{value:.1e}".split("e")
        return f"{number}e{int(exponent)}"
    return f"{float(f'{value:.1e}'):,.0f}" if 100.0 <= value < 1e12 else significant(value, 2)


def _share(below: float) -> str:
    """Format a share of draws; none of a thousand is no proof."""
    if below < 0.01:
        return "under 1\u00a0%"
    return "over 99\u00a0%" if below > 0.99 else f"{100.0 * below:.0f}\u00a0%"


def _of_sampling(comparison: Comparison) -> list[str]:
    """Who samples what was asked for, as far as the reads tell, and who with least energy."""
    scored = [(result, result.sampling) for result in comparison.results if result.sampling is not None]
    if not scored:
        return ["No target drew a state."]
    if counts_states(comparison):
        wanted = 0.0
        values = [(result, score.kl) for result, score in scored if score.kl is not None]
    else:
        wanted = comparison.beta or 0.0
        values = [(result, score.effective_beta) for result, score in scored if score.effective_beta is not None]
    values = [(result, value) for result, value in values if value.low is not None and value.high is not None]
    if not values:
        return ["Too few reads to tell how any target samples."]
    right = [result for result, value in values if value.low <= wanted <= value.high]  # type: ignore[operator]
    wrong = [result for result, value in values if result not in right]
    seen = [(right, "No divergence is seen", "0"), (wrong, "A divergence is seen", "")]
    if not counts_states(comparison):
        seen = [(right, f"Effective beta agrees with {wanted:g}", "it"), (wrong, f"It differs from {wanted:g}", "")]
    sentences = []
    for results, said, within in seen:
        if results:
            where = f" ({within} lies within the 95 % interval)" if within else ""
            sentences.append(f"{said}{where} for {_names([named(each) for each in results])}.")
    if wrong:
        sentences.append("Of 20 right samplers one is outside by chance.")
    return sentences + _least("Least energy a read", [(each, each.energy_per_read_j) for each in right], "J")


def _at_common_quality(comparison: Comparison) -> list[str]:
    """Compare the energy for the best quality that two targets reached, if few or none found a solution."""
    reached = sorted(result.gap for result in comparison.results if result.gap is not None)
    if len(reached) < 2:
        return []
    gap = reached[1]
    energies = []
    for result in comparison.results:
        levels = [level for level in result.levels if level.gap is not None and level.gap <= gap + 1e-9]
        energies.append((result, levels[-1].energy_j if levels else None))
    return _least(f"Least energy for a gap of {format_percent(gap)}", energies, "J")


def _least(what: str, needs: list[tuple[Result, Estimate | None]], unit: str, draws: str = "") -> list[str]:
    """Name the target that needs least, and whether the band of the next one, or shared draws, allow to say so."""
    known = [(result, need, need.value) for result, need in needs if need is not None and need.value]
    if not known:
        return []
    (first, least, _), *others = sorted(known, key=lambda each: each[2])
    told = f"{what}: {named(first)} with {_with_interval(least, unit)}"
    if not others:
        return [f"{told}; no other target got there."]
    second, next_least, _ = others[0]
    apart = least.high is not None and next_least.low is not None and least.high < next_least.low
    verdict = "the intervals are apart" if apart else "the intervals overlap, so the order is not certain"
    if not apart and draws and first.solution_prices is not None and second.solution_prices is not None:
        both = (getattr(each.solution_prices, draws) for each in (first, second))
        verdict = f"the intervals overlap; it needs less in {_share(ratio_of(*both).below)} of the draws"
    if apart and (first.one_chip or second.one_chip):
        verdict += ", but of one chip: with another the order may be another"
    return [f"{told}; next {named(second)} with {_with_interval(next_least, unit)}: {verdict}."]


def named(result: Result) -> str:
    """Return the target's name, with "(one chip)" where the numbers are of one that was drawn.

    Parameters
    ----------
    result : Result
        Result of a target.

    Returns
    -------
    str
        Name.
    """
    return f"{result.target}{' (one chip)' if result.one_chip else ''}"


def _with_interval(value: Estimate, unit: str) -> str:
    text, interval = format_estimate(value, unit)
    told = f"{text} ({interval})" if interval else text
    return told.replace(" ", "\u00a0")  # a line does not end between a number and its unit


def _names(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
