"""留痕账本: the register of entries, one entry with its proof, the checkpoint for paper, and its verification.

- Read-only: nothing here changes an entry. What is downloaded are the very bytes that were hashed.
"""

from __future__ import annotations

import base64
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from liuhen.base import clock, keys
from liuhen.base.basis import OWN_RULE, cite_codes
from liuhen.base.deadlines import acts as deadlines
from liuhen.base.devices import acts as devices
from liuhen.base.health import ledger_now
from liuhen.base.jobs.chores import LEDGER_VERIFY
from liuhen.base.jobs.kinds import kind_named
from liuhen.base.jobs.selectors import jobs_of
from liuhen.base.jobs.services import ask_for
from liuhen.base.ledger import publish
from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.proofs import prove_entry
from liuhen.base.ledger.selectors import (
    READ_LEDGER,
    about,
    done_by,
    entry_at,
    on_day,
    pretty,
    readable_by,
    told,
)
from liuhen.base.people import acts as people
from liuhen.base.people.models import Account
from liuhen.base.recordings import acts as recordings
from liuhen.base.recordings.selectors import urn_numbered
from liuhen.base.rulebook import acts as rulebook
from liuhen.base.storage.export import proof_text
from liuhen.base.tokens import acts as tokens
from liuhen.core.errors import LiuhenError
from liuhen.core.tlog.merkle import leaf_hash
from liuhen.core.tlog.notes import fingerprint
from liuhen.prints import qr
from liuhen.stages.equipment import acts as equipment
from liuhen.stages.fieldwork import acts as fieldwork
from liuhen.stages.ingest import acts as ingest

from . import registers
from .acting import button, not_there, only
from .people_in import could, person_in
from .registers import Column, Nothing, Register

_TABLES = (
    people.ALL,
    devices.ALL,
    equipment.ALL,
    fieldwork.ALL,
    ingest.ALL,
    recordings.ALL,
    keys.ALL,
    tokens.ALL,
    rulebook.ALL,
    deadlines.ALL,
)
LABELS = {"clock.set_back": "服务器时钟被拨回"} | {
    act.kind: act.label for table in _TABLES for act in reversed(table)
}


_SUBJECTS = {
    "account": "账号",
    "activity": "执法活动",
    "batch": "批次",
    "device": "设备",
    "document": "执法文书",
    "keeping": "保管期限",
    "mark": "标记",
    "officer": "执法人员",
    "paper": "签字件",
    "report": "报告",
    "rules": "规定",
    "sent": "现场记录",
    "token": "令牌",
    "unit": "科室",
    "urn": "记录",
}


def _sentence(row: Entry) -> str:
    prefix, _, rest = row.subject.partition(":")
    subject = f"{_SUBJECTS[prefix]} {rest.removeprefix('uuid:')}" if prefix in _SUBJECTS else row.subject
    return f"{LABELS.get(row.kind, row.kind)}：{subject}"


def _who(row: Entry) -> str:
    return str(told(row).get("by", {}).get("name", ""))


def _basis(row: Entry) -> str:
    return cite_codes(told(row).get("basis", []))


ENTRIES = Register(
    name="留痕账本",
    title="留痕账本登记簿",
    columns=(
        Column(
            "position",
            "序号",
            lambda row: row.position,
            width=4,
            align="end",
            sort="position",
            href=lambda row: reverse("ledger_entry", args=[row.position]),
        ),
        Column("recorded_at", "记账时间", lambda row: row.recorded_at, width=12),
        Column("by", "办理人", _who, width=8),
        Column("sentence", "事项", _sentence, width=26),
        Column("basis", "依据", _basis, width=14),
    ),
    nothing=Nothing("账本还没有内容", "办理任何事项后，自动记入账本。"),
    order=("-position",),
)


@require_safe
def register(request: HttpRequest) -> HttpResponseBase:
    only(request, READ_LEDGER)
    person = person_in(request)
    asked = {name: request.GET.get(name, "").strip()[:200] for name in ("kind", "account", "q", "day")}
    rows = readable_by(person, clock.now())
    if asked["kind"]:
        rows = rows.filter(kind=asked["kind"])
    if asked["account"]:
        rows = done_by(rows, asked["account"])
    if asked["q"]:
        rows = about(rows, asked["q"], urn_numbered(asked["q"], person.agency_id))
    if asked["day"]:
        rows = on_day(rows, asked["day"])
    context = {
        "asked": asked,
        "kinds": sorted(LABELS.items(), key=lambda pair: pair[0]),
        "basis": OWN_RULE.cite(person.agency.pack),
        **_now(person),
        **_checked(request),
    }
    return registers.respond(request, ENTRIES, rows, "ledger/register.html", context)


@require_safe
def one(request: HttpRequest, position: int) -> HttpResponse:
    row = _entry(request, position)
    context = {
        "row": row,
        "sentence": _sentence(row),
        "who": _who(row),
        "basis": _basis(row),
        "pretty": pretty(row),
        "digest": leaf_hash(row.entry.encode()).hex(),
    }
    return render(request, "ledger/one.html", context)


@require_safe
def raw(request: HttpRequest, position: int) -> HttpResponse:
    """The very bytes that were hashed."""
    row = _entry(request, position)
    return _download(row.entry.encode(), f"entry-{row.position}.json")


@require_safe
def proof(request: HttpRequest, position: int) -> HttpResponse:
    row = _entry(request, position)
    text = proof_text(prove_entry(row.agency, row.position))
    return _download(text.encode(), f"entry-{row.position}.tlog-proof")


@require_safe
def paper(request: HttpRequest) -> HttpResponse:
    """The checkpoint on a sheet for the paper register."""
    only(request, READ_LEDGER)
    person = person_in(request)
    note = publish.publish(person.agency)
    key = publish.vkeys_of(person.agency.code)[-1]
    svg = qr.svg(f"{note}{key}\n")
    context = {
        **_now(person),
        "note": note,
        "vkey": str(key),
        "qr": "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode(),
        "agency": person.agency,
        "at": clock.now(),
        "by": person.name,
    }
    return render(request, "ledger/paper.html", context)


@require_safe
def report(request: HttpRequest) -> HttpResponse:
    """The newest verification, for the page that watches it."""
    only(request, READ_LEDGER)
    return render(request, "ledger/report.html", _checked(request))


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    only(request, READ_LEDGER)
    person = person_in(request)
    return button(
        request,
        lambda _reason: ask_for(
            LEDGER_VERIFY, person.agency, by=person, at=clock.now(), key=LEDGER_VERIFY, title="核对留痕账本"
        ),
        said="已排队核对账本，可以离开本页，结果保留在这里。",
        to=reverse("ledger"),
    )


def _entry(request: HttpRequest, position: int) -> Entry:
    row = entry_at(position, person_in(request), clock.now())
    if row is None:
        raise not_there()
    return row


def _now(person: Account) -> dict[str, Any]:
    """Size, checkpoint and fingerprint; what is wrong, said instead."""
    try:
        return {
            "now": ledger_now(person.agency),
            "fingerprint": fingerprint(publish.vkeys_of(person.agency.code)[-1]),
        }
    except LiuhenError as error:
        return {"trouble": error}


def _checked(request: HttpRequest) -> dict[str, Any]:
    job = jobs_of(person_in(request), clock.now()).filter(kind=LEDGER_VERIFY).first()
    return {"job": job, "may_verify": could(request, kind_named(LEDGER_VERIFY).who)}


def _download(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
