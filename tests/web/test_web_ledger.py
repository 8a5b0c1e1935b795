"""The ledger's pages: who reads them, filters, paging, the very bytes, the proof, and one verification at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from liuhen.base import clock
from liuhen.base.jobs.models import Job
from liuhen.base.jobs.worker import Worker
from liuhen.base.ledger.models import Entry
from liuhen.core.tlog.merkle import leaf_hash
from liuhen.web import registers

pytestmark = pytest.mark.slow

ClientOf = Callable[..., Client]
READERS = (
    "auditor",
    "legal",
    "principal",
    "head",
    "custodian",
    "archivist",
    "sysadmin",
    "secadmin",
)
VERIFIERS = ("custodian", "archivist", "sysadmin", "auditor")
PAGES = (
    "/ledger/",
    "/ledger/0/",
    "/ledger/0/entry/",
    "/ledger/0/proof/",
    "/ledger/paper/",
    "/ledger/report/",
)


@pytest.fixture
def entry(people: Any) -> Entry:
    return Entry.objects.get(agency=people.custodian.agency, position=3)


@pytest.mark.parametrize("name", READERS)
def test_who_answers_for_the_office_or_its_systems_reads_it(client_of: ClientOf, name: str) -> None:
    client = client_of(name)
    assert [client.get(path).status_code for path in PAGES] == [200] * len(PAGES)
    assert 'href="/ledger/"' in client.get("/").content.decode()


@pytest.mark.parametrize("name", ["officer", "officer2"])
def test_for_plain_officers_there_is_no_ledger(client_of: ClientOf, name: str) -> None:
    client = client_of(name)
    assert [client.get(path).status_code for path in PAGES] == [404] * len(PAGES)
    assert client.post("/ledger/verify/").status_code == 404
    assert 'href="/ledger/"' not in client.get("/").content.decode()


def test_nobody_is_led_to_the_sign_in(client_of: ClientOf) -> None:
    assert [client_of().get(path).status_code for path in PAGES] == [302] * len(PAGES)
    assert client_of().post("/ledger/verify/").status_code in (302, 401)
    assert not Job.objects.exists()


def test_another_agencys_positions_are_not_there(client_of: ClientOf, people: Any) -> None:
    theirs = set(Entry.objects.filter(agency=people.stranger.agency).values_list("position", flat=True))
    ours = set(Entry.objects.filter(agency=people.custodian.agency).values_list("position", flat=True))
    assert max(ours) > max(theirs), "the demo's ledger is the longer one"
    Entry.objects.create(
        agency=people.stranger.agency,
        position=max(ours) + 5,
        kind="x",
        subject="x",
        recorded_at=clock.now(),
        entry="{}",
    )
    for position in (max(ours) + 5, 10**30):
        for door in ("", "entry/", "proof/"):
            assert client_of("auditor").get(f"/ledger/{position}/{door}").status_code == 404


def test_what_is_downloaded_are_the_bytes_that_were_hashed(client_of: ClientOf, entry: Entry) -> None:
    client = client_of("auditor")
    raw = client.get("/ledger/3/entry/")
    assert raw.content == entry.entry.encode()
    assert raw["Content-Disposition"].startswith("attachment")
    page = client.get("/ledger/3/").content.decode()
    assert leaf_hash(raw.content).hex() in page
    assert entry.subject in page
    proof = client.get("/ledger/3/proof/").content.decode()
    assert proof.startswith("c2sp.org/tlog-proof@v1\n")
    assert "index 3\n" in proof


def test_the_newest_stands_first_and_pages_follow_without_gap(
    client_of: ClientOf, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registers, "PAGE_SIZE", 5)
    client, seen, path = client_of("auditor"), [], "/ledger/"
    while path:
        listing = client.get(path).context["listing"]
        seen += [row.position for row in listing.page.rows]
        path = listing.after_link
    count = Entry.objects.filter(agency=people.auditor.agency).count()
    assert count > 10
    assert seen == list(range(count - 1, -1, -1))


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0:1:1", "a" * 3000])
def test_a_forged_cursor_is_refused(client_of: ClientOf, cursor: str) -> None:
    response = client_of("auditor").get("/ledger/", {"cursor": cursor})
    assert response.status_code == 400
    assert "怎么办" in response.content.decode()


def found(client: Client, **asked: str) -> list[Entry]:
    return list(client.get("/ledger/", asked).context["listing"].rows)


def test_found_by_kind_account_subject_and_day(client_of: ClientOf, people: Any) -> None:
    client = client_of("auditor")
    every = found(client)
    opened = found(client, kind="account.opened")
    assert opened
    assert {row.kind for row in opened} == {"account.opened"}
    assert "开立账号：账号 " in client.get("/ledger/?kind=account.opened").content.decode()
    by_sysadmin = found(client, account="sysadmin")
    assert 0 < len(by_sysadmin) < len(every)
    assert all('"account":"sysadmin"' in row.entry for row in by_sysadmin)
    assert {row.kind for row in found(client, account="程序")} >= {"office.founded"}
    assert {row.subject for row in found(client, q="device:4701A01")} == {"device:4701A01"}
    day = clock.local(every[0].recorded_at)[:10]
    assert every[0] in found(client, day=day)
    assert found(client, day="1999-01-01") == []
    assert found(client, day="9999-12-31") == []
    for bad in ("yesterday", "0001-01-01", "2026-13-01"):
        assert client.get("/ledger/", {"day": bad}).status_code == 400
    for words in ("%", "' OR 1=1 --", '"'):
        assert found(client, account=words) == []


def test_excel_and_print_come_with_the_register(client_of: ClientOf) -> None:
    excel = client_of("legal").get("/ledger/?as=xlsx")
    assert excel.status_code == 200
    assert b"".join(excel.streaming_content if excel.streaming else [excel.content])[:2] == b"PK"
    excel.close()
    assert "留痕账本登记簿" in client_of("legal").get("/ledger/?as=print").content.decode()


@pytest.mark.parametrize("name", VERIFIERS)
def test_a_verification_is_queued_once_and_its_report_shown(
    home: Path, client_of: ClientOf, people: Any, name: str
) -> None:
    client = client_of(name)
    assert "核对账本</button>" in client.get("/ledger/").content.decode()
    for _ in range(2):
        assert client.post("/ledger/verify/").status_code == 302
    assert Job.objects.filter(kind="ledger.verify").count() == 1
    assert "hx-get" in client.get("/ledger/report/").content.decode()
    Worker(patience=0.01).run(once=True)
    page = client.get("/ledger/report/").content.decode()
    assert "账本与已公布的检查点一致" in page
    assert "hx-get" not in page


@pytest.mark.parametrize("name", sorted({*READERS} - {*VERIFIERS}))
def test_who_only_reads_gets_no_button_and_queues_nothing(client_of: ClientOf, name: str) -> None:
    client = client_of(name)
    assert "核对账本</button>" not in client.get("/ledger/").content.decode()
    assert client.post("/ledger/verify/").status_code == 404
    assert not Job.objects.exists()


def test_the_sheet_for_paper_has_checkpoint_fingerprint_and_code(client_of: ClientOf) -> None:
    client = client_of("auditor")
    response = client.get("/ledger/paper/")
    page = response.content.decode()
    assert response.context["note"].splitlines()[0] in page
    assert response.context["fingerprint"] in page
    assert "data:image/svg+xml;base64," in page
