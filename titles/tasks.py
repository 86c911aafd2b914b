"""Background work of the catalogue."""

from celery import shared_task
from django.db import connections, router

from titles.models import TitleStatistics


@shared_task(ignore_result=True)
def refresh_statistics() -> None:
    """Mean rating and votes threshold of the titles as they are now; writes only what has changed."""
    with connections[router.db_for_write(TitleStatistics)].cursor() as cursor:
        cursor.execute("CALL refresh_title_statistics()")
