# ruff: noqa: F811 (fixtures are imported by name)
"""liuhen token: from the grant of two to the machine's secret, and what a rebuild leaves of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_terminal import Terminal, liuhen  # noqa: F401
from the_office import AT

from liuhen.base import clock
from liuhen.base.tokens import services
from liuhen.base.tokens.models import Token
from liuhen.base.tokens.services import TokenUnknownError

LATER = AT + timedelta(hours=1)


def _issued(people: SimpleNamespace, scope: str) -> Token:
    told = {"days": 30, "purpose": "二号采集站", "by": people.sysadmin, "at": AT}
    return services.issue(people.custodian, [scope], **told)


def test_the_terminal_goes_all_the_way_and_shows_the_secret_alone(home: Path, liuhen: Terminal) -> None:
    told = liuhen(
        *("token", "issue", "custodian", "--scope", "recordings:read", "--scope", "jobs:read"),
        *("--days", "30", "--purpose", "二号采集站", "--by", "sysadmin", "--json"),
    ).document
    key = told["token"]
    assert liuhen("token", "confirm", key, "--by", "sysadmin").status == 1
    assert liuhen("token", "confirm", key, "--by", "secadmin").status == 0
    done = liuhen("token", "fetch", key, "--by", "custodian")
    assert services.token_of(done.out.strip(), clock.now()).pk == Token.objects.get().pk
    listed = liuhen("token", "list", "--by", "auditor")
    assert key in listed.out
    assert done.out.strip() not in listed.out
    assert liuhen("token", "withdraw", key, "--reason", "报废", "--by", "custodian").status == 0
    assert liuhen("token", "list", "--by", "secadmin", "--json").document[0]["state"] == "withdrawn"


def test_after_a_rebuild_the_grants_stand_and_the_secrets_do_not(
    home: Path, people: SimpleNamespace, liuhen: Terminal
) -> None:
    token = _issued(people, "recordings:read")
    services.confirm(token, by=people.secadmin, at=AT)
    secret = services.fetch(token, by=people.custodian, at=AT)
    gone = _issued(people, "jobs:read")
    services.withdraw(gone, reason="不用了", by=people.sysadmin, at=AT)
    assert liuhen("rebuild", "--replace").status == 0
    again = Token.objects.get(pk=token.pk)
    assert again.state == Token.State.CONFIRMED
    assert (again.scopes, again.expires_at, again.account.username) == (
        token.scopes,
        token.expires_at,
        "custodian",
    )
    assert Token.objects.get(pk=gone.pk).state == Token.State.WITHDRAWN
    with pytest.raises(TokenUnknownError):
        services.token_of(secret, LATER)
    new = services.fetch(again, by=again.account, at=LATER)
    assert services.token_of(new, LATER).pk == token.pk
