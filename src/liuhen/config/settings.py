"""Django settings: everything that differs between offices comes from the environment or from LIUHEN_HOME.

- LIUHEN_HOME holds all state; the default is `var/` beside the checkout, never the working directory.
- LIUHEN_DATABASE_URL chooses another database; the default is SQLite under LIUHEN_HOME, durable at each commit.
- What only the pages need stands in `web.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url

from .web import *  # noqa: F403
from .web import WEB_APPS

_CHECKOUT = Path(__file__).resolve().parents[3]
_DEFAULT_HOME = _CHECKOUT / "var" if (_CHECKOUT / "pyproject.toml").exists() else Path.home() / "liuhen"

LIUHEN_HOME = Path(os.environ.get("LIUHEN_HOME") or _DEFAULT_HOME).absolute()

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 60,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}


def _database() -> dict[str, object]:
    url = os.environ.get("LIUHEN_DATABASE_URL")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(LIUHEN_HOME / "db.sqlite3"),
            "OPTIONS": SQLITE_OPTIONS,
        }
    config: dict[str, object] = dict(dj_database_url.parse(url))
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = SQLITE_OPTIONS
    return config


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.Account"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "liuhen.base.people",
    "liuhen.base.ledger",
    "liuhen.base.tokens",
    "liuhen.base.devices",
    "liuhen.base.deadlines",
    "liuhen.base.rulebook",
    "liuhen.base.recordings",
    "liuhen.base.jobs",
    "liuhen.stages.equipment",
    "liuhen.stages.fieldwork",
    "liuhen.stages.ingest",
    *WEB_APPS,
    "liuhen.api",
]

STATIC_ROOT = str(LIUHEN_HOME / "static")
DEBUG = False
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True  # Django's and allauth's own sentences in Chinese; ours are written in Chinese
LOGGING_CONFIG = None
