from pathlib import Path
from types import SimpleNamespace

import pytest

from liuhen.base import clock, secret
from liuhen.base.acts import NotAllowedError
from liuhen.base.ledger.models import Entry
from liuhen.base.people import passwords
from liuhen.base.people.services import set_password
from liuhen.core.errors import UsageError

GOOD = "石榴-Tractor-77-lamp"


@pytest.mark.parametrize(
    "weak", ["short", "password123", "1234567890", "officer-officer", "aaaaaaaaaaaa", "2026112500"]
)
def test_a_weak_password_is_refused_with_what_is_wrong(people: SimpleNamespace, weak: str) -> None:
    with pytest.raises(UsageError) as refused:
        set_password(people.officer, weak, by=people.officer, at=clock.now())
    assert refused.value.code == "weak_password"


def test_a_password_in_chinese_and_letters_is_fine(people: SimpleNamespace) -> None:
    set_password(people.officer, GOOD, by=people.officer, at=clock.now())
    assert people.officer.check_password(GOOD)


def test_the_ledger_tells_that_it_was_set_and_never_what(people: SimpleNamespace) -> None:
    set_password(people.officer, GOOD, by=people.secadmin, at=clock.now())
    entry = Entry.objects.filter(kind="account.password_set").get().entry
    assert '"own":false' in entry
    assert GOOD not in entry
    assert "pbkdf2" not in entry


@pytest.mark.parametrize("other", ["sysadmin", "custodian", "principal", "auditor", "other_secadmin"])
def test_only_oneself_and_the_security_administrator_set_a_password(
    people: SimpleNamespace, other: str
) -> None:
    with pytest.raises(NotAllowedError):
        set_password(people.officer, GOOD, by=getattr(people, other), at=clock.now())
    people.officer.refresh_from_db()
    assert not people.officer.has_usable_password()


def test_a_generated_password_is_good_and_never_the_same(people: SimpleNamespace) -> None:
    made = {passwords.generate() for _ in range(50)}
    assert len(made) == 50
    for one in made:
        passwords.check(one, people.officer)


def test_the_secret_is_made_once_for_the_owner_alone(home: Path) -> None:
    first = secret.secret_key()
    assert secret.secret_path().stat().st_mode & 0o777 == 0o600
    secret._secret_of.cache_clear()
    assert secret.secret_key() == first
    assert len(first) > 40


def test_an_exposed_secret_is_refused_with_the_remedy(home: Path) -> None:
    secret.secret_key()
    secret.secret_path().chmod(0o644)
    secret._secret_of.cache_clear()
    with pytest.raises(secret.SecretFileError) as refused:
        secret.secret_key()
    assert refused.value.code == "secret_exposed"
    assert "chmod 600" in refused.value.remedy


def test_an_emptied_secret_is_refused(home: Path) -> None:
    secret.secret_key()
    secret.secret_path().write_text("")
    secret._secret_of.cache_clear()
    with pytest.raises(secret.SecretFileError, match="已损坏"):
        secret.secret_key()
