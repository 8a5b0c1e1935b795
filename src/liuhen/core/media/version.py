"""Who analysed: our own version and those of the foreign libraries, stored with every result.

- Versions of FFmpeg disagree about one and the same file, so a result without its analyser is worth little.
- `RULES` goes up whenever our own reading changes.
"""

from __future__ import annotations

import functools

RULES = 2  # 2: previews measure picture and sound (quality.py)
ANALYSER_VERSION: str


@functools.cache
def analyser_version() -> str:
    """`liuhen-media/1 PyAV/… FFmpeg/… (libavformat …) Pillow/…`. Loads the libraries."""
    import av
    import PIL

    libraries = " ".join(
        f"{name}/{'.'.join(map(str, av.library_versions[name]))}"
        for name in ("libavformat", "libavcodec", "libavutil")
    )
    ours = f"liuhen-media/{RULES} PyAV/{av.__version__} FFmpeg/{av.ffmpeg_version_info}"
    return f"{ours} {libraries} Pillow/{PIL.__version__}"


def __getattr__(name: str) -> str:
    """`ANALYSER_VERSION` is worked out when asked for: the parent need not load the libraries."""
    if name == "ANALYSER_VERSION":
        return analyser_version()
    raise AttributeError(name)
