"""Damage at random: whatever bytes come, the answer has the contract's shape and the analyser lives."""

from __future__ import annotations

import json
import random

import pytest
from corpus.media.media_makers import make_photo, make_sound, make_video

from liuhen.core.media.contract import blank

pytestmark = pytest.mark.slow

MAKERS = {
    "a.mp4": make_video,
    "a.jpg": make_photo,
    "a.wav": make_sound,
    "a.avi": lambda path: make_video(path, codec="mpeg4"),
}


def _damage(data: bytes, dice: random.Random) -> bytes:
    spoiled = bytearray(data)
    for _ in range(dice.choice((1, 4, 40))):
        spoiled[dice.randrange(len(spoiled))] = dice.randrange(256)
    if dice.random() < 0.4:
        del spoiled[dice.randrange(1, len(spoiled)) :]
    return bytes(spoiled)


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_damaged_bytes_always_get_an_answer(name, analyser, tmp_path) -> None:
    whole = MAKERS[name](tmp_path / name).read_bytes()
    for seed in range(25):
        path = tmp_path / name
        path.write_bytes(_damage(whole, random.Random(seed)))
        result = analyser.probe(path)
        assert result.keys() == blank("", 0, "").keys()
        assert json.loads(json.dumps(result, allow_nan=False)) == result
        assert result["readable"] or result["findings"]
    path.write_bytes(whole)
    assert analyser.probe(path)["readable"]
