"""Where the rebuilt database goes: made beside its place, put there in one rename, the old one kept."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from liuhen.base import home
from liuhen.base.clock import SHANGHAI
from liuhen.core.durable import fsync_dir
from liuhen.core.errors import RefusedError

from .rebuild import RebuildReport, Replayer, database_path, rebuild_rows
from .stores import make_first_store, open_stores

_TAILS = ("", "-wal", "-shm")


def rebuild(replayers: Mapping[str, Replayer], *, replace: bool, at: datetime) -> RebuildReport:
    """Make the database again. Raises RefusedError when one exists and `replace` is not given."""
    home.prepare()
    make_first_store()
    place = database_path()
    if place.exists() and not replace:
        raise RefusedError(
            f"数据库 {place.name} 还在，没有重建。",
            remedy="确认要用存储和账本重建时，请加 --replace；原数据库会改名保留，不会删除。",
            code="database_exists",
        )
    draft = place.with_name(f"{place.name}.rebuilding")
    _remove(draft)
    connection.close()
    connection.settings_dict["NAME"] = str(draft)
    try:
        call_command("migrate", verbosity=0, interactive=False)
        report = rebuild_rows(open_stores(), replayers, at=at)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except BaseException:
        connection.close()
        _remove(draft)
        raise
    finally:
        connection.close()
        connection.settings_dict["NAME"] = str(place)
    _put_in_place(draft, place, at)
    return report


def _put_in_place(draft: Path, place: Path, at: datetime) -> None:
    stamp = f"{at.astimezone(SHANGHAI):%Y%m%d%H%M%S}"
    for tail in _TAILS:
        old = place.with_name(place.name + tail)
        if old.exists():
            old.replace(place.with_name(f"{place.name}.before-{stamp}{tail}"))
    draft.replace(place)
    fsync_dir(place.parent)
    _remove(draft)


def _remove(draft: Path) -> None:
    for tail in _TAILS:
        with suppress(FileNotFoundError):
            draft.with_name(draft.name + tail).unlink()
