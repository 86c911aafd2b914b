"""Settings of a server that the promises rest on."""

from cluster.nodes.connection import Connection
from cluster.nodes.schema.shape import IMAGE_BYTES, PACKET_SHARE
from cluster.protocol.errors import NodeFailed

QUESTIONS = {
    "SELECT @@innodb_flush_log_at_trx_commit = 1": (
        "innodb_flush_log_at_trx_commit is not 1: a node that loses power forgets what it acknowledged"
    ),
    "SELECT @@innodb_autoinc_lock_mode = 2": (
        "innodb_autoinc_lock_mode is not 2: a statement of many rows makes all other writers wait until it ends"
    ),
    "SELECT SLEEP(0.002) = 0 AND SYSDATE(6) > NOW(6)": (
        "it runs with --sysdate-is-now: a session can set the clock that the lease is measured by"
    ),
    f"SELECT @@max_allowed_packet >= {IMAGE_BYTES * PACKET_SHARE}": (
        f"max_allowed_packet is below {IMAGE_BYTES * PACKET_SHARE >> 20} MiB: a row may only take an "
        f"{PACKET_SHARE}th part of it, instead of {IMAGE_BYTES >> 20} MiB"
    ),
    "SELECT @@character_set_database = 'utf8mb4'": (
        "its database is not utf8mb4: four-byte characters cannot be stored"
    ),
}
"""A question that a server answers with 1, and what it means otherwise."""

HAS_ZONES = "SELECT CONVERT_TZ('2000-01-01', 'UTC', 'Pacific/Kiritimati') IS NOT NULL"


def has_time_zones(connection: Connection) -> bool:
    """Return whether the server knows time zones by their names."""
    return bool(connection.row(HAS_ZONES)[0])


def unmet(connection: Connection) -> list[str]:
    """Return what each setting means that is not as the kernel needs it."""
    return [otherwise for question, otherwise in QUESTIONS.items() if connection.row(question)[0] != 1]


def refused_by_console(connection: Connection) -> list[str]:
    """Return why the server cannot reach the others as the SQL console needs it: what `require_settings` refuses."""
    try:
        connection.run("CALL require_settings()")
    except NodeFailed as error:
        return [error.reason.removesuffix(".")]
    return []
