"""A ledger's keys: the one that signs, those that have retired, and how one takes over from the other.

- `keys/<agency>.key` signs; its public half is the last line of the ledger's `vkey` file, which keeps the line
  of every key the ledger was ever signed with.
- A change of key is an entry of the ledger itself (`ledger.key_rotated`): both public halves, and the size up
  to which the old key signed. Every larger checkpoint is signed by the new key.
- Order: new key file (`.next`), entry committed, `vkey` line, copy of the old key (`.<key id>.retired`), new
  key in the old one's place. The step after a crash is taken by whoever publishes next.
- The first checkpoint of the new key is signed by both and kept (`checkpoint.<old key id>`): whoever trusts
  only the old key sees from it that the new one is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from liuhen.base import home
from liuhen.base.people.models import Agency
from liuhen.core.durable import fsync_dir, make_dirs, replace_file
from liuhen.core.tlog.checkpoint import Checkpoint, Signer
from liuhen.core.tlog.keys import create_key, load_key
from liuhen.core.tlog.notes import Note, Vkey

from .models import Entry

KEY_ROTATED = "ledger.key_rotated"


class Rotation(NamedTuple):
    """One change of key as its entry tells it: vkey lines, and the size up to which the old key signed."""

    old: str
    new: str
    after: int


def origin_of(agency_code: str) -> str:
    return f"liuhen/{agency_code}"


def key_path(agency_code: str) -> Path:
    return home.keys_folder() / f"{agency_code}.key"


def make_key(agency_code: str) -> Signer:
    """The agency's signing key and its public half beside the ledger."""
    home.keys_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    signer = create_key(key_path(agency_code), origin_of(agency_code))
    folder = home.ledger_folder(agency_code)
    make_dirs(folder)
    replace_file(folder / "vkey", f"{signer.vkey}\n".encode())
    return signer


def signing_key(agency_code: str) -> Signer:
    """The agency's key. Raises KeyFileError: missing, readable by others, damaged."""
    return load_key(key_path(agency_code))


def vkeys_text(agency_code: str) -> str:
    return (home.ledger_folder(agency_code) / "vkey").read_text(encoding="utf-8")


def vkeys_of(agency_code: str) -> list[Vkey]:
    """Every key this ledger was ever signed with: one line each in its `vkey` file."""
    return Vkey.parse_lines(vkeys_text(agency_code))


def rotations_of(agency: Agency) -> list[Rotation]:
    """Every change of key, the oldest first; an entry that tells none is left out (`ledger verify` says why)."""
    rows = Entry.objects.filter(agency=agency, kind=KEY_ROTATED).order_by("position")
    found = []
    for text in rows.values_list("entry", flat=True):
        try:
            data = orjson.loads(text)["data"]
            found.append(Rotation(str(data["old"]), str(data["new"]), int(data["size"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def next_key(agency_code: str) -> Signer:
    """The key that is to take over: made now, or left by an attempt that was broken off."""
    path = _next_path(agency_code)
    return load_key(path) if path.exists() else create_key(path, origin_of(agency_code))


def _next_path(agency_code: str) -> Path:
    return key_path(agency_code).with_name(f"{agency_code}.key.next")


def retired_path(agency_code: str, key_id: str) -> Path:
    return key_path(agency_code).with_name(f"{agency_code}.key.{key_id}.retired")


def signer_in_force(agency: Agency) -> Signer:
    """The key to sign with now; a new key whose entry is committed takes over first. Under the publish lock.

    Raises KeyFileError, OSError.
    """
    if _next_path(agency.code).exists():
        fresh = load_key(_next_path(agency.code))
        if any(one.new == str(fresh.vkey) for one in rotations_of(agency)):
            _take_over(agency.code, fresh)
    return signing_key(agency.code)


def _take_over(agency_code: str, fresh: Signer) -> None:
    told = vkeys_of(agency_code)
    if fresh.vkey not in told:
        lines = "".join(f"{key}\n" for key in [*told, fresh.vkey])
        replace_file(home.ledger_folder(agency_code) / "vkey", lines.encode())
    current = key_path(agency_code)
    old = load_key(current)
    replace_file(retired_path(agency_code, old.vkey.key_id), current.read_bytes(), mode=0o600)
    _next_path(agency_code).replace(current)
    fsync_dir(current.parent)


def sign(signer: Signer, checkpoint: Checkpoint, last: str | None) -> str:
    """The signed note; the first one of a new key carries the signature of the key before it too."""
    note = signer.sign(checkpoint)
    before = None if last is None else _only_signer(last)
    if before in (None, signer.vkey.key_id):
        return note
    old = retired_path(checkpoint.origin.removeprefix("liuhen/"), str(before))
    if not old.exists():
        return note
    fresh = Note.parse(note)
    return str(Note(fresh.text, (*fresh.signatures, load_key(old).sign_text(fresh.text))))


def _only_signer(note: str) -> str | None:
    """The key id under a note that one key signed."""
    signatures: Sequence[str] = [signature.key_id for signature in Note.parse(note).signatures]
    return signatures[0] if len(signatures) == 1 else None
