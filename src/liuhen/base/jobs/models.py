"""One piece of background work, its lease and how far it has come. Jobs are no evidence; none is in the ledger.

Job:  (nothing) --ask--> queued --take--> running --finish--> done
                            ^                |----fail------> failed
                            |                |----stop------> cancelled   (queued and retrying ones: at once)
                            |---give back----+
                         retrying <-- worker died, or trouble that may pass
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from liuhen.base.people.models import Account, Agency


class Job(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", "排队中"
        RUNNING = "running", "进行中"
        RETRYING = "retrying", "稍后重试"
        DONE = "done", "已完成"
        FAILED = "failed", "未成功"
        CANCELLED = "cancelled", "已取消"

    WAITING: ClassVar = (State.QUEUED, State.RETRYING)
    LIVE: ClassVar = (State.QUEUED, State.RETRYING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=40)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="jobs")
    by = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="jobs", help_text="empty: the program"
    )
    args = models.JSONField(default=dict)
    key = models.CharField(max_length=200, blank=True, help_text="at most one live job of an agency has it")
    title = models.CharField(
        max_length=255, blank=True, help_text="may name what was recorded: not for everyone"
    )
    urgent = models.BooleanField(
        help_text="a person waits for it: it has a thread that nothing else may take"
    )
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)

    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="not before; later than asked_at after trouble that may pass")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)

    owner = models.CharField(
        max_length=80, blank=True, help_text="the worker, by the name of its process lock"
    )
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    limit = models.PositiveSmallIntegerField(default=3)

    files_done = models.BigIntegerField(default=0)
    files_total = models.BigIntegerField(null=True)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(null=True)
    rate = models.FloatField(null=True, help_text="bytes a second, lately")
    seconds_left = models.PositiveIntegerField(null=True)
    saying = models.TextField(blank=True, help_text="the last sentence on the way")
    troubles = models.JSONField(default=list, help_text="the first things that went wrong on the way")
    troubles_count = models.PositiveIntegerField(default=0)
    changes = models.PositiveIntegerField(default=0, help_text="counts up with every write, for who watches")

    result = models.JSONField(null=True)
    code = models.CharField(max_length=60, blank=True)
    sentence = models.TextField(blank=True, help_text="how it ended, for the person; the cause is in the log")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency", "key"],
                condition=Q(state__in=["queued", "retrying", "running"]) & ~Q(key=""),
                name="one_live_job_a_key",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "due_at"], name="jobs_by_state"),
            models.Index(fields=["agency", "-asked_at"], name="jobs_of_an_agency"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def live(self) -> bool:
        return self.state in self.LIVE
