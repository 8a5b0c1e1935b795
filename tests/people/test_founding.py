"""Founding an office: what cannot stand in a path, a key's name or a ledger is refused before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from the_office import AT

from liuhen.base.people import services
from liuhen.base.people.models import Account, Agency
from liuhen.base.people.services import Person
from liuhen.core.errors import UsageError


def _found(**more):
    told = {
        "code": "jjny",
        "name": "某县农业农村局",
        "pack": "jinjiang-agri",
        "unit": ("000000000001", "综合科"),
        "system": Person("jj-sys", "甲"),
        "security": Person("jj-sec", "乙"),
        "at": AT,
    }
    return services.found_office(**{**told, **more})


def _everything(home: Path) -> set[str]:
    return {path.relative_to(home.parent).as_posix() for path in home.parent.rglob("*")} - _passing(home)


def _passing(home: Path) -> set[str]:
    """SQLite's own companions come and go."""
    return {f"{home.name}/db.sqlite3-wal", f"{home.name}/db.sqlite3-shm"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "../x"},
        {"code": "A B"},
        {"code": "MXNY"},
        {"code": "某县"},
        {"code": ""},
        {"code": "x" * 33},
        {"name": " "},
        {"pack": "nosuch"},
        {"system": Person("jj-sys", "")},
    ],
    ids=str,
)
def test_a_founding_that_cannot_stand_writes_nothing(home, wrong):
    before = _everything(home)
    with pytest.raises(UsageError, match="怎么办"):
        _found(**wrong)
    assert _everything(home) == before
    assert Agency.objects.count() == 2


def test_a_good_founding_makes_key_ledger_and_two_administrators(home):
    agency = _found()
    assert (home / "keys" / "jjny.key").stat().st_mode & 0o777 == 0o600
    assert (home / "ledger" / "jjny" / "checkpoint").exists()
    assert set(Account.objects.filter(agency=agency).values_list("username", flat=True)) == {
        "jj-sys",
        "jj-sec",
    }


@pytest.mark.parametrize(
    ("staff", "certificate"),
    [("12", "X1"), ("一二三四五六", "X1"), ("100001", "X1"), ("100009", "35058200001")],
)
def test_a_number_that_is_none_or_is_taken_is_refused_in_words(people, staff, certificate):
    with pytest.raises(UsageError, match="怎么办"):
        services.enter_officer(people.custodian.unit, "新人", certificate, staff, by=people.sysadmin, at=AT)


@pytest.mark.parametrize("username", ["a b", "x", "../x", "", "某人", "custodian"])
def test_a_user_name_that_cannot_be_typed_or_is_taken_is_refused(people, username):
    with pytest.raises(UsageError):
        services.open_account(people.custodian.unit, Person(username, "新人"), by=people.sysadmin, at=AT)
