"""The SQL by which a server applies entries by itself: one procedure a replicated table, and the call of each.

What `cluster.nodes.applying` does for a process, append_entries does with these inside a server; both store the
newest image of each touched record, so it does not matter which of them was here first.
"""

from collections.abc import Sequence
from string import Template

from django.db.models import Model

from cluster.nodes import shape as shapes
from cluster.nodes.catalogue import SqlObject, sql_root
from cluster.nodes.shape import Column, TableShape, shape

DISPATCH = """CREATE OR REPLACE PROCEDURE store_images(IN p_entries LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_tables TEXT;
    SELECT GROUP_CONCAT(DISTINCT table_name) INTO v_tables
    FROM JSON_TABLE(p_entries, '$[*]' COLUMNS (table_name VARCHAR(64) PATH '$.table_name')) AS given;
{calls}
END"""
CALL = """    IF FIND_IN_SET('{table}', v_tables) THEN
        CALL store_{table}(p_entries);
    END IF;"""

COUNTED = """
        -- The server counts a generated key only when it stores it; as the primary it would hand this one out again.
        IF v_gone THEN
            INSERT IGNORE INTO `{table}` ({columns}) VALUES ({values});
        END IF;"""


def store_routines(models: Sequence[type[Model]]) -> list[SqlObject]:
    """store_<table> for each model, then store_images, which calls those of the tables that entries name."""
    routines = [store_routine(model) for model in models]
    calls = "\n".join(CALL.format(table=model._meta.db_table) for model in models)
    return [*routines, SqlObject("PROCEDURE", "store_images", DISPATCH.format(calls=calls))]


def store_routine(model: type[Model]) -> SqlObject:
    """The procedure of one table, from sql/cluster/apply/store.sql."""
    table = shape(model)
    folder = sql_root() / "cluster" / "apply"
    newest = Template((folder / "newest.sql").read_text()).substitute(table=table.name).strip()
    text = Template((folder / "store.sql").read_text()).substitute(blanks(model, table), newest=newest)
    return SqlObject("PROCEDURE", f"store_{table.name}", text.strip())


def blanks(model: type[Model], table: TableShape) -> dict[str, str]:
    """What the procedure's text leaves open."""
    names = [f"`{column.name}`" for column in table.columns]
    key = [(column, f"v_key_{number}") for number, column in enumerate(table.key)]
    return {
        "table": table.name,
        "columns": ", ".join(names),
        "values": ", ".join(stored_value(column, "newest.new_value") for column in table.columns),
        "updates": ", ".join(f"{name} = VALUES({name})" for name in names),
        "declared": "\n".join(
            f"    DECLARE {name} TYPE OF `{table.name}`.`{column.name}`;" for column, name in key
        ),
        "assigned": ", ".join(f"{name} = {stored_value(column, 'v_old')}" for column, name in key),
        "condition": " AND ".join(f"`{column.name}` = {name}" for column, name in key),
        "counted": COUNTED.format(
            table=table.name,
            columns=", ".join(names),
            values=", ".join(stored_value(column, "v_old") for column in table.columns),
        )
        if model._meta.auto_field
        else "",
        # A second unique key could collide half way: then the rows go first, as in `applying.put`.
        "replaced": "TRUE" if has_further_keys(model) else "newest.new_value IS NULL",
    }


def has_further_keys(model: type[Model]) -> bool:
    """Whether the table has unique keys besides its primary one."""
    meta = model._meta
    unique = any(field.unique and not field.primary_key for field in meta.local_concrete_fields)
    return unique or bool(meta.unique_together) or bool(meta.total_unique_constraints)


def stored_value(column: Column, image: str) -> str:
    """The column's value out of an image; the inverse of `Column.image`."""
    text = f"JSON_VALUE({image}, '$.\"{column.name}\"')"
    of_hex = f"JSON_VALUE({image}, '$.\"{column.name}\".hex')"
    if column.expression is shapes.bytes_as_hex:
        return f"UNHEX({of_hex})"
    if column.expression is shapes.bits_as_hex:
        return f"CAST(CONV({of_hex}, 16, 10) AS UNSIGNED)"
    if column.expression is shapes.timestamp_in_utc:
        return f"CONVERT_TZ({text}, '+00:00', @@SESSION.time_zone)"
    return text
