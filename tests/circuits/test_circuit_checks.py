"""The checks of ``neuromorph validate`` that need circuits: they agree, and say what they lack without ngspice."""

import json

import numpy as np
import pytest

from circuits import OPAMPS, checks, installed_engines
from circuits.synthesis.opamp import DATA
from neuromorph.cli import main
from neuromorph.validate import CannotRun, run_checks


@pytest.mark.skipif("ngspice" not in installed_engines(), reason="needs ngspice")
def test_op_amps_and_wires_agree():
    found = {run.name: run for run in run_checks({f.__name__: f for f in checks.CIRCUIT_CHECKS}, quick=True)}
    assert len(found["opamp_data_sheets"].checks) == 24
    assert len(found["crossbar_wires"].checks) == 2
    assert {verdict for run in found.values() for verdict in run.verdicts} <= {"agrees", "within published band"}


@pytest.mark.skipif("ngspice" not in installed_engines(), reason="needs ngspice")
def test_the_printed_table_of_op_amps_holds_sheet_and_measurement(capsys):
    """Six quantities of each preset, the source of each value, and a deviation below 10 %."""
    assert main(["validate", "--only", "opamp-data-sheets", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["checks"][0]["rows"]
    asked = ("bandwidth", "slew", "gain", "noise", "source", "sink")
    assert len(rows) == len(OPAMPS) * len(asked)
    for name in OPAMPS:
        of_part = [row for row in rows if row["quantity"].endswith(f" of {name}")]
        sheet = [DATA[f"{name}_{value}"] for value in asked]
        assert [(row["published"], row["source"]) for row in of_part] == [(d.value, d.source) for d in sheet]
        assert all(abs(row["ours"] / row["published"] - 1.0) < 0.1 for row in of_part)
    assert main(["validate", "--only", "opamp-data-sheets"]) == 0
    assert "-2.16\u00a0%" in capsys.readouterr().out  # slew rate of OPA192, 20 to 80 % of a step


def test_without_ngspice_the_check_says_so(monkeypatch):
    monkeypatch.setattr(checks, "installed_engines", lambda: ["neospice"])
    rows = checks.crossbar_wires(True, np.random.SeedSequence(0))
    assert next(rows).verdict == "agrees"  # the nodal solve needs no engine
    with pytest.raises(CannotRun, match="ngspice is not installed"):
        next(rows)
