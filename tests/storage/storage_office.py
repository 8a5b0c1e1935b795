"""What the storage tests keep, and the ways they damage it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SECOND = "第二存储"
CLIP = "4701A01_100001_20260716093001_0001.mp4"
FILES = {
    CLIP: b"not a film, but its bytes count" * 300,
    "张三询问.txt": b"words of a party",
    "empty-a.mp4": b"",
    "empty-b.mp4": b"",
    "record.json": b'{"not": "ours"}',
}


def fill(folder: Path) -> None:
    """Take the demo agency's card in, and one file of the stranger's."""
    from liuhen.base.people.models import Account
    from liuhen.stages.ingest.services import Request, ingest_card

    unassigned = {name: data for name, data in FILES.items() if name.endswith(".txt")}
    card = {name: data for name, data in FILES.items() if name not in unassigned}
    elsewhere = {"elsewhere.jpg": b"another office's"}
    for number, (files, who) in enumerate(
        ((card, "custodian"), (unassigned, "custodian"), (elsewhere, "stranger"))
    ):
        place = folder / f"card{number}"
        place.mkdir()
        for name, data in files.items():
            (place / name).write_bytes(data)
        ingest_card(Request(place, Account.objects.get(username=who)), at=AT)


def recording_of(name: str = CLIP):
    from liuhen.base.recordings.models import Recording

    return Recording.objects.get(name=name)


def root_of(home: Path, *, second: bool = False) -> Path:
    return home / ("second/store" if second else "store")


def object_of(home: Path, name: str = CLIP, *, second: bool = False) -> Path:
    from liuhen.core.ocfl.layout import object_path

    return root_of(home, second=second) / object_path(recording_of(name).urn)


def original_of(home: Path, name: str = CLIP, *, second: bool = False) -> Path:
    return object_of(home, name, second=second) / "v1" / "content" / "original" / name


def flip(path: Path, at: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def in_the_middle(name: str, whole: bytes) -> int:
    """Where one bit can be flipped so that a file stays what it is, and only says something else.

    In an entry it is a figure; in a proof a letter of base64 that stays one (of half the letters, `a` or `+` for
    instance, the flipped bit makes a sign that is none, and the file is only malformed).
    """
    if name == "entry.json":
        return whole.index(b'"bytes":') + 9
    if name != "tlog-proof":
        return len(whole) // 2
    letters = b"bcdefghijklmnopqrstuvwxyBCDEFGHIJKLMNOPQRSTUVWXY23456789"
    lines = whole.splitlines(keepends=True)
    hashes = [number for number, line in enumerate(lines) if len(line) == 45]  # 32 bytes and a line end
    start = sum(map(len, lines[: hashes[0]]))
    return next(at for at in range(start, start + 40) if whole[at] in letters)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def rewrite_consistently(folder: Path, inside: str, data: bytes) -> None:
    """Replace a content file and every inventory and sidecar with it: the object is whole in itself again."""
    path = folder / inside
    old, new = sha256(path.read_bytes()), sha256(data)
    path.write_bytes(data)
    for inventory in (*folder.glob("v*/inventory.json"), folder / "inventory.json"):
        text = json.loads(inventory.read_text().replace(old, new))
        raw = (json.dumps(_sorted(text), ensure_ascii=False, indent=1) + "\n").encode()
        inventory.write_bytes(raw)
        inventory.with_name("inventory.json.sha256").write_text(f"{sha256(raw)}  inventory.json\n")


def clone_object(home: Path) -> str:
    """A whole object that nobody registered."""
    import shutil

    from liuhen.core.ocfl.layout import object_path

    urn = "urn:uuid:5b1b1b1b-0000-4000-8000-00000000abcd"
    source, target = object_of(home), root_of(home) / object_path(urn)
    shutil.copytree(source, target)
    for inventory in (target / "inventory.json", target / "v1/inventory.json"):
        raw = inventory.read_bytes().replace(recording_of().urn.encode(), urn.encode())
        inventory.write_bytes(raw)
        inventory.with_name("inventory.json.sha256").write_text(f"{sha256(raw)}  inventory.json\n")
    return urn


def _sorted(inventory: dict) -> dict:
    """As our writer orders digests."""
    inventory["manifest"] = dict(sorted(inventory["manifest"].items()))
    for version in inventory["versions"].values():
        version["state"] = dict(sorted(version["state"].items()))
    return inventory


def tree_of(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


Damage = Callable[[Path], None]


def _remove_file(folder: Path) -> None:
    next((folder / "v1/content/original").iterdir()).unlink()


def _remove_object(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)


def _put_folder(folder: Path) -> None:
    path = folder / "v1/content/record.json"
    path.unlink()
    path.mkdir()
    (path / "inside").write_bytes(b"?")


def _put_link(folder: Path) -> None:
    path = next((folder / "v1/content/original").iterdir())
    path.unlink()
    path.symlink_to("/etc/hostname")


# name -> (what is done to an object's folder, where in it the finding points, code)
DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "a flipped bit of the original": (
        lambda f: flip(f / "v1/content/original" / CLIP, 77),
        f"v1/content/original/{CLIP}",
        "E092",
    ),
    "a flipped bit of the record": (
        lambda f: flip(f / "v1/content/record.json", 5),
        "v1/content/record.json",
        "E092",
    ),
    "a flipped bit of the explanation": (
        lambda f: flip(f / "v1/content/说明.html", 5),
        "v1/content/说明.html",
        "E092",
    ),
    "a flipped bit of the root inventory": (
        lambda f: flip(f / "inventory.json", 5),
        "inventory.json",
        "E060",
    ),
    "a flipped bit of the version's inventory": (
        lambda f: flip(f / "v1/inventory.json", 5),
        "v1/inventory.json",
        "E060",
    ),
    "a flipped bit of the sidecar": (
        lambda f: flip(f / "inventory.json.sha256", 0),
        "inventory.json.sha256",
        "E060",
    ),
    "a flipped bit of the declaration": (
        lambda f: flip(f / "0=ocfl_object_1.1", 0),
        "0=ocfl_object_1.1",
        "E007",
    ),
    "a missing original": (_remove_file, f"v1/content/original/{CLIP}", "E092"),
    "a missing root inventory": (lambda f: (f / "inventory.json").unlink(), "inventory.json", "E063"),
    "a missing declaration": (lambda f: (f / "0=ocfl_object_1.1").unlink(), "0=ocfl_object_1.1", "E003"),
    "a missing object": (_remove_object, "", "object_missing"),
    "an extra file in the content": (
        lambda f: (f / "v1/content/original/extra.mp4").write_bytes(b"smuggled"),
        "v1/content/original/extra.mp4",
        "E023",
    ),
    "an extra file beside the inventory": (
        lambda f: (f / "Thumbs.db").write_bytes(b"x"),
        "Thumbs.db",
        "E001",
    ),
    "a version folder nobody wrote": (lambda f: (f / "v2").mkdir(), "v2", "E046"),
    "a folder in place of the record": (_put_folder, "v1/content/record.json", "E092"),
    "a link in place of the original": (_put_link, f"v1/content/original/{CLIP}", "E090"),
    "a longer original": (
        lambda f: (f / "v1/content/original" / CLIP).write_bytes(FILES[CLIP] + b"!"),
        f"v1/content/original/{CLIP}",
        "E092",
    ),
    "another original, inventories rewritten with it": (
        lambda f: rewrite_consistently(f, f"v1/content/original/{CLIP}", b"another film"),
        f"v1/content/original/{CLIP}",
        "differs_from_ledger",
    ),
    "another record, inventories rewritten with it": (
        lambda f: rewrite_consistently(f, "v1/content/record.json", b'{"officer": "somebody else"}'),
        "v1/content/record.json",
        "record_differs",
    ),
}
