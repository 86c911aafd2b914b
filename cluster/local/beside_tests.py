"""What works beside the tests of an application: `python -m cluster.local.beside_tests FILE`.

Sets three servers up, runs the migrations, says so by a line, then carries the log and watches the nodes until its
standard input ends. FILE (JSON) says which settings the project has, and what is different in them.
"""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import django
from django.conf import settings

READY = "ready"


def main(file: Path) -> None:
    """Point the settings at the servers, before anything is connected, and work."""
    given = json.loads(file.read_text())
    for name, changes in given["databases"].items():
        settings.DATABASES[name] = settings.DATABASES[name] | changes
    for name, value in given["values"].items():
        setattr(settings, name, value)
    django.setup()
    over = threading.Event()
    workers = begin(over, migrations=given["migrations"])
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    sys.stdin.read()
    over.set()
    for worker in workers:
        worker.join(5.0)


def begin(over: threading.Event, *, migrations: bool) -> list[threading.Thread]:
    """Make a cluster of the servers; return what keeps it at work until `over`."""
    # Imported late: these have models, and models need the set-up.
    from django.core.management import call_command

    from cluster.actions.maintenance.setup import set_up
    from cluster.protocol.names import NodeName

    call_command("migrate", database="control", verbosity=0, interactive=False)
    if not migrations:
        for name in NodeName:
            set_up(name)
    call_command("setup_nodes")
    workers = [threading.Thread(target=work, args=[over], daemon=True) for work in (replicate, watch)]
    for worker in workers:
        worker.start()
    call_command("migrate", database="default", verbosity=0, interactive=False)
    return workers


def replicate(over: threading.Event) -> None:
    """Carry the log."""
    from cluster.actions.replication.replicate import Replicator
    from cluster.conf import conf
    from cluster.management.commands.replicate import tick
    from cluster.nodes.cluster import connect

    def node(name: Any, timeout: float) -> Any:
        return connect(name, timeout=timeout)

    worker = Replicator(node, lease_seconds=conf().lease_seconds, alarm=tick)
    worker.stopping = over
    worker.run()


def watch(over: threading.Event) -> None:
    """Fail over where a primary fails."""
    from cluster.actions.failover.check_health import Watch
    from cluster.conf import conf

    watcher = Watch.of_this_process()
    while not over.is_set():
        watcher.tick()
        watcher.wait(conf().probe_interval)
    watcher.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
