"""A second process for long ledgers: `ledger verify` gives it the later half of the full tiles.

- It only says "this tile is sound, and its root is …"; whatever is not sound the first process looks at
  itself. If this process fails or is slow to start, nothing is lost but time.
- It needs no Django, reads the SQLite file read-only and writes nothing.
- Run as `python -P -m liuhen.base.ledger.second '<JSON of Share>'`; answers 32 bytes a tile, zeros for "not sound".
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from liuhen.core.errors import LiuhenError
from liuhen.core.tlog.merkle import HASH_SIZE
from liuhen.core.tlog.tile_files import WIDTH

from .pages import pages_of, sound
from .published import Published
from .rows import SQLITE, fetch
from .trees import full_root

NOT_SOUND = bytes(HASH_SIZE)


@dataclass(frozen=True)
class Share:
    """What the second process is to look at: full tiles [first, stop) of one ledger."""

    database: str
    folder: str
    agency_pk: int
    agency_code: str
    first: int
    stop: int


def roots_of(share: Share) -> bytes:
    """For each tile of the share its root, or zeros."""
    published = Published(Path(share.folder), lambda *_: None)
    roots = [NOT_SOUND] * (share.stop - share.first)
    with closing(sqlite3.connect(f"{Path(share.database).as_uri()}?mode=ro", uri=True)) as database:
        bounds = (share.first * WIDTH, share.stop * WIDTH)
        for number, rows in pages_of(fetch(database.cursor(), SQLITE, "?", share.agency_pk, *bounds)):
            hashes, bundle = published.hashes(0, number, WIDTH), published.bundle(number, WIDTH)
            if hashes and bundle and (leaves := sound(number, rows, hashes, bundle, share.agency_code)):
                roots[number - share.first] = full_root(leaves)
    return b"".join(roots)


@contextmanager
def begun(share: Share) -> Iterator[subprocess.Popen[bytes]]:
    """The second process at work; it is gone at the end of the block, whatever happens."""
    command = [sys.executable, "-P", "-m", __name__, json.dumps(asdict(share))]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def answer_of(process: subprocess.Popen[bytes], share: Share) -> list[bytes]:
    """The roots, in order; all "not sound" when the process did not do its work."""
    told, _ = process.communicate()
    tiles = share.stop - share.first
    if process.returncode != 0 or len(told) != tiles * HASH_SIZE:
        return [NOT_SOUND] * tiles
    return [told[at : at + HASH_SIZE] for at in range(0, len(told), HASH_SIZE)]


def main() -> int:
    try:
        sys.stdout.buffer.write(roots_of(Share(**json.loads(sys.argv[1]))))
    except (LiuhenError, OSError, sqlite3.Error):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
