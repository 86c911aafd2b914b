"""A page for each node: what it is, how it does, what is installed on it, what can be done with it."""

import time
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cluster.actions.maintenance import setup
from cluster.models import Event
from cluster.nodes.cluster import connect
from cluster.nodes.log.reading import server_settings
from cluster.nodes.schema.install import Status
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName
from cluster.views import actions, hour
from cluster.views.cards import card
from cluster.views.seen import seen
from cluster.views.window import Window

SERVER_SECONDS = 2.0
"""Seconds that the node itself may take to tell of its server."""
SETTINGS = (
    "innodb_flush_log_at_trx_commit", "innodb_buffer_pool_size", "max_connections", "net_read_timeout",
    "idle_write_transaction_timeout", "innodb_lock_wait_timeout", "transaction_isolation", "version",
)  # fmt: skip
PROBES = 30


def node(request: HttpRequest, name: NodeName) -> HttpResponse:
    """Show the page."""
    context = admin.site.each_context(request) | {"title": name.label} | now_context(request, name)
    return render(request, "cluster/node.html", context)


def now_part(request: HttpRequest, name: NodeName) -> HttpResponse:
    """Show what changes."""
    return render(request, "cluster/parts/node_now.html", now_context(request, name))


def server_part(request: HttpRequest, name: NodeName) -> HttpResponse:
    """Show what only the node itself can tell: loaded after the page, and a sentence when it does not answer."""
    return render(request, "cluster/parts/node_server.html", server_context(name))


def now_context(request: HttpRequest, name: NodeName) -> dict[str, Any]:
    """Return what the newest observation knows."""
    observed = seen()
    found = hour.samples(Window(time.time(), 600))[-PROBES:]
    return {
        "seen": observed,
        "node": observed.node(name),
        "card": card(request, observed, observed.node(name)),
        "verbs": actions.of_node(request, observed, name),
        "probes": [(sample, probe(sample.facts["nodes"][name.value])) for sample in reversed(found)],
        "events": Event.objects.filter(old=name) | Event.objects.filter(new=name),
    }


def probe(facts: dict[str, Any]) -> dict[str, Any]:
    """Return a node in a sample, with the time that it took to answer in milliseconds."""
    seconds = facts["probe_seconds"]
    return facts | {"probe_ms": None if seconds is None else 1000 * seconds}


def server_context(name: NodeName) -> dict[str, Any]:
    """Return what is installed and how the server is set. Asks the node."""
    own = connect(name, timeout=SERVER_SECONDS)
    try:
        values = server_settings(own.connection, SETTINGS)
        objects = setup.check([name])
    except ClusterError as error:
        return {"problem": str(error)}
    finally:
        own.close()
    wrong = [item for item in objects if item.status is not Status.INSTALLED]
    return {"settings": values, "wrong": wrong, "installed": len(objects) - len(wrong)}
