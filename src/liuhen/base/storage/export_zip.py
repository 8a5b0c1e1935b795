"""The same export as a ZIP that a browser downloads: nothing is written on the server, whatever its size.

- A good copy is read through and compared before the act; only then is it said in the ledger that it left.
- What is sent is compared again while it is sent: bytes that changed meanwhile leave an archive without an end, which
  no unpacker takes for whole.
- Unpacked, it is the folder that `liuhen export` writes.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from liuhen.base.acts import ask, perform
from liuhen.base.clock import SHANGHAI
from liuhen.base.ledger import publish
from liuhen.base.people.models import Account
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Recording
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.errors import LiuhenError
from liuhen.core.zipping import Member, zip_length, zip_stream

from .expected import Expected
from .export import beside, exported_name, ledger_of, originals, recorded_as
from .reading import NoGoodCopyError, no_good_copy
from .stores import Stores


@dataclass(frozen=True)
class Archive:
    """`pieces` is to be read once; it raises NoGoodCopyError where the bytes have changed since they were compared."""

    name: str
    size: int
    pieces: Iterator[bytes]


def export_archive(recording: Recording, stores: Stores, *, by: Account, at: datetime) -> Archive:
    """Raises NotAllowedError, NoGoodCopyError, key errors; nothing is in the ledger then."""
    ask(custody.EXPORT, recording, by=by, at=at)
    publish.signing_key(recording.agency.code)
    expected = ledger_of(recording)
    original = _good_original(expected, stores)
    record = recorded_as(recording, stores)
    data = {"recording": recording.urn, "sha256": expected.sha256}
    perform(custody.EXPORT, recording, by=by, at=at, subject=recording.urn, data=data)
    files = {"record.json": record, **beside(recording, expected.number)}
    members = [original, *(_small(expected.number, name, data) for name, data in files.items())]
    pieces = zip_stream(members, at=at.astimezone(SHANGHAI))
    return Archive(f"{expected.number}.zip", zip_length(members), pieces)


def _small(folder: str, name: str, data: bytes) -> Member:
    return Member(f"{folder}/{name}", len(data), zlib.crc32(data), lambda: [data])


def _good_original(expected: Expected, stores: Stores) -> Member:
    """The first copy whose bytes, read now, are those of the ledger."""
    for store, key, name in originals(expected, stores):
        try:
            crc, size, digest = 0, 0, hashlib.sha256()
            for piece in store.read(key):
                crc, size = zlib.crc32(piece, crc), size + len(piece)
                digest.update(piece)
        except LiuhenError:
            continue
        if digest.hexdigest() == expected.sha256:
            inside = f"{expected.number}/{exported_name(name)}"
            return Member(inside, size, crc, partial(_compared, store, key, expected))
    raise no_good_copy(expected.number)


def _compared(store: LocalBlobs, key: str, expected: Expected) -> Iterator[bytes]:
    """The bytes, one piece held back until the digest of all of them is known."""
    digest, held = hashlib.sha256(), b""
    for piece in store.read(key):
        digest.update(piece)
        if held:
            yield held
        held = piece
    if digest.hexdigest() != expected.sha256:
        raise NoGoodCopyError(
            f"{expected.number} 的原件在下载途中变化，下载已中断。",
            remedy="请运行 liuhen verify 查明后再导出。",
        )
    yield held
