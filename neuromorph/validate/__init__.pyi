from .check import CannotRun, CheckFunction, PublishedCheck
from .runner import CheckRun, check_summary, find_checks, run_checks
from .validation_page import render_validation_page
from .validation_results import print_validation, validation_dict

__all__ = [
    "CannotRun",
    "CheckFunction",
    "CheckRun",
    "PublishedCheck",
    "check_summary",
    "find_checks",
    "print_validation",
    "render_validation_page",
    "run_checks",
    "validation_dict",
]
