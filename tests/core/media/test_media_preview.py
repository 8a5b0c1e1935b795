"""Previews: what is made, that it is whole, upright and in time, and that browsers can play it."""

from __future__ import annotations

import json
from fractions import Fraction

import av
import numpy as np
import pytest
from corpus.media.media_makers import cut, make_photo, make_sound, make_video
from PIL import Image

from liuhen.core.media.contract import DRAFT, blank_preview
from liuhen.core.media.preview import preview_source

pytestmark = pytest.mark.slow  # most of these encode a film


@pytest.fixture
def preview(tmp_path):
    """A preview as the child makes it: the result and the folder."""

    def run(path):
        out = tmp_path / "derived"
        out.mkdir(exist_ok=True)
        with path.open("rb") as source:
            return preview_source(source, str(out)), out

    return run


def _names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_video_that_browsers_play_gets_pictures_and_peaks_and_no_copy(tmp_path, preview) -> None:
    result, out = preview(make_video(tmp_path / "a.mp4", seconds=3, sound=3.0))
    assert result.keys() == blank_preview("").keys()
    assert (result["thumbnail"], result["peaks"], result["viewing"]) == ("thumb.jpg", "peaks.json", None)
    assert result["findings"] == []
    assert _names(out) == {"thumb.jpg", "strip.jpg", "peaks.json"}


def test_the_strip_is_as_large_as_its_grid_says(tmp_path, preview) -> None:
    result, out = preview(make_video(tmp_path / "a.mp4", seconds=12, sound=None))
    strip = result["strip"]
    assert (strip["count"], strip["columns"], strip["rows"], strip["interval"]) == (12, 10, 2, 1.0)
    with Image.open(out / "strip.jpg") as sheet:
        assert sheet.size == (10 * strip["tile_width"], 2 * strip["tile_height"])


def test_tiles_show_their_moment(tmp_path, preview) -> None:
    """The ramp moves, so tiles of different moments differ."""
    _, out = preview(make_video(tmp_path / "a.mp4", seconds=3, sound=None))
    with Image.open(out / "strip.jpg") as sheet:
        tiles = [np.asarray(sheet.crop((160 * n, 0, 160 * n + 160, 120)), dtype=int) for n in range(3)]
    assert abs(tiles[0] - tiles[1]).mean() > 10
    assert abs(tiles[1] - tiles[2]).mean() > 10


def test_pictures_stand_upright(tmp_path, preview) -> None:
    _, out = preview(make_video(tmp_path / "a.mp4", rotation=-90, sound=None))
    with Image.open(out / "thumb.jpg") as thumb:
        assert thumb.height > thumb.width
    _, out = preview(make_photo(tmp_path / "a.jpg", orientation=6))
    with Image.open(out / "thumb.jpg") as thumb:
        assert thumb.height > thumb.width


@pytest.mark.parametrize("codec", ["mpeg4", "mjpeg"])
def test_an_avi_gets_a_copy_that_browsers_play(codec, tmp_path, preview, probe) -> None:
    pixels = "yuvj422p" if codec == "mjpeg" else "yuv420p"
    result, out = preview(make_video(tmp_path / "a.avi", codec=codec, pixels=pixels, options={}))
    assert result["findings"] == []
    copy = probe(out / result["viewing"])
    assert copy["playable_in_browser"]
    assert copy["codecs"] == ["h264", "aac"]
    assert copy["frames"] == 25
    assert copy["duration"] == pytest.approx(1.0, abs=0.15)
    assert copy["streams"][0]["pixel_format"] == "yuv420p"


def test_the_copy_has_its_index_in_front_and_not_only_key_frames(tmp_path, preview, probe) -> None:
    result, out = preview(make_video(tmp_path / "a.avi", codec="mjpeg", pixels="yuvj420p"))
    data = (out / result["viewing"]).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert probe(out / result["viewing"])["streams"][0]["key_packets"] < 25


def test_the_copy_keeps_every_picture_at_its_moment(tmp_path, preview) -> None:
    source = make_video(tmp_path / "a.mkv", codec="mpeg4", hole=(0.4, 1.0), sound=2.0)
    result, out = preview(source)

    def moments(path) -> list[float]:
        with av.open(str(path)) as container:
            return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]

    assert moments(out / result["viewing"]) == pytest.approx(moments(source), abs=0.002)


def test_the_copy_keeps_the_rotation(tmp_path, preview, probe) -> None:
    source = make_video(tmp_path / "a.mov", codec="mpeg4", rotation=-90)
    result, out = preview(source)
    assert probe(source)["rotation"] == probe(out / result["viewing"])["rotation"] == 90


@pytest.mark.parametrize(
    ("name", "codec"), [("a.wav", "adpcm_ima_wav"), ("a.amr", "libopencore_amrnb"), ("a.wav", "pcm_alaw")]
)
def test_sound_that_browsers_refuse_gets_an_aac_copy(name, codec, tmp_path, preview, probe) -> None:
    result, out = preview(make_sound(tmp_path / name, codec=codec))
    assert result["viewing"] == "viewing.m4a"
    copy = probe(out / "viewing.m4a")
    assert (copy["codecs"], copy["playable_in_browser"]) == (["aac"], True)
    assert copy["duration"] == pytest.approx(1.0, abs=0.2)


def test_missing_sound_becomes_silence_in_the_copy(tmp_path, preview) -> None:
    """Half a second of tone, two seconds of nothing, half a second of tone."""
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        for start in (0, 20_000):
            for at in range(start, start + 4000, 800):
                tone = (12_000 * np.sin(np.arange(800) * 0.3)).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(tone[None, :], format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = 8000, at, Fraction(1, 8000)
                out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    result, derived = preview(path)
    wave = json.loads((derived / "peaks.json").read_text())
    loud = [high > 20 for high in wave["peaks"][1::2]]
    assert loud[2:8] == [True] * 6 and loud[12:48] == [False] * 36 and loud[52:58] == [True] * 6
    with av.open(str(derived / result["viewing"])) as copy:
        length = sum(frame.samples for frame in copy.decode(audio=0)) / 8000
    assert length == pytest.approx(3.0, abs=0.2)


def test_peaks_are_pairs_of_low_and_high_in_eight_bits(tmp_path, preview) -> None:
    _, out = preview(make_sound(tmp_path / "a.wav", seconds=2))
    wave = json.loads((out / "peaks.json").read_text())
    assert wave["seconds"] == pytest.approx(2.0)
    assert len(wave["peaks"]) == 2 * 2 * wave["per_second"]
    assert all(
        low == -32 and 30 <= high <= 31
        for low, high in zip(wave["peaks"][::2], wave["peaks"][1::2], strict=True)
    )


def test_what_cannot_be_made_is_said_and_leaves_nothing_half_made(tmp_path, preview) -> None:
    result, out = preview(cut(make_photo(tmp_path / "a.jpg"), 0.5))
    assert result["thumbnail"] is None
    assert [finding["code"] for finding in result["findings"]] == ["preview_failed"]
    assert not [name for name in _names(out) if name.startswith(DRAFT)]


def test_a_photo_that_browsers_do_not_show_gets_a_jpeg(tmp_path, preview) -> None:
    result, out = preview(make_photo(tmp_path / "a.tif"))
    assert result["viewing"] == "viewing.jpg"
    with Image.open(out / "viewing.jpg") as copy:
        assert (copy.format, copy.size) == ("JPEG", (320, 240))


def test_papers_and_empty_files_get_no_preview_and_no_complaint(tmp_path, preview) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 ")
    (tmp_path / "b.mp4").touch()
    for name in ("a.pdf", "b.mp4"):
        result, out = preview(tmp_path / name)
        assert result["findings"] == [] and _names(out) == set()


def test_the_analyser_makes_previews_and_clears_drafts(analyser, tmp_path) -> None:
    out = tmp_path / "new" / "folder"
    result = analyser.preview(make_video(tmp_path / "a.avi", codec="mpeg4"), out)
    assert _names(out) == {"thumb.jpg", "strip.jpg", "peaks.json", "viewing.mp4"}
    assert result["viewing"] == "viewing.mp4"
    (out / f"{DRAFT}viewing.mp4").write_bytes(b"half")
    assert analyser.preview(tmp_path / "missing.mp4", out)["findings"][0]["code"] == "unreadable"
