"""The SQL by which a server brings rows to the images of its log: one procedure a replicated table, and their caller.

The only place that stores images: appends of the replicator, of the SQL console, recoveries and repairs call it.
"""

import json
from collections.abc import Sequence

from django.db.models import Model

from cluster.nodes.schema import fragments
from cluster.nodes.schema import shape as shapes
from cluster.nodes.schema.catalogue import SqlObject, exact, sql_root
from cluster.nodes.schema.object_names import checksum, object_name
from cluster.nodes.schema.shape import Column, TableShape, shape
from cluster.protocol.names import NodeName

TEXTUAL = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
"""Column types whose values may be equal by collation and still be written differently."""
UPSERT = "\n        ON DUPLICATE KEY UPDATE {updates}"


def store_routines(models: Sequence[type[Model]], others: Sequence[type[Model]] = ()) -> list[SqlObject]:
    """store_<table> for each model, then store_tables, which calls those of the given tables, and their names.

    others: models whose procedures are there already and stay as they are.
    """
    routines = [routine for model in models for routine in table_routines(model)]
    return [*routines, *callers([model._meta.db_table for model in [*models, *others]])]


def callers(tables: Sequence[str]) -> list[SqlObject]:
    """Return store_tables, which calls the procedures of these tables, and the functions that give names.

    Those of the tables themselves, and those of the federated tables that stand for them.
    """
    cases = "".join(
        fill("parts/store_table.sql", table=table, routine=routine_name(table)) for table in tables
    )
    return [
        SqlObject("PROCEDURE", "store_tables", fill("store_tables.sql", tables=cases).strip()),
        SqlObject(
            "FUNCTION", "replicated_tables", fill("replicated_tables.sql", names=",".join(tables)).strip()
        ),
        SqlObject("FUNCTION", "link_name", fill("link_name.sql", shortened=shortened_links(tables)).strip()),
    ]


def shortened_links(tables: Sequence[str]) -> str:
    """Return the names of federated tables that are shortened, by what they stand for, as JSON."""
    links = {f"{table}_{peer}": link_name(table, peer) for table in tables for peer in NodeName}
    return json.dumps({whole: name for whole, name in links.items() if whole != name})


def link_name(table: str, peer: NodeName) -> str:
    """Return the name of the federated table through which a node reads another one's table."""
    return object_name(table, suffix=f"_{peer}")


def table_routines(model: type[Model]) -> list[SqlObject]:
    """Return the two procedures of one table: all its records at once, and a single one."""
    values = blanks(model, shape(model))
    return [
        SqlObject("PROCEDURE", values[name], fill(source, **values).strip())
        for name, source in (("singly", "store_singly.sql"), ("routine", "store.sql"))
    ]


def fill(name: str, **values: str) -> str:
    """Return a template of sql/cluster/apply with its blanks filled in."""
    return exact(
        fragments.fill((sql_root() / "cluster" / "apply" / name).read_text(), fragments.constants() | values)
    )


def routine_name(table: str, verb: str = "store") -> str:
    """Return the name of a table's procedure."""
    return object_name(table, prefix=f"{verb}_")


def due_table(model: type[Model]) -> str:
    """Return the temporary table of the records to be stored: another one when the types of the key have changed."""
    types = [f"{field.column} {field.db_type(shapes.dialect())}" for field in shapes.key_fields(model)]
    return object_name(model._meta.db_table, prefix="due_", suffix=f"_{checksum(', '.join(types))}")


def blanks(model: type[Model], table: TableShape) -> dict[str, str]:
    """Return what the procedure's text leaves open."""
    names = [f"`{column.name}`" for column in table.columns]
    keys = [(column, f"key_{number}") for number, column in enumerate(table.key, 1)]
    columns, own_record = ", ".join(names), table.record("own")
    given = {
        "table": table.name,
        "routine": routine_name(table.name),
        "singly": routine_name(table.name, "store_singly"),
        "due": due_table(model),
        "columns": columns,
        "values": ", ".join(stored_value(column, "entry.new_value") for column in table.columns),
        "typed_keys": ", ".join(f"`{column.name}` AS {key}" for column, key in keys),
        "key_names": ", ".join(key for _, key in keys),
        "keys": ", ".join(
            stored_value(column, "COALESCE(entry.new_value, entry.old_value)") for column, _ in keys
        ),
        "same_key": " AND ".join(f"own.`{column.name}` = due.{key}" for column, key in keys),
        "due_key": " AND ".join(
            f"own.`{c.name}` = (SELECT {key} FROM `{due_table(model)}`)" for c, key in keys
        ),
        "key_columns": ", ".join(f"`{column.name}`" for column, _ in keys),
        "columns_number": str(len(table.columns)),
        "own_record": own_record,
    }
    is_twin = f"BINARY {own_record} <> BINARY due.record_id"
    textual = [field for field in shapes.key_fields(model) if shapes.column_type(field) in TEXTUAL]
    exact = f" AND BINARY {own_record} = BINARY due.record_id" if textual else ""
    # A second unique key could collide half way: then the rows go first, and what still collides is an error.
    alone = not has_further_keys(model)
    given |= {
        "shape": "[" + ", ".join(f'"{column.name}"' for column in table.columns) + "]",
        "is_twin": is_twin if textual else "FALSE",
        "own_row": f" LEFT JOIN `{table.name}` AS own ON {given['same_key']}" if textual else "",
        "lost_values": ", ".join(stored_value(column, "entry.old_value") for column in table.columns),
        "removes": "v_gone > 0" if alone else "TRUE",
        "removed": f"(due.is_gone{exact})" + ("" if alone else " OR (p_record IS NULL AND NOT due.is_gone)"),
        "upsert": UPSERT.format(updates=", ".join(f"{n} = VALUES({n})" for n in names)) if alone else "",
        "known": " + ".join(f"JSON_EXISTS(v_new, '$.\"{column.name}\"')" for column in table.columns),
        "given_values": ", ".join(map(given_value, table.columns)),
        "stored_image": table.image("own"),
        "differing": ", ".join(map(differing, table.columns)),
    }
    steps = {
        "collect_due": True,
        "check_due": True,
        "drop_twins": bool(textual),
        "count_generated_key": model._meta.auto_field is not None,
        "store_due": True,
    }
    return given | {step: fill(f"parts/{step}.sql", **given) if due else "" for step, due in steps.items()}


def given_value(column: Column) -> str:
    """Return the assignment of a column's value out of an image that may lack it: then it keeps what the row has."""
    present = f"JSON_EXISTS(v_new, '$.\"{column.name}\"')"
    own = f"own.`{column.name}`"
    return f"{own} = IF({present}, {stored_value(column, 'v_new')}, {own})"


def differing(column: Column) -> str:
    """Return the column's name where the stored image has another value than the one that was to be stored."""
    path = f"'$.\"{column.name}\"'"
    same = f"BINARY JSON_EXTRACT(v_stored, {path}) <=> BINARY JSON_EXTRACT(v_new, {path})"
    return f"IF(NOT JSON_EXISTS(v_new, {path}) OR {same}, NULL, '{column.name}')"


def has_further_keys(model: type[Model]) -> bool:
    """Return whether the table has unique keys besides its primary one."""
    return any(not field.is_relation or field.unique for field in shapes.contested_fields(model))


def stored_value(column: Column, image: str) -> str:
    """Return the column's value out of an image; the inverse of `Column.image`."""
    text = f"JSON_VALUE({image}, '$.\"{column.name}\"')"
    of_hex = f"JSON_VALUE({image}, '$.\"{column.name}\".hex')"
    if column.expression is shapes.bytes_as_hex:
        return f"UNHEX({of_hex})"
    if column.expression is shapes.bits_as_hex:
        return f"CAST(CONV({of_hex}, 16, 10) AS UNSIGNED)"
    if column.expression is shapes.as_number:
        return f"CAST({text} AS UNSIGNED)"
    return text  # a TIMESTAMP too: it is stored in a session whose time zone is UTC
