"""The tree against published vectors and against the RFC's own recursive definition."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tlog_oracle import CT_ENTRIES, CT_ROOTS, hash_at_of, mth, some_entries

from liuhen.core.tlog.merkle import (
    EMPTY_ROOT,
    Frontier,
    complete_subtrees,
    leaf_hash,
    node_hash,
    range_root,
    root_of,
)


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_published_leaves(size):
    leaves = [leaf_hash(entry) for entry in CT_ENTRIES[:size]]
    assert root_of(leaves) == CT_ROOTS[size]
    frontier = Frontier()
    frontier.extend(leaves)
    assert (frontier.size, frontier.root()) == (size, CT_ROOTS[size])


def test_an_entry_that_looks_like_a_node_does_not_hash_like_one():
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
    assert root_of([]) == EMPTY_ROOT == Frontier().root()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 300))
def test_three_ways_to_a_root_agree_with_the_definition(size):
    entries = some_entries(size)
    leaves = [leaf_hash(entry) for entry in entries]
    frontier = Frontier()
    frontier.extend(leaves)
    assert root_of(leaves) == frontier.root() == range_root(0, size, hash_at_of(entries)) == mth(entries)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 300), st.integers(0, 300))
def test_a_resumed_frontier_grows_like_one_that_never_stopped(size, more):
    entries = some_entries(size + more)
    frontier = Frontier.resume(size, hash_at_of(entries[:size]))
    frontier.extend(leaf_hash(entry) for entry in entries[size:])
    assert (frontier.size, frontier.root()) == (size + more, mth(entries))


@settings(deadline=None)
@given(st.integers(0, 5000), st.integers(0, 5000))
def test_complete_subtrees_cover_a_range_once_and_are_aligned(low, length):
    covered = low
    for level, index in complete_subtrees(low, low + length):
        assert index << level == covered
        covered += 1 << level
    assert covered == low + length


def test_a_frontier_keeps_only_a_logarithm_of_its_leaves():
    frontier = Frontier()
    frontier.extend(leaf_hash(b"") for _ in range(1023))
    assert len(frontier._peaks) == 10
