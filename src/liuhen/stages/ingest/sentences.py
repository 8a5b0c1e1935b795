"""One sentence for one file: what went wrong, or what the file admits of itself.

- A note (nothing to do) stays in record.json and in `liuhen show`; warnings and errors are said at once.
- Of several findings of one kind the first is said, and how many there are.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import DatabaseError

from liuhen.core.cards.reader import CardFile
from liuhen.core.errors import LiuhenError
from liuhen.core.media.findings import NOTE, WARNING

from .models import Item
from .progress import Result

Finding = dict[str, Any]

_REFUSED = frozenset({"does_not_fit"})


def warning(code: str, text: str, **params: Any) -> Finding:
    """A finding of the intake itself, in the shape of the media findings."""
    return {"code": code, "severity": WARNING, "text": text, "params": params}


def of_findings(findings: list[Finding]) -> str:
    """What a person should know of these findings, in one line; empty when there is nothing to do."""
    worth = [finding for finding in findings if finding["severity"] != NOTE]
    counts = Counter(finding["code"] for finding in worth)
    said: dict[str, str] = {}
    for finding in worth:
        more = f"（同类共 {counts[finding['code']]} 处）" if counts[finding["code"]] > 1 else ""
        said.setdefault(finding["code"], finding["text"].rstrip("。") + more)
    return "；".join(said.values())


def failed(file: CardFile, error: Exception) -> Result:
    """The result of a file that was not stored; every kind of error has a sentence."""
    known = in_our_words(file, error)
    state = Item.State.REFUSED if known.code in _REFUSED else Item.State.FAILED
    return Result(file.path, file.raw, file.size, file.mtime_ns, state, str(known), known.code)


def in_our_words(file: CardFile, error: Exception) -> LiuhenError:
    if isinstance(error, LiuhenError):
        return error
    if isinstance(error, DatabaseError):
        return LiuhenError(
            f"{file.path} 登记未完成（数据库：{error}）。",
            remedy="请检查磁盘空间后再次采集这张卡，未完成的登记会自动补上；卡上文件保持原样。",
            code="database",
        )
    return LiuhenError(
        f"{file.path} 处理时出现意外错误（{type(error).__name__}）。",
        remedy="请再次采集这张卡；仍不行时，把运行日志交给维护人员。卡上文件保持原样。",
        code="unexpected",
    )
