"""docs/reference/record.md names exactly the keys that record.json has."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from the_office import AT

from liuhen.base.people.models import Officer
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.stores import content_path, open_stores
from liuhen.stages.fieldwork.pairing import told_of
from liuhen.stages.fieldwork.telling import Told, open_activity
from liuhen.stages.ingest.services import Request, ingest_card

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "record.md"


def _a_record(people, tmp_path: Path) -> dict:
    card = tmp_path / "card"
    card.mkdir()
    (card / "4701A01_100001_20261120093000_0001.mp4").write_bytes(b"not a film")
    ingest_card(Request(card, people.custodian), at=AT)
    path = content_path(Recording.objects.get().urn, "v1", "record.json")
    return json.loads(open_stores().first().read_bytes(path))


def test_the_document_names_every_key_and_no_other(people, tmp_path):
    told = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert told == set(_a_record(people, tmp_path)) | {"activities", "amended", "snapshots"}


def test_the_keys_inside_are_named_too(people, tmp_path):
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    record = _a_record(people, tmp_path)
    for key in ("original", "clock", "device", "holder", "name_facts", "ingested"):
        for inner in record[key]:
            assert f"`{inner}`" in rows[key], f"{key}.{inner}"


def test_what_is_told_of_an_activity_is_named(people):
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    told = Told(officers=list(Officer.objects.filter(agency=people.officer.agency)[:2]))
    one = told_of(open_activity(people.officer.unit, told, by=people.officer, at=AT))
    for inner in (*one, *one["officers"][0]):
        assert f"`{inner}`" in rows["activities"], inner


def test_the_digest_of_a_path_is_made_as_the_document_says(people, tmp_path):
    original = _a_record(people, tmp_path)["original"]
    told = hashlib.sha256(f"{original['name_salt']}\n{original['card_path']}".encode()).hexdigest()
    assert told == original["name_digest"]
