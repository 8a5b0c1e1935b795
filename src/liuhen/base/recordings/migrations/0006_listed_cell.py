"""A listed row names its cell. The column is added in place: making a million rows again takes minutes."""

from django.db import migrations, models

_ADD = "ALTER TABLE recordings_listed ADD COLUMN cell bigint NOT NULL DEFAULT 0"
_SAME = " AND ".join(
    f"recordings_cell.{name} = recordings_listed.{name}"
    for name in ("agency", "holder", "unit", "device", "kind", "state", "month", "findings")
)
_FILL = f"UPDATE recordings_listed SET cell = COALESCE((SELECT id FROM recordings_cell WHERE {_SAME}), 0)"  # noqa: S608


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0005_cells_in_order"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name="listed",
                    name="cell",
                    field=models.BigIntegerField(default=0, help_text="the counter it is counted in"),
                )
            ],
            database_operations=[
                migrations.RunSQL(_ADD, "ALTER TABLE recordings_listed DROP COLUMN cell"),
                migrations.RunSQL(_FILL, migrations.RunSQL.noop),
            ],
        ),
        migrations.RemoveIndex(model_name="listed", name="listed_taken"),
        migrations.AddIndex(
            model_name="listed",
            index=models.Index(fields=["agency", "taken", "id", "cell"], name="listed_taken"),
        ),
    ]
