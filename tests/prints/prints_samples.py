"""A receipt such as the intake hands to the printer, small enough to vary in a test."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

ROOT = base64.b64encode(hashlib.sha256(b"root").digest()).decode()
CHECKPOINT = f"liuhen.test/jjny\n1287\n{ROOT}\n\n— liuhen.test/jjny {base64.b64encode(b's' * 68).decode()}\n"


def stored_file(no: int = 1, **changes: Any) -> dict[str, Any]:
    """One file that was taken in."""
    content = f"file {no}".encode()
    file = {
        "no": no,
        "path": f"DCIM/100MEDIA/JJ0001_300123_2026013108{no:04d}_0001.mp4",
        "number": f"JJNY-2026-{no:06d}",
        "recording": f"urn:liuhen:jjny:{no}",
        "kind": "video",
        "duration": 300.0,
        "bytes": 412_345_678,
        "sha256": hashlib.sha256(content).hexdigest(),
        "sm3": hashlib.new("sm3", content).hexdigest(),
        "state": "stored",
        "reason": "",
        "findings": [],
    }
    return file | changes


def refused_file(no: int, reason: str) -> dict[str, Any]:
    """One file that was not read, so has no digest."""
    return stored_file(
        no,
        number=None,
        kind=None,
        duration=None,
        bytes=None,
        sha256=None,
        sm3=None,
        state="refused",
        reason=reason,
    )


def a_receipt(files: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """A whole receipt; totals are counted from `files`."""
    files = [stored_file()] if files is None else files
    receipt = {
        "number": "JJNY-YJ-2026-0001",
        "title": "执法音像记录移交回执",
        "agency": {"code": "JJNY", "name": "晋江市农业农村局"},
        "unit": {"name": "渔业渔政执法科"},
        "card": {"label": "记录仪存储卡", "path": "/media/card"},
        "device": {"serial": "JJ0001", "model": "DSJ-A9"},
        "holder": {"name": "林海生", "certificate_no": "35058200123"},
        "received_by": {"name": "陈晓雯", "role": "科室管理员", "account": "chen"},
        "started_at": "2026-01-31T10:05:09+00:00",
        "finished_at": "2026-01-31T10:09:41+00:00",
        "clock": {
            "measured": True,
            "shown": "2026-01-31T18:05:40+08:00",
            "server": "2026-01-31T18:05:09+08:00",
            "offset_seconds": 31.0,
        },
        "copies": {"count": 1, "stores": ["主存储"], "note": "仅一份副本"},
        "files": files,
        "totals": totals_of(files),
        "released": True,
        "release_note": "",
        "checkpoint": CHECKPOINT,
        "origin": "liuhen.test/jjny",
        "tree_size": 1287,
        "root": ROOT,
        "key_fingerprint": "SHA256:3f9a77c10b2e5d48",
        "vkey": "liuhen.test/jjny+1234abcd+" + base64.b64encode(b"k" * 33).decode(),
        "qr": CHECKPOINT + "JJNY-YJ-2026-0001",
        "basis": ["《某局执法音像记录管理制度》第十一条：二十四小时内移交。"],
    }
    return receipt | changes


def totals_of(files: list[dict[str, Any]]) -> dict[str, Any]:
    """What the intake counts."""
    counts = {
        state: sum(file["state"] == state for file in files)
        for state in ("stored", "already", "refused", "failed")
    }
    return counts | {
        "files": len(files),
        "bytes": sum(file["bytes"] or 0 for file in files),
        "duration": sum(file["duration"] or 0.0 for file in files),
    }
