"""Whose recording is it? Only what somebody said; what nobody said waits to be assigned."""

from __future__ import annotations

import pytest
from the_office import AT

from liuhen.base.recordings.models import Recording
from liuhen.core.errors import RefusedError
from liuhen.stages.ingest.services import Request, ingest_card

NAMED = "4701A01_100001_20261120093000_0001.txt"


def _card(tmp_path, *names):
    card = tmp_path / "card"
    card.mkdir()
    for number, name in enumerate(names):
        (card / name).write_bytes(f"words {number}".encode())
    return card


def _states() -> dict[str, tuple[str, str | None]]:
    rows = Recording.objects.select_related("device")
    return {row.name: (row.state, row.device.serial if row.device else None) for row in rows}


def test_a_nameless_file_is_not_given_the_recorder_of_its_neighbours(people, tmp_path):
    ingest_card(
        Request(_card(tmp_path, NAMED.replace(".txt", ".mp4"), "微信视频.mp4"), people.custodian), at=AT
    )
    assert _states() == {
        NAMED.replace(".txt", ".mp4"): ("stored", "4701A01"),
        "微信视频.mp4": ("to_assign", None),
    }


def test_a_nameless_file_is_the_recorders_when_the_custodian_says_so(people, tmp_path):
    card = _card(tmp_path, "微信视频.mp4")
    ingest_card(Request(card, people.custodian, device="4701A01"), at=AT)
    assert _states() == {"微信视频.mp4": ("stored", "4701A01")}
    assert Recording.objects.get().holder.name == "林一鸣"


def test_a_known_recorder_and_an_unknown_officer_wait_to_be_assigned(people, tmp_path):
    ingest_card(Request(_card(tmp_path, "4701A01_999999_20261120093000_0001.mp4"), people.custodian), at=AT)
    assert list(_states().values()) == [("to_assign", "4701A01")]


@pytest.mark.parametrize("inside", [".", "store", "keys"])
def test_our_own_home_is_no_card(people, home, inside):
    with pytest.raises(RefusedError, match="重叠"):
        ingest_card(Request(home / inside, people.custodian), at=AT)


def test_a_folder_that_holds_our_home_is_no_card(people, home):
    with pytest.raises(RefusedError, match="重叠"):
        ingest_card(Request(home.parent, people.custodian), at=AT)
    assert Recording.objects.count() == 0
