"""The base's own kinds: previews after an ingest, and the two verifications.

- `previews.make`: for the recordings named; what is there already is left alone, so it can be run again.
- `store.verify`, `ledger.verify`: read only; their report is the job's result.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from liuhen.base import site
from liuhen.base.ledger.verify import verify_ledger
from liuhen.base.people.models import Agency, Role
from liuhen.base.people.rules import HasRole
from liuhen.base.recordings.models import Recording
from liuhen.base.storage import derived
from liuhen.base.storage.fixity import verify_stores
from liuhen.base.storage.serving import needs_viewing_copy
from liuhen.base.storage.stores import open_stores

from .kinds import EVERYBODY, Kind
from .models import Job
from .services import ask_for
from .work import Work

PREVIEWS = "previews.make"
STORE_VERIFY = "store.verify"
LEDGER_VERIFY = "ledger.verify"

_SLICE = 100  # recordings a job: between two of them something else may run
_KEEPERS = HasRole((Role.CUSTODIAN, Role.ARCHIVIST, Role.SYSTEM_ADMIN, Role.AUDITOR))
_REPORTED = 200  # findings kept in a result


def ask_for_previews(agency: Agency, recordings: Iterable[uuid.UUID], *, key: str, at: datetime) -> list[Job]:
    """Queue the making of previews, in slices. `key` names what they belong to."""
    keys = [str(one) for one in recordings]
    slices = [keys[first : first + _SLICE] for first in range(0, len(keys), _SLICE)]
    return [
        ask_for(
            PREVIEWS,
            agency,
            by=None,
            at=at,
            args={"recordings": some},
            key=f"previews:{key}:{number}",
            title=f"{len(some)} 个文件的缩略图和浏览副本",
        )
        for number, some in enumerate(slices)
    ]


def previews_for(recording: Recording, *, at: datetime) -> Job | None:
    """The live job that makes this recording's previews, asked for now where there is none; None: they are made, or
    the office does not want any."""
    if not list(derived.missing([recording])):
        return None
    live = Job.objects.filter(agency=recording.agency, kind=PREVIEWS, state__in=Job.LIVE).order_by("asked_at")
    known = next((job for job in live if str(recording.pk) in job.args.get("recordings", ())), None)
    if known is not None:
        return known
    if not site.current().previews and not needs_viewing_copy(recording):
        return None
    return ask_for_previews(recording.agency, [recording.pk], key=str(recording.pk), at=at)[0]


def make_previews(work: Work) -> dict[str, Any]:
    wanted = [uuid.UUID(text) for text in work.args["recordings"]]
    rows = Recording.objects.filter(agency=work.job.agency, pk__in=wanted).order_by("position")
    missing = list(derived.missing(rows))
    work.total(files=len(missing))
    troubles = 0

    def done(made: derived.Derived) -> None:
        nonlocal troubles
        work.add(files=1)
        if made.trouble and not work.stopping:
            troubles += 1
            work.trouble({"path": made.number, "code": "no_preview", "reason": made.trouble})

    analyser = work.analyser()
    for row in missing:
        work.check()
        derived.make_previews([row], open_stores(), analyser, on_done=done)
    work.check()
    said = f"已为 {len(missing) - troubles} 个文件生成缩略图和浏览副本"
    return {"made": len(missing) - troubles, "troubles": troubles, "sentence": f"{said}。"}


def verify_store(work: Work) -> dict[str, Any]:
    sample = work.args.get("sample")

    def seen(objects: int, size: int) -> None:
        work.add(files=objects - work.files, size=size - work.bytes)
        work.check()

    report = verify_stores(open_stores(), sample=sample, on_object=seen)
    told = report.as_json()
    told["bad_count"], told["bad"] = len(report.bad), _own(told["bad"], work.job.agency)[:_REPORTED]
    verdict = "全部完好" if report.ok else f"{len(report.bad)} 处有问题，请查看报告并运行 liuhen repair"
    return told | {"sentence": f"已回读 {report.objects} 个对象，{verdict}。"}


def _own(bad: list[dict[str, Any]], agency: Agency) -> list[dict[str, Any]]:
    """What is wrong with this agency's recordings, and with the stores; a store may hold other agencies' too."""
    named = {urn for one in bad if (urn := one["recording"])}
    keys = [uuid.UUID(urn.removeprefix("urn:uuid:")) for urn in named]
    foreign = Recording.objects.filter(pk__in=keys).exclude(agency=agency)
    others = {row.urn for row in foreign}
    return [one for one in bad if one["recording"] not in others]


def verify_the_ledger(work: Work) -> dict[str, Any]:
    agency = work.job.agency
    report = verify_ledger(agency)
    told = report.as_json()
    verdict = "账本与已公布的检查点一致" if report.ok else f"发现 {len(report.findings)} 处不符"
    return told | {"sentence": f"已核对 {report.size} 条留痕，{verdict}。"}


KINDS = (
    Kind(PREVIEWS, "生成缩略图和浏览副本", make_previews, who=None, sees=EVERYBODY),
    Kind(STORE_VERIFY, "完整性校验", verify_store, who=_KEEPERS, sees=EVERYBODY),
    Kind(LEDGER_VERIFY, "核对留痕账本", verify_the_ledger, who=_KEEPERS, sees=EVERYBODY),
)
