"""The columns of an entry, as statements name them. Their names are the fields of `Entry`, in that order.

Their types stand in sql/cluster/parts/entry_columns.sql, the shape of every table that holds entries.
"""

from cluster.protocol.entries import Entry

NAMES = tuple(f"`{name}`" if name == "timestamp" else name for name in Entry._fields)
COLUMNS = ", ".join(NAMES)
SELECTED = COLUMNS.replace("`timestamp`", "CAST(`timestamp` AS CHAR)")
"""The columns as they are read: a time that only travels stays text."""
MARKS = ", ".join(["%s"] * len(NAMES))
"""A placeholder for each of them."""
