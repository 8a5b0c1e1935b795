"""Adopting a regulation: the version in force on the day of the act decides; nothing half-adopted."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from rulebook.rulebook_office import adopted, pack_in
from the_office import AT

from liuhen.base import packs
from liuhen.base.acts import NotAllowedError, ReasonMissingError
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Agency
from liuhen.base.rulebook.models import Adoption
from liuhen.base.rulebook.replay import REPLAYERS
from liuhen.base.rulebook.selectors import adoptions_of, book_of, pack_at
from liuhen.base.rulebook.services import superseded_on, turn_over, withdraw
from liuhen.core.errors import LiuhenError, RefusedError, UsageError
from liuhen.core.rules.errors import PackError

pytestmark = pytest.mark.slow


def _code(error: pytest.ExceptionInfo[LiuhenError]) -> str:
    return error.value.code


def test_the_day_of_the_act_decides_which_version_holds(people: SimpleNamespace, tmp_path: Path) -> None:
    first = pack_in(tmp_path / "one")
    second = pack_in(tmp_path / "two", **{'version: "1"': 'version: "2"', "P12M": "P24M"})
    (second / "examples.yaml").write_text("examples: []\n")
    adopted(people, first, "2026-12-01")
    adopted(people, second, "2027-01-01")
    book = book_of(people.legal.agency)
    held = [book.on(date(2026, 11, 30)), book.on(date(2026, 12, 31)), book.on(date(2027, 1, 1))]
    assert [(one and (one.id, one.version)) for one in held] == [
        (people.legal.agency.founded_pack, packs.pack_of(people.legal.agency.founded_pack).version),
        ("my-regulation", "1"),
        ("my-regulation", "2"),
    ]
    history = adoptions_of(people.legal.agency)
    assert [superseded_on(history, row) for row in history] == [None, date(2026, 12, 31)]
    late = AT.replace(year=2026, month=12, day=31, hour=15, minute=59)  # 23:59 in Shanghai
    assert pack_at(people.legal.agency, late).version == "1"
    assert pack_at(people.legal.agency, late + timedelta(minutes=1)).version == "2"


def test_the_agency_runs_the_regulation_of_the_day(people: SimpleNamespace, tmp_path: Path) -> None:
    agency = people.legal.agency
    before = Agency.objects.get(pk=agency.pk).pack
    adopted(people, pack_in(tmp_path / "one"), "2026-12-01")
    assert Agency.objects.get(pk=agency.pk).pack == before
    assert turn_over(AT + timedelta(days=30)) == 1
    assert Agency.objects.get(pk=agency.pk).pack == "my-regulation"
    assert turn_over(AT + timedelta(days=30)) == 0


@pytest.mark.parametrize("day", ["2026-12-01", "2026-11-25"])
def test_overlapping_days_are_refused_and_nothing_is_kept(
    people: SimpleNamespace, tmp_path: Path, day: str
) -> None:
    adopted(people, pack_in(tmp_path / "one"), "2026-12-01")
    other = pack_in(tmp_path / "two", **{'version: "1"': 'version: "2"'})
    with pytest.raises(UsageError) as refused:
        adopted(people, other, day)
    assert _code(refused) == "overlapping_versions"
    assert not packs.own_folder("my-regulation", "2").exists()
    assert Adoption.objects.count() == 1


def test_a_version_is_one_text(people: SimpleNamespace, tmp_path: Path) -> None:
    adopted(people, pack_in(tmp_path / "one"), "2026-12-01")
    with pytest.raises(UsageError) as refused:
        adopted(people, pack_in(tmp_path / "two", 目的="立制目的"), "2027-01-01")
    assert _code(refused) == "version_reused"


def test_before_its_force_and_after_its_end_it_cannot_be_adopted(
    people: SimpleNamespace, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as early:
        adopted(people, pack_in(tmp_path / "one"), "2025-12-31")
    ended = pack_in(tmp_path / "two", **{"agency_kind: general": "agency_kind: general\nuntil: 2026-06-30"})
    with pytest.raises(UsageError) as late:
        adopted(people, ended, "2026-12-01")
    assert {_code(early), _code(late)} == {"outside_its_dates"}
    assert not packs.own_folder("my-regulation", "1").exists()


def test_a_pack_whose_examples_fail_is_not_adopted(people: SimpleNamespace, tmp_path: Path) -> None:
    folder = pack_in(tmp_path / "one", **{"within: PT24H\n    met_by": "within: PT30H\n    met_by"})
    with pytest.raises(PackError) as refused:
        adopted(people, folder, "2026-12-01")
    assert "普通检查" in str(refused.value)
    assert not Adoption.objects.exists()


@pytest.mark.parametrize("who", ["officer", "custodian", "sysadmin", "auditor"])
def test_only_the_legal_office_and_the_principal_adopt(
    people: SimpleNamespace, tmp_path: Path, who: str
) -> None:
    with pytest.raises(NotAllowedError):
        adopted(people, pack_in(tmp_path / "one"), "2026-12-01", by=getattr(people, who))
    assert not packs.own_folder("my-regulation", "1").exists()


def test_what_is_not_yet_in_force_can_be_withdrawn_with_a_reason(
    people: SimpleNamespace, tmp_path: Path
) -> None:
    row = adopted(people, pack_in(tmp_path / "one"), "2026-12-01")
    with pytest.raises(ReasonMissingError):
        withdraw(row, reason="", by=people.legal, at=AT)
    with pytest.raises(RefusedError) as refused:
        withdraw(row, reason="迟了", by=people.legal, at=AT + timedelta(days=30))
    assert _code(refused) == "already_in_force"
    withdraw(row, reason="还要修改", by=people.legal, at=AT)
    assert book_of(people.legal.agency).history == ()
    adopted(people, tmp_path / "one", "2026-11-25")


def test_an_adopted_pack_that_was_changed_on_the_disk_is_not_used(
    people: SimpleNamespace, tmp_path: Path
) -> None:
    adopted(people, pack_in(tmp_path / "one"), "2026-12-01")
    path = packs.own_folder("my-regulation", "1") / "pack.yaml"
    path.write_text(path.read_text().replace("P12M", "P1M"))
    with pytest.raises(LiuhenError) as refused:
        book_of(people.legal.agency).on(date(2026, 12, 1))
    assert _code(refused) == "pack_changed"


def test_the_ledger_gives_the_adoptions_back(people: SimpleNamespace, tmp_path: Path) -> None:
    row = adopted(people, pack_in(tmp_path / "one"), "2026-12-01")
    withdraw(row, reason="还要修改", by=people.legal, at=AT)
    adopted(people, tmp_path / "one", "2026-12-05")
    fields = ("pack", "version", "title", "sha256", "starts_on", "adopted_at", "by", "state")
    live = list(Adoption.objects.order_by("starts_on").values_list(*fields))
    Adoption.objects.all().delete()
    import orjson

    for entry in Entry.objects.order_by("position"):
        said = orjson.loads(entry.entry)
        if said["kind"] in REPLAYERS:
            REPLAYERS[said["kind"]](people.legal.agency, said)
    assert list(Adoption.objects.order_by("starts_on").values_list(*fields)) == live
