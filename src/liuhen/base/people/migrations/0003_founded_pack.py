from django.db import migrations, models


def remember(apps, schema_editor):
    """Until now an agency ran what it was founded with."""
    apps.get_model("people", "Agency").objects.update(founded_pack=models.F("pack"))


class Migration(migrations.Migration):
    dependencies = [("people", "0002_password_given")]

    operations = [
        migrations.AlterField("agency", "pack", models.CharField(blank=True, max_length=62)),
        migrations.AddField(
            "agency",
            "founded_pack",
            models.CharField(blank=True, default="", max_length=62),
            preserve_default=False,
        ),
        migrations.RunPython(remember, migrations.RunPython.noop),
    ]
