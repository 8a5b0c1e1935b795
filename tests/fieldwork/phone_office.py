"""What the tests of a phone's entries share: entries as the page makes them, and the morning they are of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from fieldwork_office import AT, clock

from liuhen.base.people.models import Account
from liuhen.stages.fieldwork import phone

ACTIVITY = UUID("11111111-2222-4333-8444-555555555555")
NINE = clock(9)


def entry(kind: str, at: datetime, body: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    said = {
        "id": str(uuid4()),
        "activity": str(ACTIVITY),
        "kind": kind,
        "at": at.isoformat(),
        "body": body or {},
    }
    return said | {name: str(value) for name, value in more.items()}


def opening(at: datetime = NINE, **more: Any) -> dict[str, Any]:
    body = {
        "matter": "inspection",
        "place": "示范镇农资店",
        "party": "某某农资店",
        "officers": ["100001", "100002"],
        "devices": [{"serial": "4701A01", "officer": "100001"}],
        "arrived_at": at.isoformat(),
    }
    return entry("open", at, body | more)


def bundle(*entries: dict[str, Any], ahead: float | None = 0, **more: Any) -> phone.Bundle:
    """Sent at AT by the server's clock, by a phone whose own clock is that many seconds ahead; None: in a file."""
    sent = None if ahead is None else (AT + timedelta(seconds=ahead)).isoformat()
    return phone.bundle_from({"entries": list(entries), "sent_at": sent, **more})


def send(by: Account, *entries: dict[str, Any], **more: Any) -> list[phone.Answer]:
    return phone.receive(bundle(*entries, **more), by=by, at=AT)
