"""Studies on other executors: a Dask cluster whose worker is killed, jobs of submitit, processes that cost little."""

import json
import signal
import statistics
import subprocess
import sys
import threading
import time

import pytest
from sweep_toys import Inline, toy_study

from neuromorph.cli import main
from neuromorph.sweep import StudyError, read_study, sweep
from neuromorph.sweep.batch_worker import TaskBatch, run_batch
from neuromorph.sweep.study_tasks import study_settings, study_work, tasks_of_setting
from neuromorph.sweep.task_runs import run_task


def read(folder):
    return (folder / "results.parquet").read_bytes()


@pytest.mark.slow
def test_a_dask_cluster_whose_worker_is_killed_gives_the_same_bytes(toys):
    """A scheduler and two workers as processes of their own; one worker is killed on the way and another one joins."""
    pytest.importorskip("distributed")
    study = toy_study(256, busy_s=0.1)
    sweep(study, toys / "whole", executor=Inline())
    address, place = "127.0.0.1:18786", toys / "dask"
    began: list[subprocess.Popen] = []

    def start(*words):
        began.append(subprocess.Popen([sys.executable, "-m", *words], stderr=subprocess.DEVNULL))
        return began[-1]

    def worker():
        words = ("--nthreads", "1", "--no-dashboard", "--no-nanny", "--local-directory", str(toys))
        return start("distributed.cli.dask_worker", f"tcp://{address}", *words)

    def kill_one():
        while len(list((place / "parts").glob("*.parquet"))) < 3:
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        worker()

    try:
        start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "18786", "--no-dashboard")
        first, _ = worker(), worker()
        killer = threading.Thread(target=kill_one)
        killer.start()
        state = sweep(study, place, executor=f"dask://{address}", workers=2)
        killer.join()
        assert first.wait(10) == -signal.SIGKILL
        assert (state.done, state.failed) == (256, 0)
        assert read(place) == read(toys / "whole")
    finally:
        for process in began:
            process.kill()
            process.wait()


@pytest.mark.slow
def test_jobs_of_submitit_give_the_same_bytes(toys):
    pytest.importorskip("submitit")
    study = toy_study(32)
    sweep(study, toys / "whole", executor=Inline())
    state = sweep(study, toys / "jobs", executor="submitit-local", workers=2)
    assert (state.done, state.failed) == (32, 0)
    assert read(toys / "jobs") == read(toys / "whole")


def test_an_executor_that_does_not_exist_is_refused_at_once(toys, capsys):
    (toys / "study.toml").write_text(
        '[[problems]]\ngenerate = "sk"\nsize = 8\n[[targets]]\ntarget = "toy-chip"\n[targets.parameters]\nlevels = 2\n'
    )
    words, rule = ["sweep", str(toys / "study.toml")], "it is one of processes, dask://host:port, slurm, submitit-local"
    for more in ([], ["--dry-run"]):
        assert main([*words, *more, "--executor", "ray"]) == 2
        assert rule in capsys.readouterr().err
    assert not (toys / "study").exists()
    sweep(toys / "study.toml", toys / "study", executor=Inline())
    assert main([*words, "--executor", "ray"]) == 2  # though no task is left
    assert rule in capsys.readouterr().err


class Gone(Inline):
    def submit(self, fn, /, *args, **kwargs):
        raise RuntimeError("the cluster is gone")


def test_workers_that_are_gone_are_no_failures_of_tasks(toys):
    with pytest.raises(StudyError, match="no worker answers any more"):
        sweep(toy_study(32), toys / "out", executor=Gone())
    assert sweep(toy_study(32), toys / "out", executor=Inline()).ran == 32


CPU = """
import json, sys, resource
from sweep_toys import toy_study
from neuromorph.sweep import sweep
state = sweep(toy_study(int(sys.argv[2]), busy_s=float(sys.argv[3])), sys.argv[1], workers=1)
own = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([state.done, own.ru_utime + own.ru_stime, own.ru_maxrss]))
"""


def spent(toys, name, tasks, busy_s=0.0):
    words = [sys.executable, "-c", CPU, str(toys / name), str(tasks), str(busy_s)]
    return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def packing_s(tasks=200, times=5):
    """CPU time that a worker takes for a task beside the task: the median of batches beside bare loops, in turn."""
    given = read_study(toy_study(tasks))
    work = study_work(given)
    listed = [task for each in study_settings(given) for task in tasks_of_setting(given, work, *each)]
    batch = TaskBatch(tuple(listed), dict(enumerate(work)), 600.0, 0.0, False, None)
    found = []
    for _ in range(times):
        began = time.process_time()
        assert run_batch(batch).count == len(listed)
        packed = time.process_time()
        for task in listed:
            run_task(task, work[task.work])
        found.append((2 * packed - began - time.process_time()) / len(listed))
    return statistics.median(found)


@pytest.mark.slow
def test_ten_thousand_tasks_of_ten_milliseconds_cost_less_than_a_millisecond_each(toys):
    """CPU time of the coordinator, less that of starting it, and what a worker takes beside a task.

    The tasks themselves stay out of it: a hundred seconds of them vary by more than what is asked for.
    """
    few, many = spent(toys, "few", 32, 0.01), spent(toys, "many", 10_016, 0.01)
    assert many[0] == 10_016
    assert (many[1] - few[1]) / (many[0] - few[0]) + packing_s() < 1e-3


@pytest.mark.slow
def test_memory_is_flat_from_a_thousand_to_a_hundred_thousand_tasks(toys):
    few, many = spent(toys, "few", 1024), spent(toys, "many", 100_000)
    assert many[0] > 90_000
    assert many[2] < 1.15 * few[2]
