# ruff: noqa: F811 (fixtures are imported by name)
"""liuhen people: the list of one's own agency, and passwords that nobody sees."""

import getpass
from pathlib import Path

import pytest
from cli_terminal import Terminal, liuhen  # noqa: F401

from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Account

GOOD = "石榴-Tractor-77-lamp"


def typed(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    waiting = list(answers)
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: waiting.pop(0))


def test_the_list_is_of_the_viewers_own_agency(home: Path, liuhen: Terminal) -> None:
    assert {row["agency"] for row in liuhen("people", "list", "--json").document} == {"demo"}
    other = liuhen("people", "list", "--by", "stranger", "--json").document
    assert {row["agency"] for row in other} == {"other"}


def test_a_password_is_asked_twice_and_never_shown(
    home: Path, liuhen: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, GOOD, GOOD)
    done = liuhen("people", "password", "custodian", "--by", "secadmin")
    assert done.status == 0
    assert GOOD not in done.out + done.err
    account = Account.objects.get(username="custodian")
    assert account.check_password(GOOD)
    assert account.password_given
    assert GOOD not in Entry.objects.latest("pk").entry


def test_two_different_answers_change_nothing(
    home: Path, liuhen: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, GOOD, GOOD + "x")
    assert liuhen("people", "password", "custodian", "--by", "secadmin").status == 2
    assert not Account.objects.get(username="custodian").has_usable_password()


def test_a_weak_password_is_refused_with_the_rules(
    home: Path, liuhen: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "1234567890", "1234567890")
    refused = liuhen("people", "password", "custodian", "--by", "secadmin")
    assert refused.status == 2
    assert "怎么办" in refused.err


def test_a_generated_password_is_the_only_thing_on_standard_output(home: Path, liuhen: Terminal) -> None:
    done = liuhen("people", "password", "custodian", "--by", "secadmin", "--generate")
    assert Account.objects.get(username="custodian").check_password(done.out.strip())


@pytest.mark.parametrize("username", ["stranger", "nobody"])
def test_only_an_account_of_ones_own_agency_is_found(home: Path, liuhen: Terminal, username: str) -> None:
    refused = liuhen("people", "password", username, "--by", "secadmin", "--generate")
    assert refused.status == 2
    assert "没有账号" in refused.err


def test_the_system_administrator_gives_no_passwords(home: Path, liuhen: Terminal) -> None:
    assert liuhen("people", "password", "custodian", "--by", "sysadmin", "--generate").status == 1


def test_an_officer_without_a_certificate_is_refused_and_nothing_is_left(
    home: Path, liuhen: Terminal
) -> None:
    by = ("--proposed-by", "sysadmin", "--confirmed-by", "secadmin")
    refused = liuhen("people", "add", "newcomer", "--name", "新人", "--role", "officer", *by)
    assert refused.status == 2
    assert "须有执法证号和人员编号" in refused.err
    assert not Account.objects.filter(username="newcomer").exists()
