"""`record.json` and `说明.html`: what people and machines have said of a recording, kept beside its bytes.

- `record.json` is enough to make the row again, and to be read by a person without this software.
- Its SHA-256 stands in the ledger entry, so it is provable with the recording.
- Words that may name a party (the card's file name and path) stand here with their salt; the ledger holds
  only the salted digest.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from django.template import Context, Engine, Template

from liuhen.base.clock import local, parse_stamp
from liuhen.core.readable import readable

SCHEMA = "liuhen/record/1"
RECORD = "record.json"
EXPLANATION = "说明.html"
ORIGINAL_FOLDER = "original"
DERIVATIVES = "derivatives"  # folder of what was made from the original and is kept with it
SNAPSHOTS = "snapshots"  # key of the stills among them

KIND_WORDS = {"video": "录像", "audio": "录音", "photo": "照片", "other": "其他"}


def to_bytes(record: dict[str, Any]) -> bytes:
    """Readable JSON, sorted, so that the same record has the same bytes."""
    return readable(record, sort_keys=True)


def explanation(record: dict[str, Any]) -> bytes:
    """`说明.html`: one page for a person who finds the object on a disk in thirty years."""
    return _template().render(Context(_facts(record))).encode()


def _facts(record: dict[str, Any]) -> dict[str, Any]:
    duration = record["says"].get("duration")
    taken = record["name_facts"].get("taken_at")
    return {
        "r": record,
        "kind": KIND_WORDS[record["kind"]],
        "stored_at": local(parse_stamp(record["ingested"]["at"])),
        "taken_at": local(parse_stamp(taken)) if taken else None,
        "duration": f"{duration:.2f} 秒" if duration is not None else None,
        "original": f"{ORIGINAL_FOLDER}/{record['original']['content_name']}",
    }


@cache
def _template() -> Template:
    source = (Path(__file__).parent / "explanation.html").read_text(encoding="utf-8")
    return Engine(autoescape=True).from_string(source)
