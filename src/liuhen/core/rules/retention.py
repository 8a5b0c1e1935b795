"""How long a recording is kept, by which article, and whether it may be put forward for disposal.

- A period counts from the end of the latest recording, or from the end of the case where the text says so; `until`
  is the last day kept. It never rolls.
- What follows the dossier is kept as long as its dossier: until the dossier's own period, told by the case, has run.
- A long-term article holds a recording beyond every period, and changes no rule.
- A pack that says nothing is silent: kept, never expired.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .calendar import SHANGHAI, Period, plus_months
from .clocks import long_term_items
from .facts import Facts, RetentionRule
from .pack import Pack, Retention


@dataclass(frozen=True)
class Kept:
    """The answer, field by field as the contract prints it."""

    rule: RetentionRule
    article: str | None
    period: str | None
    minimum: bool
    since: date | None
    until: date | None
    long_term: bool
    long_term_articles: tuple[str, ...]
    disc_required: bool
    or_other_carrier: bool
    copies: int
    may_dispose: bool
    why: str

    def as_json(self) -> dict[str, Any]:
        disc = {
            "required": self.disc_required,
            "or_other_carrier": self.or_other_carrier,
            "copies": self.copies,
        }
        return {
            "rule": self.rule,
            "article": self.article,
            "period": self.period,
            "minimum": self.minimum,
            "from": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "long_term": self.long_term,
            "long_term_articles": list(self.long_term_articles),
            "disc": disc,
            "may_dispose": self.may_dispose,
            "why": self.why,
        }


@dataclass(frozen=True)
class Counted:
    """The rule that counts, from when, and until when."""

    rule: Retention | None
    period: str | None
    since: date | None
    until: date | None


def counted(pack: Pack, facts: Facts) -> Counted:
    """The first rule that holds, and the days it gives."""
    rule = next((one for one in pack.retention if _holds(one, facts)), None)
    period, since = _period(rule, facts)
    return Counted(rule, period, since, _last_day(since, period) if _begun(rule, facts) else None)


def retention_of(pack: Pack, facts: Facts, *, at: datetime | None = None) -> Kept:
    """`at`: when to judge; without it the last moment in the facts."""
    found = counted(pack, facts)
    rule, period, since, until = found.rule, found.period, found.since, found.until
    judged = at or max(facts.moments(), default=None)
    items = long_term_items(pack, facts)
    discs = bool(items) and pack.long_term is not None and pack.long_term.disc
    ended = _ended(facts, until, judged)
    return Kept(
        rule=rule.rule if rule else "silent",
        article=rule.article if rule else None,
        period=period,
        minimum=rule.minimum if rule else False,
        since=since,
        until=until,
        long_term=bool(items),
        long_term_articles=(pack.long_term.article,) if items and pack.long_term else (),
        disc_required=discs,
        or_other_carrier=discs and pack.long_term is not None and pack.long_term.or_other_carrier,
        copies=pack.long_term.copies if discs and pack.long_term else 0,
        may_dispose=ended and not items,
        why=_why(pack, rule, until, items, ended),
    )


def _holds(rule: Retention, facts: Facts) -> bool:
    if rule.when == "case":
        case = facts.case
        return case is not None and any((case.filed_at, case.concluded_at, case.retention))
    if rule.when == "evidence":
        return facts.evidence
    if rule.when == "events":
        return bool(set(rule.events) & set(facts.act.events or []))
    if rule.when == "matters":
        return facts.act.matter in rule.matters
    return True


def _period(rule: Retention | None, facts: Facts) -> tuple[str | None, date | None]:
    """The period as written, and the day it counts from."""
    if rule is None or rule.rule == "permanent":
        return ("permanent" if rule else None), _day(facts.at("recorded_at"))
    if rule.rule == "period":
        return rule.period, _day(facts.at(rule.start))
    case, recorded = facts.case, _day(facts.at("recorded_at"))
    if case is None:
        return None, recorded
    return case.retention, _day(case.concluded_at) or recorded


def _ended(facts: Facts, until: date | None, judged: datetime | None) -> bool:
    """Is the last day past, of everything? Not while an end is unknown, or a recording is younger than its dossier."""
    if until is None or judged is None or any(one.ended_at is None for one in facts.recordings or []):
        return False
    latest = _day(facts.at("recorded_at"))
    return judged.astimezone(SHANGHAI).date() > until and (latest is None or latest <= until)


def _begun(rule: Retention | None, facts: Facts) -> bool:
    """A dossier's period begins when its case has ended."""
    return rule is None or rule.rule != "follows_dossier" or facts.at("concluded_at") is not None


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(SHANGHAI).date() if moment else None


def _last_day(since: date | None, period: str | None) -> date | None:
    if since is None or period is None or period == "permanent":
        return None
    length = Period.parse(period)
    if length.months:
        return plus_months(since, length.months)
    return date.fromordinal(since.toordinal() + max(length.days, length.working, -(-length.hours // 24)))


def _why(pack: Pack, rule: Retention | None, until: date | None, items: list[str], ended: bool) -> str:
    if rule is None:
        said = f"{pack.title}没有规定音像记录的保管期限：一直保存，不视为到期。"
    elif rule.rule == "period":
        unknown = "案件终结" if rule.start == "concluded_at" else "录制结束"
        last = f"，保存至 {until}（含当日）" if until else f"，{unknown}时间未知，暂不起算"
        least = "不少于 " if rule.minimum else ""
        length = Period.parse(rule.period).in_words() if rule.period else ""
        said = f"第 {rule.article} 条：{rule.text}，{least}{length}{last}。"
    elif rule.rule == "permanent":
        said = f"第 {rule.article} 条：{rule.text}，永久保存。"
    else:
        last = f"案卷保存至 {until}（含当日）" if until else "案卷的保管期限或终结时间未定，一直保存"
        said = f"第 {rule.article} 条：{rule.text}，与案卷同期；{last}。"
    if items and pack.long_term:
        said += f"第 {pack.long_term.article} 条：{'；'.join(items)}，应长期保存，不得清除。"
    elif ended:
        said += "期限已过：经鉴定、审批后方可清除，留有清除记录。"
    return said
