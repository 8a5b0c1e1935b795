"""使用前检查: what passes, what fails, what is kept of it."""

from datetime import UTC, datetime, timedelta

import pytest
from equipment.equipment_office import HOUR, checked, fit, handed_out, officer, recorder
from the_office import AT

from liuhen.base.acts import NotAllowedError
from liuhen.base.devices.models import ClockReading, Device
from liuhen.base.devices.services import read_clock, send_to_repair
from liuhen.base.ledger.models import Entry
from liuhen.base.people.services import open_unit
from liuhen.base.site import SiteSettings, save
from liuhen.core.errors import UsageError
from liuhen.stages.equipment import checks
from liuhen.stages.equipment.checks import Looked, failed_points
from liuhen.stages.equipment.models import Check, Issue
from liuhen.stages.equipment.nearby import NotTheirDeviceError
from liuhen.stages.equipment.services import NotHandedOutError, check_device

RULES = SiteSettings()


@pytest.mark.parametrize(
    ("other", "failed"),
    [
        ({}, []),
        ({"fault_free": False}, ["fault"]),
        ({"battery_percent": 59}, ["battery"]),
        ({"battery_percent": 60}, []),
        ({"battery_percent": None}, ["battery_not_told"]),
        ({"free_minutes": 59}, ["space"]),
        ({"free_minutes": None}, ["space_not_told"]),
        ({"free_minutes": None, "free_bytes": 4_000_000_000}, []),
        ({"free_minutes": 300, "free_bytes": 1_000_000}, ["space"]),
        ({"shown_at": None}, ["clock_not_read"]),
        ({"shown_at": AT + timedelta(seconds=60)}, []),
        ({"shown_at": AT - timedelta(seconds=61)}, ["clock"]),
        (
            {"fault_free": False, "battery_percent": 3, "free_minutes": 0, "shown_at": None},
            ["fault", "battery", "space", "clock_not_read"],
        ),
    ],
)
def test_each_point_passes_or_fails_by_itself(other, failed) -> None:
    assert failed_points(fit(**other), AT, RULES) == failed


def test_the_offices_own_figures_decide() -> None:
    rules = SiteSettings(check_battery_percent=20, check_free_minutes=0, clock_tolerance_seconds=3600)
    looked = Looked(True, 20, None, 0, AT - timedelta(minutes=59))
    assert failed_points(looked, AT, rules) == []


def test_the_clocks_offset_is_measured_and_kept(people) -> None:
    check = checked(people, shown_at=AT + timedelta(seconds=42))
    assert check.passed
    reading = ClockReading.objects.get()
    assert (check.reading, reading.offset_seconds, reading.device) == (reading, 42, recorder())


def test_a_failed_check_is_kept_and_says_what_failed(people) -> None:
    save(SiteSettings(clock_tolerance_seconds=30))
    check = checked(people, shown_at=AT + timedelta(seconds=42))
    assert (check.passed, check.failed) == (False, ["clock"])
    entry = Entry.objects.filter(kind="device.checked").get()
    assert '"failed":["clock"]' in entry.entry
    assert '"jinjiang-agri/3"' in entry.entry


def test_an_officer_checks_the_device_before_use_and_a_stranger_does_not(people) -> None:
    check_device(recorder(), fit(), by=people.officer, at=AT)
    for name in ("stranger", "sysadmin", "auditor", "legal", "principal"):
        with pytest.raises(NotAllowedError):
            check_device(recorder(), fit(), by=getattr(people, name), at=AT)
    assert (Check.objects.count(), ClockReading.objects.count()) == (1, 1)


def test_what_is_noted_never_stands_in_the_ledger(people) -> None:
    check_device(recorder(), fit(), note="当事人张三砸坏了镜头", by=people.custodian, at=AT)
    entry = Entry.objects.filter(kind="device.checked").get()
    assert "张三" not in entry.entry
    assert Check.objects.get().note == "当事人张三砸坏了镜头"


@pytest.mark.parametrize("other", [{"battery_percent": 101}, {"free_minutes": -1}, {"free_bytes": 1 << 60}])
def test_impossible_figures_are_refused(people, other) -> None:
    with pytest.raises(UsageError) as refused:
        checked(people, **other)
    assert refused.value.remedy
    assert not Check.objects.exists()


def test_a_device_in_repair_is_not_checked_for_use(people) -> None:
    send_to_repair(recorder(), reason="镜头裂", by=people.custodian, at=AT)
    with pytest.raises(NotHandedOutError):
        checked(people)


def _of_another_unit(people) -> None:
    """The recorder's own unit is no longer the officer's, and somebody else keeps it."""
    Device.objects.filter(serial="4701A01", agency__code="demo").update(
        unit=open_unit(people.custodian.agency, "zf2", "执法二中队", by=people.sysadmin, at=AT), keeper=None
    )


def test_an_officer_of_another_unit_neither_checks_a_device_nor_reads_its_clock(people) -> None:
    _of_another_unit(people)
    with pytest.raises(NotTheirDeviceError) as refused:
        check_device(recorder(), fit(), by=people.officer, at=AT)
    assert "执法二中队" in refused.value.message and refused.value.remedy and refused.value.basis
    assert not (Check.objects.exists() or ClockReading.objects.exists())
    assert checked(people).passed  # the custodian's devices are the whole office's


def test_who_keeps_or_has_signed_out_a_device_of_another_unit_checks_it(people) -> None:
    handed_out(people)
    _of_another_unit(people)
    assert check_device(recorder(), fit(), by=people.officer, at=AT).passed
    Issue.objects.update(state="back", returned_at=AT)
    Device.objects.filter(serial="4701A01").update(keeper=officer())
    assert check_device(recorder(), fit(AT + HOUR), by=people.officer, at=AT + HOUR).passed


@pytest.mark.parametrize("shown", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)])
def test_a_clock_that_was_never_set_fails_the_check_and_corrects_nothing(people, shown) -> None:
    check = checked(people, shown_at=shown)
    assert (check.passed, check.failed, check.reading) == (False, ["clock_not_set"], None)
    assert checks.in_words(check.failed) == "设备时钟未设置"
    assert not ClockReading.objects.exists()
    with pytest.raises(UsageError, match="设备时钟未设置") as refused:
        read_clock(recorder(), shown, server_at=AT, by=people.custodian)
    assert refused.value.remedy and not ClockReading.objects.exists()
