"""Background work of the catalogue."""

from celery import shared_task

from cluster.backend import call_once


@shared_task(ignore_result=True)
def refresh_statistics() -> None:
    """Mean rating and votes threshold of the titles as they are now; writes only what has changed."""
    call_once("refresh_title_statistics")
