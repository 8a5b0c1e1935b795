"""Reading adoptions and rulings back out of the ledger; the packs themselves lie beside it, held by their digests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from liuhen.base.people.models import Agency

from . import acts
from .models import Adoption, Ruling
from .services import TOLD, replace_earlier

Entry = dict[str, Any]


def _adopted(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    Adoption.objects.create(
        agency=agency,
        pack=data["pack"],
        version=data["version"],
        title=data["title"],
        sha256=data["sha256"],
        starts_on=date.fromisoformat(data["from"]),
        adopted_at=datetime.fromisoformat(entry["at"]),
        by=entry["by"]["name"] if entry["by"]["account"] else "",
        state=Adoption.State.ADOPTED,
    )


def _withdrawn(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    rows = Adoption.objects.filter(agency=agency, pack=data["pack"], version=data["version"])
    rows.filter(starts_on=date.fromisoformat(data["from"]), state=Adoption.State.ADOPTED).update(
        state=Adoption.State.WITHDRAWN
    )


def _settled(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    replace_earlier(agency, data["pack"], data["code"])
    Ruling.objects.create(
        agency=agency,
        **{name: data[name] for name in TOLD},
        ruled_at=datetime.fromisoformat(entry["at"]),
        by=entry["by"].get("name", ""),
        state=Ruling.State.IN_FORCE,
    )


REPLAYERS: dict[str, Callable[[Agency, Entry], None]] = {
    acts.ADOPT.kind: _adopted,
    acts.WITHDRAW.kind: _withdrawn,
    acts.RULE.kind: _settled,
    acts.FILL.kind: _settled,
}
