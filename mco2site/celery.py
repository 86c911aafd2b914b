"""The Celery app: which task runs when, and on which queue.

Three queues, so that nothing waits for what it has nothing to do with: `health` for the watch, `operator` for
what a person has asked for, `default` for the rest. Without a broker the watch goes on in `manage.py monitor`.
"""

import os

from celery import Celery
from celery.schedules import crontab
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mco2site.settings")
# Celery prefers this variable to what it is configured with, and in .env it may name other ones.
os.environ["CELERY_BROKER_URL"] = settings.CELERY_BROKER_URL

app = Celery("mco2site")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    result_backend=settings.CELERY_BROKER_URL,
    result_expires=86_400,
    # A broker that is away is tried again for as long as it takes; who sends a task gets an error after a second.
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_publish_retry_policy={"max_retries": 2, "interval_start": 0.2, "interval_step": 0.3},
    redis_socket_timeout=5.0,
    redis_socket_connect_timeout=2.0,
    # Every task may be repeated: one whose worker died is run again.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    task_default_queue="default",
    task_routes={
        "cluster.tasks.check_health": {"queue": "health"},
        "cluster.tasks.recover_node": {"queue": "operator"},
        "cluster.tasks.rebuild_node": {"queue": "operator"},
        "cluster.tasks.verify": {"queue": "operator"},
        "cluster.tasks.run_job": {"queue": "operator"},
    },
    beat_scheduler="mco2site.beat:BoundedScheduler",
    beat_schedule={
        "check health": {
            "task": "cluster.tasks.check_health",
            "schedule": settings.CLUSTER_PROBE_INTERVAL,
            "options": {"expires": settings.CLUSTER_PROBE_INTERVAL},
        },
        "catch up": {
            "task": "cluster.tasks.catch_up",
            "schedule": 60.0,
            "options": {"expires": 60.0},
        },
        "compare": {
            "task": "cluster.tasks.compare",
            "schedule": 10.0,
            "options": {"expires": 10.0},
        },
        "refresh statistics": {
            "task": "titles.tasks.refresh_statistics",
            "schedule": 300.0,
            "options": {"expires": 300.0},
        },
        "verify every night": {
            "task": "cluster.tasks.verify",
            "schedule": crontab(hour=3, minute=17),
        },
        "prune every night": {
            "task": "cluster.tasks.prune",
            "schedule": crontab(hour=4, minute=47),
        },
    },
)
app.autodiscover_tasks()
