"""Marks that the program proposes, with their reason; and what the files admit stands among an activity's findings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from fieldwork_office import AT, clock, inspection, recording, run_by
from storage.storage_homes import stocked, stocked_homes  # noqa: F401 (fixtures)
from storage.storage_office import recording_of

from liuhen.base.devices.services import read_clock
from liuhen.core.findings import SHOULD, found
from liuhen.stages.fieldwork import marking, pairing, placing
from liuhen.stages.fieldwork.checks import judge
from liuhen.stages.fieldwork.models import Mark, Placed
from liuhen.stages.fieldwork.proposing import marks_proposed
from liuhen.stages.fieldwork.settling import settle

ClientOf = Callable[..., Client]


def codes(row: object) -> list[str]:
    return [one.code for one in marks_proposed(row)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pack", "expected"),
    [
        ("jinjiang-agri", ["notice"]),
        ("baofeng-forestry", ["notice", "opening"]),
        ("ankang-agri", []),
    ],
)
def test_the_first_recording_is_proposed_what_the_text_asks_for_at_the_start(
    people: SimpleNamespace, pack: str, expected: list[str]
) -> None:
    run_by(people, pack)
    activity = inspection(people)
    first = recording(clock(9), 600, match=activity)
    second = recording(clock(9, 10), 600, match=activity)
    assert codes(first) == expected
    assert codes(second) == []


def test_after_a_hole_the_spoken_reason_is_proposed_where_it_closes_it(people: SimpleNamespace) -> None:
    activity = inspection(people)
    recording(clock(9), 600, match=activity)
    after = recording(clock(9, 15), 900, match=activity)
    assert codes(after) == ["interruption_reason"]
    run_by(people, "baofeng-forestry")
    assert codes(after) == []


def test_what_its_recorder_marked_as_important_is_proposed(people: SimpleNamespace) -> None:
    row = recording(clock(9), 600)
    row.key_file = True
    row.save()
    assert codes(row) == ["important"]
    marking.mark_recording(row, "important", 3, by=people.custodian, at=AT)
    assert codes(row) == []


def test_a_proposal_becomes_a_mark_by_a_person_and_says_so(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity = inspection(people)
    row = recording(clock(9), 600, match=activity)
    told = {"code": "notice", "seconds": "0", "proposed": "1"}
    answer = client_of("custodian").post(
        reverse("mark_recording", args=[row.pk]), told, headers={"HX-Request": "true"}
    )
    assert "建议" not in answer.content.decode()
    mark = Mark.objects.get()
    assert (mark.origin, mark.made_by, mark.at) == ("proposed", people.custodian, clock(9))
    assert codes(row) == []


def test_what_a_file_admits_is_a_finding_of_its_activity_and_is_closed_by_a_named_act(
    people: SimpleNamespace,
) -> None:
    activity = inspection(people)
    row = recording(clock(9), 30 * 60, match=activity)
    told = [
        found("edited_with", SHOULD, trace="Lavf58").as_json(),
        found("pause", SHOULD, before="a", after=row.number, seconds=20.0).as_json(),
    ]
    Placed.objects.filter(recording=row).update(findings=told)
    (one,) = [one for one in judge(activity).findings if one.finding.code in ("edited_with", "pause")]
    assert one.open, "a pause is told as a hole; a trace of editing is not told elsewhere"
    assert one.finding.text.startswith(f"{row.number}：")
    settle(activity, one.key, reason="系设备厂家软件导出，已核对原件", by=people.legal, at=AT)
    assert one.key not in {found.key for found in judge(activity).open}


@pytest.mark.slow
def test_a_wrong_clock_is_told_on_the_activity_of_its_recording(
    stocked: Path,  # noqa: F811
    people: SimpleNamespace,
) -> None:
    from datetime import timedelta

    film = recording_of()
    taken = clock(9, 30) - timedelta(days=126)
    read_clock(
        film.device,
        taken + timedelta(hours=1, minutes=10),
        server_at=taken + timedelta(hours=1),
        by=people.custodian,
    )
    placing.place(film.agency)
    activity = inspection(
        people,
        arrived_at=taken - timedelta(minutes=30),
        ended_at=taken + timedelta(minutes=30),
        left_at=None,
    )
    pairing.confirm(film, activity, by=people.custodian, at=AT)
    assert "clock_wrong" in {one.finding.code for one in judge(activity).open}
