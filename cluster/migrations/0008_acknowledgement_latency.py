from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cluster", "0007_operator"),
    ]

    operations = [
        migrations.AddField("writecounter", "latencies", models.JSONField(default=list)),
        migrations.AddField("writecounter", "latency_seconds", models.FloatField(default=0.0)),
    ]
