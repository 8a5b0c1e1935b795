"""Recordings placed by a reading of the clock are placed again, so that they say by which one."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def again(apps: Any, _editor: Any) -> None:
    apps.get_model("fieldwork", "Placed").objects.filter(method="dock_reading").update(record_sha256="")


class Migration(migrations.Migration):
    dependencies = [("fieldwork", "0005_read_at")]
    operations = [migrations.RunPython(again, migrations.RunPython.noop)]
