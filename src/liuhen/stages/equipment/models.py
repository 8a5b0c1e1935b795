"""Who had which device when, and what was checked before.

Issue:  (nothing) --issue--> out --return--> back
A device is out once at a time: the database refuses a second issue. A check has no states; it is what it found.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from liuhen.base.devices.models import ClockReading, Device
from liuhen.base.people.models import Account, Agency, Officer, Paper


class Check(models.Model):
    """使用前检查, once: what the device showed, and which points it failed (codes of checks.WORDS)."""

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="checks")
    device = models.ForeignKey(Device, models.PROTECT, related_name="checks")
    at = models.DateTimeField()
    by = models.ForeignKey(Account, models.PROTECT, related_name="checks")
    fault_free = models.BooleanField()
    battery_percent = models.PositiveSmallIntegerField(null=True)
    free_bytes = models.BigIntegerField(null=True)
    free_minutes = models.PositiveIntegerField(null=True)
    reading = models.ForeignKey(ClockReading, models.PROTECT, null=True, related_name="checks")
    passed = models.BooleanField(default=False)
    failed = models.JSONField(default=list)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["device", "-at"], name="checks_of_a_device")]

    def __str__(self) -> str:
        return f"{self.device} {self.at:%Y-%m-%d %H:%M}"


class Signed(models.TextChoices):
    """How somebody signed for a device."""

    DRAWN = "drawn", "手写签名"
    PASSWORD = "password", "本人密码"
    ABSENT = "absent", "本人未到场"


class Issue(models.Model):
    """领用, once: from the hand of `issued_by` to `officer` and back into the hand of `received_by`."""

    class State(models.TextChoices):
        OUT = "out", "领用中"
        BACK = "back", "已归还"

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="issues")
    device = models.ForeignKey(Device, models.PROTECT, related_name="issues")
    officer = models.ForeignKey(Officer, models.PROTECT, related_name="issues")
    check_before = models.ForeignKey(Check, models.PROTECT, null=True, related_name="issues")
    overridden = models.BooleanField(
        default=False, help_text="handed out though the check was missing or failed"
    )
    purpose = models.CharField(max_length=200, blank=True, help_text="in this row only, never in the ledger")
    issued_by = models.ForeignKey(Account, models.PROTECT, related_name="issues_given")
    issued_at = models.DateTimeField()
    due_back_at = models.DateTimeField(null=True)
    taken_signed = models.CharField(max_length=10, choices=Signed)
    taken_paper = models.ForeignKey(Paper, models.PROTECT, null=True, related_name="+")
    received_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="issues_received")
    returned_at = models.DateTimeField(null=True)
    back_signed = models.CharField(max_length=10, choices=Signed, blank=True)
    back_paper = models.ForeignKey(Paper, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=6, choices=State, default=State.OUT)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device"], condition=Q(state="out"), name="a_device_is_out_once"),
            models.CheckConstraint(
                condition=Q(state="out", returned_at__isnull=True)
                | Q(state="back", returned_at__isnull=False),
                name="what_is_back_has_its_time",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["device", "issued_at"], name="issues_of_a_device")]

    def __str__(self) -> str:
        return f"{self.device} {self.issued_at:%Y-%m-%d %H:%M}"

    def is_overdue(self, at: datetime) -> bool:
        return self.state == self.State.OUT and self.due_back_at is not None and self.due_back_at < at
