"""The register itself: what a device can do, and maintenance, repair, loss, retirement."""

from datetime import date, timedelta

import pytest
from equipment.equipment_office import recorder
from the_office import AT

from liuhen.base.acts import NotAllowedError, ReasonMissingError, WrongStateError
from liuhen.base.devices import replay, services
from liuhen.base.devices.models import Device
from liuhen.base.devices.norm import Norm, written_resolution
from liuhen.base.devices.services import UnknownDeviceError
from liuhen.base.ledger.models import Entry
from liuhen.core.errors import UsageError

NORM = Norm("1920x1080", 8, 128, True, False, date(2025, 3, 1))


def register(people, serial="N1", **more):
    return services.register_device(
        people.custodian.unit, serial, Device.Kind.CAMERA, by=people.custodian, at=AT, **more
    )


def test_the_norm_is_kept_in_the_register_and_in_the_ledger(people) -> None:
    device = register(people, norm=NORM)
    device.refresh_from_db()
    assert device.norm == NORM
    entry = Entry.objects.filter(subject="device:N1").get().entry
    assert '"norm":{"battery_hours":8,"bought_on":"2025-03-01"' in entry


def test_an_unknown_norm_adds_nothing_to_the_entry(people) -> None:
    register(people)
    assert '"norm"' not in Entry.objects.filter(subject="device:N1").get().entry


def test_an_entry_from_before_there_was_a_norm_still_reads(people) -> None:
    unit = people.custodian.unit.code
    data = {"serial": "OLD", "kind": "camera", "model": "", "unit": unit, "keeper": None}
    replay.REPLAYERS["device.registered"](people.custodian.agency, {"data": data})
    replay.REPLAYERS["device.corrected"](people.custodian.agency, {"data": {**data, "model": "新"}})
    row = Device.objects.get(serial="OLD")
    assert (row.norm, row.model) == (Norm(), "新")


def test_a_correction_that_says_nothing_of_the_norm_leaves_it(people) -> None:
    device = register(people, norm=NORM)
    told = {"unit": device.unit, "kind": device.kind, "keeper": None, "reason": "型号写错"}
    services.correct_device(device, model="新", **told, by=people.custodian, at=AT)
    assert (device.model, device.norm) == ("新", NORM)


@pytest.mark.parametrize(
    "norm",
    [
        Norm("大"),
        Norm("1920"),
        Norm(battery_hours=0),
        Norm(storage_gb=10**9),
        Norm(bought_on=date(1900, 1, 1)),
    ],
)
def test_an_impossible_norm_is_refused_with_a_remedy(people, norm) -> None:
    with pytest.raises(UsageError) as refused:
        register(people, norm=norm)
    assert refused.value.remedy
    assert not Device.objects.filter(serial="N1").exists()


def test_a_resolution_is_read_as_people_write_it() -> None:
    assert {written_resolution(text) for text in ("1920*1080", "1920×1080", " 1920 X 1080 ")} == {"1920x1080"}


@pytest.mark.parametrize(("serial", "model"), [("S" * 41, ""), ("S", "型" * 61), ("a\nb", ""), (" ", "")])
def test_words_that_do_not_fit_are_refused(people, serial, model) -> None:
    with pytest.raises(UsageError):
        register(people, serial, model=model)


def test_to_repair_and_back(people) -> None:
    device = recorder()
    services.send_to_repair(device, reason="镜头裂", by=people.custodian, at=AT)
    assert device.state == "repair"
    with pytest.raises(WrongStateError):
        services.send_to_repair(device, reason="再送", by=people.custodian, at=AT)
    services.back_from_repair(device, reason="换镜头", by=people.custodian, at=AT)
    assert device.state == "in_use"


def test_lost_and_found_again(people) -> None:
    device = recorder()
    services.report_loss(device, reason="下水时掉落", by=people.officer, at=AT)  # its keeper
    assert device.state == "lost"
    services.find_again(device, reason="打捞上来", by=people.custodian, at=AT)
    assert device.state == "in_use"


def test_maintenance_is_a_note_and_changes_no_state(people) -> None:
    services.maintain(recorder(), note="清洁镜头、换电池", by=people.officer, at=AT)
    assert recorder().state == "in_use"
    assert Entry.objects.filter(kind="device.maintained", subject="device:4701A01").count() == 1


@pytest.mark.parametrize("name", ["officer2", "head", "legal", "auditor", "stranger"])
@pytest.mark.parametrize("act", ["report_loss", "send_to_repair", "retire_device"])
def test_who_neither_keeps_it_nor_keeps_the_register_does_none_of_it(people, name, act) -> None:
    with pytest.raises(NotAllowedError):
        getattr(services, act)(recorder(), reason="试", by=getattr(people, name), at=AT)
    assert recorder().state == "in_use"


def test_each_of_these_acts_says_why(people) -> None:
    for act in ("report_loss", "send_to_repair", "retire_device"):
        with pytest.raises(ReasonMissingError):
            getattr(services, act)(recorder(), reason=" ", by=people.custodian, at=AT)


def test_what_is_retired_stays_retired(people) -> None:
    services.report_loss(recorder(), reason="丢", by=people.custodian, at=AT)
    services.retire_device(recorder(), reason="找不回", by=people.custodian, at=AT)
    for act in ("find_again", "back_from_repair", "report_loss"):
        with pytest.raises(WrongStateError):
            getattr(services, act)(recorder(), reason="试", by=people.custodian, at=AT)


def test_a_card_of_a_device_in_repair_is_still_its_own(people) -> None:
    services.send_to_repair(recorder(), reason="镜头裂", by=people.custodian, at=AT)
    assert services.find_device(recorder().agency, "4701A01") == recorder()
    services.retire_device(recorder(), reason="修不好", by=people.custodian, at=AT)
    with pytest.raises(UnknownDeviceError):
        services.find_device(recorder().agency, "4701A01")


@pytest.mark.parametrize("alike", ["4701a01", "４７０１Ａ０１", "４７０１ａ０１"])
def test_a_serial_that_differs_by_case_or_width_alone_is_the_same_device(people, alike) -> None:
    with pytest.raises(UsageError, match="4701A01 只是大小写或全角半角不同") as refused:
        services.register_device(people.custodian.unit, alike, Device.Kind.CAMERA, by=people.custodian, at=AT)
    assert refused.value.remedy


@pytest.mark.parametrize("alike", ["A-01", "Ａ－０１", "ａ-01", "a－01"])
def test_one_wide_letter_among_narrow_ones_makes_no_other_device(people, alike) -> None:
    """So an input method leaves it: the letter wide, the digits and the dash narrow."""
    told = {"kind": Device.Kind.CAMERA, "by": people.custodian, "at": AT}
    services.register_device(people.custodian.unit, "Ａ-01", **told)
    with pytest.raises(UsageError, match="Ａ-01 只是大小写或全角半角不同"):
        services.register_device(people.custodian.unit, alike, **told)
    services.register_device(people.custodian.unit, "A-02", **told)


def test_no_device_is_bought_tomorrow(people) -> None:
    tomorrow = Norm(bought_on=AT.date() + timedelta(days=1))
    with pytest.raises(UsageError, match="晚于今天"):
        services.register_device(
            people.custodian.unit, "N1", Device.Kind.CAMERA, norm=tomorrow, by=people.custodian, at=AT
        )
