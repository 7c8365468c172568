"""The checks of ``neuromorph validate`` that need circuits: they agree, and say what they lack without ngspice."""

import numpy as np
import pytest

from circuits import checks, installed_engines
from neuromorph.validate import CannotRun, run_checks


@pytest.mark.skipif("ngspice" not in installed_engines(), reason="needs ngspice")
def test_op_amps_and_wires_agree():
    found = {run.name: run for run in run_checks({f.__name__: f for f in checks.CIRCUIT_CHECKS}, quick=True)}
    assert len(found["opamp_data_sheets"].checks) == 12
    assert len(found["crossbar_wires"].checks) == 2
    assert {verdict for run in found.values() for verdict in run.verdicts} <= {"agrees", "within published band"}


def test_without_ngspice_the_check_says_so(monkeypatch):
    monkeypatch.setattr(checks, "installed_engines", lambda: ["neospice"])
    rows = checks.crossbar_wires(True, np.random.SeedSequence(0))
    assert next(rows).verdict == "agrees"  # the nodal solve needs no engine
    with pytest.raises(CannotRun, match="ngspice is not installed"):
        next(rows)
