"""What the cluster keeps in tables that Django knows: orphaned transactions, events, looks at log and config.

`OrphanedTransaction` is itself replicated; `Event` and `Alert` live in the control database. `LogEntry` and
`NodeSetting` read tables that the kernel owns; they are there to be looked at, with `using(node)`.
"""

from typing import ClassVar

from django.db import models


class OrphanedTransaction(models.Model):
    """An entry that the cluster did not keep, waiting for an operator's decision.

    The images are those of the entry: `old_value` before the stranded write, `new_value` after it.
    """

    class Status(models.TextChoices):
        """What became of it."""

        PENDING = "PENDING", "waits for a decision"
        REAPPLIED = "REAPPLIED", "applied again as a new transaction"
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
    facts: exact numbers, such as the entries that were set aside.
    """

    class Kind(models.TextChoices):
        """What sort of event."""

        TRANSITION = "TRANSITION", "something changed"
        REFUSED = "REFUSED", "refused or failed"
        ALARM = "ALARM", "an operator is needed"
        DECISION = "DECISION", "why nothing was done"

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
