"""The demo card shows what it says: segments, one break, a photograph, a sound; always the same bytes."""

from __future__ import annotations

import hashlib
import wave
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from PIL import ExifTags, Image
from simulators.cards import SimCard

from liuhen.core.cards.listing import list_card
from liuhen.core.cards.names import read_name
from liuhen.core.cards.profile import built_in_profiles
from liuhen.core.errors import RefusedError, UsageError
from liuhen.demo import card as demo
from liuhen.demo.picture import HEIGHT, frame_yuv, osd_lines

STARTED = datetime(2026, 7, 16, 9, 30, tzinfo=timezone(timedelta(hours=8)))
WHO = {"serial": "A000001", "officer": "000012", "started": STARTED}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return demo.make_demo_card(tmp_path_factory.mktemp("demo") / "card", **WHO)


def _facts(path):
    return read_name(path.name, built_in_profiles())


def _packets(path, kind):
    with av.open(str(path)) as container:
        stream = container.streams.get(**{kind: 0})[0]
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        return [packet.pts * packet.time_base for packet in packets], [p.is_keyframe for p in packets]


def _frames(path):
    with av.open(str(path)) as container:
        return {
            Fraction(frame.pts * frame.time_base): frame.to_ndarray() for frame in container.decode(video=0)
        }


def _bytes_of(folder):
    return {
        path.relative_to(folder): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in folder.rglob("*.*")
        if path.is_file()
    }


def test_every_name_is_read_by_the_recorders_profile(files):
    facts = [_facts(path) for path in files]
    assert {fact.profile_id for fact in facts} == {"ga-t-947"}
    assert {(fact.serial, fact.officer) for fact in facts} == {("A000001", "000012")}
    assert [fact.sequence for fact in facts] == [1, 2, 3, 4, 5]
    assert [fact.kind for fact in facts] == ["video"] * 3 + ["photo", "audio"]
    assert [fact.key_file for fact in facts] == [False, False, True, False, False]
    assert [file.path for file in list_card(files[0].parents[2]).files] == [
        f"DCIM/20260716/{path.name}" for path in files
    ]


def test_segments_follow_each_other_without_a_gap(files):
    ends = []
    for path in files[:3]:
        with av.open(str(path)) as container:
            assert container.duration == 8_000_000
            assert {stream.duration * stream.time_base for stream in container.streams} == {8}
        ends.append(_facts(path).taken_at + timedelta(seconds=8))
    starts = [_facts(path).taken_at for path in files[:3]]
    assert starts[0] == STARTED
    assert all(start == end for end, start in zip(ends, starts[1:], strict=False))


def test_the_files_say_when_they_were_made_in_utc_and_name_no_encoder(files):
    for path in files[:3]:
        with av.open(str(path)) as container:
            made = datetime.fromisoformat(container.metadata["creation_time"])
            assert made == _facts(path).taken_at
            assert "encoder" not in container.metadata
            assert [stream.codec.name for stream in container.streams] == ["h264", "aac"]
        assert not [mark for mark in (b"x264", b"Lavc", b"Lavf") if mark in path.read_bytes()]


def test_there_is_exactly_one_break_and_it_lasts_three_seconds(files):
    breaks = [
        (index, kind, start, after - start)
        for index, path in enumerate(files[:3])
        for kind in ("video", "audio")
        for start, after in pairwise(_packets(path, kind)[0])
        if after - start >= Fraction(1, 4)
    ]
    assert breaks == [(1, "video", 3, 3)]


def test_every_picture_and_sound_can_be_decoded(files):
    for path, pictures in zip(files[:3], (120, 76, 120), strict=True):
        assert len(_frames(path)) == pictures
        with av.open(str(path)) as container:
            assert sum(frame.samples for frame in container.decode(audio=0)) == 8 * 48_000
        assert 1 < sum(_packets(path, "video")[1]) < 10


def test_the_burnt_in_clock_shows_the_true_time_after_the_break(files):
    band = np.s_[12:40, 246:274]  # the two digits of the seconds
    shown = _frames(files[1])[Fraction(6)][:HEIGHT][band].astype(int)

    def distance(seconds):
        lines = osd_lines("A000001", "000012", STARTED + timedelta(seconds=seconds))
        return np.abs(shown - frame_yuv(0, lines)[:HEIGHT][band]).mean()

    assert distance(14) < 5
    assert distance(14) * 2 < min(distance(11), distance(13), distance(15))


def test_a_beep_marks_every_whole_second(files):
    with av.open(str(files[0])) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    seconds = np.abs(sound.reshape(8, 48_000))
    assert (seconds[:, :4_000].mean(axis=1) > 4 * seconds[:, 10_000:40_000].mean(axis=1)).all()
    assert (seconds[:, 10_000:40_000].mean(axis=1) > 0.001).all()


def test_the_photograph_says_when_where_and_by_what(files):
    with Image.open(files[3]) as picture:
        picture.load()
        exif = picture.getexif()
    taken, gps = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    assert exif[ExifTags.Base.Make] == "LIUHEN DEMO"
    assert taken[ExifTags.Base.DateTimeOriginal] == f"{_facts(files[3]).taken_at:%Y:%m:%d %H:%M:%S}"
    assert taken[ExifTags.Base.OffsetTimeOriginal] == "+08:00"
    degrees = [sum(part / 60**power for power, part in enumerate(gps[tag])) for tag in (2, 4)]
    assert degrees == pytest.approx([24.78125, 118.55125], abs=1e-5)
    utc = _facts(files[3]).taken_at.astimezone(UTC)
    assert gps[ExifTags.GPS.GPSTimeStamp] == (utc.hour, utc.minute, utc.second)


def test_the_sound_recording_lasts_five_seconds(files):
    with wave.open(str(files[4])) as sound:
        assert sound.getnframes() == 5 * sound.getframerate()
        assert len(set(sound.readframes(1000))) > 10


def test_files_are_dated_when_the_recorder_closed_them(files):
    ends = [8, 16, 24, 30, 44]  # the sound ends at 45 s: FAT keeps even seconds
    assert [path.stat().st_mtime for path in files] == [STARTED.timestamp() + end for end in ends]


def test_the_same_card_is_made_again_byte_for_byte_in_place_of_the_older(files, tmp_path):
    card = tmp_path / "card"
    earlier = {**WHO, "started": STARTED - timedelta(days=1)}
    older = demo.make_demo_card(card, **earlier)
    made = demo.make_demo_card(card, **{**WHO, "started": STARTED.astimezone(UTC).replace(microsecond=900)})
    assert [path.name for path in made] == [path.name for path in files]
    assert _bytes_of(card) == _bytes_of(files[0].parents[2])
    assert not any(path.exists() for path in older)
    assert [path.name for path in tmp_path.iterdir()] == ["card"]


@pytest.fixture
def quick(monkeypatch):
    """Without the encoder: what matters here is where the card is put."""
    monkeypatch.setattr(demo, "write_segment", lambda path, **rest: path.write_bytes(b"segment"))


def _strangers(tmp_path):
    names = ("0001.mp4", "0002.mp4", "0003_IMP.mp4", "0004.jpg", "0005.wav")
    real = SimCard(tmp_path, "real recorder")
    for name in names:
        real.file(f"DCIM/20260716/A000001_000012_20260716093000_{name}")
    (tmp_path / "a file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    return [
        real.root,
        SimCard(tmp_path, "home").file("thesis.doc").root,
        tmp_path / "a file",
        tmp_path / "link",
    ]


def test_a_folder_that_is_no_demo_card_is_never_replaced(tmp_path, quick):
    for place in _strangers(tmp_path):
        before = _bytes_of(tmp_path)
        with pytest.raises(RefusedError, match="怎么办"):
            demo.make_demo_card(place, **WHO)
        assert _bytes_of(tmp_path) == before


def test_a_demo_card_with_anything_added_is_kept(tmp_path, quick):
    card = tmp_path / "card"
    demo.make_demo_card(card, **WHO)
    demo.make_demo_card(card, **WHO)
    (card / "note.txt").write_text("mine")
    with pytest.raises(RefusedError):
        demo.make_demo_card(card, **WHO)


def test_an_empty_folder_is_used_and_a_failure_leaves_it_as_it_was(tmp_path, monkeypatch):
    def broken(path, **rest):
        raise OSError(28, "No space left on device")

    card = SimCard(tmp_path).root
    monkeypatch.setattr(demo, "write_segment", broken)
    with pytest.raises(OSError, match="No space"):
        demo.make_demo_card(card, **WHO)
    assert list(tmp_path.iterdir()) == [card]
    assert list(card.iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [{"serial": "A1"}, {"officer": "张三"}, {"serial": "A00000/"}, {"started": datetime(2026, 7, 16)}],
)
def test_inputs_that_would_make_an_unreadable_name_are_refused(tmp_path, quick, wrong):
    with pytest.raises(UsageError, match="怎么办"):
        demo.make_demo_card(tmp_path / "card", **{**WHO, **wrong})
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_made_in_a_process_of_its_own(tmp_path, quick, capsys):
    demo.main([str(tmp_path / "card"), "A000001", "000012", "2026-07-16T09:30:00+08:00"])
    assert len(capsys.readouterr().out.splitlines()) == 5
