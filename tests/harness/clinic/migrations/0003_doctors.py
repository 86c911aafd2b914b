"""A many-to-many field of a model that has rows, and rows of it at once."""

import uuid

from django.db import migrations, models


def assign(apps, schema_editor):
    """Give everybody a doctor."""
    doctor = apps.get_model("clinic", "Doctor").objects.create(name="d")
    for patient in apps.get_model("clinic", "Patient").objects.all():
        patient.doctors.add(doctor)


class Migration(migrations.Migration):
    """Tables, then rows."""

    dependencies = [("clinic", "0002_first_patient")]
    operations = [
        migrations.CreateModel(
            "Doctor",
            [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=60))],
        ),
        migrations.AddField("Patient", "doctors", models.ManyToManyField("clinic.Doctor", blank=True)),
        migrations.AddField("Patient", "code", models.UUIDField(default=uuid.uuid4)),
        migrations.RunPython(assign, migrations.RunPython.noop),
    ]
