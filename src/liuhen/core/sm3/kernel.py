"""The compiled SM3: made by set-up where the machine has a C compiler, loaded only after it has proved itself.

- `python -m liuhen.core.sm3.kernel` compiles lanes.c beside itself. Without a compiler nothing is made, it is
  said, and hashlib does the work more slowly; nothing else changes.
- A kernel that gives one digest other than hashlib's, or was made from another lanes.c, is not used.
- Calls release the interpreter lock.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

LANES = 8
BLOCK = 64
SOURCE = Path(__file__).with_name("lanes.c")
COMPILERS = ("cc", "gcc", "clang")
_IV = (0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E)  # 4.1

State = ctypes.Array[ctypes.c_uint32]


def new_state() -> State:
    """The eight words before the first block (GB/T 32905, 4.1)."""
    return (ctypes.c_uint32 * 8)(*_IV)


def digest_of(state: State) -> bytes:
    return b"".join(int(word).to_bytes(4, "big") for word in state)


def padding(length: int) -> bytes:
    """What follows a message of `length` bytes (5.2)."""
    return b"\x80" + bytes((55 - length) % BLOCK) + (8 * length).to_bytes(8, "big")


class Kernel:
    """The compiled functions. `one` and `eight` move states on by whole blocks."""

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        kinds: list[Any] = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
        self._one, self._eight, self._plain = (
            library.sm3_one,
            library.sm3_eight,
            library.sm3_eight_plain,
        )
        for function in (self._one, self._eight, self._plain):
            function.argtypes, function.restype = kinds, None

    def one(self, state: State, data: bytes, offset: int, blocks: int) -> None:
        """Move one state on by `blocks` blocks of `data` from `offset` on."""
        self._call(self._one, [state], [data], [offset], blocks)

    def eight(
        self, states: Sequence[State], data: Sequence[bytes], offsets: Sequence[int], blocks: int
    ) -> None:
        """Move up to eight states on, each by `blocks` blocks of its own data."""
        spare = LANES - len(states)
        idle = [new_state() for _ in range(spare)]
        self._call(
            self._eight,
            [*states, *idle],
            [*data, *[data[0]] * spare],
            [*offsets, *[offsets[0]] * spare],
            blocks,
        )

    def plain(self, states: Sequence[State], data: Sequence[bytes], blocks: int) -> None:
        """As `eight` on a processor without wide vectors."""
        self._call(self._plain, states, data, [0] * LANES, blocks)

    @staticmethod
    def _call(
        function: ctypes._NamedFuncPointer,
        states: Sequence[State],
        data: Sequence[bytes],
        offsets: Sequence[int],
        blocks: int,
    ) -> None:
        for one, offset in zip(data, offsets, strict=True):
            if offset + blocks * BLOCK > len(one):
                raise ValueError("a lane is shorter than what is asked of it")
        count = len(states)
        places = [_address(one) + offset for one, offset in zip(data, offsets, strict=True)]
        function(
            (ctypes.c_void_p * count)(*(ctypes.addressof(state) for state in states)),
            (ctypes.c_void_p * count)(*places),
            blocks,
        )


def _address(data: bytes) -> int:
    """Where the bytes lie; the caller keeps them alive."""
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


def library_path() -> Path:
    """Named after the source and the machine, so that a stale or foreign one is not found."""
    told = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    return SOURCE.with_name(f"lanes-{platform.machine()}-{told}.so")


@cache
def kernel() -> Kernel | None:
    """The kernel of this installation, tried once a process; None where hashlib has to do."""
    try:
        found = Kernel(library_path())
    except (OSError, AttributeError):
        return None
    return found if agrees(found) else None


def agrees(found: Kernel) -> bool:
    """Whether it says the same as hashlib, of several lengths in several lanes."""
    messages = [bytes((7 * place + lane) % 251 for place in range(61 * lane)) for lane in range(LANES)]
    whole = [message + padding(len(message)) for message in messages]
    expected = [hashlib.new("sm3", message).digest() for message in messages]
    alone = [new_state() for _ in messages]
    for state, data in zip(alone, whole, strict=True):
        found.one(state, data, 0, len(data) // BLOCK)
    if [digest_of(state) for state in alone] != expected:
        return False
    together, plain = [new_state() for _ in messages], [new_state() for _ in messages]
    longest = max(len(data) for data in whole)
    for at in range(0, longest, BLOCK):
        active = [lane for lane, data in enumerate(whole) if at < len(data)]
        found.eight(
            [together[lane] for lane in active], [whole[lane] for lane in active], [at] * len(active), 1
        )
    same = bytes(BLOCK) * 3
    found.plain(plain, [same] * LANES, 3)
    one = new_state()
    found.one(one, same, 0, 3)
    return [digest_of(state) for state in together] == expected and {digest_of(each) for each in plain} == {
        digest_of(one)
    }


def build() -> Path | None:
    """Compile lanes.c; the library's path, or None where there is no compiler or it fails."""
    path = library_path()
    if path.exists():
        return path
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        return None
    for old in path.parent.glob("lanes-*.so"):
        old.unlink()
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        draft = Path(folder) / path.name
        command = [compiler, "-O3", "-std=gnu11", "-shared", "-fPIC", "-o", str(draft), str(SOURCE)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.stderr.write(done.stderr[-2000:])
            return None
        os.replace(draft, path)  # noqa: PTH105
    return path


def main() -> int:
    """For set-up: always status 0, for everything works without a kernel too."""
    if build() is None or kernel() is None:
        sys.stderr.write(
            "国密摘要（SM3）用通用方式计算，采集大文件会慢一些，结果完全相同。\n"
            "怎么办：需要更快时，以管理员身份运行 apt-get install gcc libc6-dev，再运行 make setup。\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
