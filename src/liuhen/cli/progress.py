"""Progress at the terminal: files, bytes, rate, time left; one sentence a file; all on standard error."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from liuhen.core.cards.reader import CardFile, CardListing
from liuhen.stages.ingest.intake import in_words
from liuhen.stages.ingest.models import Item
from liuhen.stages.ingest.progress import Result

_MARKS = {
    Item.State.STORED: "✓ 已入库",
    Item.State.ALREADY: "· 此前已入库",
    Item.State.REFUSED: "✗ 拒收",
    Item.State.FAILED: "✗ 未成功",
}


class TerminalProgress:
    """A bar where the terminal can show one; plain sentences everywhere."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        self._lock = threading.Lock()
        self._files = 0
        self._done = 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TextColumn("剩余"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task("采集", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def listed(self, listing: CardListing) -> None:
        self._files = len(listing.files)
        self._bar.update(self._task, total=listing.total_bytes)
        self.console.print(f"卡上共有 {self._files} 个文件，{in_words(listing.total_bytes)}。")

    def read(self, file: CardFile, count: int) -> None:
        with self._lock:
            self._bar.advance(self._task, count)

    def done(self, result: Result) -> None:
        self._done += 1
        self._bar.update(self._task, description=f"采集 {min(self._done, self._files)}/{self._files}")
        number = f" {result.number}" if result.number else ""
        reason = f"：{result.reason}" if result.reason else ""
        self.console.print(f"{_MARKS[result.state]}{number} {result.path}{reason}")

    def say(self, sentence: str) -> None:
        self.console.print(sentence)
