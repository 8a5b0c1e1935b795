"""Whatever lies on a card: each thing has exactly one result, and every readable file is in the store."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_office import assert_sound, card_bytes, everything_on_the_card_is_stored, take
from simulators.cards import SimCard

from liuhen.stages.ingest.models import Item

ODDITIES = {
    "recording": lambda card, n, data: card.recording(n, data),
    "key file": lambda card, n, data: card.recording(n, data, imp=True),
    "zero": lambda card, n, data: card.zero(f"zero-{n}.mp4"),
    "gbk": lambda card, n, data: card.gbk(f"现场{n}.mp4", data),
    "utf-8": lambda card, n, data: card.file(f"现场{n}.mp4", data),
    "undecodable": lambda card, n, data: card.undecodable(b"caf\xe9-%d.mp4" % n, data),
    "case": lambda card, n, data: card.file(f"Clip{n}.mp4", data).file(f"CLIP{n}.MP4", data + b"!"),
    "dots": lambda card, n, data: card.file(f"..{n}..", data),
    "blank": lambda card, n, data: card.file(f" {n} ", data),
    "newline": lambda card, n, data: card.file(f"a\n{n}", data),
    "deep": lambda card, n, data: card.file("/".join(["d"] * n) + f"/{n}.mp4", data),
    "too deep": lambda card, n, data: card.file("/".join(["t"] * 34) + f"/{n}.mp4", data),
    "symlink": lambda card, n, data: card.symlink(f"link-{n}"),
    "fifo": lambda card, n, data: card.fifo(f"fifo-{n}"),
    "folder": lambda card, n, data: card.path(f"empty-{n}").mkdir(parents=True) or card,
}
things = st.lists(
    st.tuples(
        st.sampled_from(sorted(ODDITIES)), st.integers(1, 9), st.sampled_from([b"", b"x", b"yy", b"zzz"])
    ),
    unique_by=lambda thing: thing[:2],
    min_size=1,
    max_size=9,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(things)
def test_each_thing_on_a_card_has_one_result_and_every_file_is_stored(home, people, things):
    folder = Path(tempfile.mkdtemp(dir=home.parent))
    try:
        card = SimCard(folder)
        for name, n, data in things:
            ODDITIES[name](card, n, data)
        files = card_bytes(card.root)
        too_deep = {raw for raw in files if raw.count(b"/") > 32}
        others = _specials(card.root)
        if not files and not others:
            return
        outcome = take(people.custodian, card.root)
        raws = [result.raw for result in outcome.results]
        assert len(raws) == len(set(raws))
        states = {result.raw: str(result.state) for result in outcome.results}
        for raw in set(files) - too_deep:
            assert states[raw] in ("stored", "already")
        assert all(states[raw] == "refused" for raw in others)
        assert {raw for raw, state in states.items() if state in ("stored", "already")} == set(
            files
        ) - too_deep
        assert len({result.path for result in outcome.results}) == len(raws)
        assert outcome.released == (not others and not too_deep)
        kept = Item.objects.filter(batch__key=outcome.batch)
        assert {bytes(item.raw): item.state for item in kept} == states
        if not too_deep:
            assert everything_on_the_card_is_stored(people.custodian.agency, card.root)
        assert_sound(people.custodian.agency)
    finally:
        shutil.rmtree(folder)


def _specials(root: Path) -> set[bytes]:
    base = os.fsencode(root)
    found = set()
    for folder, _, names in os.walk(base):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path) or not os.path.isfile(path):
                found.add(os.path.relpath(path, base))
    return found
