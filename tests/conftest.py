"""The office every test works in: a fresh LIUHEN_HOME with the fixed cast, made once and copied.

Commits are real here (publishing follows them), so tests do not run inside a rolled-back transaction; each
gets its own home and its own database file instead.
"""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, settings
from the_office import AT, point_at

PLAIN_STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
# The same examples every time, so that a red run is red again; LIUHEN_EXPLORE=1 goes looking for new ones.
# How long an example takes says how busy the machine is, and nothing else.
settings.register_profile(
    "steady",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("default" if os.environ.get("LIUHEN_EXPLORE") else "steady")
SHARED = Path(__file__).resolve().parents[2] / "shared"


def _wait_for_no_disk() -> None:
    """In this process a write is not waited for: what is tested here ends with the process at the latest, never with
    the power, and what comes after a killed process finds all that it wrote. The order of fsync and rename, and
    a disk that fails, are tested with programs of their own, which wait as in an office.
    """
    from liuhen.config import settings as office

    def fsync(fd: int) -> None:
        os.fstat(fd)  # what is no descriptor is still an error

    waiting, not_waiting = "PRAGMA synchronous=FULL;", "PRAGMA synchronous=OFF;"
    assert waiting in office.SQLITE_OPTIONS["init_command"], "an office's database waits for the disk"
    os.fsync = fsync
    office.SQLITE_OPTIONS["init_command"] = office.SQLITE_OPTIONS["init_command"].replace(
        waiting, not_waiting
    )


_wait_for_no_disk()


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """Real files from the field, where the checkout has them beside it."""
    folder = SHARED / "media"
    if not folder.is_dir():
        pytest.skip("no ../shared/media beside this checkout")
    return folder


@pytest.fixture(scope="session")
def _templates(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> SimpleNamespace:
    """One empty home and one with the cast, made once a worker."""
    from django.db import connection

    from liuhen.base.devices.models import Device
    from liuhen.base.devices.services import register_device
    from liuhen.base.office import make_ready
    from liuhen.base.people import cast
    from liuhen.base.people.models import Account, Officer

    empty, full = tmp_path_factory.mktemp("empty"), tmp_path_factory.mktemp("full")
    with django_db_blocker.unblock():
        point_at(empty)
        make_ready()
        connection.close()
        shutil.copytree(empty, full, dirs_exist_ok=True)
        point_at(full)
        agency = cast.assemble(AT)
        register_device(
            agency.units.get(),
            "4701A01",
            Device.Kind.BODY_RECORDER,
            model="试验记录仪",
            keeper=Officer.objects.get(agency=agency, staff_no="100001"),
            by=Account.objects.get(username="custodian"),
            at=AT,
        )
        connection.close()
    return SimpleNamespace(empty=empty, full=full)


@pytest.fixture
def empty_home(tmp_path: Path, _templates: SimpleNamespace, django_db_blocker: Any) -> Iterator[Path]:
    """A home that is ready but has no office."""
    yield from _open(tmp_path / "home", _templates.empty, django_db_blocker)


@pytest.fixture
def home(tmp_path: Path, _templates: SimpleNamespace, django_db_blocker: Any) -> Iterator[Path]:
    """A home with the demo agency, its cast and one recorder (4701A01), and the stranger's agency."""
    yield from _open(tmp_path / "home", _templates.full, django_db_blocker)


def _open(folder: Path, template: Path, blocker: Any) -> Iterator[Path]:
    from django.db import connection

    shutil.copytree(template, folder)
    with blocker.unblock():
        point_at(folder)
        yield folder
        connection.close()


_FILLED: dict[str, tuple[Path, Any]] = {}


@pytest.fixture
def filled(
    home: Path, people: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Any]:
    """`filled(fill)`: this home after `fill(people, folder)`, and what that returned.

    A worker fills a home once; every other test gets a copy of the home as it was then, rows, keys and bytes, and of
    what was returned. Ask before anything else is done in the home. `fill` is known by its name and the module it
    is written in: it may use what lasts the session, and nothing of one test.
    """
    from django.db import connection

    def as_filled_by(fill: Callable[[SimpleNamespace, Path], Any]) -> Any:
        name = f"{fill.__module__}.{fill.__qualname__}"
        if name not in _FILLED:
            returned = fill(people, tmp_path_factory.mktemp("beside"))
            connection.close()
            kept = tmp_path_factory.mktemp("filled") / "home"
            shutil.copytree(home, kept, symlinks=True, ignore=shutil.ignore_patterns("static"))
            _FILLED[name] = (kept, returned)
            return copy.deepcopy(returned)
        kept, returned = _FILLED[name]
        connection.close()
        for path in home.iterdir():
            if path.name != "static":  # client_of's, not the office's
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(kept, home, symlinks=True, dirs_exist_ok=True)
        return copy.deepcopy(returned)

    return as_filled_by


@pytest.fixture
def client_of(home: Path, settings: Any) -> Callable[..., Client]:
    """A browser without pictures: `client_of("custodian")` is signed in, `client_of()` is nobody.

    Errors come back as pages, as they do to a person.
    """
    from liuhen.base.people.models import Account

    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": PLAIN_STATIC}}
    settings.STATIC_ROOT = str(home / "static")
    (home / "static").mkdir()
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher"
    ]  # quick; never outside tests
    cache.clear()  # counts of attempts

    def open_client(username: str | None = None, **options: Any) -> Client:
        client = Client(raise_request_exception=False, **options)
        if username:
            client.force_login(Account.objects.get(username=username), "liuhen.web.adapters.AccountBackend")
        return client

    return open_client


@pytest.fixture
def people(home: Path) -> SimpleNamespace:
    """The fixed cast by user name: people.custodian, people.stranger, …"""
    from liuhen.base.people.models import Account

    rows = Account.objects.select_related("agency", "unit")
    return SimpleNamespace(**{row.username.replace("-", "_"): row for row in rows})
