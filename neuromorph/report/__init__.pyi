from .answers import draw_answer
from .comparison_figures import draw_energy_shares, draw_pareto
from .html_page import render_page
from .instances_figure import draw_instances
from .instances_page import render_instances_page
from .nir_figure import draw_nir_run
from .results_json import results_dict, results_json
from .sampling_figure import draw_sampling_score
from .study_page import render_study_page, write_study_page
from .table import print_comparison
from .tornado_figure import draw_tornado
from .trace_figures import draw_read, write_trace
from .write import write_report

__all__ = [
    "draw_answer",
    "draw_energy_shares",
    "draw_instances",
    "draw_nir_run",
    "draw_pareto",
    "draw_read",
    "draw_sampling_score",
    "draw_tornado",
    "print_comparison",
    "render_instances_page",
    "render_page",
    "render_study_page",
    "results_dict",
    "results_json",
    "write_report",
    "write_study_page",
    "write_trace",
]
