"""The wave and the size of a copy, from figures alone."""

from __future__ import annotations

import numpy as np
import pytest

from liuhen.core.media.peaks import MAX_SLICES, Wave
from liuhen.core.media.viewing import scaled


def test_a_long_wave_is_folded_and_keeps_its_extremes() -> None:
    wave = Wave()
    for second in range(1200):
        samples = np.zeros(20, dtype=np.int16)
        if second == 600:
            samples[3], samples[4] = 32767, -32768
        wave.add(samples, float(second), 20)
    folded = wave.folded()
    assert len(folded["peaks"]) <= 2 * MAX_SLICES
    assert (min(folded["peaks"]), max(folded["peaks"])) == (-128, 127)
    assert len(folded["peaks"]) / 2 / folded["per_second"] == pytest.approx(1200, abs=1)


def test_a_bogus_timestamp_asks_for_no_memory() -> None:
    wave = Wave()
    wave.add(np.ones(10, dtype=np.int16), 1e12, 8000)
    assert wave.low == []


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((640, 480), (640, 480)),
        ((3840, 2160), (1920, 1080)),
        ((2160, 3840), (1080, 1920)),
        ((641, 481), (640, 480)),
        ((4000, 3000), (1440, 1080)),
        ((1, 1), (2, 2)),
    ],
)
def test_copies_are_even_and_at_most_1080p(size, fitted) -> None:
    assert scaled(*size) == fitted
