"""The cluster fixture itself."""

import time

from tests.harness.specimens.models import Word


def test_a_write_reaches_every_node(cluster):
    Word.objects.create(word="a")
    cluster.settle()
    assert all(Word.objects.using(name).filter(pk="a").exists() for name in cluster.nodes)


def test_every_test_begins_with_empty_nodes(cluster):
    assert not Word.objects.exists()
    assert cluster.primary() == "main"


def test_a_reset_takes_less_than_a_second(cluster, servers):
    cluster.replicator.stop()
    began = time.monotonic()
    servers.reset()
    assert time.monotonic() - began < 1.0


def test_commands_work_with_the_scratch_nodes(cluster):
    done = cluster.manage("cluster_status")
    assert "Main is healthy." in done.stdout
    assert done.returncode == 0
