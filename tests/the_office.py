"""What tests share beside fixtures: the fixed time, and pointing the program at another home."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def point_at(folder: Path) -> None:
    """Make `folder` the LIUHEN_HOME of this process."""
    from django.conf import settings
    from django.db import connection

    connection.close()
    settings.LIUHEN_HOME = folder
    connection.settings_dict["NAME"] = str(folder / "db.sqlite3")
    settings.DATABASES["default"]["NAME"] = str(folder / "db.sqlite3")
