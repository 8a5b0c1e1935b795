"""Entries from a phone: done once, in order, corrected by its clock, and never lost."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from fieldwork_office import AT, clock, inspection
from phone_office import ACTIVITY, bundle, entry, opening, send

from liuhen.base.devices.models import ClockReading, Device
from liuhen.base.devices.services import register_device
from liuhen.base.ledger.models import Entry as Line
from liuhen.base.people.models import Account, Unit
from liuhen.cli.main import main
from liuhen.core.errors import UsageError
from liuhen.stages.equipment.models import Check
from liuhen.stages.fieldwork import phone, telling
from liuhen.stages.fieldwork.models import Activity, Document, Mark, Report, Sent, Stop


def outcomes(answers: list[phone.Answer]) -> list[str]:
    return [one.outcome for one in answers]


def test_a_whole_inspection_is_registered_as_it_was_pressed(people: SimpleNamespace) -> None:
    stop = entry("stop", clock(9, 10), {"cause": "battery", "text": "换电池"})
    told = send(
        people.officer,
        opening(),
        entry("mark", clock(9, 1), {"code": "notice"}),
        entry("mark", clock(9, 5), {"code": "identity_shown", "note": "两人出示"}),
        stop,
        entry("resume", clock(9, 15), {"stop": stop["id"]}),
        entry("mark", clock(9, 15, 20), {"code": "interruption_reason"}),
        entry(
            "document",
            clock(9, 28),
            {
                "kind": "现场检查笔录",
                "number": "1 号",
                "started_at": clock(9, 20).isoformat(),
                "ended_at": clock(9, 28).isoformat(),
            },
        ),
        entry("report", clock(9, 29), {"kind": "unrecorded_report", "code": "privacy", "reason": "更衣室"}),
        entry("tell", clock(9, 30), {"ended_at": clock(9, 30).isoformat(), "circumstances": ["offsite"]}),
        entry("tell", clock(9, 40), {"left_at": clock(9, 40).isoformat()}),
        entry("tell", clock(11), {"returned_at": clock(11).isoformat(), "events": ["complaint"]}),
    )
    assert outcomes(told) == ["done"] * 11
    row = Activity.objects.get(pk=ACTIVITY)
    assert (row.arrived_at, row.ended_at, row.left_at, row.returned_at) == (
        clock(9),
        clock(9, 30),
        clock(9, 40),
        clock(11),
    )
    assert (row.circumstances, row.events, row.place) == (["offsite"], ["complaint"], "示范镇农资店")
    assert set(row.participants.values_list("officer__staff_no", flat=True)) == {"100001", "100002"}
    assert row.carried.get().officer.staff_no == "100001"  # type: ignore[union-attr]
    one = row.stops.get()
    assert (one.at, one.resumed_at, one.cause) == (clock(9, 10), clock(9, 15), "battery")
    assert {mark.code: mark.at for mark in row.marks.all()}["identity_shown"] == clock(9, 5)
    assert (row.documents.get().started_at, row.reports.get().code) == (clock(9, 20), "privacy")


def test_sent_twice_it_is_done_once_and_answered_alike(people: SimpleNamespace) -> None:
    entries = [opening(), entry("mark", clock(9, 1), {"code": "notice"}), entry("mark", clock(9, 2), {})]
    first = send(people.officer, *entries)
    lines = Line.objects.count()
    assert outcomes(first) == ["done", "done", "refused"]
    assert send(people.officer, *reversed(entries)) == first
    assert (Mark.objects.count(), Sent.objects.count(), Line.objects.count()) == (1, 3, lines)


def test_sent_from_two_tabs_at_once_it_is_done_once(people: SimpleNamespace) -> None:
    """Both come to write the same entry: the database lets one through, and both hear the same."""
    from django.db import connection

    send(people.officer, opening())
    marks = [entry("mark", clock(9, minute), {"code": "scene"}) for minute in range(8)]
    said: list[list[phone.Answer]] = []
    start = threading.Barrier(2)

    def tab() -> None:
        start.wait()
        said.append(send(people.officer, *marks))
        connection.close()

    tabs = [threading.Thread(target=tab) for _ in range(2)]
    for one in tabs:
        one.start()
    for one in tabs:
        one.join(60)
    assert len(said) == 2 and said[0] == said[1]
    assert outcomes(said[0]) == ["done"] * 8
    assert Mark.objects.filter(code="scene").count() == 8


def test_when_the_database_stops_the_second_of_two_it_hears_what_the_first_did(
    people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on PostgreSQL, where both find nothing known."""
    send(people.officer, opening())
    mark = entry("mark", clock(9, 1), {"code": "notice"})
    first = send(people.officer, mark)
    seen = Sent.objects.filter
    hidden = [True]

    def unseen(*args: Any, **more: Any) -> Any:
        rows = seen(*args, **more)
        return rows.none() if hidden and hidden.pop() else rows

    monkeypatch.setattr(Sent.objects, "filter", unseen)
    assert send(people.officer, mark) == first
    assert Mark.objects.count() == 1


def test_activities_come_first_whatever_the_clocks_say(people: SimpleNamespace) -> None:
    """The phone's clock was set back after the activity began."""
    told = send(people.officer, entry("mark", clock(8, 55), {"code": "notice"}), opening(clock(9)))
    assert outcomes(told) == ["done", "done"]


@pytest.mark.parametrize("ahead", [3600.0, -3600.0, 86400.0 * 400], ids=["fast", "slow", "another-year"])
def test_a_phone_with_a_wrong_clock_is_corrected_and_both_times_are_kept(
    people: SimpleNamespace, ahead: float
) -> None:
    def by_phone(*of: int) -> Any:
        return clock(*of) + timedelta(seconds=ahead)

    mark = entry("mark", by_phone(9, 5), {"code": "notice"})
    told = send(people.officer, opening(by_phone(9)), mark, ahead=ahead)
    assert outcomes(told) == ["done", "done"]
    assert Activity.objects.get(pk=ACTIVITY).arrived_at == clock(9)
    assert Mark.objects.get().at == clock(9, 5)
    kept = Sent.objects.get(pk=mark["id"])
    assert (kept.phone_at, kept.phone_ahead) == (by_phone(9, 5), ahead)


def test_a_phone_that_is_a_minute_off_is_taken_for_right(people: SimpleNamespace) -> None:
    send(people.officer, opening(), ahead=60)
    assert Activity.objects.get(pk=ACTIVITY).arrived_at == clock(9)
    assert Sent.objects.get().phone_ahead == 60


def test_a_file_is_corrected_by_what_the_phone_last_measured(people: SimpleNamespace) -> None:
    fast = timedelta(hours=2)
    told = phone.receive(
        bundle(opening(clock(9) + fast), ahead=None).model_copy(update={"ahead": 7200.0}),
        by=people.officer,
        at=AT,
        handed=True,
    )
    assert outcomes(told) == ["done"]
    assert Activity.objects.get(pk=ACTIVITY).arrived_at == clock(9)


def test_what_cannot_be_is_kept_with_its_sentence_and_tried_again(people: SimpleNamespace) -> None:
    mark = entry("mark", clock(9, 1), {"code": "notice"})
    (answer,) = send(people.officer, mark)
    assert answer.outcome == "refused" and "怎么办" in answer.sentence
    row = Sent.objects.get(pk=mark["id"])
    assert row.body == {"code": "notice"}
    assert phone.again(row, by=people.officer, at=AT).outcome == "refused"
    send(people.officer, opening())
    assert phone.again(row, by=people.officer, at=AT).outcome == "done"
    assert phone.again(row, by=people.officer, at=AT).outcome == "done"
    assert Mark.objects.get().at == clock(9, 1)
    with pytest.raises(UsageError):
        phone.handle(Sent.objects.get(pk=row.pk), note="补登", by=people.custodian, at=AT)


def test_one_that_was_handled_otherwise_says_how(people: SimpleNamespace) -> None:
    mark = entry("mark", clock(9, 1), {"code": "notice"})
    send(people.officer, mark)
    row = Sent.objects.get()
    with pytest.raises(UsageError):
        phone.handle(row, note=" ", by=people.custodian, at=AT)
    phone.handle(row, note="已由王晓兰补登", by=people.custodian, at=AT)
    (answer,) = send(people.officer, mark)
    assert answer.outcome == "handled" and "已由王晓兰补登" in answer.sentence


def test_one_officer_alone_is_refused_with_the_law_and_nothing_is_lost(people: SimpleNamespace) -> None:
    (answer,) = send(people.officer, opening(officers=["100001"]))
    assert answer.outcome == "refused"
    assert "《中华人民共和国行政处罚法》第四十二条" in answer.sentence
    assert Sent.objects.get().body["officers"] == ["100001"]
    assert not Activity.objects.exists()


def test_another_offices_activity_looks_like_none(people: SimpleNamespace) -> None:
    send(people.officer, opening())
    mark = entry("mark", clock(9, 1), {"code": "notice"})
    (answer,) = send(people.stranger, mark)
    assert (answer.outcome, Mark.objects.count()) == ("refused", 0)
    assert answer.sentence.startswith("没有这项执法活动，或不属于您的权限")
    (again,) = send(people.officer, mark)
    assert again.outcome == "refused", "the number is taken; nothing of theirs is told"
    assert Mark.objects.count() == 0


def test_what_one_account_wrote_is_never_taken_for_anothers(people: SimpleNamespace) -> None:
    with pytest.raises(phone.NotTheirsError):
        send(people.officer2, opening(), account=people.officer.pk, who="林一鸣")
    with pytest.raises(phone.NotTheirsError):
        send(people.custodian, opening(), account=people.officer.pk, who="林一鸣")
    assert not Sent.objects.exists()


def test_a_keeper_hands_in_the_file_of_another_and_that_is_written_down(people: SimpleNamespace) -> None:
    file = bundle(opening(), ahead=None, account=people.officer.pk, who="林一鸣")
    with pytest.raises(phone.NotTheirsError):
        phone.receive(file, by=people.officer2, at=AT, handed=True)
    (answer,) = phone.receive(file, by=people.custodian, at=AT, handed=True)
    assert answer.outcome == "done" and "由王晓兰交来" in answer.sentence
    assert Activity.objects.get(pk=ACTIVITY).opened_by == people.custodian


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"entries": "x"},
        {"entries": [{}]},
        {"entries": [entry("poem", clock(9))]},
        {"entries": [entry("mark", clock(9)) | {"at": "2026-11-19T09:00:00"}]},
        {"entries": [entry("mark", clock(9)) | {"at": "0001-01-01T00:00:00+08:00"}]},
        {"entries": [entry("mark", clock(9)) | {"at": "9999-12-31T23:59:59-08:00"}]},
        {"entries": [entry("mark", clock(9)) | {"more": 1}]},
        {"entries": [entry("mark", clock(9), {"note": "x" * 30_000})]},
        {"entries": [entry("mark", clock(9), {"note": "a\x00b"})]},
        {"entries": [entry("mark", clock(9), {"note": "\ud800"})]},
        {"entries": [entry("mark", clock(9), {"note": 1 << 80})]},
        {"entries": [], "sent_at": "9999-12-31T23:59:59-08:00"},
        {"entries": [], "ahead": 1e300},
        {"entries": [entry("mark", clock(9)) for _ in range(501)]},
    ],
)
def test_what_is_no_bundle_is_refused_whole(data: Any) -> None:
    with pytest.raises(UsageError) as refused:
        phone.bundle_from(data)
    assert refused.value.code == "bad_entries" and "请勿清除" in refused.value.remedy


def test_five_hundred_at_once_are_taken(people: SimpleNamespace) -> None:
    file = bundle(*(entry("mark", clock(9)) for _ in range(phone.MOST)))
    assert len(file.entries) == 500


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("open", {"officers": 7}),
        ("open", {"officers": ["100001", "100002"], "devices": ["4701A01"]}),
        ("open", {"officers": ["100001", "100002"], "latitude": "x", "longitude": "y"}),
        ("open", {"officers": ["100001", "100002"], "arrived_at": "0001-01-01T00:00:00+14:00"}),
        ("open", {"officers": ["100001", "100002"], "circumstances": ["moon"]}),
        ("tell", {"ended_at": "2026-11-19T09:30:00"}),
        ("tell", {"ended_at": "2026-11-19T08:00:00+08:00"}),
        ("tell", {"ended_at": "2031-11-19T08:00:00+08:00"}),
        ("mark", {}),
        ("mark", {"code": "'; drop"}),
        ("stop", {"cause": "moon"}),
        ("resume", {"stop": "x"}),
        ("resume", {"stop": str(uuid4())}),
        ("report", {"code": "urgent"}),
        ("report", {"code": "urgent", "reason": "x", "stop": str(uuid4())}),
        ("document", {"kind": " "}),
        ("document", {}),
        ("clock", {"serial": "nothing", "shown_at": "2026-11-19T09:00:00+08:00"}),
        ("clock", {"serial": "4701A01", "shown_at": "soon"}),
        ("clock", {"serial": "4701A01", "shown_at": "2026-11-19T09:00:00"}),
        ("check", {"serial": "4701A01"}),
        ("check", {"serial": "4701A01", "fault_free": True, "battery_percent": 900}),
    ],
)
def test_every_kind_refuses_what_it_cannot_read_and_keeps_it(
    people: SimpleNamespace, kind: str, body: dict[str, Any]
) -> None:
    if kind != "open":
        send(people.officer, opening())
    (answer,) = send(people.officer, entry(kind, clock(9, 20), body))
    assert (answer.outcome, "怎么办" in answer.sentence) == ("refused", True)
    assert Sent.objects.get(pk=answer.id).body == json.loads(json.dumps(body))
    assert not (Stop.objects.exists() or Report.objects.exists() or Document.objects.exists())


def test_a_device_is_looked_at_before_it_is_used(people: SimpleNamespace) -> None:
    at, shown = clock(8, 30), clock(8, 30, 40)
    body = {
        "serial": "4701A01",
        "fault_free": True,
        "battery_percent": 90,
        "free_minutes": 300,
        "shown_at": shown.isoformat(),
    }
    (answer,) = send(
        people.officer, entry("check", at, body, activity="00000000-0000-0000-0000-000000000000")
    )
    assert answer.outcome == "done"
    check = Check.objects.get()
    assert (check.at, check.passed, check.failed) == (at, True, [])
    assert check.reading is not None and check.reading.offset_seconds == 40


def test_a_clock_is_read_against_the_servers_however_little_the_phone_is_off(people: SimpleNamespace) -> None:
    """What a phone may be off without being corrected is more than a device's clock may be."""
    at, shown = clock(8, 30) + timedelta(seconds=90), clock(8, 30, 5)
    told = send(
        people.officer, entry("clock", at, {"serial": "4701A01", "shown_at": shown.isoformat()}), ahead=90
    )
    assert outcomes(told) == ["done"]
    reading = ClockReading.objects.get()
    assert (reading.server_at, reading.offset_seconds) == (clock(8, 30), 5)


def test_words_that_are_too_long_are_cut_in_the_row_and_kept_whole_as_sent(people: SimpleNamespace) -> None:
    (answer,) = send(people.officer, opening(place="长" * 300))
    assert answer.outcome == "done"
    assert len(Activity.objects.get(pk=ACTIVITY).place) == 200
    assert len(Sent.objects.get(pk=answer.id).body["place"]) == 300


def test_the_ledger_holds_no_words_of_a_phone(people: SimpleNamespace) -> None:
    send(people.officer, opening(), entry("mark", clock(9, 1), {"code": "notice", "note": "张三在场"}))
    texts = "".join(Line.objects.values_list("entry", flat=True))
    assert "张三" not in texts and "某某农资店" not in texts and "示范镇" not in texts


def test_a_report_that_another_hands_in_stays_its_writers_and_is_never_theirs(
    people: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    send(people.officer, opening())
    told = entry(
        "report", clock(9, 40), {"kind": "unrecorded_report", "code": "urgent", "reason": "情况紧急"}
    )
    for whose in ({"account": people.head.pk, "who": "周建国"}, {}):
        file = bundle(told | {"id": str(uuid4())}, ahead=None, **whose)
        (answer,) = phone.receive(file, by=people.custodian, at=AT, handed=True)
        assert answer.outcome == "refused" and "本人" in answer.sentence
        row = Sent.objects.get(pk=answer.id)
        with pytest.raises(phone.NotTheirsError):
            phone.again(row, by=people.custodian, at=AT)
    assert not Report.objects.exists()


def test_trying_again_and_handling_are_entries_of_the_ledger_and_keep_what_was_said(
    people: SimpleNamespace,
) -> None:
    from liuhen.base.ledger.models import Entry as LedgerEntry

    (answer,) = send(people.officer, entry("mark", clock(9, 1), {"code": "notice"}))
    row = Sent.objects.get(pk=answer.id)
    phone.again(row, by=people.custodian, at=AT)
    phone.handle(Sent.objects.get(pk=row.pk), note="已由王晓兰补登", by=people.custodian, at=AT)
    row.refresh_from_db()
    assert answer.sentence in row.sentence and "林一鸣的手机记录" in row.sentence and "补登" in row.sentence
    kinds = LedgerEntry.objects.filter(subject=f"sent:{row.pk}").order_by("position")
    assert list(kinds.values_list("kind", flat=True)) == ["sent.retried", "sent.handled"]


def test_an_end_before_the_arrival_is_kept_until_the_arrival_is_there(people: SimpleNamespace) -> None:
    send(people.officer, opening(arrived_at=None))
    (answer,) = send(people.officer, entry("tell", clock(9, 30), {"ended_at": clock(9, 30).isoformat()}))
    assert answer.outcome == "refused" and "到达现场" in answer.sentence and "怎么办" in answer.sentence
    send(people.officer, entry("tell", clock(9, 40), {"arrived_at": clock(9).isoformat()}))
    again = phone.again(Sent.objects.get(pk=answer.id), by=people.officer, at=AT)
    assert again.outcome == "done"
    assert Activity.objects.get(pk=ACTIVITY).ended_at == clock(9, 30)


def test_a_report_is_of_when_it_was_written_not_of_when_it_arrived(people: SimpleNamespace) -> None:
    body = {"kind": "unrecorded_report", "code": "urgent", "reason": "情况紧急"}
    told = entry("report", clock(9, 40, 600), body)
    send(people.officer, opening(clock(9, 0, 600)), told, ahead=600)
    report = Report.objects.get()
    assert report.made_at == clock(9, 40)
    sent = Sent.objects.get(pk=told["id"])
    assert (sent.phone_at, sent.received_at) == (clock(9, 50), AT)
    line = json.loads(Line.objects.get(kind="report.made").entry)
    assert line["at"] != line["data"]["report"]["made_at"]  # both times stand in the ledger


def test_an_interruption_after_the_end_waits_with_its_reason(people: SimpleNamespace) -> None:
    send(people.officer, opening(), entry("tell", clock(9, 30), {"ended_at": clock(9, 30).isoformat()}))
    (late,) = send(people.officer, entry("stop", clock(9, 50), {"cause": "weather"}))
    assert late.outcome == "refused" and "晚于执法活动结束" in late.sentence and "怎么办" in late.sentence
    (within,) = send(people.officer, entry("stop", clock(9, 20), {"cause": "weather"}))
    assert within.outcome == "done"


def test_a_resumption_that_comes_before_its_interruption_waits_for_it(people: SimpleNamespace) -> None:
    """A tunnel, a second tab, a file handed in later: what was pressed first is not what arrives first."""
    stop = entry("stop", clock(9, 10), {"cause": "battery"})
    resume = entry("resume", clock(9, 15), {"stop": stop["id"]})
    send(people.officer, opening())
    (early,) = send(people.officer, resume)
    assert early.outcome == "refused" and "中断还没有登记" in early.sentence and "怎么办" in early.sentence
    told = send(people.officer, stop)
    assert outcomes(told) == ["done", "done"], "the phone hears of the one that had waited, too"
    assert {str(one.id) for one in told} == {stop["id"], resume["id"]}
    assert Stop.objects.get().resumed_at == clock(9, 15)
    kept = Sent.objects.get(pk=resume["id"])
    assert early.sentence in kept.sentence and "随后自动登记" in kept.sentence
    lines = Line.objects.filter(subject=f"sent:{kept.pk}").values_list("kind", flat=True)
    assert list(lines) == ["sent.retried"]


def test_an_end_pressed_before_a_forgotten_arrival_is_done_with_it(people: SimpleNamespace) -> None:
    send(people.officer, opening(arrived_at=None))
    end = entry("tell", clock(9, 30), {"ended_at": clock(9, 30).isoformat()})
    arrival = entry("tell", clock(9, 40), {"arrived_at": clock(9).isoformat()})
    assert outcomes(send(people.officer, end, arrival)) == ["done", "done"]
    assert Activity.objects.get(pk=ACTIVITY).ended_at == clock(9, 30)


def test_what_two_phones_sent_out_of_order_is_done_as_each_ones_own_in_the_order_it_happened(
    people: SimpleNamespace,
) -> None:
    """The second officer's phone was online; the first one's, which holds the arrival, was not. One clock is wrong."""
    send(people.officer, opening(arrived_at=None))
    fast = timedelta(hours=3)
    left = entry("tell", clock(9, 40), {"left_at": clock(9, 40).isoformat()})
    end = entry("tell", clock(9, 30) + fast, {"ended_at": (clock(9, 30) + fast).isoformat()})
    assert outcomes(send(people.officer2, left)) == ["refused"]
    assert outcomes(send(people.officer2, end, ahead=fast.total_seconds())) == ["refused"]
    arrival = entry("tell", clock(9), {"arrived_at": clock(9).isoformat()})
    told = send(people.officer, arrival)
    assert [str(one.id) for one in told] == [arrival["id"]], "what is another's is not told here"
    row = Activity.objects.get(pk=ACTIVITY)
    assert (row.arrived_at, row.ended_at, row.left_at) == (clock(9), clock(9, 30), clock(9, 40))
    lines = [json.loads(one.entry) for one in Line.objects.filter(kind="activity.told").order_by("position")]
    assert [one["by"]["account"] for one in lines] == ["officer", "officer2", "officer2"]
    assert outcomes(send(people.officer2, left, end)) == ["done", "done"]


def test_what_had_no_activity_follows_it_but_a_keeper_is_left_what_another_reason_holds(
    people: SimpleNamespace,
) -> None:
    mark, wrong = entry("mark", clock(9, 1), {"code": "notice"}), entry("mark", clock(9, 2), {"code": "'"})
    theirs = entry("mark", clock(9, 3), {"code": "notice"})
    send(people.officer, mark, wrong)
    send(people.stranger, theirs)
    told = send(people.officer, opening())
    assert outcomes(told) == ["done", "done"]
    assert Mark.objects.get().made_by == people.officer
    kept = Sent.objects.get(pk=wrong["id"])
    assert kept.outcome == "refused" and "自动登记" not in kept.sentence
    assert Sent.objects.get(pk=theirs["id"]).outcome == "refused"
    assert Line.objects.filter(kind="sent.retried").count() == 1


def test_trying_one_again_by_hand_brings_what_waited_for_it(people: SimpleNamespace) -> None:
    (alone,) = send(people.officer, opening(officers=["100001", "100009"]))
    (mark,) = send(people.officer, entry("mark", clock(9, 1), {"code": "notice"}))
    second = people.officer2.officer
    type(second).objects.filter(pk=second.pk).update(staff_no="100009")
    assert phone.again(Sent.objects.get(pk=alone.id), by=people.custodian, at=AT).outcome == "done"
    assert Sent.objects.get(pk=mark.id).outcome == "done"
    assert Mark.objects.get().made_by == people.officer


def test_a_report_that_another_handed_in_follows_nothing(people: SimpleNamespace) -> None:
    told = entry("report", clock(9, 40), {"code": "urgent", "reason": "情况紧急"})
    file = bundle(told, ahead=None, account=people.officer.pk, who="林一鸣")
    phone.receive(file, by=people.custodian, at=AT, handed=True)
    send(people.officer, opening())
    assert Sent.objects.get(pk=told["id"]).outcome == "refused" and not Report.objects.exists()


def test_the_office_that_tells_the_arrival_brings_the_end_that_waited(
    people: SimpleNamespace, client_of: Any
) -> None:
    send(people.officer, opening(arrived_at=None))
    (end,) = send(people.officer, entry("tell", clock(9, 30), {"ended_at": clock(9, 30).isoformat()}))
    row = Activity.objects.get(pk=ACTIVITY)
    client = client_of("custodian")
    page = client.get(f"/activities/{row.pk}/tell/")
    form = page.context["form"]
    data = {name: value for name in form.fields if (value := form[name].value()) not in (None, "", [])}
    done = client.post(f"/activities/{row.pk}/tell/", {**data, "arrived_at": "2026-11-19T09:00"})
    assert done.status_code == 302
    row.refresh_from_db()
    assert (row.arrived_at, row.ended_at) == (clock(9), clock(9, 30))
    assert Sent.objects.get(pk=end.id).outcome == "done"


@pytest.mark.parametrize("door", ["api", "command"])
def test_every_door_that_tells_the_arrival_brings_the_end_that_waited(
    people: SimpleNamespace, client_of: Any, door: str
) -> None:
    send(people.officer, opening(arrived_at=None))
    (end,) = send(people.officer, entry("tell", clock(9, 30), {"ended_at": clock(9, 30).isoformat()}))
    arrived = clock(9).isoformat()
    if door == "api":
        told = client_of("officer").patch(
            f"/api/v1/activities/{ACTIVITY}", {"arrived_at": arrived}, content_type="application/json"
        )
        assert (told.status_code, bool(told.json()["ended_at"])) == (200, True)
    else:
        assert main(["activity", "tell", str(ACTIVITY), "--arrived", arrived, "--by", "officer"]) == 0
    assert Activity.objects.get(pk=ACTIVITY).ended_at == clock(9, 30)
    assert Sent.objects.get(pk=end.id).outcome == "done"


def another_units_recorder(people: SimpleNamespace) -> Device:
    unit = Unit.objects.create(agency=people.officer.agency, code="350582000099", name="渔政大队")
    kind = Device.Kind.BODY_RECORDER
    return register_device(unit, "4701Z01", kind, by=people.custodian, at=AT)


@pytest.mark.parametrize("days", [0, 700], ids=["voided", "two-years-ago"])
def test_an_activity_that_is_void_or_long_past_gives_no_right_to_read_another_units_clock(
    people: SimpleNamespace, days: int
) -> None:
    """A reading moves what every recording of the device says of its time."""
    device = another_units_recorder(people)
    past = timedelta(days=days)
    more = {"devices": {device: None}, "arrived_at": clock(9) - past, "ended_at": None, "left_at": None}
    row = inspection(people, **more, at=AT - past)
    if not days:
        telling.void(row, reason="登记错误", by=people.custodian, at=AT)
    read = entry("clock", clock(9), {"serial": device.serial, "shown_at": clock(9).isoformat()})
    (answer,) = send(people.officer, read)
    assert answer.outcome == "refused" and "不由您保管、领用或携带" in answer.sentence
    assert not ClockReading.objects.exists()


def test_the_device_of_a_live_activity_is_read_by_whoever_takes_part(people: SimpleNamespace) -> None:
    device = another_units_recorder(people)
    inspection(people, devices={device: None})
    read = entry("clock", clock(9), {"serial": device.serial, "shown_at": clock(9).isoformat()})
    assert outcomes(send(people.officer2, read)) == ["done"]


def test_an_activity_that_a_keeper_registers_for_others_is_of_their_unit(people: SimpleNamespace) -> None:
    """The custodian's own office is another unit: there nobody would look for it."""
    unit = another_units_recorder(people).unit
    Account.objects.filter(pk=people.custodian.pk).update(unit=unit)
    keeper = Account.objects.get(pk=people.custodian.pk)
    (alone,) = send(people.officer, opening(officers=["100001"]))
    Sent.objects.filter(pk=alone.id).update(body=opening()["body"])
    assert phone.again(Sent.objects.get(pk=alone.id), by=keeper, at=AT).outcome == "done"
    assert Activity.objects.get(pk=ACTIVITY).unit == people.officer.unit
    other = opening() | {"activity": str(uuid4())}
    phone.receive(bundle(other, ahead=None, account=people.officer.pk), by=keeper, at=AT, handed=True)
    assert Activity.objects.get(pk=other["activity"]).unit == people.officer.unit


def test_a_report_is_not_of_before_what_it_tells_of(people: SimpleNamespace) -> None:
    """A phone whose battery died shows 2001: what it says would be in time for every period there is."""
    stop = entry("stop", clock(9, 10), {"cause": "battery"})
    send(people.officer, opening(), stop)
    years = timedelta(days=9000)
    about = {"kind": "interruption_report", "code": "battery", "reason": "没电", "stop": stop["id"]}
    nothing = {"kind": "unrecorded_report", "code": "urgent", "reason": "情况紧急"}
    told = send(
        people.officer,
        entry("report", clock(9, 9), about),
        entry("report", clock(9, 9) - years, about),
        entry("report", clock(9) - years, nothing),
    )
    assert outcomes(told) == ["refused"] * 3
    assert all("早于" in one.sentence and "怎么办" in one.sentence for one in told)
    assert not Report.objects.exists()
    told = send(
        people.officer, entry("report", clock(9, 10, 5), about), entry("report", clock(8, 30), nothing)
    )
    assert outcomes(told) == ["done", "done"]
