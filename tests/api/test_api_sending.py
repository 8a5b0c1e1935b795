"""A file sent by its digest: twice is once, a cut line goes on, and a token with its scope is all it takes."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from api_office import BYTES, JSON, bearer, fill, sha256, token
from django.test import Client

from liuhen.base import site
from liuhen.base.jobs.worker import Worker
from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording
from liuhen.stages.ingest.models import UploadFile, UploadSet

ClientOf = Callable[..., Client]
DATA = bytes(range(256)) * 40
PATH = f"/api/v1/uploads/{sha256(DATA)}?name=询问现场.mp4"


@pytest.fixture
def machine(people: SimpleNamespace, client_of: ClientOf) -> Client:
    site.save(site.SiteSettings(previews=False))
    secret = token(people, "ingest:write", "jobs:read", "recordings:read")
    return client_of(headers=bearer(secret))


def put(machine: Client, data: bytes, **headers: str) -> Any:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return machine.put(PATH, data, content_type=BYTES, headers=told)


def work() -> None:
    Worker(patience=0.01).run(once=True)


def test_one_request_and_the_worker_make_it_a_recording(machine: Client) -> None:
    sent = put(machine, DATA)
    assert (sent.status_code, sent.json()["stage"]) == (202, "taking_in")
    job = sent.json()["job"]
    work()
    assert machine.get(f"/api/v1/jobs/{job}").json()["state"] == "done"
    recording = Recording.objects.get()
    assert (recording.sha256, recording.name) == (sha256(DATA), "询问现场.mp4")
    again = put(machine, DATA)
    assert (again.status_code, again.json()["stage"]) == (200, "already")
    assert again.json()["recording"]["number"] == recording.number
    assert machine.get(PATH).json()["stage"] == "already"
    assert Recording.objects.count() == 1


def test_sending_it_again_before_it_is_taken_in_asks_for_nothing_twice(machine: Client) -> None:
    first, second = put(machine, DATA).json(), put(machine, DATA).json()
    assert first == second
    work()
    assert Recording.objects.count() == 1


def test_a_cut_line_goes_on_where_it_stopped(machine: Client) -> None:
    length = str(len(DATA))
    part = put(machine, DATA[:1000], Upload_Length=length)
    assert (part.status_code, part.json()["stage"], part.json()["offset"]) == (202, "receiving", 1000)
    assert machine.get(PATH).json()["offset"] == 1000
    wrong = put(machine, DATA[2000:], Upload_Length=length, Upload_Offset="2000")
    assert (wrong.status_code, wrong.json()["detail"]) == (409, {"offset": 1000})
    rest = put(machine, DATA[1000:], Upload_Length=length, Upload_Offset="1000")
    assert rest.json()["stage"] == "taking_in"
    work()
    assert Recording.objects.get().sha256 == sha256(DATA)


def test_sending_from_the_start_after_a_cut_line_is_as_good(machine: Client) -> None:
    put(machine, DATA[:1000], Upload_Length=str(len(DATA)))
    assert put(machine, DATA).json()["stage"] == "taking_in"
    work()
    assert Recording.objects.get().sha256 == sha256(DATA)


def test_bytes_of_another_digest_are_not_taken(machine: Client) -> None:
    wrong = put(machine, DATA[:-1] + b"x")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "digest_differs")
    assert put(machine, DATA).json()["stage"] == "taking_in"


def test_an_empty_file_and_no_digest_are_refused_with_what_to_do(machine: Client) -> None:
    empty = machine.put(f"/api/v1/uploads/{sha256(b'')}", b"", content_type=BYTES)
    assert empty.status_code == 400
    assert "upload-sets" in empty.json()["remedy"]
    assert machine.put("/api/v1/uploads/abc", b"x", content_type=BYTES).status_code == 422
    assert machine.get(f"/api/v1/uploads/{'0' * 64}").status_code == 404


def test_more_than_the_disk_holds_is_507_before_the_first_byte(machine: Client) -> None:
    refused = put(machine, b"x", Upload_Length=str(1 << 50))
    assert (refused.status_code, refused.json()["code"]) == (507, "no_room")
    assert not UploadSet.objects.exists()


def test_a_file_of_the_same_digest_in_a_larger_set_is_left_alone(
    machine: Client, people: SimpleNamespace
) -> None:
    upload = machine.post("/api/v1/upload-sets", {"label": "三件"}, content_type=JSON).json()["upload_set"]
    told = {"path": "甲.mp4", "size": len(DATA), "sha256": sha256(DATA)}
    machine.post(f"/api/v1/upload-sets/{upload}/files", told, content_type=JSON)
    assert put(machine, DATA).json()["upload_set"] != upload
    assert UploadSet.objects.get(pk=upload).state == "open"


def test_a_set_of_files_goes_in_like_a_card(machine: Client) -> None:
    upload = machine.post("/api/v1/upload-sets", {"label": "二队"}, content_type=JSON).json()["upload_set"]
    base = f"/api/v1/upload-sets/{upload}"
    file = machine.post(f"{base}/files", {"path": "夹/甲.mp4", "size": 6}, content_type=JSON).json()["file"]
    early = machine.post(f"{base}/ingest")
    assert (early.status_code, early.json()["code"]) == (409, "upload_unfinished")
    for offset, piece in ((0, b"abc"), (3, b"def")):
        sent = machine.patch(
            f"{base}/files/{file}", piece, content_type=BYTES, headers={"Upload-Offset": str(offset)}
        )
        assert sent.json()["offset"] == offset + 3
    machine.post(f"{base}/files", {"path": "空.mp4", "size": 0}, content_type=JSON)
    assert {row["offset"] for row in machine.get(base).json()["files"]} == {0, 6}
    assert machine.post(f"{base}/ingest").status_code == 202
    work()
    assert sorted(Recording.objects.values_list("name", flat=True)) == ["甲.mp4", "空.mp4"]
    assert not UploadFile.objects.exists()


def test_dropping_a_set_needs_a_reason_and_is_in_the_ledger(machine: Client) -> None:
    upload = machine.post("/api/v1/upload-sets", {}, content_type=JSON).json()["upload_set"]
    path = f"/api/v1/upload-sets/{upload}/drop"
    assert machine.post(path, {"reason": ""}, content_type=JSON).status_code == 422
    assert machine.post(path, {"reason": "传错了"}, content_type=JSON).status_code == 204
    assert Entry.objects.filter(kind="upload.dropped").exists()


# -- what comes back out


def test_bytes_need_a_visit_of_this_token_and_come_in_ranges(
    people: SimpleNamespace, client_of: ClientOf, filled: Callable[..., SimpleNamespace]
) -> None:
    office = filled(fill)
    one = f"/api/v1/recordings/{office.recording.number}"
    mine, other = (
        client_of(headers=bearer(token(people, "recordings:content", "recordings:read"))) for _ in range(2)
    )
    assert mine.get(f"{one}/content/original").status_code == 404
    visit = mine.post(f"{one}/visits", {"purpose": "view"}, content_type=JSON).json()
    address = f"{one}/content/original?visit={visit['visit']}"
    part = mine.get(address, headers={"Range": "bytes=0-4"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"not a")
    assert mine.get(address, headers={"Range": "bytes=900-"}).status_code == 416
    assert other.get(address).status_code == 404
    again = mine.post(f"{one}/visits", {"purpose": "view"}, content_type=JSON).json()
    assert again == visit
    assert Entry.objects.filter(kind="recording.viewed").count() == 1
    custody = mine.get(one).json()["custody"]
    assert [step["kind"] for step in custody] == ["recording.stored", "recording.viewed"]


def test_an_export_is_the_folder_of_liuhen_export_and_an_entry(
    people: SimpleNamespace, client_of: ClientOf, filled: Callable[..., SimpleNamespace]
) -> None:
    import io
    import zipfile

    office = filled(fill)
    client = client_of(headers=bearer(token(people, "recordings:content")))
    response = client.post(f"/api/v1/recordings/{office.recording.number}/export")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    names = {name.partition("/")[2] for name in archive.namelist()}
    number = office.recording.number
    assert {f"{number}.tlog-proof", "entry.json", "vkey", "record.json", "liuhen-verify.py"} <= names
    assert Entry.objects.filter(kind="recording.exported").count() == 1


def test_the_ledger_is_proven_from_an_old_size_and_an_old_checkpoint(
    people: SimpleNamespace, client_of: ClientOf
) -> None:
    client = client_of(headers=bearer(token(people, "ledger:read")))
    old = client.get("/api/v1/ledger").json()
    token(people, "jobs:read")
    by_size = client.get(f"/api/v1/ledger/consistency?since={old['size']}").json()
    sent = {"checkpoint": old["checkpoint"]}
    by_note = client.post("/api/v1/ledger/consistency", sent, content_type=JSON).json()
    assert by_size["proof"] == by_note["proof"] != []
    assert by_size["old"] == {"size": old["size"], "root": old["root"]}
    assert client.get("/api/v1/ledger/consistency?since=99999").status_code == 409
    assert (
        client.post("/api/v1/ledger/consistency", {"checkpoint": "假"}, content_type=JSON).status_code == 409
    )


def test_the_auditor_reads_a_receipts_proof_and_no_line_of_it(
    people: SimpleNamespace, client_of: ClientOf, filled: Callable[..., SimpleNamespace]
) -> None:
    office = filled(fill)
    path = f"/api/v1/receipts/{office.receipt.number}"
    told = client_of("auditor").get(path).json()
    assert told["content"] is None
    assert told["proof"]["checkpoint"]
    assert client_of("auditor").get(f"{path}/paper").status_code == 404
    assert client_of("custodian").get(path).json()["content"]["files"]
    assert client_of("custodian").get(f"{path}/paper").content.startswith(b"%PDF")


def test_a_list_is_walked_page_by_page_in_both_directions(
    people: SimpleNamespace, client_of: ClientOf
) -> None:
    client, seen, cursor = client_of("custodian"), [], ""
    while True:
        page = client.get(f"/api/v1/ledger/entries?size=7&cursor={cursor}").json()
        seen += [row["position"] for row in page["items"]]
        if page["after"] is None:
            break
        cursor = page["after"]
    assert seen == list(range(len(seen)))
    assert page["before"]
