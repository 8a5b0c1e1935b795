"""Picture and sound, measured: what is told, of which part, and what is not to be called bad."""

from __future__ import annotations

import pytest
from corpus.media import quality_makers as made
from corpus.media.media_makers import make_sound
from PIL import Image, ImageFilter

from liuhen.core.media.preview import preview_source
from liuhen.core.media.quality_found import CODES, quality_findings

pytestmark = pytest.mark.slow  # each encodes a film


@pytest.fixture
def told(tmp_path):
    """The findings of a film, by code."""

    def run(path, **more):
        out = tmp_path / "derived"
        out.mkdir(exist_ok=True)
        with path.open("rb") as source:
            result = preview_source(source, str(out))
        assert not result["findings"]
        return {one["code"]: one for one in quality_findings(result["quality"], result["seconds"], **more)}

    return run


def test_an_ordinary_film_has_nothing_to_tell(tmp_path, told) -> None:
    assert told(made.film(tmp_path / "a.mp4", 12, sound="none")) == {}


@pytest.mark.parametrize(
    ("code", "look"), [("dark", made.dark), ("covered", made.covered), ("blurred", made.blurred)]
)
def test_a_bad_part_is_told_with_its_seconds_and_by_one_word(code, look, tmp_path, told) -> None:
    found = told(made.film(tmp_path / "a.mp4", 20, look=look, during=(6, 14)))
    assert set(found) == {code}
    ((start, end),) = found[code]["params"]["stretches"]
    assert (start, end) == (pytest.approx(6, abs=1.01), pytest.approx(14, abs=1.01))
    assert "0:06 至 0:14" in found[code]["text"]


@pytest.mark.parametrize(
    ("code", "look"), [("dark", made.dark), ("covered", made.covered), ("blurred", made.blurred)]
)
def test_a_film_that_is_bad_throughout_is_told_as_a_whole(code, look, tmp_path, told) -> None:
    found = told(made.film(tmp_path / "a.mp4", 4, look=look))
    assert set(found) == {code}
    assert found[code]["text"].startswith("整段")


def test_a_hand_before_the_lens_for_a_moment_is_part_of_the_work(tmp_path, told) -> None:
    assert told(made.film(tmp_path / "a.mp4", 20, look=made.covered, during=(6, 9))) == {}


def test_a_night_that_can_be_read_is_neither_dark_nor_covered_nor_blurred(tmp_path, told) -> None:
    assert told(made.film(tmp_path / "a.mp4", 12, look=made.night)) == {}


def test_a_sensor_that_hangs_is_told_though_the_burnt_in_clock_goes_on(tmp_path, told) -> None:
    found = told(made.film(tmp_path / "a.mp4", 30, frozen=(8, 24)))
    assert set(found) == {"frozen"}
    ((start, end),) = found["frozen"]["params"]["stretches"]
    assert (start, end) == (pytest.approx(8, abs=2.01), pytest.approx(24, abs=1.01))


def test_a_scene_where_nothing_moves_is_not_called_frozen(tmp_path, told) -> None:
    assert told(made.film(tmp_path / "a.mp4", 20, still=True)) == {}


def test_a_muted_track_is_silent(tmp_path, told) -> None:
    found = told(made.film(tmp_path / "a.mp4", 4, sound="all"))
    assert set(found) == {"silent"}
    assert found["silent"]["text"] == "整段没有声音，没有任何信号。"


def test_a_long_silence_is_told_and_a_pause_is_not(tmp_path, told) -> None:
    found = told(made.film(tmp_path / "a.mp4", 50, sound=(10, 45)))
    ((start, end),) = found["silent"]["params"]["stretches"]
    assert (start, end) == (pytest.approx(10, abs=0.3), pytest.approx(45, abs=0.3))
    assert told(made.film(tmp_path / "b.mp4", 30, sound=(5, 20))) == {}


def test_a_recording_of_sound_alone_is_measured_too(tmp_path, told) -> None:
    assert told(make_sound(tmp_path / "a.wav", seconds=3)) == {}


@pytest.mark.parametrize(
    ("look", "codes"), [(None, set()), (made.dark, {"dark"}), (made.blurred, {"blurred"})]
)
def test_photographs_are_measured_by_their_thumbnail(look, codes, tmp_path, told) -> None:
    found = told(made.photo(tmp_path / "a.jpg", look))
    assert set(found) == codes
    assert all(one["text"].startswith("整幅") for one in found.values())


def test_a_low_resolution_is_a_note_where_it_is_asked_about(tmp_path, told) -> None:
    path = made.film(tmp_path / "a.mp4", 3)
    assert told(path) == {}
    found = told(path, size=(320, 180))
    assert [(one["code"], one["severity"]) for one in found.values()] == [("low_resolution", "note")]
    assert told(path, size=(320, 180), lines=180) == {}


@pytest.mark.parametrize("quality", [None, {}, {"pictures": None, "sound": None}])
def test_previews_that_measured_nothing_say_nothing(quality) -> None:
    assert quality_findings(quality, 10.0) == []


def test_nothing_is_said_of_the_time_that_no_picture_speaks_for() -> None:
    """Key pictures at 0, 2.3 and 10 s, all black, as a film that fades in and out has them."""
    black = {"luma": 0.5, "bright": 3.0, "range": 3.0, "flat": 1.0, "sharp": None, "same": None}
    pictures = {"every": 1.0, "at": [0.0, 2.3, 10.0], **{key: [value] * 3 for key, value in black.items()}}
    assert quality_findings({"pictures": pictures, "sound": None}, 11.1) == []


def test_none_of_the_real_files_is_called_bad(analyser, shared_media, tmp_path) -> None:
    """A thermal camera, slow motion, a logo on white, a film that fades in, 176 pixels: all of them can be seen."""
    found = {}
    for number, path in enumerate(sorted(one for one in shared_media.rglob("*") if one.is_file())):
        folder = tmp_path / str(number)
        folder.mkdir()
        result = analyser.preview(path, folder)
        codes = {one["code"] for one in quality_findings(result.get("quality"), result["seconds"])}
        assert codes <= CODES
        if codes:
            found[path.name] = codes
    assert found == {}


@pytest.mark.parametrize("name", ["DSCN0010.jpg", "DSCN0021.jpg", "DSCN0042.jpg"])
def test_real_photographs_made_dark_or_soft_are_told(name, shared_media, tmp_path, told) -> None:
    with Image.open(shared_media / "jpeg" / name) as photo:
        photo.thumbnail((640, 640))
        photo.point(lambda value: value * 0.06).save(tmp_path / "dark.jpg")
        photo.filter(ImageFilter.GaussianBlur(12)).save(tmp_path / "soft.jpg")
    assert set(told(tmp_path / "dark.jpg")) == {"dark"}
    assert set(told(tmp_path / "soft.jpg")) == {"blurred"}
