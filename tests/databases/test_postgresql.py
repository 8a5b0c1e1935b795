"""The same program on PostgreSQL: Debian's server, started for the test; skipped where it is not installed."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def _server_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    programs = _server_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed (Debian: postgresql)")
    folder = Path(
        tempfile.mkdtemp(prefix="liuhen-postgresql-")
    )  # pytest's own folder is closed to other users
    as_user: dict[str, int] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("no user postgres to run the server as")
        shutil.chown(folder, "postgres")
        as_user = {"user": user.pw_uid, "group": user.pw_gid}
    port, data = _free_port(), folder / "data"
    quiet = {"check": True, "capture_output": True, "cwd": folder, **as_user}
    initdb = [
        programs / "initdb",
        "-D",
        data,
        "-A",
        "trust",
        "-U",
        "liuhen",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]
    subprocess.run(initdb, **quiet)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    subprocess.run([*control, "-o", options, "start"], **quiet)
    try:
        yield f"postgresql://liuhen@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def pg_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pg-home")


@pytest.fixture(scope="module")
def office(database_url: str, pg_home: Path):
    home = pg_home
    environment = {**os.environ, "LIUHEN_HOME": str(home), "LIUHEN_DATABASE_URL": database_url}

    def liuhen(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "liuhen.cli.main", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    done = liuhen("demo", "--json")
    assert done.returncode == 0, done.stderr
    return liuhen, json.loads(done.stdout)


def test_a_card_goes_in_and_everything_verifies(office):
    liuhen, outcome = office
    assert outcome["released"]
    assert [file["state"] for file in outcome["files"]] == ["stored"] * 5
    assert json.loads(liuhen("verify", "--json").stdout)["ok"]
    assert json.loads(liuhen("ledger", "verify", "--json").stdout)["ok"]


def test_the_same_card_again_stores_nothing_twice(office):
    liuhen, _ = office
    before = liuhen("list", "--json").stdout
    again = json.loads(liuhen("demo", "--json").stdout)
    assert [file["state"] for file in again["files"]] == ["already"] * 5
    assert liuhen("list", "--json").stdout == before


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entry SET kind = 'x'",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry CASCADE",
    ],
)
def test_the_database_itself_refuses_to_change_history(office, database_url, sql):
    import psycopg

    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.Error, match="只增不改"):
        connection.execute(sql)


def test_two_workers_take_each_card_once(office, database_url, tmp_path):
    liuhen, _ = office
    for number in range(4):
        card = tmp_path / f"card-{number}"
        card.mkdir()
        for place in range(5):
            (card / f"{place}.bin").write_bytes(os.urandom(2000))
        assert liuhen("ingest", str(card), "--later", "--by", "custodian").returncode == 0
    workers = [threading.Thread(target=liuhen, args=("worker", "--once")) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    jobs = json.loads(liuhen("jobs", "--all", "--json", "--by", "custodian").stdout)
    cards = [job for job in jobs if job["kind"] == "ingest.card"]
    assert [(job["state"], job["attempts"]) for job in cards] == [("done", 1)] * 4
    assert {job["result"]["counts"]["stored"] for job in cards} == {5}
    assert len({job["result"]["receipt"] for job in cards}) == 4
    assert all(job["state"] == "done" for job in jobs)
    assert json.loads(liuhen("verify", "--json").stdout)["ok"]


def test_deadlines_follow_the_ledger_there_too_and_a_rebuild_finds_the_same(office):
    liuhen, _ = office

    def deadlines(state: str) -> list[dict[str, object]]:
        done = liuhen("deadlines", "list", "--by", "custodian", "--state", state, "--limit", "999", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    before = {state: deadlines(state) for state in ("open", "met", "waiting", "undated")}
    assert sum(map(len, before.values())) >= 5
    done = liuhen("deadlines", "rebuild", "--json")
    assert done.returncode == 0, done.stderr
    assert {state: deadlines(state) for state in before} == before


def test_a_key_has_one_live_job_there_too(office, database_url):
    import psycopg

    with psycopg.connect(database_url) as connection:
        agency = connection.execute("SELECT id FROM people_agency LIMIT 1").fetchone()[0]
        twice = """INSERT INTO jobs_job (id, kind, agency_id, args, key, title, urgent, state, asked_at, due_at, owner,
            attempts, "limit", files_done, bytes_done, saying, troubles, troubles_count, changes, code, sentence)
            VALUES (gen_random_uuid(), 'x', %s, '{}', 'one', '', false, 'queued', now(), now(), '', 0, 3, 0, 0, '', '[]',
            0, 0, '', '')"""
        connection.execute(twice, [agency])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(twice, [agency])
        connection.rollback()


def test_the_api_answers_there_too(office, database_url, pg_home, tmp_path):
    """Lists, filters, a proof and characters PostgreSQL cannot hold, as the custodian asks for them."""
    script = tmp_path / "ask.py"
    script.write_text(
        """
import django; django.setup()
from django.test import Client
from liuhen.base.people.models import Account
client = Client(raise_request_exception=False)
client.force_login(Account.objects.get(username="custodian"), "liuhen.web.adapters.AccountBackend")
for path in ("me", "health", "units", "devices", "recordings?q=4701&counted=true", "recordings?kind=video&size=1",
             "receipts", "jobs", "ledger", "ledger/entries?size=3", "ledger/consistency?since=2",
             "deadlines?state=met", "recordings/%00", "recordings?q=%00", "devices/a%00b"):
    print(client.get("/api/v1/" + path).status_code)
""",
        encoding="utf-8",
    )
    environment = {
        **os.environ,
        "LIUHEN_HOME": str(pg_home),
        "LIUHEN_DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "liuhen.config.settings",
    }
    done = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["200"] * 12 + ["422"] * 3
