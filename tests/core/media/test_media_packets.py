"""The pass over the packets, and the digest over the streams."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import av.error
import pytest
from corpus.media.media_makers import make_sound, make_video

from liuhen.core.media import packets
from liuhen.core.media.playable import playable_in_browser


def test_a_change_of_tags_leaves_the_stream_digest_alone(tmp_path, probe) -> None:
    plain = probe(make_video(tmp_path / "a.mp4"))
    tagged = probe(
        make_video(tmp_path / "b.mp4", tags={"title": "other", "creation_time": "2026-01-01T00:00:00Z"})
    )
    other = probe(make_video(tmp_path / "c.mp4", seconds=1.2))
    assert (tmp_path / "a.mp4").read_bytes() != (tmp_path / "b.mp4").read_bytes()
    assert plain["stream_digest"] == tagged["stream_digest"] != other["stream_digest"]


def test_moving_the_index_to_the_front_leaves_the_stream_digest_alone(tmp_path, probe) -> None:
    back, front = make_video(tmp_path / "a.mp4"), tmp_path / "b.mp4"
    make_video(front, options={"movflags": "+faststart"})
    assert probe(back)["stream_digest"] == probe(front)["stream_digest"]


def test_the_stream_digest_is_what_its_definition_says(tmp_path) -> None:
    path = make_sound(tmp_path / "a.wav")
    samples = path.read_bytes()[44:]
    inner = hashlib.sha256(samples).hexdigest()
    expected = hashlib.sha256(f"0:pcm_s16le:{inner}\n".encode()).hexdigest()
    assert packets.read_file(str(path)).digest() == f"sha256:{expected}"


def test_one_bit_of_one_packet_changes_the_stream_digest(tmp_path, probe) -> None:
    path = make_sound(tmp_path / "a.wav")
    before = probe(path)["stream_digest"]
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert probe(path)["stream_digest"] != before


def test_a_pass_that_meets_an_error_keeps_what_it_has_and_says_why() -> None:
    def demux():
        yield SimpleNamespace(size=3)
        yield SimpleNamespace(size=0)
        raise av.error.InvalidDataError(1, "bad", "file")

    damage: list[str] = []
    seen = list(packets._demux(SimpleNamespace(demux=demux), damage))
    assert [packet.size for packet in seen] == [3]
    assert damage == ["数据不符合格式"]


def test_running_out_of_memory_is_not_swallowed() -> None:
    def demux():
        raise av.error.MemoryError(12, "no memory", "file")
        yield

    with pytest.raises(MemoryError):
        list(packets._demux(SimpleNamespace(demux=demux), []))


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:1,\n{}\n", "ffconcat version 1.0\nfile '{}'\n"])
def test_a_playlist_opens_no_other_file(text, tmp_path) -> None:
    make_sound(tmp_path / "other.wav")
    listing = tmp_path / "list.mp4"
    listing.write_text(text.format("other.wav"))
    with pytest.raises(av.error.FFmpegError):
        packets.read_file(str(listing))


@pytest.mark.parametrize(
    ("container", "video", "audio", "profile", "plays"),
    [
        ("mp4", [("h264", "yuv420p")], ["aac"], "High", True),
        ("mp4", [("h264", "yuvj420p")], [], "Main", True),
        ("mov", [("h264", "yuv420p")], ["aac"], "Baseline", True),
        ("mp4", [("hevc", "yuv420p")], ["aac"], "Main", False),
        ("mp4", [("h264", "yuv420p10le")], ["aac"], "High 10", False),
        ("mp4", [("h264", "yuv422p")], [], "High 4:2:2", False),
        ("mp4", [("h264", "yuv420p")], ["amr_nb"], "High", False),
        ("avi", [("h264", "yuv420p")], ["mp3"], "High", False),
        ("avi", [("mjpeg", "yuvj422p")], ["pcm_s16le"], None, False),
        ("3gp", [("h263", "yuv420p")], ["amr_nb"], None, False),
        ("webm", [("vp9", "yuv420p")], ["opus"], "Profile 0", True),
        ("wav", [], ["pcm_s16le"], None, True),
        ("wav", [], ["adpcm_ima_wav"], None, False),
        ("amr", [], ["amr_nb"], None, False),
        ("mp3", [], ["mp3"], None, True),
        ("m4a", [], ["aac"], None, True),
        ("mp4", [], [], None, False),
        (None, [("h264", "yuv420p")], [], "High", False),
    ],
)
def test_what_a_browser_plays(container, video, audio, profile, plays) -> None:
    assert playable_in_browser(container, video, audio, profile) is plays
