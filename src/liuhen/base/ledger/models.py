"""One append-only log an agency.

- `entry` holds the very bytes that are hashed, tiled and exported; the columns beside it only find it, and
  `ledger verify` holds them against it.
- Positions are gapless from 0; the head row is locked by whoever appends.
- UPDATE and DELETE are refused by the database itself (migration 0002).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from liuhen.base.people.models import Agency


class Head(models.Model):
    """The row that serialises appends: how long the log is, and the latest server time in it."""

    agency = models.OneToOneField(Agency, models.PROTECT, primary_key=True, related_name="ledger_head")
    size = models.BigIntegerField(default=0)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.agency_id}: {self.size}"


class Entry(models.Model):
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="ledger")
    position = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    recorded_at = models.DateTimeField()
    entry = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "position"], name="a_position_once_a_ledger")
        ]
        indexes: ClassVar = [models.Index(fields=["agency", "subject", "position"], name="ledger_by_subject")]

    def __str__(self) -> str:
        return f"{self.position} {self.kind}"


class Words(models.Model):
    """Free text of an entry, kept beside the ledger so that it can be erased; the entry holds its digest."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="words")
    position = models.BigIntegerField()
    key = models.CharField(max_length=40)
    salt = models.CharField(max_length=32)
    text = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "position", "key"], name="words_once_an_entry")
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.key}"


class Cosignature(models.Model):
    """Another office's signature on one of our checkpoints, kept as it came."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="cosignatures")
    size = models.BigIntegerField()
    witness = models.CharField(max_length=200)
    note = models.TextField()
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.witness} @ {self.size}"


class SigningKey(models.Model):
    """A key that took over from another: it signs every checkpoint of more than `after` entries."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="signing_keys")
    vkey = models.CharField(max_length=300)
    replaces = models.CharField(max_length=300)
    after = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "vkey"], name="a_key_takes_over_once")
        ]

    def __str__(self) -> str:
        return f"{self.vkey} > {self.after}"
