"""A column with another name, a wider one, and one less."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """What entries of the old shape do not fit."""

    dependencies = [("diary", "0003_count_words")]
    operations = [
        migrations.RenameField("page", "text", "body"),
        migrations.AlterField("page", "title", models.CharField(max_length=80, unique=True)),
        migrations.RemoveField("page", "mood"),
    ]
