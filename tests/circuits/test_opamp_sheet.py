"""Each preset in ngspice against the typical values of its data sheet."""

import pytest

from circuits import OPAMPS, installed_engines
from circuits.certificate.opamp_sheet import opamp_sheet

pytestmark = pytest.mark.skipif("ngspice" not in installed_engines(), reason="needs ngspice")


@pytest.mark.parametrize("name", OPAMPS)
def test_a_preset_is_what_its_data_sheet_says(name):
    """Within 10 % of each typical value, 0.01 dB for a follower; GBW, slew, A0, noise at two gains, limit, margin."""
    rows = {row.quantity: row for row in opamp_sheet([OPAMPS[name]])}
    assert len(rows) == 10
    for row in rows.values():
        bound = {"dB": 0.5, "deg": 3.0}.get(row.unit, 0.1)
        assert abs(row.deviation) < bound, row
    assert abs(rows["gain of a follower at 0 V"].measured) < 0.01
