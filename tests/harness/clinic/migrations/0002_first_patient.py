"""A row in a table that the migration before has made."""

from django.db import migrations


def admit(apps, schema_editor):
    """Create a patient, and one more by the alias that the editor names."""
    patient = apps.get_model("clinic", "Patient")
    patient.objects.create(name="first")
    patient.objects.using(schema_editor.connection.alias).create(name="second")


class Migration(migrations.Migration):
    """Once, on the primary."""

    dependencies = [("clinic", "0001_initial")]
    operations = [migrations.RunPython(admit, migrations.RunPython.noop)]
