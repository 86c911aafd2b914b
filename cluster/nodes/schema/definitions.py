"""How a server tells what it holds: one question for each kind of object, for one of them or for all at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """definition: what is compared. source: table and condition that give the objects of a kind. names: what finds one.

    listed: whether all may be asked for at once; who asks for all indexes opens every table, and with the federated
    ones a connection to each peer.
    """

    definition: str
    source: str
    names: tuple[str, ...]
    listed: bool = True

    @property
    def one(self) -> str:
        """The definition of one object, its names left open; no row when there is none."""
        given = " AND ".join(f"{name} = %s" for name in self.names)
        return f"SELECT {self.definition} FROM {self.source} AND {given} GROUP BY {', '.join(self.names)}"

    @property
    def all(self) -> str:
        """The names and the definition of every object."""
        names = ", ".join(self.names)
        return f"SELECT {names}, {self.definition} FROM {self.source} GROUP BY {names}"


ROUTINES = "information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE ="
TABLES = "information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND"

COLLATIONS = "' ', COLLATION_CONNECTION, DATABASE_COLLATION = @@collation_database"
"""What the literals of a routine compare by, and whether its variables do as the database would have new ones do."""
ROUTINE = f"CONCAT(ROUTINE_DEFINITION, {COLLATIONS})"
DEFINITION = {
    "PROCEDURE": Question(ROUTINE, f"{ROUTINES} 'PROCEDURE'", ("ROUTINE_NAME",)),
    "FUNCTION": Question(ROUTINE, f"{ROUTINES} 'FUNCTION'", ("ROUTINE_NAME",)),
    "TRIGGER": Question(
        f"CONCAT(ACTION_TIMING, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_STATEMENT, {COLLATIONS})",
        "information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
        ("TRIGGER_NAME",),
    ),
    "TABLE": Question(
        "GROUP_CONCAT(CONCAT(COLUMN_NAME, ' ', COLUMN_TYPE, ' ', IS_NULLABLE) ORDER BY COLUMN_NAME)",
        "information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()",
        ("TABLE_NAME",),
    ),
    "INDEX": Question(
        "GROUP_CONCAT(CONCAT_WS(' ', TABLE_NAME, COLUMN_NAME, SUB_PART, INDEX_TYPE) ORDER BY SEQ_IN_INDEX)",
        "information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()",
        ("TABLE_NAME", "INDEX_NAME"),
        listed=False,
    ),
    "SEQUENCE": Question("TABLE_TYPE", f"{TABLES} TABLE_TYPE = 'SEQUENCE'", ("TABLE_NAME",)),
    "EVENT": Question(
        "EVENT_DEFINITION", "information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()", ("EVENT_NAME",)
    ),
    "FEDERATED": Question("TABLE_NAME", f"{TABLES} ENGINE = 'FEDERATED'", ("TABLE_NAME",)),
    "VIEW": Question(
        "VIEW_DEFINITION", "information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()", ("TABLE_NAME",)
    ),
}
