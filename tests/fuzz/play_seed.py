"""Play seeds, each with tables of its own, on scratch servers, and print what is wrong."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing

from django.conf import settings

from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName
from tests.fuzz.run import Fuzz
from tests.fuzz.schemas import make_models
from tests.harness.cluster import Cluster
from tests.harness.control import control_database
from tests.harness.servers import ScratchServers


class FuzzServers(ScratchServers):
    """Scratch servers that hold the tables of generated models besides."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)
        super().__init__()

    def policy(self) -> dict[str, object]:
        """The generated models are replicated, too."""
        return super().policy() | {"CLUSTER_REPLICATED_MODELS": self.labels}

    def environment(self, ports: Mapping[NodeName, int] | None = None) -> dict[str, str]:
        """Other processes do not know models that are made here."""
        made = super().environment(ports)
        made.pop("CLUSTER_REPLICATED_MODELS", None)
        return made


def play_seeds(seeds: Sequence[int], statements: int) -> int:
    """How many of the seeds found something."""
    found = 0
    with control_database():  # which would get a table of each model that exists before it
        made = {seed: make_models(seed) for seed in seeds}
        labels = [model._meta.label for models in made.values() for model in models]
        with closing(FuzzServers([*settings.CLUSTER_REPLICATED_MODELS, *labels])) as servers:
            for seed, models in made.items():
                problems = play(servers, seed, [model._meta.db_table for model in models], statements)
                sys.stdout.write(f"seed {seed}: {' '.join(problems) or 'equal'}\n")
                sys.stdout.flush()
                found += bool(problems)
    return found


def play(servers: ScratchServers, seed: int, tables: Sequence[str], statements: int) -> list[str]:
    """What one seed found."""
    with servers.pointed() as conf:
        servers.reset()
        cluster = Cluster(servers, conf)
        try:
            cluster.begin()
            cluster.settle()
            fuzz = Fuzz(seed, cluster.connect, lambda name: cluster.connect(name, "root", 30.0), tables)
            fuzz.play(statements)
            fuzz.end()
            cluster.settle(timeout=30)
            return fuzz.differences()
        except (NodeFailed, TimeoutError) as error:
            return [str(error), *cluster.replicator.said[-2:]]
        finally:
            cluster.end()
