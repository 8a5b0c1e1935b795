# ruff: noqa: F811 (fixtures are imported by name)
"""The recording page and its acts without a browser: who gets what, what the ledger says, what bad input gets."""

from __future__ import annotations

import json
import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from storage.storage_homes import stocked, stocked_homes  # noqa: F401
from storage.storage_office import CLIP, FILES, recording_of

from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording, Visit
from liuhen.web.ledger import LABELS

SEES = ["custodian", "officer", "head", "principal", "legal", "archivist"]
SEES_NOT = ["officer2", "sysadmin", "secadmin", "auditor", "stranger"]


def page_of(client: Any, recording: Recording | None = None) -> Any:
    return client.get(f"/recordings/{(recording or recording_of()).number}/")


def source_in(page: Any) -> str:
    facts = json.loads(re.search(r'data-facts="([^"]*)"', page.content.decode())[1].replace("&quot;", '"'))
    return facts["source"]


def entries(kind: str) -> int:
    return Entry.objects.filter(kind=kind).count()


@pytest.mark.parametrize("who", SEES)
def test_opening_the_page_is_one_viewing(stocked: Path, client_of: Any, who: str):
    client = client_of(who)
    assert page_of(client).status_code == 200
    assert page_of(client).status_code == 200
    assert entries("recording.viewed") == 1
    last = json.loads(Entry.objects.get(kind="recording.viewed").entry)
    assert last["by"]["account"] == who


@pytest.mark.parametrize("who", SEES_NOT)
def test_whoever_may_not_see_it_gets_the_same_404_everywhere(stocked: Path, client_of: Any, who: str):
    client, row = client_of(who), recording_of()
    visit = re.search(r"visit=([^&]+)", _content(client_of("custodian"), row))[1]
    nowhere = "6b1b1b1b-0000-4000-8000-00000000abcd"
    for path in (
        "/recordings/{}/",
        f"/recordings/{{}}/content/original/?visit={visit}",
        f"/recordings/{{}}/content/download/?visit={visit}",
        "/recordings/{}/content/thumbnail/",
        "/recordings/{}/content/member/proof/",
        "/recordings/{}/content/member/record/",
    ):
        there, missing = client.get(path.format(row.pk)), client.get(path.format(nowhere))
        assert there.status_code == missing.status_code == 404
        assert _same(there, missing, str(row.pk), nowhere)
    for act in ("download", "export", "snapshot", "assign"):
        there = client.post(f"/recordings/{row.pk}/{act}/", {"seconds": 1, "reason": "x"})
        assert there.status_code == 404
    assert entries("recording.viewed") == 1, "the custodian's own, nobody else's"


def _same(one: Any, other: Any, name: str, another: str) -> bool:
    token = re.compile(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]*"')
    texts = [token.sub("", page.content.decode()) for page in (one, other)]
    return texts[0].replace(name, "X") == texts[1].replace(another, "X")


def _content(client: Any, row: Recording) -> str:
    page_of(client, row)
    visit = Visit.objects.latest("pk")
    return f"/recordings/{row.pk}/content/original/?visit={visit.token}"


def test_nobody_is_led_to_the_sign_in(stocked: Path, client_of: Any):
    for path in (
        f"/recordings/{recording_of().number}/",
        f"/recordings/{recording_of().pk}/content/original/",
    ):
        answer = client_of().get(path)
        assert answer.status_code == 302 and answer["Location"].startswith("/sign-in/")


def test_ranges_are_served_within_the_visit_and_nowhere_else(stocked: Path, client_of: Any):
    client, row = client_of("legal"), recording_of()
    address = _content(client, row)
    part = client.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, FILES[CLIP][10:20])
    assert part["Cache-Control"] == "private, no-store, no-transform"
    assert part["Content-Type"] == "application/octet-stream", "it only calls itself a film"
    assert part["Content-Disposition"].startswith("attachment")
    head = client.head(address)
    assert (head.status_code, head["Content-Length"]) == (200, str(len(FILES[CLIP])))
    assert client.get(address, headers={"Range": "bytes=999999-"}).status_code == 416
    again = client_of("legal")
    assert again.get(address).status_code == 404, "another session of the same person"
    for wrong in ("", "x", "%00", "a" * 5000, "' or 1=1 --"):
        assert client.get(f"/recordings/{row.pk}/content/original/?visit={wrong}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "content/nothing/",
        "content/original/x/",
        "content/snapshot/x/",
        "content/member/..%2fkey/",
        "content/member/key/",
    ],
)
def test_guessed_addresses_lead_nowhere(stocked: Path, client_of: Any, path: str):
    assert client_of("custodian").get(f"/recordings/{recording_of().pk}/{path}").status_code == 404


def test_a_download_is_an_entry_and_can_be_resumed(stocked: Path, client_of: Any):
    client, row = client_of("custodian"), recording_of()
    answer = client.post(f"/recordings/{row.pk}/download/")
    assert answer.status_code == 302
    whole = client.get(answer["Location"])
    assert b"".join(whole.streaming_content) == FILES[CLIP]
    assert whole["Content-Disposition"] == f'attachment; filename="{CLIP}"'
    rest = client.get(answer["Location"], headers={"Range": "bytes=100-", "If-Range": whole["ETag"]})
    assert rest.status_code == 206
    rest.close()
    assert entries("recording.downloaded") == 1
    assert client.get(f"/recordings/{row.pk}/download/").status_code == 405


@pytest.mark.parametrize("who", ["officer", "head", "principal", "legal", "archivist"])
@pytest.mark.parametrize("act", ["download", "export"])
def test_copies_leave_by_the_custodian_alone(stocked: Path, client_of: Any, who: str, act: str):
    client = client_of(who)
    page = page_of(client).content.decode()
    assert f"/{act}/" not in page, "no button for whom it is not"
    answer = client.post(f"/recordings/{recording_of().pk}/{act}/")
    assert answer.status_code == 404 and "第十五条" in answer.content.decode()
    assert entries("recording.downloaded") == entries("recording.exported") == 0


def test_an_export_is_a_zip_of_known_length(stocked: Path, client_of: Any):
    answer = client_of("custodian").post(f"/recordings/{recording_of().pk}/export/")
    data = b"".join(answer.streaming_content)
    assert answer["Content-Length"] == str(len(data))
    assert answer["Content-Disposition"] == f'attachment; filename="{recording_of().number}.zip"'
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert f"{recording_of().number}/liuhen-verify.html" in archive.namelist()


def test_proof_and_entry_are_files_for_whoever_sees_it(stocked: Path, client_of: Any):
    client, row = client_of("legal"), recording_of()
    proof = client.get(f"/recordings/{row.pk}/content/member/proof/")
    assert b"".join(proof.streaming_content).startswith(b"c2sp.org/tlog-proof@v1")
    assert proof["Content-Disposition"] == f'attachment; filename="{row.number}.tlog-proof"'
    record = client.get(f"/recordings/{row.pk}/content/member/record/")
    assert json.loads(b"".join(record.streaming_content))["number"] == row.number


def test_a_custodian_assigns_on_the_page(stocked: Path, client_of: Any, people: Any):
    from liuhen.base.people.models import Officer

    client, row = client_of("custodian"), recording_of("张三询问.txt")
    assert "确定归属" in page_of(client, row).content.decode()
    officer = Officer.objects.get(agency=row.agency, staff_no="100002")
    answer = client.post(f"/recordings/{row.pk}/assign/", {"holder": officer.pk, "reason": ""})
    assert answer.status_code == 400 and recording_of("张三询问.txt").state == "to_assign"
    answer = client.post(f"/recordings/{row.pk}/assign/", {"reason": "查明"})
    assert answer.status_code == 400 and "没有说明归属" in answer.content.decode()
    answer = client.post(f"/recordings/{row.pk}/assign/", {"holder": officer.pk, "reason": "经办人说明"})
    assert answer.status_code == 302 and answer["Location"] == f"/recordings/{row.number}/"
    assert recording_of("张三询问.txt").holder == officer
    assert "确定归属" in page_of(client, recording_of("张三询问.txt")).content.decode()
    foreign = client.post(f"/recordings/{row.pk}/assign/", {"holder": 999999, "reason": "x"})
    assert foreign.status_code == 400


def test_only_custodians_are_offered_the_form(stocked: Path, client_of: Any):
    assert "/assign/" not in page_of(client_of("legal")).content.decode()
    answer = client_of("legal").post(f"/recordings/{recording_of().pk}/assign/", {"reason": "x"})
    assert answer.status_code in (400, 404)


def test_the_page_tells_custody_with_articles_and_viewers_apart(stocked: Path, client_of: Any):
    page_of(client_of("legal"))
    text = page_of(client_of("custodian")).content.decode()
    assert "王晓兰 入库" in text and "第十一条" in text
    assert "查看 2 次（2 人）" in text and "吴静：1 次" in text


def test_everything_that_can_be_told_of_a_recording_is_called_by_its_name(people: Any):
    from liuhen.base.storage import custody

    of_recordings = {kind: label for kind, label in LABELS.items() if kind.startswith("recording.")}
    assert {"recording.matched", "recording.unmatched", "recording.activity_told"} <= set(of_recordings)
    assert {kind: custody.label_of(kind) for kind in of_recordings} == of_recordings
    assert not any(label.isascii() for label in of_recordings.values())


def test_times_stand_side_by_side_with_their_source(stocked: Path, client_of: Any):
    text = page_of(client_of("legal")).content.decode()
    for part in (
        "设备时钟（文件名）",
        "20260716093001",
        "2026-07-16 09:30:01",
        "卡上文件的修改时间",
        "入库时间",
        "未作校正",
    ):
        assert part in text


def test_a_foreign_name_is_text_and_no_markup(stocked: Path, client_of: Any):
    Recording.objects.filter(pk=recording_of().pk).update(card_path="<script>alert(1)</script>", name=CLIP)
    text = page_of(client_of("legal")).content.decode()
    assert "<script>alert" not in text and "&lt;script&gt;" in text


def test_a_still_of_what_is_no_film_is_refused_with_what_to_do(stocked: Path, client_of: Any):
    row = recording_of("张三询问.txt")
    answer = client_of("custodian").post(f"/recordings/{row.pk}/snapshot/", {"seconds": "1"})
    assert answer.status_code == 409 and "怎么办" in answer.content.decode()


@pytest.mark.parametrize("name", ["demo-YX-2026-999999", "x", "%3Cscript%3E", "0" * 64, "a" * 3000])
def test_names_of_nothing_are_404(stocked: Path, client_of: Any, name: str):
    assert client_of("custodian").get(f"/recordings/{name}/").status_code == 404


def test_a_digest_leads_to_its_recording(stocked: Path, client_of: Any):
    assert client_of("legal").get(f"/recordings/{recording_of().sha256}/").status_code == 200


def test_without_a_token_of_the_page_nothing_is_done(stocked: Path, client_of: Any):
    client = client_of("custodian", enforce_csrf_checks=True)
    for act in ("download", "export", "snapshot", "assign"):
        assert client.post(f"/recordings/{recording_of().pk}/{act}/").status_code == 403
    assert entries("recording.downloaded") == entries("recording.exported") == 0


def test_where_the_record_is_lost_it_is_said_and_nothing_counts_as_viewed(stocked: Path, client_of: Any):
    from storage.storage_office import object_of

    from liuhen.base.storage import reading

    reading._record.cache_clear()  # another test's process has read the same record
    (object_of(stocked) / "v1/content/record.json").write_bytes(b"{}")
    answer = page_of(client_of("legal"))
    assert answer.status_code == 500 and "liuhen repair" in answer.content.decode()
    assert entries("recording.viewed") == 0


def test_every_finding_the_analyser_knows_has_its_meaning_and_remedy():
    from liuhen.base.recordings.remedies import codes_without_words

    assert codes_without_words() == set()
