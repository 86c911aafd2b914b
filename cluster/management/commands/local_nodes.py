"""The three private MariaDB servers of the local stack."""

import json
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from cluster.conf import conf
from cluster.local import LocalNode, LocalNodeError, NodeStatus, each, local_nodes
from cluster.protocol.names import NodeName


def init(node: LocalNode) -> str:
    """Make the data directory."""
    return "has a new, empty data directory" if node.init() else "has its data directory already"


def start(node: LocalNode) -> str:
    """Start the server and wait until it answers."""
    return f"started on port {node.port}" if node.start() else f"is running already on port {node.port}"


def stop(node: LocalNode) -> str:
    """Shut the server down."""
    return "stopped" if node.stop() else "was not running"


def kill(node: LocalNode) -> str:
    """End the server with SIGKILL."""
    return "killed" if node.kill() else "was not running"


def freeze(node: LocalNode) -> str:
    """Stop the process with SIGSTOP."""
    node.freeze()
    return "frozen"


def resume(node: LocalNode) -> str:
    """Let the process go on with SIGCONT."""
    node.resume()
    return "resumed"


VERBS: dict[str, Callable[[LocalNode], str]] = {
    verb.__name__: verb for verb in (init, start, stop, kill, freeze, resume)
}


class Command(BaseCommand):
    """Parses a verb and nodes, does the verb, and says what happened on each node."""

    help = (
        "Make, start and stop the private MariaDB servers under var/nodes/, or hurt them: kill is "
        "SIGKILL, freeze and resume are SIGSTOP and SIGCONT. Without a NODE all three are meant."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a verb, any number of nodes, --json for `status`."""
        parser.add_argument("verb", choices=[*VERBS, "status"])
        parser.add_argument("nodes", nargs="*", metavar="NODE", help="main, node_a, node_b", type=_node)
        parser.add_argument(
            "--json", action="store_true", help="the status of the nodes as JSON, after the verb"
        )

    def handle(self, *, verb: str, nodes: list[NodeName], json: bool, **options: object) -> None:
        """Run the verb. Raises CommandError with one sentence for each node that failed."""
        try:
            chosen = _chosen(nodes)
        except LocalNodeError as error:
            raise CommandError(str(error)) from error
        sentences, errors = self._do(verb, chosen) if verb in VERBS else ([], [])
        if json or verb == "status":
            self._show([node.status() for node in chosen], as_json=json)
        else:
            self.stdout.writelines(f"{sentence}\n" for sentence in sentences)
        if errors:
            raise CommandError("\n".join(dict.fromkeys(errors)))

    def _do(self, verb: str, nodes: list[LocalNode]) -> tuple[list[str], list[str]]:
        outcomes = each(nodes, lambda node: _outcome(verb, node))
        done = [sentence for sentence, failed in outcomes if not failed]
        return done, [sentence for sentence, failed in outcomes if failed]

    def _show(self, statuses: list[NodeStatus], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({status.name: _as_json(status) for status in statuses}, indent=2))
            return
        table = Table("node", "state", "port", "pid", "directory")
        for status in statuses:
            table.add_row(
                status.name,
                status.state,
                str(status.port),
                str(status.pid or ""),
                str(status.directory),
            )
        Console(file=cast(Any, self.stdout)._out).print(table)


def _node(text: str) -> NodeName:
    return NodeName(text)


_node.__name__ = "node"  # argparse names the type in its message


def _chosen(names: list[NodeName]) -> list[LocalNode]:
    nodes = local_nodes(conf(), settings.VAR_DIR, settings.LOCAL_BUFFER_POOL)
    return [nodes[name] for name in names or NodeName]


def _outcome(verb: str, node: LocalNode) -> tuple[str, bool]:
    """Return the sentence for a node, and whether it tells of a failure."""
    try:
        return f"{node.name.label} {VERBS[verb](node)}.", False
    except LocalNodeError as error:
        return str(error), True


def _as_json(status: NodeStatus) -> dict[str, Any]:
    return {
        "state": status.state,
        "port": status.port,
        "pid": status.pid,
        "directory": str(status.directory),
    }
