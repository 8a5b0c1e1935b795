"""Sign-ins of the demo's cast: one password for all of them, random in each installation.

- It is made when it is first asked for, kept for the owner alone beside the demo's card, and shown.
- Only the fixed cast of the demo agency gets it, and only who has not chosen a password of their own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from liuhen.base import clock, home
from liuhen.base.ledger import publish
from liuhen.base.people import cast, passwords
from liuhen.base.people.models import Account
from liuhen.base.people.rules import roles_of
from liuhen.base.people.services import set_password
from liuhen.core.durable import make_dirs, replace_file
from liuhen.core.errors import UsageError

from .office import role_words
from .out import say


def demo_sign_ins() -> str:
    """What to show; sets what is missing. Raises UsageError where there is no demo agency."""
    rows = Account.objects.filter(agency__code=cast.AGENCY, username__in=cast.usernames())
    people = list(rows.select_related("agency").order_by("pk"))
    if not people:
        raise UsageError("这个数据目录里没有演示单位。", remedy="去掉 --demo，或先运行 liuhen demo。")
    kept = _kept()
    _set_missing(people, kept)
    lines = [
        f"  {person.username:<12}{person.name}　{role_words(sorted(roles_of(person)))}"
        for person in people
        if kept["set"].get(person.username) == person.password
    ]
    return f"演示账号（仅供演示，密码都是 {kept['password']}）：\n" + "\n".join(lines)


def _set_missing(people: list[Account], kept: dict[str, Any]) -> None:
    missing = [person for person in people if not passwords.has_one(person)]
    if not missing:
        return
    say("正在为演示人员设置密码…")
    with publish.batched():
        for person in missing:
            set_password(person, kept["password"], by=person, at=clock.now())
            kept["set"][person.username] = person.password
    replace_file(_path(), json.dumps(kept).encode(), mode=0o600)


def _path() -> Path:
    return home.home() / "demo" / "sign-ins.json"


def _kept() -> dict[str, Any]:
    """The password, and as what each account keeps it."""
    if _path().exists():
        told: dict[str, Any] = json.loads(_path().read_text())
        return told
    make_dirs(_path().parent)
    kept = {"password": passwords.generate(), "set": {}}
    replace_file(_path(), json.dumps(kept).encode(), mode=0o600)
    return kept
