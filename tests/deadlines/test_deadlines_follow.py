"""Following the ledger: duties open, are met, become overdue, wait; reading from zero gives the same rows."""

# ruff: noqa: F811 (fixtures are imported by name)

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from deadlines.deadlines_office import everything, store, tell, told  # noqa: F401
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rulebook.rulebook_office import adopted, pack_in
from the_office import AT

from liuhen.base import packs
from liuhen.base.deadlines import selectors
from liuhen.base.deadlines.follow import behind, catch_up, rebuild
from liuhen.base.deadlines.models import Deadline, Matter, Shortening
from liuhen.base.deadlines.services import decide
from liuhen.base.people.models import Agency
from liuhen.base.rulebook.services import Said, rule

pytestmark = pytest.mark.slow
END = "2026-03-13T09:00:00.000000Z"  # 17:00 in Shanghai, a Friday
NEXT = "2026-03-14T01:00:00.000000Z"


def _agency(people: SimpleNamespace, pack: str = "jinjiang-agri") -> Agency:
    agency: Agency = people.legal.agency
    Agency.objects.filter(pk=agency.pk).update(founded_pack=pack, pack=pack)
    agency.refresh_from_db()
    return agency


def _only(duty: str) -> Deadline:
    return Deadline.objects.get(duty=duty)


def test_a_stored_recording_was_handed_over_in_time_and_its_period_runs(people: SimpleNamespace) -> None:
    agency = _agency(people)
    store(agency, 1, END, handed=NEXT)
    assert catch_up(agency) == 1
    row = _only("handover")
    assert (row.article, row.pack, row.version, row.state) == ("11", "jinjiang-agri", "1", "met")
    assert row.due_at == datetime(2026, 3, 14, 9, tzinfo=UTC)
    assert row.assumed  # nobody has registered the end of the activity
    assert selectors.tone_of(row, AT) == "met"
    matter = Matter.objects.get()
    assert (matter.rule, matter.period, matter.until) == ("period", "P2Y", date(2028, 3, 13))
    assert (catch_up(agency), behind(agency)) == (0, 0)


def test_a_late_hand_over_is_met_and_late(people: SimpleNamespace) -> None:
    agency = _agency(people)
    store(agency, 1, END, handed="2026-03-16T01:00:00.000000Z")
    catch_up(agency)
    assert selectors.tone_of(_only("handover"), AT) == "late"


def test_a_registered_end_takes_the_place_of_the_recordings(people: SimpleNamespace, told: None) -> None:
    agency = _agency(people)
    store(agency, 1, END, handed="2026-03-15T01:00:00.000000Z")
    tell(agency, 1, activity={"ended_at": "2026-03-14T18:00:00+08:00"})
    catch_up(agency)
    row = _only("handover")
    assert (row.assumed, row.due_at) == (False, datetime(2026, 3, 15, 10, tzinfo=UTC))
    assert selectors.tone_of(row, AT) == "met"


def test_a_duty_waits_for_the_return_becomes_amber_and_red(people: SimpleNamespace, told: None) -> None:
    agency = _agency(people)
    away = {"ended_at": "2026-03-13T17:00:00+08:00", "circumstances": ["offsite"], "returned_at": None}
    tell(agency, 1, activity=away)
    catch_up(agency)
    rows = Deadline.objects.filter(agency=agency)
    assert selectors.waiting(rows).get().duty == "handover"
    tell(agency, 1, activity={**away, "returned_at": "2026-03-15T12:00:00+08:00"})
    catch_up(agency)
    row = selectors.open_ones(rows).get()
    due = datetime(2026, 3, 16, 4, tzinfo=UTC)
    assert row.due_at == due
    tones = [selectors.tone_of(row, due + timedelta(hours=hours)) for hours in (-5, -3, 1)]
    assert tones == ["running", "soon", "overdue"]
    assert selectors.overdue(rows, due + timedelta(seconds=1)).get() == row
    assert not selectors.overdue(rows, due).exists()


def test_the_sites_own_setting_says_how_long_before_it_turns_amber(
    people: SimpleNamespace, told: None, home: Path
) -> None:
    agency = _agency(people)
    tell(agency, 1, activity={"ended_at": "2026-03-13T17:00:00+08:00"})
    catch_up(agency)
    (home / "settings.yaml").write_text("amber_before: PT12H\n")
    row = _only("handover")
    assert row.due_at is not None
    assert selectors.tone_of(row, row.due_at - timedelta(hours=11)) == "soon"


def test_storing_is_known_from_the_ledger_itself(people: SimpleNamespace) -> None:
    agency = _agency(people, "ankang-agri")
    store(agency, 1, END, handed=NEXT, at=datetime(2026, 3, 16, tzinfo=UTC))
    catch_up(agency)
    row = _only("store")
    assert (row.state, selectors.tone_of(row, AT)) == ("met", "late")
    assert Matter.objects.get().rule == "silent"


def test_the_regulation_of_the_day_of_the_act_decides(people: SimpleNamespace, tmp_path: Path) -> None:
    agency = _agency(people)
    before, after = "2026-11-30T10:00:00.000000Z", "2026-12-02T10:00:00.000000Z"
    adopted(people, pack_in(tmp_path / "one"), "2026-12-01")
    store(agency, 1, before, handed=before)
    store(agency, 2, after, handed=after)
    catch_up(agency)
    assert list(Matter.objects.order_by("subject").values_list("pack", "period")) == [
        ("jinjiang-agri", "P2Y"),
        ("my-regulation", "P12M"),
    ]


def test_a_ruling_changes_the_duties_that_it_is_about(people: SimpleNamespace, told: None) -> None:
    agency = _agency(people, "baofeng-forestry")
    tell(agency, 1, activity={"ended_at": "2026-03-13T17:00:00+08:00"})
    catch_up(agency)
    rows = Deadline.objects.filter(agency=agency)
    assert selectors.without_hours(rows).get().duty == "handover"
    said = Said("结束后 24 小时", "会议纪要", "PT24H")
    rule(agency, packs.pack_of("baofeng-forestry"), "handover_no_hours", said, by=people.legal, at=AT)
    catch_up(agency)
    assert selectors.open_ones(rows).get().due_at == datetime(2026, 3, 14, 9, tzinfo=UTC)


def test_facts_that_cannot_be_read_stop_nothing_and_are_kept(people: SimpleNamespace, told: None) -> None:
    agency = _agency(people)
    tell(agency, 1, activity={"ended_at": "gestern"})
    store(agency, 2, END, handed=NEXT)
    assert catch_up(agency) == 2
    assert Matter.objects.get(subject__endswith="1").rule == ""  # nobody has judged it: kept
    assert Deadline.objects.filter(matter__subject__endswith="2").exists()


def test_a_matter_without_a_day_is_kept_and_its_first_day_shortens_nothing(
    people: SimpleNamespace, told: None
) -> None:
    agency = _agency(people)
    tell(agency, 1, activity={"circumstances": ["offsite"]})
    catch_up(agency)
    assert Matter.objects.get().rule == ""
    tell(agency, 1, activity={"ended_at": "2026-03-13T17:00:00+08:00"}, recordings=[{"ended_at": END}])
    catch_up(agency)
    assert (Matter.objects.get().until, Matter.objects.get().cause) == (date(2028, 3, 13), None)


def test_what_was_upheld_takes_away_what_waited_beside_it(people: SimpleNamespace, told: None) -> None:
    agency = _agency(people)
    case: dict[str, Any] = {"filed_at": "2026-03-12T09:00:00+08:00", "retention": "P30Y"}
    store(agency, 1, END, handed=NEXT)
    tell(agency, 1, case=case)
    tell(agency, 1, case={**case, "retention": "P10Y"})
    catch_up(agency)
    decide(Shortening.objects.get(), approve=False, reason="不缩短", by=people.principal, at=AT)
    for period in ("P1Y", "P10Y"):
        tell(agency, 1, case={**case, "retention": period})
        catch_up(agency)
    matter = Matter.objects.get()
    assert (matter.period, matter.cause, matter.shorter) == ("P30Y", None, "")


def test_a_page_reads_no_further_than_it_may(people: SimpleNamespace) -> None:
    agency = _agency(people)
    for number in range(5):
        store(agency, number, END, handed=NEXT)
    assert [catch_up(agency, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert Matter.objects.count() == 5


PARTS = st.one_of(
    st.fixed_dictionaries(
        {
            "activity": st.fixed_dictionaries(
                {
                    "ended_at": st.sampled_from(
                        [None, "2026-03-13T17:00:00+08:00", "2026-12-03T17:00:00+08:00"]
                    ),
                    "circumstances": st.sampled_from([[], ["offsite"]]),
                    "events": st.sampled_from([[], ["complaint"], ["assault"]]),
                }
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "case": st.fixed_dictionaries(
                {
                    "filed_at": st.sampled_from([None, "2026-03-12T09:00:00+08:00"]),
                    "concluded_at": st.sampled_from([None, "2026-06-12T09:00:00+08:00"]),
                    "retention": st.sampled_from([None, "P10Y", "P1Y", "permanent"]),
                }
            )
        }
    ),
    st.fixed_dictionaries({"recordings": st.sampled_from([[], [{"ended_at": END, "evidence": True}]])}),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("store"), st.integers(1, 3)),
        st.tuples(st.just("tell"), st.integers(1, 3), PARTS),
        st.tuples(st.just("read"), st.integers(1, 3)),
        st.tuples(st.just("rule"), st.sampled_from(["PT24H", "PT48H", ""])),
        st.tuples(st.just("adopt"), st.just(0)),
        st.tuples(st.just("decide"), st.booleans()),
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_reading_from_zero_gives_the_same_rows_as_living_through_it(
    people: SimpleNamespace, tmp_path: Path, told: None, steps: list[tuple[Any, ...]]
) -> None:
    agency = _agency(people, "baofeng-forestry")
    folder = tmp_path / "mine"
    if not folder.exists():
        pack_in(folder)
    for step, what, *more in steps:
        if step == "store":
            store(agency, what, END, handed=NEXT)
        elif step == "tell":
            tell(agency, what, **more[0])
        elif step == "read":
            catch_up(agency, limit=what)
        elif step == "rule":
            said = Said("裁定", "理由", what)
            pack = packs.pack_of("baofeng-forestry")
            rule(agency, pack, "handover_no_hours", said, by=people.legal, at=AT)
        elif step == "adopt":
            from liuhen.base.rulebook.models import Adoption

            if not Adoption.objects.filter(agency=agency).exists():
                adopted(people, folder, "2026-12-01")
        elif waiting := Shortening.objects.filter(agency=agency, state="pending").first():
            catch_up(agency)
            waiting.refresh_from_db()
            if waiting.state == "pending":
                decide(waiting, approve=what, reason="有理由", by=people.principal, at=AT)
    catch_up(agency)
    live = everything()
    rebuild(agency)
    assert everything() == live
