"""The roles as groups of the control database. A group that is there already keeps what it has."""

from django.db import migrations

from titles.roles import ROLES


def make_roles(apps, schema_editor):
    """Permissions are made here where no migration of theirs has done it yet; Django finds them later."""
    group_model = apps.get_model("auth", "Group")
    for role, permissions in ROLES.items():
        group, _ = group_model.objects.get_or_create(name=role)
        group.permissions.add(*(permission(apps, name) for name in permissions))


def permission(apps, name):
    app_label, codename = name.split(".")
    verb, model = codename.split("_", 1)
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app_label, model=model
    )
    made, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": f"Can {verb} {model}"}
    )
    return made


class Migration(migrations.Migration):
    dependencies = [
        ("titles", "0003_people"),
        ("cluster", "0002_events"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
