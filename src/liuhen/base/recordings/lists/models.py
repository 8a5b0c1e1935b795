"""Rows that lists, searches and counts are answered from: a follower of the recordings, made again at any time.

- `Listed`: one narrow row a recording. Its id is agency and ledger position in one number, so the order of ids
  is the order of storing, the same after every rebuild, and the search index has a whole number to name it by.
- `Cell`: how many recordings agree in every column a list is filtered by. A recording is counted in one cell.
- `Total`: how many of an agency's recordings have one value in one of these columns. Cells grow with officers and
  months; what stands beside the list of everything is read from here, whatever their number.
- Columns hold keys without a constraint, 0 for "nobody", "none" and "unknown": so they compare, and cells are
  unique. The recording's own row is the one the database guards.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

_PLACES = 40  # bits of a position


def listed_id(agency: int, position: int) -> int:
    return (agency << _PLACES) | position


class Listed(models.Model):
    id = models.BigAutoField(primary_key=True)  # always given; SQLite takes only this kind for its row number
    recording = models.UUIDField(unique=True)
    agency = models.BigIntegerField()
    holder = models.BigIntegerField(default=0)
    unit = models.BigIntegerField(default=0)
    device = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=12)
    month = models.IntegerField(help_text="202611: November 2026 in Shanghai; 0: not known when it was taken")
    findings = models.BooleanField(help_text="something about it should be looked at")
    taken = models.BigIntegerField(
        help_text="ms since 1970; of storing, where it is not known when it was taken"
    )
    words = models.TextField()
    cell = models.BigIntegerField(default=0, help_text="the counter it is counted in")

    class Meta:
        db_table = "recordings_listed"
        indexes: ClassVar = [
            # With the cell, so that the days at the ends of a span are counted from the index alone.
            models.Index(fields=["agency", "taken", "id", "cell"], name="listed_taken"),
            models.Index(fields=["holder", "taken", "id"], name="listed_holder_taken"),
            models.Index(fields=["holder", "id"], name="listed_holder"),
            models.Index(fields=["unit", "taken", "id"], name="listed_unit_taken"),
            models.Index(fields=["unit", "id"], name="listed_unit"),
            models.Index(fields=["device", "taken", "id"], name="listed_device_taken"),
            models.Index(fields=["device", "id"], name="listed_device"),
            # What is rare is found without walking past what is not.
            models.Index(
                fields=["agency", "taken", "id"], condition=Q(state="to_assign"), name="listed_waiting_taken"
            ),
            models.Index(fields=["agency", "id"], condition=Q(state="to_assign"), name="listed_waiting"),
            models.Index(
                fields=["agency", "taken", "id"], condition=Q(findings=True), name="listed_findings_taken"
            ),
            models.Index(fields=["agency", "id"], condition=Q(findings=True), name="listed_findings"),
            models.Index(
                fields=["agency", "kind", "taken", "id"], condition=~Q(kind="video"), name="listed_kind_taken"
            ),
            models.Index(fields=["agency", "kind", "id"], condition=~Q(kind="video"), name="listed_kind"),
        ]

    def __str__(self) -> str:
        return str(self.recording)


_COUNTED = ("kind", "state", "findings", "holder", "unit", "device", "month")
_SUMS = {
    "cells_small": _COUNTED[:3],
    "cells_holder": ("holder",),
    "cells_unit": ("unit",),
    "cells_device": ("device",),
    "cells_month": ("month",),
}


class Cell(models.Model):
    agency = models.BigIntegerField()
    holder = models.BigIntegerField()
    unit = models.BigIntegerField()
    device = models.BigIntegerField()
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=12)
    month = models.IntegerField()
    findings = models.BooleanField()
    n = models.BigIntegerField()

    class Meta:
        db_table = "recordings_cell"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency", "holder", "unit", "device", "kind", "state", "month", "findings"],
                name="a_recording_is_counted_once",
            )
        ]
        # One for each sum that stands beside a list: read in order and alone, so that nothing is sorted.
        indexes: ClassVar = [
            models.Index(
                fields=["agency", *first, *(one for one in _COUNTED if one not in first), "n"], name=name
            )
            for name, first in _SUMS.items()
        ]

    def __str__(self) -> str:
        return f"{self.month}: {self.n}"


class Total(models.Model):
    agency = models.BigIntegerField()
    facet = models.CharField(max_length=10, help_text="the column")
    value = models.CharField(max_length=20)
    n = models.BigIntegerField()

    class Meta:
        db_table = "recordings_total"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "facet", "value"], name="a_value_is_counted_once")
        ]

    def __str__(self) -> str:
        return f"{self.facet} {self.value}: {self.n}"


class Following(models.Model):
    """By which version of the rules the rows above were made; another version makes them again."""

    version = models.CharField(max_length=20, primary_key=True)

    class Meta:
        db_table = "recordings_following"

    def __str__(self) -> str:
        return self.version
