"""The register of devices and the readings of their clocks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from liuhen.base.people.models import Account, Agency, Officer, Unit

from .norm import FIELDS, Norm


class Device(models.Model):
    """Any device the regulations name; `keeper` answers for it."""

    class Kind(models.TextChoices):
        BODY_RECORDER = "body_recorder", "执法记录仪"
        CAMERA = "camera", "照相机"
        CAMCORDER = "camcorder", "摄像机"
        VOICE_RECORDER = "voice_recorder", "录音笔"
        TERMINAL = "terminal", "手持执法终端"
        SURVEILLANCE = "surveillance", "视频监控"
        DOCK = "dock", "采集工作站"
        STORE = "store", "专用存储器"

    class State(models.TextChoices):
        IN_USE = "in_use", "在用"
        REPAIR = "repair", "维修"
        LOST = "lost", "遗失"
        RETIRED = "retired", "停用"

    # What a person carries: handed out and taken back, and with somebody whenever it records.
    CARRIED: ClassVar = (Kind.BODY_RECORDER, Kind.CAMERA, Kind.CAMCORDER, Kind.VOICE_RECORDER, Kind.TERMINAL)

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="devices")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="devices")
    serial = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, choices=Kind)
    model = models.CharField(max_length=60, blank=True)
    keeper = models.ForeignKey(Officer, models.PROTECT, null=True, blank=True, related_name="devices")
    state = models.CharField(max_length=10, choices=State, default=State.IN_USE)
    resolution = models.CharField(max_length=11, blank=True, help_text="width × height, as 1920x1080")
    battery_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    storage_gb = models.PositiveIntegerField(null=True, blank=True)
    no_delete = models.BooleanField(null=True, help_text="recordings cannot be deleted on the device")
    explosion_proof = models.BooleanField(null=True)
    bought_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "serial"], name="a_serial_once_an_agency")
        ]

    def __str__(self) -> str:
        return self.serial

    @property
    def norm(self) -> Norm:
        return Norm(**{name: getattr(self, name) for name in FIELDS})


class ClockReading(models.Model):
    """What the device showed beside the server's time, once; the offset is shown − server."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="clock_readings")
    device = models.ForeignKey(Device, models.PROTECT, related_name="clock_readings")
    shown_at = models.DateTimeField()
    server_at = models.DateTimeField()
    read_by = models.ForeignKey(Account, models.PROTECT, related_name="clock_readings")

    def __str__(self) -> str:
        return f"{self.device}: {self.offset_seconds:+.0f} s"

    @property
    def offset_seconds(self) -> float:
        return (self.shown_at - self.server_at).total_seconds()
