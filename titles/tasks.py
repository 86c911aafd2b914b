"""Background work of the catalogue."""

from celery import shared_task

from cluster.backend import call_once


@shared_task(ignore_result=True)
def refresh_statistics() -> None:
    """Store mean rating and votes threshold of the titles as they are now; write only what has changed."""
    call_once("refresh_title_statistics")
