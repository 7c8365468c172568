"""What one target found, as files of a folder: its numbers, its answer or its samples, and their figure."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..associative_memory.words import decode_words
from ..files.atomic_write import write_file
from ..problems import Recall, Tsp, picture_text, solution_text, write_tour
from ..problems.forced_links import visited_cities
from ..sampling.samples_file import write_samples
from ..study.chain_diagnostics import samples_of
from .answers import draw_answer

if TYPE_CHECKING:
    from ..run import Run
    from ..sampling.samples import Samples
    from ..study import Comparison, Result

RESULT, FIGURES = "result.json", ("energies.png", "answer.png")

_PICTURES = 100  # recalled, one file each


def answer_files(
    comparison: Comparison, result: Result, about: Mapping[str, Any]
) -> dict[str, Callable[[Path], object]]:
    """Return functions that write the files of one result, for a caller that tries each.

    Parameters
    ----------
    comparison : Comparison
        Comparison of one target.
    result : Result
        Its result.
    about : dict of str to object
        Content of result.json.

    Returns
    -------
    dict of str to callable
        Function of the path, by file name.
    """
    found: dict[str, Callable[[Path], object]] = {}
    if result.run is not None and comparison.beta is not None:
        samples, labels = samples_of(result.run), getattr(comparison.problem, "labels", ())
        found["samples.npz"] = lambda path: write_samples(samples, path, labels)
    elif isinstance(comparison.problem, Recall) and result.recall is not None and result.run is not None:
        found |= _recalled(comparison.problem, result)
    elif result.solution is not None and result.solution.value is not None:
        found |= _answer(comparison.problem, result.solution.value)
    found[RESULT] = _writer(lambda: json.dumps(about, indent=2, allow_nan=False) + "\n")
    if result.run is not None and comparison.beta is not None:
        found["energies.png"] = _writer(lambda: _energies(samples))
    elif result.solution is not None:
        found["answer.png"] = _writer(lambda: _drawn(comparison, result))
    return found


def recalled_pictures(problem: Recall, run: Run, patterns: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return the state of the first read of each pattern, in the order of the patterns.

    Parameters
    ----------
    problem : Recall
        Problem.
    run : Run
        Reads.
    patterns : (reads,) int
        Pattern that each read means.

    Returns
    -------
    (k, n) int8
        States.
    """
    return run.spins[np.unique(patterns, return_index=True)[1]]


def recalled_text(problem: Recall, states: NDArray[np.int8]) -> str:
    """Write states as drawings, those of a memory of words as words.

    Parameters
    ----------
    problem : Recall
        Problem.
    states : (k, n) int8
        States.

    Returns
    -------
    str
        A word a line, or drawings with an empty line between them.
    """
    if problem.words:
        return "\n".join([*decode_words(states), ""])
    return picture_text(states, problem.shape or (1, problem.size))


def _writer(make: Callable[[], str | bytes]) -> Callable[[Path], object]:
    return lambda path: write_file(path, make())


def _answer(problem: Any, value: Any) -> dict[str, Callable[[Path], object]]:
    if isinstance(problem, Tsp):
        return {"answer.tour": lambda path: write_tour(path, visited_cities(problem, value), name=problem.name)}
    return {"answer.txt": _writer(lambda: solution_text(problem, value) + "\n")}


def _recalled(problem: Recall, result: Result) -> dict[str, Callable[[Path], object]]:
    """Pictures of the first read of each pattern, numbered if several, and all of them as text."""
    assert result.run is not None
    assert result.recall is not None
    shape = problem.shape or (1, problem.size)
    states = recalled_pictures(problem, result.run, result.recall.patterns)
    files = {
        "recalled.png" if len(states) == 1 else f"recalled-{number}.png": _writer(partial(_picture, state, shape))
        for number, state in enumerate(states[:_PICTURES], 1)
    }
    return {**files, "recalled.txt": _writer(lambda: recalled_text(problem, states))}


def _picture(state: NDArray[np.int8], shape: tuple[int, int]) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.where(state.reshape(shape) > 0, 0, 255).astype(np.uint8)).save(stream, format="png")
    return stream.getvalue()


def _energies(samples: Samples) -> bytes:
    from matplotlib.figure import Figure

    from ..plotting.files import figure_bytes
    from ..sampling.plots import energy_autocorrelation, energy_trace

    figure = Figure(figsize=(8.0, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    energy_trace(samples, left)
    energy_autocorrelation(samples, right)
    return figure_bytes(left, "png")


def _drawn(comparison: Comparison, result: Result) -> bytes:
    from ..plotting.files import figure_bytes

    ax = draw_answer(comparison.problem, result)
    assert ax is not None
    return figure_bytes(ax, "png")
