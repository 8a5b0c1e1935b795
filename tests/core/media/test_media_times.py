"""Reading times and positions: raw value, zone assumption, UTC."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuhen.core.media.gps import from_exif, from_iso6709
from liuhen.core.media.times import parse_offset, read_1904, read_text


@pytest.mark.parametrize(
    ("raw", "zone", "utc"),
    [
        ("2019-07-24T11:25:40+0300", "stated", "2019-07-24T08:25:40Z"),
        ("2024-05-07T09:33:04+08:00", "stated", "2024-05-07T01:33:04Z"),
        ("2021-05-16T19:27:55.000000Z", "stated", "2021-05-16T19:27:55Z"),
        ("2012-09-10 20:52:00", "local-assumed", "2012-09-10T12:52:00Z"),
        ("MON SEP 10 20:52:00 2012\n\0", "local-assumed", "2012-09-10T12:52:00Z"),
        ("2012/09/10/ 20:52", "local-assumed", "2012-09-10T12:52:00Z"),
        ("2008:10:22 16:28:39", "local-assumed", "2008-10-22T08:28:39Z"),
        ("2008:10:22 16:28:39.5", "local-assumed", "2008-10-22T08:28:39.500000Z"),
        ("1970:01:01 00:00:12", "local-assumed", None),
        ("0000:00:00 00:00:00", "unknown", None),
        ("2019", "unknown", None),
        ("2019-02-30 10:00:00", "unknown", None),
        ("Mon Foo 10 20:52:00 2012", "unknown", None),
        ("", "unknown", None),
    ],
)
def test_written_times(raw, zone, utc) -> None:
    read = read_text(raw, "field")
    assert (read["zone"], read["utc"], read["field"]) == (zone, utc, "field")


def test_an_offset_beside_the_time_is_a_stated_zone() -> None:
    read = read_text("2024:05:07 09:33:04", "EXIF DateTimeOriginal", offset="+08:00")
    assert (read["zone"], read["utc"]) == ("stated", "2024-05-07T01:33:04Z")


def test_a_field_that_is_utc_by_standard_is_not_taken_for_local() -> None:
    read = read_text("2008:10:23 14:27:07.24", "GPS DateStamp/TimeStamp", standard_utc=True)
    assert (read["zone"], read["utc"]) == ("utc-by-standard", "2008-10-23T14:27:07.240000Z")


@pytest.mark.parametrize(
    ("seconds", "utc"),
    [
        (3704038075, "2021-05-16T19:27:55Z"),
        (0, None),
        (2082844800, None),
        (2**64 - 1, None),
        (2**32 - 1, "2040-02-06T06:28:15Z"),
    ],
)
def test_box_times_count_from_1904(seconds, utc) -> None:
    assert read_1904(seconds, "mvhd.creation_time") == {
        "raw": str(seconds),
        "field": "mvhd.creation_time",
        "zone": "utc-by-standard",
        "utc": utc,
    }


@pytest.mark.parametrize("text", ["+08", "+99:00", "08:00", "+08:77", ""])
def test_what_is_no_offset(text) -> None:
    assert parse_offset(text) is None


@given(st.text(max_size=40))
def test_no_text_makes_the_reader_stumble(text) -> None:
    read = read_text(text, "field", offset=text)
    assert read["utc"] is None or read["utc"].endswith("Z")


@pytest.mark.parametrize(
    ("raw", "lat", "lon", "alt"),
    [
        ("+37.5002+127.0362/", 37.5002, 127.0362, None),
        ("+32.0929+034.8620+028.516/", 32.0929, 34.862, 28.516),
        ("-33.8500-070.6500/", -33.85, -70.65, None),
        ("+3730.50+12702.25/", 37.508333, 127.0375, None),
        ("+373030+1270215/", 37.508333, 127.0375, None),
        ("+00.0000+000.0000/", 0, 0, None),
    ],
)
def test_iso_6709(raw, lat, lon, alt) -> None:
    position = from_iso6709(raw, "location")
    assert position is not None
    assert (position["lat"], position["lon"]) == pytest.approx((lat, lon), abs=1e-6)
    assert (position["alt"], position["raw"], position["field"]) == (alt, raw, "location")


@pytest.mark.parametrize(
    "raw", ["", "+91.0+000.0/", "+10.0+181.0/", "somewhere", "+1.0", "+" + "9" * 400 + ".0+1.0/"]
)
def test_what_is_no_position(raw) -> None:
    assert from_iso6709(raw, "location") is None


def test_exif_positions_south_west_and_below_the_sea() -> None:
    tags = {1: "S", 2: (33, 30, 0), 3: "W", 4: (70, 15, 36), 5: b"\x01", 6: 4}
    position = from_exif(tags, "2026-01-01T00:00:00Z")
    assert position is not None
    assert (position["lat"], position["lon"], position["alt"]) == (-33.5, -70.26, -4.0)
    assert position["utc"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "tags", [{}, {1: "N"}, {1: "N", 2: ("x", 0, 0), 3: "E", 4: (1, 2, 3)}, {1: "N", 2: 5, 3: "E", 4: 6}]
)
def test_exif_positions_that_are_none(tags) -> None:
    assert from_exif(tags, None) is None
