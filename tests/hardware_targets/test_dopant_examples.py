"""The examples that train dopant networks run as they stand, at a small size."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(name: str, *arguments: str):
    return runpy.run_path(str(EXAMPLES / name))["main"]([*arguments])


def test_the_ring(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every way gives its accuracies, the best above chance even after few steps; the figure is there."""
    out = tmp_path / "ring.png"
    small = ["--devices", "1", "--samples", "24", "--pool", "20", "--attempts", "1", "--epochs", "3"]
    small += ["--gap", "0.4", "--hopping", "1"]
    found = run("dopant_ring.py", *small, "--out", str(out))
    assert set(found) == {"one unit", "five units, linear read-out", "2-2-1 units"}
    assert max(share for shares in found.values() for share in shares) > 0.6
    assert out.stat().st_size > 10_000
    said = capsys.readouterr().out
    assert "on the device" in said
    assert "by hopping" in said


def test_the_digits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All ways are far above the tenth of chance, and the power comes with its caution."""
    out = tmp_path / "digits.png"
    small = ["--images", "300", "--seeds", "1", "--points", "400", "--fit", "15", "--epochs", "8"]
    found = run("dopant_digits.py", *small, "--record", str(tmp_path / "record.npz"), "--out", str(out))
    assert len(found) == 6
    assert min(shares[0] for shares in found.values()) > 0.5
    assert out.stat().st_size > 10_000
    assert "attempt rate" in capsys.readouterr().out


def test_the_capacity(capsys: pytest.CaptureFixture[str]) -> None:
    """Labelings of two points, of which one unit finds both, and a line a device."""
    found = run("dopant_capacity.py", "--devices", "1", "--points", "2", "--attempts", "3", "--epochs", "20")
    assert found == {2: [1.0]}
    assert "device 0" in capsys.readouterr().out


def test_the_temperature(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The published band comes first, then regimes of devices, exact here; conductances rise, and a figure."""
    out = tmp_path / "temperature.png"
    found = run("dopant_temperature.py", "--devices", "2", "--acceptors", "6", "--out", str(out))
    assert found.shape == (2, 10)
    assert (found[:, -1] > found[:, 2]).all()
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("published for Si:B: G(300 K)/G(77 K) = 1.44 to 21.7")
    assert said[1].startswith("device 0: activated: ")
    assert "exact" in said[1]
    assert out.read_bytes().startswith(b"\x89PNG")
