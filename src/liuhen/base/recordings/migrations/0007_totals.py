"""What stands beside the list of everything is read from totals; they are the sums of the cells there are."""

from django.db import migrations, models


def _fill(facet: str) -> str:
    value = "CAST(findings AS integer)" if facet == "findings" else facet
    return (
        "INSERT INTO recordings_total (agency, facet, value, n) "  # noqa: S608 - our own names
        f"SELECT agency, '{facet}', CAST({value} AS varchar(20)), SUM(n) FROM recordings_cell GROUP BY agency, {facet}"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0006_listed_cell"),
    ]

    operations = [
        migrations.CreateModel(
            name="Total",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("agency", models.BigIntegerField()),
                ("facet", models.CharField(help_text="the column", max_length=10)),
                ("value", models.CharField(max_length=20)),
                ("n", models.BigIntegerField()),
            ],
            options={
                "db_table": "recordings_total",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agency", "facet", "value"), name="a_value_is_counted_once"
                    )
                ],
            },
        ),
        *[
            migrations.RunSQL(_fill(facet), migrations.RunSQL.noop)
            for facet in ("holder", "unit", "device", "kind", "state", "month", "findings")
        ],
    ]
