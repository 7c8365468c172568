"""Tables, figures and the page of a comparison. Figures take and return matplotlib Axes."""

from .drawing import draw_answer, draw_cut, draw_pattern, draw_recall, draw_tour
from .figures import energy_shares, new_axes, pareto
from .folder import write_folder
from .page import render_page
from .table import print_comparison

__all__ = [
    "draw_answer",
    "draw_cut",
    "draw_pattern",
    "draw_recall",
    "draw_tour",
    "energy_shares",
    "new_axes",
    "pareto",
    "print_comparison",
    "render_page",
    "write_folder",
]
