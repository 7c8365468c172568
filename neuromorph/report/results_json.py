"""A comparison as the plain data of ``results.json``, schema 2. docs/results-schema.md describes every field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..cost import SCOPES, Entry
from ..estimate import Estimate
from ..files.json_values import json_value
from ..pricing import standby_energy

if TYPE_CHECKING:
    from ..study import Comparison, Result, TimeToTarget
    from ..study.length_curve import LengthCurve
    from ..study.over_chips import ChipResult
    from ..study.sampling_score import Mean, SamplingReference, SamplingScore

SCHEMA = 2
_MEASURES = ("success", "tts_s", "ets_j")


def results_json(comparison: Comparison) -> str:
    """Return the text of ``results.json``.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    str
        JSON.
    """
    return json.dumps(results_dict(comparison), indent=2, allow_nan=False) + "\n"


def results_dict(comparison: Comparison) -> dict[str, Any]:
    """Return the plain data of ``results.json``.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    dict of str to object
        Data; None stands for numbers that are not defined or not finite.
    """
    problem = comparison.problem
    found: dict[str, Any] = json_value(
        {
            "schema": SCHEMA,
            "problem": {
                "name": problem.name,
                "kind": problem.kind,
                "size": problem.size,
                "best_known": problem.best_known,
                "best_of_study": comparison.best_of_study,
                **({} if comparison.proven_bound is None else {"proven_bound": comparison.proven_bound}),
                "sense": problem.sense,
                "notes": list(getattr(problem, "notes", ())),
                **({"labels": list(labels)} if (labels := getattr(problem, "labels", ())) else {}),
                **({"energy": f"E = {meaning}"} if (meaning := getattr(problem, "meaning", "")) else {}),
            },
            "task": comparison.task_data(),
            "boundary": comparison.boundary,
            **({} if comparison.reference is None else {"reference": _reference(comparison.reference)}),
            "results": [_result(result) for result in comparison.results],
            "provenance": comparison.provenance,
        }
    )
    return found


def _result(result: Result) -> dict[str, Any]:
    ledger, prices, time = result.ledger, result.prices, result.time_per_read_s
    return {
        "target": result.target,
        "summary": result.summary,
        "status": result.status,
        "reason": result.reason or None,
        "reads": result.reads,
        "reads_resumed": result.resumed,
        "one_chip": result.one_chip,
        "forecast": result.forecast or None,
        "read_length": None if result.read_length is None else _length(result.read_length),
        "feasible_fraction": result.feasible_fraction,
        "converged_fraction": float(result.run.converged.mean()) if result.run else None,
        "best": result.best,
        "gap": result.gap,
        "gap_median": result.gap_median,
        "success": _estimate(result.success),
        "success_probability": _estimate(result.success),
        "chips": [_chip(chip) for chip in result.chips],
        **({} if result.sampling is None else _sampling(result.sampling)),
        **({} if result.diagnostics is None else {"diagnostics": dict(result.diagnostics)}),
        **({} if result.recall is None else {"recall": result.recall.to_dict()}),
        "time_per_read_s": _estimate(result.time_per_read_s),
        "energy_per_read_j": _estimate(result.energy_per_read_j),
        **{
            f"{scope}_energy_per_read_j": _estimate(prices.scope_energy_per_read_j(scope) if prices else None)
            for scope in SCOPES
        },
        "latency_s": result.latency_s,
        "throughput_hz": None if not time or not time.value else 1.0 / time.value,
        "programming_time_s": _estimate(result.programming_time_s),
        "programming_energy_j": _estimate(result.programming_energy_j),
        "tts_s": _estimate(result.tts_s),
        "ets_j": _estimate(result.ets_j),
        "core_ets_j": _estimate(result.core_ets_j),
        **_prices(result),
        "tts_over_chips_s": result.tts_over_chips,
        "ets_over_chips_j": result.ets_over_chips,
        "levels": [_level(level) for level in result.levels],
        "ledger": [_entry(entry, "energy", "j") for entry in ledger.entries] if ledger else [],
        "time_ledger": [_entry(entry, "time", "s") for entry in ledger.times] if ledger else [],
        "mapping_error": result.mapping_error,
        "mapping": None if result.mapping is None else result.mapping.to_dict(),
        "parameters": result.run.provenance.get("parameters") if result.run else None,
        "neurobench": result.run.provenance.get("neurobench") if result.run else None,
        "replaced_constants": result.run.provenance.get("replaced_constants", {}) if result.run else {},
        "notes": list(result.notes),
    }


def _prices(result: Result) -> dict[str, Any]:
    """Collect what joules include, how they are known, what waiting costs, and units of work."""
    prices, solved = result.prices, result.solution_prices
    standby = None if solved is None else solved.standby
    if result.sampling is not None and prices is not None and prices.time_per_read_s is not None:
        standby = standby_energy(prices.ledger)  # a read is the answer
    return {
        "tts_share_of_prices": None if solved is None else solved.time_share_of_prices,
        "ets_share_of_prices": None if solved is None else solved.energy_share_of_prices,
        "needs": [] if prices is None else list(prices.needs),
        "known": None if prices is None else dict(prices.known),
        "standby": None if standby is None else {"of": "solution" if solved else "read", **vars(standby)},
        "work": [] if prices is None else [vars(each) for each in prices.work],
    }


def _sampling(score: SamplingScore) -> dict[str, Any]:
    names = ("kl", "kl_held", "effective_beta", "energy_error", "magnetization_error")
    return {**{name: _estimate(getattr(score, name)) for name in names}, "kl_cells": score.cells}


def _reference(reference: SamplingReference) -> dict[str, Any]:
    def mean(of: Mean | None) -> dict[str, float] | None:
        return None if of is None else {"value": of.value, "standard_error": of.error}

    return {
        "method": reference.method,
        "energy_per_spin": mean(reference.energy),
        "magnetization_per_spin": mean(reference.magnetization),
        "draws": reference.draws,
        "rhat": reference.rhat,
        "reason": reference.reason or None,
    }


def _entry(entry: Entry, what: str, unit: str) -> dict[str, Any]:
    each, total = entry.unit, entry.total
    return {
        "what": entry.what,
        "scope": entry.scope,
        "count": entry.count,
        f"unit_{what}_{unit}": each.value,
        f"unit_{what}_low_{unit}": each.low,
        f"unit_{what}_high_{unit}": each.high,
        f"{what}_{unit}": total.value,
        f"{what}_low_{unit}": total.low,
        f"{what}_high_{unit}": total.high,
        "once": entry.once,
        "kind": entry.kind,
        "unit_kind": each.kind,
        "source": entry.source,
    }


def _chip(chip: ChipResult) -> dict[str, Any]:
    return {**vars(chip), "tts_s": _estimate(chip.tts_s), "ets_j": _estimate(chip.ets_j)}


def _length(curve: LengthCurve) -> dict[str, Any]:
    points = [{**vars(each), **{name: _estimate(getattr(each, name)) for name in _MEASURES}} for each in curve.points]
    return {**vars(curve), "points": points}


def _level(level: TimeToTarget) -> dict[str, Any]:
    return {
        "score": level.score,
        "gap": level.gap,
        "probability": _estimate(level.probability),
        "time_s": _estimate(level.time_s),
        "energy_j": _estimate(level.energy_j),
    }


def _estimate(estimate: Estimate | None) -> dict[str, float | None] | None:
    return None if estimate is None else estimate.to_dict()
