"""Scans and files of papers: kept by digest under LIUHEN_HOME/papers, once an agency, and read back only whole.

- What may be kept is told by its first bytes, never by its name; empty or over 30 MB is refused.
- The bytes stand before the row. Whoever gives them out does so as a file to save, never as a page.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from liuhen.base import home
from liuhen.base.acts import Act, perform
from liuhen.core.digests import digests_of
from liuhen.core.durable import make_dirs, replace_file
from liuhen.core.errors import DamagedError, UsageError
from liuhen.core.reasons import why

from . import acts
from .models import Account, Paper

LIMIT = 30_000_000  # bytes
OFFERED = ".pdf,.jpg,.jpeg,.png,.tif,.tiff,.doc,.docx,.xls,.xlsx,.wps,.ofd"
KINDS_IN_WORDS = "PDF、OFD、JPG、PNG、TIFF，或 Word、WPS、Excel 文件"
_OLD_OFFICE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_FIRST_BYTES: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "tif": (b"II*\0", b"MM\0*"),
    "tiff": (b"II*\0", b"MM\0*"),
    "doc": (_OLD_OFFICE,),
    "xls": (_OLD_OFFICE,),
    "wps": (_OLD_OFFICE,),
    "docx": (_ZIP,),
    "xlsx": (_ZIP,),
    "ofd": (_ZIP,),
}
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class ScanError(UsageError):
    code = "scan_wrong"


class PaperGoneError(DamagedError):
    code = "paper_gone"


def keep_scan(name: str, raw: bytes, *, by: Account, at: datetime, act: Act = acts.KEEP_SCAN) -> Paper:
    """Keep the scan or file of a paper; the same bytes again are the same paper. `act`: KEEP_PAPER for one that was
    signed in somebody's place. Raises ScanError, NotAllowedError, OSError."""
    _require_kind(name, raw)
    return keep_bytes(act, name, raw, by=by, at=at)


def keep_bytes(act: Act, name: str, raw: bytes, *, by: Account, at: datetime) -> Paper:
    """Bytes first, then the row and its entry, once an agency. Raises OSError, NotAllowedError."""
    digests = digests_of(raw)
    known = Paper.objects.filter(agency=by.agency_id, sha256=digests.sha256).first()
    if known is not None and _is_whole(known):
        return known
    path = path_of(digests.sha256)
    make_dirs(path.parent)
    replace_file(path, raw, mode=0o600)
    if known is not None:
        return known
    paper = Paper(
        agency=by.agency,
        sha256=digests.sha256,
        sm3=digests.sm3,
        size=digests.size,
        name=plain_name(name),
        kept_by=by,
        kept_at=at,
    )
    data = {"sha256": digests.sha256, "sm3": digests.sm3, "bytes": digests.size}
    perform(act, paper, by=by, at=at, subject=f"paper:{digests.sha256}", data=data)
    return paper


def read_paper(paper: Paper) -> bytes:
    """The bytes, if they are still the ones that were kept. Raises PaperGoneError."""
    try:
        raw = path_of(paper.sha256).read_bytes()
    except OSError as error:
        raise _gone(paper, f"读不出（{why(error)}）") from error
    if digests_of(raw).sha256 != paper.sha256:
        raise _gone(paper, "已被改动")
    return raw


def path_of(sha256: str) -> Path:
    return home.home() / "papers" / sha256[:2] / sha256


def plain_name(name: str) -> str:
    """The last part of a name without what a file system or a reader could mistake; at most 120 characters."""
    last = _UNFIT.sub("_", re.split(r"[/\\]", name)[-1]).strip(". ")
    stem, dot, ending = last.rpartition(".")
    return f"{stem[:110]}{dot}{ending[:9]}" if stem else (last[:120] or "扫描件")


def _require_kind(name: str, raw: bytes) -> None:
    if not raw:
        raise ScanError("文件是空的（0 字节）。", remedy="请重新扫描后再上传。", code="scan_empty")
    if len(raw) > LIMIT:
        raise too_large()
    ending = name.rpartition(".")[2].lower()
    if not raw.startswith(_FIRST_BYTES.get(ending, ())):
        raise ScanError(
            f"不能登记“{plain_name(name)}”：不是可以登记的文件，或内容与扩展名不符。",
            remedy=f"请上传{KINDS_IN_WORDS}。",
            code="scan_kind",
        )


def too_large() -> ScanError:
    return ScanError(
        "文件超过 30 MB。",
        remedy="请用较低的分辨率（如 200 dpi）重新扫描，或分成几个文件。",
        code="scan_too_large",
    )


def _is_whole(paper: Paper) -> bool:
    try:
        read_paper(paper)
    except PaperGoneError:
        return False
    return True


def _gone(paper: Paper, what: str) -> PaperGoneError:
    return PaperGoneError(
        f"扫描件“{paper.name}”{what}，不能给出。",
        remedy="请从备份取回 papers 文件夹；纸质原件仍然有效。",
        sha256=paper.sha256,
    )
