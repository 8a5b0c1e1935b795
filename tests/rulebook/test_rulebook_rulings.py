"""Rulings: a question is ruled by the legal office with its reason, counted with and cited from then on."""

from __future__ import annotations

import json
from types import SimpleNamespace

import orjson
import pytest
from the_office import AT

from liuhen.base import packs
from liuhen.base.acts import NotAllowedError
from liuhen.base.ledger.models import Entry
from liuhen.base.rulebook.models import Ruling
from liuhen.base.rulebook.replay import REPLAYERS
from liuhen.base.rulebook.selectors import answers_of
from liuhen.base.rulebook.services import Said, fill, rule
from liuhen.core.errors import UsageError
from liuhen.core.rules.clocks import duties_of
from liuhen.core.rules.conflicts import questions_of
from liuhen.core.rules.facts import facts_from
from liuhen.core.rules.rulings import filled, ruled

pytestmark = pytest.mark.slow
HOURS = "handover_no_hours"  # BF 13 names no hours for the plain case


def _handover(people: SimpleNamespace) -> dict[str, object]:
    pack = packs.pack_of("baofeng-forestry")
    mine = ruled(pack, answers_of(people.legal.agency, pack.id))
    facts = facts_from(json.dumps({"activity": {"ended_at": "2026-03-13T17:00:00+08:00"}}), "facts")
    rows = [due.as_json() for due in duties_of(mine, facts, packs.calendar())]
    return next(row for row in rows if row["duty"] == "handover")


def test_hours_that_the_text_does_not_name_are_counted_once_they_are_ruled(people: SimpleNamespace) -> None:
    pack = packs.pack_of("baofeng-forestry")
    assert _handover(people)["state"] == "no_hours_named"
    said = Said("参照例外的时限，结束后二十四小时内移交", "与第十三条例外一致", "PT24H")
    rule(people.legal.agency, pack, HOURS, said, by=people.legal, at=AT)
    counted = _handover(people)
    assert (counted["due_at"], counted["state"]) == ("2026-03-14T17:00:00+08:00", "running")
    assert (counted["basis"], counted["ruling"]) == ("ended_at + PT24H", HOURS)
    told = {one.code: one.ruling for one in questions_of(pack, answers_of(people.legal.agency, pack.id))}
    assert told[HOURS] == said.answer


def test_a_later_ruling_takes_the_earlier_ones_place(people: SimpleNamespace) -> None:
    pack = packs.pack_of("baofeng-forestry")
    for hours in (24, 48):
        said = Said(f"{hours} 小时内移交", "本局会议纪要", f"PT{hours}H")
        rule(people.legal.agency, pack, HOURS, said, by=people.legal, at=AT)
    assert _handover(people)["due_at"] == "2026-03-15T17:00:00+08:00"
    assert list(Ruling.objects.order_by("pk").values_list("state", flat=True)) == ["replaced", "in_force"]


@pytest.mark.parametrize(
    ("code", "said", "refusal"),
    [
        ("nowhere", Said("有", "因为"), "unknown_question"),
        (HOURS, Said("有", "因为", "P0D"), "bad_value"),
        (HOURS, Said("有", "因为", "leader"), "bad_value"),
        ("long_term_length", Said("有", "因为", "PT1H"), "bad_value"),
        (HOURS, Said(" ", "因为"), "nothing_said"),
        (HOURS, Said("有", " "), "nothing_said"),
    ],
)
def test_what_cannot_be_ruled_is_refused(
    people: SimpleNamespace, code: str, said: Said, refusal: str
) -> None:
    with pytest.raises(UsageError) as refused:
        rule(people.legal.agency, packs.pack_of("baofeng-forestry"), code, said, by=people.legal, at=AT)
    assert refused.value.code == refusal
    assert not Ruling.objects.exists()


@pytest.mark.parametrize("who", ["officer", "head", "principal", "sysadmin"])
def test_only_the_legal_office_rules(people: SimpleNamespace, who: str) -> None:
    pack = packs.pack_of("baofeng-forestry")
    with pytest.raises(NotAllowedError):
        rule(people.legal.agency, pack, HOURS, Said("有", "因为"), by=getattr(people, who), at=AT)
    assert not Ruling.objects.exists()


def test_a_slot_is_filled_and_the_ledger_gives_everything_back(people: SimpleNamespace) -> None:
    pack = packs.pack_of("baofeng-forestry")
    slot = pack.slots[0]
    with pytest.raises(UsageError):
        fill(people.legal.agency, pack, "nowhere", Said("甲", "乙"), by=people.legal, at=AT)
    fill(
        people.legal.agency,
        pack,
        slot.code,
        Said("省局清单第三项", "省局 2026 年通知"),
        by=people.legal,
        at=AT,
    )
    rule(people.legal.agency, pack, HOURS, Said("当日", "会议纪要", "PT24H"), by=people.legal, at=AT)
    assert filled(pack, answers_of(people.legal.agency, pack.id)) == {slot.code: "省局清单第三项"}
    fields = ("pack", "code", "articles", "question", "answer", "value", "reason", "ruled_at", "by", "state")
    live = list(Ruling.objects.order_by("code").values_list(*fields))
    Ruling.objects.all().delete()
    for entry in Entry.objects.order_by("position"):
        said = orjson.loads(entry.entry)
        if said["kind"] in REPLAYERS:
            REPLAYERS[said["kind"]](people.legal.agency, said)
    assert list(Ruling.objects.order_by("code").values_list(*fields)) == live
