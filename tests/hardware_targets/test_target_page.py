"""The page of ``hardware_targets``: every entry point is there by name, and in the docstring."""

from importlib.metadata import EntryPoint, entry_points

import pytest

import hardware_targets

POINTS = [point for point in entry_points(group="neuromorph.targets") if point.value.startswith("hardware_targets")]


def test_the_targets_are_found() -> None:
    """A missing or second installation would leave the tests below without a case, or with double ones."""
    assert len({point.name for point in POINTS}) == 32


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_the_page_has_the_target(point: EntryPoint) -> None:
    """A target that is renamed, moved or added without its line on the page fails."""
    name = point.value.split(":")[1]
    assert getattr(hardware_targets, name) is point.load()
    assert name in hardware_targets.__all__
    assert f"- ``{point.name}`` (``{name}``): " in (hardware_targets.__doc__ or "")
