"""Sealing: what was taken becomes a whole OCFL object in every store, inventory last, in one rename each.

Runs in worker threads and touches no database; the number was reserved before.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from liuhen.base.clock import stamp
from liuhen.base.people.models import Role
from liuhen.base.recordings import record as records
from liuhen.core.blobs.base import Draft
from liuhen.core.cards.bearer import CardFacts
from liuhen.core.cards.names import NameFacts
from liuhen.core.digests import digests_of
from liuhen.core.errors import LiuhenError
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.write import write_version

from . import sentences
from .intake import Taken
from .models import Batch

ACCOUNT_ADDRESS = "urn:liuhen:account:"


@dataclass(frozen=True)
class Context:
    """What is the same for every file of one batch, as the record tells it."""

    agency: dict[str, str]
    by: dict[str, str]
    batch: str
    card: dict[str, Any]
    clock: dict[str, Any]


def context_of(batch: Batch, facts: CardFacts) -> Context:
    """`facts`: what the card says of its bearer, kept as its claim and not as the truth."""
    reading = batch.reading
    bearer = {key: value for key, value in asdict(facts).items() if value is not None}
    return Context(
        agency={"code": batch.agency.code, "name": batch.agency.name},
        by={"account": batch.by.username, "name": batch.by.name, "role": Role.CUSTODIAN.label},
        batch=batch.key,
        card={"label": batch.card_label, "bearer": bearer},
        clock={
            "measured": reading is not None,
            "shown": stamp(reading.shown_at) if reading else None,
            "server": stamp(reading.server_at) if reading else None,
            "offset_seconds": reading.offset_seconds if reading else None,
        },
    )


@dataclass(frozen=True)
class Claim:
    """The reserved identity of a file's content, and whose recording it is."""

    recording: str  # urn:uuid:…
    number: str
    sameness: str
    device: dict[str, str] | None
    holder: dict[str, str] | None
    facts: NameFacts
    extra_findings: list[dict[str, Any]]
    at: datetime
    name_digest: str
    name_salt: str


@dataclass(frozen=True)
class Standing:
    """An object that stands in stores and has no row yet."""

    record: dict[str, Any]
    record_sha256: str
    copies: dict[str, str]  # store name -> how its bytes were read back


@dataclass(frozen=True)
class Sealed:
    """What sealing made of a taken file; `missed`: stores that did not take it."""

    taken: Taken
    standing: Standing
    missed: dict[str, LiuhenError]

    @property
    def number(self) -> str:
        return str(self.standing.record["number"])

    @property
    def sameness(self) -> str:
        return str(self.standing.record["original"]["sameness"])


def seal(taken: Taken, claim: Claim, context: Context) -> Sealed:
    """Write record, explanation and inventories into every draft and publish it, the first store first.

    Raises the first store's error; another store's error is kept in `missed` for `liuhen repair`. Whatever
    happens, no draft is left.
    """
    record = make_record(taken, claim, context)
    raw = records.to_bytes(record)
    page = records.explanation(record)
    copies: dict[str, str] = {}
    missed = dict(taken.missed)
    try:
        for name, draft in taken.drafts.items():
            try:
                _complete(draft, taken, claim, context, raw, page)
                copies[name] = taken.methods[name]
            except LiuhenError as error:
                if not copies:
                    raise
                missed[name] = error
    finally:
        taken.discard()
    return Sealed(taken, Standing(record, digests_of(raw).sha256, copies), missed)


def _complete(draft: Draft, taken: Taken, claim: Claim, context: Context, raw: bytes, page: bytes) -> None:
    draft.write(f"v1/content/{records.RECORD}", raw)
    draft.write(f"v1/content/{records.EXPLANATION}", page)
    write_version(
        draft,
        None,
        object_id=claim.recording,
        files={
            f"{records.ORIGINAL_FOLDER}/{taken.content_name}": taken.digests.sha256,
            records.RECORD: digests_of(raw).sha256,
            records.EXPLANATION: digests_of(page).sha256,
        },
        created=claim.at,
        message=f"入库 {claim.number}",
        user_name=context.by["name"],
        user_address=f"{ACCOUNT_ADDRESS}{context.by['account']}",
    )
    draft.publish(object_path(claim.recording))


def make_record(taken: Taken, claim: Claim, context: Context) -> dict[str, Any]:
    """The record as it is stored in version 1 (docs/reference/record.md)."""
    file = taken.file
    assigned = claim.device is not None and claim.holder is not None
    kind = taken.says.get("kind") or "other"
    return {
        "schema": records.SCHEMA,
        "recording": claim.recording,
        "number": claim.number,
        "agency": context.agency,
        "kind": kind if kind != "other" else claim.facts.kind,
        "state": "stored" if assigned else "to_assign",
        "original": {
            "name": file.path.rpartition("/")[2],
            "content_name": taken.content_name,
            "card_path": file.path,
            "raw_path": file.raw.hex(),
            "name_encoding": file.name_encoding,
            "bytes": taken.digests.size,
            "sha256": taken.digests.sha256,
            "sm3": taken.digests.sm3,
            "sameness": claim.sameness,
            "modified_ns": file.mtime_ns,
            "name_digest": claim.name_digest,
            "name_salt": claim.name_salt,
        },
        "card": context.card,
        "clock": context.clock,
        "device": claim.device,
        "holder": claim.holder,
        "name_facts": _facts(claim.facts),
        "says": taken.says,
        "findings": _findings(taken, claim),
        "ingested": {"at": stamp(claim.at), "by": context.by, "batch": context.batch},
    }


def _facts(facts: NameFacts) -> dict[str, Any]:
    told = asdict(facts)
    told["taken_at"] = stamp(facts.taken_at) if facts.taken_at else None
    told["findings"] = [finding.code for finding in facts.findings]
    return told


def _findings(taken: Taken, claim: Claim) -> list[dict[str, Any]]:
    from_name = [sentences.warning(finding.code, finding.message) for finding in claim.facts.findings]
    return [*taken.says.get("findings", []), *from_name, *claim.extra_findings]
