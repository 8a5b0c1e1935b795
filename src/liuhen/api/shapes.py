"""What goes in and comes out, as the OpenAPI document has it. Times are UTC; sizes are bytes."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

_PLAIN = r"^[^\x00-\x1f\x7f]*$"  # no control characters
Word = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_PLAIN)]
Words = Annotated[str, StringConstraints(max_length=500, pattern=_PLAIN)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_PLAIN)]
Path = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=_PLAIN)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]
Size = Annotated[int, Field(ge=0, le=(1 << 53) - 1)]
Position = Annotated[int, Field(ge=0, le=(1 << 53) - 1)]
Number = Annotated[int, Field(ge=1, le=(1 << 53) - 1)]
Cursor = Annotated[str, StringConstraints(max_length=2000, pattern=_PLAIN)]
PageSize = Annotated[int, Field(ge=1, le=200)]


class Told(Schema):
    """Something sent to us: what we do not know is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class Refusal(Schema):
    """The one shape of every refusal: what happened, 依据 where a rule refused, 怎么办 always."""

    code: str
    message: str
    detail: dict[str, Any]
    article: str | None
    remedy: str


class Listed(Schema):
    """One page; `before` and `after` are cursors of its neighbours."""

    before: str | None
    after: str | None


# -- the office


class UnitShape(Schema):
    code: str
    name: str
    parent: str | None = None


class OfficerShape(Schema):
    staff_no: str
    name: str
    certificate_no: str
    unit: str
    left_on: date | None


class AccountShape(Schema):
    account: str
    name: str
    unit: str | None
    officer: str | None
    roles: list[str]
    state: str


class Me(AccountShape):
    agency: str
    agency_name: str
    by: Literal["session", "token"]
    scopes: list[str] | None
    expires_at: datetime | None


class Units(Listed):
    items: list[UnitShape]


class Officers(Listed):
    items: list[OfficerShape]


class Accounts(Listed):
    items: list[AccountShape]


class CheckShape(Schema):
    name: str
    state: Literal["ok", "warning", "bad"]
    said: str
    remedy: str


class Health(Schema):
    state: Literal["ok", "warning", "bad"]
    checks: list[CheckShape]


# -- devices


class DeviceShape(Schema):
    """`holder`: the staff number of who has it in hand, as far as the caller may see the use register."""

    serial: str
    kind: str
    model: str
    unit: str
    keeper: str | None
    state: str
    holder: str | None


class DeviceCheck(Told):
    """What the device shows; `shown_at` is its own clock at this moment."""

    fault_free: bool
    battery_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    free_minutes: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    free_bytes: Annotated[int, Field(ge=0, le=1 << 50)] | None = None
    shown_at: AwareDatetime | None = None
    note: Words = ""


class DeviceChecked(Schema):
    serial: str
    passed: bool
    failed: list[str]
    clock_offset_seconds: float | None
    remedy: str


class DeviceIssue(Told):
    """`signature`: PNG of the officer's drawn signature, in base64."""

    officer: Word
    signature: Annotated[str, StringConstraints(min_length=1, max_length=400_000)]
    due_back_at: AwareDatetime | None = None
    purpose: Annotated[str, StringConstraints(max_length=200, pattern=_PLAIN)] = ""
    override: Words = ""


class DeviceReturn(Told):
    """A signature, or why the officer is not there."""

    signature: Annotated[str, StringConstraints(max_length=400_000)] = ""
    reason: Words = ""


class IssueShape(Schema):
    serial: str
    officer: str
    state: str
    issued_at: datetime
    due_back_at: datetime | None
    returned_at: datetime | None
    overridden: bool


class Devices(Listed):
    items: list[DeviceShape]


class NewDevice(Told):
    serial: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f/]*$")]
    kind: Literal[
        "body_recorder",
        "camera",
        "camcorder",
        "voice_recorder",
        "terminal",
        "surveillance",
        "dock",
        "store",
    ] = "body_recorder"
    model: Annotated[str, StringConstraints(max_length=60, pattern=_PLAIN)] = ""
    unit: Word
    keeper: Word | None = None


class DeviceChange(Told):
    """What is left out stays as it is."""

    kind: (
        Literal[
            "body_recorder",
            "camera",
            "camcorder",
            "voice_recorder",
            "terminal",
            "surveillance",
            "dock",
            "store",
        ]
        | None
    ) = None
    model: Annotated[str, StringConstraints(max_length=60, pattern=_PLAIN)] | None = None
    unit: Word | None = None
    keeper: Word | None = None
    no_keeper: bool = False
    reason: Reason


class WithReason(Told):
    reason: Reason


# -- recordings


class RecordingRow(Schema):
    recording: str
    number: str
    name: str
    kind: str
    state: str
    sha256: str
    sm3: str
    bytes: int
    device: str | None
    officer: str | None
    unit: str | None
    taken_at: datetime | None
    duration_ms: int | None
    stored_at: datetime


class Recordings(Listed):
    items: list[RecordingRow]
    total: int | None
    notices: list[str]


class FindingShape(Schema):
    code: str
    severity: str
    text: str
    meaning: str
    remedy: str


class CopyShape(Schema):
    store: str
    verified_at: datetime
    method: str


class CustodyStep(Schema):
    position: int
    kind: str
    at: datetime
    by: str
    basis: str
    sentence: str


class RecordingShape(RecordingRow):
    position: int
    card_path: str
    findings: list[FindingShape]
    copies: list[CopyShape]
    custody: list[CustodyStep]


class NewOwner(Told):
    """A device, an officer, or both; with a device alone its keeper is the officer."""

    device: Word | None = None
    officer: Word | None = None
    reason: Reason


class NewVisit(Told):
    purpose: Literal["view", "download"]


class VisitShape(Schema):
    visit: str
    purpose: str
    position: int
    silent_minutes: int


# -- deadlines


class DeadlineShape(Schema):
    """`recording`: its OCFL id, null where the duty is about something else. `state` as `liuhen deadlines list` has it."""

    duty: str
    subject: str
    recording: str | None
    pack: str
    version: str
    article: str
    state: str
    starts_at: datetime | None
    due_at: datetime | None
    met_at: datetime | None
    who: str
    to: str | None
    basis: str
    assumed: bool
    warnings: list[str]


class Deadlines(Listed):
    """`behind`: entries of the ledger that have not been read into deadlines yet."""

    items: list[DeadlineShape]
    behind: int


DeadlineState = Literal["open", "overdue", "soon", "waiting", "undated", "met"]


# -- receipts


class ReceiptRow(Schema):
    number: str
    issued_at: datetime
    device: str | None
    holder: str | None
    by: str
    state: str
    content_sha256: str


class Receipts(Listed):
    items: list[ReceiptRow]


class ReceiptShape(ReceiptRow):
    """`content` is null for those who see no content."""

    content: dict[str, Any] | None
    proof: dict[str, Any]


# -- jobs


class JobShape(Schema):
    """`title`, `saying`, `sentence` and `troubles` are null for those who see no content."""

    job: uuid.UUID
    kind: str
    state: str
    live: bool
    by: str | None
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    files_done: int
    files_total: int | None
    bytes_done: int
    bytes_total: int | None
    seconds_left: int | None
    troubles_count: int
    code: str
    title: str | None
    saying: str | None
    sentence: str | None
    troubles: list[dict[str, Any]] | None
    result: dict[str, Any] | None


class Jobs(Listed):
    items: list[JobShape]


# -- sending files


class StandingShape(Schema):
    stage: Literal["already", "receiving", "taking_in", "failed"]
    offset: int
    size: int
    recording: RecordingRow | None
    job: uuid.UUID | None
    upload_set: uuid.UUID | None


class NewUploadSet(Told):
    label: Words = ""
    device: Word | None = None
    device_clock: datetime | None = None


class NewUploadFile(Told):
    path: Path
    size: Size
    modified_at: datetime | None = None
    sha256: Digest | None = None


class UploadFileShape(Schema):
    file: uuid.UUID
    path: str
    size: int
    offset: int


class UploadSetShape(Schema):
    upload_set: uuid.UUID
    label: str
    state: str
    job: uuid.UUID | None
    expires_at: datetime
    files: list[UploadFileShape] | None


class UploadSets(Listed):
    items: list[UploadSetShape]


# -- the ledger


class LedgerHead(Schema):
    agency: str
    origin: str
    size: int
    root: str
    checkpoint: str
    vkeys: list[str]
    fingerprint: str


class EntryShape(Schema):
    """`raw` is the very text that is hashed; `entry` is the same, read."""

    position: int
    entry: dict[str, Any]
    raw: str


class Entries(Listed):
    items: list[EntryShape]


class SizeAndRoot(Schema):
    size: int
    root: str


class Growth(Schema):
    """RFC 9162 consistency: hashes in base64."""

    old: SizeAndRoot
    new: SizeAndRoot
    proof: list[str]
    checkpoint: str


class OldCheckpoint(Told):
    checkpoint: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
