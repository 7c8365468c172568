from .shard_merging import merge_shards
from .study_estimate import StudyEstimate, estimate_study
from .study_file import StudyFile, read_study
from .study_state import StudyState
from .sweep_study import sweep
from .task_table import StudyError

__all__ = [
    "StudyError", "StudyEstimate", "StudyFile", "StudyState", "estimate_study", "merge_shards", "read_study", "sweep",
]  # fmt: skip
