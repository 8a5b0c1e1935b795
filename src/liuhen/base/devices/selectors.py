"""Reads of devices, filtered by person."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from liuhen.base.people.models import Account

from .acts import SEE
from .models import Device


def visible_to(person: Account, at: datetime) -> QuerySet[Device]:
    """The register of the person's own agency."""
    return SEE.scope(person, Device.objects.select_related("unit", "keeper"), at)
