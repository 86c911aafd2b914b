"""The numbers for Prometheus, gathered at each scrape from the newest observation of the watch and the events."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

from django.db.models import Count
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from cluster.actions.reports.failovers import failovers as all_failovers
from cluster.actions.reports.writes import counted
from cluster.actions.verification.proof import proof
from cluster.backend.counters import Outcome
from cluster.models import Event
from cluster.protocol.latency import BOUNDS
from cluster.protocol.names import Mode
from cluster.views.seen import Seen, seen

GAPS: Final = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper ends of the histogram of gaps, seconds."""
OF_NODE: Final = {
    "mco2_node_up": ("Whether the node answered the watch.", "reachable"),
    "mco2_node_writable": ("Whether the node takes writes.", "writable"),
    "mco2_node_epoch": ("The epoch that the node has promised.", "epoch"),
    "mco2_node_log_entries": ("Entries in the node's log.", "entries"),
    "mco2_node_lag_entries": ("Entries that the node lacks.", "lag_entries"),
    "mco2_node_lag_seconds": ("Age of the node's newest entry while it lags.", "lag_seconds"),
    "mco2_node_lease_seconds": ("Seconds for which the node may take writes.", "lease_seconds"),
    "mco2_node_probe_seconds": ("How long the node took to answer the watch.", "probe_seconds"),
    "mco2_node_orphans_unfiled": ("Orphaned entries on the node and not filed yet.", "orphans_unfiled"),
    "mco2_node_quarantined": ("Records whose newest entry the node could not store.", "quarantined"),
}


class Numbers(Collector):
    """All of them."""

    def collect(self) -> Iterable[Metric]:
        """Gather the numbers at each scrape."""
        observed = seen()
        yield gauge(
            "mco2_observation_age_seconds", "Seconds since the newest observation of the watch.", observed.age
        )
        if not observed.stale:
            yield from of_cluster(observed)
            yield from of_nodes(observed)
        yield from of_comparison()
        yield from of_writes()
        yield from of_events()


def gauge(name: str, description: str, value: float | None) -> Metric:
    """Return one number; none where it is not known."""
    made = GaugeMetricFamily(name, description)
    if value is not None:
        made.add_metric([], float(value))
    return made


def of_cluster(observed: Seen) -> Iterator[Metric]:
    """Yield the numbers of the cluster as a whole."""
    yield gauge("mco2_epoch", "The newest epoch.", observed.epoch)
    yield gauge("mco2_has_primary", "Whether a node takes writes.", observed.primary is not None)
    yield gauge("mco2_quorum", "Whether a majority answers.", observed.facts["quorum"])
    yield gauge("mco2_automatic", "Whether the watch may fail over.", observed.facts["automatic"])


def of_nodes(observed: Seen) -> Iterator[Metric]:
    """Yield the numbers of each node."""
    for name, (description, key) in OF_NODE.items():
        made = GaugeMetricFamily(name, description, labels=["node"])
        for node in observed:
            if (value := node.facts.get(key)) is not None:
                made.add_metric([node.name.value], float(value))
        yield made
    modes = GaugeMetricFamily(
        "mco2_node_mode", "1 for the mode that the node is in.", labels=["node", "mode"]
    )
    for node in observed:
        for mode in Mode:
            modes.add_metric([node.name.value, mode.value], float(node.mode == mode))
    yield modes


def of_comparison() -> Iterator[Metric]:
    """Yield the numbers of the comparison in the background."""
    found = proof()
    at = found.proven_at.timestamp() if found.proven_at else None
    yield gauge("mco2_proven_equal_timestamp_seconds", "When all nodes were last proven equal.", at)
    yield gauge("mco2_compared_share", "Share of the rows that the present pass has compared.", found.share)
    yield gauge(
        "mco2_differences", "Rows, entries and objects that differ between the nodes.", found.differences
    )


def of_events() -> Iterator[Metric]:
    """Yield the numbers of what has happened."""
    found = all_failovers()
    failovers = CounterMetricFamily("mco2_failovers", "Failovers in the events.")
    failovers.add_metric([], len(found))
    yield failovers
    orphaned = CounterMetricFamily("mco2_orphaned_entries", "Orphaned entries by failovers in the events.")
    orphaned.add_metric([], sum(one.orphaned for one in found))
    yield orphaned
    yield gaps([one.downtime for one in found if one.downtime is not None])
    events = CounterMetricFamily("mco2_events", "Events by kind.", labels=["kind"])
    counts = dict(Event.objects.order_by().values_list("kind").annotate(Count("id")))
    for kind in Event.Kind:
        events.add_metric([kind.value], counts.get(kind.value, 0))
    yield events


def of_writes() -> Iterator[Metric]:
    """Yield what became of the transactions of Django's processes, and how long their writers waited."""
    found = counted()
    made = CounterMetricFamily("mco2_writes", "Transactions by what became of them.", labels=["outcome"])
    for outcome in Outcome:
        made.add_metric([outcome.value], getattr(found, outcome.value))
    yield made
    waited = HistogramMetricFamily(
        "mco2_acknowledgement_seconds", "From sending a commit to the acknowledgement, seconds."
    )
    reached = list(accumulate(found.latencies or [0] * (len(BOUNDS) + 1)))
    ends = [*(f"{end:g}" for end in BOUNDS), "+Inf"]
    waited.add_metric(
        [], [(end, float(number)) for end, number in zip(ends, reached, strict=True)], found.seconds
    )
    yield waited


def gaps(seconds: list[float]) -> Metric:
    """Return how long writers had no primary, failover by failover."""
    made = HistogramMetricFamily(
        "mco2_failover_gap_seconds",
        "Write downtime of failovers, seconds.",
    )
    counts = [
        sum(low < gap <= high for gap in seconds) for low, high in zip((0.0, *GAPS), GAPS, strict=False)
    ]
    buckets = [(f"{end:g}", float(count)) for end, count in zip(GAPS, accumulate(counts), strict=True)]
    made.add_metric([], [*buckets, ("+Inf", float(len(seconds)))], sum(seconds))
    return made


def exposition() -> bytes:
    """Return the numbers as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Numbers())
    return generate_latest(registry)
