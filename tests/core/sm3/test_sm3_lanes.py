"""SM3 in lanes says what hashlib says, whoever shares the lanes and however the data comes."""

from __future__ import annotations

import hashlib
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuhen.core.digests import Hasher
from liuhen.core.sm3 import kernel as kernels
from liuhen.core.sm3 import streams
from liuhen.core.sm3.kernel import Kernel, agrees, digest_of, new_state, padding

needs_kernel = pytest.mark.skipif(kernels.build() is None, reason="NOT TESTED: SM3 lanes, no C compiler here")


def plain(data: bytes) -> str:
    return hashlib.new("sm3", data).hexdigest()


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> streams.Lanes:
    """Lanes that take even the smallest piece, so that small tests share them."""
    found = kernels.kernel()
    assert found is not None
    monkeypatch.setattr(streams, "WORTH", 0)
    monkeypatch.setattr(streams, "CROWD", 1)
    return streams.Lanes(found, 2)


@needs_kernel
def test_the_published_vector() -> None:
    """GB/T 32905-2016, A.1: the message abc."""
    found, data, state = kernels.kernel(), b"abc" + padding(3), new_state()
    assert found is not None
    found.one(state, data, 0, 1)
    assert digest_of(state).hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@needs_kernel
@given(st.lists(st.integers(0, 300), max_size=12), st.randoms(use_true_random=False))
def test_any_division_into_pieces_gives_the_same_digest(sizes: list[int], chance: random.Random) -> None:
    pieces = [chance.randbytes(size) for size in sizes]
    found = kernels.kernel()
    assert found is not None
    stream = streams.LaneStream(streams.Lanes(found, 1))
    for piece in pieces:
        stream.update(piece)
    assert stream.hexdigest() == plain(b"".join(pieces))


@needs_kernel
def test_many_streams_of_different_lengths_share_the_lanes(lanes: streams.Lanes) -> None:
    messages = [os.urandom(97 * number * number) for number in range(24)]

    def hashed(message: bytes) -> str:
        stream, chance = streams.LaneStream(lanes), random.Random(len(message))
        at = 0
        while at < len(message):
            size = chance.randint(1, 5000)
            stream.update(message[at : at + size])
            at += size
        return stream.hexdigest()

    with ThreadPoolExecutor(24) as pool:
        assert list(pool.map(hashed, messages)) == [plain(message) for message in messages]


@needs_kernel
def test_a_stream_given_up_in_the_middle_holds_nobody_up(lanes: streams.Lanes) -> None:
    stalled, given_up, going = (streams.LaneStream(lanes) for _ in range(3))
    stalled.update(b"s" * 64)  # and then nothing more
    given_up.update(b"g" * 6400)
    given_up.close()
    message = os.urandom(64_000)
    for at in range(0, len(message), 640):
        going.update(message[at : at + 640])
    assert going.hexdigest() == plain(message)
    stalled.update(b"t")
    assert stalled.hexdigest() == plain(b"s" * 64 + b"t")


@needs_kernel
def test_a_reader_waits_when_its_pieces_are_not_hashed_yet(lanes: streams.Lanes) -> None:
    """Memory is bounded: AHEAD pieces of a stream, however fast it is read."""
    lanes._started = True  # nobody hashes
    stream = streams.LaneStream(lanes)
    for _ in range(streams.AHEAD):
        stream.update(bytes(64))
    late = threading.Thread(target=stream.update, args=(bytes(64),), daemon=True)
    late.start()
    late.join(0.2)
    assert late.is_alive()
    assert len(stream.pieces) == streams.AHEAD
    lanes._started = False
    lanes._start()
    late.join(60)
    assert stream.hexdigest() == plain(bytes(64 * (streams.AHEAD + 1)))


@needs_kernel
def test_a_forked_child_has_lanes_of_its_own() -> None:
    with Hasher() as hasher:
        hasher.update(b"x" * 100)
        pid = os.fork()
        if pid == 0:
            with Hasher() as own:
                own.update(b"y" * 100)
                os._exit(0 if own.digests().sm3 == plain(b"y" * 100) else 1)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert hasher.digests().sm3 == plain(b"x" * 100)


def test_without_a_kernel_hashlib_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "kernel", lambda: None)
    with Hasher() as hasher:
        hasher.update(b"abc")
        assert hasher.digests().sm3 == plain(b"abc")


@needs_kernel
def test_a_kernel_that_says_something_else_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    found = kernels.kernel()
    assert found is not None
    assert agrees(found)
    monkeypatch.setattr(kernels, "_IV", (*kernels._IV[:-1], 0))
    assert not agrees(found)


@needs_kernel
def test_a_lane_is_never_read_past_its_end() -> None:
    found = kernels.kernel()
    assert found is not None
    with pytest.raises(ValueError, match="shorter"):
        found.one(new_state(), bytes(64), 0, 2)
    with pytest.raises(ValueError, match="shorter"):
        found.eight([new_state(), new_state()], [bytes(128), bytes(127)], [0, 0], 2)


def test_without_a_compiler_set_up_says_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(kernels, "SOURCE", tmp_path / "lanes.c")
    (tmp_path / "lanes.c").write_text("none")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert kernels.main() == 0
    assert "怎么办" in capsys.readouterr().err


@pytest.mark.skipif(kernels.build() is None, reason="NOT TESTED: a broken source, no C compiler here")
def test_a_source_that_does_not_compile_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(kernels, "SOURCE", tmp_path / "lanes.c")
    (tmp_path / "lanes.c").write_text("this is no C")
    assert kernels.build() is None
    assert [path.name for path in tmp_path.iterdir()] == ["lanes.c"]


@needs_kernel
def test_the_library_that_was_built_is_the_one_that_is_loaded() -> None:
    assert isinstance(Kernel(kernels.library_path()), Kernel)
