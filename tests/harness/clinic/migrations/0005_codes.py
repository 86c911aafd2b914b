"""A column must have a value from now on: rows that have none get one, in the same step on every node."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A field that may be empty, and then may not."""

    dependencies = [("clinic", "0004_appointments")]
    operations = [
        migrations.AddField("Patient", "ward", models.CharField(max_length=20, null=True)),
        migrations.AlterField("Patient", "ward", models.CharField(max_length=20, default="none")),
        migrations.AddField("Patient", "papers", models.TextField(default="{}")),
        migrations.AlterField("Patient", "papers", models.JSONField(default=dict)),
        migrations.RenameField("Patient", "papers", "file"),
    ]
