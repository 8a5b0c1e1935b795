"""Ways from papers to their activity, as long as it has a page here."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse

from liuhen.stages.fieldwork.models import Activity


def activity_address(activity: Activity) -> str:
    """The page of an activity; the register of reports where there is none."""
    try:
        return reverse("activity", args=[activity.pk])
    except NoReverseMatch:
        return reverse("reports")
