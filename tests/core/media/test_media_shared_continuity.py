"""Real files of the shared collection, where it is present: what each admits about itself and its neighbours."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from liuhen.core.media.continuity import edited_twins, origin_of_file, within_file
from liuhen.core.media.junctions import device_file, junctions

pytestmark = pytest.mark.slow
SECOND = timedelta(seconds=1)


@pytest.fixture
def look(analyser, shared_media):
    def run(name: str):
        return analyser.probe(shared_media / name)

    return run


def test_the_thermal_cameras_two_seconds(look) -> None:
    """The picture stops for 2.00 s; sound goes on, so the file is one piece."""
    judged = within_file(look("video/FLIR Thermal.mp4"))
    told = {one.code: one.params for one in judged.findings}
    assert told["interrupted"] == {"what": "画面", "at": 0.0, "seconds": 1.996667}
    assert told["sound_without_picture"]["seconds"] == pytest.approx(1.81, abs=0.01)
    assert set(told) == {"interrupted", "sound_without_picture"}
    assert judged.pieces == ((0.186689, 11.353333),)  # the sound begins that late


def test_slow_motion_without_sound_is_two_pieces(look) -> None:
    judged = within_file(look("video/sample_android_slow_motion.mp4"))
    gap = next(one for one in judged.findings if one.code == "interrupted")
    assert gap.params["seconds"] == pytest.approx(0.33, abs=0.005)
    assert "0.33 秒" in gap.text
    assert [round(end - start, 3) for start, end in judged.pieces] == [0.2]
    assert {one.code for one in judged.findings} == {"interrupted", "no_sound", "reencoded"}


def test_three_consecutive_clips_are_two_pauses_of_about_twenty_seconds(look) -> None:
    files = []
    for number in (1, 2, 3):
        probe = look(f"video/video_{number}.mp4")
        start = datetime.fromisoformat(probe["times"][0]["utc"])
        files.append(device_file(f"video_{number}.mp4", probe, start, sequence=number, resolution=SECOND))
    assert files[0].start == datetime(2019, 8, 29, 0, 2, 13, tzinfo=UTC)
    found = junctions(files)
    assert [(one.kind, one.seconds) for one in found] == [("pause", 19.997333), ("pause", 21.883792)]
    assert all(one.finished for one in files)


def test_of_the_metadata_edit_pair_only_the_edited_one_was_rewritten_later(look, shared_media) -> None:
    files = []
    for which in ("Untouched", "Metaxed"):
        name = f"video/Tiny Sample - NEW - {which}.mp4"
        probe = look(name)
        rewritten = [one for one in within_file(probe).findings if one.code == "modified_later"]
        assert len(rewritten) == (which == "Metaxed")
        digest = hashlib.sha256((shared_media / name).read_bytes()).hexdigest()
        files.append((which, digest, probe["stream_digest"]))
    assert [one.params for one in edited_twins(files)] == [{"name": "Metaxed", "twin": "Untouched"}]


def test_an_action_camera_that_names_itself_is_whole(look) -> None:
    probe = look("video/karma.mp4")
    judged = within_file(probe)
    assert (judged.pieces, judged.findings) == (((0.0, 12.078733),), ())
    assert (origin_of_file(probe), probe["encoder"]) == ("camera", "HD5.02.02.00.00")


def test_a_clip_of_another_camera_among_a_devices_own_is_foreign(look) -> None:
    start = datetime(2019, 8, 29, tzinfo=UTC)
    phone = [look(f"video/video_{number}.mp4") for number in (1, 2, 3)]
    camera = look("video/karma.mp4")
    for own, stranger in ((phone, camera), ([camera] * 3, look("video/with-gps.mov"))):
        files = [
            device_file(str(number), probe, start + timedelta(hours=number))
            for number, probe in enumerate([*own, stranger])
        ]
        assert [one.after for one in junctions(files) if one.kind == "foreign"] == ["3"]


@pytest.mark.parametrize(
    ("name", "finished"),
    [
        ("init_truncated.mp4", False),
        ("chunk_out_of_range.mp4", False),
        ("sample_missing_stsd.mp4", True),
    ],
)
def test_damaged_files_did_not_reach_their_end(name, finished, look) -> None:
    assert within_file(look(f"bad/{name}")).finished is finished


def test_a_sound_track_that_stops_after_an_instant_is_told(look) -> None:
    """The index promises more than the file has: picture goes on for two seconds without sound."""
    found = within_file(look("bad/sample-with-large-length.avi")).findings
    (alone,) = [one for one in found if one.code == "picture_without_sound"]
    assert alone.params["seconds"] == pytest.approx(1.93, abs=0.03)


def test_every_file_is_judged_without_stumbling(analyser, shared_media) -> None:
    for path in sorted(path for path in shared_media.rglob("*") if path.is_file()):
        judged = within_file(analyser.probe(path))
        assert all(start < end for start, end in judged.pieces)
        assert all(one.text and one.remedy for one in judged.findings)
