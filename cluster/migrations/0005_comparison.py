from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cluster", "0004_write_counter"),
    ]

    operations = [
        migrations.CreateModel(
            name="Comparison",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("began_at", models.DateTimeField()),
                ("table", models.CharField(blank=True, max_length=64)),
                ("after", models.JSONField(null=True)),
                ("done", models.PositiveBigIntegerField(default=0)),
                ("total", models.PositiveBigIntegerField(default=0)),
                ("found", models.JSONField(default=list)),
                ("found_count", models.PositiveBigIntegerField(default=0)),
                ("last_found", models.JSONField(default=list)),
                ("last_found_count", models.PositiveBigIntegerField(default=0)),
                ("objects_found", models.JSONField(default=list)),
                ("objects_at", models.DateTimeField(null=True)),
                ("proven_at", models.DateTimeField(null=True)),
                ("waiting", models.TextField(blank=True)),
                ("work_seconds", models.FloatField(default=0.0)),
            ],
        ),
    ]
