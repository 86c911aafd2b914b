"""The first tables."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two models, one of which refers to the other."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Patient",
            [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=60))],
        ),
        migrations.CreateModel(
            "Visit",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("patient", models.ForeignKey("clinic.Patient", models.CASCADE)),
            ],
        ),
    ]
