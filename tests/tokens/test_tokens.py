"""A machine's token: granted by two, fetched once by the account it stands for, narrower than it, and it ends."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError
from the_office import AT

from liuhen.base.acts import NotAllowedError, ReasonMissingError, WrongStateError
from liuhen.base.ledger.models import Entry
from liuhen.base.people.services import close_account
from liuhen.base.tokens import selectors, services
from liuhen.base.tokens.models import Token
from liuhen.base.tokens.services import TokenUnknownError
from liuhen.core.errors import RefusedError, UsageError

LATER = AT + timedelta(hours=1)


def issued(people: SimpleNamespace, *scopes: str, account: str = "custodian", days: int = 30) -> Token:
    return services.issue(
        getattr(people, account),
        scopes or ("recordings:read",),
        days=days,
        purpose="二号采集站",
        by=people.sysadmin,
        at=AT,
    )


def fetched(people: SimpleNamespace) -> tuple[Token, str]:
    token = issued(people)
    services.confirm(token, by=people.secadmin, at=AT)
    return token, services.fetch(token, by=people.custodian, at=AT)


def test_a_token_works_only_after_two_granted_it_and_its_account_fetched_it(people):
    token, secret = fetched(people)
    found = services.token_of(secret, LATER)
    assert found == token
    assert found.account == people.custodian
    assert found.last_used_on is None
    token.refresh_from_db()
    assert token.last_used_on == LATER.date()


def test_only_the_digest_is_kept_and_the_ledger_knows_not_even_that(people):
    _, secret = fetched(people)
    row = Token.objects.values().get()
    assert row["secret_sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    told = "".join(Entry.objects.values_list("entry", flat=True))
    assert secret not in told
    assert row["secret_sha256"] not in told
    assert "二号采集站" not in told


def test_nobody_grants_a_token_alone(people):
    token = issued(people)
    for person in (people.sysadmin, people.custodian, people.auditor, people.stranger, people.other_secadmin):
        with pytest.raises(NotAllowedError):
            services.confirm(token, by=person, at=AT)
    with pytest.raises(NotAllowedError):
        services.issue(people.custodian, ["jobs:read"], days=1, purpose="试", by=people.secadmin, at=AT)
    with pytest.raises(IntegrityError):
        Token.objects.filter(pk=token.pk).update(confirmed_by=people.sysadmin)


def test_neither_administrator_ever_holds_the_secret(people):
    token = issued(people)
    services.confirm(token, by=people.secadmin, at=AT)
    for person in (people.sysadmin, people.secadmin, people.auditor, people.officer, people.stranger):
        with pytest.raises(NotAllowedError):
            services.fetch(token, by=person, at=AT)


def test_a_secret_is_shown_once(people):
    token, _ = fetched(people)
    with pytest.raises(WrongStateError):
        services.fetch(token, by=people.custodian, at=LATER)


def test_a_token_that_nobody_confirmed_cannot_be_fetched(people):
    with pytest.raises(WrongStateError):
        services.fetch(issued(people), by=people.custodian, at=AT)


@pytest.mark.parametrize("who", ["sysadmin", "secadmin", "custodian"])
def test_whoever_had_a_hand_in_it_withdraws_it_at_once_with_a_reason(people, who):
    token, secret = fetched(people)
    with pytest.raises(ReasonMissingError):
        services.withdraw(token, reason=" ", by=getattr(people, who), at=AT)
    services.withdraw(token, reason="机器报废", by=getattr(people, who), at=AT)
    with pytest.raises(TokenUnknownError):
        services.token_of(secret, LATER)


def test_it_ends(people):
    token, secret = fetched(people)
    assert services.token_of(secret, token.expires_at - timedelta(seconds=1))
    with pytest.raises(TokenUnknownError):
        services.token_of(secret, token.expires_at)


def test_an_expired_grant_is_neither_confirmed_nor_fetched(people):
    token = issued(people, days=1)
    with pytest.raises(RefusedError, match="到期"):
        services.confirm(token, by=people.secadmin, at=AT + timedelta(days=1))
    services.confirm(token, by=people.secadmin, at=AT)
    with pytest.raises(RefusedError, match="到期"):
        services.fetch(token, by=people.custodian, at=AT + timedelta(days=1))


def test_it_ends_with_its_account(people):
    _, secret = fetched(people)
    close_account(people.custodian, reason="调离", by=people.sysadmin, at=AT)
    with pytest.raises(TokenUnknownError):
        services.token_of(secret, LATER)


@pytest.mark.parametrize("secret", ["", "liuhen_", "liuhen_" + "x" * 43, "\udcff", "令牌", "x" * 100_000])
def test_anything_else_is_unknown(people, secret):
    fetched(people)
    with pytest.raises(TokenUnknownError):
        services.token_of(secret, LATER)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_it_must_end_within_the_offices_limit(people, days):
    with pytest.raises(UsageError, match="期限"):
        issued(people, days=days)


@pytest.mark.parametrize("scopes", [("everything",), ("recordings:read", "*"), ("",)])
def test_scopes_are_a_closed_vocabulary(people, scopes):
    with pytest.raises(UsageError, match="权限范围"):
        issued(people, *scopes)


@pytest.mark.parametrize("account", ["sysadmin", "secadmin", "auditor"])
@pytest.mark.parametrize(
    "scope", ["recordings:read", "recordings:content", "recordings:write", "ingest:write"]
)
def test_no_token_for_content_is_made_for_those_who_see_none(people, account, scope):
    with pytest.raises(UsageError, match="不能接触音像内容"):
        issued(people, scope, account=account)


def test_each_sees_their_own_and_the_administrators_all_of_their_agency(people):
    token = issued(people)
    for name in ("sysadmin", "secadmin", "auditor", "custodian"):
        assert list(selectors.tokens_of(getattr(people, name), AT)) == [token]
    for name in ("officer", "head", "principal", "stranger", "other_sysadmin"):
        assert not selectors.tokens_of(getattr(people, name), AT)
    with pytest.raises(RefusedError, match="没有这个令牌"):
        selectors.token_with(str(token.pk), people.stranger, AT)
    with pytest.raises(RefusedError, match="没有这个令牌"):
        selectors.token_with("no number", people.sysadmin, AT)
