from .distributions import FALSE_FAILURE, require_distribution
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
from .suite import CHECKS, TargetCheck, check_target
from .task_checks import (
    check_minimize,
    check_recall,
    check_recall_follows_biases,
    check_sampling,
    check_textbook_models,
)

__all__ = [  # noqa: RUF022  by theme
    "CHECKS", "check_target", "TargetCheck", "FALSE_FAILURE", "require_distribution",
    "check_members", "check_program", "check_run", "check_costs", "check_refusals", "check_nothing_is_changed",
    "check_smallest_problems", "check_answers", "check_seeds", "check_reads_continue",
    "check_reads_are_independent", "check_sampling", "check_textbook_models", "check_minimize", "check_recall",
    "check_recall_follows_biases",
]  # fmt: skip
