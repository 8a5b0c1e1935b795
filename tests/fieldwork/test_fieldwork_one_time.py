"""One recording has one time: on its own page, on that of its activity, on that of its device's day, and at the terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from fieldwork_office import AT, clock, inspection
from storage.storage_homes import stocked, stocked_homes  # noqa: F401 (fixtures)
from storage.storage_office import recording_of

from liuhen.base.devices.services import read_clock
from liuhen.base.recordings.models import Recording
from liuhen.stages.fieldwork import pairing

TAKEN = clock(9, 30) - timedelta(days=126)  # 2026-07-16 09:30:01, as the clip's name says


@pytest.fixture
def matched(stocked: Path, people: SimpleNamespace) -> Recording:  # noqa: F811
    row = recording_of()
    told = {"arrived_at": TAKEN - timedelta(minutes=30), "ended_at": TAKEN + timedelta(minutes=30)}
    pairing.confirm(row, inspection(people, **told, left_at=None), by=people.custodian, at=AT)
    return row


def pages(client: Client, row: Recording) -> list[str]:
    addresses = [
        reverse("recording", args=[row.number]),
        reverse("activity", args=[row.matches.get().activity_id]),
        reverse("device_continuity", args=[row.device_id]) + "?day=2026-07-16",
    ]
    return [client.get(address).content.decode() for address in addresses]


def test_a_reading_made_later_says_the_same_on_every_page(
    matched: Recording, people: SimpleNamespace, client_of: Callable[..., Client]
) -> None:
    client = client_of("custodian")
    for page in pages(client, matched):
        assert "按设备自己的时间，没有可靠的对照，未作校正" in page
    seen = TAKEN + timedelta(hours=1)
    read_clock(matched.device, seen + timedelta(minutes=10), server_at=seen, by=people.custodian)
    for page in pages(client, matched):
        assert "按 2026-07-16 10:30 测读的时钟偏差校正（可靠）" in page
        assert "09:20:01" in page or "01:20:01" in page, "the player counts in UTC"
        assert "按设备自己的时间" not in page


def test_a_reading_far_away_says_how_far_and_is_no_more_than_a_hint(
    matched: Recording, people: SimpleNamespace, client_of: Callable[..., Client]
) -> None:
    seen = TAKEN + timedelta(days=11, hours=1)
    read_clock(matched.device, seen - timedelta(minutes=20), server_at=seen, by=people.custodian)
    for page in pages(client_of("custodian"), matched):
        assert "（仅供参考，测读与录制相隔 11 天）" in page
