"""`liuhen serve`: one tree of processes, driven from outside."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from the_office import point_at

from liuhen.base import assets

pytestmark = pytest.mark.slow
COMMAND = [sys.executable, "-m", "liuhen.cli.main", "serve"]
LONGEST = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children_of(pid: int) -> set[int]:
    """Every process below, by its parent as the kernel tells it."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        below.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, todo = set(), [pid]
    while todo:
        for one in below.get(todo.pop(), []):
            found.add(one)
            todo.append(one)
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(what: Any) -> Any:
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        if answer := what():
            return answer
        time.sleep(0.1)
    raise AssertionError("it did not come about")


class Served:
    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.log = folder / "served.txt"
        env = {**os.environ, "LIUHEN_HOME": str(folder), "DJANGO_SETTINGS_MODULE": "liuhen.config.settings"}
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [*COMMAND, "--port", str(self.port), *options], env=env, stdout=out, stderr=out
            )

    def get(self, path: str, scheme: str = "http", context: ssl.SSLContext | None = None) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(
                f"{scheme}://127.0.0.1:{self.port}{path}", timeout=10, context=context
            ) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def up(self, **more: Any) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/healthz", **more)[0] == 200
        except OSError:
            return False

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture
def serve(home: Path) -> Iterator[Any]:
    if not (Path(assets.__file__).parents[1] / "static" / assets.NEEDED).exists():
        pytest.skip("SERVING WAS NOT TESTED: the pages' files are missing (make setup)")
    started: list[Served] = []

    def start(*options: str) -> Served:
        started.append(Served(home, *options))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_pages_and_background_work(serve: Any, number: int) -> None:
    served = serve()
    wait_for(served.up)
    below = children_of(served.process.pid)
    assert len(below) >= 3
    served.process.send_signal(number)
    assert served.process.wait(LONGEST) == 0
    wait_for(lambda: not any(alive(pid) for pid in below))
    assert "已停止" in served.log.read_text()


def test_a_dead_child_is_started_again(serve: Any) -> None:
    served = serve()
    wait_for(served.up)
    for name, one in (("granian", "网页服务"), ("worker", "后台任务")):
        pid = next(
            pid
            for pid in children_of(served.process.pid)
            if name in Path(f"/proc/{pid}/cmdline").read_text() and pid in direct(served.process.pid)
        )
        left_behind = children_of(pid)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda one=one: f"{one}意外退出" in served.log.read_text())
        wait_for(lambda gone=left_behind: not any(alive(child) for child in gone))
    wait_for(served.up)


def direct(parent: int) -> set[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return {int(pid) for pid in text.split()}


def test_children_do_not_outlive_a_killed_parent(serve: Any) -> None:
    served = serve()
    wait_for(served.up)
    below = children_of(served.process.pid)
    served.process.kill()
    served.process.wait()
    wait_for(lambda: not any(alive(pid) for pid in below))


def test_a_taken_port_is_told_with_the_way_on(serve: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        served = serve("--port", str(taken.getsockname()[1]))
        assert served.process.wait(LONGEST) == 2
    assert "--port" in served.log.read_text()


def test_https_is_trusted_by_whoever_trusts_the_offices_authority(serve: Any, home: Path) -> None:
    served = serve("--tls")
    authority = home / "keys" / "tls" / "ca.crt"
    wait_for(authority.exists)
    context = wait_for(lambda: authority.read_bytes() and ssl.create_default_context(cafile=str(authority)))
    wait_for(lambda: served.up(scheme="https", context=context))
    assert served.get("/sign-in/", "https", context)[0] == 200
    with pytest.raises(urllib.error.URLError):
        served.get("/sign-in/", "https", ssl.create_default_context())
    assert "受信任的根证书颁发机构" in served.log.read_text()
    for name in ("ca.key", "server.key"):
        assert (home / "keys" / "tls" / name).stat().st_mode & 0o777 == 0o600


def test_the_demos_sign_ins_are_shown_and_let_in(serve: Any, home: Path) -> None:
    from liuhen.base.people.models import Account

    served = serve("--demo")
    wait_for(served.up)
    text = wait_for(lambda: "按 Ctrl-C" in served.log.read_text() and served.log.read_text())
    password = re.findall(r"密码都是 (\S+?)）", text)[0]
    for username in ("custodian", "sysadmin", "auditor"):
        assert username in text
    point_at(home)
    assert Account.objects.get(username="custodian").check_password(password)
    assert not Account.objects.get(username="stranger").has_usable_password()
