"""Assigning what nobody knew: a new version of the record, the same original, one entry."""

from __future__ import annotations

import json
from pathlib import Path

import ocfl.validator
import pytest
from the_office import AT

from liuhen.base.acts import NotAllowedError, ReasonMissingError, WrongStateError
from liuhen.base.devices.models import Device
from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.verify import verify_ledger
from liuhen.base.people.models import Officer
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.amend import Owner, assign
from liuhen.base.storage.fixity import verify_stores
from liuhen.base.storage.stores import open_stores
from liuhen.core.errors import UsageError
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.read import read_inventory
from liuhen.stages.ingest.services import Request, ingest_card


@pytest.fixture
def unknown(people, tmp_path: Path) -> Recording:
    """One recording from a folder of old files, 待归属."""
    card = tmp_path / "old"
    card.mkdir()
    (card / "张三询问.txt").write_bytes(b"old words")
    ingest_card(Request(card, people.custodian), at=AT)
    return Recording.objects.get()


def _owner() -> Owner:
    return Owner(Device.objects.get(serial="4701A01"), Officer.objects.get(staff_no="100001"))


def _assign(recording, by, owner=None, reason="经办人说明"):
    return assign(recording, owner or _owner(), open_stores(), reason=reason, by=by, at=AT)


def test_an_assigned_recording_has_a_second_version_and_the_same_original(people, unknown, home):
    assert unknown.state == Recording.State.TO_ASSIGN
    entry = _assign(unknown, people.custodian)
    unknown.refresh_from_db()
    assert (unknown.state, unknown.device.serial, unknown.holder.name, unknown.head) == (
        "stored",
        "4701A01",
        "林一鸣",
        "v2",
    )
    store = open_stores().first()
    inventory = read_inventory(store, object_path(unknown.urn))
    assert inventory.head == "v2"
    assert inventory.content_path("original/张三询问.txt") == "v1/content/original/张三询问.txt"
    record = json.loads(
        store.read_bytes(f"{object_path(unknown.urn)}/{inventory.content_path('record.json')}")
    )
    assert (record["state"], record["device"]["serial"]) == ("stored", "4701A01")
    assert json.loads(entry.entry)["data"]["record_sha256"] == unknown.record_sha256
    assert verify_stores(open_stores()).ok
    assert verify_ledger(people.custodian.agency).ok


def test_the_object_with_two_versions_satisfies_the_published_validator(people, unknown, home):
    _assign(unknown, people.custodian)
    validator = ocfl.validator.Validator(log_warnings=True)
    assert validator.validate_object(str(home / "store" / object_path(unknown.urn)))
    assert {code for code in validator.log.codes if code != "W004"} == set()


@pytest.mark.parametrize("who", ["officer", "principal", "sysadmin", "stranger"])
def test_only_the_custodian_assigns_and_a_refusal_writes_nothing(people, unknown, who):
    before = Entry.objects.count()
    with pytest.raises(NotAllowedError):
        _assign(unknown, getattr(people, who))
    assert Entry.objects.count() == before
    assert read_inventory(open_stores().first(), object_path(unknown.urn)).head == "v1"


def test_a_wrong_assignment_is_corrected_as_an_act_of_its_own(people, unknown):
    _assign(unknown, people.custodian)
    unknown.refresh_from_db()
    other = Owner(None, Officer.objects.get(staff_no="100002"))
    entry = _assign(unknown, people.custodian, other, reason="经核对执法日志更正")
    unknown.refresh_from_db()
    assert json.loads(entry.entry)["kind"] == "recording.reassigned"
    assert (unknown.device, unknown.holder.name, unknown.head) == (None, "陈思远", "v3")
    assert verify_stores(open_stores()).ok


def test_two_hands_at_once_do_not_both_assign(people, unknown):
    """The second asked while the row still said 待归属; by then it is in store."""
    stale = Recording.objects.get()
    _assign(unknown, people.custodian)
    with pytest.raises(WrongStateError):
        _assign(stale, people.custodian)
    assert read_inventory(open_stores().first(), object_path(unknown.urn)).head == "v2"


def test_assigning_to_nobody_is_refused(people, unknown):
    with pytest.raises(UsageError):
        _assign(unknown, people.custodian, Owner(None, None))


def test_a_version_left_by_a_crash_does_not_speak(people, unknown, monkeypatch):
    """Killed between the store and the row: the next assignment starts from what the ledger knew."""
    import liuhen.base.storage.versions as amend

    real = amend.perform

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(amend, "perform", killed)
    with pytest.raises(KeyboardInterrupt):
        _assign(unknown, people.custodian, Owner(Device.objects.get(), None))
    monkeypatch.setattr(amend, "perform", real)
    unknown.refresh_from_db()
    assert unknown.state == Recording.State.TO_ASSIGN
    _assign(unknown, people.custodian, Owner(None, Officer.objects.get(staff_no="100002")))
    store = open_stores().first()
    inventory = read_inventory(store, object_path(unknown.urn))
    record = json.loads(
        store.read_bytes(f"{object_path(unknown.urn)}/{inventory.content_path('record.json')}")
    )
    assert (inventory.head, record["device"], len(record["amended"])) == ("v3", None, 1)
    assert verify_stores(open_stores()).ok


def test_without_a_reason_nothing_is_written(people, unknown):
    with pytest.raises(ReasonMissingError):
        _assign(unknown, people.custodian, reason=" ")
    assert read_inventory(open_stores().first(), object_path(unknown.urn)).head == "v1"
