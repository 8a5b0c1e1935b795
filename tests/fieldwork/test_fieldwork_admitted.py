"""One device, one day: what lies between its recordings and what time it was, from stored records to page and terminal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from liuhen.base import site
from liuhen.base.devices.models import Device
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.reading import original_in
from liuhen.base.storage.stores import open_stores
from liuhen.cli.main import main
from liuhen.demo.card import make_demo_card
from liuhen.stages.fieldwork.admitted import DeviceDay, day_of, days_of
from liuhen.stages.ingest.services import Request, ingest_card

pytestmark = pytest.mark.slow
STARTED = datetime(2026, 11, 19, 1, 0, tzinfo=UTC)  # 9:00 in Shanghai
DAY = date(2026, 11, 19)
AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
ClientOf = Callable[..., Client]


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("field") / "card"
    make_demo_card(folder, serial="4701A01", officer="100001", started=STARTED)
    return folder


@pytest.fixture
def taken(card: Path, people: SimpleNamespace, tmp_path: Path) -> Callable[..., Device]:
    """Takes the card in, without the files whose names end as given."""
    site.save(site.SiteSettings(previews=False))

    def take(*left_out: str, **more: Any) -> Device:
        mine = tmp_path / "mine"
        shutil.copytree(card, mine)
        for path in [one for one in mine.rglob("*") if one.is_file() and one.name.endswith(left_out)]:
            path.unlink()
        ingest_card(Request(mine, people.custodian, **more), at=AT)
        return Device.objects.get(serial="4701A01")

    return take


def kinds(day: DeviceDay) -> list[str]:
    return [one.kind for one in day.junctions]


def codes(day: DeviceDay) -> set[str]:
    return {finding.code for one in day.files for finding in one.findings}


def test_segments_that_follow_each_other_are_a_split_and_the_break_inside_is_told(
    taken: Callable[..., Device], people: SimpleNamespace
) -> None:
    device = taken()
    assert days_of(device, by=people.custodian, at=AT) == [DAY]
    day = day_of(device, DAY, by=people.custodian, at=AT)
    films = [one for one in day.files if one.recording.kind == "video"]
    assert next(one.truth.start for one in films) == STARTED
    first, second = (one for one in day.junctions if one.after.endswith(("002", "003")))
    assert (first.kind, second.kind) == ("split", "split")
    assert "interrupted" in codes(day), "three seconds without a picture in the second"
    assert (day.lost, day.cut, day.partial) == ((), False, False)


def test_a_segment_that_never_came_in_is_a_missing_number(
    taken: Callable[..., Device], people: SimpleNamespace
) -> None:
    day = day_of(taken("0002.mp4"), DAY, by=people.custodian, at=AT)
    missing = next(one for one in day.junctions if one.kind == "missing_number")
    assert missing.finding is not None and missing.finding.severity != "NOTE"
    assert missing.seconds is not None and missing.seconds > 5
    assert day.to_look_at >= 1


def test_a_clock_read_at_the_dock_corrects_the_time_and_keeps_what_was_said(
    taken: Callable[..., Device], people: SimpleNamespace
) -> None:
    fast = timedelta(minutes=5)
    device = taken(device_clock=AT + fast, clock_read_at=AT)
    one = day_of(device, DAY, by=people.custodian, at=AT).files[0]
    assert (one.truth.said, one.truth.start) == (STARTED, STARTED - fast)
    assert one.truth.method == "dock_reading"
    assert one.truth.offset == pytest.approx(300)
    assert "clock_wrong" in {finding.code for finding in one.findings}
    assert Recording.objects.get(pk=one.recording.pk).taken_at == STARTED, "nothing is overwritten"


def test_the_split_is_the_sites_to_set(taken: Callable[..., Device], people: SimpleNamespace) -> None:
    device = taken("0002.mp4", "0003_IMP.mp4")
    assert kinds(day_of(device, DAY, by=people.custodian, at=AT)) != ["split"]
    site.save(site.SiteSettings(previews=False, split_seconds=60))
    after = kinds(day_of(device, DAY, by=people.custodian, at=AT))
    assert "pause" not in after


def test_a_record_that_is_lost_is_named_and_the_rest_is_judged(
    taken: Callable[..., Device], people: SimpleNamespace
) -> None:
    device = taken()
    row = Recording.objects.filter(kind="video").order_by("taken_at")[0]
    shutil.rmtree(original_in(open_stores(), row).parents[3])
    day = day_of(device, DAY, by=people.custodian, at=AT)
    assert day.lost == (row.number,)
    assert len(day.files) == 4


def test_who_sees_only_their_own_is_told_that_others_may_lie_between(
    taken: Callable[..., Device], people: SimpleNamespace, client_of: ClientOf
) -> None:
    device = taken()
    assert day_of(device, DAY, by=people.officer, at=AT).partial
    assert day_of(device, DAY, by=people.officer2, at=AT).files == ()
    assert (
        "只按您能看到的记录判断"
        in client_of("officer").get(f"/devices/{device.pk}/continuity/").content.decode()
    )


def test_the_page_says_each_place_with_what_to_do(taken: Callable[..., Device], client_of: ClientOf) -> None:
    device = taken("0002.mp4")
    client = client_of("custodian")
    page = client.get(f"/devices/{device.pk}/continuity/").content.decode()
    assert "缺号" in page and "怎么办" in page and "2026-11-19" in page
    row = Recording.objects.filter(kind="video").order_by("taken_at")[0]
    assert row.number in page
    assert (
        f"/devices/{device.pk}/continuity/?day=2026-11-19"
        in client.get(f"/recordings/{row.number}/").content.decode()
    )
    for day in ("2026-11-18", "no-day", "9999-12-31", "0001-01-01"):
        assert client.get(f"/devices/{device.pk}/continuity/?day={day}").status_code == 200, day


def test_others_find_no_such_page(taken: Callable[..., Device], client_of: ClientOf) -> None:
    address = f"/devices/{taken().pk}/continuity/"
    for who in ("sysadmin", "secadmin", "auditor", "stranger"):
        assert client_of(who).get(address).status_code == 404, who


def test_the_terminal_tells_the_same(
    taken: Callable[..., Device], capsys: pytest.CaptureFixture[str]
) -> None:
    taken("0002.mp4")
    assert main(["continuity", "4701A01", "--day", "2026-11-19", "--by", "custodian", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "missing_number" in [one["kind"] for one in told["junctions"]]
    assert told["files"][0]["said"] == "2026-11-19T09:00:00+08:00"
    assert {claim["source"] for claim in told["files"][0]["claims"]} >= {"file_name"}
    assert main(["continuity", "4701A01", "--by", "custodian"]) == 0
    assert "↓" in capsys.readouterr().out
    assert main(["continuity", "nothing", "--by", "custodian"]) == 2
    assert main(["continuity", "4701A01", "--day", "2026-01-01", "--by", "custodian", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == []
