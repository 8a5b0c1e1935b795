"""Checkpoints: the signed head of the log, and other offices' cosignatures on it.

- A checkpoint's text is origin, size, base64 root, one a line (C2SP tlog-checkpoint); origin = key name.
- Signing is the log's statement "this is my whole history up to here"; never sign two that disagree.
  The caller keeps the last signed one and proves consistency first.
- A cosignature says "I saw this head at this time, and it extends what I saw before".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .merkle import HASH_SIZE
from .notes import (
    COSIGNATURE_V1,
    ED25519,
    BadSignatureError,
    CheckpointError,
    CheckpointFormatError,
    Cosigned,
    Note,
    Signature,
    UnknownKeyError,
    Vkey,
    b64,
    cosigned_message,
    fingerprint,
    format_error,
    unb64,
    verify_cosignatures,
    verify_note,
)

__all__ = [
    "BadSignatureError",
    "Checkpoint",
    "CheckpointError",
    "CheckpointFormatError",
    "Cosigned",
    "Cosigner",
    "Note",
    "Signature",
    "Signer",
    "UnknownKeyError",
    "Vkey",
    "fingerprint",
    "open_checkpoint",
    "verify_cosignatures",
    "verify_note",
]

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_LINE = re.compile(r"[^\x00-\x1f\ud800-\udfff]+")


@dataclass(frozen=True)
class Checkpoint:
    """The head of one log: `size` leaves under the 32-byte `root`."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(_LINE.fullmatch(line) for line in (self.origin, *self.extensions)):
            raise format_error("检查点的来源行和扩展行不能为空，不能含换行或控制字符。")
        if not 0 <= self.size < 1 << 63 or len(self.root) != HASH_SIZE:
            raise format_error("检查点的条数或根摘要不符合格式。")

    def body(self) -> str:
        """The text that is signed, ending in a newline."""
        lines = (self.origin, str(self.size), b64(self.root), *self.extensions)
        return "".join(line + "\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note's text (without signatures). Raises CheckpointFormatError."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] != "" or not _SIZE.fullmatch(lines[1]):
            raise format_error("检查点应有来源、条数、根摘要三行，条数为十进制整数。")
        root = unb64(lines[2])
        if root is None:
            raise format_error("检查点的根摘要不是 base64。")
        return cls(lines[0], int(lines[1]), root, tuple(lines[3:-1]))


def open_checkpoint(note: Note | str, vkeys: list[Vkey]) -> Checkpoint:
    """The checkpoint of a note signed by one of the log's keys: kind 0x01, named as the origin.

    Raises UnknownKeyError, BadSignatureError or CheckpointFormatError. Key rotation: pass all the log's keys.
    """
    note = Note.parse(note) if isinstance(note, str) else note
    checkpoint = Checkpoint.parse(note.text)
    verify_note(note, [key for key in vkeys if key.kind == ED25519 and key.name == checkpoint.origin])
    return checkpoint


class Signer:
    """A log's name and its Ed25519 private key."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self._vkey = Vkey(name, ED25519, private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> Signer:
        """A new key. Raises CheckpointFormatError for a name that a note cannot carry."""
        return cls(name, Ed25519PrivateKey.generate())

    @property
    def name(self) -> str:
        """Key name, equal to the origin of the checkpoints it signs."""
        return self._vkey.name

    @property
    def private(self) -> Ed25519PrivateKey:
        """The private key, for writing the key file."""
        return self._private

    @property
    def vkey(self) -> Vkey:
        """The verifier key, kind 0x01; `str()` of it is the line of the `vkey` file."""
        return self._vkey

    def sign(self, checkpoint: Checkpoint) -> str:
        """The signed note. Raises CheckpointError when the checkpoint is of another log."""
        if checkpoint.origin != self.name:
            raise CheckpointError(
                f"密钥 {self.name} 不能签署日志 {checkpoint.origin} 的检查点。",
                remedy="请使用该单位自己的密钥。",
                code="checkpoint_origin",
            )
        return str(Note(checkpoint.body(), (self.sign_text(checkpoint.body()),)))

    def sign_text(self, text: str) -> Signature:
        """One signature line over a note's text (ending in a newline)."""
        return Signature(self.name, self._vkey.key_id, self._private.sign(text.encode()))

    def as_cosigner(self) -> Cosigner:
        """The same key as a witness of other logs; the message's first line keeps the two uses apart."""
        return Cosigner(self.name, self._private)


class Cosigner:
    """A witness: its name and Ed25519 private key, used for cosignature/v1 only."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self._vkey = Vkey(name, COSIGNATURE_V1, private.public_key().public_bytes_raw())

    @property
    def vkey(self) -> Vkey:
        """The verifier key, kind 0x04."""
        return self._vkey

    def cosign(self, note: Note | str, at: datetime) -> str:
        """The note with one more signature line, by this witness at `at` (aware; whole seconds are kept).

        The caller has verified the log's signature and the consistency with what it saw before. Raises
        CheckpointFormatError when the note is not a checkpoint, ValueError for a naive or pre-1970 time.
        """
        note = Note.parse(note) if isinstance(note, str) else note
        Checkpoint.parse(note.text)
        if at.tzinfo is None or at.timestamp() < 0:
            raise ValueError("a cosignature needs an aware time after 1970")
        timestamp = int(at.timestamp())
        raw = timestamp.to_bytes(8, "big") + self._private.sign(cosigned_message(timestamp, note.text))
        line = Signature(self._vkey.name, self._vkey.key_id, raw)
        return str(Note(note.text, (*note.signatures, line)))
