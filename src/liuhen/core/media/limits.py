"""What one analysis may use. Set in the child before it touches a byte.

- Time grows with the size of the file: a disk is read at so many bytes a second, a card more slowly.
- A preview decodes and encodes, so it gets more of everything, and may write.
"""

from __future__ import annotations

import math
import resource
from dataclasses import dataclass
from typing import Any

_MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds of one analysis: bytes of address space, seconds of processor, seconds on the wall.

    `bytes_per_…_second` is how fast a file must at least be got through, beyond the fixed allowance;
    a preview may be `preview_factor` times as slow.
    """

    memory_bytes: int = 2048 * _MIB
    preview_memory_bytes: int = 4096 * _MIB
    cpu_seconds: int = 30
    wall_seconds: int = 60
    bytes_per_cpu_second: int = 20 * _MIB
    bytes_per_wall_second: int = 4 * _MIB
    preview_factor: int = 40
    preview_output_bytes: int = 16 * 1024 * _MIB

    def for_file(self, size: int, *, preview: bool = False) -> dict[str, Any]:
        """The bounds for a file of `size` bytes, as the request carries them."""
        factor = self.preview_factor if preview else 1
        return {
            "memory": self.preview_memory_bytes if preview else self.memory_bytes,
            "cpu": (self.cpu_seconds + size // self.bytes_per_cpu_second) * factor,
            "wall": (self.wall_seconds + size // self.bytes_per_wall_second) * factor,
            "output": self.preview_output_bytes if preview else 0,
        }


def apply(bounds: dict[str, Any]) -> None:
    """Bind this process: memory, processor time from now on, what it may write, no core file, few descriptors.

    The processor's bound is a soft one, for the next file moves it on; a child that catches its signal is
    stopped by the clock on the wall.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(bounds["cpu"]) + math.ceil(used.ru_utime + used.ru_stime)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_AS, (bounds["memory"], bounds["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu if most == resource.RLIM_INFINITY else min(cpu, most), most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (bounds["output"], bounds["output"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
