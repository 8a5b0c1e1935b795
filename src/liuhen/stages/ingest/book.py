"""The rows of one batch's files, and the results shown: what is shown as stored has its rows.

- A group of sealed files is committed in one transaction; when that fails, each alone, so that one bad file
  harms no other.
- A result whose row cannot be kept is shown all the same: it stands in the receipt's judgement.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog
from django.db import DatabaseError, transaction

from liuhen.core.cards.reader import CardFile

from . import commit, copies, sentences
from .copies import Checked
from .models import Batch, Item
from .progress import Progress, Result
from .seal import Sealed

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Book:
    """Used by the ingest's own thread only."""

    def __init__(self, batch: Batch, copies_needed: int, progress: Progress) -> None:
        self.batch = batch
        self.copies_needed = copies_needed
        self.progress = progress
        self.results: list[Result] = []

    def keep(self, results: list[Result]) -> None:
        """Results that changed nothing in the store."""
        if not results:
            return
        try:
            with transaction.atomic():
                Item.objects.bulk_create(copies.items(self.batch, results))
        except DatabaseError:
            log.exception("ingest_items_not_kept", count=len(results))
        self._show(results)

    def keep_checked(self, checked: list[Checked]) -> None:
        """Files that were in the store already."""
        self._together(
            checked,
            lambda some: copies.keep(self.batch, some, self.copies_needed),
            lambda one: one.file,
        )

    def commit(self, sealed: list[Sealed]) -> None:
        """Rows and ledger entries of sealed files, in the order of their numbers.

        An object whose row cannot be written now stands; the next ingest writes its row (recover.py).
        """
        self._together(
            sorted(sealed, key=lambda one: one.number),
            lambda some: commit.commit(self.batch, some),
            lambda one: one.taken.file,
        )

    def _together(
        self, group: list[T], write: Callable[[list[T]], list[Result]], file_of: Callable[[T], CardFile]
    ) -> None:
        """One transaction for the group; where that fails, one for each."""
        if not group:
            return
        try:
            with transaction.atomic():
                results = write(group)
        except Exception as error:
            log.exception("ingest_rows_not_written", files=[file_of(one).path for one in group])
            if len(group) > 1:
                for one in group:
                    self._together([one], write, file_of)
                return
            self.keep([sentences.failed(file_of(group[0]), error)])
        else:
            self._show(results)

    def _show(self, results: list[Result]) -> None:
        for result in results:
            self.results.append(result)
            self.progress.done(result)
