"""What every writer agrees on that names its write. The SQL of the nodes takes it from here, too."""

import re

ID_PATTERN = "[0-9A-Za-z][0-9A-Za-z._:-]{0,63}"
"""The form of a transaction's id."""
ID = re.compile(ID_PATTERN)
WRITE_LOCK = "mco2.write."
"""The user lock of a write that runs begins so; the name of the database, a dot and the id follow."""


def write_lock(database: str, transaction_id: str) -> str:
    """Return the name of the user lock that keeps two sessions from running one transaction at a time."""
    return f"{WRITE_LOCK}{database}.{transaction_id}"
