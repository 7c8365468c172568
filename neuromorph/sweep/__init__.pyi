from .live_page import study_server
from .parameter_sensitivity import ParameterEffect, parameter_effects
from .pareto import attainment_bands, hypervolume, losses, pareto_front
from .shard_merging import merge_shards
from .study_estimate import StudyEstimate, estimate_study
from .study_file import StudyFile, read_study
from .study_state import StudyState
from .study_summary import StudySummary, read_summary
from .sweep_figures import plot_effects, plot_front, plot_parameter, write_figures
from .sweep_study import sweep
from .task_table import StudyError

__all__ = [
    "ParameterEffect",
    "StudyError",
    "StudyEstimate",
    "StudyFile",
    "StudyState",
    "StudySummary",
    "attainment_bands",
    "estimate_study",
    "hypervolume",
    "losses",
    "merge_shards",
    "parameter_effects",
    "pareto_front",
    "plot_effects",
    "plot_front",
    "plot_parameter",
    "read_study",
    "read_summary",
    "study_server",
    "sweep",
    "write_figures",
]  # fmt: skip
