"""The three questions a file can be asked, and what is said when the child gave no answer.

- `probe` and `preview` never raise for what a file does; whoever implements `_ask` brings the child's answer.
- `still` raises: a picture that is asked for is there or it is not.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from liuhen.core.reasons import why

from ..errors import RefusedError, StorageError
from .child import EXIT_MEMORY
from .contract import Probe, add, blank, blank_preview, drop_drafts
from .limits import Limits

SMALL = 16 << 20  # bytes; such files may share a child process, one after the other

Answer = tuple[dict[str, Any] | None, dict[str, Any]]


class NoPictureError(RefusedError):
    code = "no_picture"


class Asks:
    """Probe, preview and still over one `_ask`."""

    limits: Limits

    def probe(self, path: Path, *, name: str | None = None) -> Probe:
        """What a file says of itself, in the shape of contract.blank().

        `name` is what the card called the file, when `path` does not say. Raises AnalyserError only.
        """
        size, trouble = _size(path)
        bounds = self.limits.for_file(size or 0)
        request: dict[str, Any] = {"job": "probe", "path": os.fspath(path), "name": name or path.name}
        request |= {"bounds": bounds, "small": (size or 0) <= SMALL}
        answer, ending = self._ask(request) if trouble is None else ({"error": trouble}, {})
        if answer is not None and "error" not in answer:
            return answer
        result = blank(os.fspath(path), size, str(ending.get("analyser", "")))
        _explain(result, answer, ending, bounds)
        return result

    def preview(self, path: Path, out: Path) -> dict[str, Any]:
        """Thumbnails, strip, peaks and, where browsers need one, a viewing copy, as files in folder `out`.

        Returns what was made (shape: contract.blank_preview()), with findings for what was not.
        Raises StorageError when the folder cannot be made, else AnalyserError only.
        """
        size, trouble = _size(path)
        bounds = self.limits.for_file(size or 0, preview=True)
        request = {"job": "preview", "path": os.fspath(path), "out": os.fspath(out), "bounds": bounds}
        if trouble is None:
            _make_folder(out)
        answer, ending = self._ask(request) if trouble is None else ({"error": trouble}, {})
        if answer is not None and "error" not in answer:
            return answer
        drop_drafts(out)
        result = blank_preview(str(ending.get("analyser", "")))
        _explain(result, answer, ending, bounds)
        return result

    def still(self, path: Path, folder: Path, seconds: float) -> dict[str, Any]:
        """The picture that is on the screen `seconds` after the start, as `still.png` in `folder`.

        Returns what still.still_source() tells. Raises NoPictureError, AnalyserError.
        """
        size, trouble = _size(path)
        bounds = self.limits.for_file(size or 0, preview=True)
        request = {"job": "still", "path": os.fspath(path), "folder": os.fspath(folder)}
        answer, ending = (
            self._ask({**request, "seconds": seconds, "bounds": bounds})
            if trouble is None
            else ({"error": trouble}, {})
        )
        if answer is not None and "error" not in answer:
            return answer
        told = blank(os.fspath(path), size, "")
        _explain(told, answer, ending, bounds)
        raise NoPictureError(
            f"取不出这一刻的画面：{told['findings'][0]['text']}",
            remedy="请换一个时刻再试；原始文件没有改变。",
        )

    def _ask(self, request: dict[str, Any]) -> Answer:
        """The child's answer, if it gave one, and how it ended. Raises AnalyserError."""
        raise NotImplementedError


def _size(path: Path) -> tuple[int | None, str | None]:
    try:
        return path.stat().st_size, None
    except (OSError, ValueError) as error:
        return None, str(getattr(error, "strerror", None) or error)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"无法建立预览文件夹 {out}（{why(error)}）。",
            remedy="检查该位置的权限和剩余空间，然后重试；原始文件不受影响。",
            cause=error,
        ) from error


def _explain(
    result: dict[str, Any], answer: dict[str, Any] | None, ending: dict[str, Any], bounds: dict[str, Any]
) -> None:
    """The finding for an analysis that gave no result."""
    code = int(ending.get("code", 0))
    if answer is not None:
        add(result, "unreadable", reason=answer["error"])
    elif ending.get("timed_out"):
        add(result, "analyser_timeout", limit=f"{bounds['wall']} 秒")
    elif code == -signal.SIGXCPU:
        add(result, "analyser_timeout", limit=f"处理器 {bounds['cpu']} 秒")
    elif code == EXIT_MEMORY:
        add(result, "analyser_memory")
    else:
        add(result, "analyser_killed", signal=-code if code < 0 else code)
