"""One docking of a card, its files one by one, and the receipt.

Batch:  open --complete--> released | kept ; open --interrupt--> interrupted ; released --clear--> cleared
A batch is `kept` when some file was refused or failed: the card must not be wiped.

UploadSet:  open --close--> closed --ingest, receipt--> taken
              |`--drop------`--drop--> dropped
              `--expire--> expired
The bytes of a set lie under LIUHEN_HOME/uploads/<folder>/ under names of our own; they are no recordings yet.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from liuhen.base.devices.models import ClockReading, Device
from liuhen.base.people.models import Account, Agency, Officer
from liuhen.base.recordings.models import Recording


class Batch(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "采集中"
        INTERRUPTED = "interrupted", "中断"
        KEPT = "kept", "未放行"
        RELEASED = "released", "已放行"
        CLEARED = "cleared", "已清卡"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="batches")
    key = models.CharField(max_length=40, unique=True)
    card_label = models.CharField(max_length=255)
    card_path = models.TextField()
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="batches")
    holder = models.ForeignKey(Officer, models.PROTECT, null=True, related_name="batches")
    device_told = models.BooleanField(
        default=False,
        help_text="the custodian or the card itself said whose it is, not only its files' names",
    )
    reading = models.ForeignKey(ClockReading, models.PROTECT, null=True, related_name="batches")
    by = models.ForeignKey(Account, models.PROTECT, related_name="batches")
    job = models.CharField(max_length=36, blank=True, db_index=True, help_text="the job that took it in")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State)

    def __str__(self) -> str:
        return f"{self.card_label} {self.started_at:%Y-%m-%d %H:%M}"


class Item(models.Model):
    """One thing that lay on the card, and what became of it."""

    class State(models.TextChoices):
        STORED = "stored", "已入库"
        ALREADY = "already", "此前已入库"
        REFUSED = "refused", "拒收"
        FAILED = "failed", "未成功"

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="items")
    path = models.TextField()  # as shown: four characters for each byte that is no text
    raw = models.BinaryField()
    size = models.BigIntegerField(null=True)
    mtime_ns = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State)
    reason = models.TextField(blank=True)
    recording = models.ForeignKey(Recording, models.PROTECT, null=True, related_name="items")

    def __str__(self) -> str:
        return self.path


class Receipt(models.Model):
    """移交回执: its bytes lie under LIUHEN_HOME/receipts; the digest stands in the ledger."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="receipts")
    batch = models.OneToOneField(Batch, models.PROTECT, related_name="receipt")
    number = models.CharField(max_length=60)
    issued_at = models.DateTimeField()
    content_sha256 = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "number"], name="a_receipt_number_once")
        ]

    def __str__(self) -> str:
        return self.number


class UploadSet(models.Model):
    """Files that one custodian sends from a browser, to be taken in like a card: for offices without a dock."""

    class State(models.TextChoices):
        OPEN = "open", "上传中"
        CLOSED = "closed", "已交采集"
        TAKEN = "taken", "已入库"
        DROPPED = "dropped", "已放弃"
        EXPIRED = "expired", "过期清除"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="upload_sets")
    by = models.ForeignKey(Account, models.PROTECT, related_name="upload_sets")
    folder = models.CharField(max_length=32, unique=True)
    label = models.CharField(max_length=255)
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="upload_sets")
    device_clock = models.DateTimeField(null=True, help_text="what the recorder showed at opened_at")
    opened_at = models.DateTimeField()
    touched_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    job = models.CharField(max_length=36, blank=True, help_text="the ingest of the closed set")

    def __str__(self) -> str:
        return self.label


class UploadFile(models.Model):
    """One file of a set. How much of it has come is the length of the file on disk, not a column."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    set = models.ForeignKey(UploadSet, models.PROTECT, related_name="files")
    name = models.CharField(max_length=32, help_text="on disk: nothing that came from outside")
    path = models.TextField(help_text="as the browser calls it; data, never a path of ours")
    path_digest = models.CharField(max_length=64)
    size = models.BigIntegerField()
    modified_at = models.DateTimeField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, help_text="what the sender says it is")
    synced = models.BigIntegerField(default=0, help_text="so much is known to be on the device")
    boot = models.CharField(max_length=36, blank=True, help_text="the start of this computer that wrote it")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["set", "path_digest"], name="a_path_once_a_set")
        ]

    def __str__(self) -> str:
        return self.path
