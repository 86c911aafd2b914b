"""Votes and leases of a node in memory: each primitive as the server's own procedures do it."""

from cluster.protocol.errors import (
    ConsentRunning,
    StaleEpoch,
    WritersBusy,
)
from cluster.protocol.names import Mode
from tests.harness.fake_disk import CLOSED, FORGIVEN, GONE, Disk


class Voter(Disk):
    """Promises, consents and the lease. See sql/cluster/procedures/lease."""

    def require_promise(self, epoch: int) -> None:
        """See require_promise.sql."""
        if self.promised != epoch:
            raise StaleEpoch(self.name, epoch, f"this node has promised epoch {self.promised}.")

    def require_promotion(self, epoch: int) -> None:
        """See require_promotion.sql."""
        if self.led != epoch:
            raise StaleEpoch(self.name, epoch, f"its newest promotion is of epoch {self.led}.")

    def barrier(self) -> None:
        """Take the mode row exclusively: running writes hold it in share mode."""
        if self.open:
            raise WritersBusy(self.name, 2)

    def consent_runs(self, waived_consent_epoch: int | None) -> bool:
        """Whether somebody else may still hold a lease that this node consented to."""
        running = self.consent_until > self.clock() and self.lease is None
        return running and self.consent_epoch >= self.promised and self.consent_epoch != waived_consent_epoch

    def raise_lease_end(self, epoch: int, until: float) -> None:
        """See raise_lease_end.sql: it only grows."""
        self.lease_end = max(self.lease_end, (epoch, until))

    def end_lease(self, epoch: int) -> None:
        """Take the lease of every epoch below away."""
        self.raise_lease_end(epoch, GONE)

    def claim(self, epoch: int, waived_consent_epoch: int | None = None) -> None:
        """See claim.sql."""
        self.barrier()
        self.bound_consent()
        if self.promised >= epoch:
            raise StaleEpoch(self.name, epoch, f"it has promised epoch {self.promised}.")
        if self.consent_runs(waived_consent_epoch):
            seconds = self.consent_until - self.clock()
            raise ConsentRunning(self.name, self.consent_epoch, seconds)
        self.end_lease(epoch)
        self.promised = epoch

    def bound_consent(self) -> None:
        """See bound_consent.sql."""
        self.consent_until = min(self.consent_until, self.clock() + self.consented)

    def consent(self, epoch: int, seconds: float) -> None:
        """See consent.sql."""
        self.require_promise(epoch)
        self.bound_consent()
        self.consent_until = max(self.consent_until, self.clock() + seconds)
        self.consented = self.consent_until - self.clock()
        self.consent_epoch = epoch

    def open_writes(self, epoch: int, mode: Mode, since: float, seconds: float) -> None:
        """See open_writes.sql."""
        self.grants = {e for e in self.grants if e >= epoch} | {epoch}
        self.barrier()
        self.require_promise(epoch)
        self.require_promotion(epoch)
        self.mode, self.replayed = mode, 0
        self.permit(epoch, since, seconds)

    def is_overtaken(self, epoch: int) -> bool:
        """See is_overtaken.sql."""
        return self.lease_begin > (epoch, self.clock() + FORGIVEN)

    def drop_overtaken_lease(self) -> None:
        """See drop_overtaken_lease.sql."""
        if self.is_overtaken(self.lease_end[0]):
            self.raise_lease_end(self.lease_end[0], CLOSED)

    def permit(self, epoch: int, since: float, seconds: float) -> None:
        """See permit.sql; the lease may have run out already."""
        self.lease_begin = max(self.lease_begin, (epoch, since))
        if self.is_overtaken(epoch):
            self.raise_lease_end(epoch, CLOSED)
            raise StaleEpoch(self.name, epoch, "the clock of this node has stepped back.")
        self.raise_lease_end(epoch, since + seconds)
        if self.writable:
            self.witness.opened(self, epoch)

    def renew_lease(self, epoch: int, since: float, seconds: float) -> None:
        """See renew_lease.sql."""
        self.require_promise(epoch)
        self.drop_overtaken_lease()
        if self.lease is None or self.lease[0] != epoch:
            raise StaleEpoch(self.name, epoch, "this node holds no lease to renew.")
        self.permit(epoch, since, seconds)

    def close_writes(self, mode: Mode | None = None, epoch: int | None = None) -> None:
        """See change_mode.sql."""
        self.barrier()
        if epoch is not None:
            self.require_promise(epoch)
        self.raise_lease_end(self.lease_end[0], CLOSED)
        if mode not in (None, self.mode):
            self.mode = mode
            self.replayed = 0 if mode is Mode.RECOVERING else self.replayed

    def follow(self, epoch: int) -> None:
        """See follow.sql."""
        if self.promised == epoch:
            return
        self.barrier()
        if self.promised > epoch:
            raise StaleEpoch(self.name, epoch, f"this node has promised epoch {self.promised}.")
        self.promised = epoch
        self.end_lease(epoch)
