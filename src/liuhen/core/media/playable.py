"""Which originals a browser plays as they are (Chromium ≥ 94 on Linux, proprietary codecs included).

- Decided from container and codecs only: HEVC "plays" with sound and a 0 × 0 picture and no error, so trying
  proves nothing.
- What is not in the table is not playable; a viewing copy is made instead.
"""

from __future__ import annotations

from collections.abc import Iterable

_H264_FORMATS = {"yuv420p", "yuvj420p"}
_PCM = {"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"}
_VIDEO: dict[str, set[str]] = {
    "mp4": {"h264", "av1", "vp9"},
    "mov": {"h264"},
    "m4a": set(),
    "webm": {"vp8", "vp9", "av1"},
    "ogg": set(),
}
_AUDIO: dict[str, set[str]] = {
    "mp4": {"aac", "mp3", "opus", "flac"},
    "mov": {"aac", "mp3"},
    "m4a": {"aac", "mp3", "flac"},
    "webm": {"opus", "vorbis"},
    "ogg": {"opus", "vorbis", "flac"},
    "wav": _PCM,
    "mp3": {"mp3"},
    "aac": {"aac"},
    "flac": {"flac"},
}
_PHOTOS = {"jpeg", "png", "gif", "webp", "bmp"}


def playable_photo(container: str) -> bool:
    """Is this kind of image shown by the browser itself?"""
    return container in _PHOTOS


def playable_in_browser(
    container: str | None,
    video: Iterable[tuple[str, str | None]],
    audio: Iterable[str],
    profile: str | None = None,
) -> bool:
    """Does Chromium play the file? `video` is (codec, pixel format) a stream, `audio` the codecs.

    `profile` is the profile of the H.264 stream: the 4:2:2 and 4:4:4 ones are refused even before the pixels.
    """
    pictures, sounds = list(video), list(audio)
    if container is None or not (pictures or sounds):
        return False
    if profile and ("4:2:2" in profile or "4:4:4" in profile or "High 10" in profile):
        return False
    allowed = _VIDEO.get(container, set())
    for codec, pixels in pictures:
        if codec not in allowed or (codec == "h264" and pixels not in _H264_FORMATS):
            return False
    return all(codec in _AUDIO.get(container, set()) for codec in sounds)
