"""Files sent from a browser: cut at any byte, sent twice, mislabelled, empty, too big, abandoned."""

from __future__ import annotations

import hashlib
import os
import random
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import ProtectedError
from ingest_office import AT, assert_sound

from liuhen.base import clock, site
from liuhen.base.acts import NotAllowedError, ReasonMissingError
from liuhen.base.devices.models import ClockReading
from liuhen.base.devices.services import UnknownDeviceError
from liuhen.base.jobs import services
from liuhen.base.jobs.models import Job
from liuhen.base.jobs.worker import Worker
from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import NotFoundError
from liuhen.core.errors import RefusedError, UsageError
from liuhen.stages.ingest import arriving, jobs, uploads, uploads_end
from liuhen.stages.ingest.models import Batch, Receipt, UploadFile, UploadSet
from liuhen.stages.ingest.uploads import Announced


def _open(people, **more) -> UploadSet:
    return uploads.open_set(by=people.custodian, at=AT, **more)


def _announce(people, upload, path="a.mp4", data=b"picture", **more) -> UploadFile:
    return uploads.add_file(upload, Announced(path, len(data), **more), by=people.custodian, at=AT)


def _send(people, upload, path="a.mp4", data=b"picture", **more) -> UploadFile:
    file = _announce(people, upload, path, data, **more)
    if data:
        uploads.receive(file, 0, [data], by=people.custodian, at=AT)
    return file


def _close(people, upload) -> Job:
    return jobs.ask_for_upload(upload, by=people.custodian, at=clock.now())


def _work() -> None:
    Worker(patience=0.01).run(once=True)


def _on_disk(home: Path) -> list[Path]:
    return [path for path in (home / "uploads").rglob("*") if path.is_file()]


def test_a_set_is_taken_in_like_a_card_and_removed_when_its_receipt_stands(home, people):
    upload = _open(people, label="执法仪导出")
    sent = {"DCIM/一.mp4": os.urandom(5000), "DCIM/二.mp4": os.urandom(100), "空.wav": b""}
    for path, data in sent.items():
        _send(people, upload, path, data)
    job = _close(people, upload)
    _work()
    job.refresh_from_db()
    upload.refresh_from_db()
    assert job.state == Job.State.DONE, job.sentence
    batch = Batch.objects.get()
    assert (batch.card_label, batch.card_path) == ("执法仪导出", "（从浏览器上传）")
    assert batch.receipt.number == job.result["receipt"]
    assert {row.card_path: row.sha256 for row in Recording.objects.all()} == {
        path: hashlib.sha256(data).hexdigest() for path, data in sent.items()
    }
    assert upload.state == UploadSet.State.TAKEN
    assert not UploadFile.objects.exists()
    assert list((home / "uploads").iterdir()) == []
    assert_sound(people.custodian.agency)


def test_cut_at_any_byte_and_gone_on_the_file_is_whole(home, people):
    data, chance = os.urandom(3_000), random.Random(3)
    upload = _open(people)
    file = _announce(people, upload, data=data, sha256=hashlib.sha256(data).hexdigest())
    have, cuts = 0, 0

    def breaking(start: int, stop: int):
        yield data[start : (start + stop) // 2]
        yield data[(start + stop) // 2 : stop]
        raise ConnectionResetError("the line broke")

    while have < len(data):
        stop = min(len(data), have + chance.randrange(0, 400))
        if stop == len(data):
            have = uploads.receive(file, have, [data[have:]], by=people.custodian, at=AT)
            break
        with pytest.raises(ConnectionResetError):
            uploads.receive(file, have, breaking(have, stop), by=people.custodian, at=AT)
        cuts += 1
        file = UploadFile.objects.select_related("set").get(pk=file.pk)
        have = uploads.offset_of(file, by=people.custodian, at=AT)
        assert have == stop, "what came before the break counts"
    assert cuts > 5
    file.refresh_from_db()
    assert file.finished_at == AT
    assert arriving.place_of(file).read_bytes() == data


@pytest.mark.parametrize("offset", [0, 3, 5, 7, 400])
def test_a_wrong_offset_is_refused_with_the_right_one_and_nothing_is_written(people, offset):
    upload = _open(people)
    file = _announce(people, upload, data=b"0123456789")
    uploads.receive(file, 0, [b"0123"], by=people.custodian, at=AT)
    with pytest.raises(uploads.WrongOffsetError) as refused:
        uploads.receive(file, offset, [b"xxxx"], by=people.custodian, at=AT)
    assert refused.value.facts["offset"] == 4
    assert arriving.place_of(file).read_bytes() == b"0123"


def test_more_than_was_announced_is_not_kept(people):
    upload = _open(people)
    file = _announce(people, upload, data=b"12345")
    assert uploads.receive(file, 0, [b"1234", b"56789"], by=people.custodian, at=AT) == 5
    assert arriving.place_of(file).read_bytes() == b"12345"


def test_a_finished_file_sent_to_again_stays_as_it_is(people):
    upload = _open(people)
    file = _send(people, upload, data=b"12345")
    assert uploads.receive(file, 5, [b"more"], by=people.custodian, at=AT) == 5
    assert arriving.place_of(file).read_bytes() == b"12345"


def test_the_same_file_announced_again_after_a_reload_goes_on_where_it_stopped(people):
    upload = _open(people)
    file = _announce(people, upload, data=b"12345")
    uploads.receive(file, 0, [b"123"], by=people.custodian, at=AT)
    again = _announce(people, upload, data=b"12345")
    assert again.pk == file.pk
    assert uploads.offset_of(again, by=people.custodian, at=AT) == 3


def test_another_file_of_the_same_name_is_refused_with_a_way_out(people):
    upload = _open(people)
    _send(people, upload, data=b"12345")
    with pytest.raises(RefusedError) as refused:
        _announce(people, upload, data=b"123456")
    assert refused.value.code == "upload_twin"
    assert "怎么办" in str(refused.value)


def test_an_empty_file_is_finished_when_it_is_announced(home, people):
    file = _announce(people, _open(people), data=b"")
    assert file.finished_at == AT
    assert arriving.place_of(file).read_bytes() == b""


def test_a_digest_that_differs_sends_the_file_back_to_its_beginning(people):
    upload = _open(people)
    file = _announce(people, upload, data=b"12345", sha256=hashlib.sha256(b"12345").hexdigest())
    with pytest.raises(uploads.DigestDiffersError):
        uploads.receive(file, 0, [b"12346"], by=people.custodian, at=AT)
    file = UploadFile.objects.select_related("set").get(pk=file.pk)
    assert uploads.offset_of(file, by=people.custodian, at=AT) == 0
    assert file.finished_at is None
    assert uploads.receive(file, 0, [b"12345"], by=people.custodian, at=AT) == 5


def test_after_a_power_cut_only_what_was_synced_counts(people):
    upload = _open(people)
    file = _announce(people, upload, data=b"0123456789")
    uploads.receive(file, 0, [b"0123"], by=people.custodian, at=AT)
    with arriving.place_of(file).open("ab") as stream:  # a length whose bytes never reached the device
        stream.write(b"\0\0\0")
    UploadFile.objects.update(boot="an-earlier-start")
    file = UploadFile.objects.select_related("set").get(pk=file.pk)
    assert uploads.offset_of(file, by=people.custodian, at=AT) == 4
    assert uploads.receive(file, 4, [b"456789"], by=people.custodian, at=AT) == 10
    assert arriving.place_of(file).read_bytes() == b"0123456789"


def test_two_windows_do_not_write_to_one_file_at_once(people):
    upload = _open(people)
    file = _announce(people, upload, data=b"0123456789")
    inside, go_on = threading.Event(), threading.Event()

    def slowly():
        yield b"01234"
        inside.set()
        go_on.wait(30)
        yield b"56789"

    def first():
        from django.db import connection

        uploads.receive(file, 0, slowly(), by=people.custodian, at=AT)
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(30)
    other = UploadFile.objects.select_related("set").get(pk=file.pk)
    with pytest.raises(arriving.UploadBusyError):
        uploads.receive(other, 5, [b"xxxxx"], by=people.custodian, at=AT)
    go_on.set()
    thread.join()
    assert arriving.place_of(file).read_bytes() == b"0123456789"


def test_what_does_not_fit_is_refused_before_its_first_byte(people, monkeypatch):
    upload = _open(people)
    monkeypatch.setattr(arriving, "free_bytes", lambda: 400 << 20)
    assert uploads.add_file(upload, Announced("ok.mp4", 50 << 20), by=people.custodian, at=AT)
    with pytest.raises(uploads.NoRoomError) as refused:  # twice 60 MiB and the 50 announced leave too little
        uploads.add_file(upload, Announced("b.mp4", 60 << 20), by=people.custodian, at=AT)
    assert "放不下" in refused.value.message
    assert UploadFile.objects.count() == 1


def test_a_full_disk_keeps_what_came_and_says_what_to_do(people, monkeypatch):
    import errno

    upload = _open(people)
    file = _announce(people, upload, data=b"0123456789")
    uploads.receive(file, 0, [b"0123"], by=people.custodian, at=AT)

    def full(fd, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(arriving, "write_all", full)
        with pytest.raises(arriving.UploadBrokenError) as refused:
            uploads.receive(file, 4, [b"456789"], by=people.custodian, at=AT)
    assert "磁盘已满" in str(refused.value)
    assert uploads.receive(file, 4, [b"456789"], by=people.custodian, at=AT) == 10


HOSTILE = {
    "../../../etc/passwd": ".%2e",
    "/etc/passwd": "etc",
    "a/../../b.mp4": "a",
    "C:\\Users\\x\\b.mp4": "C:",
    "..": ".%2e",
    "a/./b//c.mp4": "a",
    "CON": "CON",
    "现场\u202egpj.exe": "现场%e2%80%aegpj.exe",
    "尾点.": "尾点%2e",
    " 前空.mp4": "%20前空.mp4",
    "字" * 200 + ".mp4": None,
}


@pytest.mark.parametrize("path", list(HOSTILE), ids=range(len(HOSTILE)))
def test_a_hostile_name_is_data_and_leads_nowhere(home, people, path):
    upload = _open(people)
    file = _send(people, upload, path, b"content")
    assert arriving.place_of(file).parent == home / "uploads" / upload.folder
    _close(people, upload)
    root = jobs.card_of(Job.objects.get())
    (laid,) = [found for found in root.rglob("*") if found.is_file()]
    assert laid.resolve().is_relative_to(home / "uploads" / upload.folder / "card")
    assert laid.read_bytes() == b"content"
    start = HOSTILE[path]
    assert start is None or laid.relative_to(root).parts[0].startswith(start)


@pytest.mark.parametrize(
    "told",
    [
        Announced("", 1),
        Announced("  ", 1),
        Announced("a\0b", 1),
        Announced("x" * 1001, 1),
        Announced("d/" * 40 + "a", 1),
        Announced("a", -1),
        Announced("a", 1, sha256="xyz"),
    ],
    ids=range(7),
)
def test_a_name_or_size_that_cannot_be_is_refused(people, told):
    with pytest.raises(UsageError):
        uploads.add_file(_open(people), told, by=people.custodian, at=AT)
    assert not UploadFile.objects.exists()


def test_names_that_become_one_when_made_safe_are_both_taken_in(home, people):
    upload = _open(people)
    sent = {"a%20": b"1", " a%20": b"2", "x/y": b"3", "x\\y": b"4", "x": b"5", "x/y/z": b"6"}
    for path, data in sent.items():
        _send(people, upload, path, data)
    _close(people, upload)
    for _ in range(2):  # laying out is repeated after a crash and gives the same
        root = jobs.card_of(Job.objects.get())
        laid = {path.read_bytes() for path in root.rglob("*") if path.is_file()}
        assert laid == set(sent.values())
    _work()
    assert {row.bytes for row in Recording.objects.all()} == {1}
    assert Recording.objects.count() == 6


def test_a_set_with_an_unfinished_file_is_not_taken_in_until_it_is_left_out(people, home):
    upload = _open(people)
    _send(people, upload, "a.mp4", b"whole")
    part = _announce(people, upload, "b.mp4", b"0123456789")
    uploads.receive(part, 0, [b"0123"], by=people.custodian, at=AT)
    with pytest.raises(jobs.UnfinishedError, match="1 个文件"):
        _close(people, upload)
    upload.refresh_from_db()
    assert upload.state == UploadSet.State.OPEN
    uploads.leave_out(part, by=people.custodian, at=AT)
    assert len(_on_disk(home)) == 1
    _close(people, upload)
    _work()
    assert Recording.objects.count() == 1


def test_an_empty_set_is_not_taken_in(people):
    with pytest.raises(UsageError, match="还没有上传"):
        _close(people, _open(people))


def test_closing_twice_is_one_job_and_a_closed_set_takes_no_more(people):
    upload = _open(people)
    file = _send(people, upload)
    assert _close(people, upload).pk == _close(people, upload).pk
    with pytest.raises(uploads.SetClosedError):
        _announce(people, upload, "b.mp4")
    with pytest.raises(uploads.SetClosedError):
        uploads.leave_out(
            UploadFile.objects.select_related("set").get(pk=file.pk), by=people.custodian, at=AT
        )
    _work()
    assert Receipt.objects.count() == 1
    upload.refresh_from_db()
    with pytest.raises(uploads.SetClosedError):
        _close(people, upload)


def test_a_set_whose_ingest_was_cancelled_stays_and_can_be_tried_again(home, people):
    upload = _open(people)
    _send(people, upload)
    job = _close(people, upload)
    with pytest.raises(RefusedError, match="正在采集"):
        uploads_end.drop_set(upload, reason="不要了", by=people.custodian, at=AT)
    services.cancel(job, by=people.custodian, at=AT)
    assert len(_on_disk(home)) == 1
    again = _close(people, upload)
    assert again.pk != job.pk
    _work()
    assert Recording.objects.count() == 1
    assert _on_disk(home) == []


def test_without_a_receipt_the_bytes_stay(home, people, monkeypatch):
    from liuhen.core.errors import StorageError
    from liuhen.stages.ingest.intake import Intake

    upload = _open(people)
    _send(people, upload)
    job = _close(people, upload)

    def fails(*args, **kwargs):
        raise StorageError("存储坏了。", remedy="请检查磁盘。")

    with monkeypatch.context() as patch:
        patch.setattr(Intake, "take", fails)
        _work()
    job.refresh_from_db()
    upload.refresh_from_db()
    assert job.result["receipt"] is None
    assert upload.state == UploadSet.State.CLOSED
    assert len(_on_disk(home)) == 1
    _close(people, upload)
    _work()
    upload.refresh_from_db()
    assert upload.state == UploadSet.State.TAKEN


def test_the_device_clock_keeps_the_moment_the_set_was_opened(people):
    shown = AT + timedelta(seconds=90)
    upload = _open(people, device="4701A01", device_clock=shown)
    _send(people, upload)
    _close(people, upload)
    _work()
    reading = ClockReading.objects.get()
    assert (reading.server_at, reading.offset_seconds) == (AT, 90)
    assert Batch.objects.get().device.serial == "4701A01"


def test_what_cannot_be_a_set_is_refused(people):
    with pytest.raises(UnknownDeviceError):
        _open(people, device="NO-SUCH")
    with pytest.raises(UsageError):
        _open(people, device_clock=AT)
    assert not UploadSet.objects.exists()


def test_dropping_needs_a_reason_and_stands_in_the_ledger_without_names(home, people):
    upload = _open(people)
    _send(people, upload, "张三询问.mp4", b"12345")
    with pytest.raises(ReasonMissingError):
        uploads_end.drop_set(upload, reason=" ", by=people.custodian, at=AT)
    assert len(_on_disk(home)) == 1
    uploads_end.drop_set(upload, reason="选错了文件夹", by=people.custodian, at=AT)
    entry = Entry.objects.get(kind="upload.dropped").entry
    assert '"files":1' in entry
    assert '"bytes":5' in entry
    assert "张三" not in entry
    assert _on_disk(home) == []
    upload.refresh_from_db()
    assert upload.state == UploadSet.State.DROPPED


def test_a_set_nobody_touches_expires_after_the_days_set_and_is_told_never_silently(home, people, caplog):
    site.save(site.SiteSettings(keep_uploads_days=3))
    old, young, closed = _open(people), _open(people), _open(people)
    for upload in (old, young, closed):
        _send(people, upload, "张三.mp4", b"12345")
    _close(people, closed)
    UploadSet.objects.filter(pk=closed.pk).update(touched_at=AT)
    UploadSet.objects.filter(pk=young.pk).update(touched_at=AT + timedelta(days=1))
    assert uploads_end.expires_at(old) == AT + timedelta(days=3)
    uploads_end.sweep(AT + timedelta(days=3))
    assert not UploadSet.objects.filter(state=UploadSet.State.EXPIRED).exists(), "not before the time"
    uploads_end.sweep(AT + timedelta(days=3, seconds=1))
    states = {row.pk: row.state for row in UploadSet.objects.all()}
    assert states == {old.pk: "expired", young.pk: "open", closed.pk: "closed"}
    assert len(_on_disk(home)) == 2
    entry = Entry.objects.get(kind="upload.expired").entry
    assert str(old.pk) in entry
    assert "张三" not in entry


def test_folders_of_no_living_set_are_removed_by_the_sweep_and_young_unknown_ones_are_not(home, people):
    upload = _open(people)
    _send(people, upload)
    ended = _open(people)
    _send(people, ended)
    UploadFile.objects.filter(set=ended).delete()
    UploadSet.objects.filter(pk=ended.pk).update(state=UploadSet.State.TAKEN, ended_at=AT)
    unknown = home / "uploads" / ("f" * 32)
    unknown.mkdir()
    (unknown / "x").write_bytes(b"of a database that was lost")
    uploads_end.sweep(clock.now())
    assert {path.name for path in (home / "uploads").iterdir()} == {upload.folder, unknown.name}
    os.utime(unknown, (0, 0))
    uploads_end.sweep(clock.now())
    assert unknown.exists() is False


def test_ended_sets_are_forgotten_with_the_jobs(people):
    upload = _open(people)
    uploads_end.drop_set(upload, reason="试", by=people.custodian, at=AT)
    uploads_end.sweep(AT + timedelta(days=91))
    assert not UploadSet.objects.exists()


OTHERS = ("officer", "officer2", "head", "principal", "legal", "archivist", "auditor", "sysadmin", "secadmin")


@pytest.mark.parametrize("name", OTHERS)
def test_only_a_custodian_opens_a_set_and_only_who_opened_it_sends_to_it(people, name):
    other = getattr(people, name)
    with pytest.raises(NotAllowedError):
        uploads.open_set(by=other, at=AT)
    upload = _open(people)
    file = _announce(people, upload)
    for attempt in (
        lambda: uploads.add_file(upload, Announced("b", 1), by=other, at=AT),
        lambda: uploads.receive(file, 0, [b"x"], by=other, at=AT),
        lambda: uploads.offset_of(file, by=other, at=AT),
        lambda: uploads.leave_out(file, by=other, at=AT),
        lambda: jobs.ask_for_upload(upload, by=other, at=AT),
    ):
        with pytest.raises(NotFoundError):
            attempt()
    with pytest.raises(NotAllowedError):
        uploads_end.drop_set(upload, reason="x", by=other, at=AT)


def test_another_agencys_custodian_finds_no_such_set(people):
    upload = _open(people)
    file = _announce(people, upload)
    with pytest.raises(NotFoundError):
        uploads.offset_of(file, by=people.stranger, at=AT)
    with pytest.raises(NotAllowedError):
        uploads_end.drop_set(upload, reason="x", by=people.stranger, at=AT)


def test_a_set_with_files_is_never_deleted_by_accident(people):
    upload = _open(people)
    _send(people, upload)
    with pytest.raises(ProtectedError):
        upload.delete()
