"""Held against a higher regulation: asking less is a question, asking more or the same is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import liuhen
from liuhen.core.rules.higher import beneath
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.reading import read_pack
from liuhen.core.rules.starter import write_starter

PACKS = ("ankang-agri", "baofeng-forestry", "jinjiang-agri", "pengyang", "shifanqu-bianban")


def shipped(name: str) -> Pack:
    return read_pack(Path(liuhen.__file__).parent / "packs" / name)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("own")
    write_starter(folder)
    return read_pack(folder)


def changed(pack: Pack, **parts: Any) -> Pack:
    return pack.model_copy(update={"id": "higher", **parts})


def asked(own: Pack, higher: Pack) -> dict[str, str]:
    return {one.code.removeprefix("over-higher-"): one.text for one in beneath(own, higher)}


def test_the_same_rules_under_another_name_ask_nothing(own: Pack):
    assert asked(own, changed(own)) == {}


@pytest.mark.parametrize("name", PACKS)
def test_no_regulation_is_beneath_itself(name: str):
    assert beneath(shipped(name), shipped(name)) == []
    assert asked(shipped(name), changed(shipped(name))) == {}


def clock(pack: Pack, **parts: Any) -> tuple[Any, ...]:
    return (pack.clocks[0].model_copy(update=parts),)


@pytest.mark.parametrize(
    ("higher", "less"),
    [
        ({"within": "PT12H"}, True),
        ({"within": "PT48H"}, False),
        ({"within": "P1D"}, False),
        ({"within": None}, False),
        ({"within": None, "same_day": True}, False),
    ],
)
def test_a_longer_time_is_less_and_a_shorter_one_is_not(own: Pack, higher: dict[str, Any], less: bool):
    """The starter hands over within PT24H; a day of the calendar is longer than that, and the day itself never more."""
    assert ("clock-handover" in asked(own, changed(own, clocks=clock(own, **higher)))) is less


def test_a_time_that_is_not_named_is_less_than_one_that_is(own: Pack):
    mine = own.model_copy(update={"clocks": clock(own, within=None)})
    text = asked(mine, changed(own))["clock-handover"]
    assert "没有写明时限" in text and "24 小时" in text and "第 6 条" in text


def test_an_exception_that_the_higher_rule_does_not_know(own: Pack):
    text = asked(own, changed(own, clocks=clock(own, exception=None)))["exception-handover"]
    assert "异地" in text


def test_what_must_be_recorded_there_and_need_not_here(own: Pack):
    matter = own.matters[0]
    assert asked(own.model_copy(update={"matters": ()}), changed(own)).keys() == {"matter-inspection"}
    weaker = own.model_copy(update={"matters": (matter.model_copy(update={"duty": "should"}),)})
    assert asked(weaker, changed(own)).keys() == {"matter-inspection"}
    assert asked(own, changed(weaker)) == {}


def test_wider_grounds_than_a_closed_list(own: Pack):
    assert own.unrecorded
    narrow = own.unrecorded.model_copy(update={"grounds": ("urgent",)})
    assert "国家秘密" in asked(own, changed(own, unrecorded=narrow))["unrecorded-grounds"]
    open_ended = narrow.model_copy(update={"closed": False})
    assert asked(own, changed(own, unrecorded=open_ended)) == {}


def test_shorter_retention_is_less_and_silence_is_not(own: Pack):
    longer = tuple(one.model_copy(update={"period": "P2Y"}) if one.period else one for one in own.retention)
    assert asked(own, changed(own, retention=longer)).keys() == {"retention-always"}
    assert asked(own.model_copy(update={"retention": ()}), changed(own, retention=longer)) == {}


def test_long_term_cases_copies_notice_and_approver(own: Pack):
    assert own.long_term
    more = own.long_term.model_copy(
        update={
            "copies": 2,
            "triggers": (own.long_term.triggers[0].model_copy(update={"events": ("assault",)}),),
        }
    )
    found = asked(own.model_copy(update={"notice": None}), changed(own, long_term=more))
    assert found.keys() == {"notice", "long-term-events", "long-term-copies"}
    jinjiang = shipped("jinjiang-agri")
    assert any(one.code.endswith("approver-external") for one in beneath(own, jinjiang))


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("above", PACKS)
def test_every_pair_is_told_with_articles_that_exist(name: str, above: str):
    pack = shipped(name)
    codes = [one.code for one in beneath(pack, shipped(above))]
    assert len(codes) == len(set(codes))
    assert {
        article for one in beneath(pack, shipped(above)) for article in one.articles
    } <= pack.articles.keys()


def test_counting_from_the_return_is_later_than_counting_from_the_end(own: Pack):
    waiting = changed(own, clocks=clock(own, start="returned_at", exception=None))
    assert "clock-handover" in {one.code.removeprefix("over-my-regulation-") for one in beneath(waiting, own)}
    assert "clock-handover" not in asked(own, waiting)


def test_events_kept_for_ever_answer_a_higher_long_term_article(own: Pack):
    assert own.long_term is not None
    (trigger,) = own.long_term.triggers
    permanent = own.retention[0].model_copy(
        update={"when": "events", "events": trigger.events[:-1], "rule": "permanent"}
    )
    mine = own.model_copy(update={"long_term": None, "retention": (permanent, *own.retention)})
    found = asked(mine, changed(own))
    assert "long-term" not in found
    assert "上访" in found["long-term-events"]
    assert "投诉" not in found["long-term-events"]
