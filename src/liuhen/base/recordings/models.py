"""Rows that find recordings; the truth lies in the store and in the ledger, and rows can be made again.

- Sameness is (agency, SHA-256) for files with bytes; a zero-byte file is the same only as itself on its card.
- Numbers are gapless in an agency and year: a number is reserved before the object is written, and a
  reservation that came to nothing is used by the next file.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Agency, Officer, Unit


class Recording(models.Model):
    class State(models.TextChoices):
        STORED = "stored", "在库"
        TO_ASSIGN = "to_assign", "待归属"

    class Kind(models.TextChoices):
        VIDEO = "video", "录像"
        AUDIO = "audio", "录音"
        PHOTO = "photo", "照片"
        OTHER = "other", "其他"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="recordings")
    number = models.CharField(max_length=60)
    sameness = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    sm3 = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=1024)
    card_path = models.CharField(max_length=4096)
    state = models.CharField(max_length=12, choices=State)
    key_file = models.BooleanField(default=False)
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="recordings")
    holder = models.ForeignKey(Officer, models.PROTECT, null=True, related_name="recordings")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="recordings")
    taken_at = models.DateTimeField(null=True)
    duration_ms = models.BigIntegerField(null=True)
    stored_at = models.DateTimeField()
    record_sha256 = models.CharField(max_length=64)
    head = models.CharField(max_length=10, default="v1")
    position = models.BigIntegerField(help_text="ledger position of the entry that stored it")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "sameness"], name="a_recording_once_an_agency"),
            models.UniqueConstraint(fields=["agency", "number"], name="a_recording_number_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["agency", "state", "-stored_at"], name="recordings_by_state"),
            models.Index(fields=["agency", "bytes"], name="recordings_by_size"),
            models.Index(fields=["sha256"], name="recordings_by_digest"),
            models.Index(fields=["sm3"], name="recordings_by_sm3"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def urn(self) -> str:
        """The OCFL id."""
        return f"urn:uuid:{self.id}"


class Copy(models.Model):
    """One whole copy in one store, verified by re-reading its bytes at the time given."""

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="copies")
    store = models.CharField(max_length=40)
    verified_at = models.DateTimeField()
    method = models.CharField(max_length=12)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recording", "store"], name="a_copy_once_a_store")
        ]

    def __str__(self) -> str:
        return f"{self.recording_id} @ {self.store}"


class Finding(models.Model):
    """What the file, its name or its bytes admit; closed only by a named act, never deleted."""

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="findings")
    code = models.CharField(max_length=60)
    severity = models.CharField(max_length=10)
    text = models.TextField()
    params = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.code


class Snapshot(models.Model):
    """A still out of a film: a numbered derivative, kept in the recording's object; the original is untouched."""

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="snapshots")
    number = models.CharField(max_length=70)
    file = models.CharField(max_length=100, help_text="logical path in the object")
    sha256 = models.CharField(max_length=64)
    sm3 = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    time_us = models.BigIntegerField(help_text="microseconds after the start of the recording")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    taken_at = models.DateTimeField()
    taken_by = models.CharField(max_length=60)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recording", "number"], name="a_snapshot_number_once")
        ]

    def __str__(self) -> str:
        return self.number


class Unrelated(models.Model):
    """无关内容: somebody says that a recording, or a part of it, has nothing to do with the work. Nothing is ever removed.

    `start_ms` and `end_ms`: the part, in milliseconds after the start; both empty for the whole.
    """

    class State(models.TextChoices):
        OPEN = "open", "待处理"
        KEPT = "kept", "仍应保留"
        RESTRICTED = "restricted", "限制查看"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="unrelated")
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="unrelated")
    number = models.PositiveIntegerField(help_text="the first, second … of its recording")
    start_ms = models.BigIntegerField(null=True)
    end_ms = models.BigIntegerField(null=True)
    state = models.CharField(max_length=12, choices=State)
    reason = models.TextField()
    flagged_by = models.ForeignKey(Account, models.PROTECT, related_name="flagged")
    flagged_at = models.DateTimeField()
    handled_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="flags_handled")
    handled_at = models.DateTimeField(null=True)
    handled_reason = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recording", "number"], name="a_flag_number_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["agency", "state", "-flagged_at"], name="unrelated_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.recording_id} #{self.number}"


class Visit(models.Model):
    """One person at one recording, in one session: what its byte requests carry. Of passing use; the viewing
    itself stands in the ledger.

    Visit:  (nothing) --open--> live --silence--> over ;  a download's visit serves the original as a file
    """

    class Purpose(models.TextChoices):
        VIEW = "view", "查看"
        DOWNLOAD = "download", "下载原件"

    token = models.CharField(max_length=43, unique=True)
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="visits")
    account = models.ForeignKey(Account, models.PROTECT, related_name="visits")
    session = models.CharField(max_length=64, help_text="SHA-256 of the session's key")
    purpose = models.CharField(max_length=10, choices=Purpose)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    position = models.BigIntegerField(help_text="ledger position of the entry it is")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["account", "recording", "session"], name="visits_of_one")]

    def __str__(self) -> str:
        return f"{self.account_id} @ {self.recording_id}"


class Series(models.Model):
    """The last number given out of one kind in one year."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="series")
    kind = models.CharField(max_length=20)
    year = models.PositiveIntegerField()
    last = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "kind", "year"], name="one_series_a_kind_and_year")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}: {self.last}"


class Reservation(models.Model):
    """A number and an id held for content that is being written; gone when the recording is there."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="reservations")
    sameness = models.CharField(max_length=80)
    recording = models.UUIDField(unique=True)
    number = models.CharField(max_length=60)
    year = models.PositiveIntegerField()
    batch = models.CharField(max_length=40)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "sameness"], name="content_reserved_once")
        ]

    def __str__(self) -> str:
        return self.number


from .lists.models import Cell, Following, Listed, Total  # noqa: E402, F401 (Django looks for tables here)
