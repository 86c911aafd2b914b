"""Files that a curator has sent and not imported yet, in the control database."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

KEPT = timedelta(days=1)


class Upload(models.Model):
    """A CSV file between its dry run and its import. Its id names the transactions of the import."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)
    content = models.TextField()
    sent_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


def forget_old() -> None:
    """Remove what nobody came back for."""
    Upload.objects.filter(sent_at__lt=timezone.now() - KEPT).delete()
