"""example-pbits keeps its word: energies, independence of reads, distributions, prices, repeatability."""

import pytest
from example_pbits import ExamplePbits

from neuromorph import testing


@pytest.mark.parametrize("check", testing.CHECKS, ids=lambda check: check.__name__)
def test_example_pbits(check):
    """Each check of the suite passes."""
    check(ExamplePbits())
