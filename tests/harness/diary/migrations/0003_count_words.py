"""Rows are written, not their shape."""

from django.db import migrations


def count(apps, schema_editor):
    """Count the words of every page that has some; nobody touches the others."""
    for page in apps.get_model("diary", "Page").objects.exclude(text=""):
        page.words = len(page.text.split())
        page.save(update_fields=["words"])


class Migration(migrations.Migration):
    """Once, on the primary."""

    dependencies = [("diary", "0002_words")]
    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
