"""Changing a ledger's signing key: the act, its one service, and how a rebuild reads it back.

- The system administrator does it, and gives a reason (routine, or suspicion that somebody had the key).
- The ledger tells of it before the new key signs anything; the old key's file is kept, and signs no more.
- Whoever holds the old public key alone checks the hand-over by the note that both keys signed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from . import home
from .acts import Act, perform
from .ledger import publish
from .ledger.models import Head, SigningKey
from .people.models import Account, Agency, Role
from .people.rules import HasRole

ROTATE_KEY = Act(publish.KEY_ROTATED, "更换签名密钥", who=HasRole((Role.SYSTEM_ADMIN,)), needs_reason=True)
ALL = (ROTATE_KEY,)


@dataclass(frozen=True)
class Rotated:
    """vkey lines of both keys, the size up to which the old one signed, and the note both signed."""

    old: str
    new: str
    after: int
    note: str


def rotate_key(agency: Agency, *, reason: str, by: Account, at: datetime) -> Rotated:
    """Let a new key take over. An attempt that broke off is gone on with, with the same new key.

    Raises NotAllowedError, ReasonMissingError, key errors, and what publishing raises.
    """
    with home.locked(f"rotate-{agency.code}"):
        publish.publish(agency)  # the old key signs what is its own, and an earlier change comes to its end
        old, new = publish.signing_key(agency.code).vkey, publish.next_key(agency.code).vkey
        with transaction.atomic():
            after = Head.objects.select_for_update().values_list("size", flat=True).get(agency=agency)
            row = SigningKey(agency=agency, vkey=str(new), replaces=str(old), after=after)
            data = {"old": str(old), "new": str(new), "size": after}
            subject = f"ledger:{agency.code}"
            perform(ROTATE_KEY, row, by=by, at=at, subject=subject, reason=reason, data=data)
        return Rotated(str(old), str(new), after, publish.publish(agency))


def _rotated(agency: Agency, entry: dict[str, Any]) -> None:
    data = entry["data"]
    SigningKey.objects.create(agency=agency, vkey=data["new"], replaces=data["old"], after=data["size"])


REPLAYERS: dict[str, Callable[[Agency, dict[str, Any]], None]] = {ROTATE_KEY.kind: _rotated}
