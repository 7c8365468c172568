from .bench_figure import draw_courses
from .bench_table import bench_dict, print_bench
from .neurobench import WorkloadRun, largest_complete, neurobench_report, run_workloads
from .qoblib import qoblib_csv
from .race import Bench, Course, run_bench, run_course
from .solvers import Solver, solvers
from .time_to_target import TargetTime, over_bench, target_time

__all__ = [  # noqa: RUF022  by theme
    "run_bench",
    "run_course",
    "Bench",
    "Course",
    "Solver",
    "solvers",
    "TargetTime",
    "target_time",
    "over_bench",
    "bench_dict",
    "print_bench",
    "draw_courses",
    "qoblib_csv",
    "run_workloads",
    "WorkloadRun",
    "largest_complete",
    "neurobench_report",
]
