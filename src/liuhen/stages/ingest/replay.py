"""Reading batches and receipts back out of the ledger (their items stay in the receipts' own files)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Agency

from . import acts
from .models import Batch, Receipt

Entry = dict[str, Any]


def _begun(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    device = Device.objects.filter(agency=agency, serial=data["device"]).first() if data["device"] else None
    Batch.objects.create(
        agency=agency,
        key=data["batch"],
        card_label="（由账本重建）",
        card_path="",
        device=device,
        holder=device.keeper if device else None,
        by=Account.objects.get(username=entry["by"]["account"]),
        started_at=datetime.fromisoformat(entry["at"]),
        state=Batch.State.OPEN,
    )


def _ended(state: Batch.State) -> Callable[[Agency, Entry], None]:
    def end(agency: Agency, entry: Entry) -> None:
        data, at = entry["data"], datetime.fromisoformat(entry["at"])
        Batch.objects.filter(agency=agency, key=data["batch"]).update(state=state, finished_at=at)
        if data.get("receipt") and state != Batch.State.CLEARED:
            Receipt.objects.create(
                agency=agency,
                batch=Batch.objects.get(agency=agency, key=data["batch"]),
                number=data["receipt"],
                issued_at=at,
                content_sha256=data["content_sha256"],
            )

    return end


REPLAYERS: dict[str, Callable[[Agency, Entry], None]] = {
    acts.BEGIN.kind: _begun,
    acts.RELEASE.kind: _ended(Batch.State.RELEASED),
    acts.KEEP.kind: _ended(Batch.State.KEPT),
    acts.INTERRUPT.kind: _ended(Batch.State.INTERRUPTED),
    acts.CLEAR.kind: _ended(Batch.State.CLEARED),
}
