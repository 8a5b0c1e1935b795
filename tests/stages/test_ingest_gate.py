"""The gate: whoever is quick waits for those before them, and nobody waits for one who has gone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from liuhen.stages.ingest.gate import Gate


def _line(*keys: bytes) -> Gate[str]:
    gate: Gate[str] = Gate()
    for key in keys:
        gate.queue(key)
    return gate


def test_the_second_waits_for_the_first():
    gate = _line(b"1", b"2")
    gate.arrive(b"2", "two")
    assert gate.passing() == []
    gate.arrive(b"1", "one")
    assert gate.passing() == ["one", "two"]
    assert len(gate) == 0


def test_nobody_waits_for_one_who_left():
    gate = _line(b"1", b"2")
    gate.arrive(b"2", "two")
    gate.leave(b"1")
    assert gate.passing() == ["two"]


def test_one_who_comes_back_after_leaving_waits_at_the_end():
    gate = _line(b"1", b"2")
    gate.leave(b"1")
    gate.arrive(b"1", "one again")
    assert gate.passing() == []
    gate.arrive(b"2", "two")
    assert gate.passing() == ["two", "one again"]


@given(st.permutations(range(8)), st.sets(st.integers(0, 7)))
def test_whatever_the_order_of_arrival_those_who_stay_pass_in_line(arrivals, leaving):
    gate = _line(*(bytes([place]) for place in range(8)))
    passed = []
    for place in arrivals:
        if place in leaving:
            gate.leave(bytes([place]))
        else:
            gate.arrive(bytes([place]), str(place))
        passed += gate.passing()
    assert passed == [str(place) for place in range(8) if place not in leaving]
    assert len(gate) == 0
