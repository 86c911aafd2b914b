"""The indexes of the catalogue on nodes that have rows already: set-up makes what is missing and renews what is old."""

from cluster.actions.maintenance import setup
from cluster.nodes.schema.install import Status
from cluster.protocol.names import NodeName
from titles.models import Title

NAMES = {index.name for index in Title._meta.indexes}
COLUMNS = (
    "SELECT GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) FROM information_schema.STATISTICS"
    " WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = %s"
)


def states(node: NodeName) -> dict[str, Status]:
    """How each index of the catalogue stands on a node."""
    return {found.name: found.status for found in setup.check([node]) if found.name in NAMES}


def test_an_index_that_is_missing_or_old_is_made_anew(cluster):
    Title.objects.create(tconst="tt0000001", primary_title="One")
    cluster.settle()
    assert states(NodeName.NODE_B) == dict.fromkeys(NAMES, Status.INSTALLED)
    root = cluster.connect("node_b", "root", 20.0)
    root.run("ALTER TABLE title_ft DROP INDEX title_ft_words")
    root.run("CREATE OR REPLACE INDEX title_ft_votes ON title_ft (numVotes)")
    changed = states(NodeName.NODE_B)
    assert (changed["title_ft_words"], changed["title_ft_votes"]) == (Status.MISSING, Status.OUTDATED)
    setup.set_up(NodeName.NODE_B)
    assert states(NodeName.NODE_B) == dict.fromkeys(NAMES, Status.INSTALLED)
    votes = "numVotes,tconst,startYear,averageRating,weightedRating"
    assert root.row(COLUMNS, ("title_ft_votes",)) == (votes,)
    assert root.row("SELECT COUNT(*) FROM title_ft") == (1,), "its rows stay"
