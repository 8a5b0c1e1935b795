"""Dated versions and rulings of one agency.

- An adoption holds from its day until the day before the next one; the version in force on the day of the act decides.
- A ruling answers one question of one regulation, or fills one slot, until another takes its place.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from liuhen.base.people.models import Agency


class Adoption(models.Model):
    class State(models.TextChoices):
        ADOPTED = "adopted", "已采用"
        WITHDRAWN = "withdrawn", "已撤回"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="adoptions")
    pack = models.CharField(max_length=62)
    version = models.CharField(max_length=16)
    title = models.CharField(max_length=600)
    sha256 = models.CharField(max_length=64)
    starts_on = models.DateField()
    adopted_at = models.DateTimeField()
    by = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, choices=State)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency", "starts_on"],
                condition=Q(state="adopted"),
                name="one_regulation_from_one_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pack} {self.version} {self.starts_on}"


class Ruling(models.Model):
    class State(models.TextChoices):
        IN_FORCE = "in_force", "有效"
        REPLACED = "replaced", "已被取代"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="rulings")
    pack = models.CharField(max_length=62)
    code = models.CharField(max_length=120)
    articles = models.JSONField(default=list)
    question = models.TextField()
    answer = models.TextField()
    value = models.CharField(max_length=40, blank=True)
    reason = models.TextField()
    ruled_at = models.DateTimeField()
    by = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency", "pack", "code"],
                condition=Q(state="in_force"),
                name="one_ruling_a_question",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pack} {self.code}"
