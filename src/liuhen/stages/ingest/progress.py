"""What a person sees while a card goes in; the doors implement it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from liuhen.core.cards.reader import CardFile, CardListing

from .models import Item


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one thing on the card, in one sentence where it was not plainly stored.

    `copies`: the stores in which this ingest has read a whole copy back.
    """

    path: str
    raw: bytes
    size: int | None
    mtime_ns: int | None
    state: Item.State
    reason: str = ""
    code: str = ""
    recording: str | None = None  # OCFL id
    number: str | None = None
    sha256: str | None = None
    sm3: str | None = None
    copies: tuple[str, ...] = ()


@dataclass
class Outcome:
    """The end of an ingest: every file's fate, the receipt where one was due, whether the card is released."""

    agency: str
    batch: str
    results: list[Result]
    receipt: str | None = None
    released: bool = False
    note: str = ""
    paths: dict[str, str] = field(default_factory=dict)


class Progress(Protocol):
    """Called from the worker threads (`read`) and from the ingest's own thread (the others)."""

    def listed(self, listing: CardListing) -> None: ...
    def read(self, file: CardFile, count: int) -> None: ...
    def done(self, result: Result) -> None: ...
    def say(self, sentence: str) -> None: ...


class Silent:
    """Nobody is watching."""

    def listed(self, listing: CardListing) -> None:
        """Say nothing."""

    def read(self, file: CardFile, count: int) -> None:
        """Say nothing."""

    def done(self, result: Result) -> None:
        """Say nothing."""

    def say(self, sentence: str) -> None:
        """Say nothing."""
