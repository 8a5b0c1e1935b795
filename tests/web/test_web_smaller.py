# ruff: noqa: F811 (fixtures are imported by name)
"""Pages travel compressed to whoever takes it; what is served as bytes keeps its length."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from storage.storage_homes import stocked, stocked_homes  # noqa: F401
from storage.storage_office import CLIP, FILES, recording_of

from liuhen.base.recordings.models import Visit

TAKES = {"Accept-Encoding": "gzip, br"}


def test_a_page_is_smaller_for_whoever_takes_it(stocked: Path, client_of: Any) -> None:
    client = client_of("custodian")
    plain, packed = client.get("/recordings/"), client.get("/recordings/", headers=TAKES)
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) * 3 < len(plain.content)
    assert CLIP in gzip.decompress(packed.content).decode()
    assert "Accept-Encoding" in packed["Vary"]


def test_a_recording_keeps_its_length_and_its_ranges(stocked: Path, client_of: Any) -> None:
    client = client_of("custodian")
    client.get(f"/recordings/{recording_of().number}/")
    address = f"/recordings/{recording_of().pk}/content/original/?visit={Visit.objects.latest('pk').token}"
    for headers in (TAKES, {**TAKES, "Range": "bytes=0-9"}):
        answer = client.get(address, headers=headers)
        body = b"".join(answer.streaming_content)
        assert "Content-Encoding" not in answer
        assert (answer["Content-Length"], body) == (str(len(body)), FILES[CLIP][: len(body)])


def test_answers_for_machines_are_left_alone(client_of: Any) -> None:
    answer = client_of("custodian").get("/api/v1/openapi.json", headers=TAKES)
    assert answer.status_code == 200 and "Content-Encoding" not in answer
