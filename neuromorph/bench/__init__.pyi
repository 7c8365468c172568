from .bench_figure import draw_courses
from .bench_table import bench_dict, print_bench
from .qoblib import qoblib_csv
from .race import Bench, Course, run_bench
from .solvers import Solver, solvers
from .time_to_target import TargetTime, over_bench, target_time

__all__ = [  # noqa: RUF022  by theme
    "run_bench",
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
]
