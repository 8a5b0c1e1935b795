"""What a person should know before a card is copied; said as sentences, never refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from liuhen.base import clock
from liuhen.base.ledger.append import CLOCK_SLACK
from liuhen.base.ledger.models import Head
from liuhen.base.people.models import Agency
from liuhen.base.storage.stores import Stores
from liuhen.core.cards.reader import CardListing

from .commit import known_sizes
from .intake import in_words


def before_copying(agency: Agency, listing: CardListing, stores: Stores, *, now: datetime) -> Iterator[str]:
    """Sentences on the server's clock, on stores that are away, and on the room left for this card."""
    last = Head.objects.values_list("recorded_at", flat=True).get(agency=agency)
    if now < last - CLOCK_SLACK:
        yield (
            f"服务器时钟（{clock.local(now)}）早于上次留痕的时间（{clock.local(last)}），可能被调回，已记入账本。"
            "怎么办：请校准服务器时间；采集照常进行。"
        )
    for name, error in stores.away.items():
        yield f"{name}这次写不进：{error}"
    yield from _room(agency, listing, stores)


def _room(agency: Agency, listing: CardListing, stores: Stores) -> Iterator[str]:
    known = known_sizes(agency, {file.size for file in listing.files})
    new = sum(file.size for file in listing.files if file.size not in known)
    for store in stores.there:
        free = store.free_bytes()
        if free is not None and new > free:
            yield (
                f"卡上待存的文件共 {in_words(new)}，{store.name}只剩 {in_words(free)}，放不下全部；放得下的照常入库。"
                "怎么办：请清出或增加存储空间，再次采集这张卡。"
            )
