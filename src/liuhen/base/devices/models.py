"""The register of devices and the readings of their clocks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from liuhen.base.people.models import Account, Agency, Officer, Unit


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
        RETIRED = "retired", "停用"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="devices")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="devices")
    serial = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, choices=Kind)
    model = models.CharField(max_length=60, blank=True)
    keeper = models.ForeignKey(Officer, models.PROTECT, null=True, blank=True, related_name="devices")
    state = models.CharField(max_length=10, choices=State, default=State.IN_USE)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "serial"], name="a_serial_once_an_agency")
        ]

    def __str__(self) -> str:
        return self.serial


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
