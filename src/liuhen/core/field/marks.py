"""Notice, opening statement and key content: what the marks on the timeline answer, and what they leave unanswered.

- Notice: JJ 7, SF 8, BF 9, PY 6; opening statement spoken by the officer: BF 8, PY 9. AK asks for neither, so nothing
  is missing there. A mark answers it; said later than the start, it is told how much later.
- Where nothing was recorded there is nothing to mark: coverage.py tells that.
- Key content: JJ 8, SF 10, BF 10, PY 9. The pack says which items are told when missing: always, for a matter, or (the
  rest) only when somebody says that it happened. A machine sees marks, not pictures: missing ones are SHOULD.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..findings import MUST, NOTE, SHOULD, Finding, found
from ..intervals import union
from ..rules.pack import KeyContent, Pack
from .closing import Explained

NOTICE, OPENING, REASON = "notice", "opening", "interruption_reason"
_LABELS = {NOTICE: "告知当事人", OPENING: "开场说明", REASON: "语音说明中断原因"}
AT_THE_START = timedelta(minutes=3)
_NEAR = timedelta(seconds=2)  # a key pressed at the very end


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark on the timeline: `notice`, `opening`, `interruption_reason`, or the code of a key content of the pack."""

    code: str
    at: datetime
    recording: str = ""


def judge_marks(
    pack: Pack,
    marks: Sequence[Mark],
    recorded: Iterable[tuple[datetime, datetime]],
    *,
    matter: str | None = None,
    happened: Iterable[str] = (),
    at_the_start: timedelta = AT_THE_START,
) -> list[Finding]:
    """What is missing among the marks of one activity. `recorded`: its stretches, corrected; `happened`: codes of key
    contents that the activity says took place."""
    stretches = union(recorded)
    if not stretches:
        return []
    start = stretches[0][0]
    return [
        *_notice(pack, marks, start, at_the_start),
        *_opening(pack, marks),
        *_key_content(pack, marks, matter, frozenset(happened)),
        *_outside(pack, marks, stretches),
    ]


def required_content(pack: Pack, matter: str | None, happened: Iterable[str] = ()) -> list[KeyContent]:
    """The key contents whose absence is told for a matter, in the pack's order."""
    took_place = set(happened)
    return [
        one
        for one in pack.key_content
        if one.always or (matter is not None and matter in one.matters) or one.code in took_place
    ]


def spoken_reasons(marks: Iterable[Mark]) -> list[Explained]:
    """The reasons spoken on resuming, as coverage takes them for the closing of holes."""
    return [Explained("spoken_reason", one.at) for one in marks if one.code == REASON]


def _notice(pack: Pack, marks: Sequence[Mark], start: datetime, at_the_start: timedelta) -> Iterator[Finding]:
    rule = pack.notice
    if rule is None:
        return
    said = min((one.at for one in marks if one.code == NOTICE), default=None)
    if said is None:
        yield found("notice_missing", MUST, article=rule.article, rule=rule.text)
    elif said - start > at_the_start:
        late = (said - start).total_seconds()
        yield found("notice_late", SHOULD, article=rule.article, seconds=late)


def _opening(pack: Pack, marks: Sequence[Mark]) -> Iterator[Finding]:
    rule = pack.opening
    if rule is not None and not any(one.code == OPENING for one in marks):
        words = f"{rule.text}（{'、'.join(rule.speaks)}）" if rule.speaks else rule.text
        yield found("opening_missing", MUST, article=rule.article, rule=words)


def _key_content(
    pack: Pack, marks: Sequence[Mark], matter: str | None, happened: frozenset[str]
) -> Iterator[Finding]:
    made = {one.code for one in marks}
    for one in required_content(pack, matter, happened):
        if one.code not in made:
            yield found("key_content_missing", SHOULD, article=one.article, rule=one.text, code_of=one.code)


def _outside(
    pack: Pack, marks: Sequence[Mark], stretches: Sequence[tuple[datetime, datetime]]
) -> Iterator[Finding]:
    known = {**_LABELS, **{one.code: one.text for one in pack.key_content if one.code}}
    for mark in marks:
        begun = bisect_right(stretches, mark.at + _NEAR, key=lambda one: one[0])
        if begun == 0 or stretches[begun - 1][1] + _NEAR < mark.at:
            yield found("mark_outside", NOTE, mark=known.get(mark.code, mark.code), at=mark.at)
