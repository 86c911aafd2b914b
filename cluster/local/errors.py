"""What can go wrong with a private server. Each message is one sentence with what to do."""


class LocalNodeError(Exception):
    """A private server could not be made, started or reached."""


class PortTakenError(LocalNodeError):
    """Another program listens on the node's port."""

    def __init__(self, label: str, port: int, variable: str) -> None:
        super().__init__(
            f"Port {port} of {label} is taken by another program: "
            f"set {variable} to a free port, or stop that program."
        )


class DiskFullError(LocalNodeError):
    """The disk has no room for a node."""

    def __init__(self, label: str, directory: object, free_mb: int, needed_mb: int) -> None:
        super().__init__(
            f"{label} needs {needed_mb} MB in {directory}, and {free_mb} MB are free: "
            "make room, then try again."
        )


class NotInstalledError(LocalNodeError):
    """A program of MariaDB is missing."""

    def __init__(self, program: str) -> None:
        super().__init__(
            f"{program} is not installed: run scripts/bootstrap.sh, or install the package mariadb-server."
        )


class NotRunningError(LocalNodeError):
    """The node has no process to send a signal to."""

    def __init__(self, label: str, verb: str) -> None:
        super().__init__(
            f"{label} is not running, so there is nothing to {verb}: `local_nodes start` starts it."
        )


class NotInitialisedError(LocalNodeError):
    """The node has no data directory."""

    def __init__(self, label: str) -> None:
        super().__init__(f"{label} has no data yet: `local_nodes init` makes it.")


class StartFailedError(LocalNodeError):
    """The server ended, or did not answer in time, while it was starting."""

    def __init__(self, label: str, what: str, log: object, tail: str) -> None:
        super().__init__(f"{label} {what}. The end of {log}:\n{tail}")
