"""A piece of a statement with what is given for its places: never a text that somebody wrote."""

from __future__ import annotations

from typing import Any, NamedTuple


class Sql(NamedTuple):
    text: str
    given: list[Any]
