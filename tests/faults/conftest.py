"""What the fault scenarios share."""

import pytest

from tests.harness.operator import Operator


@pytest.fixture
def operator(cluster) -> Operator:
    """Somebody who runs the verbs."""
    return Operator(cluster)
