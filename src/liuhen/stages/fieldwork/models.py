"""Tables of fieldwork: the activity, who and what took part, what was said of it, and which recordings are of it.

- Times are what officers or their phones told; nothing here is corrected by a machine.
- Place, party and other free words stand only here (and, by salted digest, in the ledger): they can be erased.
- Nothing is deleted: a mark, a document or a report that was wrong is withdrawn with a reason and stays.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Agency, Officer, Paper, Unit
from liuhen.base.recordings.models import Recording

MOMENTS = ("arrived_at", "ended_at", "left_at", "returned_at")


class Activity(models.Model):
    """执法活动. `matter`: a code of the regulation's list, or one that it does not know; `happened`: codes of key contents
    that took place; `events`: what makes long-term keeping."""

    class State(models.TextChoices):
        OPEN = "open", "有效"
        VOID = "void", "作废"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="activities")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="activities")
    number = models.CharField(max_length=60)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    matter = models.CharField(max_length=41, blank=True)
    place = models.CharField(max_length=200, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    party = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)
    arrived_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)
    circumstances = models.JSONField(default=list)
    happened = models.JSONField(default=list)
    events = models.JSONField(default=list)
    opened_by = models.ForeignKey(Account, models.PROTECT, related_name="activities_opened")
    opened_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "number"], name="an_activity_number_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["agency", "arrived_at"], name="activities_by_arrival"),
            models.Index(fields=["agency", "-opened_at"], name="activities_by_opening"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def subject(self) -> str:
        """What the ledger calls it."""
        return f"activity:{self.pk}"

    @property
    def live(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def day(self) -> datetime:
        """The moment whose day decides which regulation counts."""
        return self.ended_at or self.arrived_at or self.opened_at

    @property
    def phase(self) -> str:
        """How far it has come, in words."""
        if not self.live:
            return self.State.VOID.label
        if self.returned_at:
            return "已返回"
        if self.ended_at:
            return "已结束"
        return "进行中" if self.arrived_at else "未到场"


class Participant(models.Model):
    """One officer of an activity."""

    activity = models.ForeignKey(Activity, models.PROTECT, related_name="participants")
    officer = models.ForeignKey(Officer, models.PROTECT, related_name="activities")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["activity", "officer"], name="an_officer_once_an_activity")
        ]

    def __str__(self) -> str:
        return f"{self.activity_id}: {self.officer_id}"


class Carried(models.Model):
    """One device of an activity, and who carried it."""

    activity = models.ForeignKey(Activity, models.PROTECT, related_name="carried")
    device = models.ForeignKey(Device, models.PROTECT, related_name="activities")
    officer = models.ForeignKey(Officer, models.PROTECT, null=True, related_name="carried")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["activity", "device"], name="a_device_once_an_activity")
        ]

    def __str__(self) -> str:
        return f"{self.activity_id}: {self.device_id}"


class Stop(models.Model):
    """An interruption: when recording stopped, why, and when it went on."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="stops")
    activity = models.ForeignKey(Activity, models.PROTECT, related_name="stops")
    cause = models.CharField(max_length=41)
    text = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    resumed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.cause} {self.at}"


class Report(models.Model):
    """未记录的工作记录, 中断的立即报告, 书面说明, 中断的工作记录: made by an officer, reviewed by whom the regulation names.

    Report:  (nothing) --make--> made --review--> reviewed ;  made --return--> returned ;  made | returned --withdraw--> withdrawn
    """

    class Kind(models.TextChoices):
        UNRECORDED = "unrecorded_report", "未记录工作记录"
        AT_ONCE = "interruption_report", "中断报告"
        STATEMENT = "interruption_statement", "中断书面说明"
        WORK_RECORD = "work_record", "中断工作记录"

    class State(models.TextChoices):
        MADE = "made", "待审核"
        REVIEWED = "reviewed", "已审核"
        RETURNED = "returned", "退回补正"
        WITHDRAWN = "withdrawn", "已撤回"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="field_reports")
    activity = models.ForeignKey(Activity, models.PROTECT, related_name="reports")
    stop = models.ForeignKey(Stop, models.PROTECT, null=True, related_name="reports")
    number = models.CharField(max_length=60)
    kind = models.CharField(max_length=24, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.MADE)
    code = models.CharField(max_length=41, help_text="the ground, or the cause")
    listed = models.BooleanField(null=True, help_text="does the regulation list it?")
    article = models.CharField(max_length=8, blank=True)
    to = models.CharField(
        max_length=20, blank=True, help_text="role of the regulation; empty: it names nobody"
    )
    start = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)
    reason = models.TextField()
    grounds = models.TextField(blank=True, help_text="依据, where the regulation asks for it")
    made_by = models.ForeignKey(Account, models.PROTECT, related_name="field_reports_made")
    made_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="field_reports_reviewed")
    reviewed_at = models.DateTimeField(null=True)
    opinion = models.TextField(blank=True)
    scan = models.ForeignKey(Paper, models.PROTECT, null=True, related_name="field_reports")

    class Meta:
        ordering: ClassVar = ["made_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "number"], name="a_field_report_number_once")
        ]

    def __str__(self) -> str:
        return self.number


class Document(models.Model):
    """执法文书 of an activity, beside its recordings."""

    class State(models.TextChoices):
        LISTED = "listed", "在列"
        WITHDRAWN = "withdrawn", "已撤下"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="field_documents")
    activity = models.ForeignKey(Activity, models.PROTECT, related_name="documents")
    state = models.CharField(max_length=10, choices=State, default=State.LISTED)
    kind = models.CharField(max_length=60)
    number = models.CharField(max_length=60, blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    on_site = models.BooleanField(default=True)
    scan = models.ForeignKey(Paper, models.PROTECT, null=True, related_name="field_documents")
    listed_by = models.ForeignKey(Account, models.PROTECT, related_name="field_documents")
    listed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["started_at", "listed_at", "pk"]

    def __str__(self) -> str:
        return f"《{self.kind}》{self.number}"


class Mark(models.Model):
    """A mark on the timeline: of an activity, of a recording, or of both. `at`: corrected moment; `seconds`: after the
    start of the recording, where it was made there."""

    class State(models.TextChoices):
        MADE = "made", "有效"
        WITHDRAWN = "withdrawn", "已撤销"

    class Origin(models.TextChoices):
        FIELD = "field", "现场"
        PLAYER = "player", "回看"
        PROPOSED = "proposed", "按建议"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="marks")
    activity = models.ForeignKey(Activity, models.PROTECT, null=True, related_name="marks")
    recording = models.ForeignKey(
        Recording, models.PROTECT, null=True, related_name="marks", db_constraint=False
    )
    state = models.CharField(max_length=10, choices=State, default=State.MADE)
    origin = models.CharField(max_length=8, choices=Origin)
    code = models.CharField(max_length=41)
    at = models.DateTimeField(null=True)
    seconds = models.FloatField(null=True)
    note = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(Account, models.PROTECT, related_name="marks")
    made_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["at", "seconds", "made_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(activity__isnull=False) | Q(recording__isnull=False),
                name="a_mark_is_of_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.at}"


class Match(models.Model):
    """Which recording is of which activity, as somebody decided it; proposals are worked out and kept nowhere.

    Match:  (nothing) --match--> matched --undo--> undone --match--> matched ;  (nothing) --decline--> declined --match--> matched
    """

    class State(models.TextChoices):
        MATCHED = "matched", "已归入"
        DECLINED = "declined", "不是"
        UNDONE = "undone", "已移出"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="matches")
    # A ledger is read before the stores when the database is made again: the entry is there first.
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="matches", db_constraint=False)
    activity = models.ForeignKey(Activity, models.PROTECT, related_name="matches")
    state = models.CharField(max_length=10, choices=State)
    by = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recording", "activity"], name="a_recording_once_an_activity")
        ]
        indexes: ClassVar = [models.Index(fields=["activity", "state"], name="matches_of_an_activity")]

    def __str__(self) -> str:
        return f"{self.recording_id} → {self.activity_id}"


class Settled(models.Model):
    """A finding that somebody closed with a reason. `key` names it among the findings of its activity."""

    class State(models.TextChoices):
        SETTLED = "settled", "已办结"
        REOPENED = "reopened", "重新打开"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="settled_findings")
    activity = models.ForeignKey(Activity, models.PROTECT, related_name="settled")
    state = models.CharField(max_length=10, choices=State, default=State.SETTLED)
    key = models.CharField(max_length=80)
    code = models.CharField(max_length=60)
    reason = models.TextField()
    by = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["activity", "key"], condition=Q(state="settled"), name="a_finding_settled_once"
            )
        ]

    def __str__(self) -> str:
        return self.key


class Sent(models.Model):
    """One entry that a phone or a file sent, once; `outcome` is what became of it. A refused one is kept, to be handled."""

    class Outcome(models.TextChoices):
        DONE = "done", "已登记"
        REFUSED = "refused", "未能登记"
        HANDLED = "handled", "已处理"

    id = models.UUIDField(primary_key=True)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="field_entries")
    activity = models.UUIDField()
    kind = models.CharField(max_length=20)
    body = models.JSONField()
    phone_at = models.DateTimeField(help_text="by the phone's clock")
    phone_ahead = models.FloatField(
        help_text="seconds the phone's clock was ahead of the server's when it sent"
    )
    by = models.ForeignKey(Account, models.PROTECT, related_name="field_entries")
    handed_in = models.BooleanField(default=False, help_text="another's, handed in by whoever sent it")
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    sentence = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["agency", "outcome", "received_at"], name="field_entries_by_outcome")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.phone_at}"


class Placed(models.Model):
    """Where a recording lies in corrected time, worked out from its record and the readings of its device's clock; made
    again at any time. `pieces`: [start, end] in seconds after the start, what of it was truly recorded."""

    recording = models.OneToOneField(
        Recording, models.CASCADE, primary_key=True, related_name="placed", db_constraint=False
    )
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="placed")
    start = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)
    offset = models.FloatField(default=0)
    method = models.CharField(max_length=16)
    confidence = models.CharField(max_length=8)
    read_at = models.DateTimeField(null=True, help_text="of the reading of the clock that it rests on")
    resolution = models.FloatField(default=0)
    pieces = models.JSONField(default=list)
    handed_over_at = models.DateTimeField(null=True, help_text="when its card was handed in")
    findings = models.JSONField(
        default=list, help_text="what the file and its place among its neighbours admit"
    )
    alone = models.BooleanField(default=True, help_text="is of no activity, and could be")
    record_sha256 = models.CharField(max_length=64)
    readings = models.PositiveIntegerField(
        default=0, help_text="of the device's clock, when it was worked out"
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["agency", "start"], name="placed_by_start"),
            models.Index(fields=["agency", "start"], condition=Q(alone=True), name="placed_alone"),
        ]

    def __str__(self) -> str:
        return f"{self.recording_id} {self.start}"
