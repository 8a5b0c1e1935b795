"""Reading tokens back out of the ledger after the database was lost.

The grants of the two come back; the secrets do not, since no digest of them stands in the ledger. A token that was in
use waits to be fetched again by its account, and the machine that held the old secret is refused until then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from liuhen.base.people.models import Account, Agency

from . import acts
from .models import Token

Entry = dict[str, Any]
PURPOSE_LOST = "（用途随数据库丢失）"


def _issued(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    Token.objects.create(
        id=data["token"],
        agency=agency,
        account=Account.objects.get(username=data["account"]),
        scopes=data["scopes"],
        purpose=PURPOSE_LOST,
        issued_by=_by(entry),
        issued_at=datetime.fromisoformat(entry["at"]),
        expires_at=datetime.fromisoformat(data["expires_at"]),
    )


def _by(entry: Entry) -> Account | None:
    return Account.objects.filter(username=entry["by"]["account"]).first()


def _confirmed(agency: Agency, entry: Entry) -> None:
    rows = Token.objects.filter(agency=agency, pk=entry["data"]["token"])
    rows.update(state=Token.State.CONFIRMED, confirmed_by=_by(entry))


def _moved(state: Token.State) -> Callable[[Agency, Entry], None]:
    def move(agency: Agency, entry: Entry) -> None:
        Token.objects.filter(agency=agency, pk=entry["data"]["token"]).update(state=state)

    return move


REPLAYERS: dict[str, Callable[[Agency, Entry], None]] = {
    acts.ISSUE.kind: _issued,
    acts.CONFIRM.kind: _confirmed,
    acts.DECLINE.kind: _moved(Token.State.DECLINED),
    acts.FETCH.kind: _moved(Token.State.CONFIRMED),
    acts.WITHDRAW.kind: _moved(Token.State.WITHDRAWN),
}
