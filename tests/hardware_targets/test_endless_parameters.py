"""A number that nobody means, in every parameter of every target: a refusal that names it, or a read that ends."""

import signal
from contextlib import contextmanager, suppress

import numpy as np
import pytest

from neuromorph import Ising, Minimize, RecallFrom, Sample
from neuromorph.installed_targets import available_targets, get_target, parameters_of
from neuromorph.problems import IsingModel

HUGE = {"int": "1000000000000000", "float": "1e15"}
PATIENCE_S = 20.0  # of CPU time, compiling included
RING = IsingModel("ring", Ising(np.roll(np.eye(4), 1, 0) + np.roll(np.eye(4), -1, 0)))


@contextmanager
def patience(about):
    """Fail, rather than wait, in work that has no end."""

    def out_of_it(number, frame):
        raise TimeoutError(f"{about} goes on and on")

    before = signal.signal(signal.SIGVTALRM, out_of_it)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)


def numbers(name):
    """(parameter, huge value) of a target."""
    for each in parameters_of(name):
        kind = next((kind for kind in ("float", "int") if kind in str(each.annotation)), None)
        if kind is not None and each.name != "constants":
            yield each.name, HUGE[kind]


def made(text):
    """A target, or why there is none."""
    try:
        return get_target(text), ""
    except ValueError as refused:
        return None, str(refused)


@pytest.mark.parametrize("name", available_targets())
def test_no_parameter_starts_a_read_without_end(name):
    for parameter, huge in numbers(name):
        text = f"{name}({parameter}={huge})"
        device, said = made(text)
        if device is None:
            assert parameter in said
            continue
        tasks = {"minimize": Minimize(), "sample": Sample(1.0), "recall": RecallFrom(np.ones(4, np.int8))}
        for task in (tasks[each] for each in sorted(device.supported_tasks)):
            with patience(f"{text} to {type(task).__name__}"), suppress(ValueError):
                device.run(device.program(RING, rng=1), task, 1, rng=1)


def test_some_parameters_are_numbers():
    assert {("p-bits", "dwells"), ("oscillators", "cycles"), ("brim", "time_constants"), ("cpu-gibbs", "chains")} <= {
        (name, parameter) for name in available_targets() for parameter, _ in numbers(name)
    }
