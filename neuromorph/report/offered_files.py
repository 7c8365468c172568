"""Files that targets hand over, under names that are safe and that no other file of the folder has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..study.checkpoint import own_name, safe_name

if TYPE_CHECKING:
    from ..study import Comparison


def named_files(comparison: Comparison) -> list[tuple[int, str, str]]:
    """Name the files that the targets offer, as they stand in the folder.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    list of (int, str, str)
        Number of the result, name of the file and its text.
    """
    chosen: dict[str, tuple[int, str]] = {}
    ours = {"results.json", "report.html", "best.tour", "figures", "runs"}
    for k, result in enumerate(comparison.results):
        for name, text in result.files.items():
            name = safe_name(name)
            names = (name, f"{safe_name(result.target)}-{name}", f"{own_name(result.target)}-{name}")
            chosen[next((each for each in names if each not in ours | chosen.keys()), names[-1])] = k, text
    return [(k, name, text) for name, (k, text) in chosen.items()]
