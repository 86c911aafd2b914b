"""Models with random columns and keys, made while the program runs."""

import random
from typing import Any

from django.db import models


class Typed(models.Field):
    """A column of exactly this type."""

    def __init__(self, kind: str = "int", **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind

    def db_type(self, connection: object) -> str:
        """As it was given."""
        return self.kind


TYPES = (
    "tinyint", "smallint unsigned", "mediumint", "int", "bigint", "bigint unsigned", "decimal(65,30)",
    "decimal(12,2)", "float", "double", "bit(12)", "bit(64)", "char(20)", "varchar(60)",
    "varchar(60) collate utf8mb4_bin", "text", "longtext", "binary(6)", "varbinary(40)", "blob", "longblob",
    "enum('a','b','')", "set('x','y','z')", "date", "datetime(6)", "time(6)", "timestamp(6)", "year", "uuid",
    "inet6", "json",
)  # fmt: skip
"""Column types that a replicated table may have."""
KEYS = (
    ("bigint",), ("bigint unsigned",), ("varchar(40)",), ("varbinary(20)",), ("decimal(40,10)",), ("date",),
    ("varchar(20)", "bigint"), ("bigint", "bigint unsigned"), ("int", "decimal(30,5)"),
)  # fmt: skip
TABLES = 3
COLUMNS = 8


def make_models(seed: int) -> list[type[models.Model]]:
    """Return the models of a seed. The same seed gives the same tables."""
    r = random.Random(f"schema {seed}")
    return [make_model(r, f"Fuzz{seed}x{number}") for number in range(TABLES)]


def make_model(r: random.Random, name: str) -> type[models.Model]:
    """One model: its key is generated, single or composite."""
    meta = type("Meta", (), {"app_label": "specimens", "db_table": name.lower()})
    body: dict[str, Any] = {"__module__": __name__, "Meta": meta, "__str__": lambda self: str(self.pk)}
    key = r.choice((None, *KEYS))
    if key is None:
        body["id"] = models.BigAutoField(primary_key=True)
    elif len(key) == 1:
        body["k1"] = Typed(key[0], primary_key=True)
    else:
        body |= {f"k{number}": Typed(kind) for number, kind in enumerate(key, 1)}
        body["pk"] = models.CompositePrimaryKey(*[f"k{number}" for number in range(1, len(key) + 1)])
    for number, kind in enumerate(r.sample(TYPES, COLUMNS), 1):
        body[f"c{number}"] = Typed(kind, null=True)
    body["u"] = models.IntegerField(null=True, unique=r.random() < 0.5)
    body["g"] = models.GeneratedField(
        expression=models.F("u") * 2, output_field=models.BigIntegerField(), db_persist=r.random() < 0.5
    )
    return type(name, (models.Model,), body)
