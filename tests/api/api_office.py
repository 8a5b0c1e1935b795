"""An office with everything the API can be asked about, and one sample call of every operation."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.test import Client
from equipment.equipment_office import png

from liuhen.base import clock, site
from liuhen.base.devices.models import Device
from liuhen.base.devices.services import register_device
from liuhen.base.jobs.models import Job
from liuhen.base.people import cast
from liuhen.base.people.models import Officer
from liuhen.base.recordings.models import Recording
from liuhen.base.tokens import services as tokens
from liuhen.base.tokens.models import Scope
from liuhen.stages.fieldwork.telling import Told, open_activity
from liuhen.stages.ingest import uploads
from liuhen.stages.ingest.jobs import CARD
from liuhen.stages.ingest.models import Receipt
from liuhen.stages.ingest.services import Request, ingest_card

PEOPLE = [*cast.usernames(), "stranger"]
CLIP = "4701A01_100001_20260716093001_0001.mp4"
BYTES = "application/octet-stream"
JSON = "application/json"
ROOT = "/api/v1"
NEW = b"sent by a machine"


def drawn() -> str:
    """A signature that nobody has drawn before, in base64."""
    return base64.b64encode(png()).decode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def fill(people: SimpleNamespace, folder: Path) -> SimpleNamespace:
    """A card of the demo agency taken in, a device to retire for each, an open upload."""
    site.save(site.SiteSettings(previews=False))
    card = folder / "card"
    card.mkdir()
    (card / CLIP).write_bytes(b"not a film" * 50)
    ingest_card(Request(card, people.custodian), at=clock.now())
    for name in (*PEOPLE, "nobody"):
        told = {"by": people.custodian, "at": clock.now()}
        for serial in (f"R-{name}", f"I-{name}"):
            register_device(people.custodian.unit, serial, Device.Kind.CAMERA, **told)
    upload = uploads.open_set(by=people.custodian, at=clock.now())
    file = uploads.add_file(upload, uploads.Announced("甲.mp4", 4), by=people.custodian, at=clock.now())
    recording, receipt = Recording.objects.get(), Receipt.objects.get()
    told = Told(officers=list(Officer.objects.filter(staff_no__in=["100001", "100002"])))
    activity = open_activity(people.custodian.unit, told, by=people.custodian, at=clock.now())
    return SimpleNamespace(
        recording=recording, receipt=receipt, upload=upload, file=file, people=people, activity=activity
    )


def a_job(office: SimpleNamespace) -> Job:
    now = clock.now()
    person = office.people.custodian
    return Job.objects.create(
        kind=CARD, agency=person.agency, by=person, urgent=False, asked_at=now, due_at=now, title="机密标题"
    )


@dataclass(frozen=True)
class Call:
    """One sample of an operation."""

    method: str
    path: str
    body: Any = None
    kind: str = JSON
    headers: dict[str, str] = field(default_factory=dict)

    def by(self, client: Client, **headers: str) -> Any:
        raw = self.body if isinstance(self.body, bytes) else b""
        if self.body is not None and not isinstance(self.body, bytes):
            raw = json.dumps(self.body).encode()
        told = {**self.headers, **headers}
        return client.generic(self.method, ROOT + self.path, raw, content_type=self.kind, headers=told)


def calls(office: SimpleNamespace, name: str) -> dict[str, Call]:
    """A sample of every operation, as `name` sends it (what is used up is their own)."""
    one = f"/recordings/{office.recording.number}"
    sets, job = f"/upload-sets/{office.upload.pk}", a_job(office).pk
    number = office.receipt.number
    return {
        "who_am_i": Call("GET", "/me"),
        "system_health": Call("GET", "/health"),
        "list_units": Call("GET", "/units"),
        "list_officers": Call("GET", "/officers"),
        "list_accounts": Call("GET", "/accounts"),
        "list_devices": Call("GET", "/devices"),
        "register_device": Call("POST", "/devices", {"serial": f"N-{name}", "unit": "350582000001"}),
        "one_device": Call("GET", "/devices/4701A01"),
        "correct_device": Call("PATCH", "/devices/4701A01", {"model": "新", "reason": "更正"}),
        "retire_device": Call("POST", f"/devices/R-{name}/retire", {"reason": "损坏"}),
        "check_device": Call("POST", "/devices/4701A01/check", {"fault_free": True, "battery_percent": 90}),
        "issue_device": Call(
            "POST",
            f"/devices/I-{name}/issue",
            {"officer": "100001", "signature": drawn(), "override": "试验"},
        ),
        "return_device": Call("POST", f"/devices/I-{name}/return", {"reason": "试验"}),
        "list_recordings": Call("GET", "/recordings"),
        "one_recording": Call("GET", one),
        "assign_owner": Call("POST", f"{one}/owner", {"device": "4701A01", "reason": "核对"}),
        "begin_visit": Call("POST", f"{one}/visits", {"purpose": "view"}),
        "recording_content": Call("GET", f"{one}/content/original"),
        "recording_evidence": Call("GET", f"{one}/evidence/proof"),
        "export_recording": Call("POST", f"{one}/export"),
        "list_activities": Call("GET", "/activities"),
        "open_activity": Call(
            "POST", "/activities", {"officers": ["100001", "100002"], "unit": "350582000001"}
        ),
        "one_activity": Call("GET", f"/activities/{office.activity.pk}"),
        "tell_activity": Call("PATCH", f"/activities/{office.activity.pk}", {"events": ["refusal"]}),
        "judged_activity": Call("GET", f"/activities/{office.activity.pk}/judged"),
        "match_recordings": Call(
            "POST",
            f"/activities/{office.activity.pk}/recordings",
            {"recordings": [office.recording.number]},
        ),
        "list_deadlines": Call("GET", "/deadlines"),
        "list_receipts": Call("GET", "/receipts"),
        "one_receipt": Call("GET", f"/receipts/{number}"),
        "receipt_paper": Call("GET", f"/receipts/{number}/paper"),
        "list_jobs": Call("GET", "/jobs"),
        "one_job": Call("GET", f"/jobs/{job}"),
        "cancel_job": Call("POST", f"/jobs/{job}/cancel"),
        "upload_standing": Call("GET", f"/uploads/{office.recording.sha256}"),
        "upload_by_digest": Call("PUT", f"/uploads/{sha256(NEW)}?name=乙.mp4", NEW, BYTES),
        "list_upload_sets": Call("GET", "/upload-sets"),
        "open_upload_set": Call("POST", "/upload-sets", {}),
        "one_upload_set": Call("GET", sets),
        "add_upload_file": Call("POST", f"{sets}/files", {"path": "丙.mp4", "size": 3}),
        "send_upload_file": Call(
            "PATCH", f"{sets}/files/{office.file.pk}", b"", BYTES, {"Upload-Offset": "0"}
        ),
        "leave_out_file": Call("DELETE", f"{sets}/files/{office.file.pk}"),
        "ingest_upload_set": Call("POST", f"{sets}/ingest"),
        "drop_upload_set": Call("POST", f"{sets}/drop", {"reason": "重传"}),
        "ledger_head": Call("GET", "/ledger"),
        "ledger_checkpoint": Call("GET", "/ledger/checkpoint"),
        "ledger_vkey": Call("GET", "/ledger/vkey"),
        "list_entries": Call("GET", "/ledger/entries"),
        "one_entry": Call("GET", "/ledger/entries/0"),
        "ledger_growth": Call("GET", "/ledger/consistency?since=1"),
        "ledger_growth_since": Call("POST", "/ledger/consistency", {"checkpoint": "x"}),
    }


def token(people: SimpleNamespace, *scopes: Scope | str, account: str = "custodian") -> str:
    at = clock.now()
    row = tokens.issue(getattr(people, account), scopes, days=5, purpose="试", by=people.sysadmin, at=at)
    tokens.confirm(row, by=people.secadmin, at=at)
    return tokens.fetch(row, by=getattr(people, account), at=at)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}
