"""The query by which a node's state is read: by Python, and by the node itself where SQL decides (own_state)."""

from pathlib import Path

from cluster.protocol.view import COUNTED_ENTRIES

QUERY = Path(__file__).with_suffix(".sql").read_text().replace("${counted_entries}", str(COUNTED_ENTRIES))
STATEMENT = QUERY[QUERY.index("SELECT") :].rstrip()
"""The same without its comment, to stand in another statement."""
