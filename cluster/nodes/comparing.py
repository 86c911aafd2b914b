"""Checksums and single looks at one node's rows: what a comparison of nodes is made of.

A table is walked in spans of its primary key. The server hashes each row's values as bytes: rows that are equal
only by a collation are different. Every statement is a range of the primary key or of an index of the log.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cluster.nodes.connection import Connection
from cluster.nodes.shape import TableShape, bytes_as_hex
from cluster.protocol.differences import LOG, RowLook, entry_id
from cluster.protocol.entries import Entry

Key = tuple[Any, ...]
"""Values of the primary key's columns, as the driver gives and takes them."""

LOOKS = 200
"""Records looked at in one statement."""
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
    """A replicated table: the values that its images hold, and no others."""
    values = [column.expression(f"t.`{column.name}`") for column in shape.columns]
    key = tuple(column.name for column in shape.key)
    return Comparable(shape.name, key, shape.record("t"), digest(values))


def digest(values: Sequence[str]) -> str:
    """SQL of 64 bits that stand for these values. QUOTE tells NULL from any text and one value from the next."""
    row = ", ".join(f"QUOTE(BINARY {value})" for value in values)
    return f"CAST(CONV(LEFT(SHA1(CONCAT_WS(',', {row})), 16), 16, 10) AS UNSIGNED)"


def log_value(column: str) -> str:
    """A column of the log; an image is hashed first, since two large ones may not fit into one value."""
    return f"SHA1(t.{column})" if column in ("old_value", "new_value") else f"t.`{column}`"


LOG_TABLE = Comparable(
    LOG,
    ("log_id", "epoch"),
    "CONCAT(t.epoch, '-', t.log_id)",
    digest([log_value(column) for column in Entry._fields]),
)


def log_span(after: int | None, upto: int | None) -> Span:
    """The entries with after < log_id <= upto."""
    return Span(None if after is None else (after, LAST_EPOCH), None if upto is None else (upto, LAST_EPOCH))


def within(table: Comparable, span: Span) -> tuple[str, list[Any]]:
    """The condition of a span, as ranges of the primary key, and its parameters."""
    parts, params = ["TRUE"], []
    for bound, last, outer in ((span.after, ">", ">="), (span.upto, "<=", "<=")):
        if bound is None:
            continue
        sql, values = beyond(table.key, bound, last)
        # The optimizer sees a range in the first column alone, and needs to be shown it.
        parts += [f"t.`{table.key[0]}` {outer} %s", f"({sql})"]
        params += [bound[0], *values]
    return " AND ".join(parts), params


def beyond(key: Sequence[str], bound: Key, last: str) -> tuple[str, list[Any]]:
    """`key` compared with `bound` column by column; `last` compares the last column: > or <=."""
    column, value = f"t.`{key[0]}`", bound[0]
    if len(key) == 1:
        return f"{column} {last} %s", [value]
    sql, values = beyond(key[1:], bound[1:], last)
    return f"{column} {last[0]} %s OR ({column} = %s AND ({sql}))", [value, value, *values]


def key_at(connection: Connection, table: Comparable, span: Span, number: int) -> Key | None:
    """The key of the row with that number (from 1) in a span; None when the span has fewer."""
    condition, params = within(table, span)
    columns = ", ".join(f"t.`{column}`" for column in table.key)
    rows = connection.rows(
        f"SELECT {columns} FROM `{table.name}` AS t FORCE INDEX (PRIMARY) WHERE {condition}"
        f" ORDER BY {columns} LIMIT 1 OFFSET %s",
        [*params, number - 1],
    )
    return rows[0] if rows else None


def check(connection: Connection, table: Comparable) -> None:
    """Raises NodeFailed when the node has no such table or not all its columns."""
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
    """The digest of each row of a span, by record id."""
    condition, params = within(table, span)
    rows = connection.rows(
        f"SELECT {table.record}, {table.digest} FROM `{table.name}` AS t FORCE INDEX (PRIMARY)"
        f" WHERE {condition}",
        params,
    )
    return {text(record): int(value) for record, value in rows}


def text(value: str | bytes) -> str:
    """A record id as text: some expressions give it as bytes."""
    return value.decode() if isinstance(value, bytes) else value


def key_of(shape: TableShape, record_id: str) -> Key:
    """The key's values that a record id stands for."""
    parts = [record_id] if len(shape.key) == 1 else json.loads(record_id)
    return tuple(
        bytes.fromhex(part) if column.expression is bytes_as_hex else part
        for column, part in zip(shape.key, parts, strict=True)
    )


def look(connection: Connection, shape: TableShape, record_ids: Sequence[str]) -> dict[str, RowLook]:
    """Each record's row and newest entry, those of one statement in one snapshot. Raises NodeFailed."""
    looks: dict[str, RowLook] = {}
    for chunk in chunks(record_ids):
        sql, params = looking(shape, chunk)
        for record_id, image, entry, logged in connection.rows(sql, params):
            looks[text(record_id)] = RowLook(image, entry_id(entry) if entry else None, logged)
    return looks


def looking(shape: TableShape, record_ids: Sequence[str]) -> tuple[str, list[Any]]:
    """The statement of `look` and its parameters."""
    newest = (
        "SELECT {} FROM transaction_log WHERE table_name = %s AND record_id = %s"
        " ORDER BY epoch DESC, log_id DESC LIMIT 1"
    )
    entry, logged = newest.format("CONCAT(epoch, '-', log_id)"), newest.format("new_value")
    parts, params = [], []
    for record_id in record_ids:
        condition, at = at_record(shape, record_id)
        row = f"SELECT {shape.image('t')} FROM `{shape.name}` AS t WHERE {condition}"
        parts.append(f"SELECT %s, ({row}), ({entry}), ({logged})")
        params += [record_id, *at, *[shape.name, record_id] * 2]
    return " UNION ALL ".join(parts), params


def at_record(shape: TableShape, record_id: str) -> tuple[str, list[Any]]:
    """The condition that finds the row of a record by its key, byte for byte, and its parameters."""
    parts = [f"t.`{column.name}` = %s" for column in shape.key]
    exact = f"BINARY {shape.record('t')} = BINARY %s"
    return " AND ".join([*parts, exact]), [*key_of(shape, record_id), record_id]


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
    """`whole` cut into spans; `bound` says where the next one of what is left ends, None: at the end."""
    after = whole.after
    while (upto := bound(Span(after, whole.upto))) is not None:
        yield Span(after, upto)
        after = upto
    yield Span(after, whole.upto)


def chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    """`items` in parts of LOOKS."""
    for start in range(0, len(items), LOOKS):
        yield items[start : start + LOOKS]
