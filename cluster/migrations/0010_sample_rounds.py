from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cluster", "0009_saved_view")]

    operations = [migrations.RenameField(model_name="sample", old_name="looks", new_name="rounds")]
