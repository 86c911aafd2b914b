"""What a diary keeps, in its newest shape."""

import uuid

from django.db import models


class Page(models.Model):
    """A day."""

    title = models.CharField(max_length=80, unique=True)
    body = models.TextField(default="")
    words = models.PositiveIntegerField(default=0)
    code = models.UUIDField(default=uuid.uuid4)

    class Meta:
        indexes = [models.Index(fields=["words"], name="diary_page_words")]

    def __str__(self) -> str:
        return self.title
