"""Every object that set-up puts on a node, read from sql/ and from the replicated models.

An object is one SQL statement with a kind and a name. The order is that of
installation: tables, routines, the replicated tables, their triggers.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.models import Model

from cluster.nodes.connection import EXACT
from cluster.nodes.schema.fragments import fill, kernel_fragments
from cluster.nodes.schema.object_names import object_name
from cluster.nodes.schema.shape import (
    IMAGE_BYTES,
    ORPHAN_IMAGES,
    ORPHANS,
    PACKET_SHARE,
    TableShape,
    exact_size,
    greatest_size,
    least_size,
    shape,
)

PROJECT = Path(__file__).resolve().parents[3]
NEXT = "\n-- ;;\n"
"""Stands between the statements of a file that has several."""
NAME = re.compile(
    r"CREATE (?:OR REPLACE )?(TABLE|SEQUENCE|VIEW|PROCEDURE|FUNCTION|TRIGGER|EVENT)(?: IF NOT EXISTS)? `?(\w+)`?",
    re.I,
)
TEXT = re.compile(
    r"\b((?:VAR)?CHAR\(\d+\)|(?:LONG)?TEXT)(?: (?:CHARACTER SET|CHARSET) utf8mb4)?"
    r"(?! CHARACTER SET| CHARSET| COLLATE)(?=[ ,;)\n])"
)
"""The type of a parameter, a variable or a column of a temporary table."""


@dataclass(frozen=True, slots=True)
class SqlObject:
    """One object: its kind (TABLE, PROCEDURE, FUNCTION, TRIGGER), its name, the statement that makes it."""

    kind: str
    name: str
    statement: str

    @property
    def names(self) -> tuple[str, ...]:
        """What finds it at a server: an index by its table, too, or every table would be opened."""
        on = re.search(r" ON `(\w+)`", self.statement) if self.kind == "INDEX" else None
        return (on[1], self.name) if on else (self.name,)

    @property
    def replaces(self) -> bool:
        """Whether its statement makes it anew, whatever is there."""
        return re.search(r"^CREATE OR REPLACE ", self.statement, re.MULTILINE) is not None

    @property
    def checksum(self) -> str:
        """Of the source, to see whether an installed object is of another version."""
        return hashlib.sha256(self.statement.encode()).hexdigest()


def sql_root() -> Path:
    """Return the folder that holds sql/cluster and a folder for each app with replicated models."""
    return Path(getattr(settings, "CLUSTER_SQL_DIR", PROJECT / "sql"))


def statements(path: Path) -> list[str]:
    """Return the statements of a file."""
    return [part.strip().rstrip(";") for part in path.read_text().split(NEXT)]


def filled_objects(folder: Path, own: Mapping[str, str] | None = None) -> Iterator[SqlObject]:
    """Yield the objects that a folder makes, what they share with others filled in.

    own: what they share with nobody but each other. Raises KeyError for a blank that neither fills.
    """
    fragments = {**kernel_fragments(sql_root() / "cluster" / "parts"), **(own or {})}
    for item in objects_in(folder):
        yield replace(item, statement=fill(item.statement, fragments))


def kernel_objects(folder: str) -> Iterator[SqlObject]:
    """Yield the objects that a folder of sql/cluster makes."""
    return filled_objects(sql_root() / "cluster" / folder)


def objects_in(folder: Path) -> Iterator[SqlObject]:
    """Yield the objects that the files of a folder and of its topics make, by file name."""
    for path in sorted(folder.rglob("*.sql"), key=lambda path: path.name):
        for statement in statements(path):
            found = NAME.search(statement)
            if found is None:
                raise ValueError(f"{path}: no CREATE statement with a name in it")
            yield SqlObject(found[1].upper(), found[2], statement)


def exact(statement: str) -> str:
    """Return the statement with every text in it compared letter by letter, where it names no other collation.

    Variables would take the collation that the database had when they were made, literals that of the session which
    made them: two that differ make a statement fail (1267).
    """
    return TEXT.sub(rf"\1 CHARACTER SET utf8mb4 COLLATE {EXACT}", statement)


def exact_object(item: SqlObject) -> SqlObject:
    """Return the same object, its statement `exact`."""
    return SqlObject(item.kind, item.name, exact(item.statement))


def kernel_tables() -> list[SqlObject]:
    """Return the tables of the protocol, then the views on them."""
    return [*kernel_objects("tables"), *kernel_objects("views")]


def kernel_routines() -> list[SqlObject]:
    """Return the procedures and functions of the protocol."""
    return [exact_object(item) for item in kernel_objects("procedures")]


def calls() -> list[SqlObject]:
    """Return the triggers that answer calls of other nodes."""
    return [exact_object(item) for item in kernel_objects("calls")]


def events() -> list[SqlObject]:
    """Return what Node A's server may do by itself, once somebody enables it."""
    return list(kernel_objects("events"))


def public_routines() -> list[SqlObject]:
    """Return the procedures and functions of the installed apps: what the application's account may call."""
    installed = apps.app_configs.keys() - {"cluster"}
    folders = sorted(path for path in sql_root().iterdir() if path.is_dir() and path.name in installed)
    return [item for folder in folders for item in filled_objects(folder, app_constants(folder.name))]


def app_constants(label: str) -> dict[str, str]:
    """Return what the SQL of an app takes from its Python: `sql_constants` of its configuration.

    So an app writes a bound once.
    """
    constants = getattr(apps.app_configs.get(label), "sql_constants", {})
    return {name: str(value) for name, value in constants.items()}


PUBLIC_KERNEL = (
    "await_acknowledgement",
    "check_main_health",
    "promote_to_acting_master",
    "demote_to_vice",
    "recover_from_node_a",
    "catch_up",
)
"""Procedures of the protocol that the application's account may call; the verbs refuse it with a sentence."""


def triggers(models: Sequence[type[Model]], secret: str) -> list[SqlObject]:
    """Guard and log triggers of the replicated models, for the node with this apply secret."""
    return [item for model in models for item in table_triggers(shape(model), secret)]


def table_triggers(table: TableShape, secret: str) -> Iterator[SqlObject]:
    """Guard and log triggers of one table."""
    folder = sql_root() / "cluster" / "triggers"
    blanks = {
        "table": table.name,
        "secret": secret,
        "new_record": table.record("NEW"),
        "old_record": table.record("OLD"),
        "new_image": table.image("NEW"),
        "old_image": table.image("OLD"),
        "uncontested": table.same_contested("OLD", "NEW"),
        "is_left": table.same_key("own", "OLD"),
        "is_changed": f"{table.same_key('own', 'NEW')} AND {table.same_contested('own', 'NEW')}",
        "size_check": size_check(table),
    }
    for event in ("insert", "update", "delete"):
        for source in ("guard", f"log_{event}"):
            required = "" if event == "delete" else required_values(table)
            text = (folder / f"{source}.sql").read_text()
            suffix = f"_guard_{event}" if source == "guard" else f"_{source}"
            name = object_name(table.name, suffix=suffix)
            statement = fill(text, blanks | {"trigger": name, "event": event, "required": required})
            yield SqlObject("TRIGGER", name, statement.strip())


def required_values(table: TableShape) -> str:
    """Return the part of a guard that refuses NULL where a value must be."""
    if not table.required:
        return ""
    missing = " OR ".join(f"NEW.`{name}` IS NULL" for name in table.required)
    text = (sql_root() / "cluster" / "triggers" / "parts" / "required.sql").read_text()
    return fill(text, {"is_missing": missing, "names": ", ".join(table.required)})


def size_check(table: TableShape) -> str:
    """Return the statement that refuses a row with too large an image before that is made; none where none can be."""
    if not table.large:
        return ""
    path = sql_root() / "cluster" / "triggers" / "parts" / "size_check.sql"
    sizes = {count.__name__: table.size("NEW", count) for count in (least_size, greatest_size, exact_size)}
    images = ORPHAN_IMAGES if table.name == ORPHANS else 1
    limit = f"LEAST({IMAGE_BYTES * images}, @@max_allowed_packet DIV {PACKET_SHARE // images})"
    values = {"table": table.name, "record": table.record("NEW"), "limit": limit}
    return fill(path.read_text(), values | sizes)
