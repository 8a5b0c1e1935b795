"""The rows of one batch's files, and the results shown: what is shown as stored has its rows.

- A group of sealed files is committed in one transaction; when that fails, each alone, so that one bad file
  harms no other.
- A result whose row cannot be kept is shown all the same: it stands in the receipt's judgement.
"""

from __future__ import annotations

import structlog
from django.db import DatabaseError, transaction

from . import commit, copies, sentences
from .copies import Checked
from .models import Batch, Item
from .progress import Progress, Result
from .seal import Sealed

log = structlog.get_logger(__name__)


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
        for one in checked:
            try:
                with transaction.atomic():
                    result = copies.keep(self.batch, one, self.copies_needed)
            except Exception as error:
                log.exception("ingest_check_not_kept", path=one.file.path)
                self.keep([sentences.failed(one.file, error)])
            else:
                self._show([result])

    def commit(self, sealed: list[Sealed]) -> None:
        """Rows and ledger entries of sealed files, in the order of their numbers."""
        if not sealed:
            return
        sealed = sorted(sealed, key=lambda one: one.number)
        try:
            with transaction.atomic():
                results = commit.commit(self.batch, sealed)
        except Exception:
            log.exception("ingest_group_not_committed", count=len(sealed))
            for one in sealed:
                self._commit_alone(one)
        else:
            self._show(results)

    def _commit_alone(self, one: Sealed) -> None:
        """The object stands; when its row cannot be written now, the next ingest writes it (recover.py)."""
        try:
            with transaction.atomic():
                results = commit.commit(self.batch, [one])
        except Exception as error:
            log.exception("ingest_commit_failed", path=one.taken.file.path)
            self.keep([sentences.failed(one.taken.file, error)])
        else:
            self._show(results)

    def _show(self, results: list[Result]) -> None:
        for result in results:
            self.results.append(result)
            self.progress.done(result)
