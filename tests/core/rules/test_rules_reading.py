"""Packs and facts that are wrong: every fault at once, with its place and what to do; and what packs leave unclear."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from core.rules.packs_shipped import PACKS

from liuhen.base.packs import calendar, pack_of
from liuhen.core.rules import examples
from liuhen.core.rules.conflicts import differences, questions_of
from liuhen.core.rules.errors import FactsError, PackError
from liuhen.core.rules.facts import facts_from
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.reading import read_pack
from liuhen.core.rules.rulings import Answer, ruled
from liuhen.core.rules.starter import write_starter

ARTICLES = {
    "jinjiang-agri": 19,
    "shifanqu-bianban": 25,
    "baofeng-forestry": 19,
    "ankang-agri": 24,
    "pengyang": 16,
}


def test_every_article_of_the_five_regulations_is_accounted_for(request: pytest.FixtureRequest) -> None:
    assert {name: len(pack_of(name).articles) for name in PACKS} == ARTICLES
    table = Path(__file__).resolve().parents[4] / "shared" / "regulations" / "clauses.tsv"
    if not table.is_file():
        pytest.skip("no ../shared/regulations beside this checkout")
    rows = [line.split("\t")[:2] for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    assert [[name, number] for name in dict(rows) for number in pack_of(name).articles] == rows


@pytest.mark.parametrize("name", PACKS)
def test_what_is_spoken_or_stamped_stands_in_the_regulation_word_for_word(name: str) -> None:
    text = Path(__file__).resolve().parents[4] / "shared" / "regulations" / f"{name}.txt"
    if not text.is_file():
        pytest.skip("no ../shared/regulations beside this checkout")
    pack, said = pack_of(name), "".join(text.read_text(encoding="utf-8").split())
    literal = [pack.stamp.text if pack.stamp else "", *(one.form or "" for one in pack.access)]
    if pack.notice and pack.notice.script:
        literal += pack.notice.script.replace("{officer}", "×××").replace("{officer2}", "×××").split("{")
    assert [one for one in literal if one not in said] == []


def test_the_span_each_text_names_and_two_that_name_no_moment() -> None:
    named = {
        name: (span.article, span.start, span.end)
        for name in PACKS
        if (span := pack_of(name).full_span) is not None
    }
    assert named == {
        "jinjiang-agri": ("5", "arrived_at", "ended_at"),
        "shifanqu-bianban": ("9", "arrived_at", "ended_at"),
        "baofeng-forestry": ("8", "arrived_at", "left_at"),
        "ankang-agri": ("1/4", None, None),
        "pengyang": ("8", None, None),
    }


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    write_starter(tmp_path / "new")
    return tmp_path / "new"


def test_the_starter_is_a_pack_whose_examples_come_out(starter: Path) -> None:
    from liuhen.base.packs import calendar

    pack, cases = read_pack(starter), examples.read_examples(starter)
    assert [one.faults for one in examples.run(pack, cases, calendar()) if one.faults] == []
    assert examples.missing(pack, cases) == []
    assert "in_force_blank" not in {one.code for one in questions_of(pack)}


SLOT = "{code: aa, article: '3', text: x, filled_by: y}"
BROKEN = {
    "unknown_field": ("agency_kind: general", "agency_kind: general\ncolour: red"),
    "unknown_role": ("    to: custodian", "    to: mayor"),
    "unknown_code": ("duty: handover", "duty: sleep"),
    "bad_period": ("within: PT24H\n    met_by", "within: PT0H\n    met_by"),
    "two_rules": (
        "notice:\n",
        f"slots: [{SLOT}, {SLOT}]\nnotice:\n",
    ),
    "unknown_article": ('article: "8"', 'article: "88"'),
    "article_unaccounted": ("{gist: 目的, accounted: purpose}", "{gist: 目的}"),
    "missing_field": ("title: 某某局行政执法音像记录管理办法\n", ""),
    "period_and_rule": ("rule: period, period: P12M", "rule: period"),
    "bad_dates": ("in_force: 2026-01-01 ", "until: 2025-01-01\nin_force: 2026-01-01 "),
    "not_yaml": ("matters:", "matters: ["),
    "written_twice": ("agency_kind: general", "agency_kind: general\nagency_kind: general"),
    "bad_pattern": ("id: my-regulation", "id: My Regulation"),
    "events_and_when": ("when: case, rule", "when: events, rule"),
    "matters_and_when": ("when: case, rule", "when: case, matters: [inspection], rule"),
    "start_and_rule": ("rule: follows_dossier,", "rule: follows_dossier, start: concluded_at,"),
    "unknown_matter": (
        "retention:\n",
        'retention:\n  - {article: "7", when: matters, matters: [seizure], rule: permanent, text: 查封}\n',
    ),
    "two_times": ("    within: PT24H\n    met_by", "    within: PT24H\n    same_day: true\n    met_by"),
    "never_counts": (
        "retention:\n",
        'retention:\n  - {article: "7", when: always, rule: permanent, text: 一律永久}\n',
    ),
}


@pytest.mark.parametrize("code", BROKEN)
def test_what_is_wrong_is_said_with_its_line_and_remedy(starter: Path, code: str) -> None:
    path = starter / "pack.yaml"
    before, after = BROKEN[code]
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(PackError) as refused:
        read_pack(starter)
    (fault,) = [one for one in refused.value.faults if one.code == code]
    assert fault.place.startswith("pack.yaml:")
    assert fault.remedy
    assert str(fault) in str(refused.value)


def test_an_unknown_role_is_named_with_its_line(starter: Path) -> None:
    path = starter / "pack.yaml"
    text = path.read_text(encoding="utf-8").replace("    to: custodian", "    to: mayor")
    path.write_text(text, encoding="utf-8")
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "mayor" in one)
    with pytest.raises(PackError) as refused:
        read_pack(starter)
    assert refused.value.faults[0].place == f"pack.yaml:{line} clocks.0.to"


SAID = {  # what is written wrong: what the author is told to write
    ("in_force: 2026-01-01", "in_force: 2026-02-30"): "2026-01-01",
    ("in_force: 2026-01-01", "in_force: 2026年1月1日"): "2026-01-01",
    ('article: "8"', "article: 8"): '写成 "8"',
    ('article: "8"', "article: 第八条"): '"1/8"',
    ("minimum: true", "minimum: 是"): "true",
    ("grounds: [state_secret", "grounds: state_secret #"): "[甲, 乙]",
    ("  copies: 1", "  copy: 1"): "copies",
    ("within: PT24H\n    met_by", "within: 24\n    met_by"): "PT24H",
    (
        "- {text: 有异议、投诉、上访, events: [objection, complaint, petition]}",
        "- {text: 死伤, events: [died]}",
    ): ("objection"),
}


@pytest.mark.parametrize(("before", "after"), SAID)
def test_one_mistake_is_one_line_that_says_what_to_write(starter: Path, before: str, after: str) -> None:
    path = starter / "pack.yaml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(PackError) as refused:
        read_pack(starter)
    (fault,) = refused.value.faults
    assert SAID[before, after] in f"{fault.message}{fault.remedy}"


def _example(folder: Path, rest: str) -> Path:
    said = f'examples:\n  - name: 某例\n    articles: ["6"]\n{rest}'
    (folder / "examples.yaml").write_text(said, encoding="utf-8")
    return folder


def test_a_moment_without_quotes_keeps_its_offset(starter: Path) -> None:
    rest = (
        "    facts: {activity: {ended_at: 2026-03-10T17:00:00+08:00}}\n"
        "    at: 2026-03-12T00:00:00+08:00\n"
        "    duties: [{duty: handover, due_at: 2026-03-11T17:00:00+08:00, state: overdue}]\n"
    )
    (ran,) = examples.run(read_pack(starter), examples.read_examples(_example(starter, rest)), calendar())
    assert ran.faults == ()


@pytest.mark.parametrize(
    ("at", "remedy"), [("2026-03-12T00:00:00", "没有时区"), ("明天", "2026-11-25T09:30:00+08:00")]
)
def test_an_example_is_judged_at_a_moment_with_its_offset_or_not_at_all(
    starter: Path, at: str, remedy: str
) -> None:
    with pytest.raises(PackError) as refused:
        examples.read_examples(_example(starter, f"    facts: {{}}\n    at: {at}\n"))
    (fault,) = refused.value.faults
    assert (fault.place, fault.code) == ("examples.yaml:5 examples.0.at", "bad_example")
    assert remedy in str(fault)


def test_an_example_that_names_what_is_not_there_does_not_come_out(starter: Path) -> None:
    rest = (
        "    facts: {activity: {ended_at: 2026-03-10T17:00:00+08:00}}\n"
        "    duties: [{duty: handover, due_at: 2026-03-11T24:00:00}]\n"
        "    no_duties: [handovr]\n"
    )
    path = _example(starter, rest) / "examples.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('["6"]', '["60"]'), encoding="utf-8")
    (ran,) = examples.run(read_pack(starter), examples.read_examples(starter), calendar())
    assert ran.example.place == "examples.yaml:2"
    assert [word in " ".join(ran.faults) for word in ("60", "handovr", "24:00")] == [True] * 3


FAULTY = {
    '{"activity": {"ended_at": "2026-03-13T17:00:00"}}': ("bad_time", "activity.ended_at"),
    '{"activity": {"ended_at": 5}}': ("bad_time", "activity.ended_at"),
    '{"activity": {"ended_at": "9999-12-31T17:00:00+08:00"}}': ("bad_time", ""),
    '{"activity": {"ended_at": "2026-02-30T17:00:00+08:00"}}': ("bad_time", "activity.ended_at"),
    '{"activity": {"colour": 1}}': ("unknown_field", "activity.colour"),
    '{"activity": {"events": ["rain"]}}': ("unknown_code", "activity.events.0"),
    '{"case": {"retention": "ten years"}}': ("bad_period", "case.retention"),
    '{"recordings": {}}': ("bad_type", "recordings"),
    '{"recordings": [{"evidence": "yes"}]}': ("bad_type", "recordings.0.evidence"),
    "[": ("not_json", ""),
    "[" * 100_000: ("not_json", ""),
    '{"case": {"retention": "PT5H"}}': ("bad_period", "case.retention"),
    '{"case": {"retention": "P20WD"}}': ("bad_period", "case.retention"),
    '{"activity": {"matter": "a", "matter": "b"}}': ("written_twice", "matter"),
    '{"activity": {"arrived_at": "2026-03-13T17:00:00+08:00", "interruptions": [{"at": "2026-03-13T16:00:00+08:00"}]}}': (
        "out_of_order",
        "activity.interruptions.0.at",
    ),
    '{"activity": {"arrived_at": "2026-03-13T17:00:00+08:00", "ended_at": "2026-03-13T16:00:00+08:00"}}': (
        "out_of_order",
        "activity.ended_at",
    ),
    '{"case": {"filed_at": "2026-03-13T17:00:00+08:00", "concluded_at": "2026-03-13T16:00:00+08:00"}}': (
        "out_of_order",
        "case.concluded_at",
    ),
}


@pytest.mark.parametrize("text", FAULTY)
def test_facts_that_cannot_be_judged_are_refused_with_their_place(text: str) -> None:
    code, place = FAULTY[text]
    with pytest.raises(FactsError) as refused:
        facts_from(text)
    assert [(one.code, one.place.partition(" ")[2]) for one in refused.value.faults] == [(code, place)]
    assert "怎么办" in str(refused.value)


def test_facts_written_in_full_are_read() -> None:
    full = {
        "activity": {
            "matter": "inspection",
            "arrived_at": "2026-03-13T09:00:00+08:00",
            "ended_at": "2026-03-13T01:00:00.5Z",
            "left_at": "2026-03-13T17:10:00+08:00",
            "circumstances": [],
            "returned_at": None,
            "not_recorded": None,
            "interruptions": [],
            "events": [],
        },
        "recordings": [{"ended_at": None, "evidence": False}],
        "handover": {"at": None},
        "case": {"filed_at": None, "concluded_at": None, "retention": None},
    }
    full["activity"]["ended_at"] = "2026-03-13T17:00:00.5+08:00"  # type: ignore[index]
    assert facts_from(json.dumps(full)).act.matter == "inspection"


QUESTIONS = {
    "jinjiang-agri": {"unrecorded_recipient", "in_force_blank", "long_term_length"},
    "shifanqu-bianban": {
        "first_moment",
        "custodian_name",
        "external_approver",
        "spot_ratio",
        "in_force_blank",
    },
    "baofeng-forestry": {"handover_no_hours", "safety_production", "long_term_length"},
    "ankang-agri": {
        *("dossier_twice", "second_24h", "retention_silent", "notice_silent"),
        *("interruption_silent", "external_approver", "in_force_blank"),
    },
    "pengyang": {"in_force_blank", "long_term_length"},
}


@pytest.mark.parametrize("name", PACKS)
def test_what_a_text_leaves_unclear_is_a_question(name: str) -> None:
    assert {one.code for one in questions_of(pack_of(name))} >= QUESTIONS[name]


def test_two_packs_differ_field_by_field_and_one_not_from_itself() -> None:
    found = differences(pack_of("jinjiang-agri"), pack_of("baofeng-forestry"))
    assert {"deadlines", "retention", "span", "discs", "approvers"} <= {row["area"] for row in found}
    assert differences(pack_of("pengyang"), pack_of("pengyang")) == []


def test_only_a_fixed_period_differs_in_what_it_counts_from() -> None:
    found = differences(pack_of("jinjiang-agri"), read_pack(CORPUS / "city-market"))
    (row,) = [one for one in found if (one["area"], one["key"]) == ("retention", "case")]
    assert (row["before"]["from"], row["after"]["from"]) == (None, "concluded_at")


def test_key_content_asked_for_a_matter_that_nobody_lists_is_refused(starter: Path) -> None:
    content = "key_content: [{text: 现场, article: '2', code: scene, matters: [no_such_matter]}]\n"
    path = starter / "pack.yaml"
    path.write_text(path.read_text(encoding="utf-8") + content, encoding="utf-8")
    with pytest.raises(PackError) as refused:
        read_pack(starter)
    assert [fault.code for fault in refused.value.faults] == ["unknown_matter"]
    assert "key_content.0.matters" in refused.value.faults[0].place


CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "packs"


def _asked(pack: Pack) -> set[str]:
    return {one.code for one in questions_of(pack)}


def test_events_kept_for_ever_are_long_term_whichever_article_says_so() -> None:
    assert "long_term_silent" not in _asked(read_pack(CORPUS / "county-constables"))
    assert "long_term_silent" in _asked(
        read_pack(CORPUS / "county-constables").model_copy(update={"retention": ()})
    )


def test_a_text_without_a_time_to_hand_over_or_grounds_not_to_record_is_silent() -> None:
    pack = pack_of("jinjiang-agri")
    assert not {"handover_silent", "unrecorded_silent"} & _asked(pack)
    bare = pack.model_copy(update={"clocks": (), "unrecorded": None})
    assert {"handover_silent", "unrecorded_silent"} <= _asked(bare)
    assert "handover_silent" not in _asked(pack_of("pengyang"))


def test_a_dossier_arranged_before_it_is_filed_is_no_conflict() -> None:
    pack = read_pack(CORPUS / "city-market")
    assert "dossier_twice" not in _asked(pack)
    *others, arranged = pack.clocks
    for within, asked in (("P3M", True), ("P30D", False), (None, False)):
        clocks = (*others, arranged.model_copy(update={"within": within}))
        assert ("dossier_twice" in _asked(pack.model_copy(update={"clocks": clocks}))) is asked


def test_one_event_with_two_periods_is_a_conflict() -> None:
    pack = read_pack(CORPUS / "city-market")
    first = pack.retention[0]
    update = {"events": ("assault",), "rule": "period", "period": "P5Y", "article": "2/2"}
    both = (first, first.model_copy(update=update), *pack.retention[1:])
    (found,) = [
        one
        for one in questions_of(pack.model_copy(update={"retention": both}))
        if one.code == "retention_twice"
    ]
    assert (found.kind, found.articles) == ("conflict", ("2/3", "2/2"))
    third = first.model_copy(update={**update, "events": ("mass_incident",), "period": "P2Y"})
    asked = questions_of(pack.model_copy(update={"retention": (third, *both)}))
    codes = [one.code for one in asked]
    assert codes.count("retention_twice") == 1, "a ruling answers one question by its code"


def test_whom_an_interruption_is_reported_to_can_be_ruled() -> None:
    pack = read_pack(CORPUS / "city-market")
    assert "interruption_recipient" in _asked(pack)
    answer = Answer("interruption_recipient", "报科室负责人", "unit_head")
    read = ruled(pack, [answer])
    assert read.interruption is not None
    assert read.interruption.to == "unit_head"
