"""How much the random tests play: HYPOTHESIS_PROFILE=quick (default) or thorough."""

import os
from dataclasses import dataclass

from hypothesis import HealthCheck, settings

COMMON = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Profile:
    """pure: for properties; stateful: for state machines; histories: seeds of the random driver."""

    pure: settings
    stateful: settings
    histories: int


PROFILES = {
    "quick": Profile(
        pure=settings(COMMON, max_examples=100, derandomize=True),
        stateful=settings(COMMON, max_examples=200, stateful_step_count=80, derandomize=True),
        histories=80,
    ),
    "thorough": Profile(
        pure=settings(COMMON, max_examples=5000),
        stateful=settings(COMMON, max_examples=2000, stateful_step_count=100),
        histories=4000,
    ),
}


def profile() -> Profile:
    """Return the profile that the environment names."""
    return PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "quick")]
