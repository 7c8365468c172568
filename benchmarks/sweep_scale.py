"""Measure the bookkeeping of a study: time, memory and disk for 10^2 to 10^6 tasks, without the tasks themselves.

An executor answers each batch at once with rows that no target made; what is left is the coordinator: hashes, table of
tasks, parts, sorted results. Each size runs in a process of its own. Run it: python benchmarks/sweep_scale.py
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from neuromorph.sweep import sweep
from neuromorph.sweep.batch_worker import TaskBatch, finished_batch, row_start

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)


class Answers(Executor):
    """Rows at once, with numbers that follow from the hash of the task."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        batch: TaskBatch = args[0]
        future: Future[Any] = Future()
        future.set_result(finished_batch([self._row(batch, task) for task in batch.tasks], {}))
        return future

    @staticmethod
    def _row(batch: TaskBatch, task: Any) -> dict[str, Any]:
        value = int(task.key[:8], 16) / 16**8
        numbers = {name: value for name in ("best", "mean", "median", "quality", "mean_energy", "mapping_error")}
        prices = ("energy_per_read_j", "energy_low_j", "energy_high_j", "setup_energy_j", "time_per_read_s")
        numbers |= {name: value * 1e-6 for name in prices}
        row = {**row_start(task, batch.work[task.work]), "status": "ok", "reason": "", "feasible": 20, "successes": 7}
        return {**row, **numbers, "one_chip": True, "seconds": 0.01, "finished": time.time(), "worker": "1@host"}


def measure(tasks: int) -> dict[str, float]:
    """CPU time, peak memory and disk of a study of so many tasks."""
    study = {
        "study": {"chips": min(tasks // 10, 100), "repeats": max(1, tasks // 1_000)},
        "problems": [{"generate": "sk", "size": 10}],
        "targets": [{"target": "cpu-gibbs", "parameters": {"sweeps": list(range(2, 12))}}],
    }
    sweep({**study, "study": {}}, tempfile.mkdtemp(), executor=Answers())  # imports
    before, base = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        state = sweep(study, folder, executor=Answers(), workers=8)
        place = Path(folder)
        sizes = {name: (place / name).stat().st_size for name in ("tasks.sqlite", "results.parquet", "timings.parquet")}
        sizes["parts"] = sum(file.stat().st_size for file in (place / "parts").iterdir())
        count = sum(1 for _ in (place / "parts").iterdir())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {"tasks": state.done, "cpu_s": time.process_time() - before, "peak_mb": peak / 1024, "base_mb": base / 1024}
    return {**found, "part_files": count, **{name: size / 1e6 for name, size in sizes.items()}}


def main() -> None:
    """Print a table."""
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        print(json.dumps(measure(int(sys.argv[2]))))
        return
    print("tasks | CPU s | us a task | peak MB | table MB | parts MB (files) | results MB | timings MB")
    for size in SIZES:
        words = [sys.executable, __file__, "--one", str(size)]
        found = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
        each = found["cpu_s"] / found["tasks"] * 1e6
        time_and_memory = f"{found['tasks']:,} | {found['cpu_s']:.2f} | {each:.0f} | {found['peak_mb']:.0f}"
        parts = f"{found['parts']:.2f} ({found['part_files']})"
        files = f"{found['results.parquet']:.2f} | {found['timings.parquet']:.2f}"
        print(f"{time_and_memory} | {found['tasks.sqlite']:.2f} | {parts} | {files}", flush=True)


if __name__ == "__main__":
    main()
