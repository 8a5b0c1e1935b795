"""The probe of whole files made here: every field of the contract."""

from __future__ import annotations

import struct

import pytest
from corpus.media.media_makers import box, make_photo, make_sound, make_video, patch
from PIL import Image


def _codes(result) -> list[str]:
    return [finding["code"] for finding in result["findings"]]


def test_a_video_says_what_it_is(tmp_path, probe) -> None:
    tags = {"creation_time": "2026-01-02T03:04:05Z", "location": "+39.9042+116.4074/"}
    result = probe(make_video(tmp_path / "a.mp4", tags=tags))
    assert result["readable"] and result["playable_in_browser"]
    assert (result["kind"], result["container"], result["codecs"]) == ("video", "mp4", ["h264", "aac"])
    assert (result["width"], result["height"], result["fps"], result["frames"]) == (64, 48, 25.0, 25)
    assert (result["sample_rate"], result["channels"], result["gaps"]) == (8000, 1, [])
    assert result["duration"] == pytest.approx(1.0, abs=0.05)
    assert (result["gps"]["lat"], result["gps"]["lon"]) == (39.9042, 116.4074)
    assert {time["field"]: time["utc"] for time in result["times"]} == {
        "mvhd.creation_time": "2026-01-02T03:04:05Z",
        "format.creation_time": "2026-01-02T03:04:05Z",
        "stream[0].creation_time": "2026-01-02T03:04:05Z",
        "stream[1].creation_time": "2026-01-02T03:04:05Z",
    }
    assert {time["zone"] for time in result["times"]} == {"utc-by-standard"}


def test_a_gap_is_found_to_the_frame(tmp_path, probe) -> None:
    result = probe(make_video(tmp_path / "a.mp4", hole=(0.4, 1.0), sound=2.0))
    assert result["gaps"] == [{"stream": 0, "start": 0.36, "length": 1.04}]


def test_a_stream_that_starts_late_is_no_gap(tmp_path, probe) -> None:
    assert probe(make_video(tmp_path / "a.ts"))["gaps"] == []


def test_a_fragmented_file_has_its_length_from_its_packets(tmp_path, probe) -> None:
    options = {"movflags": "frag_keyframe+empty_moov"}
    result = probe(make_video(tmp_path / "a.mp4", options=options))
    assert result["frames"] == 25
    assert result["duration"] == pytest.approx(1.0, abs=0.2)
    assert result["gaps"] == []
    assert "truncated" not in _codes(result)


def test_pictures_hidden_by_an_edit_list_are_not_missing(tmp_path, probe) -> None:
    path = make_video(tmp_path / "a.mp4", sound=None)
    patch(path, b"elst", struct.pack(">I", 8960), offset=4 + 12)  # begin 0.7 s into the film
    result = probe(path)
    assert result["frames"] < 20
    assert "edit_list" in _codes(result) and "packets_missing" not in _codes(result)


def test_a_cut_file_with_its_index_in_front_is_readable_and_marked(tmp_path, probe) -> None:
    path = make_video(tmp_path / "a.mp4", seconds=3, options={"movflags": "+faststart"})
    path.write_bytes(path.read_bytes()[: -path.stat().st_size // 3])
    result = probe(path)
    assert result["readable"]
    assert result["duration"] < 2.5 < result["header_duration"]
    assert "truncated" in _codes(result)


def test_sound_in_a_film_container_is_audio_without_frames(tmp_path, probe) -> None:
    result = probe(make_sound(tmp_path / "a.mp4", codec="aac"))
    assert (result["kind"], result["frames"], result["codecs"]) == ("audio", None, ["aac"])


@pytest.mark.parametrize(
    ("name", "codec", "container", "plays"),
    [
        ("a.wav", "pcm_s16le", "wav", True),
        ("a.wav", "adpcm_ima_wav", "wav", False),
        ("a.mp3", "libmp3lame", "mp3", True),
        ("a.amr", "libopencore_amrnb", "amr", False),
        ("a.aac", "aac", "aac", True),
    ],
)
def test_sounds(name, codec, container, plays, tmp_path, probe) -> None:
    result = probe(make_sound(tmp_path / name, codec=codec))
    assert (result["container"], result["kind"], result["playable_in_browser"]) == (container, "audio", plays)
    assert result["readable"]
    assert result["duration"] == pytest.approx(1.0, abs=0.2)
    assert "wrong_extension" not in _codes(result)


def test_the_length_of_raw_amr_is_counted_in_frames(tmp_path, probe) -> None:
    path = tmp_path / "a.amr"
    path.write_bytes(b"#!AMR\n" + (b"\x3c" + bytes(31)) * 150)  # mode 12.2: 32 bytes for 20 ms
    assert probe(path)["duration"] == pytest.approx(3.0)


def test_rotation_is_told_clockwise(tmp_path, probe) -> None:
    assert probe(make_video(tmp_path / "a.mp4", rotation=-90))["rotation"] == 90
    assert probe(make_photo(tmp_path / "a.jpg", orientation=6))["rotation"] == 90


def test_a_photo_says_what_it_is(tmp_path, probe) -> None:
    place = {
        1: "N",
        2: (39.0, 54.0, 15.0),
        3: "E",
        4: (116.0, 24.0, 27.0),
        7: (1.0, 2.0, 3.0),
        29: "2026:01:02",
    }
    path = make_photo(tmp_path / "a.jpg", taken="2026:01:02 09:02:00", offset="+08:00", place=place)
    result = probe(path)
    assert result["readable"] and result["playable_in_browser"]
    assert (result["kind"], result["frames"], result["duration"]) == ("photo", 1, None)
    assert (result["width"], result["height"]) == (320, 240)
    assert (result["make"], result["model"]) == ("Maker", "Recorder 1")
    assert result["gps"]["lat"] == pytest.approx(39.9041667)
    assert result["gps"]["utc"] == "2026-01-02T01:02:03Z"
    assert {time["field"]: (time["zone"], time["utc"]) for time in result["times"]} == {
        "EXIF DateTimeOriginal": ("stated", "2026-01-02T01:02:00Z"),
        "GPS DateStamp/TimeStamp": ("utc-by-standard", "2026-01-02T01:02:03Z"),
    }
    assert result["findings"] == []
    assert result["stream_digest"].startswith("sha256:")


def test_a_photo_without_a_fix_has_no_place(tmp_path, probe) -> None:
    place = {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}
    result = probe(make_photo(tmp_path / "a.jpg", place=place))
    assert result["gps"] is None
    assert "gps_no_fix" in _codes(result)


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.webp", "a.bmp", "a.tif"])
def test_other_photos_say_why_they_have_no_digest_of_the_picture(name, tmp_path, probe) -> None:
    result = probe(make_photo(tmp_path / name))
    assert result["readable"]
    assert result["stream_digest"] is None
    assert result["stream_digest_note"]
    assert result["playable_in_browser"] is (name != "a.tif")


def test_a_heic_without_a_movie_index_is_not_called_truncated(tmp_path, probe) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(box(b"ftyp", b"heic" + bytes(4) + b"mif1") + box(b"meta", bytes(40)))
    result = probe(path)
    assert (result["kind"], result["container"]) == ("photo", "heic")
    assert "truncated" not in _codes(result)


def test_papers_on_the_card_are_named_and_left_alone(tmp_path, probe) -> None:
    for name, content in {
        "说明.txt": "文本说明".encode("gb18030") * 20,
        "a.pdf": b"%PDF-1.4 " + bytes(50),
        "noise.dat": bytes(range(256)) * 9,
    }.items():
        (tmp_path / name).write_bytes(content)
        result = probe(tmp_path / name)
        assert _codes(result) == ["not_media"]
        assert (result["kind"], result["readable"]) == ("other", False)


def test_the_full_picture_is_decoded_not_only_its_header(tmp_path, probe) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (200, 200), "red").save(path)
    path.write_bytes(path.read_bytes()[:-40])
    assert not probe(path)["readable"]
