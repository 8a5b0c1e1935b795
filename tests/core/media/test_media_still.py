"""A still is the very picture of the moment: exact, upright, lossless, whatever the container and its gaps."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from corpus.media.media_makers import FPS, cut, make_sound, make_video
from PIL import Image

from liuhen.core.media.asking import NoPictureError
from liuhen.core.media.still import still_source

pytestmark = pytest.mark.slow


def _still(path: Path, folder: Path, seconds: float):
    with path.open("rb") as source:
        told = still_source(source, str(folder), seconds)
    with Image.open(folder / told["file"]) as image:
        return told, np.asarray(image.convert("RGB"), dtype=int)


def _decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_image(), dtype=int) for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [("a.mp4", "libx264", "yuv420p"), ("a.mp4", "libx265", "yuv420p"), ("a.avi", "mjpeg", "yuvj422p")],
)
def test_every_frame_is_found_by_its_moment_and_no_other(tmp_path: Path, name, codec, pixels) -> None:
    path = make_video(tmp_path / name, seconds=2, codec=codec, pixels=pixels, sound=None)
    frames = _decoded(path)
    for number in (0, 1, 9, 10, 11, 24, 25, 37, 49):
        for within in (0.0, 0.5, 0.9):
            told, picture = _still(path, tmp_path, (number + within) / FPS)
            assert told["seconds"] == pytest.approx(number / FPS, abs=1e-4)
            assert np.array_equal(picture, frames[number]), (number, within)


def test_inside_a_gap_the_picture_before_it_is_still_on_the_screen(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", seconds=2, hole=(1.0, 3.0), sound=None)
    frames = _decoded(path)
    told, picture = _still(path, tmp_path, 2.5)
    assert told["seconds"] == pytest.approx(24 / FPS, abs=1e-4)
    assert np.array_equal(picture, frames[24])
    told, picture = _still(path, tmp_path, 4.0)
    assert np.array_equal(picture, frames[25])


def test_after_the_end_it_is_the_last_picture(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", seconds=1, sound=None)
    told, picture = _still(path, tmp_path, 99.0)
    assert np.array_equal(picture, _decoded(path)[-1])
    assert told["seconds"] == pytest.approx(24 / FPS, abs=1e-4)


def test_a_film_that_does_not_start_at_nought_counts_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "late.ts"
    with av.open(str(path), "w", format="mpegts") as out:
        video = out.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt, video.gop_size = 64, 48, "yuv420p", 5
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(
                np.full((48, 64, 3), number * 10, dtype=np.uint8), format="rgb24"
            )
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number + 100 * FPS, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    told, picture = _still(path, tmp_path, 12.5 / FPS)
    assert told["seconds"] == pytest.approx(12 / FPS, abs=1e-3)
    assert abs(picture.mean() - 120) < 6


def test_it_stands_upright(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", rotation=-90, sound=None)
    told, picture = _still(path, tmp_path, 0.1)
    assert (told["width"], told["height"], told["rotation"]) == (48, 64, 90)
    assert picture.shape == (64, 48, 3)


def test_through_the_child_it_is_the_same_picture(tmp_path: Path, analyser) -> None:
    path = make_video(tmp_path / "a.mp4", seconds=1, sound=None)
    told = analyser.still(path, tmp_path, 0.5)
    with Image.open(tmp_path / told["file"]) as image:
        assert np.array_equal(np.asarray(image, dtype=int), _decoded(path)[12])


@pytest.mark.parametrize("what", ["sound", "rubbish", "empty", "missing"])
def test_without_a_picture_it_says_so(tmp_path: Path, analyser, what: str) -> None:
    path = tmp_path / "a.wav"
    if what == "sound":
        make_sound(path)
    elif what != "missing":
        path.write_bytes(b"" if what == "empty" else b"no film" * 100)
    with pytest.raises(NoPictureError) as refused:
        analyser.still(path, tmp_path, 0.5)
    assert "怎么办" in str(refused.value)
    assert not list(tmp_path.glob("*.png")) and not list(tmp_path.glob(".draft*"))


def test_a_cut_film_gives_what_can_be_decoded(tmp_path: Path) -> None:
    path = cut(make_video(tmp_path / "a.avi", seconds=2, codec="mjpeg", pixels="yuvj422p", sound=None), 0.6)
    told, _ = _still(path, tmp_path, 0.4)
    assert told["seconds"] == pytest.approx(0.4, abs=1e-3)
