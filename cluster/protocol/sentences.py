"""Sentences that scripts and people wait for, word for word. The SQL console's procedures take them from here, too.

A blank in one is filled by Python's `format`, in SQL by the variable of its name (cluster.nodes.schema.fragments).
"""

HEALTHY = "Main is healthy. Node A remains in VICE mode."
STILL_DOWN = "Main still down. Node A continues as ACTING_MASTER."
BACK_ONLINE = "Main is back online. Node A should demote after synchronization."
ALREADY_ACTING = "Node A is already in ACTING_MASTER mode."
PROMOTED = "Node A promoted to ACTING_MASTER successfully. Node A can now accept write operations."
ALREADY_VICE = "Node A is already in VICE mode."
DEMOTED = "Node A demoted back to VICE mode. Main node is primary again."
UNREACHABLE = "{node} unreachable since {since}."
PROMOTING = "{cause} Promoting {candidate} to {mode}."
LAST_AT = "{node} last transaction was at: {at}"
FETCHING = "Fetching missed transactions from {source}..."
RECOVERED = "Recovery complete. Replayed {replayed} transactions from {source}."
NEXT_STEP = "Next step: Call demote_to_vice() on Node A to restore normal operation."
NEVER_LED = "This cluster never had a primary. Run setup_nodes."
NOT_AUTOMATIC = "Automatic failover is off (CLUSTER_AUTOMATIC)."
