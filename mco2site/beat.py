"""A beat that does not pile up work while nobody does it."""

import logging

from celery.beat import PersistentScheduler, ScheduleEntry
from redis import Redis

log = logging.getLogger(__name__)

WAITING = 10
"""Tasks that may wait in a queue; while as many do, its workers are away and one more helps nobody."""


class BoundedScheduler(PersistentScheduler):
    """Skips a task whose queue is not being worked off: a task that has expired still takes its room there."""

    def apply_async(self, entry: ScheduleEntry, **options: object) -> object:
        """Send the task unless too many wait before it."""
        route = self.app.amqp.router.route({}, entry.task)
        queue = route["queue"].name
        with self.app.connection_for_write() as connection:
            client: Redis = connection.default_channel.client
            if client.llen(queue) >= WAITING:
                log.warning("%s is skipped: nobody works off the queue %s.", entry.task, queue)
                return None
        return super().apply_async(entry, **options)
