"""Literals of SQL for a column of any type: ordinary ones, edges, and what a strict session refuses."""

from random import Random

NUMBERS = (
    "0", "1", "-1", "7", "127", "128", "255", "65535", "-2147483648", "9007199254740993",
    "9223372036854775807",
    "18446744073709551615", "-9223372036854775808", "1e30", "0.1", "-0.0", "-0e0", "1e-300",
    "1.7976931348623157e308",
    "123456789012345678901234567890.123456789012345678901234567891", "'12abc'", "''", "NULL", "'x'", "1=1",
)  # fmt: skip
TEXTS = (
    "''", "' '", "'a'", "'A'", "'a '", "'ab'", "'\U0001f600'", "'\U0001f3ac'", "'\u00e4'", "'A\u0308'",
    "'null'", "NULL",
    "'\\0\\1\\n\\t'", "'\\'\"\\\\'", "0xFF00", "0x00", "_utf8mb4 0xF09F9880", "REPEAT('x', 300)",
    "REPEAT('\\1', 70000)",
    "'{\"a\": 1}'", "'not json'", "'[1, 1.0, 1e2]'", "12", "UUID()", "'b,a'", "'a,zzz'",
)  # fmt: skip
TIMES = (
    "'2024-02-29 12:00:00.123456'", "'2024-02-31'", "'0000-00-00'", "'2024-00-10'",
    "'9999-12-31 23:59:59.999999'",
    "'2024-03-31 02:30:00'", "'2024-10-27 02:30:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'",
    "NOW(6)", "'838:59:59'",
    "'-00:00:00.5'", "20240101", "'0000'", "0", "1901", "2155", "NULL", "'soon'", "CURRENT_TIMESTAMP(6)",
)  # fmt: skip
JSON = ("'null'", "NULL", "'{\"a\": 1}'", "'[1, 1.0, 1e2]'", "'not json'", "'\"\\\\u0000\"'")
ALL = NUMBERS + TEXTS + TIMES
KINDS = {
    "int": NUMBERS, "bigint": NUMBERS, "tinyint": NUMBERS, "mediumint": NUMBERS, "decimal": NUMBERS,
    "double": NUMBERS,
    "float": NUMBERS, "bit": NUMBERS, "varchar": TEXTS, "char": TEXTS, "longtext": TEXTS, "varbinary": TEXTS,
    "mediumblob": TEXTS, "longblob": TEXTS, "enum": TEXTS, "set": TEXTS, "date": TIMES,
    "datetime": TIMES, "time": TIMES,
    "smallint": NUMBERS, "text": TEXTS, "blob": TEXTS, "binary": TEXTS, "json": JSON,
    "timestamp": TIMES, "year": TIMES, "inet6": ("'::1'", "'10.0.0.1'", "NULL"), "uuid": ("UUID()", "NULL"),
}  # fmt: skip
STRANGE = 0.1
"""Share of values that were meant for another type."""


def literal(r: Random, kind: str) -> str:
    """Return a value for a column of this type."""
    return r.choice(ALL if r.random() < STRANGE else KINDS.get(kind, ALL))


def small(r: Random, kind: str) -> str:
    """Return a value for a key: few of them, so that statements meet in the same rows."""
    if kind in ("varchar", "char"):
        return r.choice(("'a'", "'A'", "'b'", "'a '", "'\u00e4'", "'\U0001f600'", "'\U0001f3ac'"))
    if kind == "varbinary":
        return r.choice(("'a'", "'A'", "0x00", "'a '", "0xFF"))
    if kind == "decimal":
        return r.choice(
            ("1", "123456789012345678901234567890.0000000001", "123456789012345678901234567890.0000000002")
        )
    if kind == "date":
        return f"'2024-02-{r.randint(25, 29)}'"
    if kind == "bigint":
        return str(r.choice((1, 2, 5, 1152921504606846976, 1152921504606846977, 1152921504606846978)))
    return str(r.randint(1, 6))
