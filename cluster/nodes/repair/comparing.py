"""Checksums of one node's rows, span by span.

A table is walked in spans of its primary key. The server hashes each row's values as bytes: rows that are
equal only by a collation are different. Every statement is a range of the primary key or of an index of the
log.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from cluster.nodes.connection import Connection
from cluster.nodes.entry_columns import SELECTED
from cluster.nodes.schema.shape import TableShape
from cluster.protocol.differences import LOG
from cluster.protocol.entries import Entry

Key = tuple[object, ...]
"""Values of the primary key's columns, as the driver gives and takes them."""

LAST_EPOCH = 2**32 - 1


class Checksum(NamedTuple):
    """What a span holds: its rows, and their digests in one number."""

    rows: int
    digest: int


@dataclass(frozen=True, slots=True)
class Span:
    """The keys after `after` up to and including `upto`; None: from the beginning, to the end."""

    after: Key | None = None
    upto: Key | None = None


@dataclass(frozen=True, slots=True)
class Comparable:
    """A table to be compared: its name, the columns of its key, SQL of a row's record id and digest."""

    name: str
    key: tuple[str, ...]
    record: str
    digest: str


def comparable(shape: TableShape) -> Comparable:
    """Return a replicated table: the values that its images hold, and no others."""
    values = [column.expression(f"t.`{column.name}`") for column in shape.columns]
    key = tuple(column.name for column in shape.key)
    return Comparable(shape.name, key, shape.record("t"), digest(values))


def comparable_as_stored(shape: TableShape, columns: Mapping[str, str]) -> Comparable:
    """Describe a table by its stored values (see `cluster.nodes.log.stored`): what an image loses is seen too."""
    return replace(comparable(shape), digest=digest(list(columns.values())))


def digest(values: Sequence[str]) -> str:
    """Return SQL of 64 bits that stand for these values. QUOTE tells NULL from text and one value from the next."""
    row = ", ".join(f"QUOTE(BINARY {value})" for value in values)
    return f"CAST(CONV(LEFT(SHA1(CONCAT_WS(',', {row})), 16), 16, 10) AS UNSIGNED)"


def log_value(column: str) -> str:
    """Return a column of the log; an image is hashed first, since two large ones may not fit into one value."""
    return f"SHA1(t.{column})" if column in ("old_value", "new_value") else f"t.`{column}`"


LOG_TABLE = Comparable(
    LOG,
    ("log_id", "epoch"),
    "CONCAT(t.epoch, '-', t.log_id)",
    digest([log_value(column) for column in Entry._fields]),
)


def log_span(after: int | None, upto: int | None) -> Span:
    """Return the entries with after < log_id <= upto."""
    return Span(None if after is None else (after, LAST_EPOCH), None if upto is None else (upto, LAST_EPOCH))


def within(table: Comparable, span: Span) -> tuple[str, list[object]]:
    """Return the condition of a span, as ranges of the primary key, and its parameters."""
    parts, params = ["TRUE"], []
    for bound, last, outer in ((span.after, ">", ">="), (span.upto, "<=", "<=")):
        if bound is None:
            continue
        sql, values = beyond(table.key, bound, last)
        # The optimizer sees a range in the first column alone, and needs to be shown it.
        parts += [f"t.`{table.key[0]}` {outer} %s", f"({sql})"]
        params += [bound[0], *values]
    return " AND ".join(parts), params


def beyond(key: Sequence[str], bound: Key, last: str) -> tuple[str, list[object]]:
    """Compare `key` with `bound` column by column; `last` compares the last column: > or <=."""
    column, value = f"t.`{key[0]}`", bound[0]
    if len(key) == 1:
        return f"{column} {last} %s", [value]
    sql, values = beyond(key[1:], bound[1:], last)
    return f"{column} {last[0]} %s OR ({column} = %s AND ({sql}))", [value, value, *values]


def key_at(connection: Connection, table: Comparable, span: Span, number: int) -> Key | None:
    """Return the key of the row with that number (from 1) in a span; None when the span has fewer."""
    condition, params = within(table, span)
    columns = ", ".join(f"t.`{column}`" for column in table.key)
    rows = connection.rows(
        f"SELECT {columns} FROM `{table.name}` AS t FORCE INDEX (PRIMARY) WHERE {condition}"
        f" ORDER BY {columns} LIMIT 1 OFFSET %s",
        [*params, number - 1],
    )
    return rows[0] if rows else None


def check(connection: Connection, table: Comparable) -> None:
    """Check the table. Raises NodeFailed when the node has no such table or not all its columns."""
    connection.rows(f"SELECT {table.record}, {table.digest} FROM `{table.name}` AS t LIMIT 0")


def checksum(connection: Connection, table: Comparable, span: Span) -> Checksum:
    """Rows and digest of a span."""
    condition, params = within(table, span)
    rows, total = connection.row(
        f"SELECT COUNT(*), BIT_XOR({table.digest}) FROM `{table.name}` AS t FORCE INDEX (PRIMARY)"
        f" WHERE {condition}",
        params,
    )
    return Checksum(int(rows), int(total))


def digests(connection: Connection, table: Comparable, span: Span) -> dict[str, int]:
    """Return the digest of each row of a span, by record id."""
    condition, params = within(table, span)
    rows = connection.rows(
        f"SELECT {table.record}, {table.digest} FROM `{table.name}` AS t FORCE INDEX (PRIMARY)"
        f" WHERE {condition}",
        params,
    )
    return {text(record): int(value) for record, value in rows}


def images_of_span(connection: Connection, shape: TableShape, span: Span) -> Iterator[str]:
    """Yield the image of each row of a span. The connection is busy meanwhile."""
    condition, params = within(comparable(shape), span)
    sql = f"SELECT {shape.image('t')} FROM `{shape.name}` AS t FORCE INDEX (PRIMARY) WHERE {condition}"
    for (image,) in connection.stream(sql, params):
        yield text(image)


def entries(connection: Connection, span: Span) -> Iterator[Entry]:
    """Yield the entries of a span of the log. The connection is busy meanwhile."""
    condition, params = within(LOG_TABLE, span)
    sql = f"SELECT {SELECTED} FROM transaction_log AS t WHERE {condition}"
    return map(Entry._make, connection.stream(sql, params))


def text(value: str | bytes) -> str:
    """Return a record id as text: some expressions give it as bytes."""
    return value.decode() if isinstance(value, bytes) else value


def estimate(connection: Connection, names: Sequence[str]) -> int:
    """About how many rows these tables have, from the server's statistics."""
    marks = ", ".join(["%s"] * len(names))
    return int(
        connection.row(
            "SELECT COALESCE(SUM(table_rows), 0) FROM information_schema.tables"
            f" WHERE table_schema = DATABASE() AND table_name IN ({marks})",
            names,
        )[0]
    )


def spans(bound: Callable[[Span], Key | None], whole: Span) -> Iterator[Span]:
    """Cut `whole` into spans; `bound` says where the next one of what is left ends, None: at the end."""
    after = whole.after
    while (upto := bound(Span(after, whole.upto))) is not None:
        yield Span(after, upto)
        after = upto
    yield Span(after, whole.upto)
