from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cluster", "0008_acknowledgement_latency"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=64, unique=True)),
                ("query", models.TextField()),
                ("actor", models.CharField(max_length=128)),
            ],
            options={"ordering": ["name"]},
        ),
    ]
