"""The rules of the protocol, each as a function that takes it away: for tests of the tests.

A rule is taken from the fake node or from the verb that keeps it, never from the product's code.
"""

from collections.abc import Callable
from typing import Any

import pytest

from cluster.actions.failover import promote
from cluster.actions.steps import lease, reconcile
from cluster.actions.steps.reconcile import Reconciled
from cluster.protocol.gaps import Gaps
from cluster.protocol.monitor_state import is_refused
from cluster.protocol.node import Node, Window
from tests.harness import coordinators
from tests.harness.fake_server import Server
from tests.harness.world import Coordinator

Rule = Callable[[pytest.MonkeyPatch], None]
"""Takes one rule away."""


def promotion_first(patch: pytest.MonkeyPatch) -> None:
    """Break the boundary rule: PROMOTION entries travel before the epochs that they end."""
    in_order = reconcile.copy_missing

    def copy(target: Node, source: Node, epoch: int, *rest: Any) -> Reconciled:
        log = source.read_log(0, 10_000).entries
        target.append(epoch, [entry for entry in log if entry.is_control], boundary=True)
        return in_order(target, source, epoch, *rest)

    patch.setattr(reconcile, "copy_missing", copy)
    patch.setattr(promote, "copy_missing", copy)


def any_epoch(patch: pytest.MonkeyPatch) -> None:
    """Break the epoch check: an append does not ask for the promise."""
    patch.setattr(Server, "fence", lambda s, epoch, boundary: boundary or s.require_promotion(epoch))


def any_follower(patch: pytest.MonkeyPatch) -> None:
    """Break the other half of the boundary rule: a push goes to nodes that lack the PROMOTION."""
    patch.setattr(Server, "fence", lambda s, epoch, _boundary: s.require_promise(epoch))


def no_orphans(patch: pytest.MonkeyPatch) -> None:
    """Leave out the orphan step: nothing is orphaned."""
    patch.setattr(reconcile, "orphan_lost_entries", lambda *_: 0)


def no_consent(patch: pytest.MonkeyPatch) -> None:
    """Claims do not wait for consents."""
    patch.setattr(Server, "consent_runs", lambda _s, _waived: False)


def no_wait_for_solo_lease(patch: pytest.MonkeyPatch) -> None:
    """Let a promotion not wait for a lease that nobody consented to."""
    patch.setattr(promote, "wait_out_unconsented_lease", lambda *_: None)


def refusal_is_proof(patch: pytest.MonkeyPatch) -> None:
    """Take a primary that refuses new connections from everywhere for one whose process has ended."""
    patch.setattr(coordinators, "is_gone", is_refused)


def lease_outlives_claim(patch: pytest.MonkeyPatch) -> None:
    """Let a claim leave the claimed node's own lease."""
    patch.setattr(Server, "end_lease", lambda _s, _epoch: None)


def clock_read_late(patch: pytest.MonkeyPatch) -> None:
    """Measure the lease from the answer, not from before the question."""
    agreed = lease.agreed_since

    def late(primary: Node, voters: Any, epoch: int, seconds: float) -> float:
        agreed(primary, voters, epoch, seconds)
        return primary.beat()

    patch.setattr(lease, "agreed_since", late)


def only_an_end(patch: pytest.MonkeyPatch) -> None:
    """Give a lease an end and no begin, so that it does not notice that the clock has stepped back."""
    patch.setattr(Server, "is_overtaken", lambda _s, _epoch: False)


def any_disk(patch: pytest.MonkeyPatch) -> None:
    """Take a node that was restarted at its word, however little it knows."""
    patch.setattr(promote, "set_back", lambda _states: {})


def force_lasts(patch: pytest.MonkeyPatch) -> None:
    """Let a primary that an operator has forced go on without consent, whoever follows it meanwhile."""
    patch.setattr(Server, "note_follower", lambda _s, _epoch: None)


def next_number(patch: pytest.MonkeyPatch) -> None:
    """Every promotion takes the next epoch, also one that an operator has forced."""
    patch.setattr(promote, "next_epoch", lambda _voters, promised: promised + 1)
    patch.setattr(promote, "require_own_epoch", lambda *_: None)


def no_barrier(patch: pytest.MonkeyPatch) -> None:
    """Claims and mode changes do not wait for open transactions."""
    patch.setattr(Server, "barrier", lambda _s: None)


def no_union(patch: pytest.MonkeyPatch) -> None:
    """Let a promotion gather nothing from the other nodes of its epoch."""
    patch.setattr(promote, "copy_missing", lambda *_: Reconciled())


def no_confirmation(patch: pytest.MonkeyPatch) -> None:
    """Begin an epoch on its primary alone."""
    patch.setattr(promote, "confirm", lambda *_: ([], 0))


def highest_id_only(patch: pytest.MonkeyPatch) -> None:
    """Let the replicator remember the highest id and no gaps."""
    patch.setattr(Gaps, "ranges", property(lambda _s: []))
    patch.setattr(Gaps, "watermark", property(lambda s: s.cursor))


def parts_suffice(patch: pytest.MonkeyPatch) -> None:
    """Let a read that leaves out some of what is missing take what it shows for whole."""

    def read_entries(self: Server, *asked: Any, **_: Any) -> Window:
        return self.cut_by_size(*asked)

    patch.setattr(Server, "read_entries", read_entries)


def connections_survive(patch: pytest.MonkeyPatch) -> None:
    """Let a connection go on after its server's restart as if nothing had happened."""
    ask = Coordinator.ask

    def forget_and_ask(self: Coordinator, server: Server) -> None:
        self.sessions.pop(server.name, None)
        ask(self, server)

    patch.setattr(Coordinator, "ask", forget_and_ask)
