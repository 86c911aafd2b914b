"""Columns with a default, one of which is computed, and an index."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows get wider."""

    dependencies = [("diary", "0001_initial")]
    operations = [
        migrations.AddField("page", "words", models.PositiveIntegerField(default=0)),
        migrations.AddField("page", "code", models.UUIDField(default=uuid.uuid4)),
        migrations.AddIndex("page", models.Index(fields=["words"], name="diary_page_words")),
    ]
