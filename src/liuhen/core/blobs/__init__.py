"""Where bytes live: one protocol, one file a backend, one contract suite over all of them."""

from .base import Blobs, Draft, Entry, Reread, Writer, walk
from .local import LocalBlobs
from .memory import MemoryBlobs

__all__ = ["Blobs", "Draft", "Entry", "LocalBlobs", "MemoryBlobs", "Reread", "Writer", "walk"]
