"""Marks that the program proposes, each with its reason; they are worked out when asked for, and a person makes them.

- The first recording of an activity: the notice and the opening that the regulation asks for at the start.
- The first one after a hole: the reason spoken when recording went on, where that closes it.
- A file that its recorder marked as important.
A machine sees no picture: a proposal says where to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from liuhen.base.recordings.models import Recording
from liuhen.core.field.marks import NOTICE, OPENING
from liuhen.core.rules.pack import Pack

from .checks import judge
from .facts import REASON
from .marking import IMPORTANT
from .models import Activity, Mark, Match, Placed

_NEAR = 2.0  # seconds between the end of a hole and the recording that ends it


@dataclass(frozen=True)
class Proposed:
    """`seconds` after the start of the recording; `article` of the activity's regulation, empty for none."""

    code: str
    seconds: float
    why: str
    article: str = ""


def marks_proposed(recording: Recording) -> list[Proposed]:
    """In the order in which they would be made; what is marked already is not proposed."""
    made = set(recording.marks.filter(state=Mark.State.MADE).values_list("code", flat=True))
    found = list(_of_the_file(recording))
    matched = Match.objects.filter(recording=recording.pk, state=Match.State.MATCHED)
    for match in matched.select_related("activity"):
        if match.activity.live:
            made |= set(match.activity.marks.filter(state=Mark.State.MADE).values_list("code", flat=True)) - {
                REASON,
                IMPORTANT,
            }
            found += _of_the_activity(recording, match.activity)
    return [one for one in found if one.code not in made]


def _of_the_file(recording: Recording) -> Iterator[Proposed]:
    if recording.key_file:
        yield Proposed(IMPORTANT, 0.0, "执法人员在设备上标为重点文件")


def _of_the_activity(recording: Recording, activity: Activity) -> Iterator[Proposed]:
    placed = Placed.objects.filter(recording=recording.pk, start__isnull=False).first()
    judged = judge(activity)
    if placed is None or placed.start is None or judged.pack is None or not judged.recorded:
        return
    if placed.start <= min(one.start for one in judged.recorded):
        yield from _at_the_start(judged.pack)
    stop = judged.pack.interruption
    holes = judged.coverage.holes if judged.coverage else ()
    ended = [one for one in holes if one.kind == "hole" and "spoken_reason" in one.missing]
    if stop and any(abs((placed.start - one.end).total_seconds()) <= _NEAR for one in ended):
        yield Proposed(REASON, 0.0, "中断之后恢复的第一段", stop.article)


def _at_the_start(pack: Pack) -> Iterator[Proposed]:
    if pack.notice:
        yield Proposed(NOTICE, 0.0, "活动的第一段，应当先告知", pack.notice.article)
    if pack.opening:
        yield Proposed(OPENING, 0.0, "活动的第一段，应当有开场说明", pack.opening.article)
