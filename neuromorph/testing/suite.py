"""The checks in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ..protocol import Target
from .interface_checks import (
    check_answers,
    check_costs,
    check_members,
    check_nothing_is_changed,
    check_program,
    check_refusals,
    check_run,
    check_smallest_problems,
)
from .stream_checks import check_reads_are_independent, check_reads_continue, check_seeds
from .task_checks import (
    check_minimize,
    check_recall,
    check_recall_follows_biases,
    check_sampling,
    check_textbook_models,
)

TargetCheck: TypeAlias = Callable[[Target], None]

CHECKS: tuple[TargetCheck, ...] = (
    check_members,
    check_program,
    check_run,
    check_costs,
    check_refusals,
    check_nothing_is_changed,
    check_smallest_problems,
    check_seeds,
    check_reads_continue,
    check_reads_are_independent,
    check_sampling,
    check_textbook_models,
    check_minimize,
    check_recall,
    check_recall_follows_biases,
    check_answers,
)


def check_target(target: Target) -> None:
    """Run all of :data:`CHECKS` on a target."""
    for check in CHECKS:
        check(target)
