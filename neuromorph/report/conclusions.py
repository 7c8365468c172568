"""The conclusions of a comparison, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..estimate import Estimate
from ..plotting.numbers import format_estimate, format_number, format_percent
from .sampling_text import counts_states

if TYPE_CHECKING:
    from ..study import Comparison, Result


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
    by = _names([named(result) for result in comparison.results if result.best == best.best])
    known = format_number(problem.best_known)
    if best.gap is None:
        distance = "" if problem.best_known is None else f" (best known {known})"
    elif abs(best.gap) < 1e-9:
        distance = ", the best known value"
    elif best.gap > 0:
        distance = f", {format_percent(best.gap)} from the best known {known}"
    else:
        distance = f", better by {format_percent(-best.gap)} than the value given as best known, {known}"
    sentences = [f"Best answer: {format_number(best.best)}{distance}, by {by}."]
    if problem.best_known is None:
        return [*sentences, "No best value is known, so there is no gap, no success and no time to solution."]
    energies = [(result, result.energy_to_solution) for result in comparison.results]
    times = [(result, result.time_to_solution) for result in comparison.results]
    solved = sum(bool(energy and energy.value) for _, energy in energies)
    if not solved:
        sentences.append("No read of any target succeeded: energy to solution has only bounds.")
    sentences += _least("Least energy to solution", energies, "J") + _least("Least time to solution", times, "s")
    return sentences if solved > 1 else sentences + _at_common_quality(comparison)


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


def _least(what: str, needs: list[tuple[Result, Estimate | None]], unit: str) -> list[str]:
    """Name the target that needs least, and whether the interval of the next one allows to say so."""
    known = [(result, need, need.value) for result, need in needs if need is not None and need.value]
    if not known:
        return []
    (first, least, _), *others = sorted(known, key=lambda each: each[2])
    told = f"{what}: {named(first)} with {_with_interval(least, unit)}"
    if not others:
        return [f"{told}; no other target got there."]
    second, next_least, _ = others[0]
    apart = least.high is not None and next_least.low is not None and least.high < next_least.low
    ranges = "ranges" if first.tts_over_chips or second.tts_over_chips else "intervals"
    verdict = f"the {ranges} are apart" if apart else f"the {ranges} overlap, so the order is not certain"
    if apart and (first.one_chip or second.one_chip):
        verdict += ", but of one chip: with another the order may be another"
    return [f"{told}; next {named(second)} with {_with_interval(next_least, unit)}: {verdict}."]


def named(result: Result) -> str:
    """Return the target's name, with "(one chip)" where the numbers are of one, "(median chip)" where of several.

    Parameters
    ----------
    result : Result
        Result of a target.

    Returns
    -------
    str
        Name.
    """
    median = " (median chip)" if result.tts_over_chips or result.ets_over_chips else ""
    return f"{result.target}{' (one chip)' if result.one_chip else median}"


def _with_interval(value: Estimate, unit: str) -> str:
    text, interval = format_estimate(value, unit)
    told = f"{text} ({interval})" if interval else text
    return told.replace(" ", "\u00a0")  # a line does not end between a number and its unit


def _names(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
