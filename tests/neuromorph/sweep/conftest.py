from pathlib import Path

import pytest
from sweep_toys import install_toys

SUPPORT = Path(__file__).resolve().parents[2] / "support"


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """The target toy-chip, for this process and those that it starts; returns a folder for studies."""
    site = install_toys(tmp_path / "site")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", f"{site}:{SUPPORT}")
    return tmp_path
