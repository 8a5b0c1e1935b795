"""Homes that hold recordings, made once a worker and copied: one store, two stores. Import the fixtures by name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from storage.storage_office import SECOND, fill

_MADE: dict[str, Path] = {}


@pytest.fixture(scope="session")
def stocked_homes(
    tmp_path_factory: pytest.TempPathFactory, _templates: SimpleNamespace, django_db_blocker: Any
) -> SimpleNamespace:
    from django.conf import settings
    from django.db import connection

    from liuhen.base.storage.stores import add_store

    def point_at(folder: Path) -> None:
        connection.close()
        settings.LIUHEN_HOME = folder
        connection.settings_dict["NAME"] = str(folder / "db.sqlite3")
        settings.DATABASES["default"]["NAME"] = str(folder / "db.sqlite3")

    if _MADE:  # each module that imports this fixture asks once a session
        return SimpleNamespace(**_MADE)
    made: dict[str, Path] = {}
    for name in ("one", "two"):
        folder = tmp_path_factory.mktemp("stocked") / name
        shutil.copytree(_templates.full, folder)
        with django_db_blocker.unblock():
            point_at(folder)
            if name == "two":
                add_store(SECOND, str(folder / "second"))
            fill(tmp_path_factory.mktemp("cards"))
            connection.close()
        made[name] = folder
    _MADE.update(made)
    return SimpleNamespace(**made)


def _open(home: Path, template: Path) -> Iterator[Path]:
    from django.db import connection

    connection.close()
    shutil.rmtree(home)
    shutil.copytree(template, home, symlinks=True)
    yield home


@pytest.fixture
def stocked(home: Path, stocked_homes: SimpleNamespace) -> Iterator[Path]:
    """The cast's home with five recordings in one store; a second agency has one of its own."""
    yield from _open(home, stocked_homes.one)


@pytest.fixture
def doubled(home: Path, stocked_homes: SimpleNamespace) -> Iterator[Path]:
    """The same with two stores."""
    yield from _open(home, stocked_homes.two)
