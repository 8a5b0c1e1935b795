"""Real files of the shared collection, where it is present: what each is known to show."""

from __future__ import annotations

import hashlib

import pytest

from liuhen.core.media.contract import blank

pytestmark = pytest.mark.slow


@pytest.fixture
def look(analyser, shared_media):
    def run(name: str):
        return analyser.probe(shared_media / name)

    return run


def _codes(result) -> set[str]:
    return {finding["code"] for finding in result["findings"]}


def test_every_file_gets_an_answer(analyser, shared_media) -> None:
    files = sorted(path for path in shared_media.rglob("*") if path.is_file())
    assert files
    for path in files:
        result = analyser.probe(path)
        assert result.keys() == blank("", 0, "").keys()
        assert result["readable"] or result["findings"]


def test_only_two_films_have_a_gap(look, shared_media) -> None:
    gaps = {
        path.name: [(gap["stream"], round(gap["length"], 2)) for gap in look(f"video/{path.name}")["gaps"]]
        for path in (shared_media / "video").iterdir()
    }
    assert {name: found for name, found in gaps.items() if found} == {
        "FLIR Thermal.mp4": [(0, 2.0)],
        "sample_android_slow_motion.mp4": [(0, 0.33)],
    }


def test_an_edit_of_the_metadata_leaves_the_streams_alone(look, shared_media) -> None:
    names = [f"video/Tiny Sample - NEW - {which}.mp4" for which in ("Untouched", "Metaxed")]
    files = {hashlib.sha256((shared_media / name).read_bytes()).hexdigest() for name in names}
    streams = {look(name)["stream_digest"] for name in names}
    assert (len(files), len(streams)) == (2, 1)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("video/sample_fragmented.mp4", 1.07),
        ("audio/sample_nb.amr", 4.36),
        ("audio/test.wav", 8.31),
        ("video/karma.mp4", 12.08),
    ],
)
def test_lengths_come_from_the_packets(name, seconds, look) -> None:
    assert look(name)["duration"] == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize(
    ("name", "plays"),
    [
        ("video/karma.mp4", True),
        ("video/with-gps.mov", True),
        ("audio/test.wav", True),
        ("jpeg/DSCN0010.jpg", True),
        ("video/hlg10-color-test.mp4", False),
        ("video/MVI_4823.AVI", False),
        ("video/sample.3gp", False),
        ("audio/sample_ima_adpcm.wav", False),
        ("audio/sample_nb.amr", False),
    ],
)
def test_what_browsers_play(name, plays, look) -> None:
    assert look(name)["playable_in_browser"] is plays


@pytest.mark.parametrize(
    ("name", "field", "zone", "utc"),
    [
        ("video/with-gps.mov", "mvhd.creation_time", "utc-by-standard", "2019-07-24T08:25:57Z"),
        ("video/with-gps.mov", "com.apple.quicktime.creationdate", "stated", "2019-07-24T08:25:40Z"),
        ("video/MVI_4823.AVI", "IDIT", "local-assumed", "2012-09-10T12:52:00Z"),
        ("jpeg/DSCN0010.jpg", "EXIF DateTimeOriginal", "local-assumed", "2008-10-22T08:28:39Z"),
        ("jpeg/DSCN0010.jpg", "GPS DateStamp/TimeStamp", "utc-by-standard", "2008-10-23T14:27:07.240000Z"),
        ("jpeg/ultrahdr.jpg", "EXIF DateTimeOriginal", "stated", "2024-05-07T01:33:04Z"),
    ],
)
def test_times(name, field, zone, utc, look) -> None:
    (time,) = [time for time in look(name)["times"] if time["field"] == field]
    assert (time["zone"], time["utc"]) == (zone, utc)


@pytest.mark.parametrize(
    ("name", "lat", "lon", "alt"),
    [
        ("video/FLIR Thermal.mp4", 34.0754, -118.2543, None),
        ("video/with-gps.mov", 32.0929, 34.862, 28.516),
        ("jpeg/DSCN0010.jpg", 43.4674483, 11.8851267, None),
    ],
)
def test_places(name, lat, lon, alt, look) -> None:
    place = look(name)["gps"]
    assert (place["lat"], place["lon"], place["alt"]) == (lat, lon, alt)


@pytest.mark.parametrize(
    ("name", "readable", "code"),
    [
        ("truncated_jpeg.jpg", False, "jpeg_truncated"),
        ("init_truncated.mp4", False, "truncated"),
        ("chunk_out_of_range.mp4", False, "chunk_out_of_range"),
        ("sample_missing_stsd.mp4", True, "missing_stsd"),
        ("decompression_bomb.gif", False, "decompression_bomb"),
        ("symlinks.zip", False, "not_media"),
        ("traverse-via-links.tar", False, "not_media"),
        ("sample-with-large-length.avi", True, "av_length_disagrees"),
    ],
)
def test_damaged_files_say_what_is_wrong(name, readable, code, look) -> None:
    result = look(f"bad/{name}")
    assert result["readable"] is readable
    assert code in _codes(result)
