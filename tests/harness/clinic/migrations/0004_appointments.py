"""An empty table gets another name and another key."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """What the log has no rows of may change its name."""

    dependencies = [("clinic", "0003_doctors")]
    operations = [
        migrations.RenameModel("Visit", "Appointment"),
        migrations.AlterField("Appointment", "id", models.CharField(primary_key=True, max_length=20)),
    ]
