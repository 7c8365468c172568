"""What every JSON file of ours is made of."""

import json
from math import inf, nan

import numpy as np

from neuromorph.estimate import Estimate
from neuromorph.files.json_values import json_value


def test_records_arrays_and_numbers_of_numpy_become_plain_data():
    given = {
        "array": np.array([[1, 2], [3, 4]], np.int8),
        "floats": np.array([0.5, nan, inf]),
        1: (np.float32(0.5), np.int64(2), np.bool_(True)),
        "none": [None, "text", -inf, True, 1],
        "point": np.array(2.0),
        "empty": np.empty((0, 3)),
        "estimate": Estimate(0.5, None, nan),
    }
    found = json_value(given)
    assert found == {
        "array": [[1, 2], [3, 4]],
        "floats": [0.5, None, None],
        "1": [0.5, 2, True],
        "none": [None, "text", None, True, 1],
        "point": 2.0,
        "empty": [],
        "estimate": {"value": 0.5, "low": None, "high": None},
    }
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [type(each) for each in found["1"]] == [float, int, bool]
