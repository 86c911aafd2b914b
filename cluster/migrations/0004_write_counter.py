from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cluster", "0003_observations")]

    operations = [migrations.RenameModel("WriteTally", "WriteCounter")]
