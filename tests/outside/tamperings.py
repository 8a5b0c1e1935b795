"""Every way in which the tests falsify an exported folder, by name; the two verifiers are held to the same list.

Each takes the export and changes it; what it returns is what a person gives beside the folder:
vkey, witness, checkpoint, consistency (texts).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from outside.exported import INDEX, RECORDING, Export, canonical, digest, entry_for, make_export, signer_of

from liuhen.core.tlog.checkpoint import Checkpoint, Note
from liuhen.core.tlog.proof import ProofFile

Given = dict[str, str]
Tampering = Callable[[Export], Given | None]
SEEN = datetime(2026, 3, 3, 1, 2, 3, tzinfo=UTC)

ALL: dict[str, tuple[Tampering, str]] = {}


def _named(name: str, code: str) -> Callable[[Tampering], Tampering]:
    def keep(tampering: Tampering) -> Tampering:
        assert name not in ALL
        ALL[name] = tampering, code
        return tampering

    return keep


def _original(export: Export, data: bytes, name: str | None = None) -> None:
    (export.folder / export.original).unlink()
    (export.folder / (name or export.original)).write_bytes(data)


def _again(export: Export, **changes: object) -> None:
    """Another export in the same place, its entry changed before it was logged."""
    made = make_export(export.folder, **changes)
    export.entries, export.record = made.entries, made.record


def _write(export: Export, name: str, data: bytes) -> None:
    (export.folder / name).write_bytes(data)


# ---- whole


@_named("untouched", "ok")
def _(export: Export) -> None:
    pass


@_named("its key given", "ok")
def _(export: Export) -> Given:
    return {"vkey": f"{signer_of(2).vkey}\r\n{export.signer.vkey}\n"}


@_named("two keys in the folder", "ok")
def _(export: Export) -> None:
    _write(export, "vkey", f"{signer_of(2).vkey}\n{export.signer.vkey}\n".encode())


@_named("another name", "ok")
def _(export: Export) -> None:
    _original(export, RECORDING, "副本 1.mp4")
    _write(export, "别的文件.mp4", RECORDING[::-1])


@_named("empty original", "ok")
def _(export: Export) -> None:
    _again(export, data={"sha256": digest("sha256", b""), "sm3": digest("sm3", b""), "bytes": 0})
    _original(export, b"")


for _size in (6, 7, 8, 16, 20):
    ALL[f"under a head of {_size}"] = (lambda export, size=_size: export.prove(size), "ok")
    ALL[f"under a head of {_size}, no hint"] = (
        lambda export, size=_size: export.prove(size, hinted=False),
        "ok",
    )


# ---- the original


@_named("one bit of the original", "content_changed")
def _(export: Export) -> None:
    _original(export, RECORDING[:-3] + bytes([RECORDING[-3] ^ 1]) + RECORDING[-2:])


for _name, _data in {"shorter": RECORDING[:-1], "longer": RECORDING + b"\0", "emptied": b""}.items():
    ALL[_name] = (lambda export, data=_data: _original(export, data), "content_changed")
    ALL[f"{_name} and renamed"] = (
        lambda export, data=_data: _original(export, data, "renamed.mp4"),
        "content_missing",
    )

for _key, _names in {
    "content name and name": {"content_name": "x.mp4", "name": "坏名"},
    "name": {"name": "x.mp4"},
    "no name": {},
    "nothing": None,
}.items():

    @_named(f"renamed, the record says {_key}", "content_changed")
    def _(export: Export, names: object = _names) -> None:
        _original(export, b"shorter", "x.mp4")
        _write(export, "record.json", canonical({"original": names}))
        _write(export, "y.mp4", b"something else")


@_named("no original", "content_missing")
def _(export: Export) -> None:
    (export.folder / export.original).unlink()


@_named("another SM3 logged", "content_changed")
def _(export: Export) -> None:
    _again(export, data={"sm3": "0" * 64})


# ---- record, entry, proof


@_named("later record", "record_changed")
def _(export: Export) -> None:
    _write(export, "record.json", export.record + b"\n")


@_named("altered entry", "entry_changed")
def _(export: Export) -> None:
    _write(export, "entry.json", canonical(entry_for(export.record, recorded_at="2026-03-02T09:31:05Z")))


@_named("altered entry, no hint", "proof_invalid")
def _(export: Export) -> None:
    ALL["altered entry"][0](export)
    export.prove(9, hinted=False)


@_named("an entry made to fit another film", "entry_changed")
def _(export: Export) -> None:
    film = RECORDING + b"another ending"
    _original(export, film)
    forged = {"sha256": digest("sha256", film), "sm3": digest("sm3", film), "bytes": len(film)}
    _write(export, "entry.json", canonical(entry_for(export.record, data=forged)))


@_named("an entry that claims another place", "proof_invalid")
def _(export: Export) -> None:
    _again(export, position=INDEX + 1)


def _proof(export: Export, change: Callable[[ProofFile], ProofFile], *, hinted: bool) -> None:
    export.prove(9, hinted=hinted)
    proof = ProofFile.parse(export.proof.read_text(encoding="utf-8"))
    export.proof.write_text(change(proof).to_text(), encoding="utf-8")


def _flipped(at: int) -> Callable[[ProofFile], ProofFile]:
    def change(proof: ProofFile) -> ProofFile:
        hashes = list(proof.hashes)
        hashes[at] = bytes([hashes[at][0] ^ 1]) + hashes[at][1:]
        return ProofFile(proof.index, tuple(hashes), proof.checkpoint, proof.extra)

    return change


def _moved(index: int) -> Callable[[ProofFile], ProofFile]:
    return lambda proof: ProofFile(index, proof.hashes, proof.checkpoint, proof.extra)


def _shortened(proof: ProofFile) -> ProofFile:
    return ProofFile(proof.index, proof.hashes[:-1], proof.checkpoint, proof.extra)


for _hinted in (True, False):
    _tail = "" if _hinted else ", no hint"
    _changes = {f"hash {at} flipped": _flipped(at) for at in range(4)}
    _changes |= {f"moved to {index}": _moved(index) for index in (INDEX - 1, INDEX + 1, 0)}
    for _name, _change in {**_changes, "a hash short": _shortened}.items():
        ALL[f"proof: {_name}{_tail}"] = (
            lambda export, change=_change, hinted=_hinted: _proof(export, change, hinted=hinted),
            "proof_invalid",
        )
    for _size in (1, INDEX):
        ALL[f"a head of {_size} from before the entry{_tail}"] = (
            lambda export, size=_size, hinted=_hinted: export.prove(9, hinted=hinted, note=export.note(size)),
            "checkpoint_too_old",
        )

for _size, _made_for, _hinted in [(6, 9, True), (7, 9, True), (6, 16, False), (8, 17, False)]:
    ALL[f"a head of {_size} under a proof for {_made_for}"] = (
        lambda export, size=_size, made_for=_made_for, hinted=_hinted: export.prove(
            made_for, hinted=hinted, note=export.note(size)
        ),
        "checkpoint_too_old",
    )


# ---- keys


@_named("another's key given", "foreign_key")
def _(export: Export) -> Given:
    return {"vkey": str(signer_of(2).vkey)}


@_named("another's key in the folder", "foreign_key")
def _(export: Export) -> None:
    _write(export, "vkey", f"{signer_of(2).vkey}\n".encode())


@_named("forged from end to end", "ok")
def _(export: Export) -> None:
    export.signer = signer_of(66)
    export.fresh(export.folder)


@_named("forged from end to end, the office's key given", "foreign_key")
def _(export: Export) -> Given:
    office = export.signer
    ALL["forged from end to end"][0](export)
    return {"vkey": str(office.vkey)}


@_named("the key of another log", "foreign_key")
def _(export: Export) -> Given:
    other = signer_of(1, "other.example")
    body = export.head(9).body()
    export.prove(9, note=str(Note(body, (other.sign_text(body),))))
    return {"vkey": str(other.vkey)}


@_named("altered checkpoint", "signature_invalid")
def _(export: Export) -> None:
    export.prove(9, note=export.note(9).replace("\n9\n", "\n10\n"))


@_named("altered signature", "signature_invalid")
def _(export: Export) -> None:
    head, line = export.note(9).rsplit(" ", 1)
    export.prove(9, note=f"{head} {line[:20]}{'A' if line[20] != 'A' else 'B'}{line[21:]}")


# ---- files


for _name in ("entry.json", "record.json", "vkey", "recording.tlog-proof"):
    ALL[f"no {_name}"] = (lambda export, name=_name: (export.folder / name).unlink(), "incomplete")
    for _what, _data in {
        "empty": b"",
        "no text": b"\xff" * 50,
        "blank lines": b"\n\n\n\n",
        "endless": b"A" * 2_000_000,
        "deep": b"[" * 100_000,
    }.items():
        ALL[f"{_name} {_what}"] = (lambda export, name=_name, data=_data: _write(export, name, data), "")


@_named("two proofs", "malformed")
def _(export: Export) -> None:
    _write(export, "second.tlog-proof", export.proof.read_bytes())


HOSTILE_ENTRIES = {
    "deep list": b"[" * 60_000,
    "deep object": b'{"a":' * 12_000,
    "closed and deep": b"[" * 20_000 + b"]" * 20_000,
    "not an object": b"[]",
    "huge number": b'{"position": ' + b"9" * 60_000 + b"}",
    "not a number": b'{"position": NaN}',
    "a key twice": canonical(entry_for(b"")).replace(b'"kind":', b'"kind":"x","kind":'),
    "no data": b'{"data": null, "position": 5}',
    "too large": b" " * 70_000,
    "a mark before it": b"\xef\xbb\xbf" + canonical(entry_for(b"")),
    "a comma too many": canonical(entry_for(b""))[:-1] + b",}",
    "a control character": canonical(entry_for(b"")).replace(b"jinjiang", b"jin\x01jiang"),
}
for _name, _data in HOSTILE_ENTRIES.items():
    ALL[f"hostile entry: {_name}"] = (lambda export, data=_data: _write(export, "entry.json", data), "")

for _at, _changes in enumerate(
    [
        {"position": True},
        {"position": False},
        {"position": str(INDEX)},
        {"position": 5.0},
        {"kind": "recording.viewed"},
        {"data": {"bytes": -1}},
        {"data": {"bytes": 1.5}},
        {"data": {"bytes": "4900"}},
        {"data": {"sha256": None}},
        {"data": {"sha256": digest("sha256", RECORDING).upper()}},
        {"data": {"record_sha256": "../../etc/passwd"}},
    ]
):
    ALL[f"logged in another form {_at}"] = (
        lambda export, changes=_changes: _again(export, **changes),
        "malformed",
    )

for _old, _new in [
    ("index 5", "index " + "9" * 30),
    ("index 5", "index 9223372036854775807"),
    ("index 5", "index 05"),
    ("index 5", "index -5"),
    ("\n9\n", "\n" + "9" * 4000 + "\n"),
    ("\n9\n", "\n0\n"),
    ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
    ("— ", "- "),
]:

    @_named(f"proof: {_old.strip()} becomes {_new.strip()[:30]}", "")
    def _(export: Export, old: str = _old, new: str = _new) -> None:
        text = export.proof.read_text(encoding="utf-8")
        assert old in text
        export.proof.write_text(text.replace(old, new), encoding="utf-8")


@_named("text that would turn the screen around", "ok")
def _(export: Export) -> None:
    _again(export, data={"number": "\x1b[2J\u202e<img src=x onerror=alert(1)>✓ 全部成立\n✓" + "长" * 9999})


# ---- a checkpoint from elsewhere


def _bodies(export: Export) -> Iterator[tuple[str, str]]:
    body = export.head(9).body()
    yield from {
        "note": export.note(9),
        "body": body,
        "stripped": body.strip(),
        "windows": body.replace("\n", "\r\n"),
        "marked": "\ufeff" + export.note(9),
        "indented at the ends": "\n" + body.replace("\n", "  \n") + "\n\n",
    }.items()


for _name in ("note", "body", "stripped", "windows", "marked", "indented at the ends"):
    ALL[f"the same head on paper: {_name}"] = (
        lambda export, name=_name: {"checkpoint": dict(_bodies(export))[name]},
        "ok",
    )


@_named("the same size with another root", "checkpoint_conflict")
def _(export: Export) -> Given:
    return {"checkpoint": Checkpoint(export.signer.name, 9, bytes(32)).body()}


@_named("a signed fork", "checkpoint_conflict")
def _(export: Export) -> Given:
    return {"checkpoint": export.signer.sign(Checkpoint(export.signer.name, 9, bytes(32)))}


for _size in (7, 20):
    ALL[f"a paper of {_size} without a link"] = (
        lambda export, size=_size: {"checkpoint": export.note(size)},
        "ok",
    )


@_named("a paper from before", "checkpoint_too_old")
def _(export: Export) -> Given:
    return {"checkpoint": export.note(4)}


def _linked(export: Export, size: int) -> Given:
    return {
        "checkpoint": export.note(size),
        "consistency": json.dumps(export.link(*sorted((size, 9))), indent=1),
    }


for _size in (0, 1, 4, 6, 8, 20):
    ALL[f"a link from {_size}"] = (lambda export, size=_size: _linked(export, size), "ok")


@_named("a rewritten history", "checkpoint_conflict")
def _(export: Export) -> Given:
    honest = Export(export.folder, list(export.entries), export.signer, export.record)
    honest.entries[2] = b"what was really there"
    return {"checkpoint": honest.note(4), "consistency": json.dumps(export.link(4, 9))}


@_named("a rewritten history, linked by the honest", "checkpoint_conflict")
def _(export: Export) -> Given:
    honest = Export(export.folder, list(export.entries), export.signer, export.record)
    honest.entries[2] = b"what was really there"
    return {"checkpoint": honest.note(20), "consistency": json.dumps(honest.link(9, 20))}


for _name, _spoil in {
    "too short": lambda link: link | {"proof": link["proof"][:-1]},
    "too long": lambda link: link | {"proof": [*link["proof"], link["old"]["root"]]},
    "of another size": lambda link: link | {"old": link["old"] | {"size": 5}},
    "to another root": lambda link: link | {"new": link["new"] | {"root": "A" * 43 + "="}},
    "from another root": lambda link: link | {"old": link["old"] | {"root": "A" * 43 + "="}},
}.items():

    @_named(f"a link {_name}", "consistency_invalid")
    def _(export: Export, spoil: Callable[[dict], dict] = _spoil) -> Given:
        return {"checkpoint": export.note(6), "consistency": json.dumps(spoil(export.link(6, 9)))}


@_named("a checkpoint of another log", "origin_differs")
def _(export: Export) -> Given:
    return {"checkpoint": Checkpoint("other.example", 9, bytes(32)).body()}


@_named("a given checkpoint with a failing signature", "signature_invalid")
def _(export: Export) -> Given:
    return {"checkpoint": export.note(20).replace("\n20\n", "\n19\n")}


# ---- witnesses


def _cosigned(export: Export) -> list[str]:
    first, second = (signer_of(seed, f"witness{seed}.example").as_cosigner() for seed in (7, 8))
    export.prove(9, note=second.cosign(first.cosign(export.note(9), SEEN), SEEN))
    return [str(first.vkey), str(second.vkey)]


ALL["witnesses nobody asked about"] = (lambda export: _cosigned(export) and None, "ok")
ALL["one witness given"] = (lambda export: {"witness": _cosigned(export)[0]}, "ok")
ALL["both witnesses given"] = (lambda export: {"witness": "\n".join(_cosigned(export))}, "ok")


@_named("a witness that did not sign", "witness_missing")
def _(export: Export) -> Given:
    return {"witness": str(signer_of(7, "witness.example").as_cosigner().vkey)}


@_named("a witness of another head", "signature_invalid")
def _(export: Export) -> Given:
    witness = signer_of(7, "witness.example").as_cosigner()
    other = Note.parse(witness.cosign(export.note(8), SEEN))
    ours = Note.parse(export.note(9)).signatures
    export.prove(9, note=str(Note(export.head(9).body(), (*ours, other.signatures[1]))))
    return {"witness": str(witness.vkey)}


# ---- wrong usage

ALL["a vkey with a wrong number"] = (lambda export: {"vkey": "name+00000000+AAAA"}, "usage")
ALL["a log's key as witness"] = (lambda export: {"witness": str(signer_of(1).vkey)}, "usage")
ALL["a witness's key as log key"] = (lambda export: {"vkey": str(signer_of(1).as_cosigner().vkey)}, "usage")
ALL["no checkpoint at all"] = (lambda export: {"checkpoint": "a receipt's other lines"}, "usage")
ALL["a link without a checkpoint"] = (lambda export: {"consistency": json.dumps(export.link(4, 9))}, "usage")
ALL["a link that is none"] = (
    lambda export: {"checkpoint": export.note(9), "consistency": '{"old": 1}'},
    "usage",
)
