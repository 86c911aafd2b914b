"""The SQL that depends on a replicated model: how its row becomes an image and its key a record id.

Every type makes the trip exactly or is refused (see `unsupported`): an image that is wrong by the last bit is
a difference between nodes that nobody wrote.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.db import connections
from django.db.backends.mysql.base import DatabaseWrapper
from django.db.models import AutoField, Field, Model

from cluster.nodes.expected_server import EXPECTED_SERVER

if TYPE_CHECKING:
    AnyField = Field[object, object]
else:
    AnyField = Field  # which takes no types where it runs

PLAIN = (
    "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "bool", "boolean", "decimal", "numeric",
    "double", "varchar", "char", "tinytext", "text", "mediumtext", "longtext", "date",
    "datetime", "time", "uuid", "inet4", "inet6",
)  # fmt: skip
BINARY = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
KEY_LENGTH = 255
"""Characters of a record id; see record_id in sql/cluster/parts/entry_columns.sql."""
LARGE = ("text", "mediumtext", "longtext", "blob", "mediumblob", "longblob", "json")
"""Column types whose values can make an image large; all others of a row have 64 KiB together."""
IMAGE_BYTES = 40 << 20
"""What one image may take as JSON. The server reckons with 48 bytes of room for each byte of a text in JSON, and takes
the text for NULL where that exceeds 31 bits: from 42.6 MiB on."""
PACKET_SHARE = 8
"""An image may take this part of max_allowed_packet: an entry travels with two, and quoted, which can double each."""
ORPHANS, ORPHAN_IMAGES = "orphaned_transaction", 4
"""The table whose rows hold both images of an entry, each quoted once more, and how many such a row may take: what a
node wrote can be filed, or it could not be recovered."""
ESCAPED = 6
"""Bytes that one byte of text takes in JSON at most: a control character is written as \\u0001."""

Expression = Callable[[str], str]


def json_object(members: str) -> str:
    """JSON_OBJECT, whose result in a trigger stays NULL after it once exceeded max_allowed_packet, in every session.

    COALESCE asks for the value itself and not for that stale mark.
    """
    return f"COALESCE(JSON_OBJECT({members}))"


def hex_object(column: str, digits: str) -> str:
    """{"hex": digits}, or NULL where the column is."""
    members = f"'hex', {digits}"
    return f"IF({column} IS NULL, NULL, {json_object(members)})"


def plain(column: str) -> str:
    """JSON_OBJECT prints the value so that the server reads it back unchanged."""
    return column


def float_as_double(column: str) -> str:
    """FLOAT prints six digits; the DOUBLE it stands for prints all that are needed."""
    return f"CAST({column} AS DOUBLE)"


def bytes_as_hex(column: str) -> str:
    """Bytes are no text: {"hex": "..."}."""
    return hex_object(column, f"HEX({column})")


def json_as_text(column: str) -> str:
    """JSON inside JSON stays the text that was stored, spaces and key order included."""
    return f"CAST({column} AS CHAR)"


def bits_as_hex(column: str) -> str:
    """BIT is bytes to the client; its number in hex, all 64 bits of it."""
    return hex_object(column, f"LPAD(HEX({column} + 0), 16, '0')")


def as_number(column: str) -> str:
    """ENUM and SET: the text of the error value 0 may be that of a member. YEAR: 0000 is no number of JSON."""
    return f"{column} + 0"


def timestamp_in_utc(column: str) -> str:
    """TIMESTAMP prints in the session's time zone; its seconds since 1970 don't depend on that."""
    moment = f"TIMESTAMP'1970-01-01 00:00:00' + INTERVAL UNIX_TIMESTAMP({column}) SECOND"
    return f"IF(LEFT(CAST({column} AS CHAR), 10) = '0000-00-00', '0000-00-00', {moment})"


@dataclass(frozen=True, slots=True)
class Column:
    """A column and how its value stands in an image."""

    name: str
    expression: Expression
    is_large: bool = False

    def image(self, row: str) -> str:
        """Name and value for JSON_OBJECT; `row` is NEW or OLD."""
        return f"'{self.name}', {self.expression(f'{row}.`{self.name}`')}"


@dataclass(frozen=True, slots=True)
class TableShape:
    """A replicated table: its columns in the model's order and the columns of its key.

    contested: the columns, besides the key, for whose value the server may refuse a row: unique ones, foreign keys.
    required: the columns that must have a value; not one that the server hands out.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[Column, ...]
    contested: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    def image(self, row: str) -> str:
        """Return the full row as JSON."""
        return json_object(", ".join(column.image(row) for column in self.columns))

    def same_contested(self, one: str, other: str) -> str:
        """Return whether two rows have the same values, byte for byte, in the contested columns."""
        same = [f"BINARY {one}.`{name}` <=> BINARY {other}.`{name}`" for name in self.contested]
        return " AND ".join(same) or "TRUE"

    def same_key(self, one: str, other: str) -> str:
        """Return whether two rows have the same key, byte for byte; the first part finds it by the index."""
        parts = [f"{one}.`{column.name}` = {other}.`{column.name}`" for column in self.key]
        return " AND ".join([*parts, f"BINARY {self.record(one)} = BINARY {self.record(other)}"])

    def record(self, row: str) -> str:
        """Return the key as text: the value itself, or a JSON array where the key has several columns."""
        values = [key_text(column, row) for column in self.key]
        return values[0] if len(values) == 1 else f"JSON_ARRAY({', '.join(values)})"

    @property
    def large(self) -> tuple[Column, ...]:
        """The columns that decide whether an image is too large."""
        return tuple(column for column in self.columns if column.is_large)

    def size(self, row: str, size_of: Callable[[Column, str], str]) -> str:
        """Return the bytes of an image, summed over its large columns as `size_of` counts each."""
        return " + ".join(
            f"COALESCE({size_of(column, f'{row}.`{column.name}`')}, 0)" for column in self.large
        )


def least_size(column: Column, value: str) -> str:
    """Bytes that the value takes in an image at least; cheap."""
    return f"LENGTH({value}) * {2 if column.expression is bytes_as_hex else 1}"


def greatest_size(column: Column, value: str) -> str:
    """Bytes that the value takes in an image at most; cheap."""
    return f"LENGTH({value}) * {2 if column.expression is bytes_as_hex else ESCAPED}"


def exact_size(column: Column, value: str) -> str:
    """Bytes that the value takes in an image; escapes the text to count them."""
    is_text = column.expression is not bytes_as_hex
    return f"LENGTH(JSON_QUOTE(CONVERT({value} USING utf8mb4)))" if is_text else least_size(column, value)


def key_text(column: Column, row: str) -> str:
    """Return one key column as text."""
    value = f"{row}.`{column.name}`"
    as_hex = column.expression in (bytes_as_hex, bits_as_hex)
    return f"HEX({value})" if as_hex else f"CAST({value} AS CHAR)"


def shape(model: type[Model]) -> TableShape:
    """Return the shape of a model's table. Raises ValueError for a type that cannot make the trip."""
    columns = {
        str(field.column): Column(str(field.column), expression(field), column_type(field) in LARGE)
        for field in stored_fields(model)
    }
    return TableShape(
        model._meta.db_table,
        tuple(columns.values()),
        tuple(columns[str(field.column)] for field in key_fields(model)),
        tuple(str(field.column) for field in contested_fields(model)),
        tuple(str(f.column) for f in stored_fields(model) if not f.null and not isinstance(f, AutoField)),
    )


def contested_fields(model: type[Model]) -> list[AnyField]:
    """Return the fields, besides the key, that a unique index or a foreign key stands on."""
    meta = model._meta
    together = {name for names in meta.unique_together for name in names}
    together |= {name for constraint in meta.total_unique_constraints for name in constraint.fields}
    return [
        field
        for field in stored_fields(model)
        if not field.primary_key and (field.unique or field.is_relation or field.name in together)
    ]


def key_fields(model: type[Model]) -> list[AnyField]:
    """Return the fields of the primary key, one or several."""
    return list(model._meta.pk_fields)


def stored_fields(model: type[Model]) -> list[AnyField]:
    """Return the fields with a column that is written: no generated ones, the server computes those again."""
    return [f for f in model._meta.local_concrete_fields if f.column and not f.generated]


def expression(field: AnyField) -> Expression:
    """Return how the field's column becomes part of an image. Raises ValueError with the field's name."""
    kind = column_type(field)
    special: dict[str, Expression] = {
        "float": float_as_double,
        "real": float_as_double,
        "json": json_as_text,
        "bit": bits_as_hex,
        "enum": as_number,
        "set": as_number,
        "year": as_number,
        "timestamp": timestamp_in_utc,
    }
    found = special.get(kind) or (bytes_as_hex if kind in BINARY else plain if kind in PLAIN else None)
    if found is None:
        raise ValueError(
            f"{field.model._meta.label}.{field.name}: a column of type {kind or 'unknown'} "
            "cannot be replicated exactly."
        )
    return found


@cache
def dialect() -> DatabaseWrapper:
    """Return a connection that is never opened: it names types as MariaDB does, with every server dead."""
    wrapper = DatabaseWrapper(connections["main"].settings_dict, "dialect")
    vars(wrapper)["mysql_server_data"] = EXPECTED_SERVER
    return wrapper


def column_type(field: AnyField) -> str:
    """Return the first word of the column's type on MariaDB, in lower case."""
    kind = (field.db_type(dialect()) or "").lower()
    return kind.split("(")[0].split(" ")[0]
