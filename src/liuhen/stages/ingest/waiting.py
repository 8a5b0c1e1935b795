"""待归属, card by card: what came in together, and what may be guessed about whose it is.

- A guess is an offer with its ground: the card's own device, or the neighbours on the card that are known.
  Nothing is filled in or decided by it.
- What no card brought (or a card of long ago) stands in a group of its own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max, QuerySet

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Officer
from liuhen.base.recordings.acts import ASSIGN
from liuhen.base.recordings.models import Recording

from .models import Batch, Item

GROUPS = 20  # on a page
NAMES = 5  # of files shown of each
MOST = 1000  # of what no card brought: more is not worth counting for a page
_ENOUGH = 0.5  # of the known neighbours must agree


@dataclass(frozen=True)
class Guess:
    """Whose it may be, and why one might think so."""

    device: Device | None
    holder: Officer | None
    ground: str

    @property
    def words(self) -> str:
        named = [f"设备 {self.device.serial}" if self.device else "", self.holder.name if self.holder else ""]
        return "，".join(filter(None, named))


@dataclass(frozen=True)
class Group:
    """`batch` None: what no card is known of."""

    batch: Batch | None
    count: int
    first: list[Recording]
    guesses: list[Guess] = field(default_factory=list)

    @property
    def counted(self) -> str:
        return f"{MOST} 以上" if self.batch is None and self.count > MOST else str(self.count)


def groups_waiting(person: Account, at: datetime, *, page: int = 1) -> tuple[list[Group], bool]:
    """Cards with recordings that wait, the latest first; and whether there are more pages."""
    items = _items(person, at)
    counted = items.values("batch").annotate(n=Count("recording", distinct=True), last=Max("pk"))
    start = (page - 1) * GROUPS
    found = list(counted.order_by("-last")[start : start + GROUPS + 1])
    batches = Batch.objects.filter(pk__in=[row["batch"] for row in found])
    known = {row.pk: row for row in batches.select_related("device__keeper__unit", "holder", "by")}
    groups = [_group(known[row["batch"]], row["n"], person, at) for row in found[:GROUPS]]
    return groups, len(found) > GROUPS


def without_card(person: Account, at: datetime) -> Group | None:
    """What waits and was stored by no card that is known here."""
    rows = _waiting(person, at).exclude(items__state=Item.State.STORED)
    first = list(rows.order_by("stored_at", "position")[:NAMES])  # along the index of what waits
    return Group(None, rows.order_by()[: MOST + 1].count(), first) if first else None


def waiting_of(batch: Batch, person: Account, at: datetime) -> list[Recording]:
    """What waits of one card, in the order it was stored."""
    rows = _waiting(person, at).filter(items__batch=batch, items__state=Item.State.STORED)
    return list(rows.distinct().order_by("position"))


def batch_waiting(key: str, person: Account, at: datetime) -> Batch | None:
    rows = Batch.objects.filter(key=key, pk__in=_items(person, at).values("batch"))
    return rows.select_related("device__keeper__unit", "holder", "by").first()


def guesses_for(batch: Batch, person: Account) -> list[Guess]:
    """The card's own device first, then what its known files agree on."""
    found = []
    if batch.device is not None:
        told = "采集时说明了这张卡的设备" if batch.device_told else "卡上多数文件名写着这台设备"
        found.append(Guess(batch.device, batch.holder or batch.device.keeper, told))
    neighbour = _neighbours(batch)
    if neighbour and (neighbour.device, neighbour.holder) not in [(one.device, one.holder) for one in found]:
        found.append(neighbour)
    return found


def _neighbours(batch: Batch) -> Guess | None:
    """What most of the card's assigned recordings say."""
    rows = Recording.objects.filter(items__batch=batch, state=Recording.State.STORED).distinct()
    owners = Counter(rows.values_list("device", "holder"))
    if not owners:
        return None
    (device, holder), n = owners.most_common(1)[0]
    if n < _ENOUGH * sum(owners.values()):
        return None
    return Guess(
        Device.objects.filter(pk=device).first(),
        Officer.objects.select_related("unit").filter(pk=holder).first(),
        f"同一张卡上已确定归属的 {sum(owners.values())} 个文件中，有 {n} 个是",
    )


def _waiting(person: Account, at: datetime) -> QuerySet[Recording]:
    rows = Recording.objects.filter(state__in=ASSIGN.sources)
    return ASSIGN.who.scope(person, rows, at) if ASSIGN.who else rows.none()


def _items(person: Account, at: datetime) -> QuerySet[Item]:
    return Item.objects.filter(state=Item.State.STORED, recording__in=_waiting(person, at))


def _group(batch: Batch, n: int, person: Account, at: datetime) -> Group:
    rows = _waiting(person, at).filter(items__batch=batch, items__state=Item.State.STORED)
    return Group(batch, n, list(rows.distinct().order_by("position")[:NAMES]), guesses_for(batch, person))
