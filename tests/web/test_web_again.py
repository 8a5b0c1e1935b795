# ruff: noqa: F811 (fixtures are imported by name)
"""The same bytes asked again: nothing is asked over while nothing was committed, and everything as soon as something was."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from storage.storage_homes import stocked, stocked_homes  # noqa: F401
from storage.storage_office import CLIP, FILES, recording_of

from liuhen.base.people.models import Account, RoleGrant
from liuhen.base.recordings.models import Visit
from liuhen.base.storage.reading import original_in
from liuhen.base.storage.stores import open_stores
from liuhen.web import again

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("LIUHEN_DATABASE_URL")), reason="only SQLite tells whether anything was committed"
)


@pytest.fixture
def address(stocked: Path, client_of: Any) -> Any:
    """A browser of the legal officer's with a film open, and the film's address asked once."""
    client = client_of("legal")
    client.get(f"/recordings/{recording_of().number}/")
    visit = Visit.objects.latest("pk")
    path = f"/recordings/{recording_of().pk}/content/original/?visit={visit.token}"
    asked(client, path)
    return client, path


def asked(client: Any, path: str, **headers: str) -> tuple[int, bytes, int]:
    """Status, bytes, and how many questions the database was asked."""
    with CaptureQueriesContext(connection) as questions:
        answer = client.get(path, headers=headers)
        body = b"".join(answer.streaming_content) if answer.streaming else b""
        answer.close()
    return answer.status_code, body, len(questions)


def test_a_piece_more_of_the_same_film_asks_the_database_nothing(address: Any):
    client, path = address
    assert asked(client, path, Range="bytes=3-9") == (206, FILES[CLIP][3:10], 0)
    assert asked(client, path) == (200, FILES[CLIP], 0)
    assert asked(client, path, Range="bytes=999999-")[::2] == (416, 0)


def test_the_second_answer_says_what_the_first_said(address: Any):
    client, path = address
    Account.objects.filter(username="legal").update(
        state=Account.State.OPEN
    )  # a commit: the next is asked in full
    first, second = client.get(path), client.get(path)
    assert dict(first.headers) == dict(second.headers)
    first.close()
    second.close()


def test_a_right_withdrawn_counts_at_once(address: Any):
    client, path = address
    RoleGrant.objects.filter(account__username="legal").delete()
    assert asked(client, path)[0] == 404


def test_a_visit_ended_a_session_ended_and_an_account_closed_count_at_once(address: Any, client_of: Any):
    client, path = address
    Visit.objects.all().delete()
    assert asked(client, path)[0] == 404
    other = client_of("custodian")
    other.get(f"/recordings/{recording_of().number}/")
    mine = f"/recordings/{recording_of().pk}/content/original/?visit={Visit.objects.latest('pk').token}"
    assert asked(other, mine)[0] == 200
    Account.objects.filter(username="custodian").update(state=Account.State.CLOSED)
    assert asked(other, mine)[0] != 200


def test_the_cookie_is_part_of_the_question(address: Any, client_of: Any):
    client, path = address
    assert asked(client_of("legal"), path)[0] == 404, "another session of the same person"
    assert asked(client_of(), path)[0] != 200
    assert asked(client, path)[0] == 200


def test_silence_is_asked_about_again_after_a_while(address: Any, monkeypatch: pytest.MonkeyPatch):
    client, path = address
    monkeypatch.setattr(again.time, "monotonic", lambda: 10**9)
    assert asked(client, path)[2] > 0


def test_another_file_in_its_place_is_asked_about(address: Any):
    client, path = address
    stored = original_in(open_stores(), recording_of())
    stored.chmod(0o600)
    stored.unlink()
    stored.write_bytes(bytes(len(FILES[CLIP])))
    assert asked(client, path)[2] > 0


def test_within_a_transaction_nothing_is_taken_as_known(address: Any):
    from django.db import transaction

    client, path = address
    with transaction.atomic():
        assert asked(client, path)[2] > 0


def test_the_watch_sees_commits_and_another_file(tmp_path: Path):
    file, watch = tmp_path / "db", again._Watch()
    with sqlite3.connect(file) as line:
        line.execute("CREATE TABLE one (x)")
    before = watch.look(file)
    assert before == watch.look(file)
    with sqlite3.connect(file) as line:
        line.execute("INSERT INTO one VALUES (1)")
    after = watch.look(file)
    assert after != before
    file.rename(tmp_path / "aside")
    assert watch.look(file) is None
    with sqlite3.connect(file) as line:
        line.execute("CREATE TABLE one (x)")
    assert watch.look(file) not in (None, before, after)
