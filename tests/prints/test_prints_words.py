import pytest

from liuhen.prints import words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("DCIM/普通名字 1.mp4", "DCIM/普通名字 1.mp4"),
        ("a\x1b[31m", "a〔U+001B〕[31m"),
        ("cod\u202e4pm.exe", "cod〔U+202E〕4pm.exe"),
        ("two\nlines", "two〔U+000A〕lines"),
        (b"\xb5\xc4.mp4".decode("utf-8", "surrogateescape"), "〔0xB5〕〔0xC4〕.mp4"),
        ("lone\ud800", "lone〔U+D800〕"),
        ("soft\xadhyphen", "soft〔U+00AD〕hyphen"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert words.visible(text) == shown


def test_a_character_the_font_lacks_is_written_out() -> None:
    assert words.visible("车😀号", {ord("车"), ord("号")}) == "车〔U+1F600〕号"


def test_plain_text_is_written_out_too_when_the_font_lacks_it() -> None:
    assert words.visible("车x", {ord("车")}) == "车〔U+0078〕"


def test_wide_characters_count_two_cells_and_combining_marks_none() -> None:
    assert words.width("a录像") == 5
    assert words.width("e\u0301") == 1


def test_padding_fills_cells_not_characters() -> None:
    assert words.pad("录像", 6) == "录像  "
    assert words.pad("9", 3, right=True) == "  9"
    assert words.pad("录像录像", 6) == "录像录像"


def test_times_are_shown_in_beijing_whatever_their_zone() -> None:
    assert words.moment("2026-01-31T16:30:00+00:00") == "2026-02-01 00:30:00"
    assert words.moment("2026-02-01T00:30:00+08:00") == "2026-02-01 00:30:00"
    assert words.moment(None) == "—"


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without zone"):
        words.moment("2026-01-31T16:30:00")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "—"),
        (0.0, "0.0 秒"),
        (4.24, "4.2 秒"),
        (59.99, "00:01:00"),
        (3725.5, "01:02:06"),
        (360000, "100:00:00"),
    ],
)
def test_durations_read_like_a_clock(seconds: float | None, shown: str) -> None:
    assert words.span(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 字节"),
        (999, "999 字节"),
        (1000, "1.0 KB"),
        (999_960, "1.0 MB"),
        (412_345_678, "412.3 MB"),
        (2**61, "2305843.0 TB"),
    ],
)
def test_sizes_are_rounded_in_decimal_units(count: int, shown: str) -> None:
    assert words.size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (31.0, "设备快 31.0 秒"),
        (-31.0, "设备慢 31.0 秒"),
        (0.0, "设备与服务器一致"),
        (-28800.4, "设备慢 8 小时"),
        (90061, "设备快 1 天 1 小时 1 分 1 秒"),
        (59.97, "设备快 1 分"),
    ],
)
def test_a_clock_offset_says_which_way(seconds: float, shown: str) -> None:
    assert words.clock_offset(seconds) == shown
