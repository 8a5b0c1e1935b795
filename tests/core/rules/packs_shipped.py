"""What the tests of the rules stand on: the shipped packs and calendar, and facts in a few words."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from liuhen.base.packs import calendar, pack_of, shipped
from liuhen.core.rules.clocks import duties_of
from liuhen.core.rules.facts import Facts, facts_from
from liuhen.core.rules.retention import retention_of

PACKS = tuple(shipped())
END = "2026-03-13T17:00:00+08:00"  # a Friday


def facts(**parts: Any) -> Facts:
    return facts_from(json.dumps(parts))


def act(**told: Any) -> Facts:
    return facts(activity={"ended_at": END, **told})


def duties(pack: str, known: Facts, at: str | None = None) -> list[dict[str, Any]]:
    moment = datetime.fromisoformat(at) if at else None
    return [one.as_json() for one in duties_of(pack_of(pack), known, calendar(), at=moment)]


def only(pack: str, known: Facts, duty: str, at: str | None = None) -> dict[str, Any]:
    (found,) = [one for one in duties(pack, known, at) if one["duty"] == duty]
    return found


def kept(pack: str, known: Facts, at: str | None = None) -> dict[str, Any]:
    return retention_of(pack_of(pack), known, at=datetime.fromisoformat(at) if at else None).as_json()
