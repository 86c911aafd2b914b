"""A whole table of titles through the log, a transaction a portion, each written once however often it is tried."""

from collections.abc import Iterator

from titles.files.table import Table
from titles.writing import edits
from titles.writing.edits import Stored


def write(table: Table, name: str) -> Iterator[Stored]:
    """Store the portions one after the other; return what each did.

    name: a UUID, the same for every try of this import: the ids of its transactions are made of it. A portion
    that an earlier try has stored counts as unchanged. Raises as titles.writing.edits.
    """
    for number, part in enumerate(table.parts):
        written = edits.store(part, transaction_id=f"import-{name}-{number}")
        yield written.value or Stored(unchanged=len(part))
