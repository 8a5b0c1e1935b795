# ruff: noqa: F811 (fixtures are imported by name)
"""Every page at a desk and on a phone: accessible, as wide as the screen, and its picture in the handbook.

`LIUHEN_SHOTS=docs/handbook/pictures` (that is `make pictures`) makes the pictures anew.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from e2e.every_page import OTHER, PAGES
from e2e.recording_pages import demo_card, recording_like, take_in  # noqa: F401

from liuhen.base import clock

pytestmark = pytest.mark.slow

DESK, PHONE = (1366, 768), (390, 844)
HANDBOOK = Path(__file__).resolve().parents[2] / "docs" / "handbook"


@pytest.fixture
def office(home: Path, people: SimpleNamespace, demo_card: Path) -> Iterator[SimpleNamespace]:
    """The demo card in store, taken in from a folder whose name may stand in a picture."""
    with TemporaryDirectory(prefix="card-") as folder:
        card = Path(folder) / "DEMO"
        shutil.copytree(demo_card, card)
        take_in(card, people.custodian)
        an_activity(people)
        yield _named(people)


def an_activity(people: SimpleNamespace) -> None:
    """An inspection in which the demo card was filled; two films are matched, the rest waits to be."""
    from liuhen.base.devices.models import Device
    from liuhen.base.people.models import Officer
    from liuhen.stages.fieldwork import marking, pairing, placing
    from liuhen.stages.fieldwork.models import Placed
    from liuhen.stages.fieldwork.telling import Told, open_activity

    placing.place_all(clock.now())
    films = [recording_like(f"_000{number}") for number in (1, 2)]
    start = Placed.objects.get(recording=films[0]).start
    first, second = Officer.objects.filter(agency=people.officer.agency).order_by("staff_no")[:2]
    told = Told(
        matter="inspection",
        place="示范镇农资店",
        party="某某农资店",
        arrived_at=start - timedelta(seconds=20),
        ended_at=start + timedelta(seconds=50),
        officers=[first, second],
        devices={Device.objects.get(serial=films[0].device.serial): first},
    )
    activity = open_activity(people.officer.unit, told, by=people.officer, at=clock.now())
    for film in films:
        pairing.confirm(film, activity, by=people.custodian, at=clock.now())
    marking.mark_recording(films[0], "notice", 2.5, by=people.custodian, at=clock.now())


def _named(people: SimpleNamespace) -> SimpleNamespace:
    from liuhen.base.people.models import Unit
    from liuhen.stages.fieldwork.models import Activity
    from liuhen.stages.ingest.models import Receipt

    return SimpleNamespace(
        receipt=Receipt.objects.get().number,
        film=recording_like("_0001").number,
        photo=recording_like("_0004").number,
        unit=Unit.objects.filter(agency=people.custodian.agency)[0].pk,
        activity=Activity.objects.get().pk,
        out=_handed_out(people),
    )


def _handed_out(people: SimpleNamespace) -> int:
    """A second recorder in an officer's hand."""
    from equipment.equipment_office import drawn, fit

    from liuhen.base import clock
    from liuhen.base.devices.models import Device
    from liuhen.base.devices.services import register_device
    from liuhen.stages.equipment.services import check_device, issue_device

    told = {"by": people.custodian, "at": clock.now()}
    unit, who = people.custodian.unit, people.officer.officer
    device = register_device(
        unit, "4701A02", Device.Kind.BODY_RECORDER, model="试验记录仪", keeper=who, **told
    )
    check_device(device, fit(told["at"]), **told)
    issue_device(device, who, signature=drawn(), **told)
    return int(device.pk)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_is_accessible_and_fits(
    office: SimpleNamespace, page_of: Any, axe: Any, size: tuple[int, int]
) -> None:
    pages: dict[str | None, Any] = {}
    faults: dict[str, Any] = {}
    for seen in PAGES:
        page = pages.setdefault(seen.who, None) or page_of(seen.who, size)
        pages[seen.who] = page
        page.goto(seen.address if isinstance(seen.address, str) else seen.address(office))
        if seen.picture == "recording":
            page.locator("#player[data-frame]").wait_for(state="attached")
            page.wait_for_timeout(600)
        page_of.shoot(page, seen.picture)
        found = axe(page)
        if page.evaluate("document.documentElement.scrollWidth") > size[0] and "print" not in seen.picture:
            found.append(("wider than the screen", []))
        if found:
            faults[seen.picture] = found
    page_of.forgive("404 (Not Found)")  # asked for, above
    page_of.forgive("Applying inline style")  # axe's own copy of the waveform's style
    assert faults == {}


def test_no_page_is_left_out() -> None:
    from liuhen.web.urls import urlpatterns

    known = {seen.route for seen in PAGES} | OTHER
    named = {
        name
        for pattern in urlpatterns
        if (name := getattr(pattern, "name", None)) and "account/none/" not in str(pattern.pattern)
    }
    assert named - known == set()


def test_the_handbook_shows_every_page_at_both_sizes_and_nothing_that_is_gone() -> None:
    pictures = {path.name for path in (HANDBOOK / "pictures").glob("*.png")}
    assert pictures == {f"{seen.picture}-{width}.png" for seen in PAGES for width, _ in (DESK, PHONE)}
    text = "".join(path.read_text(encoding="utf-8") for path in HANDBOOK.glob("*.md"))
    assert set(re.findall(r"pictures/([\w.-]+\.png)", text)) <= pictures
    desks = {seen.picture for seen in PAGES if f"pictures/{seen.picture}-1366.png" not in text}
    assert desks == set()
