"""verify_consistency as a test calls it: what it found, and the repair of that."""

from cluster.actions.steps.observe import observe
from cluster.actions.verification.repair import repair
from cluster.actions.verification.verify import Verification, verify
from cluster.protocol.differences import Difference

ADD = "INSERT INTO test_counter VALUES (%s, 0, '')"


class Found(list[Difference]):
    """The differences that a comparison finds, and its result."""

    result: Verification

    def __init__(self, cluster, settle: float = 1.0) -> None:
        super().__init__()
        self.view = observe(cluster.nodes)
        self.result = verify(cluster.nodes, self.view, on_difference=self.append, settle=settle)

    @property
    def sentences(self) -> list[str]:
        """Sorted, since nodes are compared in no order."""
        return sorted(item.sentence for item in self)


def add(main, count: int) -> None:
    """Write new counters, numbered from 1."""
    main.many(ADD, [(number,) for number in range(1, count + 1)])


def repaired(cluster) -> str:
    """Repair what differs; return the sentence of the repair."""
    found = Found(cluster)
    return repair(cluster.nodes, found.view, found).sentence
