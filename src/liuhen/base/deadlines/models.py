"""What the ledger means for duties and retention: rows made by `follow`, made again from nothing at any time.

- A matter is what entries are about: a recording, later an activity or a case; it holds the facts told so far.
- A deadline is one duty of a matter. Overdue is no column: it is read from the due moment and the clock.
- A shortening is one cause (a ledger entry) that would let matters go earlier; what stands holds until it is decided.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from liuhen.base.people.models import Agency


class Followed(models.Model):
    """How far the ledger of an agency has been read, by which version of these rules."""

    agency = models.OneToOneField(Agency, models.CASCADE, primary_key=True, related_name="followed")
    version = models.CharField(max_length=10)
    position = models.BigIntegerField(default=0, help_text="the next entry to be read")

    def __str__(self) -> str:
        return f"{self.agency_id}: {self.position}"


_PLACES = 40  # bits of a position


def matter_id(agency: int, position: int) -> int:
    """A matter's key: its agency and the entry that told of it first, so it is the same after every rebuild."""
    return (agency << _PLACES) | position


class Matter(models.Model):
    id = models.BigAutoField(primary_key=True)  # always given: `matter_id`
    agency = models.ForeignKey(Agency, models.CASCADE, related_name="matters", db_index=False)
    subject = models.CharField(max_length=80)
    recording = models.UUIDField(null=True, db_index=True)
    facts = models.TextField(help_text="JSON, in the form of FACTS.json, and what was met when")
    day = models.DateField(null=True, help_text="of the act: which version of the regulation decides")
    pack = models.CharField(max_length=62)
    version = models.CharField(max_length=16)
    rule = models.CharField(max_length=20)
    article = models.CharField(max_length=8, blank=True)
    period = models.CharField(max_length=12, blank=True)
    until = models.DateField(null=True)
    floor = models.DateField(null=True)
    long_term = models.BooleanField(default=False)
    cause = models.BigIntegerField(null=True, help_text="position of the entry that would shorten it")
    shorter = models.TextField(blank=True, help_text="JSON: what it would come to")
    upheld = models.TextField(blank=True, help_text="JSON: what was decided against")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "subject"], name="a_matter_once_an_agency")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["agency", "cause"], condition=Q(cause__isnull=False), name="matters_to_decide"
            ),
            models.Index(fields=["agency", "day"], name="matters_by_day"),
        ]

    def __str__(self) -> str:
        return self.subject


class Deadline(models.Model):
    class State(models.TextChoices):
        RUNNING = "running", "期限内"
        IMMEDIATE = "immediate", "应立即办理"
        WAITING = "waiting", "等待事实"
        NO_HOURS_NAMED = "no_hours_named", "未写明时限"
        MET = "met", "已办"

    agency = models.ForeignKey(Agency, models.CASCADE, related_name="deadlines", db_index=False)
    matter = models.ForeignKey(Matter, models.CASCADE, related_name="deadlines")
    recording = models.UUIDField(null=True, db_index=True)
    duty = models.CharField(max_length=24)
    pack = models.CharField(max_length=62)
    version = models.CharField(max_length=16)
    article = models.CharField(max_length=8)
    state = models.CharField(max_length=16, choices=State)
    who = models.CharField(max_length=60)
    to = models.CharField(max_length=60, blank=True)
    basis = models.CharField(max_length=80)
    assumed = models.BooleanField(default=False, help_text="counted from the recording's end")
    warnings = models.TextField(blank=True)
    starts_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["agency", "due_at", "id"],
                condition=Q(met_at__isnull=True, due_at__isnull=False),
                name="deadlines_open",
            ),
            models.Index(
                fields=["agency", "state", "id"],
                condition=Q(met_at__isnull=True, due_at__isnull=True),
                name="deadlines_without_date",
            ),
            models.Index(
                fields=["agency", "met_at", "id"], condition=Q(met_at__isnull=False), name="deadlines_met"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.duty} {self.due_at}"


class Shortening(models.Model):
    class State(models.TextChoices):
        PENDING = "pending", "待批准"
        APPROVED = "approved", "已批准"
        UPHELD = "upheld", "维持原期限"

    agency = models.ForeignKey(Agency, models.CASCADE, related_name="shortenings")
    cause = models.BigIntegerField(help_text="ledger position of what would shorten")
    state = models.CharField(max_length=10, choices=State)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "cause"], name="a_shortening_once_a_cause")
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.state}"
