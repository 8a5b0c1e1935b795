# ruff: noqa: F811 (fixtures are imported by name)
"""Synthetic rows: many, marked, refused beside real ones, and gone when told."""

from __future__ import annotations

import pytest
from cli.cli_terminal import Terminal, liuhen  # noqa: F401
from lists.lists_office import AT, fill

from liuhen.base import synthetic
from liuhen.base.ledger.verify import verify_ledger
from liuhen.base.people.models import SYNTHETIC, Account, Agency
from liuhen.base.recordings.lists.filters import Filters
from liuhen.base.recordings.lists.rows import differences
from liuhen.base.recordings.lists.search import count, find
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.fixity import verify_stores
from liuhen.base.storage.stores import open_stores
from liuhen.core.errors import UsageError


def test_generated_rows_are_what_following_them_would_have_made(empty_home):
    made = synthetic.generate(1500, seed=3, at=AT)
    assert made.recordings == Recording.objects.count() == 1500
    assert differences() == []
    assert set(Recording.objects.values_list("agency__code", flat=True)) == {SYNTHETIC}


def test_the_same_seed_gives_the_same_rows_and_a_second_run_adds(empty_home):
    synthetic.generate(50, seed=3, at=AT)
    first = list(Recording.objects.order_by("position").values_list("name", "sha256", "taken_at"))
    synthetic.remove()
    synthetic.generate(50, seed=3, at=AT)
    assert list(Recording.objects.order_by("position").values_list("name", "sha256", "taken_at")) == first
    synthetic.generate(50, seed=3, at=AT)
    assert Recording.objects.count() == 100
    assert len(set(Recording.objects.values_list("number", flat=True))) == 100
    assert differences() == []


def test_generated_rows_are_searched_like_others(empty_home):
    synthetic.generate(1500, seed=3, at=AT)
    custodian = Account.objects.get(username="synthetic-custodian")
    officer = Account.objects.get(username="synthetic-officer")
    page = find(custodian, Filters(text="市场"), at=AT)
    assert page.rows
    assert all("市场" in row.name for row in page.rows)
    assert count(custodian, Filters(), at=AT) == 1500
    assert 0 < count(officer, Filters(), at=AT) < 1500


def test_it_is_refused_beside_real_recordings(people):
    fill(people.custodian.agency, 3)
    with pytest.raises(synthetic.RealOfficeError):
        synthetic.generate(10, seed=1, at=AT)
    assert not Agency.objects.filter(code=SYNTHETIC).exists()


def test_no_real_office_can_take_its_code(empty_home, liuhen: Terminal):
    said = liuhen("init", "--code", "synthetic", "--name", "某局")
    assert said.status == 2
    assert not Agency.objects.filter(code=SYNTHETIC).exists()


def test_verifying_is_not_fooled_and_says_so(empty_home, liuhen: Terminal):
    synthetic.generate(30, seed=1, at=AT)
    report = verify_stores(open_stores())
    assert (report.ok, report.objects, report.synthetic) == (True, 0, 30)
    said = liuhen("verify", "--json")
    assert (said.status, said.document["synthetic"]) == (0, 30)
    assert "没有字节" in said.err
    assert verify_ledger(Agency.objects.get(code=SYNTHETIC)).ok


def test_a_list_of_them_says_what_they_are(empty_home, liuhen: Terminal):
    synthetic.generate(30, seed=1, at=AT)
    said = liuhen("list", "--by", "synthetic-custodian", "--limit", "4", "--json")
    assert len(said.document) == 4
    assert "合成数据" in said.err


def test_they_are_removed_and_what_is_not_theirs_stays(empty_home, liuhen: Terminal):
    assert liuhen("generate", "--recordings", "40").status == 0
    said = liuhen("generate", "--remove", "--json")
    assert (said.status, said.document) == (0, {"removed": 40})
    assert (Recording.objects.count(), differences()) == (0, [])
    assert find(Account.objects.get(username="synthetic-custodian"), Filters(text="mp4"), at=AT).rows == ()


def test_a_rebuild_says_that_they_are_not_made_again(empty_home, liuhen: Terminal):
    synthetic.generate(20, seed=1, at=AT)
    said = liuhen("rebuild", "--replace", "--json")
    assert said.status == 0, said.err
    assert "合成数据" in said.err
    assert Recording.objects.count() == 0


@pytest.mark.parametrize(
    "words", [[], ["--recordings", "5", "--remove"], ["--recordings", "0"], ["--recordings", "x"]]
)
def test_a_wrong_call_says_how(empty_home, liuhen: Terminal, words):
    assert liuhen("generate", *words).status == 2


def test_a_number_beyond_reason_is_refused(empty_home):
    with pytest.raises(UsageError):
        synthetic.generate(10**9, seed=1, at=AT)
