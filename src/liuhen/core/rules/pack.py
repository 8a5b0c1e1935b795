"""A pack: one regulation as data. What each item is, and from which article.

- Every item carries its article; every article of the text stands in `articles`, carried out or accounted for.
- Texts are our own words. Only what a regulation prescribes to be spoken or printed stands literally (`script`,
  `form`, `stamp`).
- No expressions and no code: codes of `terms`, periods, texts.
- What a text leaves to others is a `slot`; what it leaves unclear or contradicts is a `question`, with the legal
  office's ruling where one ships.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from .calendar import Period
from .terms import (
    Accounted,
    Capability,
    Cause,
    Circumstance,
    DeviceKind,
    Duty,
    Event,
    Ground,
    Kind,
    NormCode,
    Obligation,
    Role,
    Start,
)


def _period(text: str) -> str:
    try:
        Period.parse(text)
    except ValueError as error:
        raise ValueError("period") from error
    return text


ARTICLE = r"^(\d{1,2}/)?\d{1,3}$"
CODE = r"^[a-z][a-z0-9_]{1,40}$"
PACK_ID = r"^[a-z0-9][a-z0-9-]{1,60}$"
VERSION = r"^[0-9][0-9.]{0,15}$"

ArticleNo = Annotated[str, Field(pattern=ARTICLE)]
PeriodText = Annotated[str, AfterValidator(_period)]
Text = Annotated[str, Field(min_length=1, max_length=600)]
Code = Annotated[str, Field(pattern=CODE)]
PackId = Annotated[str, Field(pattern=PACK_ID)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class By(_Data):
    """What carries an article out; `test` is the test that shows it, `file.py::name`."""

    kind: Kind
    name: str
    test: str = ""


class Article(_Data):
    """One article: carried out by something here, accounted for as needing nothing, or open for a capability."""

    gist: Text
    by: tuple[By, ...] = ()
    accounted: Accounted | None = None
    needs: tuple[Capability, ...] = ()

    @property
    def status(self) -> Literal["carried_out", "accounted", "open"]:
        if self.needs:
            return "open"
        return "carried_out" if self.by else "accounted"


class Item(_Data):
    """One thing a text says: in our words, with its article and its number there."""

    text: Text
    article: ArticleNo
    item: int | None = None
    code: Code | None = None
    who: Role | None = None
    to: Role | None = None


class Matter(_Data):
    """What is to be recorded: `code` is of the shared list of matters, which an office may extend."""

    code: Code
    name: Text
    duty: Obligation
    article: ArticleNo


class KeyContent(Item):
    """One thing to be captured, marked on the timeline. The text lists what is to be shot, not when: `always` and
    `matters` say when its absence is told; with neither, only when somebody says that it happened."""

    always: bool = False
    matters: tuple[Code, ...] = ()


class FullSpan(_Data):
    """From which moment to which an activity is recorded. None: the text says "whole" and names no moment."""

    article: ArticleNo
    start: Literal["arrived_at"] | None = None
    end: Literal["ended_at", "left_at"] | None = None


class Notice(_Data):
    """What is said to the party at the start; literally where the text prescribes the words.

    `script` may hold {officer}, {officer2} and {agency}. Where the text names its own authority (the pack's `agency`),
    the name of the office that says it is spoken in its place: nobody introduces themselves as another authority.
    """

    article: ArticleNo
    text: Text
    script: str | None = None
    speaks: tuple[str, ...] = ()  # what the officer names in their own words
    placeholders: tuple[Literal["officer", "officer2", "agency"], ...] = ()


class Slot(_Data):
    """What the text leaves to somebody else: open until the office fills it."""

    code: Code
    article: ArticleNo
    text: Text
    filled_by: Text


class Unrecorded(_Data):
    """Grounds for not recording, and the report of it. `closed`: the list has no open end."""

    article: ArticleNo
    grounds: tuple[Ground, ...]
    closed: bool = True
    within: PeriodText | None = None
    who: Role = "officer"
    to: Role | None = None
    no_report: bool = False
    text: Text


class Interruption(_Data):
    """When a recording stops. `report_every_stop`: a work record after each; else a spoken reason when it goes on,
    and a report at once with a written statement afterwards when it does not. `within`: of what is written, from
    the end of the activity; null: the text names no hours."""

    article: ArticleNo
    causes: tuple[Cause, ...]
    closed: bool = False
    report_every_stop: bool = False
    within: PeriodText | None = None
    who: Role = "officer"
    to: Role | None = None
    text: Text


class Exception_(_Data):
    """Circumstances that the text names: the clock then waits for the return, and never ends earlier than before."""

    circumstances: tuple[Circumstance, ...] = Field(min_length=1)
    within: PeriodText


class Clock(_Data):
    """A duty with its time. `within` null: the text names no hours. `same_day`: on the day itself, at once."""

    duty: Duty
    article: ArticleNo
    start: Start
    within: PeriodText | None = None
    same_day: bool = False
    per_recording: bool = False
    met_by: Start | None = None
    who: Role
    to: Role | None = None
    exception: Exception_ | None = None
    ruling: Code | None = None  # the question whose ruling this rests on
    text: Text


class Retention(_Data):
    """The first rule whose condition holds is the one that counts. `start`: what a period counts from; while a case
    that it counts from has not ended, there is no last day."""

    article: ArticleNo
    when: Literal["case", "evidence", "events", "matters", "always"]
    events: tuple[Event, ...] = ()
    matters: tuple[Code, ...] = ()
    rule: Literal["period", "follows_dossier", "permanent"]
    period: PeriodText | None = None
    start: Literal["recorded_at", "concluded_at"] = "recorded_at"
    minimum: bool = False
    text: Text


class Trigger(_Data):
    item: int | None = None
    text: Text
    events: tuple[Event, ...] = Field(min_length=1)


class LongTerm(_Data):
    """What is kept beyond its period, and on what."""

    article: ArticleNo
    triggers: tuple[Trigger, ...] = Field(min_length=1)
    disc: bool = True
    or_other_carrier: bool = True
    copies: int = Field(default=1, ge=1, le=9)
    label: tuple[str, ...] = ()
    who: Role = "custodian"


class EvidenceDisc(_Data):
    """A recording used as evidence goes on a disc with a statement."""

    article: ArticleNo
    statement: tuple[str, ...]
    who: Role = "custodian"


class Access(_Data):
    """Who gets to see or take a recording: papers, who approves, which form, what is kept."""

    article: ArticleNo
    purpose: Literal["internal", "external", "party", "evidence", "supervision"]
    approver: Role | None = None
    papers: tuple[str, ...] = ()
    form: str | None = None
    kept: tuple[str, ...] = ()  # what the register or file holds of it
    text: Text


class Norm(_Data):
    """What a device must be able to do. `least`: the text's own figure (lines of picture, hours, GB), where it has one;
    `kinds` empty: every device that people carry; `only_in`: not everywhere, only in such places."""

    code: NormCode
    article: ArticleNo
    text: Text
    kinds: tuple[DeviceKind, ...] = ()
    least: int | None = Field(default=None, ge=1)
    only_in: Literal["explosive_area"] | None = None


class Ratio(_Data):
    """How many devices for how many officers. Both null: the text leaves the figure to what fills `slot`."""

    article: ArticleNo
    text: Text
    devices: int | None = Field(default=None, ge=1, le=100)
    officers: int | None = Field(default=None, ge=1, le=1000)
    kinds: tuple[DeviceKind, ...] = ("body_recorder",)
    slot: Code | None = None


class Question(_Data):
    """What the text leaves unclear (silence), says twice (conflict) or names nowhere; with a ruling where one ships."""

    code: Code
    kind: Literal["conflict", "silence"]
    articles: tuple[ArticleNo, ...] = ()
    text: Text
    ruling: Text | None = None


class Pack(_Data):
    """One dated version of one regulation. `in_force` null: the text's date is blank or missing."""

    id: PackId
    title: Text
    annexes: dict[str, str] = {}
    agency: Text
    agency_kind: Code
    version: Annotated[str, Field(pattern=VERSION)] = "1"
    in_force: date | None = None
    until: date | None = None
    higher: tuple[PackId, ...] = ()  # regulations that bind it: where it asks less than they do is a question
    amber_before: PeriodText = "PT4H"
    articles: dict[ArticleNo, Article]
    roles: dict[Role, str]
    matters: tuple[Matter, ...] = ()
    notice: Notice | None = None
    opening: Notice | None = None
    key_content: tuple[KeyContent, ...] = ()
    full_span: FullSpan | None = None
    span: tuple[Item, ...] = ()  # from where to where is recorded, worn how
    unrecorded: Unrecorded | None = None
    interruption: Interruption | None = None
    clocks: tuple[Clock, ...] = ()
    classification: tuple[Item, ...] = ()
    retention: tuple[Retention, ...] = ()
    disposal: tuple[Item, ...] = ()
    long_term: LongTerm | None = None
    evidence_disc: EvidenceDisc | None = None
    access: tuple[Access, ...] = ()
    oversight: tuple[Item, ...] = ()
    faults: tuple[Item, ...] = ()
    sanctions: tuple[Item, ...] = ()
    dossier: tuple[Item, ...] = ()
    stamp: Item | None = None
    secrecy: tuple[Item, ...] = ()
    equipment: tuple[Item, ...] = ()
    norms: tuple[Norm, ...] = ()
    ratio: Ratio | None = None
    prohibited: tuple[Item, ...] = ()
    slots: tuple[Slot, ...] = ()
    questions: tuple[Question, ...] = ()

    def script_of(self, rule: Notice) -> str:
        """The prescribed words with {agency} where the text has the name of its own authority; "" where it has none."""
        return (rule.script or "").replace(self.agency, "{agency}")

    @property
    def kept_events(self) -> tuple[Event, ...]:
        """What is kept for ever or long, by whichever article: of `long_term`, and of permanent rules of retention."""
        triggers = self.long_term.triggers if self.long_term else ()
        found = [event for one in triggers for event in one.events]
        found += [event for one in self.retention if one.rule == "permanent" for event in one.events]
        return tuple(dict.fromkeys(found))

    def who(self, role: Role | None) -> str | None:
        """What the regulation calls a role; None for nobody named."""
        return self.roles[role] if role else None
