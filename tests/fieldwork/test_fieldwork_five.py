"""One inspection under each of the five regulations: what is asked for at the start, while recording, and until when."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fieldwork_office import AT, clock, inspection, recording, run_by

from liuhen.core.findings import MUST, NOTE
from liuhen.stages.fieldwork import marking
from liuhen.stages.fieldwork.checks import judge
from liuhen.stages.fieldwork.models import Activity

# pack → notice, opening, key contents: the article that each is told with; None: the text asks for none.
ASKED = {
    "jinjiang-agri": ("7", None, "8"),
    "shifanqu-bianban": ("8", None, "10"),
    "baofeng-forestry": ("9", "8", "10"),
    "ankang-agri": (None, None, None),
    "pengyang": ("6", "9", "9"),
}
# pack → article of the span, whether the text names both moments, end counted from 9:00
SPAN = {
    "jinjiang-agri": ("5", True, 30),
    "shifanqu-bianban": ("9", True, 30),
    "baofeng-forestry": ("8", True, 40),
    "ankang-agri": ("1/4", False, 30),
    "pengyang": ("8", False, 30),
}


def articles(activity: Activity, code: str) -> set[str | None]:
    return {one.finding.article for one in judge(activity).findings if one.finding.code == code}


@pytest.mark.parametrize("pack", ASKED)
def test_notice_opening_and_key_content_are_asked_for_by_their_articles(
    people: SimpleNamespace, pack: str
) -> None:
    run_by(people, pack)
    activity = inspection(people)
    recording(clock(9), 40 * 60, match=activity)
    for code, article in zip(("notice", "opening", "key_content"), ASKED[pack], strict=True):
        assert articles(activity, f"{code}_missing") == ({article} if article else set()), code


@pytest.mark.parametrize("pack", ASKED)
def test_marks_answer_everything_that_is_asked_for(people: SimpleNamespace, pack: str) -> None:
    run_by(people, pack)
    activity = inspection(people)
    recording(clock(9), 40 * 60, match=activity)
    recording(clock(9, 5), 0, kind="photo", match=activity, pieces=[])
    judged = judge(activity)
    for second, choice in enumerate(marking.choices(judged.pack)):
        if choice.code != "interruption_reason":
            marking.mark_activity(activity, choice.code, moment=clock(9, 0, second), by=people.officer, at=AT)
    assert judge(activity).open == ()


@pytest.mark.parametrize("pack", SPAN)
def test_the_span_ends_where_the_text_says_and_says_whether_it_does(
    people: SimpleNamespace, pack: str
) -> None:
    run_by(people, pack)
    activity = inspection(people)
    recording(clock(9), 20 * 60, match=activity)
    coverage = judge(activity).coverage
    assert coverage is not None
    article, named, minutes = SPAN[pack]
    assert (coverage.span.article, coverage.span.named) == (article, named)
    assert coverage.span.end == clock(9, minutes)
    (stop,) = [one.finding for one in judge(activity).findings if one.finding.code == "early_stop"]
    assert stop.severity == (NOTE if pack == "pengyang" else MUST)
    assert stop.params["seconds"] == (minutes - 20) * 60.0


@pytest.mark.parametrize("pack", [pack for pack in ASKED if pack != "pengyang"])
def test_an_inspection_that_nobody_recorded_must_be_answered_for(people: SimpleNamespace, pack: str) -> None:
    run_by(people, pack)
    (found,) = [one for one in judge(inspection(people)).findings if one.finding.code == "nothing_recorded"]
    assert found.finding.severity == MUST
