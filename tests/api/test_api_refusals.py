"""One JSON shape for every way of failing, the framework's included; nothing of the inside leaves."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from api_office import BYTES, JSON, bearer, fill, token
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client

from liuhen.api import answers, callers
from liuhen.base import clock
from liuhen.base.people.models import Account
from liuhen.base.people.services import close_account
from liuhen.base.tokens import services
from liuhen.base.tokens.models import Token
from liuhen.core.errors import StorageError

ClientOf = Callable[..., Client]
SHAPE = {"code", "message", "detail", "article", "remedy"}


def refused(response: Any, status: int, code: str | None = None) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/json"
    told: dict[str, Any] = json.loads(response.content)
    assert set(told) == SHAPE
    assert told["message"]
    assert told["remedy"]
    assert isinstance(told["detail"], dict)
    if code:
        assert told["code"] == code
    return told


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/json"])
def test_nobody_gets_401(client_of: ClientOf, accept: str) -> None:
    response = client_of().get("/api/v1/me", headers={"Accept": accept})
    refused(response, 401, "not_signed_in")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "said",
    ["Bearer", "Bearer ", "Bearer x", "Basic eDp5", "liuhen_x", "Bearer liuhen_" + "A" * 43, "Bearer \xff"],
)
def test_a_forged_token_is_401_even_beside_a_session(client_of: ClientOf, said: str) -> None:
    refused(client_of("custodian").get("/api/v1/me", headers={"Authorization": said}), 401, "token_unknown")


def test_expired_withdrawn_and_closed_look_like_forged(people: SimpleNamespace, client_of: ClientOf) -> None:
    client, told = client_of(), []
    expired, withdrawn, closed = (token(people, "jobs:read") for _ in range(3))
    rows = Token.objects.order_by("issued_at")
    rows.filter(pk=rows[0].pk).update(expires_at=clock.now() - timedelta(seconds=1))
    services.withdraw(rows[1], reason="换新", by=people.secadmin, at=clock.now())
    told.append(refused(client.get("/api/v1/me", headers=bearer(expired)), 401))
    told.append(refused(client.get("/api/v1/me", headers=bearer(withdrawn)), 401))
    assert client.get("/api/v1/me", headers=bearer(closed)).status_code == 200
    close_account(people.custodian, reason="调离", by=people.sysadmin, at=clock.now())
    told.append(refused(client.get("/api/v1/me", headers=bearer(closed)), 401))
    told.append(refused(client.get("/api/v1/me", headers=bearer("liuhen_forged")), 401))
    assert told.count(told[0]) == 4


def test_many_wrong_tokens_are_429_and_a_right_one_still_works(
    people: SimpleNamespace, client_of: ClientOf
) -> None:
    client, secret = client_of(), token(people, "jobs:read")
    for _ in range(callers.MOST_FAILURES):
        refused(client.get("/api/v1/me", headers=bearer("liuhen_x")), 401)
    response = client.get("/api/v1/me", headers=bearer("liuhen_x"))
    refused(response, 429, "token_failures")
    assert response.headers["Retry-After"] == str(callers.WITHIN)
    assert client.get("/api/v1/me", headers=bearer(secret)).status_code == 200
    cache.clear()


def test_a_session_changes_nothing_without_the_forms_token(client_of: ClientOf) -> None:
    client = client_of("custodian", enforce_csrf_checks=True)
    told = {"serial": "X1", "unit": "350582000001"}
    refused(client.post("/api/v1/devices", told, content_type=JSON), 403, "csrf")
    client.get("/account/")
    form = client.get("/devices/new/").content.decode()
    value = form.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    done = client.post("/api/v1/devices", told, content_type=JSON, headers={"X-CSRFToken": value})
    assert done.status_code == 201, done.content


def test_a_machine_needs_no_forms_token(people: SimpleNamespace, client_of: ClientOf) -> None:
    client = client_of(enforce_csrf_checks=True)
    headers = bearer(token(people, "devices:write"))
    told = {"serial": "X2", "unit": "350582000001"}
    assert client.post("/api/v1/devices", told, content_type=JSON, headers=headers).status_code == 201


def test_a_password_that_another_set_is_changed_first(people: SimpleNamespace, client_of: ClientOf) -> None:
    Account.objects.filter(username="custodian").update(password_given=True)
    refused(client_of("custodian").get("/api/v1/me"), 403, "password_first")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nothing",
        "/api/v1/",
        "/api/v2/me",
        "/api/v1/jobs/none",
        "/api/v1/me/",
        "/api/v1/devices/A%2FB",
    ],
)
def test_what_is_not_there_is_404_or_422_in_the_same_shape(client_of: ClientOf, path: str) -> None:
    client = client_of("custodian")
    response = client.get(path)
    refused(response, 422 if path.endswith("none") else 404)


def test_a_method_that_is_not_there_is_405(client_of: ClientOf) -> None:
    response = client_of("custodian").delete("/api/v1/devices")
    refused(response, 405, "method")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "POST"}


def test_wrong_bodies_are_told_apart(client_of: ClientOf) -> None:
    client, path = client_of("custodian"), "/api/v1/devices"
    refused(client.post(path, {"serial": "X"}), 415, "unsupported")
    refused(client.post(path, b"{", content_type=JSON), 400, "bad_json")
    refused(client.post(path, b"\xff", content_type=JSON), 400, "bad_json")
    refused(client.post(path, b'"' + b"x" * (1 << 20) + b'"', content_type=JSON), 413, "too_large")
    told = refused(client.post(path, {"serial": "X", "more": 1}, content_type=JSON), 422, "invalid")
    assert told["detail"] == {"body.unit": "缺少这一项", "body.more": "没有这一项"}
    refused(client.patch("/api/v1/upload-sets/x/files/y", b"x", content_type="text/plain"), 415)
    refused(client.post(path, content_type=JSON), 422, "invalid")


@pytest.mark.parametrize(
    "body", ["[]", "null", "3", '{"serial": "\\u0000", "unit": "x"}', '{"serial": "\\ud800", "unit": "x"}']
)
def test_bodies_of_another_shape_are_422(client_of: ClientOf, body: str) -> None:
    refused(client_of("custodian").post("/api/v1/devices", body, content_type=JSON), 422, "invalid")


@pytest.mark.parametrize("query", ["size=0", "size=201", "size=x", "state=gone", "kind=%00"])
def test_a_wrong_filter_is_refused_and_not_ignored(client_of: ClientOf, query: str) -> None:
    refused(client_of("custodian").get(f"/api/v1/recordings?{query}"), 422, "invalid")


@pytest.mark.parametrize("path", ["recordings?after=x", "devices?cursor=x", "recordings?after=9.9e9"])
def test_a_forged_cursor_is_400(client_of: ClientOf, path: str) -> None:
    refused(client_of("custodian").get(f"/api/v1/{path}"), 400, "bad_cursor")


def test_a_foreign_name_of_this_computer_is_refused_in_the_same_shape(client_of: ClientOf) -> None:
    refused(client_of("custodian").get("/api/v1/me", headers={"Host": "evil.example"}), 400, "foreign_host")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RuntimeError("SELECT secret FROM /home/x"), 500, "unexpected"),
        (OperationalError("database is locked"), 503, "busy"),
        (OperationalError("near SELECT"), 503, "database"),
        (sqlite3.DatabaseError("file is not a database"), 503, "database"),
        (StorageError("/srv/office/store 写不进去。", remedy="请看 /srv/office/logs。"), 503, "storage"),
    ],
)
def test_the_servers_own_trouble_tells_nothing_of_the_inside(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    client = client_of("custodian")
    monkeypatch.setattr("liuhen.api.devices.selectors.visible_to", fail)
    response = client.get("/api/v1/devices")
    refused(response, status, code)
    for secret in ("SELECT", "/srv", "/home", "database is"):
        assert secret not in response.content.decode()


def test_paths_are_taken_out_of_sentences() -> None:
    said = answers.without_paths("存储 /mnt/disk 2/store 不在（/srv/a/b.json）；详见 1/2 和 /api。")
    assert "/mnt" not in said
    assert "/srv" not in said
    assert "1/2" in said


def test_another_offices_things_are_not_there(
    client_of: ClientOf, filled: Callable[..., SimpleNamespace]
) -> None:
    office, client = filled(fill), client_of("stranger")
    theirs = [
        f"/recordings/{office.recording.number}",
        f"/recordings/{office.recording.sha256}",
        f"/receipts/{office.receipt.number}",
        f"/upload-sets/{office.upload.pk}",
        "/devices/4701A01",
    ]
    made_up = ["/recordings/none", f"/recordings/{'0' * 64}", "/receipts/none"]
    for path in (*theirs, *made_up):
        refused(client.get(f"/api/v1{path}"), 404)
    refused(client.put(f"/api/v1/uploads/{office.recording.sha256}", b"x", content_type=BYTES), 409)
