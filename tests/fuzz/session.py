"""One client: its connection, its settings, and the next statement that it sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.fuzz.values import literal, small

SETTINGS = (
    "SET sql_mode = ''", "SET sql_mode = 'ALLOW_INVALID_DATES'", "SET sql_mode = DEFAULT",
    "SET sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'", "SET sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'",
    "SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,IGNORE_SPACE'", "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
    "SET check_constraint_checks = 0", "SET check_constraint_checks = 1", "SET foreign_key_checks = 0",
    "SET foreign_key_checks = 1", "SET unique_checks = 0", "SET unique_checks = 1",
    "SET time_zone = '-11:00'",
    "SET time_zone = '+05:30'", "SET time_zone = DEFAULT", "SET timestamp = 1711850400.5",
    "SET timestamp = DEFAULT",
    "SET NAMES utf8mb4", "SET NAMES latin1", "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
    "SET character_set_results = binary",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET SESSION tx_isolation = 'READ-UNCOMMITTED'",
    "SET SESSION tx_isolation = 'SERIALIZABLE'", "SET SESSION tx_isolation = 'READ-COMMITTED'",
    "SET SESSION tx_isolation = 'REPEATABLE-READ'", "SET insert_id = 5", "SET auto_increment_increment = 3",
    "SET sql_auto_is_null = 1", "SET sql_safe_updates = 0", "SET div_precision_increment = 0",
    "SET old_mode = ''",
    "SET sql_select_limit = 1", "SET sql_select_limit = DEFAULT", "SET max_heap_table_size = 16384",
    "SET group_concat_max_len = 4",
    "SET lc_time_names = 'de_DE'", "SET default_week_format = 3", "SET sql_quote_show_create = 0",
    "SET big_tables = 1",
    "SET collation_connection = 'utf8mb4_bin'", "SET @log_sequence = 99", "SET @logged_transaction_id = 'x'",
    "SET @federated_operation = 1", "SET profiling = 1", "SET optimizer_switch = 'index_merge=off'",
)  # fmt: skip
CONTROL = (
    "START TRANSACTION", "START TRANSACTION", "COMMIT", "COMMIT", "ROLLBACK", "SET autocommit = 0",
    "SET autocommit = 1",
    "SAVEPOINT s", "ROLLBACK TO SAVEPOINT s", "RELEASE SAVEPOINT s", "COMMIT AND CHAIN",
    "COMMIT RELEASE", "ROLLBACK AND CHAIN", "START TRANSACTION WITH CONSISTENT SNAPSHOT", "KILL QUERY CONNECTION_ID()",
)  # fmt: skip

ABORT, ACKNOWLEDGE = "abort", "acknowledge"
"""What a session does besides statements: break its connection; commit, and wait for a second node."""


@dataclass(frozen=True)
class Column:
    """A column: its name, its type, whether it is part of the key, whether a statement may set it."""

    name: str
    kind: str
    is_key: bool
    is_written: bool


@dataclass(frozen=True)
class Table:
    """A replicated table as the server describes it."""

    name: str
    columns: tuple[Column, ...]

    @property
    def key(self) -> list[Column]:
        """The columns of its primary key."""
        return [column for column in self.columns if column.is_key]

    @property
    def written(self) -> list[Column]:
        """Those that a statement may set."""
        return [column for column in self.columns if column.is_written]


def statement(r: Random, tables: Sequence[Table]) -> str:
    """One statement: mostly a change of rows, else a setting, or an end or a beginning of a transaction."""
    dice = r.random()
    if dice < 0.12:
        return r.choice(SETTINGS)
    if dice < 0.27:
        return r.choice(CONTROL)
    if dice < 0.32:
        name = "NULL" if r.random() < 0.5 else f"'named-{r.randint(1, 10**9)}'"
        return f"SET @current_transaction_id = {name}"
    if dice < 0.34:
        return ABORT
    if dice < 0.38:
        return handled(r, tables)
    return change(r, tables)


def change(r: Random, tables: Sequence[Table]) -> str:
    """Return a change of rows."""
    table = r.choice(tables)
    return r.choice((insert, insert, insert, update, update, delete, replace, copy, joined))(r, table)


def handled(r: Random, tables: Sequence[Table]) -> str:
    """Several changes, of which those that fail are passed over, or end the rest."""
    kind = r.choice(("CONTINUE", "EXIT"))
    changes = "; ".join(change(r, tables) for _ in range(3))
    return f"BEGIN NOT ATOMIC DECLARE {kind} HANDLER FOR SQLEXCEPTION BEGIN END; {changes}; END"


def insert(r: Random, table: Table) -> str:
    """One row or several, perhaps over rows that are there."""
    ignore = r.choice(("", "", "IGNORE "))
    rows, names = values(r, table)
    over = ""
    if r.random() < 0.3:
        column = r.choice(table.written)
        over = f" ON DUPLICATE KEY UPDATE `{column.name}` = {literal(r, column.kind)}"
    return f"INSERT {ignore}INTO `{table.name}` ({names}) VALUES {rows}{over}"


def replace(r: Random, table: Table) -> str:
    """Rows in place of others."""
    rows, names = values(r, table)
    return f"REPLACE INTO `{table.name}` ({names}) VALUES {rows}"


def values(r: Random, table: Table) -> tuple[str, str]:
    """Rows and the names of their columns: the key, and some of the others."""
    generated = [c for c in table.key if c.kind == "bigint" and len(table.key) == 1 and r.random() < 0.3]
    chosen = [
        c for c in table.written if (c.is_key and c not in generated) or (not c.is_key and r.random() < 0.4)
    ]
    rows = [
        "(" + ", ".join(small(r, c.kind) if c.is_key else literal(r, c.kind) for c in chosen) + ")"
        for _ in range(r.choice((1, 1, 2, 5)))
    ]
    return ", ".join(rows), ", ".join(f"`{column.name}`" for column in chosen)


def update(r: Random, table: Table) -> str:
    """Return some columns of some rows, now and then the key."""
    others = [column for column in table.written if not column.is_key] or table.key
    changed = r.sample(others, min(len(others), r.choice((1, 1, 2, 4))))
    if r.random() < 0.15:
        changed.append(r.choice(table.key))
    assigned = ", ".join(
        f"`{c.name}` = {small(r, c.kind) if c.is_key else literal(r, c.kind)}" for c in changed
    )
    ignore = r.choice(("", "", "", "IGNORE "))
    return (
        f"UPDATE {ignore}`{table.name}` SET {assigned}{condition(r, table)}{r.choice(('', '', ' LIMIT 1'))}"
    )


def delete(r: Random, table: Table) -> str:
    """Return some rows."""
    return f"DELETE FROM `{table.name}`{condition(r, table)}"


def copy(r: Random, table: Table) -> str:
    """Rows of the same table, with another key."""
    names = ", ".join(f"`{c.name}`" for c in table.written)
    chosen = ", ".join(small(r, c.kind) if c.is_key else f"`{c.name}`" for c in table.written)
    return f"INSERT IGNORE INTO `{table.name}` ({names}) SELECT {chosen} FROM `{table.name}` LIMIT 2"


def joined(r: Random, table: Table) -> str:
    """Return a change of two tables at once."""
    column = r.choice([c for c in table.written if not c.is_key] or table.key)
    other = table.name if r.random() < 0.3 else "test_word"
    return f"UPDATE `{table.name}` AS one JOIN `{other}` AS two SET one.`{column.name}` = {literal(r, column.kind)}"


def condition(r: Random, table: Table) -> str:
    """Which rows: by a key, a range, or all."""
    column = r.choice(table.key)
    return r.choice(
        (
            "",
            f" WHERE `{column.name}` = {small(r, column.kind)}",
            f" WHERE `{column.name}` <= {small(r, column.kind)}",
        )
    )
