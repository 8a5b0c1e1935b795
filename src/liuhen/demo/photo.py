"""The demo card's photograph: JPEG with the EXIF that a recorder writes, position included."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Final

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from liuhen.demo.picture import osd_lines, still_rgb

MAKE: Final = "LIUHEN DEMO"
MODEL: Final = "DEMO-BWC-1"
LATITUDE: Final = Fraction("24.78125")
LONGITUDE: Final = Fraction("118.55125")


def write_photo(path: Path, *, serial: str, officer: str, at: datetime, number: int) -> None:
    """Write the photograph taken at `at` (aware, local)."""
    picture = still_rgb(number, osd_lines(serial, officer, at))
    picture.save(path, "JPEG", quality=88, exif=_exif(serial, at))


def made_by_us(path: Path) -> bool:
    """Whether a photograph carries the demo's own Make and Model. False for what cannot be read."""
    try:
        with Image.open(path) as picture:
            exif = picture.getexif()
            return (exif.get(ExifTags.Base.Make), exif.get(ExifTags.Base.Model)) == (MAKE, MODEL)
    except Exception:  # Pillow raises a dozen kinds on damaged files, and what is not ours is not ours
        return False


def _exif(serial: str, at: datetime) -> Image.Exif:
    exif = Image.Exif()
    local, offset = f"{at:%Y:%m:%d %H:%M:%S}", f"{at:%z}"
    zone = f"{offset[:3]}:{offset[3:5]}"
    exif[ExifTags.Base.Make] = MAKE
    exif[ExifTags.Base.Model] = MODEL
    exif[ExifTags.Base.DateTime] = local
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {
            ExifTags.Base.DateTimeOriginal: local,
            ExifTags.Base.DateTimeDigitized: local,
            ExifTags.Base.OffsetTime: zone,
            ExifTags.Base.OffsetTimeOriginal: zone,
            ExifTags.Base.OffsetTimeDigitized: zone,
            ExifTags.Base.BodySerialNumber: serial,
        }
    )
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(_position(at.astimezone(UTC)))
    return exif


def _position(at: datetime) -> dict[int, object]:
    gps = ExifTags.GPS
    return {
        gps.GPSVersionID: b"\x02\x03\x00\x00",
        gps.GPSLatitudeRef: "N",
        gps.GPSLatitude: _degrees(LATITUDE),
        gps.GPSLongitudeRef: "E",
        gps.GPSLongitude: _degrees(LONGITUDE),
        gps.GPSTimeStamp: (IFDRational(at.hour), IFDRational(at.minute), IFDRational(at.second)),
        gps.GPSDateStamp: f"{at:%Y:%m:%d}",
    }


def _degrees(angle: Fraction) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Degrees, minutes, seconds to a hundredth."""
    minutes = (angle % 1) * 60
    seconds = (minutes % 1) * 60
    return IFDRational(int(angle)), IFDRational(int(minutes)), IFDRational(round(seconds * 100), 100)
