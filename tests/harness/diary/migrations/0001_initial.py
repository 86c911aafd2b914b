"""The first shape."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A table."""

    initial = True
    operations = [
        migrations.CreateModel(
            name="Page",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=60, unique=True)),
                ("text", models.TextField(default="")),
                ("mood", models.CharField(max_length=20, default="calm")),
            ],
        ),
    ]
