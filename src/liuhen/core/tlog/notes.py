"""Signed notes and verifier keys (C2SP signed-note), the envelope of every checkpoint.

- A note is text, an empty line, then signature lines "— name base64(key id ‖ signature)".
- A signature counts only for the key given by name and key id; lines of unknown keys are ignored, whatever
  they say; a known key's line that fails refuses the whole note.
- Text is untrusted until `verify_note` returns.
- Two kinds of key: 0x01 signs the text itself, 0x04 signs it with a time (C2SP tlog-cosignature).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ..errors import DamagedError

ED25519 = 0x01
COSIGNATURE_V1 = 0x04

MAX_NOTE_CHARACTERS = 1_000_000
MAX_SIGNATURES = 256
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_TIMESTAMP = 253_402_300_799  # the last second a datetime can say
_KEY_NAME = re.compile(r"[^\s+\x00-\x1f\x7f\ud800-\udfff]+")
_NOT_TEXT = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<raw>[A-Za-z0-9+/=]+)")


class CheckpointError(DamagedError):
    """A note, checkpoint or verifier key is not to be relied on."""

    code = "checkpoint_invalid"


class CheckpointFormatError(CheckpointError):
    """It cannot be read."""

    code = "checkpoint_malformed"


class UnknownKeyError(CheckpointError):
    """None of the given keys signed it."""

    code = "checkpoint_unknown_key"


class BadSignatureError(CheckpointError):
    """A signature of a given key fails: text or signature was altered."""

    code = "checkpoint_bad_signature"


def b64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 §4)."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes | None:
    """The bytes of canonical base64, or None: one value has one spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64(data) == text else None


def format_error(message: str) -> CheckpointFormatError:
    """A refusal of something that cannot be read."""
    return CheckpointFormatError(message, remedy="请重新取得原文件，逐字核对，不要手工改动。")


@dataclass(frozen=True)
class Vkey:
    """A verifier key: name, kind of signature, Ed25519 public key (32 bytes). `str()` gives its line."""

    name: str
    kind: int
    public: bytes

    def __post_init__(self) -> None:
        if not _KEY_NAME.fullmatch(self.name):
            raise format_error("密钥名不能为空，不能含空白、加号或控制字符。")
        if self.kind not in (ED25519, COSIGNATURE_V1) or len(self.public) != 32:
            raise format_error("公钥不是本系统认识的 Ed25519 公钥（类型 01 或 04）。")

    @property
    def key_id(self) -> str:
        """Eight lower-case hex digits: SHA-256(name ‖ LF ‖ kind ‖ public)[:4] (C2SP signed-note)."""
        seed = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(seed).hexdigest()[:8]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id}+{b64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, line: str) -> Vkey:
        """Read `<name>+<key id>+<base64>`. Raises CheckpointFormatError, also for a wrong key id."""
        parts = line.strip().split("+", 2)
        material = unb64(parts[2]) if len(parts) == 3 else None
        if not material:
            raise format_error("公钥行读不懂，应为“名称+编号+base64”。")
        vkey = cls(parts[0], material[0], material[1:])
        if vkey.key_id != parts[1]:
            raise format_error("公钥行的编号与公钥不符，可能抄错或被改动。")
        return vkey

    @classmethod
    def parse_lines(cls, text: str) -> list[Vkey]:
        """Every key of a `vkey` file, one a line; empty lines are skipped. Raises CheckpointFormatError."""
        return [cls.parse(line) for line in text.splitlines() if line.strip()]


def fingerprint(vkey: Vkey | str) -> str:
    """SHA-256 of the whole vkey line, hex in groups of four, for comparing with paper."""
    digest = hashlib.sha256(str(vkey).strip().encode()).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


@dataclass(frozen=True)
class Signature:
    """One signature line: who claims it (name, 8 hex digits of key id) and the bytes after the key id."""

    name: str
    key_id: str
    raw: bytes

    def line(self) -> str:
        """The line without its newline."""
        return f"— {self.name} {b64(bytes.fromhex(self.key_id) + self.raw)}"


@dataclass(frozen=True)
class Note:
    """Text (ending in a newline) and its signatures, none of them checked yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line() + "\n" for signature in self.signatures)

    @classmethod
    def parse(cls, text: str) -> Note:
        """Read a note without trusting it. Raises CheckpointFormatError."""
        if len(text) > MAX_NOTE_CHARACTERS or _NOT_TEXT.search(text):
            raise format_error("签名文本过大，或含有控制字符。")
        body, separator, tail = text.rpartition("\n\n")
        if not separator or not body or not tail.endswith("\n"):
            raise format_error("签名文本缺少空行或签名行。")
        lines = tail[:-1].split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise format_error("签名行过多。")
        return cls(body + "\n", tuple(_parse_signature(line) for line in lines))


def _parse_signature(line: str) -> Signature:
    match = _SIGNATURE.fullmatch(line)
    payload = unb64(match["raw"]) if match else None
    if match is None or payload is None or len(payload) < 5:
        raise format_error("签名行读不懂。")
    return Signature(match["name"], payload[:4].hex(), payload[4:])


@dataclass(frozen=True)
class Cosigned:
    """A witness's cosignature that holds, and the time the witness gave it (UTC)."""

    vkey: Vkey
    at: datetime


def verify_note(note: Note | str, vkeys: Iterable[Vkey]) -> list[Vkey]:
    """Those of the given keys that signed the note, each once.

    Raises UnknownKeyError when none of them did, BadSignatureError when a line of theirs fails,
    CheckpointFormatError when the note cannot be read.
    """
    signed = [vkey for vkey, _ in _verified(_as_note(note), vkeys)]
    if not signed:
        raise UnknownKeyError(
            "检查点不是由所给的任何一把密钥签署的。",
            remedy="请与纸质回执上的密钥指纹核对，取得正确的公钥（vkey）后再试。",
        )
    return list(dict.fromkeys(signed))


def verify_cosignatures(note: Note | str, vkeys: Iterable[Vkey]) -> list[Cosigned]:
    """The cosignatures of the given witnesses that stand under the note; none is an empty list.

    Raises BadSignatureError when a line of theirs fails, CheckpointFormatError when the note cannot be read.
    """
    found = _verified(_as_note(note), vkeys)
    return [Cosigned(vkey, at) for vkey, at in found if at is not None]


def _as_note(note: Note | str) -> Note:
    return Note.parse(note) if isinstance(note, str) else note


def _verified(note: Note, vkeys: Iterable[Vkey]) -> list[tuple[Vkey, datetime | None]]:
    known: dict[tuple[str, str], list[Vkey]] = {}
    for vkey in vkeys:
        known.setdefault((vkey.name, vkey.key_id), []).append(vkey)
    found = []
    for signature in note.signatures:
        candidates = known.get((signature.name, signature.key_id))
        if candidates is not None:
            found.append(_first_that_signed(signature, candidates, note.text))
    return found


def _first_that_signed(
    signature: Signature, candidates: list[Vkey], text: str
) -> tuple[Vkey, datetime | None]:
    # The 32-bit key id may collide, so more than one candidate is possible.
    for vkey in candidates:
        message, raw, at = _signed_message(vkey, signature, text)
        try:
            Ed25519PublicKey.from_public_bytes(vkey.public).verify(raw, message)
        except (InvalidSignature, ValueError):
            continue
        return vkey, at
    raise BadSignatureError(
        f"密钥 {signature.name} 的签名不成立：检查点或签名被改动。",
        remedy="请保全该文件，另取一份检查点核对；不要采信此份内容。",
        name=signature.name,
        key_id=signature.key_id,
    )


def _signed_message(vkey: Vkey, signature: Signature, text: str) -> tuple[bytes, bytes, datetime | None]:
    if vkey.kind == ED25519:
        return text.encode(), signature.raw, None
    timestamp = int.from_bytes(signature.raw[:8], "big")
    if timestamp > _MAX_TIMESTAMP:
        return b"", b"", None  # no datetime says it: fails as a bad signature
    return cosigned_message(timestamp, text), signature.raw[8:], _EPOCH + timedelta(seconds=timestamp)


def cosigned_message(timestamp: int, text: str) -> bytes:
    """What a cosignature/v1 signs: two lines before the note's text (C2SP tlog-cosignature)."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()
