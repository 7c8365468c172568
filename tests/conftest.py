"""Shared by all tests: fixed seeds, no deadlines (compiling is slow once), published instances where they are found."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("neuromorph", deadline=None, derandomize=True)
settings.load_profile("neuromorph")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as of a shell's background jobs, and inherited by every child
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path | None:
    """Folder of published instances with their best known values, or None where it is not there."""
    return SHARED_DATA if SHARED_DATA.is_dir() else None


@pytest.fixture(autouse=True)
def no_lines_of_progress(monkeypatch):
    """Commands speak of long work, and on a busy machine everything is: what they print depends on no clock."""
    monkeypatch.setattr("neuromorph.cli.progress.LINE_S", 1e6)


# A shell that starts the tests in the background has them ignore Ctrl-C, and every process that they start too.
signal.signal(signal.SIGINT, signal.default_int_handler)
