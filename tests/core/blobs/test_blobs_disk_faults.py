"""Real disks that are full, protected or failing: a small file system in memory, and injected errors."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from liuhen.core.blobs import LocalBlobs
from liuhen.core.blobs.base import DiskFullError, StoreMissingError, StoreReadOnlyError
from liuhen.core.ocfl import create_store, validate_root

SRC = Path(__file__).resolve().parents[3] / "src"
MIB = 1 << 20


def _mount(*arguments: str) -> str:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else ""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("no mount command: full and protected disks NOT tried")
    refused = _mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk))
    if refused:
        pytest.skip(f"may not mount a small file system ({refused}): full and protected disks NOT tried")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def put(store: LocalBlobs, at: str, size: int) -> None:
    draft = store.draft(at.replace("/", "-"))
    draft.write("f", b"x" * size)
    draft.publish(at)


def test_a_disk_that_fills_up_while_writing_keeps_what_was_stored(small: Path) -> None:
    store = create_store(small / "store", small / "staging", "一号库")
    put(store, "a/first", MIB)
    draft = store.draft("second")
    with pytest.raises(DiskFullError, match="空间不足") as caught, draft.writer("f") as out:
        for _ in range(8):
            out.write(b"y" * MIB)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert "清理该磁盘" in str(caught.value)
    draft.discard()
    assert store.reread("a/first/f").size == MIB
    put(store, "a/third", 2 * MIB)
    assert list(store.list("a")) == ["a/first/f", "a/third/f"]


def test_an_announced_size_takes_its_room_at_once(small: Path) -> None:
    store = create_store(small / "store", small / "staging", "一号库")
    before = store.free_bytes()
    draft = store.draft("second")
    with draft.writer("f", size_hint=2 * MIB) as out:
        during = store.free_bytes()
        out.write(b"y")
    assert before is not None
    assert during is not None
    assert before - during >= 2 * MIB
    with pytest.raises(DiskFullError), draft.writer("g", size_hint=4 * MIB):
        pytest.fail("writing began")


def test_a_repair_on_a_full_disk_changes_nothing(small: Path) -> None:
    store = create_store(small / "store", small / "staging", "一号库")
    put(store, "a/first", 2 * MIB)
    with pytest.raises(DiskFullError):
        store.restore("a/first/f", [b"y" * MIB] * 3, "0" * 64)
    assert store.read_bytes("a/first/f") == b"x" * 2 * MIB
    assert store.drafts() == []


def test_a_write_protected_disk_reads_and_says_why_it_does_not_write(small: Path) -> None:
    store = create_store(small / "store", small / "staging", "一号库")
    put(store, "a/first", 10)
    draft = store.draft("second")
    assert _mount("-o", "remount,ro", str(small)) == ""
    with pytest.raises(StoreReadOnlyError, match="只读"):
        draft.write("f", b"x")
    with pytest.raises(StoreReadOnlyError):
        store.draft("third")
    assert store.read_bytes("a/first/f") == b"x" * 10


def test_a_store_unmounted_while_in_use_is_missing_and_its_mount_point_stays_empty(small: Path) -> None:
    store = create_store(small / "store", small / "staging", "一号库")
    put(store, "a/first", 10)
    draft = store.draft("second")
    draft.write("f", b"x")
    subprocess.run(["umount", str(small)], check=True)
    try:
        asks = (
            lambda: store.read_bytes("a/first/f"),
            lambda: draft.write("g", b"x"),
            lambda: draft.publish("a/second"),
            lambda: store.draft("third"),
            lambda: list(validate_root(store)),
        )
        for ask in asks:
            with pytest.raises(StoreMissingError, match="不存在或未挂载"):
                ask()
        assert list(small.iterdir()) == []
    finally:
        assert _mount("-t", "tmpfs", "tmpfs", str(small)) == ""


# -- a device that fails


def under_fault(code: str, home: Path, *faults: str) -> str:
    """What a program prints whose system calls fail as told."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: failing devices NOT tried (apt: strace)")
    program = f"""
import sys; sys.path.insert(0, {str(SRC)!r})
from pathlib import Path
from liuhen.core.blobs.local import LocalBlobs
store = LocalBlobs("一号库", Path({str(home / "store")!r}), Path({str(home / "staging")!r}))
try:
    {code}
except Exception as error:
    print(type(error).__name__, type(error.__cause__).__name__, error)
"""
    command = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        *faults,
        sys.executable,
        "-I",
        "-S",
        "-B",
        "-X",
        "utf8",
    ]
    return subprocess.run([*command, "-c", program], capture_output=True, text=True, timeout=60).stdout


@pytest.mark.slow
@pytest.mark.parametrize("call", ["store.reread('a/f')", "store.read_bytes('a/f')"])
def test_a_bad_sector_is_a_failed_read_with_its_remedy(tmp_path: Path, call: str) -> None:
    store = create_store(tmp_path / "store", tmp_path / "staging", "一号库")
    put(store, "a", 5000)
    reads = "preadv,preadv2,pread64,read"
    inject = ("-P", str(store.root / "a/f"), "-e", f"trace={reads}", "-e", f"inject={reads}:error=EIO")
    said = under_fault(call, tmp_path, *inject)
    assert said.startswith("ReadFailedError OSError 从存储位置“一号库”读不出“a/f”")
    assert "liuhen repair" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("fsync:error=EIO:when=1", "WriteFailedError"),
        ("fsync:error=EIO:when=2", "WriteFailedError"),
        ("rename:error=EIO:when=1", "WriteFailedError"),
        ("rename:error=ENOSPC:when=1", "DiskFullError"),
        ("write:error=ENOSPC:when=1", "DiskFullError"),
        ("fallocate:error=ENOSPC:when=1", "DiskFullError"),
        ("mkdir:error=EROFS:when=1", "StoreReadOnlyError"),
        ("rename:error=EXDEV:when=1", "StagingElsewhereError"),
        ("openat:error=EACCES", "StoreDeniedError"),
    ],
)
def test_a_failing_write_publishes_nothing_and_says_why(tmp_path: Path, fault: str, name: str) -> None:
    create_store(tmp_path / "store", tmp_path / "staging", "一号库")
    code = """d = store.draft("rec")
    with d.writer("f", size_hint=2) as out: out.write(b"xy")
    d.publish("a/rec")"""
    paths = [tmp_path / "staging/rec/tree" / part for part in ("", "f")] + [tmp_path / "staging/rec"]
    watch = [word for path in paths for word in ("-P", str(path))]
    call = fault.split(":", 1)[0]
    said = under_fault(code, tmp_path, *watch, "-e", f"trace={call}", "-e", f"inject={fault}")
    cause = "PermissionError" if "EACCES" in fault else "OSError"
    assert said.startswith(f"{name} {cause} ")
    assert "怎么办：" in said
    store = LocalBlobs("一号库", tmp_path / "store", tmp_path / "staging")
    assert [item.path for item in validate_root(store)] == []
