"""What a photo says of itself: the only reader of Pillow for probing.

- Readable means: decoded to the last line. JPEGs are decoded at an eighth of their size, which reads every
  byte of the picture and skips most of the arithmetic.
- The picture's digest is that of jpeg.py; other formats have none, and the result says why.
- EXIF is hostile ground: whatever it raises becomes a finding.
"""

from __future__ import annotations

import warnings
from typing import Any, BinaryIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    MpoImagePlugin,  # noqa: F401 - or the JPEG reader imports it in every child anew
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from .contract import Probe, add, note_times
from .gps import from_exif, is_no_fix
from .jpeg import read_jpeg
from .playable import playable_photo
from .times import FileTime, read_text

# Named one by one: Pillow registers a format when its plugin is imported, and would load every plugin it has
# on meeting a name it does not know. Files of several JPEGs (MPO) come in through the JPEG reader.
_READERS = (
    JpegImagePlugin.JpegImageFile,
    PngImagePlugin.PngImageFile,
    GifImagePlugin.GifImageFile,
    WebPImagePlugin.WebPImageFile,
    BmpImagePlugin.BmpImageFile,
    TiffImagePlugin.TiffImageFile,
    AvifImagePlugin.AvifImageFile,
)
FORMATS = tuple(reader.format for reader in _READERS)
MAX_PIXELS = 150_000_000  # Pillow warns here and refuses at twice as many
_MAX_JPEG = 512 << 20

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _ORIENTATION, _SOFTWARE = 271, 272, 274, 305
# field, tag of the time, tag of the offset beside it, where both stand
_TIMES = (
    ("EXIF DateTimeOriginal", 36867, 36881),
    ("EXIF DateTimeDigitized", 36868, 36882),
    ("EXIF DateTime", 306, 36880),
)
_TURNS = {3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
ImageFile.LOAD_TRUNCATED_IMAGES = False


def open_photo(source: BinaryIO) -> Image.Image:
    """Open without decoding. Raises what Pillow raises, which is a lot."""
    return Image.open(source, formats=FORMATS)


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = str(value).strip(" \0") if value is not None else ""
    return text or None


def _exif(result: Probe, image: Image.Image) -> None:
    exif = image.getexif()
    detail, place = exif.get_ifd(_EXIF_IFD), exif.get_ifd(_GPS_IFD)
    result["make"], result["model"] = _text(exif.get(_MAKE)), _text(exif.get(_MODEL))
    result["encoder"] = _text(exif.get(_SOFTWARE))
    result["rotation"] = _TURNS.get(exif.get(_ORIENTATION, 1), 0)
    for name, tag, offset in _TIMES:
        raw = _text(detail.get(tag) if tag != 306 else exif.get(tag))
        if raw:
            result["times"].append(read_text(raw, name, offset=_text(detail.get(offset))))
    fix = _gps_time(place)
    if fix:
        result["times"].append(fix)
    _place(result, place, fix)


def _gps_time(place: dict[int, Any]) -> FileTime | None:
    date, clock = _text(place.get(29)), place.get(7)
    if not date or not clock or len(clock) != 3:
        return None
    hour, minute, second = (float(part) for part in clock)
    whole = f"{second:06.3f}".rstrip("0").rstrip(".")
    raw = f"{date} {int(hour):02d}:{int(minute):02d}:{whole}"
    return read_text(raw, "GPS DateStamp/TimeStamp", standard_utc=True)


def _place(result: Probe, place: dict[int, Any], fix: FileTime | None) -> None:
    position = from_exif(place, fix["utc"] if fix else None) if place else None
    if position and is_no_fix(position["lat"], position["lon"]):
        add(result, "gps_no_fix", raw=position["raw"])
    elif position:
        result["gps"] = position


def _picture(result: Probe, source: BinaryIO, size: int) -> None:
    """The digest of the picture alone, and whether a JPEG reaches its end."""
    if result["container"] != "jpeg":
        result["stream_digest_note"] = "仅对 JPEG 计算图像数据摘要，此格式以文件摘要为准。"
        return
    if size > _MAX_JPEG:
        result["stream_digest_note"] = "照片过大，未计算图像数据摘要。"
        return
    source.seek(0)
    facts = read_jpeg(source.read(_MAX_JPEG))
    if facts.digest is None:
        result["stream_digest_note"] = "JPEG 标记损坏，无法划定图像数据。"
    else:
        result["stream_digest"] = f"sha256:{facts.digest}"
    if not facts.complete:
        add(result, "jpeg_truncated")


def probe_photo(result: Probe, source: BinaryIO, size: int) -> None:
    """Fill in the result for a photo. Raises MemoryError only."""
    result |= {"kind": "photo", "frames": 1}
    _picture(result, source, size)
    source.seek(0)
    with warnings.catch_warnings(record=True) as said:  # Pillow only warns of most damage to EXIF
        warnings.simplefilter("always")
        trouble = _decode(result, source)
    trouble += [str(one.message) for one in said if "orrupt" in str(one.message)]
    if trouble:
        add(result, "exif_unreadable", reason=trouble[0][:200])
    note_times(result)


def _decode(result: Probe, source: BinaryIO) -> list[str]:
    """Open, read EXIF, decode; returns what was wrong with EXIF."""
    trouble: list[str] = []
    try:
        image = open_photo(source)
        result["width"], result["height"] = image.size
        result["codecs"], result["format"] = [(image.format or "unknown").lower()], image.format
        if image.format in ("JPEG", "MPO"):
            image.draft(None, (image.width // 8, image.height // 8))
        trouble = _try_exif(result, image)
        image.load()
        result["readable"] = True
        result["playable_in_browser"] = playable_photo(result["container"])
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:
        add(result, "decompression_bomb", pixels=_pixels(error))
    except Exception as error:  # Pillow on damaged bytes raises nearly anything
        if not any(one["code"] == "jpeg_truncated" for one in result["findings"]):
            add(result, "unreadable", reason=f"{type(error).__name__}: {error}"[:200])
    return trouble


def _try_exif(result: Probe, image: Image.Image) -> list[str]:
    raw = image.info.get("exif")
    body = raw.removeprefix(b"Exif\0\0") if isinstance(raw, bytes) else b""
    if body and body[:4] not in (b"II*\0", b"MM\0*"):
        return ["没有 TIFF 头"]  # Pillow takes it for an empty one and says nothing
    try:
        _exif(result, image)
    except MemoryError:
        raise
    except Exception as error:  # as above
        return [f"{type(error).__name__}: {error}"]
    return []


def _pixels(error: Exception) -> str:
    return "".join(part for part in str(error).split("pixels")[0] if part.isdigit()) or "?"
