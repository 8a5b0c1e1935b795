"""A machine's key to one account.

- Only the SHA-256 of the secret is kept, and it is made when the account itself fetches it: neither of the two
  administrators who grant a token ever holds it.
- A token is narrower than its account (scopes) and always ends (expires_at).
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from liuhen.base.people.models import Account, Agency


class Scope(models.TextChoices):
    """What a token may be used for, at most; the closed vocabulary of the API's operations."""

    PEOPLE_READ = "people:read", "查看科室、人员和账号登记"
    DEVICES_READ = "devices:read", "查看设备登记"
    DEVICES_WRITE = "devices:write", "登记、更正、停用设备"
    RECORDINGS_READ = "recordings:read", "查看音像记录的事实、检查发现和保管经过"
    RECORDINGS_CONTENT = "recordings:content", "取得音像记录的内容"
    RECORDINGS_WRITE = "recordings:write", "确定和更正归属"
    ACTIVITIES_READ = "activities:read", "查看执法活动和它的判断"
    ACTIVITIES_WRITE = "activities:write", "登记、补登执法活动，归入音像记录"
    RECEIPTS_READ = "receipts:read", "查看移交回执"
    INGEST_WRITE = "ingest:write", "上传文件并采集入库"
    JOBS_READ = "jobs:read", "查看后台任务"
    JOBS_WRITE = "jobs:write", "取消后台任务"
    LEDGER_READ = "ledger:read", "查看账本和证明"


class Token(models.Model):
    class State(models.TextChoices):
        PROPOSED = "proposed", "待确认"
        CONFIRMED = "confirmed", "待领取"
        IN_USE = "in_use", "使用中"
        DECLINED = "declined", "不予确认"
        WITHDRAWN = "withdrawn", "已撤销"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="tokens")
    account = models.ForeignKey(Account, models.PROTECT, related_name="tokens")
    scopes = models.JSONField(default=list)
    purpose = models.CharField(max_length=200)
    issued_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="tokens_issued")
    confirmed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="tokens_confirmed")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_on = models.DateField(null=True)
    secret_sha256 = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001 (several have none)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | Q(issued_by__isnull=True)
                | ~Q(confirmed_by=F("issued_by")),
                name="a_token_is_granted_by_two",
            ),
            models.CheckConstraint(
                condition=~Q(state="in_use") | Q(secret_sha256__isnull=False),
                name="a_token_in_use_has_a_secret",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    def expired(self, at: datetime) -> bool:
        return self.expires_at <= at
