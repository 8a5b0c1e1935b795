"""What the tests of equipment share: a signature as somebody draws it, a check that passes, a device handed out."""

from __future__ import annotations

import io
import random
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from PIL import Image, ImageDraw
from the_office import AT

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Officer
from liuhen.stages.equipment import services
from liuhen.stages.equipment.checks import Looked
from liuhen.stages.equipment.models import Check, Issue
from liuhen.stages.equipment.signing import Drawn

_strokes = random.Random(7)


def drawn() -> Drawn:
    """A signature that nobody has drawn before."""
    return Drawn(png())


def png(*, empty: bool = False) -> bytes:
    picture = Image.new("RGBA", (600, 200), (0, 0, 0, 0))
    if not empty:
        points = [(_strokes.randrange(600), _strokes.randrange(200)) for _ in range(9)]
        ImageDraw.Draw(picture).line(points, fill="black", width=4)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def fit(at: datetime = AT, **other: Any) -> Looked:
    """What a device shows that passes."""
    told = {"fault_free": True, "battery_percent": 95, "free_minutes": 300, "shown_at": at, **other}
    return Looked(**told)


def recorder() -> Device:
    return Device.objects.select_related("unit", "agency").get(serial="4701A01", agency__code="demo")


def officer(staff_no: str = "100001") -> Officer:
    return Officer.objects.select_related("unit", "agency").get(staff_no=staff_no)


def checked(people: SimpleNamespace, at: datetime = AT, **other: Any) -> Check:
    return services.check_device(recorder(), fit(at, **other), by=people.custodian, at=at)


def handed_out(people: SimpleNamespace, at: datetime = AT, **more: Any) -> Issue:
    checked(people, at)
    told = {"signature": drawn(), "by": people.custodian, "at": at, **more}
    return services.issue_device(recorder(), officer(), **told)


def taken_back(issue: Issue, people: SimpleNamespace, at: datetime, **more: Any) -> None:
    told = {"signature": drawn(), "by": people.custodian, "at": at, **more}
    services.return_device(issue, **told)


HOUR = timedelta(hours=1)
