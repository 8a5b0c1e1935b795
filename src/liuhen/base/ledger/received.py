"""What comes back from paper, by mail or on a stick: checkpoints, keys and proofs, read without trust.

- Line ends, a byte-order mark and the key line of our QR code do not spoil a checkpoint.
- Of several keys the last one is in force, as in a `vkey` file.
"""

from __future__ import annotations

import base64
import json

from liuhen.core.errors import UsageError
from liuhen.core.tlog.notes import Vkey


def checkpoint_in(text: str) -> str:
    """The signed note alone. What is no note comes back as it is, for the check to refuse."""
    lines = [line.rstrip() for line in text.lstrip("\ufeff").splitlines()]
    if "" not in lines:
        return text
    signed = lines.index("")
    kept = [line for line in lines[signed + 1 :] if line.startswith("— ")]
    return "\n".join([*lines[: signed + 1], *kept]) + "\n"


def key_in(text: str) -> Vkey:
    """The key in force of a `vkey` file's text. Raises UsageError when there is none, CheckpointFormatError."""
    lines = text.split()
    if not lines:
        raise UsageError("没有给出公钥。", remedy="请给出对方的公钥文件（vkey）或其中一行。")
    return Vkey.parse(lines[-1])


def proof_in(text: str) -> list[bytes]:
    """The hashes of a consistency proof (`liuhen ledger consistency … -o`). Raises UsageError."""
    try:
        return [base64.b64decode(one, validate=True) for one in json.loads(text)["proof"]]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "给出的不是一致性证明。",
            remedy="请对方用 liuhen ledger consistency 旧检查点 -o 文件 重新生成。",
        ) from error
