"""Re-reading a large file from the device, the next piece being read while this one is hashed.

- Same answer as `durable.reread_sha256`, past the page cache too; quicker, because device and processor work
  at the same time. Small files, and file systems without O_DIRECT, go the way of `reread_sha256`.
- Two pieces of memory a call, whatever the size of the file.
"""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..digests import CHUNK
from ..durable import Reread, Watch, reread_sha256, unwatched

AHEAD_FROM = 8 << 20  # bytes; below this, starting the reader costs more than it saves
_ALIGN = 4096


def reread_ahead(path: Path, watch: Watch = unwatched) -> Reread:
    """SHA-256 of the bytes on the device. `watch` is told of each piece, and may raise to end it.

    Raises OSError (EIO and the like) when the device cannot give them.
    """
    if path.stat().st_size < AHEAD_FROM:
        return reread_sha256(path, watch)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECT)
        try:
            return _hash(fd, watch)
        finally:
            os.close(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
    return reread_sha256(path, watch)


def _hash(fd: int, watch: Watch) -> Reread:
    digest, size = hashlib.sha256(), 0
    with (
        mmap.mmap(-1, CHUNK) as one,
        mmap.mmap(-1, CHUNK) as two,
        memoryview(one) as this,
        memoryview(two) as other,
        ThreadPoolExecutor(1) as reader,
    ):
        pending = reader.submit(os.preadv, fd, [this], 0)
        while got := pending.result():
            size += got
            last = bool(got % _ALIGN)  # an unaligned read is the last one
            if not last:
                pending = reader.submit(os.preadv, fd, [other], size)
            digest.update(this[:got])
            watch(got)
            if last:
                break
            this, other = other, this
    return Reread(digest.hexdigest(), size, "direct")
