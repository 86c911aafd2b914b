"""What the cluster keeps in tables that Django knows: orphaned transactions, events, views of log and config.

`OrphanedTransaction` is itself replicated; `Event`, `Alert`, `Observation`, `Sample`, `SavedView`, `Job`,
`Comparison` and `Operator` live in the control database. `LogEntry` and `NodeSetting` read tables that the kernel
owns; they are there to be read, with `using(node)`.
"""

from datetime import UTC, datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

SLOT_SECONDS = 10
"""Seconds of a sample."""


class OrphanedTransaction(models.Model):
    """An entry that the cluster did not keep, waiting for an operator's decision.

    The images are those of the entry: `old_value` before the orphaned write, `new_value` after it.
    """

    class Status(models.TextChoices):
        """What became of it."""

        PENDING = "PENDING", "pending"
        REAPPLIED = "REAPPLIED", "reapplied as a new transaction"
        DISMISSED = "DISMISSED", "dismissed"

    id = models.CharField(primary_key=True, max_length=40)
    """`<epoch>-<log_id>`: filing the same entry twice makes one row."""
    log_id = models.PositiveBigIntegerField()
    epoch = models.PositiveIntegerField()
    transaction_id = models.CharField(max_length=64, db_index=True)
    log_sequence = models.PositiveIntegerField()
    operation_type = models.CharField(max_length=16)
    table_name = models.CharField(max_length=64)
    record_id = models.CharField(max_length=255)
    old_value = models.TextField(null=True)
    new_value = models.TextField(null=True)
    source_node = models.CharField(max_length=32)
    written_at = models.DateTimeField()
    found_on = models.CharField(max_length=16)
    found_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    decision = models.CharField(max_length=255, blank=True, default="")
    """The operator's reason."""
    reapplied_as = models.CharField(max_length=64, blank=True, default="")
    """The transaction id under which it was applied again."""

    class Meta:
        db_table = "orphaned_transaction"
        ordering: ClassVar = ["-written_at"]

    def __str__(self) -> str:
        return f"{self.operation_type} {self.table_name} {self.record_id} ({self.id})"


class Event(models.Model):
    """Something that happened to the cluster, or was decided about it. In the control database; read only.

    old, new: who took writes before and after, or what was changed from and to. seconds: how long it took.
    facts: exact numbers, such as the entries that were orphaned.
    """

    class Kind(models.TextChoices):
        """What sort of event."""

        TRANSITION = "TRANSITION", "state change"
        REFUSED = "REFUSED", "refused or failed"
        ALARM = "ALARM", "action required"
        DECISION = "DECISION", "decision"

    happened_at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    verb = models.CharField(max_length=32)
    actor = models.CharField(max_length=128, blank=True)
    sentence = models.TextField()
    old = models.CharField(max_length=32, blank=True)
    new = models.CharField(max_length=32, blank=True)
    epoch = models.PositiveIntegerField(null=True)
    seconds = models.FloatField(null=True)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-happened_at", "-id"]

    def __str__(self) -> str:
        return self.sentence


class Alert(models.Model):
    """When an alert was last sent: who moves the time forward sends it. In the control database."""

    key = models.CharField(max_length=255, primary_key=True)
    sent_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class Observation(models.Model):
    """What a watcher saw in its last round. Pages read this, so that none of them waits for a node.

    facts: as `cluster_status --json`, and what cluster.actions.reports.observations adds.
    """

    watcher = models.CharField(max_length=128, primary_key=True)
    seen_at = models.DateTimeField(db_index=True)
    facts = models.JSONField()

    class Meta:
        ordering: ClassVar = ["-seen_at"]

    def __str__(self) -> str:
        return f"{self.watcher} at {self.seen_at:%H:%M:%S}"


class Sample(models.Model):
    """What the rounds of a few seconds saw, kept for a week, for plots.

    slot: seconds since 1970 by SLOT_SECONDS, so that of any number of watchers one writes it.
    """

    slot = models.PositiveBigIntegerField(primary_key=True)
    rounds = models.PositiveIntegerField()
    writable = models.PositiveIntegerField()
    """In how many of them a node took writes."""
    facts = models.JSONField()

    class Meta:
        ordering: ClassVar = ["slot"]

    def __str__(self) -> str:
        return str(self.slot)

    @property
    def at(self) -> datetime:
        """When the slot began."""
        return datetime.fromtimestamp(self.slot * SLOT_SECONDS, UTC)


class WriteCounter(models.Model):
    """How many transactions a process had acknowledged, refused, or never heard of again, and how fast.

    latencies: the acknowledged ones by the buckets of cluster.protocol.latency. latency_seconds: the sum of theirs.
    """

    process = models.CharField(max_length=128, primary_key=True)
    acknowledged = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    unknown = models.PositiveBigIntegerField(default=0)
    latencies = models.JSONField(default=list)
    latency_seconds = models.FloatField(default=0.0)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.process


class SavedView(models.Model):
    """Filters of the log that somebody has named; every operator sees them. query: as the address has it."""

    name = models.CharField(max_length=64, unique=True)
    query = models.TextField()
    actor = models.CharField(max_length=128)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """A verb that somebody asked for on a page: how far it is, and what came of it."""

    class State(models.TextChoices):
        """How it stands."""

        WAITING = "WAITING", "waiting for a worker"
        RUNNING = "RUNNING", "running"
        DONE = "DONE", "done"
        FAILED = "FAILED", "refused or failed"

    verb = models.CharField(max_length=32)
    node = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=255)
    actor = models.CharField(max_length=128)
    asked_at = models.DateTimeField(auto_now_add=True)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    place = models.CharField(max_length=64, blank=True)
    """Where it runs: a worker, or the site itself while the broker is away."""
    steps = models.JSONField(default=list)
    """[seconds since it began, sentence], one for each step."""
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    seen_at = models.DateTimeField(null=True)
    """When it last gave a sign of life."""

    class Meta:
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [
            ("promote", "Can fail over to Node A"),
            ("force_promote", "Can force the promotion of Node A without a quorum"),
            ("recover", "Can recover a node"),
            ("demote", "Can fail back to Main"),
            ("switchover", "Can switch over"),
            ("automation", "Can pause and resume automation"),
            ("verify", "Can verify consistency"),
            ("repair", "Can repair differences"),
            ("rebuild", "Can rebuild a node"),
            ("decide_orphans", "Can decide on orphaned transactions"),
            ("drill", "Can run drills"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.node}".strip()


class Comparison(models.Model):
    """How far the comparison in the background is: one row, in the control database.

    Who moves `due_at` forward takes the next step; who finds it moved does nothing. found: sentences of the present
    pass, last_found: those of the pass before it. objects_found: what was wrong around the rows when it was last asked.
    """

    due_at = models.DateTimeField()
    began_at = models.DateTimeField()
    """When the present pass began."""
    table = models.CharField(max_length=64, blank=True)
    after = models.JSONField(null=True)
    """The last key that was compared, as `cluster.actions.verification.position` writes it; None: none of the table."""
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    """Rows and entries of the pass, compared and altogether, the latter estimated."""
    found = models.JSONField(default=list)
    found_count = models.PositiveBigIntegerField(default=0)
    last_found = models.JSONField(default=list)
    last_found_count = models.PositiveBigIntegerField(default=0)
    objects_found = models.JSONField(default=list)
    objects_at = models.DateTimeField(null=True)
    proven_at = models.DateTimeField(null=True)
    """When a pass last ended that found all nodes equal."""
    waiting = models.TextField(blank=True)
    """Why it does not go on; empty while it does."""
    work_seconds = models.FloatField(default=0.0)
    """Seconds that the steps of the present pass took."""

    def __str__(self) -> str:
        return f"{self.table or 'nothing'}, {self.done} of {self.total}"


class Operator(AbstractBaseUser):
    """Somebody who operates the cluster, apart from the site's users: signs in while every node is dead.

    On the operators' pages it stands where a user of the site would; it may see all that is the cluster's and
    nothing else.
    """

    username = models.CharField(max_length=128, unique=True)
    is_active = models.BooleanField(default=True)
    may_act = models.BooleanField(default=True)
    """Whether it may start actions; else it only reads."""

    USERNAME_FIELD = "username"
    is_staff = True
    is_superuser = False

    def has_perm(self, permission: str, obj: object = None) -> bool:
        """Return whether the operator may do what `app.codename` names."""
        app, _, codename = permission.partition(".")
        return self.is_active and app == "cluster" and (self.may_act or codename.startswith("view_"))

    def has_module_perms(self, app: str) -> bool:
        """Return whether it may do anything in an application."""
        return self.is_active and app == "cluster"

    def mark_signed_in(self) -> None:
        """Keep that the operator has given the password now."""
        self.last_login = datetime.now(UTC)
        self.save(update_fields=["last_login"])


class LogEntry(models.Model):
    """One row of `transaction_log` on the node that is asked. Read only."""

    log_id = models.PositiveBigIntegerField(primary_key=True)
    """With the epoch the identity; alone it is unique on every node that has been reconciled."""
    epoch = models.PositiveIntegerField()
    transaction_id = models.CharField(max_length=64)
    log_sequence = models.PositiveIntegerField()
    log_type = models.CharField(max_length=8)
    operation_type = models.CharField(max_length=16)
    table_name = models.CharField(max_length=64)
    record_id = models.CharField(max_length=255)
    old_value = models.TextField(null=True)
    new_value = models.TextField(null=True)
    source_node = models.CharField(max_length=32)
    timestamp = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "transaction_log"
        ordering: ClassVar = ["-log_id"]
        verbose_name_plural = "log entries"

    def __str__(self) -> str:
        return f"{self.operation_type} {self.table_name} {self.record_id}"


class NodeSetting(models.Model):
    """One row of `node_config` on the node that is asked. Read only."""

    config_key = models.CharField(primary_key=True, max_length=64)
    config_value = models.CharField(max_length=255)
    last_updated = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "node_config"
        ordering: ClassVar = ["config_key"]

    def __str__(self) -> str:
        return f"{self.config_key} = {self.config_value}"
