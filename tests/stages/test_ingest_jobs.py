"""A card taken in by the worker: the same result as by hand, seen going in, stopped when asked."""

from __future__ import annotations

import os
import threading
import time

import pytest
from corpus.media.media_makers import make_photo
from ingest_office import AT, StubAnalyser, assert_sound, everything_on_the_card_is_stored, take
from simulators.cards import SimCard

from liuhen.base import clock, site
from liuhen.base.acts import NotAllowedError
from liuhen.base.devices.models import ClockReading
from liuhen.base.devices.services import UnknownDeviceError
from liuhen.base.jobs import services
from liuhen.base.jobs.models import Job
from liuhen.base.jobs.worker import Worker
from liuhen.base.recordings.models import Recording
from liuhen.core.cards.errors import CardMissingError
from liuhen.core.errors import RefusedError
from liuhen.core.media.sandbox import AnalyserError
from liuhen.stages.ingest import jobs
from liuhen.stages.ingest.intake import StoppedError
from liuhen.stages.ingest.models import Batch, Receipt

pytestmark = pytest.mark.slow

OTHERS = "officer officer2 head principal legal archivist auditor sysadmin secadmin".split()  # noqa: SIM905


def _work() -> None:
    Worker(patience=0.01).run(once=True)


def _ask(people, card, **more) -> Job:
    return jobs.ask_for_card(card, by=people.custodian, at=clock.now(), **more)


def _eventually(what) -> bool:
    for _ in range(2000):
        if what():
            return True
        time.sleep(0.01)
    return False


def test_a_card_is_taken_in_and_its_result_names_batch_receipt_and_counts(home, people, tmp_path):
    card = SimCard(tmp_path).recording(1).recording(2).file("notes.txt", b"x").symlink("link", "/etc/passwd")
    job = _ask(people, card.root)
    _work()
    job.refresh_from_db()
    batch = Batch.objects.get()
    assert job.state == Job.State.DONE
    assert job.result["batch"] == batch.key
    assert job.result["receipt"] == batch.receipt.number == Receipt.objects.get().number
    assert job.result["counts"] == {"stored": 3, "already": 0, "refused": 1, "failed": 0}
    assert (job.files_done, job.files_total) == (3, 3)
    assert job.bytes_done == job.bytes_total == sum(row.bytes for row in Recording.objects.all())
    (trouble,) = job.troubles
    assert trouble["path"] == "link"
    assert "怎么办" in trouble["reason"]
    assert everything_on_the_card_is_stored(people.custodian.agency, card.root)
    assert_sound(people.custodian.agency)


def test_after_a_card_its_previews_are_made_and_not_made_again(home, people, tmp_path):
    card = SimCard(tmp_path)
    make_photo(card.path("a.jpg"))
    _ask(people, card.root)
    _work()
    made = Job.objects.get(kind="previews.make")
    assert (made.state, made.result["made"], made.by) == (Job.State.DONE, 1, None)
    assert list((home / "derived").rglob("preview.json"))
    _ask(people, card.root)
    _work()
    assert Job.objects.filter(kind="previews.make").count() == 1


def test_an_office_that_wants_no_previews_gets_none(home, people, tmp_path):
    site.save(site.SiteSettings(previews=False))
    _ask(people, SimCard(tmp_path).recording().root)
    _work()
    assert not Job.objects.filter(kind="previews.make").exists()


@pytest.mark.parametrize("name", OTHERS)
def test_whoever_may_not_take_a_card_in_cannot_ask_for_it(people, tmp_path, name):
    card = SimCard(tmp_path).recording().root
    with pytest.raises(NotAllowedError) as refused:
        jobs.ask_for_card(card, by=getattr(people, name), at=AT)
    assert "怎么办" in str(refused.value)
    assert not Job.objects.exists()


def test_what_is_plainly_wrong_is_said_when_asking(home, people, tmp_path):
    with pytest.raises(CardMissingError):
        _ask(people, tmp_path / "nowhere")
    with pytest.raises(UnknownDeviceError):
        _ask(people, SimCard(tmp_path).recording().root, device="NO-SUCH")
    with pytest.raises(RefusedError, match="重叠"):
        _ask(people, home / "store")
    assert not Job.objects.exists()


def test_one_card_has_one_live_job_by_whatever_path_it_is_named(people, tmp_path):
    card = SimCard(tmp_path).recording().root
    other = tmp_path / "link-to-card"
    other.symlink_to(card)
    assert _ask(people, card).pk == _ask(people, other).pk
    _work()
    assert Receipt.objects.count() == 1


def test_a_card_with_a_name_that_is_no_text_can_be_asked_for(people, tmp_path):
    card = SimCard(tmp_path, os.fsdecode("执法卡".encode("gbk"))).recording().root
    job = _ask(people, card)
    assert jobs.card_of(job) == card
    assert job.title == "执法卡"
    _work()
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def test_the_clock_reading_keeps_the_moment_it_was_taken_however_late_the_job_runs(people, tmp_path):
    shown = AT.replace(minute=5)
    jobs.ask_for_card(
        SimCard(tmp_path).recording().root, by=people.custodian, at=AT, device="4701A01", device_clock=shown
    )
    _work()
    reading = ClockReading.objects.get()
    assert (reading.shown_at, reading.server_at, reading.offset_seconds) == (shown, AT, 300)


def test_a_card_that_was_pulled_before_its_turn_fails_in_its_own_words(people, tmp_path):
    card = SimCard(tmp_path).recording().root
    job = _ask(people, card)
    card.rename(tmp_path / "pulled")
    _work()
    job.refresh_from_db()
    assert (job.state, job.code) == (Job.State.FAILED, "card_missing")
    assert "怎么办" in job.sentence


def test_cancelling_stops_a_running_card_closes_its_batch_and_the_next_one_goes_on(home, people, tmp_path):
    card = SimCard(tmp_path)
    for place in range(400):
        card.file(f"{place:03d}.bin", os.urandom(4000))
    job = _ask(people, card.root)
    worker = Worker(patience=0.01)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        assert _eventually(lambda: Recording.objects.count() >= 5)
        began = time.monotonic()
        services.cancel(job, by=people.custodian, at=clock.now())
        assert _eventually(lambda: Job.objects.get(pk=job.pk).state not in Job.LIVE)
        took = time.monotonic() - began
    finally:
        worker.stop()
        thread.join()
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert took < 10, "a second on a machine that is not busy"
    assert Batch.objects.get().state == Batch.State.INTERRUPTED
    assert not Receipt.objects.exists()
    stood = Recording.objects.count()
    assert 0 < stood < 400
    assert_sound(people.custodian.agency)
    _ask(people, card.root)
    _work()
    assert Recording.objects.count() == 400
    assert everything_on_the_card_is_stored(people.custodian.agency, card.root)
    assert_sound(people.custodian.agency)


def test_a_file_whose_analysis_was_stopped_is_not_stored_as_one_that_cannot_be_read(home, people, tmp_path):
    """Stopping closes the analyser under the file; what it then says of the file is no finding about the file."""
    stopped = threading.Event()

    class Closed(StubAnalyser):
        def probe(self, path, *, name=None):
            stopped.set()
            raise AnalyserError("分析器已关闭。", remedy="")

    card = SimCard(tmp_path).recording(1).recording(2)
    with pytest.raises(StoppedError):
        take(people.custodian, card.root, analyser=Closed(), stopped=stopped.is_set)
    assert not Recording.objects.exists()
    assert Batch.objects.get().state == Batch.State.INTERRUPTED
    assert_sound(people.custodian.agency)


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_a_big_file_being_read_back_from_the_disk_is_let_go_at_once(
    home, people, tmp_path, known, monkeypatch
):
    """Reading back goes past the cache and takes as long as the disk needs; stopping does not wait for it."""
    from liuhen.core.blobs import rereading

    site.save(site.SiteSettings(previews=False))
    card = SimCard(tmp_path).file("big.bin", os.urandom(12 << 20))
    if known:
        _ask(people, card.root)
        _work()
    real, reading = os.preadv, threading.Event()

    def slowly(fd, buffers, offset):
        reading.set()
        time.sleep(1.0)
        return real(fd, buffers, offset)

    monkeypatch.setattr(rereading.os, "preadv", slowly)
    job = _ask(people, card.root)
    worker = Worker(patience=0.01)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        assert reading.wait(60)
        began = time.monotonic()
        services.cancel(job, by=people.custodian, at=clock.now())
        assert _eventually(lambda: Job.objects.get(pk=job.pk).state == Job.State.CANCELLED)
        assert time.monotonic() - began < 8, "twelve pieces of a second each were to be read"
    finally:
        worker.stop()
        thread.join()
    assert_sound(people.custodian.agency)


def test_a_verification_keeps_its_report_and_names_no_other_agencys_recordings(home, people, tmp_path):
    _ask(people, SimCard(tmp_path).recording().root)
    _work()
    path = next(path for path in (home / "store").rglob("original/*") if path.is_file())
    path.chmod(0o600)
    path.write_bytes(b"altered")
    agency = people.custodian.agency
    ours = services.ask_for("store.verify", agency, by=people.custodian, at=clock.now())
    theirs = services.ask_for("store.verify", people.stranger.agency, by=people.stranger, at=clock.now())
    ledger = services.ask_for("ledger.verify", agency, by=people.auditor, at=clock.now())
    _work()
    for job in (ours, theirs, ledger):
        job.refresh_from_db()
        assert job.state == Job.State.DONE
    assert not ours.result["ok"]
    assert [bad["number"] for bad in ours.result["bad"]] == [Recording.objects.get().number]
    assert "1 处有问题" in ours.sentence
    assert theirs.result["bad"] == []
    assert ledger.result["ok"]
    assert ledger.result["size"] > 0
