"""《时间一致性核对表》 of an activity: page, Excel and print from one definition.

The differences are always printed, in seconds, recording minus document; the tolerance is the site's and only decides
what they are called.
"""

from __future__ import annotations

from typing import Any

from liuhen.base import site
from liuhen.core.field.time_agreement import Row, agreement_article
from liuhen.core.findings import length_in_words
from liuhen.stages.fieldwork.checks import Judged

from .activity_items import basis_of
from .registers import Column, Nothing, Register

VERDICTS = {
    "agrees": ("一致", "ok"),
    "differs": ("不一致", "bad"),
    "not_recorded": ("没有音像", "bad"),
    "untimed": ("文书没有写明起止时间", "wait"),
    "off_site": ("非现场文书，不核对", "plain"),
}


def register_of(judged: Judged) -> Register:
    """Its columns; the article and the tolerance stand in every line, so that a single sheet can be read alone."""
    activity, tolerance = judged.activity, site.current().document_seconds
    article = agreement_article(judged.pack) if judged.pack else None
    basis = basis_of(judged.pack, article) if article else "所用规定没有要求起止时间一致，供核对"
    return Register(
        name=f"时间一致性核对表-{activity.number}",
        title=f"时间一致性核对表（{activity.number}）",
        columns=(
            Column("document", "文书", lambda row: row.document.name, width=18),
            Column("start", "文书起", lambda row: row.document.start, width=11),
            Column("end", "文书止", lambda row: row.document.end, width=11),
            Column("recorded", "音像起", lambda row: row.recorded and row.recorded[0], width=11),
            Column("recorded_end", "音像止", lambda row: row.recorded and row.recorded[1], width=11),
            Column("first", "起差（秒）", lambda row: _seconds(row.start_difference), 6, align="end"),
            Column("last", "止差（秒）", lambda row: _seconds(row.end_difference), 6, align="end"),
            Column("verdict", "核对", _verdict, 10, state=lambda row: VERDICTS[row.verdict][1]),
            Column("tolerance", "容差（秒）", lambda _row: f"{tolerance:g}", 5, align="end"),
            Column("basis", "依据", lambda _row: basis, width=18),
        ),
        nothing=Nothing("没有登记文书", "在执法活动页登记文书的起止时间后，在这里与音像的起止时间核对。"),
        order=(),
    )


def said_of(judged: Judged) -> dict[str, Any]:
    """What stands above the table."""
    tolerance = site.current().document_seconds
    article = agreement_article(judged.pack) if judged.pack else None
    return {
        "tolerance": length_in_words(tolerance),
        "basis": basis_of(judged.pack, article) if article else "",
        "rows": judged.table,
    }


def _verdict(row: Row) -> str:
    return VERDICTS[row.verdict][0]


def _seconds(value: float | None) -> str | None:
    """+12.480: the recording is that much later than the document."""
    return None if value is None else f"{value:+.3f}"
