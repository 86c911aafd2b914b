from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cluster", "0007_operator")]

    operations = [migrations.RenameField(model_name="sample", old_name="looks", new_name="rounds")]
