#!/usr/bin/env python3
# Copyright the Liuhen (留痕) authors
# SPDX-License-Identifier: Apache-2.0
# Licensed under the Apache License, Version 2.0; you may not use this file except in compliance with it.
# Distributed on an "AS IS" basis, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND.
"""留痕离线核验：核对一份导出的执法音像记录，不联网，不安装任何软件，只需 Python 3.8 或以上。

用法（在导出的文件夹中打开命令行）：

    python3 -I liuhen-verify.py .                        用文件夹里的公钥核验，指纹须再与纸质回执核对
    python3 -I liuhen-verify.py . --vkey 公钥或公钥文件    用另行取得的公钥核验（可重复给出）
    python3 -I liuhen-verify.py . --checkpoint 文件       与纸质回执等处抄来的检查点核对
        [--consistency 文件]                              两个检查点条数不同时，证明日志只增不改
    python3 -I liuhen-verify.py . --witness 公钥或公钥文件  核对见证单位的签名（可重复给出）
    --skip-sm3  不核对 SM3（本机 Python 不带 SM3 时很慢）      --json  只输出一份 JSON

核验内容：原始文件与日志条目一致；条目确在日志之中（RFC 9162 默克尔树）；日志由所给密钥签署（Ed25519）；
record.json 与入库时一致。退出状态：0 全部成立，1 有不成立或不可信之处，2 用法有误。

Rules of this file:
- Standard library only, one file, no network; it reads the folder and writes nothing.
- Everything in the folder is hostile until a signature covers it: sizes are bounded, links are not followed.
- A check ends in ok, fail or note; what was not checked is said, never left out.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import stat
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

VERSION = "1"
MAX_ENTRY = 65535
MAX_TEXT = 1 << 20
MAX_RECORD_PARSED = 16 << 20
MAX_SIGNATURES = 256
MAX_HASHES = 128
CHUNK = 1 << 20
RESERVED = {"record.json", "entry.json", "vkey", "liuhen-verify.py", "liuhen-verify.html"}
ESSENTIAL = {"signature", "inclusion", "entry", "content", "record"}
ED25519 = 1
COSIGNATURE_V1 = 4


class Refusal(Exception):
    """Something does not hold: a stable code, and one sentence each in Chinese and English."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(zh)
        self.code, self.zh, self.en = code, zh, en


class UsageError(Exception):
    """The command was called wrongly."""


# ---------------------------------------------------------------- SM3 (GB/T 32905)


def _rotl(x: int, n: int) -> int:
    return ((x << n) | (x >> (32 - n))) & 0xFFFFFFFF


_SM3_T = [_rotl(0x79CC4519 if j < 16 else 0x7A879D8A, j % 32) for j in range(64)]
_SM3_IV = tuple(
    int(word, 16)
    for word in (
        "7380166f",
        "4914b2b9",
        "172442d7",
        "da8a0600",
        "a96f30bc",
        "163138aa",
        "e38dee4d",
        "b0fb0e4e",
    )
)


def _sm3_block(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    w = [int.from_bytes(block[i : i + 4], "big") for i in range(0, 64, 4)]
    for j in range(16, 68):
        x = w[j - 16] ^ w[j - 9] ^ _rotl(w[j - 3], 15)
        w.append(x ^ _rotl(x, 15) ^ _rotl(x, 23) ^ _rotl(w[j - 13], 7) ^ w[j - 6])
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        a12 = _rotl(a, 12)
        ss1 = _rotl((a12 + e + _SM3_T[j]) & 0xFFFFFFFF, 7)
        ff = a ^ b ^ c if j < 16 else (a & b) | (a & c) | (b & c)
        gg = e ^ f ^ g if j < 16 else (e & f) | (~e & g)
        tt1 = (ff + d + (ss1 ^ a12) + (w[j] ^ w[j + 4])) & 0xFFFFFFFF
        tt2 = (gg + h + ss1 + w[j]) & 0xFFFFFFFF
        d, c, b, a = c, _rotl(b, 9), a, tt1
        h, g, f, e = g, _rotl(f, 19), e, tt2 ^ _rotl(tt2, 9) ^ _rotl(tt2, 17)
    after = (a, b, c, d, e, f, g, h)
    return tuple(state[i] ^ after[i] for i in range(8))


class PureSm3:
    """SM3 without hashlib's help: right, and slow (about a quarter of a megabyte a second)."""

    def __init__(self) -> None:
        self._state, self._rest, self._size = _SM3_IV, b"", 0

    def update(self, data: bytes) -> None:
        self._size += len(data)
        data = self._rest + data
        whole = len(data) - len(data) % 64
        for at in range(0, whole, 64):
            self._state = _sm3_block(self._state, data[at : at + 64])
        self._rest = data[whole:]

    def hexdigest(self) -> str:
        tail = self._rest + b"\x80" + bytes((55 - self._size) % 64) + (self._size * 8).to_bytes(8, "big")
        state = self._state
        for at in range(0, len(tail), 64):
            state = _sm3_block(state, tail[at : at + 64])
        return "".join(f"{word:08x}" for word in state)


_SM3_OF_ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def native_sm3():
    """hashlib's SM3 when this Python has one that gives the published digest of "abc"; else None."""
    try:
        digest = hashlib.new("sm3")
        trial = digest.copy()
        trial.update(b"abc")
    except ValueError:
        return None
    return digest if trial.hexdigest() == _SM3_OF_ABC else None


def pure_sm3_rate() -> float:
    """Bytes a second of the slow road, measured on this computer."""
    started, data = time.perf_counter(), bytes(16384)
    PureSm3().update(data)
    return len(data) / max(time.perf_counter() - started, 1e-9)


# ---------------------------------------------------------------- Ed25519 (RFC 8032 §5.1), checking only

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_SQRT_M1 = pow(2, (_P - 1) // 4, _P)
_IDENTITY = (0, 1, 1, 0)  # X, Y, Z, T with x = X/Z, y = Y/Z, x·y = T/Z


def _add(p: tuple, q: tuple) -> tuple:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(scalar: int, point: tuple) -> tuple:
    result = _IDENTITY
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _same(p: tuple, q: tuple) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % _P == 0 and (p[1] * q[2] - q[1] * p[2]) % _P == 0


def _decode_point(data: bytes):
    """The point of 32 bytes, or None: one point has one spelling (§5.1.3)."""
    number = int.from_bytes(data, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    if y >= _P:
        return None
    x2 = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(x2, (_P + 3) // 8, _P)
    if (x * x - x2) % _P:
        x = x * _SQRT_M1 % _P
    if (x * x - x2) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


_BASE = _decode_point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """True when the signature holds; strict: canonical S and points, no points of small order."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, nonce = _decode_point(public), _decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or s >= _L:
        return False
    if _same(_multiply(8, key), _IDENTITY) or _same(_multiply(8, nonce), _IDENTITY):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _L
    return _same(_multiply(s, _BASE), _add(nonce, _multiply(h, key)))


# ---------------------------------------------------------------- Merkle tree (RFC 9162 §2.1)


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def path_length(index: int, size: int) -> int:
    """How many hashes an inclusion proof has (0 ≤ index < size)."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + bin(index >> inner).count("1")


def root_from_inclusion(index: int, size: int, leaf: bytes, hashes: list[bytes]):
    """The root that the proof leads to (§2.1.3.2), or None when it has a wrong number of hashes."""
    if not 0 <= index < size or len(hashes) != path_length(index, size):
        return None
    node, first, last = leaf, index, size - 1
    for sibling in hashes:
        if first & 1 or first == last:
            node = node_hash(sibling, node)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        first, last = first >> 1, last >> 1
    return node


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, hashes: list[bytes]) -> bool:
    """True when the tree of `new` leaves begins with the tree of `old` (§2.1.4.2), 0 ≤ old < new."""
    if old == 0:
        return not hashes and old_root == hashlib.sha256(b"").digest()
    path = list(hashes) if old & (old - 1) else [old_root, *hashes]
    if not path:
        return False
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    left = right = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            left, right = node_hash(node, left), node_hash(node, right)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            right = node_hash(right, node)
        first, last = first >> 1, last >> 1
    return last == 0 and left == old_root and right == new_root


# ---------------------------------------------------------------- reading what may be hostile


def shown(value: object, limit: int = 200) -> str:
    """Foreign text made fit to be printed: nothing that moves the cursor, nothing endless."""
    text = "".join(char if char.isprintable() else "\ufffd" for char in str(value)[: limit + 1])
    return text if len(text) <= limit else text[:limit] + "…"


def in_beijing(stamp: str) -> str:
    """A UTC time as a Chinese office reads its clock, the original beside it; as it stands if unreadable."""
    try:
        moment = datetime.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S") + timedelta(hours=8)
    except ValueError:
        return stamp
    return f"{moment:%Y-%m-%d %H:%M:%S}（北京时间；{stamp}）"


def malformed(what: str, zh: str, en: str) -> Refusal:
    return Refusal("malformed", f"{what}{zh}。", f"{what}: {en}.")


def missing(what: str) -> Refusal:
    return Refusal("incomplete", f"文件夹中缺少 {what}。", f"The folder lacks {what}.")


def unreadable(name: str) -> Refusal:
    return malformed(shown(name), "读不出（磁盘、权限或介质问题）", "cannot be read")


def unb64(text: str):
    """The bytes of canonical base64, or None: one value has one spelling."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode("ascii") == text else None


def as_text(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise malformed(what, "不是 UTF-8 文本", "not UTF-8 text") from None


def _no_twins(pairs: list[tuple]) -> dict:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key appears twice")
    return dict(pairs)


def _bounded_int(text: str) -> int:
    if len(text) > 20:
        raise ValueError("number too long")
    return int(text)


def _no_constant(text: str) -> None:
    raise ValueError(text)


def as_object(data: bytes, what: str) -> dict:
    """A JSON object without twin keys, endless numbers or endless depth."""
    text = as_text(data, what)
    try:
        value = json.loads(
            text, object_pairs_hook=_no_twins, parse_int=_bounded_int, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise malformed(what, "不是可读的 JSON", "not readable as JSON") from None
    if not isinstance(value, dict):
        raise malformed(what, "不是 JSON 对象", "not a JSON object")
    return value


class Folder:
    """The exported folder. Only plain files directly in it are read; links are never followed."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        try:
            self.names = sorted(os.listdir(path))  # noqa: PTH208 - names as they are, not paths
        except (OSError, ValueError):
            raise UsageError(f"打不开文件夹 {shown(path)} / cannot open this folder") from None

    def is_plain(self, name: str) -> bool:
        try:
            return stat.S_ISREG((self.path / name).lstat().st_mode)
        except OSError:
            return False

    def size(self, name: str) -> int:
        return (self.path / name).lstat().st_size

    def open(self, name: str):
        if name not in self.names:
            raise missing(name)
        if not self.is_plain(name):
            raise malformed(
                shown(name), "不是普通文件（链接不跟随）", "not a plain file; links are not followed"
            )
        flags = os.O_RDONLY
        for flag in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"):
            flags |= getattr(os, flag, 0)  # each exists on some systems only
        try:
            return os.fdopen(os.open(self.path / name, flags), "rb")
        except OSError:
            raise unreadable(name) from None

    def read(self, name: str, limit: int) -> bytes:
        with self.open(name) as file:
            try:
                data = file.read(limit + 1)
            except OSError:
                raise unreadable(name) from None
        if len(data) > limit:
            raise malformed(shown(name), "过大，不是本系统导出的文件", "too large to be one of ours")
        return data

    def digest(self, name: str, digest, progress=None) -> str:
        """Feed the whole file, piece by piece, to a digest; its hex."""
        done = 0
        with self.open(name) as file:
            while True:
                try:
                    chunk = file.read(CHUNK)
                except OSError:
                    raise unreadable(name) from None
                if not chunk:
                    return digest.hexdigest()
                digest.update(chunk)
                done += len(chunk)
                if progress:
                    progress(done)


def read_given(path: str) -> str:
    """A text file that the person named on the command line."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_TEXT + 1)
    except (OSError, ValueError):
        raise UsageError(f"打不开文件 {shown(path)} / cannot open this file") from None
    if len(data) > MAX_TEXT:
        raise UsageError(f"文件过大 {shown(path)} / file too large")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"文件不是 UTF-8 文本 {shown(path)} / not UTF-8 text") from None


# ---------------------------------------------------------------- C2SP formats

_VKEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")
_NOT_TEXT = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_LAST_SECOND = 253402300799  # the last one that a date can say


class Vkey:
    """A verifier key (C2SP signed-note), kind 1 of a log or kind 4 of a witness."""

    def __init__(self, line: str) -> None:
        match = None if _NOT_TEXT.search(line) else _VKEY.fullmatch(line)
        material = unb64(match.group(3)) if match else None
        if material is None or len(material) != 33 or material[0] not in (ED25519, COSIGNATURE_V1):
            raise malformed("公钥 vkey", "读不懂，应为“名称+编号+base64”", "not an Ed25519 verifier key")
        self.line, self.name, self.kind, self.public = line, match.group(1), material[0], material[1:]
        self.key_id = hashlib.sha256(self.name.encode("utf-8") + b"\n" + material).digest()[:4]
        if self.key_id.hex() != match.group(2):
            raise malformed("公钥 vkey", "的编号与公钥不符，可能抄错", "the key id does not fit the key")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the vkey line in groups of four, as printed on receipts."""
        digest = hashlib.sha256(self.line.encode("utf-8")).hexdigest()
        return " ".join(digest[at : at + 4] for at in range(0, 64, 4))

    def verify(self, text: str, raw: bytes) -> tuple:
        """(holds, seconds since 1970 or None) for the bytes after the key id of a signature line."""
        if self.kind == ED25519:
            return ed25519_verify(self.public, text.encode("utf-8"), raw), None
        seconds = int.from_bytes(raw[:8], "big")
        if len(raw) != 72 or seconds > _LAST_SECOND:
            return False, None
        message = f"cosignature/v1\ntime {seconds}\n{text}"
        return ed25519_verify(self.public, message.encode("utf-8"), raw[8:]), seconds


def parse_vkeys(text: str) -> list[Vkey]:
    return [Vkey(line.strip()) for line in text.splitlines() if line.strip()]


class Checkpoint:
    """The head of the log: origin, size, root (C2SP tlog-checkpoint), and its signature lines if any."""

    def __init__(self, text: str, signatures: tuple = ()) -> None:
        lines = text.split("\n")
        formed = len(lines) >= 4 and not lines[-1] and all(lines[:-1]) and not _NOT_TEXT.search(text)
        root = unb64(lines[2]) if formed else None
        if root is None or len(root) != 32 or not _NUMBER.fullmatch(lines[1]):
            raise malformed("检查点", "读不懂，应为来源、条数、根摘要三行", "not origin, size and root")
        self.text, self.origin, self.size, self.root = text, lines[0], int(lines[1]), root
        self.signatures = signatures  # (name, key id, bytes after the key id)

    @classmethod
    def from_note(cls, note: str) -> Checkpoint:
        body, separator, tail = note.rpartition("\n\n")
        lines = tail[:-1].split("\n")
        if not separator or not tail.endswith("\n") or len(lines) > MAX_SIGNATURES:
            raise malformed("检查点", "缺少空行或签名行", "no signature lines")
        return cls(body + "\n", tuple(cls._signature(line) for line in lines))

    @staticmethod
    def _signature(line: str) -> tuple:
        match = None if _NOT_TEXT.search(line) else _SIGNATURE.fullmatch(line)
        payload = unb64(match.group(2)) if match else None
        if payload is None or len(payload) < 5:
            raise malformed("检查点", "的签名行读不懂", "unreadable signature line")
        return match.group(1), payload[:4], payload[4:]

    def lines_of(self, key: Vkey) -> list[bytes]:
        return [raw for name, key_id, raw in self.signatures if (name, key_id) == (key.name, key.key_id)]


class Proof:
    """A `.tlog-proof` file (C2SP tlog-proof@v1)."""

    def __init__(self, text: str) -> None:
        head, separator, note = text.partition("\n\n")
        lines = head.split("\n")
        if lines.pop(0) != "c2sp.org/tlog-proof@v1" or not separator:
            raise malformed("证明文件", "首行或空行不对", "wrong first line, or no empty line")
        self.extra = unb64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
        number = lines.pop(0)[6:] if lines and lines[0].startswith("index ") else ""
        self.hashes = [unb64(line) for line in lines]
        if not _NUMBER.fullmatch(number) or len(lines) > MAX_HASHES:
            raise malformed("证明文件", "的 index 行不对，或摘要过多", "bad index line, or too many hashes")
        if any(value is None or len(value) != 32 for value in self.hashes):
            raise malformed("证明文件", "的摘要行不对", "bad hash line")
        self.index, self.checkpoint = int(number), Checkpoint.from_note(note)

    def hint(self):
        """(leaf hash, tree size) as the exporter noted, or None. Unsigned: it may only word a refusal."""
        if self.extra is None or len(self.extra) != 40:
            return None
        return self.extra[:32], int.from_bytes(self.extra[32:], "big")


# ---------------------------------------------------------------- the checks


class Report:
    """What was checked, in order, and what it came to."""

    def __init__(self) -> None:
        self.checks: list[dict] = []
        self.not_proved: list[tuple] = []
        self.key = None
        self.key_from_folder = False
        self.index = self.size = self.recorded_at = None

    def _add(self, check: str, state: str, code: str, zh: str, en: str) -> None:
        self.checks.append({"check": check, "state": state, "code": code, "zh": zh, "en": en})

    def ok(self, check: str, zh: str, en: str) -> None:
        self._add(check, "ok", "ok", zh, en)

    def note(self, check: str, zh: str, en: str) -> None:
        self._add(check, "note", "not_checked", zh, en)

    @property
    def code(self) -> str:
        """The first refusal's code; "ok" when there is none and nothing essential was left out."""
        held = {check["check"] for check in self.checks if check["state"] == "ok"}
        fallback = "ok" if held >= ESSENTIAL else "incomplete"
        return next((check["code"] for check in self.checks if check["state"] == "fail"), fallback)

    def attempt(self, check: str, function, *arguments):
        """Run one check; its value, or None when it was refused."""
        try:
            return function(*arguments)
        except Refusal as refusal:
            self._add(check, "fail", refusal.code, refusal.zh, refusal.en)
        except (OSError, ValueError, OverflowError, RecursionError, MemoryError) as error:
            what = type(error).__name__
            self._add(
                check, "fail", "malformed", f"内容无法处理（{what}）。", f"It cannot be handled ({what})."
            )
        return None


def audit(options, report: Report) -> None:
    """Every check in its order; a refused one does not keep the others from being tried."""
    folder = Folder(options.folder)
    proof = report.attempt("proof_file", read_proof, folder, report)
    keys = report.attempt("key", trusted_keys, options, folder, report) or []
    if proof and keys:
        report.attempt("signature", check_signature, proof.checkpoint, keys, report)
    if proof:
        check_witnesses(proof.checkpoint, options.witness_keys, keys, report)
    raw = report.attempt("entry", folder.read, "entry.json", MAX_ENTRY)
    if proof and raw is not None:
        report.attempt("inclusion", check_inclusion, proof, raw, report)
    data = report.attempt("entry", read_entry, raw, proof, report) if raw is not None else None
    if proof and options.given:
        report.attempt("checkpoint", check_given, options, proof, keys, report)
    if data:
        name = report.attempt("content", check_content, folder, data, report)
        if name is not None:
            report.attempt("sm3", check_sm3, folder, name, data, options, report)
        report.attempt("record", check_record, folder, data, report)
    say_what_is_not_proved(report, options)


def read_proof(folder: Folder, report: Report) -> Proof:
    names = [name for name in folder.names if name.endswith(".tlog-proof")]
    if not names:
        raise missing("*.tlog-proof")
    if len(names) > 1:
        raise malformed("证明文件 .tlog-proof", "多于一个，不知以哪个为准", "there is more than one")
    proof = Proof(as_text(folder.read(names[0], MAX_TEXT), "证明文件"))
    report.index, report.size = proof.index, proof.checkpoint.size
    report.ok("proof_file", f"证明文件可读：{shown(names[0])}", f"Proof file read: {shown(names[0])}")
    return proof


def trusted_keys(options, folder: Folder, report: Report) -> list[Vkey]:
    """The log's keys: those given, else those in the folder (said loudly at the end)."""
    if options.log_keys:
        return options.log_keys
    report.key_from_folder = True
    keys = [key for key in parse_vkeys(as_text(folder.read("vkey", MAX_TEXT), "vkey")) if key.kind == ED25519]
    if not keys:
        raise missing("vkey")
    return keys


def check_signature(checkpoint: Checkpoint, keys: list[Vkey], report: Report) -> None:
    """The checkpoint is signed by a trusted key that bears the log's own name."""
    signer = signer_of(checkpoint, keys)
    origin = shown(checkpoint.origin)
    if signer is None:
        raise Refusal(
            "foreign_key",
            f"检查点（日志 {origin}）不是由所信任的密钥签署的：可能属于别的机关，或系伪造。",
            f"The checkpoint of log {origin} is not signed by the trusted key: another's log, or forged.",
        )
    report.key = signer
    report.ok(
        "signature",
        f"检查点（共 {checkpoint.size} 条）由密钥 {shown(signer.name)} 签署，签名成立",
        f"The checkpoint ({checkpoint.size} entries) is signed by key {shown(signer.name)}",
    )


def signer_of(checkpoint: Checkpoint, keys: list[Vkey]):
    """The first trusted key that signed; None when none did. Raises when a trusted key's line fails."""
    signer = None
    for key in keys:
        for raw in checkpoint.lines_of(key) if key.name == checkpoint.origin else ():
            if not key.verify(checkpoint.text, raw)[0]:
                raise Refusal(
                    "signature_invalid",
                    f"密钥 {shown(key.name)} 的签名不成立：检查点或签名被改动。",
                    f"The signature of key {shown(key.name)} fails: checkpoint or signature was altered.",
                )
            signer = signer or key
    return signer


def check_witnesses(checkpoint: Checkpoint, witnesses: list[Vkey], keys: list[Vkey], report: Report) -> None:
    for witness in witnesses:
        report.attempt("witness", check_witness, checkpoint, witness, report)
    known = {(key.name, key.key_id) for key in [*witnesses, *keys]}
    for name, key_id, _ in checkpoint.signatures:
        if (name, key_id) not in known:
            line = f"{shown(name)} ({key_id.hex()})"
            report.note(
                "witness", f"签名行 {line} 未核对：没有给出它的公钥", f"Not checked: signature line {line}"
            )


def check_witness(checkpoint: Checkpoint, witness: Vkey, report: Report) -> None:
    name, lines = shown(witness.name), checkpoint.lines_of(witness)
    if not lines:
        raise Refusal(
            "witness_missing", f"没有见证单位 {name} 的签名。", f"There is no cosignature of witness {name}."
        )
    for raw in lines:
        holds, seconds = witness.verify(checkpoint.text, raw)
        if not holds:
            raise Refusal(
                "signature_invalid",
                f"见证单位 {name} 的签名不成立。",
                f"The cosignature of witness {name} fails.",
            )
        at = (datetime(1970, 1, 1) + timedelta(seconds=seconds)).isoformat() + "Z"
        report.ok("witness", f"见证单位 {name} 于 {at} 见过此检查点", f"Witness {name} saw it at {at}")


def check_inclusion(proof: Proof, raw: bytes, report: Report) -> None:
    index, size = proof.index, proof.checkpoint.size
    if root_from_inclusion(index, size, leaf_hash(raw), proof.hashes) != proof.checkpoint.root:
        raise why_not_included(proof, raw)
    report.ok(
        "inclusion",
        f"entry.json 是此检查点所载日志的第 {index} 条（从 0 数起，共 {size} 条）",
        f"entry.json is entry {index} (from 0) of the {size} under this checkpoint",
    )


def why_not_included(proof: Proof, raw: bytes) -> Refusal:
    """Which file is wrong cannot be proved; the number of hashes and the exporter's hint tell likely."""
    index, size, hint = proof.index, proof.checkpoint.size, proof.hint()
    if index >= size:
        return too_old(f"它只有 {size} 条，不含第 {index} 条", f"it has {size} entries, not entry {index}")
    made_for_more = hint[1] > size if hint else len(proof.hashes) > path_length(index, size)
    if made_for_more:
        return too_old("证明是为更长的日志做的", "the proof was made for a longer log")
    if hint and hint[0] != leaf_hash(raw):
        return Refusal(
            "entry_changed",
            "entry.json 已被改动：它不是证明文件所指的条目。",
            "entry.json was altered: it is not the entry that the proof is about.",
        )
    return Refusal(
        "proof_invalid",
        "证明不成立：证明、entry.json 或检查点至少有一个被改动或拿错。",
        "The proof fails: proof, entry.json or checkpoint was altered or does not belong here.",
    )


def too_old(zh: str, en: str) -> Refusal:
    return Refusal("checkpoint_too_old", f"检查点太旧：{zh}。", f"The checkpoint is too old: {en}.")


_HEX64 = re.compile(r"[0-9a-f]{64}")


def read_entry(raw: bytes, proof, report: Report) -> dict:
    """The entry's `data`, with what the following checks need."""
    entry = as_object(raw, "entry.json")
    data = entry.get("data")
    digests = (
        [data.get(key) for key in ("sha256", "sm3", "record_sha256")] if isinstance(data, dict) else [None]
    )
    if not all(isinstance(value, str) and _HEX64.fullmatch(value) for value in digests):
        raise malformed("entry.json", "缺少摘要，或不是小写十六进制", "digests missing or malformed")
    position, size = entry.get("position"), data.get("bytes")
    if type(size) is not int or size < 0 or type(position) is not int:
        raise malformed("entry.json", "缺少字节数或位置", "number of bytes or position missing")
    if entry.get("kind") != "recording.stored":
        raise malformed("entry.json", "不是“入库”条目", "not an entry of kind recording.stored")
    report.recorded_at = shown(entry.get("recorded_at"))
    if proof and position != proof.index:
        raise Refusal(
            "proof_invalid",
            f"entry.json 自称第 {position} 条，证明却说第 {proof.index} 条。",
            f"entry.json says position {position}, the proof says {proof.index}.",
        )
    recording, number, agency = (
        shown(value) for value in (data.get("recording"), data.get("number"), entry.get("agency"))
    )
    report.ok(
        "entry",
        f"入库条目：记录 {recording}，编号 {number}，单位 {agency}，登记时间 {in_beijing(report.recorded_at)}",
        f"Stored: recording {recording}, number {number}, agency {agency}, recorded at {report.recorded_at}",
    )
    return data


def check_content(folder: Folder, data: dict, report: Report) -> str:
    """The original: the file whose SHA-256 the entry names; its name. A refusal names the likely one."""
    others = [name for name in folder.names if name not in RESERVED and not name.endswith(".tlog-proof")]
    named = named_original(folder)
    others.sort(key=lambda name: (name != named, name.startswith("."), name))
    plain = [name for name in others if folder.is_plain(name)]
    for name in plain:
        if folder.size(name) != data["bytes"]:
            continue
        if folder.digest(name, hashlib.sha256()) == data["sha256"]:
            what = f"{data['bytes']} 字节，SHA-256 {data['sha256']}"
            report.ok("content", f"原始文件 {shown(name)} 相符：{what}", f"Original {shown(name)} agrees")
            return name
    name = likely(folder, plain, named, data)
    raise differs(folder, name, data) if name is not None else no_original(named, data)


def likely(folder: Folder, plain: list[str], named, data: dict):
    """The file meant to be the original: named so, or of its size; any, when no name is known; else None."""
    if named in plain:
        return named
    same_size = [name for name in plain if folder.size(name) == data["bytes"]]
    return next(iter(same_size or (plain if named is None else ())), None)


def no_original(named, data: dict) -> Refusal:
    name = "" if named is None else f" {shown(named)}"
    return Refusal(
        "content_missing",
        f"文件夹中没有原始文件{name}（链接不跟随），应有 SHA-256 {data['sha256']}。",
        f"The original{name} is not here (links are not followed); its SHA-256 is {data['sha256']}.",
    )


def differs(folder: Folder, name: str, data: dict) -> Refusal:
    digest, size = folder.digest(name, hashlib.sha256()), folder.size(name)
    return Refusal(
        "content_changed",
        f"文件 {shown(name)} 与入库时不一致：应为 {data['sha256']}（{data['bytes']} 字节），"
        f"实为 {digest}（{size} 字节）。",
        f"File {shown(name)} differs from what was stored: expected {data['sha256']}, found {digest}.",
    )


def named_original(folder: Folder):
    """The original's name by record.json, or None; it only chooses which file a refusal names."""
    try:
        original = as_object(folder.read("record.json", MAX_RECORD_PARSED), "record.json").get("original")
    except (Refusal, OSError, MemoryError):
        return None
    names = [original.get(key) for key in ("content_name", "name")] if isinstance(original, dict) else []
    names = [name for name in names if isinstance(name, str)]
    return next((name for name in names if name in folder.names), names[0] if names else None)


def check_sm3(folder: Folder, name: str, data: dict, options, report: Report) -> None:
    if options.skip_sm3:
        report.note("sm3", "SM3 未核对（按 --skip-sm3 跳过）", "SM3 not checked (skipped as asked)")
        report.not_proved.append(("SM3 摘要未核对", "the SM3 digest was not checked"))
        return
    digest, progress = native_sm3(), None
    if digest is None:
        digest, progress = PureSm3(), progress_of(data["bytes"])
        minutes, seconds = divmod(int(data["bytes"] / pure_sm3_rate()) + 1, 60)
        tell(
            f"本机 Python 不带 SM3，改用慢速计算，约需 {minutes} 分 {seconds} 秒；"
            "可按 Ctrl-C 停止，加 --skip-sm3 再运行。"
        )
        tell(
            f"No SM3 in this Python: the slow road takes about {minutes} min {seconds} s (or use --skip-sm3)."
        )
    found = folder.digest(name, digest, progress)
    if found != data["sm3"]:
        raise Refusal(
            "content_changed",
            f"文件 {shown(name)} 的 SM3 不符：应为 {data['sm3']}，实为 {found}。",
            f"SM3 of file {shown(name)} differs: expected {data['sm3']}, found {found}.",
        )
    report.ok("sm3", f"SM3 相符：{found}", "SM3 agrees")


def progress_of(size: int):
    told = [0]

    def progress(done: int) -> None:
        percent = done * 100 // max(size, 1)
        if percent >= told[0] + 5:
            told[0] = percent
            tell(f"SM3 {percent}%")

    return progress


def check_record(folder: Folder, data: dict, report: Report) -> None:
    expected, found = data["record_sha256"], folder.digest("record.json", hashlib.sha256())
    if found != expected:
        raise Refusal(
            "record_changed",
            f"record.json 已改动或为后来版本：入库时为 {expected}，现为 {found}。",
            f"record.json was altered or is a later version: {expected} when stored, now {found}.",
        )
    report.ok("record", "record.json 与入库时一致", "record.json is as it was when stored")


# ---------------------------------------------------------------- a checkpoint from elsewhere (paper)


def check_given(options, proof: Proof, keys: list[Vkey], report: Report) -> None:
    """Compare with a checkpoint from a receipt: equal, linked by a consistency proof, or not proved."""
    given, ours = options.given, proof.checkpoint
    if given.origin != ours.origin:
        raise Refusal(
            "origin_differs",
            f"所给检查点属于日志 {shown(given.origin)}，证明属于日志 {shown(ours.origin)}，不是同一日志。",
            f"The given checkpoint is of log {shown(given.origin)}, the proof of {shown(ours.origin)}.",
        )
    if signer_of(given, keys) is None:
        zh, en = (
            "所给检查点未带所信任密钥的签名，以其来源（如纸质回执）为凭",
            "no signature by the trusted key",
        )
        report.note("checkpoint", zh, f"The given checkpoint bears {en}; it stands by where you got it")
    if given.size == ours.size:
        if given.root != ours.root:
            raise conflict(f"同为 {ours.size} 条，根摘要却不同", "same size, another root")
        report.ok("checkpoint", "与所给检查点完全一致", "The given checkpoint is the same head")
    elif options.link is None:
        without_link(given, ours, proof.index, report)
    else:
        linked(given, ours, proof.index, options.link, report)


def conflict(zh: str, en: str) -> Refusal:
    return Refusal(
        "checkpoint_conflict",
        f"与所给检查点矛盾：{zh}。同一日志有两种历史，应保全两份并报告。",
        f"It contradicts the given checkpoint: {en}. Two histories were shown.",
    )


def without_link(given: Checkpoint, ours: Checkpoint, index: int, report: Report) -> None:
    """Neither contradicted nor proved; but a checkpoint that does not cover the entry vouches for nothing."""
    if given.size <= index:
        raise too_old(
            f"所给检查点只有 {given.size} 条，不含第 {index} 条，又没有 --consistency 证明",
            f"the given one has {given.size} entries, not entry {index}, and no --consistency is given",
        )
    older = ours.size < given.size
    report.note(
        "checkpoint",
        f"证明的检查点（{ours.size} 条）{'早' if older else '晚'}于所给的（{given.size} 条），"
        "是否同一历史未核对",
        f"The proof's checkpoint ({ours.size}) is {'older' if older else 'newer'} than the one given"
        f" ({given.size}); that they are one history is not proved",
    )
    report.not_proved.append(
        (
            "所给检查点与证明是否同属一个历史（需 --consistency 文件）",
            "that the given checkpoint and the proof share one history (needs --consistency)",
        )
    )


def linked(given: Checkpoint, ours: Checkpoint, index: int, link: tuple, report: Report) -> None:
    old, new = sorted((given, ours), key=lambda checkpoint: checkpoint.size)
    old_size, old_root, new_size, new_root, hashes = link
    if (old_size, new_size) != (old.size, new.size):
        raise bad_link("条数与两个检查点不符", "it is for other sizes")
    if not is_consistent(old_size, new_size, old_root, new_root, hashes):
        raise bad_link("推算不成立", "it does not hold")
    if new_root != new.root:
        raise bad_link("它说的是另一个日志", "it is about another log")
    if old_root != old.root:
        raise conflict("较新的日志不是由较旧的只增不改而来", "the newer log does not continue the older")
    late = given.size <= index
    report.ok(
        "checkpoint",
        f"已证明日志从 {old.size} 条到 {new.size} 条只增不改"
        + ("；本条目在所给检查点之后才登记" if late else ""),
        f"The log only grew from {old.size} to {new.size} entries"
        + ("; this entry came after the given checkpoint" if late else ""),
    )


def bad_link(zh: str, en: str) -> Refusal:
    return Refusal(
        "consistency_invalid", f"一致性证明不能用：{zh}。", f"The consistency proof is of no use: {en}."
    )


def parse_link(text: str) -> tuple:
    """{"old": {"size", "root"}, "new": {…}, "proof": [base64 …]}, roots in base64."""
    document = as_object(text.encode("utf-8"), "一致性证明")
    values: list = []
    for side in ("old", "new"):
        head = document.get(side)
        size, root = (head.get("size"), head.get("root")) if isinstance(head, dict) else (None, None)
        root = unb64(root) if isinstance(root, str) else None
        if type(size) is not int or size < 0 or root is None or len(root) != 32:
            raise malformed("一致性证明", f"的 {side} 不对", f"bad {side}")
        values += [size, root]
    proof = document.get("proof")
    hashes = (
        [unb64(value) if isinstance(value, str) else None for value in proof]
        if isinstance(proof, list)
        else [None]
    )
    if len(hashes) > MAX_HASHES or any(value is None or len(value) != 32 for value in hashes):
        raise malformed("一致性证明", "的摘要不对", "bad hashes")
    return (*values, hashes)


def parse_given(text: str) -> Checkpoint:
    """A whole signed note, or only its three lines as printed on paper; line ends may be those of Windows."""
    text = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"
    return Checkpoint.from_note(text) if "\n\n" in text else Checkpoint(text)


# ---------------------------------------------------------------- saying it


def say_what_is_not_proved(report: Report, options) -> None:
    first = ("所给密钥是否确属该机关", "that the given key belongs to the office")
    if report.key_from_folder:
        first = (
            "密钥是否属于该机关：密钥取自本文件夹，任何人都能另造一把，务必将上列指纹与纸质回执核对",
            "whose key it is: it came from this very folder, anyone could have made it; compare it",
        )
    report.not_proved.insert(0, first)
    report.not_proved += [
        ("录制的内容是否真实发生", "that what was recorded really happened"),
        ("入库之前是否有改动、删减", "that nothing was changed or left out before it was stored"),
        (
            "时间是否准确：登记时间为该机关服务器所报",
            "that times are right: they are what the office's server said",
        ),
        ("record.json 中人员所填内容是否属实", "that what people wrote in record.json is true"),
        ("检查点之后又发生了什么", "what happened after the checkpoint"),
    ]
    if not options.witness_keys and not options.given:
        report.not_proved.append(
            (
                "该机关是否给别人看过另一份日志（需见证签名或纸质检查点）",
                "that the office shows everyone the same log (needs a witness or a checkpoint on paper)",
            )
        )


def as_json(report: Report) -> dict:
    key = report.key
    return {
        "ok": report.code == "ok",
        "code": report.code,
        "checks": report.checks,
        "key": key.name if key else None,
        "vkey": key.line if key else None,
        "key_source": "folder" if report.key_from_folder else "given",
        "fingerprint": key.fingerprint if key else None,
        "index": report.index,
        "size": report.size,
        "recorded_at": report.recorded_at,
        "not_proved": [{"zh": zh, "en": en} for zh, en in report.not_proved],
    }


def as_sentences(report: Report, folder: str):
    marks = {"ok": "✓", "fail": "✗", "note": "–"}
    yield f"留痕离线核验 liuhen-verify {VERSION}    文件夹 folder: {shown(folder)}\n"
    for check in report.checks:
        code = f" [{check['code']}]" if check["state"] == "fail" else ""
        yield f"{marks[check['state']]} {check['zh']}{code}\n  {check['en']}"
    yield ""
    if report.code == "ok":
        yield f"结论：核验成立，以密钥 {shown(report.key.name)} 为凭。"
        yield f"VERDICT: proved against key {shown(report.key.name)}."
    else:
        yield f"结论：核验不成立（{report.code}），此份材料不能视为已证明。"
        yield f"VERDICT: REFUSED ({report.code})."
    if report.key:
        yield "密钥指纹，与纸质回执核对 Key fingerprint, compare with the paper:"
        yield f"    {report.key.fingerprint}"
        if report.key_from_folder:
            yield "    ！密钥取自本文件夹，未与纸质回执核对前，以上结论只对这把密钥成立。"
            yield "    ! The key came from this folder: until compared, this holds for that key only."
    yield "\n本核验不能证明 What this does NOT prove:"
    for zh, en in report.not_proved:
        yield f"  · {zh}\n    {en}"


def tell(sentence: str) -> None:
    """Progress and complaints go to standard error; standard output carries the result alone."""
    print(sentence, file=sys.stderr, flush=True)


# ---------------------------------------------------------------- the command


def keys_from(values, kind: int) -> list[Vkey]:
    """Verifier keys from the command line: each value is a vkey line or a file of them."""
    keys: list[Vkey] = []
    for value in values or ():
        text = value if _VKEY.fullmatch(value.strip()) else read_given(value)
        wanted = [key for key in parse_vkeys(text) if key.kind == kind]
        if not wanted:
            raise UsageError(f"{shown(value)}：不是该用途的公钥（类型 {kind:02}） / not a key of this kind")
        keys += wanted
    return keys


def parse_options(arguments):
    parser = argparse.ArgumentParser(
        prog="liuhen-verify.py", description="留痕离线核验 / offline verification of an exported recording"
    )
    parser.add_argument("folder", nargs="?", default=".", help="导出的文件夹 / the exported folder")
    parser.add_argument("--vkey", action="append", help="所信任的公钥或其文件，可重复 / trusted key or file")
    parser.add_argument(
        "--witness", action="append", help="见证单位的公钥或其文件，可重复 / a witness's key or file"
    )
    parser.add_argument("--checkpoint", help="另处取得的检查点文件 / a checkpoint from elsewhere")
    parser.add_argument("--consistency", help="一致性证明文件 / consistency proof (JSON)")
    parser.add_argument("--skip-sm3", action="store_true", help="不核对 SM3 / do not check SM3")
    parser.add_argument("--json", action="store_true", help="只输出一份 JSON / print one JSON document")
    parser.add_argument("--version", action="version", version="liuhen-verify " + VERSION)
    return parser.parse_args(arguments)


def read_named(options) -> None:
    """Read what the options name: keys, checkpoint, consistency proof."""
    if options.consistency and not options.checkpoint:
        raise UsageError("--consistency 须与 --checkpoint 同用 / --consistency needs --checkpoint")
    try:
        options.log_keys = keys_from(options.vkey, ED25519)
        options.witness_keys = keys_from(options.witness, COSIGNATURE_V1)
        options.given = parse_given(read_given(options.checkpoint)) if options.checkpoint else None
        options.link = parse_link(read_given(options.consistency)) if options.consistency else None
    except Refusal as refusal:
        raise UsageError(f"{refusal.zh} / {refusal.en}") from None


def run(options) -> int:
    read_named(options)
    report = Report()
    audit(options, report)
    if options.json:
        print(json.dumps(as_json(report), ensure_ascii=False, indent=2))
    else:
        print("\n".join(as_sentences(report, options.folder)))
    return 0 if report.code == "ok" else 1


def stopped(options, status: int, code: str, sentence: str) -> int:
    """End without a verdict: wrong usage, an interruption, or a fault of this program."""
    if options.json:
        print(json.dumps({"ok": False, "code": code, "checks": [], "message": sentence}, ensure_ascii=False))
    tell(sentence)
    return status


def main(arguments=None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    options = parse_options(arguments)
    try:
        return run(options)
    except UsageError as error:
        return stopped(options, 2, "usage", f"用法有误 usage: {error}")
    except KeyboardInterrupt:
        return stopped(options, 1, "interrupted", "已中断，未得出结论 interrupted, nothing is proved")
    except Exception as error:  # a court must never be shown a traceback in place of a verdict
        return stopped(
            options, 1, "internal", f"程序出错，未得出结论 nothing is proved: {type(error).__name__}"
        )


if __name__ == "__main__":
    sys.exit(main())
