"""The demo card: what a recorder brings back from one short inspection, made by our own code.

- Three video segments that follow each other without a gap by name and length; in the second the picture is
  missing for three seconds, once: the break that `liuhen probe` must find.
- One photograph with EXIF time, zone and position; one sound recording; the third segment is a key file.
- The same inputs give the same bytes, so that a second `liuhen demo` finds everything already stored.
- An older demo card in the same place is replaced as a whole; a folder that is anything else is refused.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import Final

from liuhen.core.errors import RefusedError, UsageError
from liuhen.demo.photo import made_by_us, write_photo
from liuhen.demo.segment import FRAME_RATE, SECONDS, Hole, tones, write_segment

GAP_SEGMENT: Final = 2
GAP: Final = Hole(start=Fraction(3), length=Fraction(3))
_CHINA: Final = timezone(timedelta(hours=8))
_SOUND_SECONDS: Final = 5
_SOUND_RATE: Final = 16_000
_PHOTO_AFTER: Final = 3 * SECONDS + 6
_SOUND_AFTER: Final = 3 * SECONDS + 16
_OURS: Final = re.compile(
    r"DCIM/\d{8}/(\w{7}_\w{6})_\d{14}_(0001\.mp4|0002\.mp4|0003_IMP\.mp4|0004\.jpg|0005\.wav)"
)


def make_demo_card(folder: Path, *, serial: str, officer: str, started: datetime) -> list[Path]:
    """Make the card at `folder` and return its five files in the order they were recorded.

    `serial` has seven and `officer` six letters or digits; `started` is aware and is cut to whole seconds.
    Raises UsageError for other inputs, RefusedError when `folder` holds anything but a demo card.
    """
    _check_inputs(serial, officer, started)
    if folder.is_symlink() or (folder.exists() and not _is_demo_card(folder)):
        raise RefusedError(
            f"「{folder}」里已有别的内容，没有在那里制作演示卡。",
            remedy="换一个不存在的或空的文件夹。",
            basis="本系统安全规则：不覆盖来历不明的文件",
            folder=folder,
        )
    at = started.astimezone(_CHINA).replace(microsecond=0)
    with _draft_beside(folder) as draft:
        made = [path.relative_to(draft) for path in _make_files(draft, serial, officer, at)]
        _put_in_place(draft, folder)
    return [folder / path for path in made]


def _check_inputs(serial: str, officer: str, started: datetime) -> None:
    if not re.fullmatch(r"[A-Za-z0-9]{7}", serial) or not re.fullmatch(r"[A-Za-z0-9]{6}", officer):
        raise UsageError(
            f"演示卡的设备序号「{serial}」或人员号「{officer}」不合命名格式。",
            remedy="设备序号用 7 位、人员号用 6 位字母或数字。",
        )
    if started.tzinfo is None:
        raise UsageError(
            "演示卡的开始时间没有时区。", remedy="给出带时区的时间，例如 2026-07-16T09:30:00+08:00。"
        )


def _make_files(card: Path, serial: str, officer: str, at: datetime) -> Iterator[Path]:
    folder = card / "DCIM" / f"{at:%Y%m%d}"
    folder.mkdir(parents=True)
    who = f"{serial}_{officer}"
    for sequence in (1, 2, 3):
        start = at + timedelta(seconds=SECONDS * (sequence - 1))
        mark = "_IMP" if sequence == 3 else ""
        path = folder / f"{who}_{start:%Y%m%d%H%M%S}_{sequence:04d}{mark}.mp4"
        write_segment(
            path,
            serial=serial,
            officer=officer,
            at=start,
            first_frame=(sequence - 1) * SECONDS * FRAME_RATE,
            hole=GAP if sequence == GAP_SEGMENT else None,
        )
        yield _closed(path, start + timedelta(seconds=SECONDS))
    start = at + timedelta(seconds=_PHOTO_AFTER)
    path = folder / f"{who}_{start:%Y%m%d%H%M%S}_0004.jpg"
    write_photo(path, serial=serial, officer=officer, at=start, number=_PHOTO_AFTER * FRAME_RATE)
    yield _closed(path, start)
    start = at + timedelta(seconds=_SOUND_AFTER)
    path = folder / f"{who}_{start:%Y%m%d%H%M%S}_0005.wav"
    _write_sound(path)
    yield _closed(path, start + timedelta(seconds=_SOUND_SECONDS))


def _write_sound(path: Path) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_SOUND_RATE)
        sound.writeframes(tones(0, _SOUND_SECONDS * _SOUND_RATE, _SOUND_RATE).astype("<i2").tobytes())


def _closed(path: Path, at: datetime) -> Path:
    """Date a file as the recorder does when it closes it: FAT keeps steps of two seconds."""
    seconds = int(at.timestamp()) // 2 * 2
    os.utime(path, (seconds, seconds))
    return path


def _is_demo_card(folder: Path) -> bool:
    """An empty folder, or the five files of a demo card and nothing else.

    The names alone could be a real recorder's: the photograph must be of our make.
    """
    if not folder.is_dir():
        return False
    files = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    if not files:
        return True
    matches = [_OURS.fullmatch(path.relative_to(folder).as_posix()) for path in files]
    photos = [path for path in files if path.suffix == ".jpg"]
    known = {match.group(2) for match in matches if match}
    return None not in matches and len(known) == len(files) == 5 and all(map(made_by_us, photos))


@contextmanager
def _draft_beside(folder: Path) -> Iterator[Path]:
    """A folder on the same disk, gone afterwards unless it was put in place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent))
    draft.chmod(0o755)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put_in_place(draft: Path, folder: Path) -> None:
    """Rename the draft to `folder`; the older card is moved aside first and removed last."""
    if not folder.exists():
        draft.rename(folder)
        return
    with _draft_beside(folder) as aside:
        folder.rename(aside / "older")
        draft.rename(folder)


def main(arguments: list[str] | None = None) -> None:
    """`python -m liuhen.demo.card FOLDER SERIAL OFFICER STARTED`: the encoder in a process of its own."""
    parser = argparse.ArgumentParser(prog="liuhen.demo.card", description="制作演示卡")
    for name in ("folder", "serial", "officer", "started"):
        parser.add_argument(name)
    given = parser.parse_args(arguments)
    started = datetime.fromisoformat(given.started)
    for path in make_demo_card(
        Path(given.folder), serial=given.serial, officer=given.officer, started=started
    ):
        print(path)


if __name__ == "__main__":
    main()
