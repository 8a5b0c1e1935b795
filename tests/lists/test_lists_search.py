"""Lists, counts and pages against the long way: every filter, order, direction and person."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lists.lists_office import AT, another_unit, fill, long_way, store_row

from liuhen.base.people.models import Account, Officer
from liuhen.base.recordings.acts import SEE, reach_of
from liuhen.base.recordings.lists import hits as hits_module
from liuhen.base.recordings.lists.filters import Filters, Sort
from liuhen.base.recordings.lists.search import Place, count, everything, find, place_of
from liuhen.base.recordings.models import Recording

EVERYBODY = (
    "officer", "officer2", "custodian", "head", "principal", "legal", "archivist", "auditor", "sysadmin", "secadmin",
    "stranger",
)  # fmt: skip


@pytest.fixture(scope="module")
def full(tmp_path_factory, _templates, django_db_blocker):
    """One office with 400 recordings, and a stranger's with 20, for every test of this file."""
    import shutil

    from django.db import connection
    from the_office import point_at

    folder = tmp_path_factory.mktemp("lists") / "home"
    shutil.copytree(_templates.full, folder)
    with django_db_blocker.unblock():
        point_at(folder)
        people = {row.username: row for row in Account.objects.select_related("agency", "unit")}
        another_unit(people["custodian"].agency)
        fill(people["custodian"].agency, 400)
        fill(people["stranger"].agency, 20)
        yield people
        connection.close()


def visible(person: Account) -> list[Recording]:
    rows = SEE.scope(person, Recording.objects.select_related("unit", "holder", "device"), AT)
    return list(rows)


_CHOICES = {
    "state": ["stored", "to_assign"],
    "kind": ["video", "audio", "photo"],
    "findings": ["yes", "no"],
    "unit": ["350582000001", "350582000002", "-", "999999999999"],
    "officer": ["100001", "100002", "100003", "-", "nobody"],
    "device": ["4701A01", "-"],
    "month": ["202611", "202610", "202609", "-"],
}
_TEXTS = ["", "", "市场检查", "询问", "IMG", "mp4", "检查 市场", "nothing-like-it", "农药抽样3"]
_DAYS = ["", "2026-08-15", "2026-10-01", "2026-10-31", "2026-11-19"]


@st.composite
def filters(draw):
    names = draw(st.lists(st.sampled_from(sorted(_CHOICES)), max_size=3, unique=True))
    given_ = {name: draw(st.lists(st.sampled_from(_CHOICES[name]), min_size=1, max_size=2)) for name in names}
    given_["q"] = [draw(st.sampled_from(_TEXTS))]
    given_["from"], given_["to"] = [draw(st.sampled_from(_DAYS))], [draw(st.sampled_from(_DAYS))]
    given_["sort"] = [draw(st.sampled_from(list(Sort)))]
    return Filters.read(given_)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=filters(), who=st.sampled_from(EVERYBODY), most=st.sampled_from([5000, 3]))
def test_a_list_is_what_looking_at_every_row_gives(full, asked, who, most):
    """Also where words find more than is read whole (`most` = 3)."""
    person = full[who]
    wanted = [row.pk for row in long_way(person, asked, visible(person))]
    before = hits_module.MOST
    hits_module.MOST = most
    try:
        found = [row.pk for row in everything(person, asked, at=AT)]
        total = count(person, asked, at=AT)
    finally:
        hits_module.MOST = before
    assert found == wanted
    assert total in ((None, len(wanted)) if most == 3 and asked.text else (len(wanted),))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=filters(), who=st.sampled_from(["officer", "custodian", "stranger", "auditor"]))
def test_every_count_beside_the_list_is_what_choosing_it_gives(full, asked, who):
    person = full[who]
    page = find(person, asked, at=AT)
    if page.counts is None:
        assert page.rows == ()
        return
    rows = visible(person)
    assert page.counts.total == len(long_way(person, asked, rows))
    for facet in page.counts.facets:
        for choice in facet.choices:
            only = Filters.read({**_given(asked), facet.name: [choice.value]})
            assert choice.n == len(long_way(person, only, rows)), (facet.name, choice)
            assert choice.chosen == (choice.value in asked.chosen.get(facet.name, ()))


def _given(asked: Filters) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in asked.pairs():
        found.setdefault(name, []).append(value)
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=filters(), size=st.integers(1, 60), seed=st.integers(0, 99))
def test_pages_forward_and_back_are_the_same_pages(full, asked, size, seed):
    person = full["custodian"]
    wanted = [row.pk for row in long_way(person, asked, visible(person))]
    pages, after = [], None
    while True:
        page = find(person, asked, at=AT, size=size, after=after, counted=False)
        pages.append(page)
        assert page.before == (after is not None)
        if not page.after:
            break
        after = page.places[-1]
    assert [row.pk for page in pages for row in page.rows] == wanted
    if len(pages) > 1:
        number = random.Random(seed).randrange(1, len(pages))
        if pages[number].places:
            back = find(person, asked, at=AT, size=size, before=pages[number].places[0], counted=False)
            assert [row.pk for row in back.rows] == [row.pk for row in pages[number - 1].rows]
            assert back.after
            assert back.before == (number > 1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=filters(), number=st.integers(0, 399), back=st.booleans())
def test_a_page_begins_at_any_place_also_outside_the_span_of_days(full, asked, number, back):
    person = full["custodian"]
    rows = long_way(person, Filters.read({"sort": [asked.sort]}), visible(person))
    start, wanted = rows[number], {row.pk for row in long_way(person, asked, visible(person))}
    part = rows[:number] if back else rows[number + 1 :]
    behind = [row.pk for row in part if row.pk in wanted]
    where = {"before" if back else "after": place_of(start)}
    page = find(person, asked, at=AT, size=30, counted=False, **where)
    assert [row.pk for row in page.rows] == (behind[-30:] if back else behind[:30])


def test_reach_and_rule_say_the_same_of_everybody(full):
    rows = list(Recording.objects.all())
    for person in full.values():
        reach = reach_of(person, AT)
        by_reach = {row.pk for row in rows if reach is not None and reach.holds(row)}
        assert by_reach == {row.pk for row in visible(person)}, person.username
        assert by_reach == {row.pk for row in rows if SEE.allows(person, row, AT)}, person.username


def test_a_deputy_reaches_with_what_was_lent_and_nothing_of_ones_own(full):
    officer = full["officer"]
    assert reach_of(officer, AT).holder == officer.officer_id
    lent = officer.lending(frozenset({"officer"}))
    assert reach_of(lent, AT) is None
    assert not SEE.scope(lent, Recording.objects.all(), AT).exists()


def test_a_closed_account_reaches_nothing(full):
    closed = Account.objects.get(username="officer")
    closed.state = Account.State.CLOSED
    assert reach_of(closed, AT) is None
    assert find(closed, Filters(), at=AT).rows == ()


@pytest.mark.parametrize("who", ["sysadmin", "secadmin", "auditor"])
def test_those_who_keep_the_system_find_nothing(full, who):
    page = find(full[who], Filters(text="市场检查"), at=AT)
    assert (page.rows, page.counts, count(full[who], Filters(), at=AT)) == ((), None, 0)


def test_an_officers_counts_are_their_own(full):
    officer = full["officer"]
    own = Recording.objects.filter(holder=officer.officer).count()
    page = find(officer, Filters(), at=AT)
    assert page.counts.total == own
    names = next(facet for facet in page.counts.facets if facet.name == "officer")
    assert [choice.value for choice in names.choices] == ["100001"]


@pytest.mark.parametrize("typed", ["林一鸣", "林一", "lym", "LYM", "linyiming", "100001", "35058200001"])
def test_an_officer_is_found_by_name_pinyin_and_numbers(full, typed):
    found = {row.pk for row in everything(full["custodian"], Filters(text=typed), at=AT)}
    assert found == {row.pk for row in Recording.objects.filter(holder__staff_no="100001")}


@pytest.mark.parametrize("typed", ["渔政股", "渔政", "yzg", "350582000002"])
def test_a_unit_is_found(full, typed):
    found = {row.pk for row in everything(full["custodian"], Filters(text=typed), at=AT)}
    assert found == {row.pk for row in Recording.objects.filter(unit__code="350582000002")}


@pytest.mark.parametrize("typed", ["4701A01", "4701a", "701A0", "试验记录仪"])
def test_a_device_is_found(full, typed):
    found = {row.pk for row in everything(full["custodian"], Filters(text=typed), at=AT)}
    assert found == {row.pk for row in Recording.objects.filter(device__serial="4701A01")}


def test_a_recording_is_found_by_number_digest_and_id(full):
    row = Recording.objects.filter(agency__code="demo")[17]
    for typed in (row.number, row.number.lower(), row.number[-11:], row.sha256, row.sha256[:9] + "", row.sm3[:20], row.urn,
                  str(row.pk)):  # fmt: skip
        found = [one.pk for one in everything(full["custodian"], Filters(text=typed), at=AT)]
        assert found == [row.pk], typed


def test_a_strangers_recording_is_not_found_by_its_digest(full):
    row = Recording.objects.filter(agency__code="other").first()
    for typed in (row.sha256, row.urn, row.number):
        assert list(everything(full["custodian"], Filters(text=typed), at=AT)) == []


def test_a_day_narrows_and_names_nothing_without_a_time(full):
    rows = list(everything(full["custodian"], Filters(text="2026年10月"), at=AT))
    assert rows
    assert {row.taken_at.astimezone().strftime("%Y-%m") for row in rows} <= {"2026-09", "2026-10", "2026-11"}
    assert len(rows) == len(list(everything(full["custodian"], Filters.read({"month": ["202610"]}), at=AT)))


def test_a_word_of_the_list_chooses(full):
    rows = list(everything(full["custodian"], Filters(text="待归属 照片"), at=AT))
    assert rows
    assert {(row.state, row.kind) for row in rows} == {("to_assign", "photo")}


def test_what_nobody_registered_finds_nothing_and_is_said(full):
    page = find(full["custodian"], Filters.read({"officer": ["nobody"]}), at=AT)
    assert (page.rows, page.unknown, page.counts.total) == ((), (("officer", "nobody"),), 0)


@pytest.mark.parametrize(
    "typed",
    ["检" * 10_000, "'; DROP TABLE recordings_listed; --", "<script>alert(1)</script>", "\0", "a\0b", "😀", '"', '""', "*",
     "AND", "OR NOT", "NEAR(a b)", "pieces:x", "^a", "-", "'", "\\", "%", "_", "{}", "()", "\u202e", "\ue000h1", "🀄检查",
     " ".join("abcdefghijklmnop"), "１" * 300, "\ud800".encode("utf-8", "replace").decode(), "至", "-" * 100],
)  # fmt: skip
def test_anything_may_be_typed(full, typed):
    page = find(full["custodian"], Filters(text=typed), at=AT)
    assert page.counts is None or page.counts.total >= len(page.rows) or page.after
    assert all(notice.endswith("。") for notice in page.notices)
    assert Recording.objects.count() == 420


def test_too_long_and_too_many_are_said(full):
    assert "太长" in "".join(find(full["custodian"], Filters(text="检" * 500), at=AT).notices)
    assert "太多" in "".join(
        find(full["custodian"], Filters(text=" ".join("甲乙丙丁戊己庚辛壬癸")), at=AT).notices
    )
    assert "没有可以查找" in "".join(find(full["custodian"], Filters(text="😀 检查"), at=AT).notices)


@given(st.dictionaries(st.sampled_from(["q", "state", "unit", "month", "from", "to", "sort", "findings", "x"]),
                       st.lists(st.text(max_size=20), max_size=3)))  # fmt: skip
def test_any_query_string_is_read(query):
    asked = Filters.read(query)
    again = Filters.read(_given(asked))
    assert again.pairs() == asked.pairs()


@given(st.text(max_size=30))
def test_any_place_is_read_or_none(text):
    place = Place.read(text)
    assert place is None or Place.read(str(place)) == place


def test_a_named_officer_is_also_found_in_the_names_of_files(full):
    """What waits to be assigned may carry the officer's name in its file name only."""
    agency = full["custodian"].agency
    from django.db import transaction

    from liuhen.base.recordings.lists.rows import follow

    with transaction.atomic():
        row = store_row(agency, 5, name="林一鸣询问笔录.mp4", state="to_assign")
        follow([row])
        page = find(full["custodian"], Filters(text="林一鸣"), at=AT)
        own = Recording.objects.filter(holder=Officer.objects.get(staff_no="100001")).count()
        assert page.counts.total == own + 1
        assert row.pk in {one.pk for one in everything(full["custodian"], Filters(text="林一鸣"), at=AT)}
        transaction.set_rollback(True)
