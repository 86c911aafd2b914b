"""The write downtime of a failover: from the log where somebody wrote, else from probes."""

import pytest

from cluster.protocol.downtime import write_gap


@pytest.mark.parametrize(
    ("last", "first", "missed", "opened", "seconds"),
    [
        (48.840, 54.030, 49.874, 51.509, 5.19),
        (None, 54.030, 49.874, 51.509, 4.156),
        (10.0, 54.030, 49.874, 51.509, 4.156),
        (48.840, None, 49.874, 51.509, 2.669),
        (48.840, 3_600.0, 49.874, 51.509, 2.669),
        (48.840, 54.030, None, 51.509, 5.19),
    ],
)
def test_it_is_from_the_last_write_to_the_first(last, first, missed, opened, seconds):
    found = write_gap(last, first, missed, opened)
    assert found is not None
    assert found.seconds == pytest.approx(seconds)


def test_without_log_and_probe_it_is_not_known():
    assert write_gap(None, 54.0, None, 51.5) is None
